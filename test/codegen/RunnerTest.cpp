#include "PackageFixture.h"
#include "codegen/package/Runner.h"
#include <sys/stat.h>

using namespace ingot;
using namespace ingot::package;
using namespace ingot::test;

namespace {

template <class T> void put(const fs::path &path, std::vector<T> values) {
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(T));
}

TEST_F(PackageTest, RunnerHostsManyModels) {
  writeAll();
  std::vector<LibrarySpec> specs = allSpecs();
  std::vector<HostedLibrary> libraries;
  for (const LibrarySpec &spec : specs)
    libraries.push_back({&spec, (work / spec.name).string()});
  RunnerOptions options;
  options.runtime = sourceDir + "/runtime";
  options.objectFolder = (work / "objects").string();
  options.toolchain.cxxFlags = {"-Wall", "-Wextra", "-Werror"};
  for (int time = 0; time < 2; ++time) { // the second time with the kept objects
    llvm::Error error = buildRunner(libraries, (work / "runner").string(), options);
    ASSERT_FALSE(bool(error)) << toString(std::move(error));
  }
  EXPECT_EQ(shell((work / "runner").string() + " --list").output, "mlp\ndecoder\ncnn\ntally\n");

  put<float>(work / "x", {1, -1, 2, 3});
  put<float>(work / "h", std::vector<float>(16, 0.5f));
  put<int64_t>(work / "m2", {1, 1});
  put<int64_t>(work / "m3", {1, 1, 1});
  put<float>(work / "h1", std::vector<float>(8, 0.5f));
  fs::create_directories(work / "out");
  std::ofstream script(work / "script");
  script << "run\ttally\t--dim\tn=4\t--input\tx=" << (work / "x").string() << "\t--save\t" << (work / "out").string()
         << "\n"
         << "run\tdecoder\t--dim\tseq=2\t--input\thidden.in=" << (work / "h").string()
         << "\t--input\tattention_mask=" << (work / "m2").string() << "\n"
         << "run\tdecoder\t--continue\t--input\thidden.in=" << (work / "h1").string() << "\t--input\tattention_mask="
         << (work / "m3").string() << "\n"
         << "run\tdecoder\t--input\thidden.in=" << (work / "h1").string() << "\t--input\tattention_mask="
         << (work / "m3").string() << "\n"
         << "run\tnothing\n";
  script.close();
  Outcome outcome = shell(work.string() + "/runner --script " + (work / "script").string());
  EXPECT_EQ(outcome.code, 1);
  for (const char *line : {"output\t0\tindices\t7\t3\t", "output\t1\ttotal\t1\tscalar\t", "done\t0\tok", "done\t1\tok",
                           "done\t2\tok", "done\t3\tfailed", "done\t4\tfailed",
                           "error\tshape mismatch\tattention_mask: 3 elements, expected batch*(length+seq) = 1*(0+1) = 1"})
    EXPECT_NE(outcome.output.find(line), std::string::npos) << line << "\n" << outcome.output;
  std::string indices = read(work / "out/0.bin");
  ASSERT_EQ(indices.size(), 24u);
  EXPECT_EQ(reinterpret_cast<const int64_t *>(indices.data())[2], 3);

  outcome = shell(work.string() + "/runner bench tally --dim n=4 --seconds 0.01 --threads 2 --input x=" +
                  (work / "x").string());
  EXPECT_EQ(outcome.code, 0) << outcome.output;
  for (const char *key : {"min_ms=", "median_ms=", "p99_ms=", "cold_ms=", "rss_mb=", "threads=2"})
    EXPECT_NE(outcome.output.find(key), std::string::npos) << outcome.output;

  // Only files have a size to read.
  ASSERT_EQ(mkfifo((work / "pipe").c_str(), 0600), 0);
  for (const char *path : {"nowhere", "out", "pipe", "/dev/null"}) {
    std::string input = (work / path).string();
    outcome = shell(work.string() + "/runner run tally --dim n=4 --input x=" + input);
    EXPECT_EQ(outcome.code, 1) << outcome.output;
    EXPECT_NE(outcome.output.find("cannot read " + input), std::string::npos) << outcome.output;
  }
}

TEST(Probes, StandAtCalls) {
  const std::string entry = "// mlp_v3_relu(x) {\n#include \"kernels.h\"\nextern \"C\" ingot_status mlp_v3_run(mlp_frame *frame) {\n"
                            "  // mlp_v3_relu(x, y), then ingot::launch(\n"
                            "  const ingot_string s[] = {\"mlp_v3_relu(\\\"\"};\n"
                            "  ingot::launch(executor, 20, 1, [=](int64_t begin, int64_t end) {\n    mlp_v3_relu(x, y, begin, end);\n  });\n"
                            "  if (ingot_status status = ingot::ops::topk(frame->error, y))\n    return status;\n"
                            "  mlp_v3_relu(y, z, 0, 4);\n  return INGOT_OK;\n}\n";
  llvm::Expected<std::string> probed = addProbes(entry, "mlp_v3_", {"relu", "topk", "relu"}, "steps");
  ASSERT_TRUE(bool(probed)) << toString(probed.takeError());
  std::string expected = entry;
  auto replace = [&](const std::string &old, const std::string &text) {
    size_t at = expected.rfind(old);
    ASSERT_NE(at, std::string::npos);
    expected.replace(at, old.size(), text);
  };
  replace("  ingot::launch(executor", "  ingot::runner::launch(steps[0], executor");
  replace("ingot::ops::topk(", "ingot::runner::Probe(steps[1]) << ingot::ops::topk(");
  replace("  mlp_v3_relu(y", "  ingot::runner::call(steps[2], mlp_v3_relu, y");
  EXPECT_EQ(*probed, "#include \"runner/probe.h\"\nextern \"C\" ingot::runner::Step steps[];\n" + expected);
}

TEST(Probes, RefuseOtherSteps) {
  const std::string entry = "ingot_status m_run(m_frame *frame) {\n  m_a(x, 0, 1);\n  m_b(x, 0, 1);\n}\n";
  const std::vector<std::vector<std::string>> others = {{"a"}, {"a", "b", "c"}, {"b", "a"}, {}};
  for (const std::vector<std::string> &steps : others) {
    llvm::Expected<std::string> probed = addProbes(entry, "m_", steps, "steps");
    EXPECT_FALSE(bool(probed));
    EXPECT_NE(toString(probed.takeError()).find("the report has"), std::string::npos);
  }
}

TEST(Probes, KnowKernelsFromValues) {
  // With --name m a value may begin as the target's kernels do.
  const std::string entry = "  const float *m_v3_h = frame->x, *m_v3_w = frame->y;\n  m_v3_relu(m_v3_h, m_v3_w, 0, 4);\n"
                            "  m_v3_relu<<<ingot::blocks(4), 256, 0, stream>>>(m_v3_h, m_v3_w, 4);\n";
  llvm::Expected<std::string> probed = addProbes(entry, "m_v3_", {"relu", "relu"}, "steps");
  ASSERT_TRUE(bool(probed)) << toString(probed.takeError());
  for (const char *part : {"const float *m_v3_h = frame->x, *m_v3_w = frame->y;", "ingot::runner::call(steps[0], m_v3_relu, m_v3_h, m_v3_w, 0, 4);",
                           "DeviceProbe(steps[1], stream), m_v3_relu<<<ingot::runner::blocks(steps[1], 4), 256, 0, stream>>>(m_v3_h, m_v3_w, 4);"})
    EXPECT_NE(probed->find(part), std::string::npos) << part << "\n" << *probed;
  probed = addProbes(entry, "m_v3_", {"gelu"}, "steps");
  ASSERT_FALSE(bool(probed));
  EXPECT_EQ(toString(probed.takeError()), "step 0 is relu, the report has gelu");
}

TEST_F(PackageTest, RunnerForAnotherArchitecture) {
  if (shell("aarch64-linux-gnu-g++ --version").code || shell("qemu-aarch64 --version").code)
    GTEST_SKIP() << "needs aarch64-linux-gnu-g++ and qemu-aarch64";
  LibrarySpec spec = mlpSpec();
  Target &target = spec.targets[0];
  for (size_t at; (at = target.entryBody.find("x86_64_v3")) != std::string::npos;)
    target.entryBody.replace(at, 9, "aarch64");
  target.name = target.id = "aarch64";
  target.features = "INGOT_CPU_AARCH64";
  target.flags = {};
  RunnerOptions options;
  options.runtime = sourceDir + "/runtime";
  options.isStatic = true;
  options.toolchain.cxx = "aarch64-linux-gnu-g++";
  deriveTools(options.toolchain);
  ASSERT_EQ(write(spec, "mlp", &options.toolchain), "");
  llvm::Error error = buildRunner({{&spec, (work / "mlp").string()}}, (work / "runner").string(), options);
  ASSERT_FALSE(bool(error)) << toString(std::move(error));
  put<float>(work / "x", std::vector<float>(16, 0.5f));
  Outcome outcome = shell("qemu-aarch64 " + work.string() + "/runner run mlp --dim batch=2 --threads 2 --input input=" +
                          (work / "x").string());
  EXPECT_EQ(outcome.output, "output\t0\toutput\t1\t2x4\t-\n");
}

} // namespace
