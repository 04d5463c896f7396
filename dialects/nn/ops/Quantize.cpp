//===- Quantize.cpp - quantize and dequantize as loop nests ----------------------------===//
#include "dialects/kernel/Builders.h"

using namespace mlir;
namespace ingot::nn {
using kernel::GenericBuilder;
using kernel::Scalars;

/// Where a point of the input finds its scale.
static SmallVector<AffineExpr> parameterMap(GenericBuilder &g, Value parameter, ArrayRef<AffineExpr> d, int64_t axis, int64_t block) {
  SmallVector<AffineExpr> map;
  if (block > 0) {
    map.assign(d.begin(), d.end());
    map[axis] = map[axis].floorDiv(block);
    return map;
  }
  if (rankOf(parameter) == 1)
    map.push_back(dimsOf(parameter)[0].isConstant(1) ? g.cst(0) : d[axis]);
  return map;
}

/// The smallest and the largest value of an integer element type.
static std::pair<double, double> range(Type element) {
  unsigned bits = element.getIntOrFloatBitWidth();
  double span = std::ldexp(1.0, bits);
  return isUnsigned(element) ? std::pair(0.0, span - 1) : std::pair(-span / 2, span / 2 - 1);
}

FailureOr<SmallVector<Value>> QuantizeOp::lower(OpBuilder &b) {
  Dims dims = dimsOf(getResult());
  Type from = elementOf(getInput()), to = elementOf(getResult()), f32 = b.getF32Type();
  Type real = from.isF64() ? Type(b.getF64Type()) : f32;
  GenericBuilder g(b, getLoc());
  auto d = g.parallels(dims);
  g.in(getInput(), d);
  g.in(getScale(), parameterMap(g, getScale(), d, getAxis(), getBlock()));
  bool hasZero = getZeroPoint() && isa<IntegerType>(to);
  if (hasZero)
    g.in(getZeroPoint(), parameterMap(g, getZeroPoint(), d, getAxis(), getBlock()));
  g.result(to, dims, d);
  return g.build([&](Scalars &r) -> SmallVector<Value> {
    ScalarBuilder s(r.b, r.loc, real);
    Value x = s.div(s.convert(r.in[0], from, real), s.convert(r.in[1], elementOf(getScale()), real));
    if (!isa<IntegerType>(to)) // stored with its own rounding
      return {s.storeCast(x, to, getSaturate())};
    x = s.roundEven(x);
    if (hasZero)
      x = s.add(x, s.convert(r.in[2], to, real));
    auto [lo, hi] = range(to);
    x = s.clamp(x, s.constant(lo), s.constant(hi));
    Type compute = computeType(to), i32 = b.getI32Type();
    Value i = arith::FPToSIOp::create(r.b, r.loc, i32, x);
    return {compute == i32 ? i : arith::TruncIOp::create(r.b, r.loc, compute, i).getResult()};
  });
}

FailureOr<SmallVector<Value>> DequantizeOp::lower(OpBuilder &b) {
  Dims dims = dimsOf(getResult());
  Type from = elementOf(getInput()), to = elementOf(getResult());
  Type real = computeType(to);
  GenericBuilder g(b, getLoc());
  auto d = g.parallels(dims);
  g.in(getInput(), d);
  g.in(getScale(), parameterMap(g, getScale(), d, getAxis(), getBlock()));
  bool hasZero = getZeroPoint() && isa<IntegerType>(from);
  if (hasZero)
    g.in(getZeroPoint(), parameterMap(g, getZeroPoint(), d, getAxis(), getBlock()));
  g.result(to, dims, d);
  return g.build([&](Scalars &r) -> SmallVector<Value> {
    ScalarBuilder s(r.b, r.loc, real);
    Type i32 = b.getI32Type();
    auto wide = [&](Value v) { return isa<IntegerType>(from) ? s.convert(v, from, i32) : v; };
    Value x = wide(r.in[0]);
    if (hasZero)
      x = s.sub(x, wide(r.in[2]));
    x = isa<IntegerType>(from) ? s.convert(x, i32, real) : s.convert(x, from, real);
    return {s.mul(x, s.convert(r.in[1], elementOf(getScale()), real))};
  });
}

} // namespace ingot::nn
