//===- ScalarBuilder.h - scalar expressions in compute type -------------------===//
//
// What the elementwise records write their expressions with. Operands are compute-typed scalars (signless integers);
// the element type given at construction decides signedness and float or integer form.
//
//===----------------------------------------------------------------------===//
#ifndef INGOT_DIALECTS_NN_SCALARBUILDER_H
#define INGOT_DIALECTS_NN_SCALARBUILDER_H

#include "dialects/nn/Nn.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

namespace ingot::nn {

enum class Cmp { EQ, NE, LT, LE, GT, GE };

class ScalarBuilder {
public:
  /// `element` is the tensor element type of the operands (u8, f16, …).
  ScalarBuilder(mlir::OpBuilder &b, mlir::Location loc, mlir::Type element, mlir::Operation *op = nullptr)
      : b(b), loc(loc), element(element), op(op) {}

  using Value = mlir::Value;
  Value constant(double v) { return constant(v, computeType(element)); }
  Value constant(double v, mlir::Type type);
  Value add(Value x, Value y);
  Value sub(Value x, Value y);
  Value mul(Value x, Value y);
  // Integers truncate towards zero. Printed kernels never trap: an integer divided by 0 gives 0 (runtime/scalar.h).
  Value div(Value x, Value y);
  Value rem(Value x, Value y); // C's fmod and %: sign of x
  Value mod(Value x, Value y); // Python's %: sign of y
  Value neg(Value x);
  Value max(Value x, Value y); // NaN if either is NaN
  Value min(Value x, Value y);
  Value cmp(Cmp p, Value x, Value y); // ordered; NE is unordered
  Value select(Value c, Value x, Value y);
  Value clamp(Value x, Value lo, Value hi) { return min(max(x, lo), hi); }
  Value fma(Value x, Value y, Value z);
  Value abs(Value x);
  Value sign(Value x);
  Value logicalNot(Value x); // i1
  Value bitAnd(Value x, Value y);
  Value bitOr(Value x, Value y);
  Value bitXor(Value x, Value y);
  Value bitNot(Value x);
  Value shl(Value x, Value y);
  Value shr(Value x, Value y);
  // Floating point.
  Value exp(Value x);
  Value log(Value x);
  Value log1p(Value x);
  Value expm1(Value x);
  Value sqrt(Value x);
  Value rsqrt(Value x);
  Value tanh(Value x);
  Value erf(Value x);
  Value sigmoid(Value x);
  Value softplus(Value x); // log(1 + exp(x)) without overflow
  Value sin(Value x);
  Value cos(Value x);
  Value tan(Value x);
  Value asin(Value x);
  Value acos(Value x);
  Value atan(Value x);
  Value sinh(Value x);
  Value cosh(Value x);
  Value asinh(Value x);
  Value acosh(Value x);
  Value atanh(Value x);
  Value pow(Value x, Value y);
  Value floor(Value x);
  Value ceil(Value x);
  Value roundEven(Value x);
  Value isNan(Value x);
  Value isInf(Value x);
  /// Converts between element types with the rules of ONNX's Cast; `x` is in compute type of `from`, the result in that of `to`.
  Value convert(Value x, mlir::Type from, mlir::Type to);
  /// Storage type to compute type and back. An element that was only loaded keeps its bits.
  Value load(Value stored, mlir::Type element);
  Value store(Value computed, mlir::Type element);
  /// The store of a cast. What lies beyond the range of a float of 8 bits becomes its largest (`saturate`) or infinity or
  /// NaN; `rounding` (up, down, nearest) is that of f8e8m0.
  Value storeCast(Value computed, mlir::Type element, bool saturate = true, llvm::StringRef rounding = "up");

  /// The operator's attributes, for records with `extra` arguments.
  double f(llvm::StringRef attribute);
  int64_t i(llvm::StringRef attribute);
  llvm::StringRef text(llvm::StringRef attribute);

  bool isFloat() const { return mlir::isa<mlir::FloatType>(computeType(element)); }
  bool isUnsignedInt() const { return isUnsigned(element); }

  mlir::OpBuilder &b;
  mlir::Location loc;
  mlir::Type element;
  mlir::Operation *op;
};

} // namespace ingot::nn
#endif
