//===- LocationNames.h - the ONNX names that locations carry ------------------------===//
#ifndef INGOT_DIALECTS_SUPPORT_LOCATIONNAMES_H
#define INGOT_DIALECTS_SUPPORT_LOCATIONNAMES_H

#include "mlir/IR/Location.h"
#include "llvm/ADT/SetVector.h"

namespace ingot {

/// The names at a location in their order, each once: of a fused one, all; of a call, the callee's.
llvm::SetVector<llvm::StringRef> namesAt(mlir::Location loc);
/// The first of them, or nothing.
llvm::StringRef nameAt(mlir::Location loc);

} // namespace ingot
#endif
