//===- Toolchain.h - Compiles and archives a generated library ----------------------------------------------===//
#ifndef INGOT_CODEGEN_PACKAGE_TOOLCHAIN_H
#define INGOT_CODEGEN_PACKAGE_TOOLCHAIN_H

#include "codegen/package/Emit.h"
#include "llvm/Support/Error.h"

namespace ingot::package {

/// The C++ toolchain failed: exit code 3. The message holds the command and what it printed.
class ToolchainError : public llvm::ErrorInfo<ToolchainError> {
public:
  static char ID;
  static constexpr int exitCode = 3;

  explicit ToolchainError(std::string message) : message(std::move(message)) {}
  void log(llvm::raw_ostream &stream) const override { stream << message; }
  std::error_code convertToErrorCode() const override { return llvm::inconvertibleErrorCode(); }

private:
  std::string message;
};

struct ToolchainOptions {
  std::string cxx = "c++";           // --cxx; nvcc for CUDA
  std::vector<std::string> cxxFlags; // --cxxflags, after ours; at the link too, for they may name the target
  std::string ar = "ar";             // --ar
  std::string ld;                    // empty: the C++ compiler with -r
  std::string objcopy = "objcopy";   // --objcopy
  std::string sysroot;               // --sysroot
  unsigned jobs = 0;                 // 0: one per processor
};

/// Tools for a cross compiler named like aarch64-linux-gnu-g++: its ar and objcopy, where they exist.
void deriveTools(ToolchainOptions &options);

/// Whether the tools are there.
llvm::Error checkToolchain(const ToolchainOptions &options);

/// What every C++ source of a library is compiled with, apart from its instruction set.
std::vector<std::string> libraryFlags();

/// The same for nvcc, which hands most of them to the host's compiler.
std::vector<std::string> cudaLibraryFlags();

/// One command and the folder it runs in.
struct Command {
  std::vector<std::string> args; // args[0] is found on PATH
  std::string folder;
};

/// Runs the commands, at most `jobs` at once; the first failure in list order is reported.
llvm::Error runCommands(llvm::ArrayRef<Command> commands, unsigned jobs);

/// Compiles the sources of the library in `folder` to `folder`/lib/lib<name>.a. Object files live in a temporary
/// folder; paths on the command line are relative, so that equal sources give equal bytes.
llvm::Error buildLibrary(llvm::StringRef folder, llvm::StringRef name, llvm::ArrayRef<Source> sources,
                         const ToolchainOptions &options);

} // namespace ingot::package

#endif
