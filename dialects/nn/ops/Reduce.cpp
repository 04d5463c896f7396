//===- Reduce.cpp - reductions, pooling, softmax ---------------------------------------===//
#include "dialects/kernel/Builders.h"

using namespace mlir;
namespace ingot::nn {
using kernel::GenericBuilder;
using kernel::Scalars;


/// The identity of max (or min) as an attribute of the compute type.
static TypedAttr extreme(OpBuilder &b, Type element, bool isMax) {
  Type t = computeType(element);
  if (auto f = dyn_cast<FloatType>(t))
    return FloatAttr::get(f, APFloat::getInf(f.getFloatSemantics(), isMax));
  unsigned w = t.getIntOrFloatBitWidth();
  bool uns = isUnsigned(element);
  APInt v = isMax ? (uns ? APInt::getMinValue(w) : APInt::getSignedMinValue(w))
                  : (uns ? APInt::getMaxValue(w) : APInt::getSignedMaxValue(w));
  return IntegerAttr::get(t, v);
}

LogicalResult ReduceOp::verify() {
  Dims in = dimsOf(getInput()), out = dimsOf(getResult());
  if (in.size() != out.size())
    return emitOpError("keeps the rank");
  for (int64_t a : getAxes())
    if (a < 0 || a >= int64_t(in.size()) || !out[a].isConstant(1))
      return emitOpError() << "axis " << a << " is out of range or is not reduced to 1";
  return success();
}

FailureOr<SmallVector<Value>> ReduceOp::lower(OpBuilder &b) {
  Dims in = dimsOf(getInput()), out = dimsOf(getResult());
  Type element = elementOf(getInput());
  StringRef kind = getKind();
  if (getAxes().empty() && kind != "sum_square" && kind != "l1" && kind != "l2" && kind != "log_sum" && kind != "log_sum_exp")
    return SmallVector<Value>{getInput()};
  // log_sum_exp subtracts the maximum first, so that exp cannot overflow.
  Value maximum;
  if (kind == "log_sum_exp")
    maximum = ReduceOp::create(b, getLoc(), getType(), getInput(), "max", getAxes());
  GenericBuilder g(b, getLoc());
  SmallVector<AffineExpr> d(in.size()), o(in.size());
  SmallVector<bool> reduced(in.size());
  for (int64_t a : getAxes())
    reduced[a] = true;
  DimExpr count(1);
  for (size_t i = 0; i < in.size(); ++i) {
    if (!reduced[i])
      o[i] = d[i] = g.parallel(in[i]);
  }
  for (size_t i = 0; i < in.size(); ++i)
    if (reduced[i]) {
      d[i] = g.reduce(in[i]);
      o[i] = g.cst(0);
      count = count * in[i];
    }
  if (getAxes().empty()) // a reduction of one element, so that the epilogue still applies
    g.reduce(DimExpr(1));
  g.in(getInput(), d);
  if (maximum)
    g.in(maximum, o);
  TypedAttr init = kind == "max"    ? extreme(b, element, true)
                   : kind == "min"  ? extreme(b, element, false)
                   : kind == "prod" ? g.number(1, element)
                                    : g.number(0, element);
  g.result(elementOf(getResult()), out, o, init);
  auto lseBase = [](Scalars &r) { // an infinite maximum would give inf - inf
    Value m = r.in[1];
    return r.s.select(r.s.isInf(m), r.s.constant(0, m.getType()), m);
  };
  auto body = [&](Scalars &r) -> SmallVector<Value> {
    auto &s = r.s;
    Value x = r.in[0], a = r.acc[0];
    if (kind == "max")
      return {s.max(a, x)};
    if (kind == "min")
      return {s.min(a, x)};
    if (kind == "prod")
      return {s.mul(a, x)};
    if (kind == "sum_square" || kind == "l2")
      return {s.fma(x, x, a)};
    if (kind == "l1")
      return {s.add(a, s.abs(x))};
    if (kind == "log_sum_exp")
      return {s.add(a, s.exp(s.sub(x, lseBase(r))))};
    return {s.add(a, x)};
  };
  auto epilogue = [&](Scalars &r) -> SmallVector<Value> {
    auto &s = r.s;
    Value a = r.acc[0];
    auto viaFloat = [&](llvm::function_ref<Value(Value)> f) -> Value { // integers go through f64
      if (s.isFloat())
        return f(a);
      Type f64 = b.getF64Type();
      return s.convert(f(s.convert(a, element, f64)), f64, element);
    };
    if (kind == "mean") {
      Value n = r.dim(count);
      Type t = a.getType();
      return {s.div(a, r.fromIndex(n, t))};
    }
    if (kind == "l2")
      return {viaFloat([&](Value v) { return s.sqrt(v); })};
    if (kind == "log_sum")
      return {viaFloat([&](Value v) { return s.log(v); })};
    if (kind == "log_sum_exp")
      return {s.add(s.log(a), lseBase(r))};
    return {a};
  };
  bool hasEpilogue = kind == "mean" || kind == "l2" || kind == "log_sum" || kind == "log_sum_exp";
  if (hasEpilogue)
    return g.build(body, epilogue);
  return g.build(body);
}

std::optional<SmallVector<Value>> ReduceOp::permuted(OpBuilder &b, ValueRange operands, ArrayRef<int64_t> perm) {
  Dims out = dimsOf(getResult()), to;
  SmallVector<int64_t> axes;
  for (int64_t p : perm)
    to.push_back(out[p]);
  for (int64_t a : getAxes())
    axes.push_back(llvm::find(perm, a) - perm.begin());
  llvm::sort(axes);
  return SmallVector<Value>{ReduceOp::create(b, getLoc(), tensorOf(to, elementOf(getResult())), operands[0], getKind(), axes)};
}

LogicalResult PoolOp::verify() {
  int64_t n = rankOf(getInput()) - 2;
  auto positive = [](ArrayRef<int64_t> list) { return llvm::all_of(list, [](int64_t v) { return v > 0; }); };
  if (n < 1 || int64_t(getKernel().size()) != n || int64_t(getStrides().size()) != n || int64_t(getDilations().size()) != n ||
      int64_t(getPads().size()) != 2 * n || !positive(getKernel()) || !positive(getStrides()) || !positive(getDilations()))
    return emitOpError("needs a positive kernel size, stride and dilation and two pads per spatial dimension");
  return success();
}

FailureOr<SmallVector<Value>> PoolOp::lower(OpBuilder &b) {
  Dims in = dimsOf(getInput()), out = dimsOf(getResult());
  size_t n = in.size() - 2;
  bool last = getLayout() == "channels_last";
  auto spatial = [&](size_t i) { return last ? i + 1 : i + 2; };
  size_t channel = last ? n + 1 : 1;
  StringRef kind = getKind();
  Type element = elementOf(getInput());
  GenericBuilder g(b, getLoc());
  auto d = g.parallels(out);
  SmallVector<AffineExpr> k, x(n + 2);
  for (size_t i = 0; i < n; ++i)
    k.push_back(g.reduce(getKernel()[i]));
  x[0] = d[0];
  x[channel] = d[channel];
  bool padded = false;
  int64_t window = 1;
  for (size_t i = 0; i < n; ++i) {
    x[spatial(i)] = d[spatial(i)] * getStrides()[i] + k[i] * getDilations()[i] - getPads()[i];
    window *= getKernel()[i];
    // ceil_mode can also reach beyond the padding.
    DimExpr reach = (out[spatial(i)] - 1) * DimExpr(getStrides()[i]) + DimExpr((getKernel()[i] - 1) * getDilations()[i] - getPads()[i]);
    padded |= getPads()[i] != 0 || !(in[spatial(i)] - 1 - reach).isNonNegative();
  }
  bool isMax = kind == "max";
  TypedAttr pad = isMax ? extreme(b, element, true) : g.number(0, element);
  if (pad.getType() != storageType(element)) { // small floats: the stored form of the same value
    auto f = cast<FloatType>(storageType(element));
    APFloat v = cast<FloatAttr>(pad).getValue();
    bool lost;
    v.convert(f.getFloatSemantics(), APFloat::rmNearestTiesToEven, &lost);
    pad = FloatAttr::get(f, v);
  }
  g.in(getInput(), x, padded ? pad : TypedAttr());
  g.result(element, out, d, isMax ? extreme(b, element, true) : g.number(0, element));
  auto body = [&](Scalars &r) -> SmallVector<Value> {
    if (isMax)
      return {r.s.max(r.acc[0], r.in[0])};
    if (kind == "lp")
      return {r.s.add(r.acc[0], r.s.pow(r.s.abs(r.in[0]), r.s.constant(getP())))};
    return {r.s.add(r.acc[0], r.in[0])};
  };
  auto epilogue = [&](Scalars &r) -> SmallVector<Value> {
    Value a = r.acc[0];
    if (kind == "lp")
      return {r.s.pow(a, r.s.constant(1.0 / getP()))};
    // Number of window positions that count: inside the input, or inside input + padding.
    bool includePad = kind == "average_include_pad";
    if (!padded)
      return {r.s.div(a, r.s.constant(window))};
    nn::ScalarBuilder ix(r.b, r.loc, b.getI64Type());
    Value count = r.indexConst(1);
    for (size_t i = 0; i < n; ++i) {
      int64_t dil = getDilations()[i], pb = getPads()[i], pe = getPads()[i + n], K = getKernel()[i];
      Value start = ix.sub(ix.mul(r.index(d[spatial(i)]), r.indexConst(getStrides()[i])), r.indexConst(pb));
      Value lo = r.indexConst(includePad ? -pb : 0);
      Value hi = r.dim(in[spatial(i)] + DimExpr(includePad ? pe : 0)); // exclusive
      // k from max(0, ceil((lo - start) / dil)) to min(K, ceil((hi - start) / dil))
      auto ceilDiv = [&](Value v) { return arith::CeilDivSIOp::create(r.b, r.loc, v, r.indexConst(dil)).getResult(); };
      Value first = ix.max(r.indexConst(0), ceilDiv(ix.sub(lo, start)));
      Value end = ix.min(r.indexConst(K), ceilDiv(ix.sub(hi, start)));
      count = ix.mul(count, ix.sub(end, first));
    }
    return {r.s.div(a, r.fromIndex(count, a.getType()))};
  };
  if (isMax)
    return g.build(body);
  return g.build(body, epilogue);
}

LogicalResult SoftmaxOp::verify() {
  if (int64_t(getAxis()) < 0 || int64_t(getAxis()) >= rankOf(getInput()) || getInput().getType() != getType())
    return emitOpError("axis is out of range");
  return success();
}

FailureOr<SmallVector<Value>> SoftmaxOp::lower(OpBuilder &b) {
  // max, exp(x - max), sum, divide: four loop nests that kernel-fuse-rows joins into one.
  Dims dims = dimsOf(getInput()), rows = dims;
  int64_t axis = getAxis();
  rows[axis] = 1;
  Type element = elementOf(getInput()), wide = computeType(element);
  Location loc = getLoc();
  auto rowType = tensorOf(rows, wide);
  Value x = castTo(b, loc, getInput(), wide);
  Value m = ReduceOp::create(b, loc, rowType, x, "max", ArrayRef<int64_t>{axis});
  Value shifted = SubOp::create(b, loc, tensorOf(dims, wide), ValueRange{x, broadcastTo(b, loc, m, dims)});
  Value e = ExpOp::create(b, loc, tensorOf(dims, wide), ValueRange{shifted});
  Value sum = ReduceOp::create(b, loc, rowType, e, "sum", ArrayRef<int64_t>{axis});
  Value y;
  if (getLog()) {
    Value l = LogOp::create(b, loc, rowType, ValueRange{sum});
    y = SubOp::create(b, loc, tensorOf(dims, wide), ValueRange{shifted, broadcastTo(b, loc, l, dims)});
  } else {
    y = DivOp::create(b, loc, tensorOf(dims, wide), ValueRange{e, broadcastTo(b, loc, sum, dims)});
  }
  return SmallVector<Value>{castTo(b, loc, y, element)};
}

std::optional<SmallVector<Value>> SoftmaxOp::permuted(OpBuilder &b, ValueRange operands, ArrayRef<int64_t> perm) {
  int64_t axis = llvm::find(perm, int64_t(getAxis())) - perm.begin();
  return SmallVector<Value>{SoftmaxOp::create(b, getLoc(), operands[0].getType(), operands[0], axis, getLog())};
}

} // namespace ingot::nn
