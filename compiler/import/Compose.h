//===- Compose.h - building an operator out of nn ones --------------------------===//
//
//   Compose c(n);
//   Value mean = c.reduce("mean", x, axes), d = c.sub(x, mean);
//   n.out(0, c.div(d, c.sqrt(c.add(c.reduce("mean", c.mul(d, d), axes), 1e-5))));
//   return c.done();
//
// Operands are broadcast as numpy does. Where shapes do not fit, the node is refused once and `done` fails.
//
//===----------------------------------------------------------------------===//
#ifndef INGOT_COMPILER_IMPORT_COMPOSE_H
#define INGOT_COMPILER_IMPORT_COMPOSE_H

#include "compiler/import/NodeImport.h"

namespace ingot {

class Compose {
public:
  using Value = mlir::Value;
  explicit Compose(NodeImport &n) : n(n), b(n.b), loc(n.loc) {}

  /// An operand: a value, or a number of the other operand's element type.
  struct Operand {
    Operand(Value v) : value(v) {}
    Operand(double d) : number(d) {}
    Value value;
    double number = 0;
  };
  Value add(Operand x, Operand y) { return binary<nn::AddOp>(x, y); }
  Value sub(Operand x, Operand y) { return binary<nn::SubOp>(x, y); }
  Value mul(Operand x, Operand y) { return binary<nn::MulOp>(x, y); }
  Value div(Operand x, Operand y) { return binary<nn::DivOp>(x, y); }
  Value pow(Operand x, Operand y) { return binary<nn::PowOp>(x, y); }
  Value max(Operand x, Operand y) { return binary<nn::MaxOp>(x, y); }
  Value min(Operand x, Operand y) { return binary<nn::MinOp>(x, y); }
  Value equal(Operand x, Operand y) { return compare<nn::EqualOp>(x, y); }
  Value less(Operand x, Operand y) { return compare<nn::LessOp>(x, y); }
  Value where(Value c, Operand x, Operand y);
  Value neg(Value x) { return unary<nn::NegOp>(x); }
  Value abs(Value x) { return unary<nn::AbsOp>(x); }
  Value sqrt(Value x) { return unary<nn::SqrtOp>(x); }
  Value exp(Value x) { return unary<nn::ExpOp>(x); }
  Value log(Value x) { return unary<nn::LogOp>(x); }
  Value tanh(Value x) { return unary<nn::TanhOp>(x); }
  Value reciprocal(Value x) { return unary<nn::ReciprocalOp>(x); }

  Value cast(Value x, mlir::Type element) { return nn::castTo(b, loc, x, element); }
  Value reshape(Value x, llvm::ArrayRef<DimExpr> dims) { return n.reshapeTo(x, dims); }
  Value transpose(Value x, llvm::ArrayRef<int64_t> perm) { return nn::transposeBy(b, loc, x, perm); }
  Value broadcast(Value x, llvm::ArrayRef<DimExpr> dims) { return n.broadcastTo(x, dims); }
  /// A vector along `axis` of a tensor of rank `rank`, ready to broadcast.
  Value along(Value vector, int64_t axis, int64_t rank);
  Value scalar(double v, mlir::Type element) { return nn::splat(b, loc, v, element); }
  Value splat(double v, mlir::Type element, llvm::ArrayRef<DimExpr> dims) { return nn::splat(b, loc, v, element, dims); }
  /// Reduced axes stay as dimensions of size 1.
  Value reduce(llvm::StringRef kind, Value x, llvm::ArrayRef<int64_t> axes);
  Value softmax(Value x, int64_t axis, bool log = false);
  /// x[…, start : start + size * step : step, …]
  Value slice(Value x, int64_t axis, const DimExpr &start, const DimExpr &size, int64_t step = 1);
  Value reverse(Value x, int64_t axis);
  Value concat(llvm::ArrayRef<Value> parts, int64_t axis);
  Value gather(Value x, Value indices, int64_t axis);
  /// Batched product of operands of equal rank; batch dimensions broadcast.
  Value matmul(Value x, Value y, bool transposeX = false, bool transposeY = false);
  /// f32 for smaller floats, else the type itself.
  Value widen(Value x) { return cast(x, computeType(nn::elementOf(x))); }

  void refuse(const llvm::Twine &what, const llvm::Twine &remedy = "");
  mlir::LogicalResult done() const { return mlir::success(!n.refused()); }

  template <typename Op> Value unary(Value x) {
    return Op::create(b, loc, mlir::TypeRange(x.getType()), mlir::ValueRange(x)).getResult();
  }
  template <typename Op> Value binary(Operand x, Operand y) {
    auto v = common({&x, &y});
    return v.empty() ? x.value : Op::create(b, loc, mlir::TypeRange(v[0].getType()), v).getResult();
  }
  template <typename Op> Value compare(Operand x, Operand y) {
    auto v = common({&x, &y});
    return v.empty() ? x.value
                     : Op::create(b, loc, mlir::TypeRange(nn::tensorOf(nn::dimsOf(v[0]), b.getI1Type())), v).getResult();
  }

  NodeImport &n;
  mlir::OpBuilder &b;
  mlir::Location loc;

private:
  /// The operands as tensors of one shape; empty after a refusal.
  llvm::SmallVector<Value> common(llvm::ArrayRef<Operand *> operands);
};

/// The axes from..to-1.
llvm::SmallVector<int64_t> axesFrom(int64_t from, int64_t to);

} // namespace ingot
#endif
