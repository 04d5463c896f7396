//===- Norm.cpp - normalisations ------------------------------------------------------===//
//
// All are (x - mean) * scale / sqrt(variance + epsilon) + bias over some axes. What the network computes in f16 or bf16
// is normalised in f32.
//
//===----------------------------------------------------------------------===//
#include "compiler/import/Compose.h"

using namespace mlir;
using namespace ingot;
using namespace ingot::nn;

/// (x - mean) / sqrt(variance + epsilon) over `axes`; x is of compute type. Returns mean and 1/deviation on request.
static Value standardise(Compose &c, Value x, ArrayRef<int64_t> axes, double epsilon, Value *meanOut = nullptr,
                         Value *inverseOut = nullptr) {
  Value mean = c.reduce("mean", x, axes), d = c.sub(x, mean);
  Value inverse = c.reciprocal(c.sqrt(c.add(c.reduce("mean", c.mul(d, d), axes), epsilon)));
  if (meanOut)
    *meanOut = mean;
  if (inverseOut)
    *inverseOut = inverse;
  return c.mul(d, inverse);
}

/// All axes but the batch and, if given, the channels.
static SmallVector<int64_t> allBut(int64_t rank, int64_t kept) {
  SmallVector<int64_t> axes;
  for (int64_t i = 0; i < rank; ++i)
    if (i != kept)
      axes.push_back(i);
  return axes;
}

INGOT_IMPORT("BatchNormalization", 1) {
  Compose c(n);
  int64_t rank = n.rank(0);
  double epsilon = n.f("epsilon", 1e-5), momentum = n.f("momentum", 0.9);
  bool training = n.since >= 14 ? n.i("training_mode") : n.since <= 6 ? !n.i("is_test") : false;
  bool perElement = n.since < 9 && n.i("spatial", 1) == 0; // statistics of shape C D1 … instead of C
  auto channel = [&](Value v) {
    if (!perElement)
      return c.along(c.widen(v), 1, rank);
    Dims d = dimsOf(v);
    d.insert(d.begin(), DimExpr(1));
    return c.reshape(c.widen(v), d);
  };
  Value x = c.widen(n.in(0)), scale = channel(n.in(1)), bias = channel(n.in(2));
  if (n.since < 14 && !training)
    for (unsigned i = 1; i < 5; ++i)
      if (n.wants(i))
        return n.refuse("statistics as outputs need training mode", "export the model for inference");
  Value mean, variance;
  if (training) {
    auto axes = perElement ? SmallVector<int64_t>{0} : allBut(rank, 1);
    mean = c.reduce("mean", x, axes);
    Value d = c.sub(x, mean);
    variance = c.reduce("mean", c.mul(d, d), axes);
    auto running = [&](unsigned input, Value batch) {
      Value old = c.widen(n.in(input));
      Value next = c.add(c.mul(old, momentum), c.mul(c.reshape(batch, dimsOf(old)), 1 - momentum));
      return c.cast(next, n.element(input));
    };
    if (n.wants(1))
      n.out(1, running(3, mean));
    if (n.wants(2))
      n.out(2, running(4, variance));
    for (unsigned i = 3; i < 5; ++i)
      if (n.wants(i))
        n.out(i, c.cast(c.reshape(i == 3 ? mean : variance, dimsOf(n.in(i))), n.element(i)));
  } else {
    mean = channel(n.in(3));
    variance = channel(n.in(4));
  }
  // One multiplication and one addition per element; the factors depend on weights only.
  Value factor = c.div(scale, c.sqrt(c.add(variance, epsilon)));
  Value y = training ? c.add(c.mul(c.sub(x, mean), factor), bias) : c.add(c.mul(x, factor), c.sub(bias, c.mul(mean, factor)));
  n.out(0, c.cast(y, n.element(0)));
  return c.done();
}

INGOT_IMPORT("LayerNormalization", 1) {
  Compose c(n);
  auto first = n.axis("axis", -1, n.rank(0));
  if (!first)
    return failure();
  auto axes = axesFrom(*first, n.rank(0));
  Value mean, inverse;
  Value y = standardise(c, c.widen(n.in(0)), axes, n.f("epsilon", 1e-5), &mean, &inverse);
  y = c.cast(y, n.element(0));
  y = c.mul(y, n.in(1));
  if (n.has(2))
    y = c.add(y, n.in(2));
  n.out(0, y);
  n.out(1, mean);
  n.out(2, inverse);
  return c.done();
}

INGOT_IMPORT("RMSNormalization", 1) {
  Compose c(n);
  auto first = n.axis("axis", -1, n.rank(0));
  if (!first)
    return failure();
  auto axes = axesFrom(*first, n.rank(0));
  Value x = c.widen(n.in(0));
  Value inverse = c.reciprocal(c.sqrt(c.add(c.reduce("mean", c.mul(x, x), axes), n.f("epsilon", 1e-5))));
  n.out(0, c.cast(c.mul(c.cast(c.mul(x, inverse), n.element(0)), n.in(1)), n.element(1)));
  return c.done();
}

INGOT_IMPORT("InstanceNormalization", 1) {
  Compose c(n);
  int64_t rank = n.rank(0);
  if (rank < 2)
    return n.refuse("needs a tensor with channels", "give the input a batch and a channel dimension");
  Value y = standardise(c, c.widen(n.in(0)), axesFrom(2, rank), n.f("epsilon", 1e-5));
  y = c.add(c.mul(y, c.along(c.widen(n.in(1)), 1, rank)), c.along(c.widen(n.in(2)), 1, rank));
  n.out(0, c.cast(y, n.element(0)));
  return c.done();
}

INGOT_IMPORT("GroupNormalization", 18) {
  Compose c(n);
  Dims d = n.dims(0);
  int64_t groups = n.i("num_groups");
  if (d.size() < 2 || groups < 1)
    return n.refuse("needs a tensor with channels and a positive num_groups", "correct the model");
  auto perGroup = DimExpr::divideExactly(d[1], groups);
  if (!perGroup)
    return n.refuse("number of channels is not a multiple of num_groups");
  Dims grouped{d[0], groups, *perGroup};
  grouped.append(d.begin() + 2, d.end());
  int64_t rank = grouped.size();
  Value x = c.reshape(c.widen(n.in(0)), grouped);
  Value y = standardise(c, x, axesFrom(2, rank), n.f("epsilon", 1e-5));
  auto affine = [&](Value v) {
    v = c.widen(v);
    if (n.since < 21) // one per group
      return c.along(v, 1, rank);
    Dims shape(rank, DimExpr(1));
    shape[1] = groups;
    shape[2] = *perGroup;
    return c.reshape(v, shape);
  };
  y = c.add(c.mul(y, affine(n.in(1))), affine(n.in(2)));
  n.out(0, c.cast(c.reshape(y, d), n.element(0)));
  return c.done();
}

INGOT_IMPORT("MeanVarianceNormalization", 9) {
  Compose c(n);
  auto axes = n.axes(n.ints("axes", {0, 2, 3}), n.rank(0));
  if (!axes)
    return failure();
  Value x = c.widen(n.in(0)), d = c.sub(x, c.reduce("mean", x, *axes));
  Value deviation = c.add(c.sqrt(c.reduce("mean", c.mul(d, d), *axes)), 1e-9);
  n.out(0, c.cast(c.div(d, deviation), n.element(0)));
  return c.done();
}

INGOT_IMPORT("LpNormalization", 1) {
  Compose c(n);
  int64_t p = n.i("p", 2);
  if (p != 1 && p != 2)
    return n.refuse("p must be 1 or 2");
  auto axis = n.axis("axis", -1, n.rank(0));
  if (!axis)
    return failure();
  Value x = c.widen(n.in(0));
  Value norm = c.reduce(p == 1 ? "l1" : "l2", x, {*axis});
  norm = c.where(c.equal(norm, 0.0), c.splat(1, elementOf(norm), dimsOf(norm)), norm); // a zero vector stays zero
  n.out(0, c.cast(c.div(x, norm), n.element(0)));
  return c.done();
}

/// x / (bias + alpha / size * sum of squares over `size` neighbouring channels) ^ beta, in one nest.
INGOT_IMPORT("LRN", 1) {
  int64_t size = n.i("size");
  if (size < 1 || n.rank(0) < 2)
    return n.refuse("needs a size of 1 or more and an input with channels", "correct the attribute or the input's shape");
  double alpha = n.f("alpha", 1e-4), beta = n.f("beta", 0.75), bias = n.f("bias", 1);
  Dims dims = n.dims(0);
  Type element = n.element(0);
  kernel::GenericBuilder g(n.b, n.loc);
  auto d = g.parallels(dims);
  auto window = g.reduce(size);
  SmallVector<AffineExpr> neighbour(d);
  neighbour[1] = d[1] + window - (size - 1) / 2;
  g.in(n.in(0), neighbour, cast<TypedAttr>(n.b.getZeroAttr(storageType(element))));
  g.in(n.in(0), d);
  g.result(element, dims, d, g.number(0, element));
  n.out(0, g.build([](kernel::Scalars &r) -> SmallVector<Value> { return {r.s.fma(r.in[0], r.in[0], r.acc[0])}; },
                   [&](kernel::Scalars &r) -> SmallVector<Value> {
                     auto &s = r.s;
                     Value base = s.fma(r.acc[0], s.constant(alpha / size), s.constant(bias));
                     return {s.div(r.in[1], s.pow(base, s.constant(beta)))};
                   })[0]);
  return success();
}
