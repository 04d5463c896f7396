//===- Expand.h - a kernel operation becomes loops over flat buffers ---------------------===//
#ifndef INGOT_LOWERING_EXPAND_EXPAND_H
#define INGOT_LOWERING_EXPAND_EXPAND_H

#include "lowering/expand/Tiling.h"
#include "lowering/expand/VectorPlan.h"

namespace ingot {
/// Expands one plan.kernel for this machine and sets its `target`.
mlir::LogicalResult expandKernel(plan::KernelOp kernel, const Machine &machine);
/// The tile count of an expanded kernel, computed at `b` from the index arguments of a launch.
mlir::Value tileCount(mlir::OpBuilder &b, mlir::Location loc, plan::KernelOp kernel, mlir::ValueRange launchArguments);
/// Sets the tiles of the contractions in `root` (kernel-schedule), with the packing and padding they ask for in front of them: one layout
/// for all targets of a library. They are best first; where the layout is a matter of taste, it is the first's.
void scheduleContracts(mlir::Operation *root, llvm::ArrayRef<Machine> machines);
/// The naive meaning of a contraction; the contraction stays.
kernel::GenericOp contractToGeneric(mlir::OpBuilder &b, kernel::ContractOp op);
} // namespace ingot

namespace ingot::expand {

/// kernel.generic as the kernel's top level.
void expandGeneric(Nest &nest, const Machine &machine);
/// The nest's remaining loops: parallel dimensions without a value in `p.iv`, the first of them from `low` to `high` if given.
void emitNest(Nest &nest, const VectorPlan &plan, Point p, mlir::Value low = {}, mlir::Value high = {});
/// Parallel dimensions outermost first; the lanes' dimension is the last.
llvm::SmallVector<unsigned> loopOrder(const Nest &nest, const VectorPlan &plan);

/// kernel.contract with a register tile; false (and nothing built) if its form asks for a generic nest.
bool expandContract(Emitter &e, kernel::ContractOp op, const Machine &machine);
/// kernel.fused as the kernel's top level.
mlir::LogicalResult expandFused(Emitter &e, kernel::FusedOp op, const Machine &machine);

} // namespace ingot::expand
#endif
