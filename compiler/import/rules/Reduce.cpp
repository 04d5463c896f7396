//===- Reduce.cpp - Reduce*, Softmax, LogSoftmax --------------------------------------===//
#include "compiler/import/Compose.h"

using namespace mlir;
using namespace ingot;
using namespace ingot::nn;

//===----------------------------------------------------------------------===//
// Axes that only the run knows
//===----------------------------------------------------------------------===//

/// Entry k (of rank) is 1 where some axis names dimension k, else 0.
static Value reducedFlags(NodeImport &n, Value axes, int64_t rank) {
  Dims count = dimsOf(axes);
  Type i64 = n.b.getI64Type();
  kernel::GenericBuilder g(n.b, n.loc);
  auto k = g.parallel(rank), a = g.reduce(count[0]);
  g.in(axes, {a});
  g.result(i64, {DimExpr(rank)}, {k}, g.number(0, i64));
  return g.build([&](kernel::Scalars &r) -> SmallVector<Value> {
    ScalarBuilder s(r.b, r.loc, i64);
    Value axis = s.convert(r.in[0], elementOf(axes), i64), zero = s.constant(0);
    axis = s.select(s.cmp(Cmp::LT, axis, zero), s.add(axis, s.constant(rank)), axis);
    Value hit = s.cmp(Cmp::EQ, axis, r.fromIndex(r.index(k), i64));
    return {s.select(hit, s.constant(1), r.acc[0])};
  })[0];
}

/// The result without its reduced dimensions, whose number is known: dimension j of the result is the j-th that is kept.
static Value dropReduced(NodeImport &n, Value kept, Value flags, int64_t resultRank) {
  Type i64 = n.b.getI64Type();
  int64_t rank = rankOf(kept);
  // sizes[j] = sum over k of (not reduced k and kept before k == j) * size k, written as one nest over (j, k).
  kernel::GenericBuilder g(n.b, n.loc);
  auto j = g.parallel(resultRank), k = g.reduce(rank);
  unsigned table = g.table(flags);
  g.result(i64, {DimExpr(resultRank)}, {j}, g.number(0, i64));
  Dims keptDims = dimsOf(kept);
  Value sizes = g.build([&](kernel::Scalars &r) -> SmallVector<Value> {
    ScalarBuilder s(r.b, r.loc, i64);
    Value before = s.constant(0), size = s.constant(0), here = s.constant(0);
    for (int64_t i = 0; i < rank; ++i) {
      Value flag = r.read(r.table[table], {r.indexConst(i)});
      Value isK = s.cmp(Cmp::EQ, r.index(k), r.indexConst(i)), isBefore = s.cmp(Cmp::LT, r.indexConst(i), r.index(k));
      Value isKept = s.sub(s.constant(1), flag);
      before = s.add(before, s.select(isBefore, isKept, s.constant(0)));
      here = s.select(isK, isKept, here);
      size = s.select(isK, r.fromIndex(r.dim(keptDims[i]), i64), size);
    }
    Value hit = s.cmp(Cmp::EQ, before, r.fromIndex(r.index(j), i64));
    return {s.add(r.acc[0], s.select(hit, s.mul(here, size), s.constant(0)))};
  })[0];
  Dims out;
  for (int64_t i = 0; i < resultRank; ++i)
    out.push_back(n.bind(sizes, i, "reduced"));
  return n.reshapeTo(kept, out);
}

//===----------------------------------------------------------------------===//
// Reduce*
//===----------------------------------------------------------------------===//

static LogicalResult importReduce(NodeImport &n, StringRef kind, int64_t axesInputSince) {
  Compose c(n);
  Value x = n.in(0);
  int64_t rank = n.rank(0);
  bool keep = n.i("keepdims", 1), noop = n.i("noop_with_empty_axes");
  std::optional<SmallVector<int64_t>> axes;
  if (n.since < axesInputSince)
    axes = n.ints("axes");
  else if (!n.has(1))
    axes = SmallVector<int64_t>();
  else
    axes = n.constants(1);
  std::optional<int64_t> numAxes = n.has(1) && !axes ? product(n.dims(1)).constant() : std::nullopt;
  if (numAxes == 0 || numAxes == rank) // none, or all in some order
    axes = axesFrom(0, *numAxes);
  Type element = elementOf(x);
  bool viaFloat = kind == "log_sum_exp" && !isa<FloatType>(element);
  if (viaFloat)
    x = c.cast(x, n.b.getF64Type());
  auto finish = [&](Value v) { n.out(0, c.cast(v, element)); };
  if (axes) {
    for (int64_t &a : *axes) {
      auto axis = n.axis(a, rank);
      if (!axis)
        return failure();
      a = *axis;
    }
    llvm::sort(*axes);
    axes->erase(llvm::unique(*axes), axes->end());
    if (axes->empty() && !noop)
      axes = axesFrom(0, rank);
    Value y = c.reduce(kind, x, *axes);
    if (!keep) {
      Dims kept;
      for (auto [i, d] : llvm::enumerate(dimsOf(x)))
        if (!llvm::is_contained(*axes, int64_t(i)))
          kept.push_back(d);
      y = c.reshape(y, kept);
    }
    finish(y);
    return c.done();
  }

  // Each dimension d is there twice, d^(1-r) times outside and d^r times inside, where r says at run time whether it is reduced.
  if (!numAxes)
    return n.refuse("number of axes is not known", "export the axes as a constant");
  Value flags = reducedFlags(n, n.in(1), rank);
  Dims in = dimsOf(x), out, inner;
  for (int64_t i = 0; i < rank; ++i) {
    DimExpr r = n.bind(flags, i, "reduces");
    out.push_back(in[i] - r * (in[i] - 1));
    inner.push_back(r * (in[i] - 1) + 1);
  }
  // The copy ordered as (outer dimensions, inner dimensions) has static axes to reduce over; fusion removes it.
  kernel::GenericBuilder g(n.b, n.loc);
  Dims doubled = out;
  doubled.append(inner);
  auto d = g.parallels(doubled);
  SmallVector<AffineExpr> map;
  for (int64_t i = 0; i < rank; ++i)
    map.push_back(d[i] + d[rank + i]);
  g.in(x, map);
  g.result(elementOf(x), doubled, d);
  Value split = g.build([](kernel::Scalars &r) -> SmallVector<Value> { return {r.in[0]}; })[0];
  Value y = c.reshape(c.reduce(kind, split, axesFrom(rank, 2 * rank)), out);
  if (!keep)
    y = dropReduced(n, y, flags, rank - *numAxes);
  finish(y);
  return c.done();
}

INGOT_IMPORT("ReduceSum", 1) { return importReduce(n, "sum", 13); }
INGOT_IMPORT("ReduceMean", 1) { return importReduce(n, "mean", 18); }
INGOT_IMPORT("ReduceMax", 1) { return importReduce(n, "max", 18); }
INGOT_IMPORT("ReduceMin", 1) { return importReduce(n, "min", 18); }
INGOT_IMPORT("ReduceProd", 1) { return importReduce(n, "prod", 18); }
INGOT_IMPORT("ReduceSumSquare", 1) { return importReduce(n, "sum_square", 18); }
INGOT_IMPORT("ReduceL1", 1) { return importReduce(n, "l1", 18); }
INGOT_IMPORT("ReduceL2", 1) { return importReduce(n, "l2", 18); }
INGOT_IMPORT("ReduceLogSum", 1) { return importReduce(n, "log_sum", 18); }
INGOT_IMPORT("ReduceLogSumExp", 1) { return importReduce(n, "log_sum_exp", 18); }

//===----------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------===//

/// Before opset 13 all dimensions from the axis on are one.
static LogicalResult alongAxis(NodeImport &n, llvm::function_ref<Value(Compose &, Value, int64_t)> compute) {
  Compose c(n);
  int64_t rank = n.rank(0);
  auto along = n.axis("axis", n.since >= 13 ? -1 : 1, rank);
  if (!along)
    return failure();
  int64_t axis = *along;
  if (n.since >= 13 || axis == rank - 1) {
    n.out(0, compute(c, n.in(0), axis));
    return c.done();
  }
  Dims all = n.dims(0);
  ArrayRef<DimExpr> dims(all);
  Value rows = c.reshape(n.in(0), {product(dims.take_front(axis)), product(dims.drop_front(axis))});
  n.out(0, c.reshape(compute(c, rows, 1), dims));
  return c.done();
}

INGOT_IMPORT("Softmax", 1) {
  return alongAxis(n, [](Compose &c, Value x, int64_t axis) { return c.softmax(x, axis); });
}
INGOT_IMPORT("LogSoftmax", 1) {
  return alongAxis(n, [](Compose &c, Value x, int64_t axis) { return c.softmax(x, axis, /*log=*/true); });
}
