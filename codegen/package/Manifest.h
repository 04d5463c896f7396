//===- Manifest.h - manifest.json: what an output folder says of itself -----------------------------------===//
#ifndef INGOT_CODEGEN_PACKAGE_MANIFEST_H
#define INGOT_CODEGEN_PACKAGE_MANIFEST_H

#include "codegen/package/Emit.h"
#include "llvm/Support/Error.h"

#include <map>

namespace ingot::package {

/// The text of manifest.json. `files`: SHA-256 of each file by its path in the folder.
std::string emitManifest(const Interface &i, const std::map<std::string, std::string> &files);

/// The paths that a manifest of ours lists, of whatever version; nothing for any other text.
std::optional<std::vector<std::string>> filesOfManifest(llvm::StringRef text);

/// Whether JSON nests deeper than any that we write: parsers recurse, and damaged text must not use up the stack.
bool isTooDeep(llvm::StringRef json);

struct Manifest {
  LibrarySpec spec; // name, interface, form and size of the weights, build; of targets the name alone
  std::string interfaceHash;
  std::map<std::string, std::string> files;
};

/// Reads DIR/manifest.json. Errors name the folder and the remedy: no manifest of ours, one of another
/// version than `version`, or one that is damaged.
llvm::Expected<Manifest> readManifest(llvm::StringRef folder, llvm::StringRef version);

/// Whether a file is what the manifest lists.
llvm::Error checkFile(const Manifest &manifest, llvm::StringRef folder, llvm::StringRef path);

} // namespace ingot::package

#endif
