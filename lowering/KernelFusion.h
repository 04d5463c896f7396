//===- KernelFusion.h - what the fusion passes share ----------------------------===//
#ifndef INGOT_LOWERING_KERNELFUSION_H
#define INGOT_LOWERING_KERNELFUSION_H

#include "dialects/kernel/Nest.h"

namespace ingot::kernel {

/// An ins of a loop nest that reads a value, directly or through views.
struct Read {
  LoopNestInterface consumer;
  unsigned in;
  llvm::SmallVector<ViewOp> path; // from the value to the consumer
};

/// All reads of `v` by loop nests of its block. `escapes`: something else uses it too.
llvm::SmallVector<Read> readsOf(mlir::Value v, bool &escapes);

/// Where a read takes its element from: the point of the other nest's domain, as linear indices over this nest's
/// domain after the splits.
struct Alignment {
  llvm::SmallVector<DimSplit> splits;
  IndexSpace::Indices point;
};

/// Number of elements with every symbol at a typical value.
double typicalSize(llvm::ArrayRef<DimExpr> dims);
/// Estimated scalar operations for one evaluation of a region.
double regionCost(mlir::Region &region);
/// May a pass cut this dimension of the nest in two?
bool maySplit(Nest &nest, unsigned d);
/// The coefficient of dimension `d` in the row-major address of an access, if the access is linear.
std::optional<DimExpr> addressStride(const IndexSpace::Indices &index, llvm::ArrayRef<DimExpr> shape, unsigned d);

/// Copies the operators of `body` (a block of `from`) before `b`'s insertion point in a region of `to`, and returns what it yields.
/// `point` gives from's dimensions over to's; ins and tables arguments must be mapped already.
llvm::SmallVector<mlir::Value> cloneBody(mlir::OpBuilder &b, Nest &to, mlir::Block &body, mlir::IRMapping &map,
                                         llvm::ArrayRef<mlir::AffineExpr> point);

/// Would reading `v` at `to` instead of at `from` (earlier in the same block) put the read behind, or into, an operator that
/// updates v's memory in place? Correct, but it forces a copy of the whole tensor.
bool passesUpdate(mlir::Value v, mlir::Operation *from, mlir::Operation *to);
/// Every block of the module that may hold loop nests to fuse.
void forEachFusibleBlock(mlir::Operation *root, llvm::function_ref<void(mlir::Block &)> visit);
/// Makes the one reader of a tensor that `mover` only moves, a contraction of few rows, read the elements where they lie. False, and
/// nothing has changed, if it cannot.
bool readUnmoved(mlir::IRRewriter &rw, GenericOp mover);
/// Erases operators without effects and uses.
void eraseDead(mlir::Block &block);

} // namespace ingot::kernel
#endif
