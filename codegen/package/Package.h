//===- Package.h - Writes the output folder of a library ----------------------------------------------------===//
#ifndef INGOT_CODEGEN_PACKAGE_PACKAGE_H
#define INGOT_CODEGEN_PACKAGE_PACKAGE_H

#include "codegen/package/Toolchain.h"

namespace ingot::package {

/// Says what is wrong with a spec that breaks its own rules: duplicate or invalid names, a target list that mixes
/// architectures, a length without capacity.
llvm::Error checkSpec(const LibrarySpec &spec);

/// Sources of the library in the order in which they are compiled.
std::vector<Source> sourcesOf(const LibrarySpec &spec);

/// Every text file of the output except manifest.json and what is made of weight bytes. A pure function.
std::vector<File> emitFiles(const LibrarySpec &spec);

/// The runtime files that every output contains, read from the folder `runtime` of Ingot's installation.
llvm::Expected<std::vector<RuntimeFile>> loadRuntime(llvm::StringRef folder);

/// Whether a library may be written to this folder: it is new, empty, or holds nothing but an earlier library, by the
/// list in its manifest.json.
llvm::Error checkDestination(llvm::StringRef destination);

/// Writes the output folder: into a new folder beside `destination`, compiled there unless `toolchain` is null, and
/// renamed. An earlier library is replaced; everything else is refused (checkDestination). A link stays a link. Of the
/// working folder or a mount point the contents are exchanged. Extra files (reports) come with their paths.
llvm::Error writeLibrary(const LibrarySpec &spec, llvm::StringRef destination, const ToolchainOptions *toolchain,
                         llvm::ArrayRef<File> extra = {});

/// Bytes of the library `name` at `archive` without the section of its embedded weights and the gap that aligns that; an error where
/// the file is no archive of 64-bit ELF objects.
llvm::Expected<uint64_t> codeBytes(llvm::StringRef archive, llvm::StringRef name);

} // namespace ingot::package

#endif
