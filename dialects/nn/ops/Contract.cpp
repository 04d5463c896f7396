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

LogicalResult MatMulOp::verify() {
  Dims lhs = dimsOf(getLhs()), rhs = dimsOf(getRhs()), out = dimsOf(getResult());
  if (lhs.size() < 2 || rhs.size() < 2 || out.size() != std::max(lhs.size(), rhs.size()))
    return emitOpError("needs matrices and a result of the higher rank");
  if (elementOf(getLhs()) != elementOf(getRhs()) && !isa<IntegerType>(elementOf(getResult()))) // u8 by i8 gives i32
    return emitOpError("needs factors of one element type");
  size_t m = lhs.size() - 2, k = rhs.size() - 2, batch = out.size() - 2;
  DimExpr rows = lhs[m + getTransposeLhs()], inner = lhs[m + !getTransposeLhs()];
  DimExpr innerRhs = rhs[k + getTransposeRhs()], columns = rhs[k + !getTransposeRhs()];
  if (differ(inner, innerRhs))
    return emitOpError() << "multiplies " << inner.str() << " columns by " << innerRhs.str() << " rows";
  if (rows != out[batch] || columns != out[batch + 1])
    return emitOpError("result has not the rows and columns of the factors");
  for (const Dims &d : {lhs, rhs})
    for (size_t i = 0; i + 2 < d.size(); ++i)
      if (!d[i].isConstant(1) && differ(d[i], out[i + out.size() - d.size()]))
        return emitOpError("batch dimensions do not fit the result's");
  return success();
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

LogicalResult ConvOp::verify() {
  Dims in = dimsOf(getInput()), w = dimsOf(getWeight()), out = dimsOf(getResult());
  if (in.size() < 3 || w.size() != in.size() || out.size() != in.size())
    return emitOpError("needs input, weight and result of one rank, at least 3");
  size_t n = in.size() - 2;
  bool last = getLayout() == "channels_last";
  auto positive = [](ArrayRef<int64_t> list) { return llvm::all_of(list, [](int64_t v) { return v > 0; }); };
  if (getStrides().size() != n || getDilations().size() != n || getPads().size() != 2 * n || !positive(getStrides()) ||
      !positive(getDilations()) || getGroup() < 1)
    return emitOpError("needs a positive stride and dilation and two pads per spatial dimension, and a positive group");
  size_t channel = last ? n + 1 : 1;
  DimExpr group(getGroup()), outputs = last ? w[n + 1] : w[0];
  if (differ(in[channel], (last ? w[n] : w[1]) * group))
    return emitOpError() << "has " << in[channel].str() << " input channels, the weight is for " << ((last ? w[n] : w[1]) * group).str();
  if (outputs != out[channel] || !DimExpr::divideExactly(outputs, group))
    return emitOpError("result has not the weight's channels, or they are no multiple of group");
  return success();
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
