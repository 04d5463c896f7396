//===- Search.cpp - extremes, sorting, running sums, boxes --------------------------===//
#include "compiler/import/rules/Common.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace ingot;
using namespace ingot::nn;
using kernel::GenericBuilder;
using kernel::Scalars;

//===----------------------------------------------------------------------===//
// ArgMax, ArgMin, Hardmax
//===----------------------------------------------------------------------===//

/// Two reductions: the extreme, then the first (or last) index where it occurs. A NaN counts as the extreme.
Value rules::argExtreme(NodeImport &n, Value x, int64_t axis, bool isMax, bool last) {
  Dims in = dimsOf(x), out = in;
  out[axis] = 1;
  Type i64 = n.b.getI64Type(), element = elementOf(x);
  Value extreme = ReduceOp::create(n.b, n.loc, tensorOf(out, element), x, isMax ? "max" : "min", ArrayRef<int64_t>{axis});
  GenericBuilder g(n.b, n.loc);
  SmallVector<AffineExpr> d(in.size()), o(in.size());
  for (size_t k = 0; k < in.size(); ++k)
    if (int64_t(k) != axis)
      d[k] = o[k] = g.parallel(in[k]);
  d[axis] = g.reduce(in[axis]);
  o[axis] = g.cst(0);
  g.in(x, d);
  g.in(extreme, o);
  g.result(i64, out, o, n.b.getI64IntegerAttr(last ? -1 : INT64_MAX));
  return g.build([&](Scalars &r) -> SmallVector<Value> {
    ScalarBuilder s(r.b, r.loc, element);
    auto ix = rules::indexMath(r);
    Value hit = s.cmp(Cmp::EQ, r.in[0], r.in[1]);
    if (s.isFloat())
      hit = s.bitOr(hit, s.isNan(r.in[0]));
    Value i = ix.select(hit, r.fromIndex(r.index(d[axis]), i64), r.acc[0]);
    return {last ? ix.max(r.acc[0], i) : ix.min(r.acc[0], i)};
  })[0];
}

static LogicalResult importArg(NodeImport &n, bool isMax) {
  auto axis = n.axis("axis", 0, n.rank(0));
  if (!axis)
    return failure();
  Value y = rules::argExtreme(n, n.in(0), *axis, isMax, n.i("select_last_index"));
  if (!n.i("keepdims", 1)) {
    Dims out = dimsOf(y);
    out.erase(out.begin() + *axis);
    y = n.reshapeTo(y, out);
  }
  n.out(0, y);
  return success();
}
INGOT_IMPORT("ArgMax", 1) { return importArg(n, true); }
INGOT_IMPORT("ArgMin", 1) { return importArg(n, false); }

static Value hardmax(NodeImport &n, Value x, int64_t axis) {
  Dims dims = dimsOf(x), row = dims;
  Value best = rules::argExtreme(n, x, axis, true, false);
  GenericBuilder g(n.b, n.loc);
  auto d = g.parallels(dims);
  SmallVector<AffineExpr> o(d);
  o[axis] = g.cst(0);
  g.in(best, o);
  g.result(elementOf(x), dims, d);
  return g.build([&](Scalars &r) -> SmallVector<Value> {
    ScalarBuilder s(r.b, r.loc, elementOf(x));
    Value hit = rules::indexMath(r).cmp(Cmp::EQ, r.toIndex(r.in[0]), r.index(d[axis]));
    return {s.select(hit, s.constant(1), s.constant(0))};
  })[0];
}
INGOT_IMPORT("Hardmax", 1) { // on a matrix: the dimensions before `axis` by the others
  Dims dims = n.dims(0);
  ArrayRef<DimExpr> d(dims);
  auto axis = n.axis("axis", 1, dims.size());
  if (!axis)
    return failure();
  Value m = n.reshapeTo(n.in(0), {product(d.take_front(*axis)), product(d.drop_front(*axis))});
  n.out(0, n.reshapeTo(hardmax(n, m, 1), dims));
  return success();
}
INGOT_IMPORT("Hardmax", 13) {
  auto axis = n.axis("axis", -1, n.rank(0));
  if (!axis)
    return failure();
  n.out(0, hardmax(n, n.in(0), *axis));
  return success();
}

//===----------------------------------------------------------------------===//
// TopK, Unique
//===----------------------------------------------------------------------===//

INGOT_IMPORT("TopK", 1) {
  Dims out = n.dims(0);
  auto along = n.axis("axis", -1, out.size());
  if (!along)
    return failure();
  int64_t axis = *along;
  std::optional<Dims> k;
  if (n.hasAttr("k"))
    k = Dims{DimExpr(n.i("k"))};
  else if (auto known = n.known(1))
    k = known;
  else if (auto h = rules::staticHint(n, 0))
    k = Dims{(*h)[axis]};
  else
    k = n.runtime(1, "k");
  if (!k)
    return n.refuse("K is not a small integer tensor");
  if (k->size() != 1)
    return n.refuse("K must be one number", "give K as a vector of one element");
  if (auto c = (*k)[0].constant(), size = out[axis].constant(); c && (*c < 0 || (size && *c > *size)))
    return n.refuse("K is " + Twine(*c) + ", the dimension has " + out[axis].str() + " elements", "choose a K from 0 to the size of the dimension");
  out[axis] = (*k)[0];
  NamedAttribute params[] = {n.b.getNamedAttr("axis", n.b.getI64IntegerAttr(axis)),
                             n.b.getNamedAttr("largest", n.b.getI64IntegerAttr(n.i("largest", 1)))};
  Type types[] = {tensorOf(out, n.element(0)), tensorOf(out, n.b.getI64Type())};
  auto call = CallOp::create(n.b, n.loc, types, n.b.getStringAttr("topk"), n.in(0), n.b.getDictionaryAttr(params));
  n.takes(call, out[axis] * 8);
  n.out(0, call->getResult(0));
  n.out(1, call->getResult(1));
  return success();
}

INGOT_IMPORT("Unique", 11) {
  Value x = n.in(0);
  bool flat = !n.hasAttr("axis");
  auto along = flat ? std::optional<int64_t>(0) : n.axis("axis", 0, n.rank(0));
  if (!along)
    return failure();
  int64_t axis = *along;
  if (flat)
    x = n.reshapeTo(x, {product(n.dims(0))});
  Dims out = dimsOf(x);
  DimExpr size = out[axis], count = DimExpr::symbol(n.freshSymbol("unique"));
  out[axis] = count;
  Type i64 = n.b.getI64Type(), indices = tensorOf({count}, i64);
  Type types[] = {tensorOf(out, elementOf(x)), indices, tensorOf({size}, i64), indices, tensorOf({DimExpr(1)}, i64)};
  NamedAttribute params[] = {n.b.getNamedAttr("axis", n.b.getI64IntegerAttr(axis)),
                             n.b.getNamedAttr("sorted", n.b.getI64IntegerAttr(n.i("sorted", 1)))};
  auto call = CallOp::create(n.b, n.loc, types, n.b.getStringAttr("unique"), x, n.b.getDictionaryAttr(params));
  n.takes(call, {size * 8, size * 8});
  n.bindSlot(count, call->getResult(4), size);
  for (unsigned i = 0; i < n.numOutputs(); ++i)
    n.out(i, call->getResult(i));
  return success();
}

//===----------------------------------------------------------------------===//
// CumSum, CumProd
//===----------------------------------------------------------------------===//

/// A short axis: every element adds up the elements before it, which runs in parallel and fuses.
static Value cumulateShort(NodeImport &n, int64_t axis, bool product) {
  bool exclusive = n.i("exclusive"), reverse = n.i("reverse");
  Dims dims = n.dims(0);
  GenericBuilder g(n.b, n.loc);
  auto d = g.parallels(dims);
  auto k = g.reduce(dims[axis]);
  SmallVector<AffineExpr> from(d);
  from[axis] = k;
  g.in(n.in(0), from);
  g.result(n.element(0), dims, d, g.number(product ? 1 : 0, n.element(0)));
  return g.build([&](Scalars &r) -> SmallVector<Value> {
    Cmp before = reverse ? exclusive ? Cmp::GT : Cmp::GE : exclusive ? Cmp::LT : Cmp::LE;
    Value counts = rules::indexMath(r).cmp(before, r.index(k), r.index(d[axis]));
    Value next = product ? r.s.mul(r.acc[0], r.in[0]) : r.s.add(r.acc[0], r.in[0]);
    return {r.s.select(counts, next, r.acc[0])};
  })[0];
}

static LogicalResult cumulate(NodeImport &n, bool product) {
  Type element = n.element(0);
  if (auto axis = n.constants(1)) {
    if (axis->size() != 1)
      return n.refuse("axis must be one number", "give the axis as a scalar");
    auto a = n.axis((*axis)[0], n.rank(0));
    if (!a)
      return failure();
    if (n.dims(0)[*a].constant().value_or(INT64_MAX) <= 512) {
      n.out(0, cumulateShort(n, *a, product));
      return success();
    }
  }
  if (!element.isF32() && !element.isF64() && !element.isF16() && !element.isBF16() && !isa<IntegerType>(element))
    return n.refuse("this element type cannot be accumulated", "cast to f32 before and back after");
  NamedAttribute params[] = {n.b.getNamedAttr("exclusive", n.b.getI64IntegerAttr(n.i("exclusive"))),
                             n.b.getNamedAttr("product", n.b.getI64IntegerAttr(product)),
                             n.b.getNamedAttr("reverse", n.b.getI64IntegerAttr(n.i("reverse")))};
  Value axis = castTo(n.b, n.loc, n.reshapeTo(n.in(1), {}), n.b.getI64Type());
  n.out(0, n.call("cumulate", {n.in(0), axis}, n.in(0).getType(), n.b.getDictionaryAttr(params)));
  return success();
}
INGOT_IMPORT("CumSum", 11) { return cumulate(n, false); }
INGOT_IMPORT("CumProd", 26) { return cumulate(n, true); }

//===----------------------------------------------------------------------===//
// Col2Im
//===----------------------------------------------------------------------===//

/// Every pixel adds up what the blocks that cover it hold: over block offsets k, the block at (pixel + pad - k * dilation) / stride.
INGOT_IMPORT("Col2Im", 18) {
  Dims in = n.dims(0);
  auto blockType = cast<RankedTensorType>(n.in(2).getType());
  auto image = n.known(1), blockKnown = n.known(2);
  if (!image)
    if (auto h = rules::staticHint(n, 0))
      image = Dims(h->begin() + 2, h->end());
  if (!image)
    image = n.runtime(1, "image");
  if (!image || !blockType.hasStaticShape())
    return n.refuse("the number of image dimensions is not known", "export the model with shape inputs of static length");
  size_t dims = image->size();
  auto strides = n.ints("strides", SmallVector<int64_t>(dims, 1)), dilations = n.ints("dilations", SmallVector<int64_t>(dims, 1));
  auto pads = n.ints("pads", SmallVector<int64_t>(2 * dims, 0));
  if (in.size() != 3)
    return n.refuse("needs an input of rank 3", "reshape it to batch, columns of a block, blocks");
  if (!n.perDimension("strides", strides, dims, 1) || !n.perDimension("dilations", dilations, dims, 1) ||
      !n.perDimension("pads", pads, 2 * dims, 0) || failed(n.requireShape(n.in(2), {int64_t(dims)}, "block_shape")))
    return failure();
  DimExpr channels, blockSize;
  if (blockKnown) {
    blockSize = product(*blockKnown);
    auto c = DimExpr::divideExactly(in[1], blockSize);
    if (!c)
      return n.refuse("channels are not a multiple of the block's size");
    channels = *c;
  } else if (auto h = rules::staticHint(n, 0)) {
    channels = (*h)[1];
    auto size = DimExpr::divideExactly(in[1], channels);
    if (!size)
      return n.refuse("channels are not a multiple of the block's size");
    blockSize = *size;
  } else {
    return n.refuse("the block's shape is computed at run time", "make block_shape constant");
  }
  Dims out{in[0], channels};
  llvm::append_range(out, *image);
  GenericBuilder g(n.b, n.loc);
  auto d = g.parallels(out);
  auto k = g.reduce(blockSize);
  g.table(n.in(0));
  if (!blockKnown)
    g.table(n.in(2));
  g.result(n.element(0), out, d, g.number(0, n.element(0)));
  n.out(0, g.build([&](Scalars &r) -> SmallVector<Value> {
    auto ix = rules::indexMath(r);
    Value zero = r.indexConst(0), one = r.indexConst(1), rest = r.index(k), column = zero, pitch = one, inside;
    for (size_t i = dims; i-- > 0;) {
      Value block = blockKnown ? r.dim((*blockKnown)[i]) : rules::readIndex(r, r.table[1], i);
      Value offset = ix.rem(rest, block), stride = r.indexConst(strides[i]), dilation = r.indexConst(dilations[i]);
      rest = ix.div(rest, block);
      // Number of blocks along this dimension.
      Value reach = ix.add(ix.mul(dilation, ix.sub(block, one)), one);
      Value count = ix.add(ix.div(ix.sub(r.dim((*image)[i] + DimExpr(pads[i] + pads[i + dims])), reach), stride), one);
      Value at = ix.sub(ix.add(r.index(d[i + 2]), r.indexConst(pads[i])), ix.mul(offset, dilation));
      Value number = ix.div(at, stride);
      Value ok = ix.bitAnd(ix.cmp(Cmp::GE, at, zero), ix.cmp(Cmp::EQ, ix.mul(number, stride), at));
      ok = ix.bitAnd(ok, ix.cmp(Cmp::LT, number, count));
      inside = inside ? ix.bitAnd(inside, ok) : ok;
      column = ix.add(column, ix.mul(ix.max(zero, number), pitch));
      pitch = ix.mul(pitch, count);
    }
    Value channel = ix.add(ix.mul(r.index(d[1]), r.dim(blockSize)), r.index(k));
    column = ix.max(zero, ix.min(column, r.dim(in[2] - 1)));
    Value x = r.read(r.table[0], {r.index(d[0]), channel, column});
    return {r.s.select(inside, r.s.add(r.acc[0], x), r.acc[0])};
  })[0]);
  return success();
}

//===----------------------------------------------------------------------===//
// NonMaxSuppression
//===----------------------------------------------------------------------===//

INGOT_IMPORT("NonMaxSuppression", 10) {
  Type i64 = n.b.getI64Type(), f32 = n.b.getF32Type();
  auto scalar = [&](unsigned k, Type element) -> Value {
    return n.has(k) ? n.reshapeTo(n.in(k), {}) : splat(n.b, n.loc, 0, element);
  };
  // Without a score threshold every score passes.
  Value score = n.has(4) ? scalar(4, f32) : splat(n.b, n.loc, -std::numeric_limits<double>::infinity(), f32);
  Dims boxes = n.dims(0), scores = n.dims(1);
  DimExpr each = boxes[1], count = DimExpr::symbol(n.freshSymbol("selected"));
  if (auto most = n.has(2) ? n.constants(2) : std::optional(SmallVector<int64_t>{0}))
    each = DimExpr::min(each, std::max<int64_t>((*most)[0], 0));
  Type types[] = {tensorOf({count, DimExpr(3)}, i64), tensorOf({DimExpr(1)}, i64)};
  NamedAttribute params[] = {n.b.getNamedAttr("center_point_box", n.b.getI64IntegerAttr(n.i("center_point_box")))};
  auto call = CallOp::create(n.b, n.loc, types, n.b.getStringAttr("non_max_suppression"),
                             ValueRange{n.in(0), n.in(1), scalar(2, i64), scalar(3, f32), score}, n.b.getDictionaryAttr(params));
  n.takes(call, boxes[1] * 8);
  n.bindSlot(count, call->getResult(1), scores[0] * scores[1] * each);
  n.out(0, call->getResult(0));
  return success();
}
