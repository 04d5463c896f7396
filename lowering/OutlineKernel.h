//===- OutlineKernel.h - a kernel operation becomes a plan.kernel --------------===//
//
// One kernel.generic, kernel.contract or kernel.fused on tensors becomes an unexpanded plan.kernel on flat buffers:
//
//   plan.kernel @name(%batch: index, %x: memref<?xf32>, %y: memref<?xf32>)
//       attributes {symbols = ["batch"], writes = [2], doc = […], flops = "8*batch"} {
//     %0 = plan.tensor %x strides <"8", "1"> : memref<?xf32> as tensor<?x8xf32, …>
//     %1 = kernel.generic … ins(%0 …) …
//     plan.write %1 to %y strides <"8", "1"> : …
//     plan.return
//   }
//
// Arguments are the symbols in order of first use, then the tensors read, each once, then the fresh results. A
// result that updates a tensor in place has that tensor's argument.
//
//===----------------------------------------------------------------------===//
#ifndef INGOT_LOWERING_OUTLINEKERNEL_H
#define INGOT_LOWERING_OUTLINEKERNEL_H

#include "dialects/plan/Plan.h"
#include "lowering/DescribeKernel.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace ingot {

/// Where the elements of a tensor lie in its flat buffer, in elements.
struct BufferLayout {
  Dims strides;
  DimExpr offset = 0;
  static BufferLayout rowMajor(mlir::Value tensor);
};

struct OutlinedKernel {
  plan::KernelOp kernel;
  std::vector<std::string> symbols; // what the index arguments stand for
  struct Buffer {
    mlir::Value input; // the tensor that the kernel reads here, null for a fresh result
    int result = -1;   // the (first) result written here, -1 for none
  };
  llvm::SmallVector<Buffer> buffers;          // the buffer arguments, after the symbols
  llvm::SmallVector<unsigned> bufferOfResult; // per result of the operation, an index into `buffers`
};

/// Creates the plan.kernel at `b`. `layoutOf` is asked once for every tensor read and every result that is not in place.
/// The caller inserts it into a symbol table if `name` may be taken. `op` stays as it is.
OutlinedKernel outlineKernel(mlir::OpBuilder &b, mlir::Operation *op, llvm::StringRef name,
                             llvm::function_ref<BufferLayout(mlir::Value)> layoutOf);

/// Tensors defined outside `op` that it reads: operands, and what its regions capture; each once, in order of use.
llvm::SmallVector<mlir::Value> tensorsRead(mlir::Operation *op);
/// The tensor that result `r` of a kernel operation updates in place, or null if the result is a new tensor.
mlir::Value tensorUpdated(mlir::Operation *op, unsigned r);

/// Equal for kernels that compute the same: everything but names, comments and the names of symbols.
std::string structuralKey(plan::KernelOp kernel);

} // namespace ingot
#endif
