//===- Runner.h - Builds a program that runs generated libraries --------------------------------------------===//
#ifndef INGOT_CODEGEN_PACKAGE_RUNNER_H
#define INGOT_CODEGEN_PACKAGE_RUNNER_H

#include "codegen/package/Toolchain.h"

namespace ingot::package {

/// The glue between N.h and runner/runner.h. It defines `N_runner_model`.
std::string emitRunnerGlue(const LibrarySpec &spec);

/// The table of all models of one program.
std::string emitRunnerTable(llvm::ArrayRef<std::string> names);

/// One library in a runner: its spec (weights and kernels are not needed) and its output folder.
struct HostedLibrary {
  const LibrarySpec *spec;
  std::string folder;
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
