//===- BuildBatch.cpp - one program of many libraries -----------------------------------------===//
#include "Tool.h"
#include "compiler/driver/Compile.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/SHA256.h"
#include <algorithm>
#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <sstream>

namespace fs = std::filesystem;

namespace ingot::conformance {

/// What every unity source includes, precompiled where the compiler is clang. Not math.h: kernels have their own names.
static const char *const commonHeader = R"(#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define INGOT_NS ingot_unity
#include "ingot/arena.h"
#include "ingot/checked.h"
#include "ingot/checks.h"
#include "ingot/cpu.h"
#include "ingot/ingot.h"
#include "ingot/kernel.h"
#include "ingot/launch.h"
#include "runner/runner.h"
#include "simd/x86_64_v3.h"
namespace ingot_unity {}
)";

static bool isClang(const Session &s) { return s.cxx.find("clang") != std::string::npos; }

static std::vector<std::string> flags(const Session &s) {
  return {s.cxx, "-O1", "-std=c++17", "-march=x86-64-v3", "-w", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math",
          "-fno-exceptions", "-fno-rtti", "-I" + runtimeFolder() + "/include", "-I" + runtimeFolder(), "-I" + s.objects + "/include"};
}

bool buildCommon(Session &s) {
  for (const char *name : {"clang++-22", "clang++", "g++", "c++"})
    if (auto path = llvm::sys::findProgramByName(name)) {
      s.cxx = *path;
      break;
    }
  llvm::SHA256 hash;
  std::set<std::string> paths;
  for (auto &entry : fs::recursive_directory_iterator(runtimeFolder()))
    if (entry.is_regular_file())
      paths.insert(entry.path().string());
  for (auto &path : paths)
    hash.update(path), hash.update(readText(path));
  hash.update(s.cxx);
  hash.update(commonHeader);
  s.objects += "-" + llvm::toHex(hash.final(), true).substr(0, 16);
  const std::string &part = s.objects, mark = part + "/complete";
  if (fs::exists(mark))
    return true;
  fs::create_directories(part + "/include/ingot");
  std::error_code code; // libraries have the operators' templates in ingot/ops
  fs::create_directory_symlink(runtimeFolder() + "/ops", part + "/include/ingot/ops", code);
  for (auto [source, object] : {std::pair<const char *, const char *>{"/runner/runner.cpp", "/runner.o"}, {"/pool.cpp", "/pool.o"}})
    if (command({s.cxx, "-O1", "-std=c++17", "-I" + runtimeFolder() + "/include", "-I" + runtimeFolder(), "-c", runtimeFolder() + source, "-o",
                 part + object},
                part + "/log", 300))
      return false;
  writeText(part + "/common.h", commonHeader);
  if (isClang(s)) {
    auto args = flags(s);
    args.insert(args.end(), {"-x", "c++-header", part + "/common.h", "-o", part + "/common.pch"});
    if (command(args, part + "/log", 300))
      return false;
  }
  writeText(mark, "");
  return true;
}

/// A compiler's message without what differs between machines and runs.
static std::string stripped(std::string line) {
  if (size_t at = line.find("error: "); at != std::string::npos)
    line = line.substr(at + 7);
  line = std::regex_replace(line, std::regex("(^|[ '\"])/[^ :']*/"), "$1");
  line = std::regex_replace(line, std::regex("c_[0-9]+_x86_64_v3_[A-Za-z0-9_]+"), "KERNEL");
  line = std::regex_replace(line, std::regex("c_[0-9]+"), "N");
  return line.substr(0, 200);
}

/// The cases that the messages name, each with its first one.
static std::map<int, std::string> blame(const std::string &log) {
  static const std::regex place("c_([0-9]+)\\.cpp:[0-9]+"), symbol("c_([0-9]+)_");
  std::map<int, std::string> guilty;
  std::stringstream lines(log);
  std::string error;
  for (std::string line; std::getline(lines, line);) {
    bool isError = line.find("error: ") != std::string::npos || line.find("undefined reference") != std::string::npos ||
                   line.find("undefined symbol") != std::string::npos || line.find("multiple definition") != std::string::npos;
    if (isError)
      error = line;
    std::smatch m;
    // An error inside a header belongs to the place that a note behind it names.
    if (!error.empty() && (std::regex_search(line, m, place) || (isError && std::regex_search(line, m, symbol)))) {
      guilty.insert({std::stoi(m[1]), stripped(error)});
      error.clear();
    }
  }
  return guilty;
}

bool buildBatch(const Session &s, std::vector<int> &cases, const std::string &folder, const std::string &program) {
  std::set<std::string> includes;
  std::string text, table = "const ingot::runner::Model *const ingot::runner::models[] = {\n";
  for (int index : cases) {
    Files files(folder, index);
    std::stringstream lines(readText(files.includes));
    for (std::string line; std::getline(lines, line);)
      includes.insert(line);
    text += "#include \"" + files.source + "\"\n";
    table += "    &case_" + files.id + "::glue::" + files.id + "_runner_model,\n";
  }
  std::string head;
  for (auto &line : includes)
    head += line + "\n";
  std::string source = program + ".cpp", log = program + ".log";
  writeText(source, (isClang(s) ? "" : std::string(commonHeader)) + head + text + table + "    nullptr,\n};\n");
  auto args = flags(s);
  if (isClang(s))
    args.insert(args.end(), {"-ferror-limit=0", "-include-pch", s.objects + "/common.pch", "-Xclang", "-fno-validate-pch"});
  args.insert(args.end(), {source, s.objects + "/runner.o", s.objects + "/pool.o", "-lm", "-lpthread", "-o", program});
  int code = command(args, log, std::min(s.timeout, 100.0));
  if (code == 0)
    return true;
  auto guilty = blame(readText(log));
  if (cases.size() == 1 && !guilty.count(cases[0]))
    guilty[cases[0]] = code == 124 ? "the C++ compiler takes too long" : "the C++ compiler failed: " + stripped(readText(log).substr(0, readText(log).find('\n')));
  for (auto &[index, reason] : guilty)
    if (auto it = std::find(cases.begin(), cases.end(), index); it != cases.end()) {
      s.end(index, "cxx_error", "cxx", reason);
      cases.erase(it);
    }
  return false;
}

} // namespace ingot::conformance
