//===- Pool.cpp - windows that slide: maximum, average, Lp, and their inverse --------===//
#include "compiler/import/Compose.h"
#include "compiler/import/Window.h"

using namespace mlir;
using namespace ingot;
using namespace ingot::nn;

static ArrayRef<DimExpr> spatial(const Dims &dims) { return ArrayRef<DimExpr>(dims).drop_front(2); }

static std::optional<Window> poolWindow(NodeImport &n) {
  if (n.rank(0) < 3) {
    (void)n.refuse("needs an input of rank 3 or more");
    return std::nullopt;
  }
  Dims in = n.dims(0);
  return Window::of(n, spatial(in), n.ints("kernel_shape"));
}

static Value pool(NodeImport &n, const Window &w, StringRef kind, int64_t p = 2) {
  Dims in = n.dims(0), out{in[0], in[1]};
  out.append(w.out);
  return PoolOp::create(n.b, n.loc, tensorOf(out, n.element(0)), n.in(0), kind, w.kernel, w.strides, w.pads, w.dilations,
                        "channels_first", p);
}

/// Maximum and the position of its first occurrence in the input, flattened row-major (or, with storage_order 1, with
/// the first spatial dimension innermost).
static void maxPoolWithIndices(NodeImport &n, const Window &w) {
  Dims in = n.dims(0), out{in[0], in[1]};
  out.append(w.out);
  size_t k = w.kernel.size();
  Type element = n.element(0), i64 = n.b.getI64Type();
  kernel::GenericBuilder g(n.b, n.loc);
  auto d = g.parallels(out);
  SmallVector<AffineExpr> window, map{d[0], d[1]};
  for (size_t i = 0; i < k; ++i) {
    window.push_back(g.reduce(w.kernel[i]));
    map.push_back(d[i + 2] * w.strides[i] + window[i] * w.dilations[i] - w.pads[i]);
  }
  g.in(n.in(0), map, cast<TypedAttr>(n.b.getZeroAttr(storageType(element))));
  g.result(element, out, d, g.number(0, element));
  g.result(i64, out, d, g.number(-1, i64));
  Dims strides(k, DimExpr(1));
  for (size_t i = 1; i < k; ++i) {
    if (n.i("storage_order"))
      strides[i] = strides[i - 1] * in[i + 1];
    else
      strides[k - 1 - i] = strides[k - i] * in[k + 2 - i];
  }
  auto results = g.build([&](kernel::Scalars &r) -> SmallVector<Value> {
    ScalarBuilder ix(r.b, r.loc, i64);
    Value position = ix.mul(ix.add(ix.mul(r.index(d[0]), r.dim(in[1])), r.index(d[1])), r.dim(product(spatial(in)))), inside;
    for (size_t i = 0; i < k; ++i) {
      Value x = ix.add(ix.sub(ix.mul(r.index(d[i + 2]), r.indexConst(w.strides[i])), r.indexConst(w.pads[i])),
                       ix.mul(r.index(window[i]), r.indexConst(w.dilations[i])));
      Value here = ix.bitAnd(ix.cmp(Cmp::GE, x, r.indexConst(0)), ix.cmp(Cmp::LT, x, r.dim(in[i + 2])));
      inside = inside ? ix.bitAnd(inside, here) : here;
      position = ix.add(position, ix.mul(x, r.dim(strides[i])));
    }
    Value first = ix.cmp(Cmp::LT, r.acc[1], ix.constant(0));
    Value take = ix.bitAnd(inside, ix.bitOr(first, r.s.cmp(Cmp::GT, r.in[0], r.acc[0])));
    return {r.s.select(take, r.in[0], r.acc[0]), ix.select(take, r.fromIndex(position, i64), r.acc[1])};
  });
  n.out(0, results[0]);
  n.out(1, results[1]);
}

INGOT_IMPORT("MaxPool", 1) {
  auto w = poolWindow(n);
  if (!w)
    return failure();
  if (n.wants(1))
    maxPoolWithIndices(n, *w);
  else
    n.out(0, pool(n, *w, "max"));
  return success();
}

INGOT_IMPORT("AveragePool", 1) {
  auto w = poolWindow(n);
  if (!w)
    return failure();
  n.out(0, pool(n, *w, n.i("count_include_pad") ? "average_include_pad" : "average"));
  return success();
}

INGOT_IMPORT("LpPool", 1) {
  auto w = poolWindow(n);
  if (!w)
    return failure();
  n.out(0, pool(n, *w, "lp", int64_t(n.i("p", int64_t(n.f("p", 2)))))); // a float before opset 2
  return success();
}

INGOT_IMPORT("GlobalAveragePool", 1) {
  n.out(0, Compose(n).reduce("mean", n.in(0), axesFrom(2, n.rank(0))));
  return success();
}
INGOT_IMPORT("GlobalMaxPool", 1) {
  n.out(0, Compose(n).reduce("max", n.in(0), axesFrom(2, n.rank(0))));
  return success();
}
INGOT_IMPORT("GlobalLpPool", 1) {
  Compose c(n);
  double p = n.i("p", int64_t(n.f("p", 2)));
  auto axes = axesFrom(2, n.rank(0));
  if (p == 1 || p == 2)
    n.out(0, c.reduce(p == 1 ? "l1" : "l2", n.in(0), axes));
  else
    n.out(0, c.pow(c.reduce("sum", c.pow(c.abs(n.in(0)), p), axes), 1 / p));
  return c.done();
}

/// Every maximum goes back to where its index says; the rest is 0. Several indices may name one position (windows overlap):
/// they then carry the same value. Pull form: each output position looks through the maxima of its image.
INGOT_IMPORT("MaxUnpool", 1) {
  Dims in = n.dims(0);
  if (in.size() < 3)
    return n.refuse("needs an input of rank 3 or more", "give it a batch, a channel and spatial dimensions");
  size_t k = in.size() - 2;
  auto kernel = n.ints("kernel_shape"), strides = n.ints("strides", SmallVector<int64_t>(k, 1)),
       pads = n.ints("pads", SmallVector<int64_t>(2 * k, 0));
  if (!n.perDimension("kernel_shape", kernel, k, 1) || !n.perDimension("strides", strides, k, 1) || !n.perDimension("pads", pads, 2 * k, 0) ||
      failed(n.requireShape(n.in(1), in, "indices")))
    return failure();
  Dims inferred{in[0], in[1]};
  for (size_t i = 0; i < k; ++i)
    inferred.push_back((in[i + 2] - 1) * DimExpr(strides[i]) + DimExpr(kernel[i] - pads[i] - pads[i + k]));
  Dims out = inferred;
  if (n.has(2)) {
    auto shape = n.runtime(2, "unpool");
    if (!shape || shape->size() != in.size())
      return n.refuse("output_shape has not one number for each dimension", "give it a static length, the input's rank");
    out = *shape;
  }
  // Indices count in the inferred shape; a larger output_shape leaves zeros at its end.
  Type element = n.element(0);
  DimExpr count = product(spatial(in));
  Compose c(n);
  Value values = c.reshape(n.in(0), {in[0], in[1], count}), indices = c.reshape(n.in(1), {in[0], in[1], count});
  kernel::GenericBuilder g(n.b, n.loc);
  auto d = g.parallels(out);
  auto m = g.reduce(count);
  g.in(values, {d[0], d[1], m});
  g.in(indices, {d[0], d[1], m});
  g.result(element, out, d, g.number(0, element));
  n.out(0, g.build([&](kernel::Scalars &r) -> SmallVector<Value> {
    ScalarBuilder ix(r.b, r.loc, r.b.getI64Type());
    // Position of this output element in the inferred shape, if it is inside.
    Value at = ix.add(ix.mul(r.index(d[0]), r.dim(in[1])), r.index(d[1]));
    Value inside = arith::ConstantOp::create(r.b, r.loc, r.b.getBoolAttr(true));
    for (size_t i = 0; i < k; ++i) {
      at = ix.add(ix.mul(at, r.dim(inferred[i + 2])), r.index(d[i + 2]));
      if (n.has(2))
        inside = ix.bitAnd(inside, ix.cmp(Cmp::LT, r.index(d[i + 2]), r.dim(inferred[i + 2])));
    }
    Value hit = ix.bitAnd(inside, ix.cmp(Cmp::EQ, r.in[1], r.fromIndex(at, r.b.getI64Type())));
    return {r.s.select(hit, r.in[0], r.acc[0])};
  })[0]);
  return success();
}
