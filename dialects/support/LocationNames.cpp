//===- LocationNames.cpp --------------------------------------------------------------===//
#include "dialects/support/LocationNames.h"

using namespace mlir;
namespace ingot {

static void collect(Location loc, llvm::SetVector<StringRef> &names) {
  if (auto name = dyn_cast<NameLoc>(loc)) {
    if (!name.getName().empty())
      names.insert(name.getName().getValue());
  } else if (auto fused = dyn_cast<FusedLoc>(loc)) {
    for (Location part : fused.getLocations())
      collect(part, names);
  } else if (auto call = dyn_cast<CallSiteLoc>(loc)) {
    collect(call.getCallee(), names);
  }
}

llvm::SetVector<StringRef> namesAt(Location loc) {
  llvm::SetVector<StringRef> names;
  collect(loc, names);
  return names;
}

StringRef nameAt(Location loc) {
  llvm::SetVector<StringRef> names = namesAt(loc);
  return names.empty() ? "" : names.front();
}

} // namespace ingot
