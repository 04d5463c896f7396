//===- DescribeKernel.h - what the comments of a kernel say -----------------------===//
#ifndef INGOT_LOWERING_DESCRIBEKERNEL_H
#define INGOT_LOWERING_DESCRIBEKERNEL_H

#include "dialects/kernel/Kernel.h"
#include "dialects/nn/Shape.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace ingot {

/// ONNX names behind an operation: its `origin` attribute, else the names in its location (of a fused one, all).
llvm::SmallVector<std::string> provenanceOf(mlir::Operation *op);
/// One line: "sums of products, m = 1 x 56 x 56, n = 64, k = 3 x 3 x 64".
std::string describeKernel(mlir::Operation *op);
/// What it computes, as lines: a formula for each result over dimNames(), their bounds, windows, shapes. `nameOf` says how a tensor
/// from outside or a result is called; what a fused operator keeps to itself is called as nameIntermediates() has said.
llvm::SmallVector<std::string> explainKernel(mlir::Operation *op, llvm::function_ref<std::string(mlir::Value)> nameOf);
/// Gives the nested loop nests the attribute `names`: their results by what makes them, sum, largest, value.
void nameIntermediates(kernel::FusedOp op);
/// Arithmetic operations of one run; a multiply-add counts two, conversions and index arithmetic nothing.
DimExpr flopsOf(mlir::Operation *op);
/// The same by what does it: the scalars of loop nests, and contractions. In fused ones each keeps the location that it came with.
void forEachFlops(mlir::Operation *op, llvm::function_ref<void(mlir::Operation *, const DimExpr &)> visit);
/// Bytes that one run reads and writes at least, each once: of a tensor no more than the loops can reach.
DimExpr bytesOf(mlir::Operation *op);

} // namespace ingot
#endif
