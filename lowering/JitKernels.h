//===- JitKernels.h - runs kernels on the host ---------------------------===//
//
// plan.kernel → func → scf, arith, math, memref, vector to LLVM → ExecutionEngine. Used at compile time for what depends
// on weights alone, and by tests as a second meaning of expansions.
//
// Results do not depend on the host: the code is for a fixed baseline CPU, without contraction or reassociation, and math functions
// of f32 are rounded from double.
//
//===----------------------------------------------------------------------===//
#ifndef INGOT_LOWERING_JITKERNELS_H
#define INGOT_LOWERING_JITKERNELS_H

#include "dialects/plan/Plan.h"

namespace mlir {
class ExecutionEngine;
}

namespace ingot {

class JitKernels {
public:
  /// Compiles kernels, all at once; one without `target` is expanded as scalar code first (a copy, the kernel stays as it is).
  /// Fails with a diagnostic at the first kernel.
  static mlir::FailureOr<std::unique_ptr<JitKernels>> compile(llvm::ArrayRef<plan::KernelOp> kernels);
  ~JitKernels();

  /// Runs all tiles of a kernel on this thread: `symbols` for its index arguments, `buffers` for its memrefs.
  void run(llvm::StringRef kernel, llvm::ArrayRef<int64_t> symbols, llvm::ArrayRef<void *> buffers) const;

private:
  JitKernels() = default;
  std::unique_ptr<mlir::ExecutionEngine> engine;
  llvm::StringMap<void (*)(void **)> functions;
};

} // namespace ingot
#endif
