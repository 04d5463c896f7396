//===- Emit.h - The printers of the packager, one per kind of file ----------------------------------------===//
#ifndef INGOT_CODEGEN_PACKAGE_EMIT_H
#define INGOT_CODEGEN_PACKAGE_EMIT_H

#include "codegen/package/LibrarySpec.h"

namespace ingot::package {

/// What follows from a spec and several files need.
struct Interface {
  explicit Interface(const LibrarySpec &spec);

  const LibrarySpec &spec;
  std::vector<const Symbol *> inputSymbols, lengthSymbols, resultSymbols;
  bool hasDims, hasState, hasInputs, hasWeights, mapsWeights;
  bool cuda; // weights, workspaces and states are device memory
  std::vector<std::string> openParams, queryParams, contextParams, stateParams, runParams;
  std::string hash; // of N.h, eight hex digits
  std::string weightsMark = "0x0", weightsSum = "0x0"; // of a mapped weight file, see ingot/mapped_file.h

  /// Input symbols in the dimensions of states: they stay equal between two resets.
  std::vector<const Symbol *> stateSymbols() const;
  bool replacesState() const;
  /// "" or "_<name>" where there are several lengths.
  std::string lengthSuffix(const Symbol &length) const;
};

struct File {
  std::string path; // relative, with forward slashes
  std::string text;
};

/// A source of the library and the flags that only it gets.
struct Source {
  std::string path;
  std::vector<std::string> flags;
};

inline bool isInWorkspace(const Value &value) { return value.inWorkspace || value.kind != ValueKind::Tensor; }

std::string bannerLine(const LibrarySpec &spec);
std::string quoted(llvm::StringRef text); // a C string literal
std::string kernelFile(const Target &target, size_t count, size_t index); // "src/kernels_x86_64_v3_0.cpp"
std::string entryFile(const Target &target);
uint64_t weightsFileBytes(const LibrarySpec &spec); // a mapped file ends in the SHA-256 of its contents
bool weightsAreFar(const LibrarySpec &spec); // beyond the reach of x86's 32-bit offsets
bool weightsWantHugePages(const LibrarySpec &spec);
std::string bounds(const Symbol &symbol);

std::string emitHeader(const Interface &i);
std::string emitWrapper(const Interface &i);
std::string emitInternalHeader(const Interface &i);
std::string emitApi(const Interface &i);
std::string emitEntry(const Interface &i, const Target &target);
std::string emitKernelHeader(const Interface &i, const Target &target);
std::vector<std::string> emitKernels(const Interface &i, const Target &target);
std::string emitWeightsAssembly(const LibrarySpec &spec);

/// CMakeLists.txt, the package configuration, N.pc, README.md and LICENSE-note.
std::vector<File> emitBuildFiles(const Interface &i, const std::vector<Source> &sources);

} // namespace ingot::package

#endif
