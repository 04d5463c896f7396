//===- Runner.h - Builds a program that runs generated libraries --------------------------------------------===//
#ifndef INGOT_CODEGEN_PACKAGE_RUNNER_H
#define INGOT_CODEGEN_PACKAGE_RUNNER_H

#include "codegen/package/Toolchain.h"

namespace ingot::package {

/// The glue between N.h and runner/runner.h. It defines `N_runner_model`, and for a profiled run the table of its `steps`.
std::string emitRunnerGlue(const LibrarySpec &spec, std::optional<size_t> steps = std::nullopt);

/// The table of all models of one program.
std::string emitRunnerTable(llvm::ArrayRef<std::string> names);

/// The text of an entry source with a probe (runner/probe.h) at each step: the launches of kernels, whose names begin with
/// `prefix`, and the calls of templates. `steps`: their names in order, without the prefix; the text must have the same.
/// `table` is the C name of the steps' counters.
llvm::Expected<std::string> addProbes(llvm::StringRef entry, llvm::StringRef prefix, llvm::ArrayRef<std::string> steps,
                                      llvm::StringRef table);

/// One library in a runner: its spec (weights and kernels are not needed) and its output folder.
struct HostedLibrary {
  const LibrarySpec *spec;
  std::string folder;
  /// Names of the steps of a run: then it is profiled. Its entries are compiled once more, with probes, and take the place of the
  /// library's; everything else is the library as it is.
  std::optional<std::vector<std::string>> steps = std::nullopt;
};

struct RunnerOptions {
  ToolchainOptions toolchain;
  std::string runtime;      // Ingot's folder `runtime`
  std::string objectFolder; // runner.o and pool.o are kept here and reused when present, so name it after
                            // Ingot's version, the compiler and its flags; empty: built each time
  bool isStatic = false;    // for emulators
  std::vector<std::string> linkFlags; // CUDA's libraries, for instance
};

/// Builds the program `executable`, which hosts all the libraries.
llvm::Error buildRunner(llvm::ArrayRef<HostedLibrary> libraries, llvm::StringRef executable,
                        const RunnerOptions &options);

} // namespace ingot::package

#endif
