//===- Aliases.h - which values lie in the same memory ----------------------------===//
//
// Memory is passed on by a kernel.view (to its result), by an update in place (from the tensor updated to the result)
// and by a branch (from what its regions yield to its results). It is the same for tensors and for flat buffers: build-plan
// asks before a tensor is updated, plan-arena before memory is given to another buffer.
//
//===----------------------------------------------------------------------===//
#ifndef INGOT_LOWERING_ALIASES_H
#define INGOT_LOWERING_ALIASES_H

#include "mlir/IR/Operation.h"
#include "llvm/ADT/SmallVector.h"

namespace ingot {

/// `v` and all values that may lie in its memory. What they become by the operation `without` is left out.
llvm::SmallVector<mlir::Value> valuesInMemoryOf(mlir::Value v, mlir::Operation *without = nullptr);
/// The values with which the memory of `v` begins: arguments, weights, allocations, new tensors; more than one behind a branch.
llvm::SmallVector<mlir::Value> originsOf(mlir::Value v);

/// Copies every tensor before it is updated if its old elements are needed later, under whatever name, or if its memory
/// is not the block's own. Afterwards all updates may happen in place.
void copyBeforeUpdates(mlir::Operation *function);

} // namespace ingot
#endif
