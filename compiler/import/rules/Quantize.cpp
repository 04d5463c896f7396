//===- Quantize.cpp - quantisation, and products of integers ---------------------------===//
#include "compiler/import/Compose.h"
#include "compiler/import/Window.h"

using namespace mlir;
using namespace ingot;
using namespace ingot::nn;

/// Scale and zero point as nn.quantize takes them: one number, a vector along `axis`, or blocks.
static Value parameter(NodeImport &n, Value v) {
  if (v && rankOf(v) == 1 && dimsOf(v)[0].isConstant(1)) // a vector of one is a number
    return n.reshapeTo(v, {});
  return v;
}

/// The block size, also where only the shapes tell it.
static int64_t blockOf(NodeImport &n, Value scale, int64_t axis) {
  int64_t block = n.i("block_size");
  if (block || rankOf(scale) < 2)
    return block;
  auto per = DimExpr::divideExactly(n.dims(0)[axis], dimsOf(scale)[axis]);
  return per && per->constant() ? *per->constant() : 0;
}

/// The axis of a scale that is no single number. Scale and zero point must have the sizes that it asks for.
static std::optional<int64_t> parameterAxis(NodeImport &n, Value scale, Value zero) {
  if (zero && failed(n.requireShape(zero, dimsOf(scale), "zero point")))
    return std::nullopt;
  if (rankOf(scale) == 0)
    return 0;
  auto axis = n.axis("axis", 1, n.rank(0));
  if (axis && rankOf(scale) == 1 && failed(n.requireEqual(dimsOf(scale)[0], n.dims(0)[*axis], "elements of the scale")))
    return std::nullopt;
  if (axis && rankOf(scale) > 1 && rankOf(scale) != n.rank(0))
    return (void)n.refuse("scale has rank " + Twine(rankOf(scale)) + ", the input " + Twine(n.rank(0)), "give one number, a vector or blocks"),
           std::nullopt;
  return axis;
}

INGOT_IMPORT("QuantizeLinear", 10) {
  Type to = n.b.getIntegerType(8, false);
  if (n.has(2))
    to = n.element(2);
  else if (int64_t code = n.i("output_dtype"))
    to = irType(n.b.getContext(), *elementTypeOfOnnx(code));
  Value scale = parameter(n, n.in(1)), zero = parameter(n, n.in(2));
  auto along = parameterAxis(n, scale, zero);
  if (!along)
    return failure();
  int64_t axis = *along;
  n.out(0, QuantizeOp::create(n.b, n.loc, tensorOf(n.dims(0), to), n.in(0), scale, zero, axis, blockOf(n, scale, axis),
                              n.i("saturate", 1) != 0));
  return success();
}

INGOT_IMPORT("DequantizeLinear", 10) {
  Type to = n.element(1);
  if (int64_t code = n.i("output_dtype"))
    to = irType(n.b.getContext(), *elementTypeOfOnnx(code));
  Value scale = parameter(n, n.in(1)), zero = parameter(n, n.in(2));
  auto along = parameterAxis(n, scale, zero);
  if (!along)
    return failure();
  int64_t axis = *along;
  n.out(0, DequantizeOp::create(n.b, n.loc, tensorOf(n.dims(0), to), n.in(0), scale, zero, axis, blockOf(n, scale, axis)));
  return success();
}

/// Scale so that [min(x, 0), max(x, 0)] becomes 0…255.
INGOT_IMPORT("DynamicQuantizeLinear", 11) {
  Compose c(n);
  Value x = n.in(0);
  Type u8 = n.b.getIntegerType(8, false);
  auto all = axesFrom(0, n.rank(0));
  Value low = c.min(c.reshape(c.reduce("min", x, all), {}), 0.0), high = c.max(c.reshape(c.reduce("max", x, all), {}), 0.0);
  Value scale = c.div(c.sub(high, low), 255.0);
  // An input of zeros has scale 0; its zero point is 0 as well.
  Value safe = c.where(c.equal(scale, 0.0), c.scalar(1, elementOf(scale)), scale);
  Value zero = QuantizeOp::create(n.b, n.loc, tensorOf({}, u8), c.neg(low), safe, Value(), 0, 0, true);
  n.out(0, QuantizeOp::create(n.b, n.loc, tensorOf(n.dims(0), u8), x, safe, zero, 0, 0, true));
  n.out(1, scale);
  n.out(2, zero);
  return c.done();
}

//===----------------------------------------------------------------------===//
// Products of integers
//===----------------------------------------------------------------------===//

static bool isZero(Value v) {
  auto known = v ? knownConstants(v) : std::optional(SmallVector<int64_t>());
  return known && llvm::all_of(*known, [](int64_t x) { return x == 0; });
}

/// sum (a - za) (b - zb) = a b - za sum b - sum a zb + k za zb, all in i32: the large product keeps its 8-bit factors, and
/// what depends on weights alone is a constant. `za` is per row, `zb` per column, or one number.
static FailureOr<Value> integerProduct(NodeImport &n, Value a, Value b, Value za, Value zb) {
  Compose c(n);
  Type i32 = n.b.getI32Type();
  bool row = rankOf(a) == 1, col = rankOf(b) == 1;
  Dims da = dimsOf(a), db = dimsOf(b);
  if (row)
    a = c.reshape(a, {DimExpr(1), da[0]});
  if (col)
    b = c.reshape(b, {db[0], DimExpr(1)});
  da = dimsOf(a);
  db = dimsOf(b);
  size_t rank = std::max(da.size(), db.size());
  auto batch = n.broadcastDims(ArrayRef<DimExpr>(da).drop_back(2), ArrayRef<DimExpr>(db).drop_back(2));
  DimExpr k = da.back();
  if (!batch || failed(n.requireEqual(k, db[db.size() - 2], "the inner dimensions of the matrix product")))
    return failure();
  Dims out = *batch;
  out.push_back(da[da.size() - 2]);
  out.push_back(db.back());
  Value y = MatMulOp::create(n.b, n.loc, tensorOf(out, i32), a, b, false, false);
  auto wide = [&](Value z, bool perRow) -> Value {
    z = c.cast(z, i32);
    if (rankOf(z) != 1 || dimsOf(z)[0].isConstant(1))
      return rankOf(z) == 1 ? c.reshape(z, {}) : z;
    return c.along(z, perRow ? rank - 2 : rank - 1, rank);
  };
  auto sums = [&](Value v, int64_t fromEnd) { return c.reduce("sum", c.cast(v, i32), {rankOf(v) - fromEnd}); };
  bool hasA = !isZero(za), hasB = !isZero(zb);
  if (hasA)
    y = c.sub(y, c.mul(wide(za, true), sums(b, 2)));
  if (hasB)
    y = c.sub(y, c.mul(sums(a, 1), wide(zb, false)));
  if (hasA && hasB) {
    Value both = c.mul(wide(za, true), wide(zb, false));
    y = c.add(y, c.mul(both, c.cast(n.reshapeTo(intTensor(n.b, n.loc, {k}, 0), {}), i32)));
  }
  if (row)
    out.erase(out.end() - 2);
  if (col)
    out.pop_back();
  y = c.reshape(y, out);
  if (failed(c.done()))
    return failure();
  return y;
}

INGOT_IMPORT("MatMulInteger", 10) {
  auto y = integerProduct(n, n.in(0), n.in(1), n.in(2), n.in(3));
  if (failed(y))
    return failure();
  n.out(0, *y);
  return success();
}

/// real = i32 * scale a * scale b, quantised again.
static Value requantize(NodeImport &n, Value product, Value scaleA, Value scaleB, Value scale, Value zero, int64_t channelAxis) {
  Compose c(n);
  int64_t rank = rankOf(product);
  auto factor = [&](Value v, int64_t axis) {
    v = parameter(n, c.cast(v, n.b.getF32Type()));
    return rankOf(v) == 1 ? c.along(v, axis, rank) : v;
  };
  bool perRow = channelAxis < 0; // a matrix product: a's parameters per row, b's per column
  Value real = c.mul(c.cast(product, n.b.getF32Type()),
                     c.mul(factor(scaleA, perRow ? rank - 2 : channelAxis), factor(scaleB, perRow ? rank - 1 : channelAxis)));
  scale = parameter(n, scale);
  zero = parameter(n, zero);
  return QuantizeOp::create(n.b, n.loc, tensorOf(dimsOf(product), elementOf(zero)), real, scale, zero,
                            std::max<int64_t>(0, perRow ? rank - 2 : channelAxis), 0, true);
}

INGOT_IMPORT("QLinearMatMul", 10) {
  auto y = integerProduct(n, n.in(0), n.in(3), n.in(2), n.in(5));
  if (failed(y))
    return failure();
  n.out(0, requantize(n, *y, n.in(1), n.in(4), n.in(6), n.in(7), -1));
  return success();
}

/// conv(x - zx, w - zw) in i32. 8-bit factors stay as they are where their zero point is 0.
static FailureOr<Value> integerConv(NodeImport &n, Value x, Value w, Value zx, Value zw) {
  Compose c(n);
  Type i32 = n.b.getI32Type();
  Dims in = dimsOf(x), wd = dimsOf(w);
  int64_t group = n.i("group", 1);
  if (in.size() < 3 || wd.size() != in.size() || group < 1 || !DimExpr::divideExactly(wd[0], group)) {
    (void)n.refuse("needs an input of rank 3 or more, a weight of the same rank and a group that divides its channels", "correct the model");
    return failure();
  }
  if (failed(n.requireEqual(in[1], wd[1] * DimExpr(group), "input channels and what the weight takes")))
    return failure();
  SmallVector<int64_t> kernel;
  for (const DimExpr &e : ArrayRef<DimExpr>(wd).drop_front(2)) {
    if (!e.constant()) {
      (void)n.refuse("kernel size is not static", "fix it with --shape");
      return failure();
    }
    kernel.push_back(*e.constant());
  }
  auto window = Window::of(n, ArrayRef<DimExpr>(in).drop_front(2), kernel);
  if (!window)
    return failure();
  int64_t rank = in.size();
  auto centred = [&](Value v, Value zero, int64_t axis) {
    if (isZero(zero))
      return v;
    Value z = c.cast(zero, i32);
    return c.sub(c.cast(v, i32), rankOf(z) == 1 && !dimsOf(z)[0].isConstant(1) ? c.along(z, axis, rank) : c.reshape(z, {}));
  };
  Dims out{in[0], wd[0]};
  out.append(window->out);
  Value y = ConvOp::create(n.b, n.loc, tensorOf(out, i32), centred(x, zx, 1), centred(w, zw, 0), window->strides, window->pads,
                           window->dilations, group, "channels_first");
  if (failed(c.done()))
    return failure();
  return y;
}

INGOT_IMPORT("ConvInteger", 10) {
  auto y = integerConv(n, n.in(0), n.in(1), n.in(2), n.in(3));
  if (failed(y))
    return failure();
  n.out(0, *y);
  return success();
}

INGOT_IMPORT("QLinearConv", 10) {
  auto y = integerConv(n, n.in(0), n.in(3), n.in(2), n.in(5));
  if (failed(y))
    return failure();
  Compose c(n);
  Value product = *y;
  if (n.has(8))
    product = c.add(product, c.along(n.in(8), 1, rankOf(product)));
  n.out(0, requantize(n, product, n.in(1), n.in(4), n.in(6), n.in(7), 1));
  return c.done();
}
