//===- Toolchain.cpp - Compiles and archives a generated library --------------------------------------------===//

#include "codegen/package/Toolchain.h"
#include "codegen/package/Process.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"

#include <atomic>
#include <mutex>
#include <thread>

using namespace llvm;

namespace ingot::package {

char ToolchainError::ID = 0;

std::vector<std::string> libraryFlags() {
  return {"-O3",
          "-ffp-contract=off",
          "-fno-math-errno",
          "-fno-trapping-math",
          "-fPIC",
          "-fvisibility=hidden",
          "-fno-exceptions",
          "-fno-rtti"};
}

std::vector<std::string> cudaLibraryFlags() {
  return {"-O3", "-Xcompiler", "-ffp-contract=off,-fPIC,-fvisibility=hidden,-fno-exceptions,-fno-rtti"};
}

void deriveTools(ToolchainOptions &options) {
  StringRef cxx = options.cxx;
  for (StringRef suffix : {"g++", "c++"}) {
    if (!cxx.ends_with(suffix) || cxx.size() == suffix.size() || cxx.drop_back(suffix.size()).back() != '-')
      continue;
    std::string prefix = cxx.drop_back(suffix.size()).str();
    if (options.ar == "ar" && sys::findProgramByName(prefix + "ar"))
      options.ar = prefix + "ar";
    if (options.objcopy == "objcopy" && sys::findProgramByName(prefix + "objcopy"))
      options.objcopy = prefix + "objcopy";
  }
}

Error checkToolchain(const ToolchainOptions &options) {
  for (const std::string &tool : {options.cxx, options.ar, options.objcopy})
    if (!sys::findProgramByName(tool))
      return make_error<ToolchainError>("C++ toolchain: " + tool + " not found on PATH");
  return Error::success();
}

/// A command as one would type it.
static std::string shellText(const Command &command) {
  std::string text;
  for (const std::string &arg : command.args) {
    bool plain = !arg.empty() && all_of(arg, [](char c) { return isAlnum(c) || StringRef("-_./=+,:@%").contains(c); });
    text += text.empty() ? "" : " ";
    if (plain) {
      text += arg;
      continue;
    }
    text += '\'';
    for (char c : arg)
      text += c == '\'' ? std::string("'\\''") : std::string(1, c);
    text += '\'';
  }
  return text;
}

static Error runCommand(const Command &command, StringRef outputFile) {
  ErrorOr<std::string> program = sys::findProgramByName(command.args.front());
  if (!program)
    return make_error<ToolchainError>("C++ toolchain: " + command.args.front() + " not found on PATH");
  // LLVM's ExecuteAndWait has no working folder; env --chdir would not be portable, a shell is.
  std::string script = "cd \"$1\" && shift && exec \"$@\"";
  std::vector<StringRef> args = {"/bin/sh", "-c", script, "sh", command.folder, *program};
  args.insert(args.end(), command.args.begin() + 1, command.args.end());
  std::string message;
  int code = runProcess(args, {StringRef(""), outputFile, outputFile}, &message);
  if (code == 0)
    return Error::success();
  std::string output;
  if (auto buffer = MemoryBuffer::getFile(outputFile))
    output = (*buffer)->getBuffer().str();
  std::string what = "C++ toolchain: a command failed in " + command.folder + "\n  " + shellText(command) + "\n";
  if (code < 0)
    what += "ended by a signal: " + message + "\n";
  return make_error<ToolchainError>(what + output);
}

Error runCommands(ArrayRef<Command> commands, unsigned jobs) {
  if (jobs == 0)
    jobs = std::max(1u, std::thread::hardware_concurrency());
  jobs = std::min<size_t>(jobs, commands.size());
  Expected<TemporaryFolder> logs = TemporaryFolder::create("ingot-log");
  if (!logs)
    return logs.takeError();

  std::atomic<size_t> next{0};
  std::mutex mutex;
  size_t failedAt = commands.size();
  std::string failure;
  auto work = [&] {
    for (size_t i; (i = next++) < commands.size();) {
      if (Error error = runCommand(commands[i], (logs->path() + "/" + Twine(i)).str())) {
        std::lock_guard<std::mutex> lock(mutex);
        std::string text = toString(std::move(error));
        if (i < failedAt) {
          failedAt = i;
          failure = std::move(text);
        }
        next = commands.size(); // those under way finish, none is started
      }
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 1; i < jobs; ++i)
    threads.emplace_back(work);
  work();
  for (std::thread &thread : threads)
    thread.join();
  if (failedAt == commands.size())
    return Error::success();
  return make_error<ToolchainError>(failure);
}

Error buildLibrary(StringRef folder, StringRef name, ArrayRef<Source> sources, const ToolchainOptions &options) {
  Expected<TemporaryFolder> temporary = TemporaryFolder::create("ingot-obj");
  if (!temporary)
    return temporary.takeError();
  StringRef objects = temporary->path();

  std::vector<std::string> common;
  if (!options.sysroot.empty())
    common.push_back("--sysroot=" + options.sysroot);

  // nvcc compiles the C++ sources too, for they include CUDA's headers; it knows no .S and no -r.
  bool cuda = any_of(sources, [](const Source &source) { return StringRef(source.path).ends_with(".cu"); });
  std::vector<Command> compile;
  std::vector<std::string> objectFiles;
  for (const Source &source : sources) {
    std::string object = (objects + "/" + Twine(objectFiles.size()) + ".o").str();
    objectFiles.push_back(object);
    bool assembly = StringRef(source.path).ends_with(".S");
    std::vector<std::string> args = {cuda && assembly ? "c++" : options.cxx};
    args.insert(args.end(), common.begin(), common.end());
    if (assembly) {
      args.insert(args.end(), {"-Iweights"});
    } else {
      std::vector<std::string> flags = cuda ? cudaLibraryFlags() : libraryFlags();
      args.insert(args.end(), {"-std=c++17", "-I."});
      args.insert(args.end(), flags.begin(), flags.end());
      args.insert(args.end(), source.flags.begin(), source.flags.end());
      if (cuda) {
        // Else names come from the process number, through nvcc's temporary files.
        std::string keep = object + ".keep";
        if (std::error_code code = sys::fs::create_directory(keep))
          return createStringError(code, "cannot make a temporary folder");
        args.insert(args.end(), {"--frandom-seed=" + source.path, "--keep", "--keep-dir", keep});
      }
    }
    if (!cuda || !assembly)
      args.insert(args.end(), options.cxxFlags.begin(), options.cxxFlags.end());
    args.insert(args.end(), {"-c", source.path, "-o", object});
    compile.push_back({args, folder.str()});
  }
  if (Error error = runCommands(compile, options.jobs))
    return error;

  // One object whose only non-local symbols begin with N_.
  std::string whole = (objects + "/" + name + ".o").str();
  std::vector<std::string> link;
  if (options.ld.empty()) {
    link = {cuda ? "c++" : options.cxx};
    link.insert(link.end(), common.begin(), common.end());
    if (!cuda)
      link.insert(link.end(), options.cxxFlags.begin(), options.cxxFlags.end());
    link.insert(link.end(), {"-r", "-nostdlib", "-o", whole});
  } else {
    link = {options.ld, "-r", "-o", whole};
  }
  link.insert(link.end(), objectFiles.begin(), objectFiles.end());
  std::string archive = ("lib/lib" + name + ".a").str();
  if (std::error_code code = sys::fs::create_directories(folder + "/lib", true, sys::fs::all_all))
    return createStringError(code, "cannot make " + folder + "/lib");
  sys::fs::remove(folder + "/" + archive);
  std::vector<std::string> localise = {options.objcopy, "--wildcard", ("--keep-global-symbol=" + name + "_*").str()};
  if (cuda) // nvcc's temporary files have random names
    localise.push_back("--strip-unneeded");
  localise.push_back(whole);
  const Command steps[] = {
      {link, folder.str()},
      {localise, folder.str()},
      {{options.ar, "qcD", archive, whole}, folder.str()},
      {{options.ar, "sD", archive}, folder.str()},
  };
  for (const Command &step : steps)
    if (Error error = runCommands(step, 1))
      return error;
  return Error::success();
}

} // namespace ingot::package
