//===- Library.h - a folder that `ingot compile` wrote, read to be run --------------===//
#ifndef INGOT_COMPILER_DRIVER_LIBRARY_H
#define INGOT_COMPILER_DRIVER_LIBRARY_H

#include "codegen/package/LibrarySpec.h"
#include "codegen/targets/Machine.h"
#include "llvm/Support/Error.h"

namespace ingot {

struct CompiledLibrary {
  package::LibrarySpec spec;     // without code and weights
  std::vector<Machine> machines; // the targets, best first
};

/// Reads manifest.json and looks whether what is run is there. Errors are for the user: they name the folder,
/// what is wrong with it and the remedy.
llvm::Expected<CompiledLibrary> readLibrary(llvm::StringRef folder);

/// Whether report/report.json is that of the library: what is measured is named after it.
llvm::Error checkReport(llvm::StringRef folder);

/// Whether the sources that are compiled again for a profile are those of the library.
llvm::Error checkSources(llvm::StringRef folder);

} // namespace ingot
#endif
