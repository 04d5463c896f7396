//===- Elementwise.cpp - shared bodies of the elementwise records ----------------===//
#include "dialects/kernel/Builders.h"

using namespace mlir;
namespace ingot::nn {

FailureOr<SmallVector<Value>> lowerElementwise(Operation *op, OpBuilder &b) {
  auto elementwise = cast<ElementwiseInterface>(op);
  Value result = op->getResult(0);
  kernel::GenericBuilder g(b, op->getLoc());
  auto d = g.parallels(dimsOf(result));
  for (Value v : op->getOperands())
    g.in(v, d);
  g.result(elementOf(result), dimsOf(result), d);
  return g.build([&](kernel::Scalars &r) -> SmallVector<Value> {
    ScalarBuilder s(r.b, r.loc, elementOf(op->getOperand(0)), op);
    return {elementwise.buildScalar(s, r.in)};
  });
}

std::optional<SmallVector<Value>> permuteElementwise(Operation *op, OpBuilder &b, ValueRange operands, ArrayRef<int64_t>) {
  IRMapping map;
  map.map(op->getOperands(), operands);
  Operation *copy = b.clone(*op, map);
  for (Value r : copy->getResults())
    r.setType(tensorOf(dimsOf(operands[0]), elementOf(r)));
  return SmallVector<Value>(copy->getResults());
}

std::optional<Dims> evaluateElementwise(ArrayRef<std::optional<Dims>> operands,
                                        function_ref<std::optional<DimExpr>(ArrayRef<DimExpr>)> one) {
  Dims out;
  for (auto &o : operands)
    if (!o || o->size() != operands[0]->size())
      return std::nullopt;
  for (size_t i = 0; i < operands[0]->size(); ++i) {
    Dims x;
    for (auto &o : operands)
      x.push_back((*o)[i]);
    auto r = one(x);
    if (!r)
      return std::nullopt;
    out.push_back(*r);
  }
  return out;
}

std::optional<DimExpr> provable(const DimExpr &yes, const DimExpr &no) {
  if (yes.isNonNegative())
    return DimExpr(1);
  if (no.isNonNegative())
    return DimExpr(0);
  return std::nullopt;
}

Type elementOfOperand(ScalarBuilder &s, unsigned i) { return elementOf(s.op->getOperand(i)); }

} // namespace ingot::nn
