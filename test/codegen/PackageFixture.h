#ifndef INGOT_TEST_CODEGEN_PACKAGEFIXTURE_H
#define INGOT_TEST_CODEGEN_PACKAGEFIXTURE_H

#include "GoldenSpecs.h"
#include "codegen/package/Package.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace ingot::test {

namespace fs = std::filesystem;

inline const std::string sourceDir = INGOT_SOURCE_DIR;

struct Outcome {
  int code;
  std::string output;
};

inline Outcome shell(const std::string &command) {
  Outcome outcome = {-1, ""};
  std::FILE *pipe = popen((command + " 2>&1").c_str(), "r");
  if (!pipe)
    return outcome;
  std::array<char, 4096> part;
  while (size_t got = std::fread(part.data(), 1, part.size(), pipe))
    outcome.output.append(part.data(), got);
  int status = pclose(pipe);
  outcome.code = status >= 0 && (status & 0x7f) == 0 ? status >> 8 : 128;
  return outcome;
}

inline std::string read(const fs::path &path) {
  std::ifstream stream(path, std::ios::binary);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

inline std::vector<package::LibrarySpec> allSpecs() { return {mlpSpec(), decoderSpec(), cnnSpec(), tallySpec()}; }

class PackageTest : public testing::Test {
protected:
  fs::path work;

  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "ingot-test-XXXXXX").string();
    ASSERT_TRUE(mkdtemp(name.data()));
    work = name;
  }
  void TearDown() override { fs::remove_all(work); }

  package::LibrarySpec withRuntime(package::LibrarySpec spec) {
    auto runtime = package::loadRuntime(sourceDir + "/runtime");
    EXPECT_TRUE(bool(runtime));
    if (runtime)
      spec.runtime = *runtime;
    return spec;
  }
  std::string write(const package::LibrarySpec &spec, const std::string &folder,
                    const package::ToolchainOptions *tools) {
    llvm::Error error = package::writeLibrary(withRuntime(spec), (work / folder).string(), tools);
    return error ? toString(std::move(error)) : "";
  }
  void writeAll() {
    package::ToolchainOptions tools;
    for (const package::LibrarySpec &spec : allSpecs())
      ASSERT_EQ(write(spec, spec.name, &tools), "");
  }
  void expectRuns(const std::string &command) {
    Outcome outcome = shell("cd '" + work.string() + "' && " + command);
    EXPECT_EQ(outcome.code, 0) << command << "\n" << outcome.output;
    EXPECT_EQ(outcome.output.find("warning"), std::string::npos) << command << "\n" << outcome.output;
  }
};

} // namespace ingot::test

#endif
