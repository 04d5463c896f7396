//===- Interpret.h - the meaning of kernel operators, executed ------------------===//
//
// Runs a function of kernel operators on concrete tensors by walking every point of every domain: slow, obvious, and
// therefore the oracle of passes and expansions. Floats are rounded to their type after every operation. Elements that no
// loop nest wrote are "undefined": reading one is an error, as are reads outside a tensor and double writes.
//
//===----------------------------------------------------------------------===//
#ifndef INGOT_DIALECTS_KERNEL_INTERPRET_H
#define INGOT_DIALECTS_KERNEL_INTERPRET_H

#include "dialects/kernel/Kernel.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringMap.h"

namespace ingot::kernel {

/// A scalar: integers sign-extended to 64 bits (i1 is 0 or 1), floats as double.
struct Number {
  double f = 0;
  int64_t i = 0;
};

struct HostTensor {
  mlir::Type element;               // the tensor's element type
  llvm::SmallVector<int64_t> dims;
  std::vector<Number> values;       // row-major
  std::vector<bool> defined;        // per element

  HostTensor() = default;
  HostTensor(mlir::Type element, llvm::ArrayRef<int64_t> dims, bool defined = false);
  bool isFloat() const { return mlir::isa<mlir::FloatType>(element); }
};

struct InterpretOptions {
  llvm::StringMap<int64_t> symbols;                               // values of the dimension symbols
  std::function<std::optional<HostTensor>(mlir::Operation *)> external; // nn.get_weight and other sources (optional)
  /// Called after each operator with its results (optional); for finding the first divergence.
  std::function<void(mlir::Operation *, llvm::ArrayRef<HostTensor>)> trace;
};

/// Results of `func` for `inputs`. Errors are emitted as diagnostics on the operator.
mlir::FailureOr<llvm::SmallVector<HostTensor>> interpret(mlir::func::FuncOp func, llvm::ArrayRef<HostTensor> inputs,
                                                         const InterpretOptions &options);

/// The first difference beyond |a - b| <= atol + rtol * |b|, in words, or nothing.
std::optional<std::string> difference(const HostTensor &a, const HostTensor &b, double atol, double rtol);

} // namespace ingot::kernel
#endif
