#include "PackageFixture.h"
#include "codegen/package/Text.h"

#include <sys/stat.h>

using namespace ingot;
using namespace ingot::package;
using namespace ingot::test;

namespace {

const char *strict = " -Wall -Wextra -Wshadow -pedantic -Werror ";

/// The first block of code in a README.
std::string snippet(const fs::path &readme) {
  std::string text = read(readme);
  size_t begin = text.find("```cpp\n") + 7;
  return text.substr(begin, text.find("```", begin) - begin);
}

TEST_F(PackageTest, EqualsTheGoldenFolders) {
  for (const LibrarySpec &spec : allSpecs())
    for (const File &file : emitFiles(spec))
      EXPECT_EQ(file.text, read(sourceDir + "/test/codegen/golden/" + spec.name + "/" + file.path))
          << spec.name << "/" << file.path << "; after a review: ingot-golden-tool runtime test/codegen/golden source";
}

TEST_F(PackageTest, HeadersCompileEverywhere) {
  writeAll();
  for (const LibrarySpec &spec : allSpecs()) {
    const std::string n = spec.name;
    std::ofstream(work / "h.c") << "#include \"" << n << "/" << n << ".h\"\n";
    std::ofstream(work / "h.cpp") << "#include \"" << n << "/" << n << ".hpp\"\n";
    expectRuns("gcc -std=c99 -fsyntax-only" + std::string(strict) + "h.c");
    expectRuns(INGOT_CLANGXX " -x c -std=c99 -fsyntax-only" + std::string(strict) + "h.c");
    expectRuns(INGOT_CLANGXX " -x c -std=c99 --target=x86_64-pc-windows-msvc -ffreestanding -fsyntax-only" +
               std::string(strict) + "h.c");
    for (std::string cxx : {"g++", INGOT_CLANGXX}) {
      expectRuns(cxx + " -std=c++17 -fsyntax-only" + strict + "h.cpp");
      for (const Source &source : sourcesOf(spec))
        if (source.path.find(".cpp") != std::string::npos) {
          std::string flags;
          for (const std::string &flag : source.flags)
            flags += " " + flag;
          expectRuns(cxx + " -std=c++17 -fno-exceptions -fno-rtti -fsyntax-only -I" + n + strict + flags + " " + n + "/" +
                     source.path);
        }
    }
  }
}

TEST_F(PackageTest, RunsFromC) {
  writeAll();
  expectRuns("cc -std=c99 -Idecoder" + std::string(strict) + sourceDir +
             "/test/codegen/consumers/decoder_main.c decoder/lib/libdecoder.a -lm -lpthread -o decoder_main");
  expectRuns("./decoder_main");
}

TEST_F(PackageTest, ManyLibrariesInOneCxxProgram) {
  writeAll();
  for (std::string cxx : {"g++", INGOT_CLANGXX}) {
    expectRuns(cxx + " -std=c++17 -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -Imlp -Icnn -Idecoder -Itally" + strict + sourceDir +
               "/test/codegen/consumers/all_main.cpp mlp/ingot/pool.cpp */lib/*.a -lm -lpthread -o all_main");
    expectRuns("./all_main");
  }
}

TEST_F(PackageTest, SymbolsStayPrivate) {
  writeAll();
  for (const LibrarySpec &spec : allSpecs()) {
    std::string archive = (work / spec.name / "lib" / ("lib" + spec.name + ".a")).string();
    std::istringstream defined(shell("nm -g --defined-only " + archive).output);
    int symbols = 0;
    for (std::string address, kind, name, line; std::getline(defined, line);) {
      std::istringstream words(line);
      if (!(words >> address >> kind >> name))
        continue;
      ++symbols;
      EXPECT_EQ(name.rfind(spec.name + "_", 0), 0u) << name;
      EXPECT_NE(kind, "W") << name;
    }
    EXPECT_GE(symbols, 6);
    std::istringstream undefined(shell("nm -u " + archive).output);
    const std::set<std::string> allowed = {"strcmp", "vsnprintf", "memset", "memcpy", "expf"};
    for (std::string kind, name, line; std::getline(undefined, line);) {
      std::istringstream words(line);
      if (words >> kind >> name && kind == "U") {
        EXPECT_TRUE(allowed.count(name)) << name;
      }
    }
    // Present, and not executable.
    Outcome stack = shell("readelf -SW " + archive + " | grep note.GNU-stack");
    EXPECT_EQ(stack.code, 0);
    EXPECT_EQ(stack.output.find('X'), std::string::npos) << stack.output;
  }
}

TEST_F(PackageTest, StaleHeaderFailsAtLink) {
  package::ToolchainOptions tools;
  ASSERT_EQ(write(mlpSpec(), "mlp", &tools), "");
  std::ofstream(work / "main.c") << "#include \"mlp.h\"\nint main(void) { mlp_model m; return mlp_open(&m, 0, 0); }\n";
  expectRuns("cc -Imlp -c main.c -o old.o && cc old.o mlp/lib/libmlp.a -o old && ./old");
  LibrarySpec changed = mlpSpec();
  changed.symbols[0].max = 32;
  ASSERT_EQ(write(changed, "mlp", &tools), "");
  Outcome outcome = shell("cd " + work.string() + " && cc old.o mlp/lib/libmlp.a -o old");
  EXPECT_NE(outcome.code, 0);
  EXPECT_NE(outcome.output.find("mlp_open_"), std::string::npos);
}

TEST_F(PackageTest, EqualInputsGiveEqualBytes) {
  package::ToolchainOptions one, many;
  one.jobs = 1;
  many.jobs = 4;
  fs::create_directories(work / "deep/er");
  ASSERT_EQ(write(cnnSpec(), "a", &one), "");
  ASSERT_EQ(write(cnnSpec(), "deep/er/b", &many), "");
  ASSERT_EQ(write(cnnSpec(), "a", &many), ""); // replaces its own folder
  Outcome outcome = shell("diff -r " + (work / "a").string() + " " + (work / "deep/er/b").string());
  EXPECT_EQ(outcome.code, 0) << outcome.output;
  EXPECT_EQ(shell("ls -A " + work.string()).output, "a\ndeep\n");
}

TEST_F(PackageTest, RefusesForeignFolders) {
  fs::create_directories(work / "home");
  std::ofstream(work / "home/letter.txt") << "dear";
  EXPECT_NE(write(mlpSpec(), "home", nullptr).find("no folder of ingot's"), std::string::npos);
  EXPECT_EQ(read(work / "home/letter.txt"), "dear");
  std::ofstream(work / "home/manifest.json") << "{\"kind\": \"other\"}";
  EXPECT_NE(write(mlpSpec(), "home", nullptr), "");
  fs::create_directories(work / "empty");
  EXPECT_EQ(write(mlpSpec(), "empty", nullptr), "");
  // Build systems make the folders of the files that they expect.
  fs::create_directories(work / "made/lib/deep");
  EXPECT_EQ(write(mlpSpec(), "made", nullptr), "");
  EXPECT_FALSE(fs::exists(work / "made/lib"));
  fs::create_symlink(work / "nowhere", work / "dangling");
  EXPECT_NE(write(mlpSpec(), "dangling", nullptr).find("is a link to nothing"), std::string::npos);
  std::ofstream(work / "file") << "text";
  EXPECT_NE(write(mlpSpec(), "file", nullptr).find("is no folder"), std::string::npos);
}

TEST_F(PackageTest, NeverDeletesWhatOthersWrote) {
  ASSERT_EQ(write(mlpSpec(), "mlp", nullptr), "");
  const std::vector<std::string> guests = {"main.cpp", "src/mine.cpp", "mysrc/deep/notes"};
  for (const std::string &guest : guests) {
    fs::create_directories((work / "mlp" / guest).parent_path());
    std::ofstream(work / "mlp" / guest) << "mine";
    EXPECT_NE(write(mlpSpec(), "mlp", nullptr).find("which ingot did not write"), std::string::npos) << guest;
    EXPECT_EQ(read(work / "mlp" / guest), "mine");
    fs::remove(work / "mlp" / guest);
    if (guest == guests.back())
      fs::remove_all(work / "mlp/mysrc");
  }
  // A link into somebody's folder is not followed, and is no file of ours.
  fs::create_directories(work / "home");
  std::ofstream(work / "home/letter") << "dear";
  fs::create_directory_symlink(work / "home", work / "mlp/src/home");
  EXPECT_NE(write(mlpSpec(), "mlp", nullptr).find("src/home"), std::string::npos);
  EXPECT_EQ(read(work / "home/letter"), "dear");
  fs::remove(work / "mlp/src/home");
  // A library that needs fewer files leaves none of the earlier one's.
  EXPECT_TRUE(fs::exists(work / "mlp/src/weights.S"));
  LibrarySpec array = mlpSpec();
  array.weights.form = WeightForm::File;
  EXPECT_EQ(write(array, "mlp", nullptr), "");
  EXPECT_FALSE(fs::exists(work / "mlp/src/weights.S"));
}

TEST_F(PackageTest, ALinkStaysALink) {
  fs::create_directories(work / "real");
  fs::create_directory_symlink("real", work / "link");
  ASSERT_EQ(write(mlpSpec(), "link", nullptr), "");
  ASSERT_EQ(write(mlpSpec(), "link/", nullptr), "");
  EXPECT_TRUE(fs::is_symlink(work / "link"));
  EXPECT_TRUE(fs::exists(work / "real/mlp.h"));
  std::ofstream(work / "real/main.cpp") << "mine";
  EXPECT_NE(write(mlpSpec(), "link", nullptr), "");
  EXPECT_EQ(read(work / "real/main.cpp"), "mine");
}

TEST_F(PackageTest, TheWorkingFolderStays) {
  fs::create_directories(work / "here");
  fs::path before = fs::current_path();
  fs::current_path(work / "here");
  for (int time = 0; time < 2; ++time) {
    llvm::Error error = package::writeLibrary(withRuntime(mlpSpec()), ".", nullptr);
    EXPECT_EQ(error ? toString(std::move(error)) : "", "");
  }
  std::error_code gone;
  EXPECT_EQ(fs::current_path(gone), fs::canonical(work / "here")) << gone.message();
  EXPECT_TRUE(fs::exists("mlp.h"));
  EXPECT_EQ(shell("ls -A " + (work / "here").string() + " | grep part").output, "");
  fs::current_path(before);
}

TEST_F(PackageTest, ModesAreTheUmasks) {
  package::ToolchainOptions tools;
  mode_t before = umask(022);
  ASSERT_EQ(write(mlpSpec(), "mlp", &tools), "");
  umask(before);
  for (const char *folder : {"mlp", "mlp/lib", "mlp/src", "mlp/weights"})
    EXPECT_EQ(fs::status(work / folder).permissions(), fs::perms(0755)) << folder;
}

TEST_F(PackageTest, ToolchainErrorsSayTheCommand) {
  package::ToolchainOptions tools;
  LibrarySpec broken = mlpSpec();
  broken.targets[0].kernels[0].body = "  not c++\n";
  llvm::Error error = package::writeLibrary(withRuntime(broken), (work / "x").string(), &tools);
  ASSERT_TRUE(error.isA<package::ToolchainError>());
  std::string text = toString(std::move(error));
  EXPECT_NE(text.find("c++ -std=c++17"), std::string::npos) << text;
  EXPECT_NE(text.find("error:"), std::string::npos) << text;
  EXPECT_FALSE(fs::exists(work / "x"));
  EXPECT_TRUE(fs::is_empty(work));
  tools.cxx = "no-such-compiler";
  EXPECT_NE(write(mlpSpec(), "x", &tools).find("no-such-compiler not found"), std::string::npos);
}

TEST_F(PackageTest, WeightForms) {
  package::ToolchainOptions tools;
  for (WeightForm form : {WeightForm::File, WeightForm::Array}) {
    LibrarySpec spec = mlpSpec();
    spec.weights.form = form;
    ASSERT_EQ(write(spec, "mlp", &tools), "");
    std::ofstream(work / "main.cpp") << R"(#include "mlp.hpp"
#include <cstdio>
int main(int argc, char **argv) {
  mlp::model m;
  mlp::options options = {};
)" << (form == WeightForm::File ? "  options.weights = argv[1];\n" : "")
                                     << R"(  ingot::status s = m.open(options);
  std::puts(s.text());
  return argc > 9;
}
)";
    expectRuns("c++ -std=c++17 -Imlp main.cpp mlp/lib/libmlp.a -o main");
    Outcome outcome = shell(work.string() + "/main " + (work / "mlp/weights/mlp.weights").string());
    EXPECT_EQ(outcome.output, "ok\n");
    if (form == WeightForm::File) {
      EXPECT_NE(shell(work.string() + "/main /nowhere").output.find("cannot open /nowhere"), std::string::npos);
      std::string other = read(work / "mlp/weights/mlp.weights");
      other[5] ^= 1;
      std::ofstream(work / "other", std::ios::binary) << other;
      EXPECT_NE(shell(work.string() + "/main " + work.string() + "/other").output.find("another model"),
                std::string::npos);
    }
  }
}

TEST_F(PackageTest, WorksWithCMake) {
  writeAll();
  std::string main = sourceDir + "/test/codegen/consumers/all_main.cpp";
  fs::create_directories(work / "found");
  fs::create_directories(work / "added");
  std::string targets = "target_link_libraries(p mlp::mlp cnn::cnn decoder::decoder tally::tally ingot::pool)\n";
  std::string head = "cmake_minimum_required(VERSION 3.16)\nproject(p C CXX ASM)\nadd_executable(p " + main + ")\n";
  std::ofstream found(work / "found/CMakeLists.txt"), added(work / "added/CMakeLists.txt");
  found << head;
  added << head;
  found << "find_package(mlp 9 QUIET PATHS ../mlp)\nif(mlp_FOUND)\n  message(FATAL_ERROR \"mlp 9 was found\")\nendif()\n";
  for (const LibrarySpec &spec : allSpecs()) {
    found << "find_package(" << spec.name << " 0.1 REQUIRED PATHS ../" << spec.name << ")\n";
    added << "add_subdirectory(../" << spec.name << " " << spec.name << ")\n";
  }
  found << targets;
  added << targets;
  found.close();
  added.close();
  for (std::string way : {"found", "added"}) {
    expectRuns("cmake -S " + way + " -B " + way + "/b -DCMAKE_CXX_FLAGS=-Wall > log 2>&1 && cmake --build " + way +
               "/b -j2 >> log 2>&1 || (cat log; false)");
    expectRuns(way + "/b/p");
  }
}

TEST_F(PackageTest, ReadmeExampleWorks) {
  writeAll();
  LibrarySpec mapped = mlpSpec();
  mapped.weights.form = WeightForm::File;
  mapped.symbols[0].max.reset();
  // Formulas with functions, and a size of which something is subtracted.
  LibrarySpec strided = tallySpec();
  strided.name = "strided";
  strided.outputs.push_back({"half", "", INGOT_F32, {"floordiv(n-3, 2) + 1", "max(n, 2)"}});
  package::ToolchainOptions tools;
  std::vector<std::pair<std::string, LibrarySpec>> libraries = {{"mapped", mapped}, {"strided", strided}};
  for (auto &[folder, spec] : libraries)
    ASSERT_EQ(write(spec, folder, &tools), "");
  for (const LibrarySpec &spec : allSpecs())
    libraries.push_back({spec.name, spec});
  for (auto &[folder, spec] : libraries) {
    std::ofstream(work / "main.cpp") << snippet(work / folder / "README.md");
    expectRuns("cd " + folder + " && c++ -std=c++17" + strict + "-I. ../main.cpp lib/lib" + spec.name +
               ".a -lm -lpthread -o ../main");
    expectRuns("cd " + folder + " && ../main");
  }
}

TEST_F(PackageTest, OurReadmeExampleWorks) {
  LibrarySpec spec = mlpSpec();
  spec.symbols[0].max.reset();
  spec.inputs[0].name = "pixels";
  spec.outputs[0].name = "scores";
  spec.targets[0].entryBody = "  for (int64_t i = 0; i < 4 * batch; ++i)\n    scores[i] = pixels[i];\n  return INGOT_OK;\n";
  package::ToolchainOptions tools;
  ASSERT_EQ(write(spec, "mlp", &tools), "");
  std::string text = snippet(sourceDir + "/README.md");
  size_t behind = text.find('\n') + 1;
  std::ofstream(work / "main.cpp") << "#include <cstdio>\n#include <vector>\n" << text.substr(0, behind)
                                   << "int main() {\n  const int64_t batch = 8;\n"
                                      "  std::vector<float> pixels(batch * 8), scores(batch * 4);\n"
                                   << text.substr(behind) << "  return done.ok() ? 0 : 1;\n}\n";
  expectRuns("c++ -std=c++17" + std::string(strict) + "-Imlp main.cpp mlp/lib/libmlp.a -lm -lpthread -o main");
  expectRuns("./main");
}

TEST_F(PackageTest, MistakesOfTheCallerAreStatuses) {
  package::ToolchainOptions tools;
  ASSERT_EQ(write(mlpSpec(), "mlp", &tools), "");
  std::ofstream(work / "main.c") << R"(#include "mlp.h"
#include <stdio.h>
#include <string.h>
static _Alignas(64) unsigned char workspace[8192];
int main(void) {
  mlp_model m;
  mlp_context c;
  ingot_error e;
  memset(&e, 'x', sizeof e);
  mlp_open(&m, 0, &e);
  printf("opened '%s'\n", e.text);
  ingot_executor nothing = {4, 0, 0};
  mlp_context_init(&c, &m, workspace, sizeof workspace, &nothing, &e);
  puts(e.text);
  mlp_context_init(&c, &m, workspace, sizeof workspace, 0, &e);
  _Alignas(4) char input[33] = {0};
  float output[4];
  mlp_dims d = {1};
  mlp_inputs in = {{(const float *)(const void *)(input + 1), 8}};
  mlp_outputs out = {{output, 4}};
  mlp_run(&c, &d, &in, &out, &e);
  puts(e.text);
  in.input.data = (const float *)(const void *)input;
  int status = mlp_run(&c, &d, &in, &out, &e);
  printf("%d '%s'\n", status, e.text);
  mlp_close(&m);
  mlp_run(&c, &d, &in, &out, &e);
  puts(e.text);
  return 0;
}
)";
  expectRuns("cc -std=c11 -Imlp main.c mlp/lib/libmlp.a -o main");
  EXPECT_EQ(shell((work / "main").string()).output, "opened ''\n"
                                                    "executor.parallel_for: null pointer\n"
                                                    "input: not aligned to 4 bytes\n"
                                                    "0 ''\n"
                                                    "model: closed\n");
}

TEST_F(PackageTest, AModelWithoutOutputs) {
  LibrarySpec spec = mlpSpec();
  spec.outputs.clear();
  spec.targets[0].entryBody = "  return INGOT_OK;\n";
  package::ToolchainOptions tools;
  ASSERT_EQ(write(spec, "mlp", &tools), "");
  std::ofstream(work / "h.c") << "#include \"mlp/mlp.h\"\n";
  expectRuns("gcc -std=c99 -fsyntax-only" + std::string(strict) + "h.c");
}

TEST_F(PackageTest, KernelsAreDividedIntoFiles) {
  LibrarySpec spec = mlpSpec();
  spec.kernelBytesPerFile = 1;
  package::ToolchainOptions tools;
  ASSERT_EQ(write(spec, "mlp", &tools), "");
  EXPECT_TRUE(fs::exists(work / "mlp/src/kernels_x86_64_v3_1.cpp"));
}

TEST_F(PackageTest, FarWeights) {
  LibrarySpec spec = mlpSpec();
  spec.weights.bytes = uint64_t(3) << 30; // text only: nothing so large is written here
  for (const File &file : emitFiles(withRuntime(spec))) {
    fs::create_directories((work / file.path).parent_path());
    std::ofstream(work / file.path) << file.text;
  }
  // The sources are those of a far library, the weights are few.
  fs::create_directories(work / "weights");
  std::ofstream(work / "weights/mlp.weights", std::ios::binary) << std::string(8 * 16 * 4 + 16 * 4 * 4, 'w');
  std::ofstream(work / "main.c") << "#include \"mlp.h\"\n"
                                    "int main(void) {\n"
                                    "  mlp_model m;\n"
                                    "  return mlp_open(&m, 0, 0) || m.weights[0] != 'w' || m.weights[767] != 'w';\n"
                                    "}\n";
  expectRuns("c++ -I. -Iweights -mavx2 -mfma -fPIC -c src/*.cpp src/weights.S && cc -I. -c main.c && cc -pie *.o -o main");
  expectRuns("./main");
  expectRuns("readelf -SW main | grep lrodata");
}

/// Bytes of libmlp.a that are not weights.
static uint64_t codeOf(const fs::path &work) {
  llvm::Expected<uint64_t> bytes = codeBytes((work / "mlp/lib/libmlp.a").string(), "mlp");
  EXPECT_TRUE(bool(bytes)) << llvm::toString(bytes.takeError());
  return bytes ? *bytes : 0;
}

TEST_F(PackageTest, LargeWeightsBeginAtAHugePage) {
  package::ToolchainOptions tools;
  LibrarySpec spec = mlpSpec();
  ASSERT_EQ(write(spec, "mlp", &tools), "");
  uint64_t little = codeOf(work);
  EXPECT_LT(fs::file_size(work / "mlp/lib/libmlp.a"), uint64_t(1) << 20);
  spec.weights.bytes = (uint64_t(32) << 20) + 512;
  spec.weights.write = [](llvm::raw_ostream &stream) { stream.write_zeros((32 << 20) + 512); };
  ASSERT_EQ(write(spec, "mlp", &tools), "");
  // The gap in front of the weights is not code.
  EXPECT_LT(codeOf(work), little + 4096);
  EXPECT_GT(codeOf(work) + 4096, little);
  std::ofstream(work / "main.c") << "#include \"mlp.h\"\n"
                                    "int main(void) {\n"
                                    "  mlp_model m;\n"
                                    "  return mlp_open(&m, 0, 0) || ((uintptr_t)m.weights & 0x1fffff);\n"
                                    "}\n";
  expectRuns("cc -Imlp main.c mlp/lib/libmlp.a -lm -o main && ./main");
}

/// "hg" among the flags of the mapping that holds the middle of the weights.
static const char asksForHugePages[] = R"(
#include <stdio.h>
#include <string.h>
static int asks(const unsigned char *address) {
  FILE *maps = fopen("/proc/self/smaps", "r");
  char line[4096];
  unsigned long begin, end, wanted = (unsigned long)address;
  int here = 0;
  while (maps && fgets(line, sizeof line, maps)) {
    if (sscanf(line, "%lx-%lx ", &begin, &end) == 2)
      here = begin <= wanted && wanted < end;
    else if (here && !strncmp(line, "VmFlags:", 8))
      return strstr(line, " hg") != 0;
  }
  return 0;
}
)";

TEST_F(PackageTest, OpenAsksForHugePagesOfLargeWeights) {
  if (!fs::exists("/sys/kernel/mm/transparent_hugepage"))
    GTEST_SKIP() << "this kernel has no huge pages";
  package::ToolchainOptions tools;
  LibrarySpec spec = mlpSpec();
  for (auto [form, bytes] : {std::pair(WeightForm::Embed, size_t(32) << 20), {WeightForm::File, size_t(32) << 20}, {WeightForm::File, size_t(16) << 20}}) {
    spec.weights.form = form;
    spec.weights.bytes = bytes;
    spec.weights.write = [bytes = bytes](llvm::raw_ostream &stream) { stream.write_zeros(unsigned(bytes)); };
    ASSERT_EQ(write(spec, "mlp", &tools), "");
    std::string options = form == WeightForm::File ? "mlp_options o = {0};\n  o.weights = \"mlp/weights/mlp.weights\";\n" : "";
    std::ofstream(work / "main.c") << "#include \"mlp.h\"\n"
                                   << asksForHugePages << "int main(void) {\n  mlp_model m;\n  " << options << "  if (mlp_open(&m, "
                                   << (options.empty() ? "0" : "&o") << ", 0))\n    return 1;\n"
                                   << "  int asked = asks(m.weights + " << bytes / 2 << ");\n  mlp_close(&m);\n  return asked == " << (bytes >= 32 << 20)
                                   << " ? 0 : 2;\n}\n";
    expectRuns("cc -Imlp main.c mlp/lib/libmlp.a -lm -o main && ./main");
  }
}

TEST_F(PackageTest, NamesFromTheModelCannotBreakTheSource) {
  LibrarySpec spec = mlpSpec();
  spec.inputs[0].onnxName = "a */ b /* %s \\ \"q\" ?\?/\n@N@";
  spec.doc = "ends with a backslash \\\nand */ more";
  spec.targets[0].kernels[0].doc = "doc \\\nmore";
  package::ToolchainOptions tools;
  tools.cxxFlags = {"-Wall", "-Wextra", "-pedantic", "-Werror"};
  ASSERT_EQ(write(spec, "mlp", &tools), "");
}

TEST_F(PackageTest, RefusesAResultInTheShapeOfACallersOutput) {
  LibrarySpec spec = tallySpec();
  spec.outputs[0].inWorkspace = false;
  EXPECT_NE(write(spec, "tally", nullptr).find("must be inWorkspace"), std::string::npos);
}

TEST(Names, AreIdentifiers) {
  std::set<std::string> used;
  EXPECT_EQ(makeIdentifier("hidden.in", used), "hidden_in");
  EXPECT_EQ(makeIdentifier("hidden/in", used), "hidden_in_2");
  EXPECT_EQ(makeIdentifier("1x", used), "v1x");
  EXPECT_EQ(makeIdentifier("float", used), "float_");
  EXPECT_EQ(makeIdentifier("state", used), "state_");
  EXPECT_EQ(makeIdentifier("::", used), "value");
  EXPECT_EQ(nextName("hidden"), "hidden_next");
  EXPECT_EQ(nextName("state_"), "state_next");
  EXPECT_FALSE(isValidLibraryName("std"));
  EXPECT_FALSE(isValidLibraryName("a-b"));
  EXPECT_TRUE(isValidLibraryName("resnet50"));
}

TEST(Names, EveryTextMakesALibraryName) {
  const std::pair<const char *, const char *> names[] = {
      {"resnet50", "resnet50"}, {"model (1)", "model_1"}, {"a__b", "a_b"},     {"x-", "x"},         {"_x", "x"},
      {"int", "int_model"},     {"weights", "weights_model"}, {"7b", "model_7b"}, {"ingot_x", "model_ingot_x"},
      {"r\xc3\xa9sum\xc3\xa9", "r_sum"}, {"", "network"}, {"../..", "network"}, {"INGOT", "INGOT"}};
  for (auto [text, name] : names) {
    EXPECT_EQ(makeLibraryName(text), name);
    EXPECT_TRUE(isValidLibraryName(makeLibraryName(text))) << text;
  }
}

} // namespace
