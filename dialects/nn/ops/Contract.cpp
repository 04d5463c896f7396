//===- Contract.cpp - convolution and matrix product as kernel.contract -------------===//
#include "dialects/kernel/Builders.h"

using namespace mlir;
namespace ingot::nn {
using kernel::GenericBuilder;

/// Accumulate in f32 for small floats, in i32 for small integers, else in the type itself.
static Type accumulator(Type element) {
  Type t = computeType(element);
  if (auto i = dyn_cast<IntegerType>(t); i && i.getWidth() < 32)
    return IntegerType::get(t.getContext(), 32);
  return t;
}

FailureOr<SmallVector<Value>> MatMulOp::lower(OpBuilder &b) {
  Dims lhs = dimsOf(getLhs()), rhs = dimsOf(getRhs()), out = dimsOf(getResult());
  size_t batch = out.size() - 2;
  GenericBuilder g(b, getLoc());
  auto bd = g.parallels(ArrayRef<DimExpr>(out).take_front(batch));
  auto m = g.parallel(out[batch]), n = g.parallel(out[batch + 1]);
  auto k = g.reduce(lhs[lhs.size() - (getTransposeLhs() ? 2 : 1)]);
  auto operand = [&](Value v, Dims dims, AffineExpr row, AffineExpr col) {
    SmallVector<AffineExpr> map;
    for (size_t i = 0; i + 2 < dims.size(); ++i) {
      size_t at = i + batch - (dims.size() - 2);
      map.push_back(dims[i].isConstant(1) ? g.cst(0)
                    : dims[i] == out[at]  ? bd[at]
                                          : bd[at] * g.sym(DimExpr::min(dims[i] - 1, 1)));
    }
    map.push_back(row);
    map.push_back(col);
    g.in(v, map);
  };
  operand(getLhs(), lhs, getTransposeLhs() ? k : m, getTransposeLhs() ? m : k);
  operand(getRhs(), rhs, getTransposeRhs() ? n : k, getTransposeRhs() ? k : n);
  SmallVector<AffineExpr> map(bd);
  map.append({m, n});
  Type element = elementOf(getResult());
  g.result(element, out, map, cast<TypedAttr>(b.getZeroAttr(accumulator(element))));
  // A batch dimension that one factor lacks entirely belongs to m: it widens the product.
  std::string kinds;
  bool rhsHasBatch = rhs.size() > 2;
  kinds.append(batch, rhsHasBatch ? 'b' : 'm');
  return SmallVector<Value>{g.contract(kinds + "mnk")};
}

FailureOr<SmallVector<Value>> ConvOp::lower(OpBuilder &b) {
  Dims in = dimsOf(getInput()), w = dimsOf(getWeight()), out = dimsOf(getResult());
  size_t n = in.size() - 2;
  bool last = getLayout() == "channels_last";
  auto spatial = [&](size_t i) { return last ? i + 1 : i + 2; };
  size_t channel = last ? n + 1 : 1;
  DimExpr group(getGroup()), inPerGroup = last ? w[n] : w[1];
  DimExpr outPerGroup = *DimExpr::divideExactly(out[channel], group);
  bool grouped = getGroup() > 1;
  // Depthwise: one output channel per input channel; the channel is then a parallel dimension, not a product's n.
  bool depthwise = grouped && inPerGroup.isConstant(1) && outPerGroup.isConstant(1);

  GenericBuilder g(b, getLoc());
  AffineExpr gd;
  if (grouped && !depthwise)
    gd = g.parallel(group);
  auto batch = g.parallel(out[0]);
  SmallVector<AffineExpr> o, k;
  for (size_t i = 0; i < n; ++i)
    o.push_back(g.parallel(out[spatial(i)]));
  auto oc = g.parallel(depthwise ? out[channel] : outPerGroup);
  for (size_t i = 0; i < n; ++i)
    k.push_back(g.reduce(w[last ? i : i + 2]));
  AffineExpr ic;
  if (!depthwise)
    ic = g.reduce(inPerGroup);

  SmallVector<AffineExpr> x(n + 2), f(n + 2), y(n + 2);
  x[0] = y[0] = batch;
  bool padded = false;
  for (size_t i = 0; i < n; ++i) {
    x[spatial(i)] = o[i] * getStrides()[i] + k[i] * getDilations()[i] - getPads()[i];
    y[spatial(i)] = o[i];
    f[last ? i : i + 2] = k[i];
    padded |= getPads()[i] != 0 || getPads()[i + n] != 0;
  }
  if (depthwise) {
    x[channel] = y[channel] = oc;
    f[last ? n + 1 : 0] = oc;
    f[last ? n : 1] = g.cst(0);
  } else {
    x[channel] = grouped ? gd * *inPerGroup.constant() + ic : ic;
    y[channel] = grouped ? gd * *outPerGroup.constant() + oc : oc;
    f[last ? n + 1 : 0] = y[channel];
    f[last ? n : 1] = ic;
  }
  Type element = elementOf(getResult());
  g.in(getInput(), x, padded ? cast<TypedAttr>(b.getZeroAttr(storageType(elementOf(getInput())))) : TypedAttr());
  g.in(getWeight(), f);
  g.result(element, out, y, cast<TypedAttr>(b.getZeroAttr(accumulator(element))));
  if (depthwise)
    return g.build([](kernel::Scalars &r) -> SmallVector<Value> { return {r.s.fma(r.in[0], r.in[1], r.acc[0])}; });
  std::string kinds = grouped ? "b" : "";
  kinds += std::string(n + 1, 'm') + "n" + std::string(n + 1, 'k');
  return SmallVector<Value>{g.contract(kinds)};
}

} // namespace ingot::nn
