//===- Creation.cpp - constants, shapes, ranges, random numbers -------------------===//
#include "compiler/import/rules/Common.h"
#include "llvm/Support/xxhash.h"
#include <cmath>

using namespace mlir;
using namespace ingot;
using namespace ingot::nn;
using namespace ingot::rules;
using kernel::GenericBuilder;
using kernel::Scalars;

//===----------------------------------------------------------------------===//
// Constant, ConstantOfShape
//===----------------------------------------------------------------------===//

INGOT_IMPORT("Constant", 1) {
  auto constant = [&](Type element, ArrayRef<Attribute> values, bool scalar) {
    SmallVector<int64_t> shape;
    if (!scalar)
      shape.push_back(values.size());
    auto type = RankedTensorType::get(shape, element);
    n.out(0, ConstantOp::create(n.b, n.loc, type, DenseElementsAttr::get(type, values)));
    return success();
  };
  auto strings = [&](ArrayRef<StringRef> values, bool scalar) {
    SmallVector<int64_t> shape;
    if (!scalar)
      shape.push_back(values.size());
    auto type = RankedTensorType::get(shape, StringType::get(n.b.getContext()));
    n.out(0, ConstantOp::create(n.b, n.loc, type, DenseStringElementsAttr::get(type, values)));
    return success();
  };
  if (n.hasAttr("value")) {
    n.out(0, n.tensor("value"));
    return success();
  }
  if (n.hasAttr("value_int"))
    return constant(n.b.getI64Type(), {n.b.getI64IntegerAttr(n.i("value_int"))}, true);
  if (n.hasAttr("value_float"))
    return constant(n.b.getF32Type(), {n.b.getF32FloatAttr(n.f("value_float"))}, true);
  if (n.hasAttr("value_string"))
    return strings({n.s("value_string")}, true);
  SmallVector<Attribute> list;
  if (n.hasAttr("value_ints")) {
    for (int64_t v : n.ints("value_ints"))
      list.push_back(n.b.getI64IntegerAttr(v));
    return constant(n.b.getI64Type(), list, false);
  }
  if (n.hasAttr("value_floats")) {
    for (double v : n.floats("value_floats"))
      list.push_back(n.b.getF32FloatAttr(v));
    return constant(n.b.getF32Type(), list, false);
  }
  if (n.hasAttr("value_strings"))
    return strings(n.strings("value_strings"), false);
  return n.refuse("sparse constants are not supported", "export the model with dense constants");
}

/// The shape that integer input k states: known, or the file's, or read at run time.
static std::optional<Dims> shapeInput(NodeImport &n, unsigned k, StringRef what) {
  if (auto d = n.known(k))
    return d;
  if (auto d = staticHint(n, 0))
    return d;
  return n.runtime(k, what);
}

INGOT_IMPORT("ConstantOfShape", 9) {
  auto dims = shapeInput(n, 0, "size");
  if (!dims)
    return n.refuse("the rank of the result is not known", "export the model with a shape input of static length");
  Value v = n.hasAttr("value") ? n.tensor("value") : splat(n.b, n.loc, 0, n.b.getF32Type());
  n.out(0, n.broadcastTo(n.reshapeTo(v, {}), *dims));
  return success();
}

//===----------------------------------------------------------------------===//
// Shape, Size
//===----------------------------------------------------------------------===//

INGOT_IMPORT("Shape", 1) {
  Dims dims = n.dims(0);
  int64_t rank = dims.size();
  auto bound = [&](StringRef name, int64_t fallback) {
    int64_t v = n.i(name, fallback);
    return std::clamp<int64_t>(v < 0 ? v + rank : v, 0, rank);
  };
  int64_t start = bound("start", 0), end = std::max(start, bound("end", rank));
  n.out(0, intTensor(n.b, n.loc, ArrayRef<DimExpr>(dims).slice(start, end - start)));
  return success();
}
INGOT_IMPORT("Size", 1) {
  n.out(0, intTensor(n.b, n.loc, {product(n.dims(0))}, 0));
  return success();
}

//===----------------------------------------------------------------------===//
// Range, EyeLike, OneHot
//===----------------------------------------------------------------------===//

/// Number of elements of Range, where start, limit and delta are known.
static std::optional<DimExpr> rangeLength(NodeImport &n) {
  auto start = n.known(0), limit = n.known(1), delta = n.known(2);
  if (start && limit && delta && (*delta)[0].constant().value_or(0) != 0) {
    DimExpr d = (*delta)[0], length = (*limit)[0] - (*start)[0];
    length = *d.constant() > 0 ? DimExpr::ceilDiv(length, d) : DimExpr::ceilDiv(DimExpr(0) - length, DimExpr(0) - d);
    return DimExpr::max(length, 0);
  }
  auto a = knownNumber(n.in(0)), b = knownNumber(n.in(1)), s = knownNumber(n.in(2));
  if (a && b && s && *s != 0 && isa<FloatType>(n.element(0)))
    return DimExpr(std::max<int64_t>(0, std::ceil((*b - *a) / *s)));
  return std::nullopt;
}

INGOT_IMPORT("Range", 11) {
  Type element = n.element(0);
  for (Value &v : n.inputs) // some models give vectors of one
    v = n.reshapeTo(v, {});
  auto length = rangeLength(n);
  if (auto numbers = n.constants(0); numbers && length && length->constant() && *length->constant() <= 256 && n.constants(2)) {
    Dims values;
    for (int64_t i = 0; i < *length->constant(); ++i)
      values.push_back((*numbers)[0] + i * (*n.constants(2))[0]);
    n.out(0, intTensor(n.b, n.loc, values, 1, element));
    return success();
  }
  if (!length)
    if (auto h = staticHint(n, 0))
      length = (*h)[0];
  if (!length) {
    Value count = computeInts(n, {n.in(0), n.in(1), n.in(2)}, 1, [&](Scalars &r, unsigned) -> Value {
      ScalarBuilder s(r.b, r.loc, n.b.getF64Type());
      auto real = [&](unsigned k) { return s.convert(r.read(r.table[k], {}), element, s.element); };
      Value q = s.ceil(s.div(s.sub(real(1), real(0)), real(2)));
      // Not more than any memory holds, and 0 for a delta of 0.
      q = s.min(s.max(q, s.constant(0)), s.constant(1e15));
      return r.toIndex(s.convert(s.select(s.isNan(q), s.constant(0), q), s.element, n.b.getI64Type()));
    });
    length = bindAll(n, count, "range")[0];
  }
  n.out(0, pull(n, element, {*length}, {n.in(0), n.in(2)}, [&](Scalars &r, ArrayRef<Value> at) {
    Value start = r.read(r.table[0], {}), delta = r.read(r.table[1], {});
    return r.s.add(start, r.s.mul(r.fromIndex(at[0], start.getType()), delta));
  }));
  return success();
}

INGOT_IMPORT("EyeLike", 9) {
  Type element = n.hasAttr("dtype") ? irType(n.b.getContext(), *elementTypeOfOnnx(n.i("dtype"))) : n.element(0);
  if (n.rank(0) != 2)
    return n.refuse("needs a matrix");
  int64_t k = n.i("k");
  n.out(0, pull(n, element, n.dims(0), {}, [&](Scalars &r, ArrayRef<Value> at) {
    auto ix = indexMath(r);
    Value one = ix.cmp(Cmp::EQ, ix.sub(at[1], at[0]), r.indexConst(k));
    return r.s.select(one, r.s.constant(1), r.s.constant(0));
  }));
  return success();
}

INGOT_IMPORT("OneHot", 9) {
  Dims dims = n.dims(0);
  auto place = n.axis("axis", -1, dims.size() + 1);
  if (!place)
    return failure();
  int64_t axis = *place;
  std::optional<DimExpr> depth;
  if (auto d = n.known(1))
    depth = (*d)[0];
  else if (auto h = staticHint(n, 0))
    depth = (*h)[axis];
  else if (auto c = knownNumber(n.in(1)))
    depth = DimExpr(int64_t(*c));
  else if (auto r = n.runtime(1, "depth"))
    depth = (*r)[0];
  if (!depth)
    return n.refuse("depth is computed at run time in a type that is no integer", "make depth an integer or a constant");
  Dims out = dims;
  out.insert(out.begin() + axis, *depth);
  GenericBuilder g(n.b, n.loc);
  auto d = g.parallels(out);
  SmallVector<AffineExpr> at(d);
  at.erase(at.begin() + axis);
  g.in(n.in(0), at);
  g.table(n.in(2));
  g.result(n.element(2), out, d);
  n.out(0, g.build([&](Scalars &r) -> SmallVector<Value> {
    Type i64 = n.b.getI64Type();
    auto ix = indexMath(r);
    Value i = r.toIndex(r.s.convert(r.in[0], n.element(0), i64)), size = r.dim(*depth);
    i = ix.select(ix.cmp(Cmp::LT, i, r.indexConst(0)), ix.add(i, size), i);
    Value hit = ix.cmp(Cmp::EQ, i, r.index(d[axis]));
    return {r.s.select(hit, r.read(r.table[0], r.indexConst(1)), r.read(r.table[0], r.indexConst(0)))};
  })[0]);
  return success();
}

//===----------------------------------------------------------------------===//
// Random numbers
//
// Element i of a random tensor is a function of (seed, i) alone: the finaliser of SplitMix64 on
// seed + (i + 1) * 0x9e3779b97f4a7c15. Every run gives the same numbers on every machine. Without a `seed`, the seed is a hash
// of the output's name, so that two operators of a model differ.
//===----------------------------------------------------------------------===//

namespace {
struct Random {
  explicit Random(NodeImport &n) {
    if (n.hasAttr("seed")) {
      double seed = n.f("seed");
      std::memcpy(&bits, &seed, sizeof bits);
    } else {
      std::string where;
      llvm::raw_string_ostream os(where);
      n.loc.print(os);
      bits = llvm::xxh3_64bits(where);
    }
  }
  uint64_t bits;

  static Value c(Scalars &r, uint64_t v) { return arith::ConstantOp::create(r.b, r.loc, r.b.getI64IntegerAttr(int64_t(v))); }
  /// 64 random bits for counter `i` (i64) of stream `stream`.
  Value hash(Scalars &r, Value i, uint64_t stream) {
    ScalarBuilder u(r.b, r.loc, r.b.getIntegerType(64, false));
    const uint64_t golden = 0x9e3779b97f4a7c15ull;
    Value z = u.add(c(r, bits + stream * 0xd1342543de82ef95ull + golden), u.mul(i, c(r, golden)));
    z = u.mul(u.bitXor(z, u.shr(z, c(r, 30))), c(r, 0xbf58476d1ce4e5b9ull));
    z = u.mul(u.bitXor(z, u.shr(z, c(r, 27))), c(r, 0x94d049bb133111ebull));
    return u.bitXor(z, u.shr(z, c(r, 31)));
  }
  /// Uniform in (0, 1), in `type` (f32 or f64).
  Value uniform(Scalars &r, Value i, Type type, uint64_t stream = 0) {
    ScalarBuilder u(r.b, r.loc, r.b.getIntegerType(64, false)), s(r.b, r.loc, type);
    int keep = type.isF64() ? 52 : 23;
    Value k = u.shr(hash(r, i, stream), c(r, 64 - keep));
    Value x = arith::SIToFPOp::create(r.b, r.loc, type, k);
    return s.mul(s.add(x, s.constant(0.5)), s.constant(std::ldexp(1.0, -keep)));
  }
  /// Box and Muller.
  Value normal(Scalars &r, Value i, Type type) {
    ScalarBuilder s(r.b, r.loc, type);
    Value radius = s.sqrt(s.mul(s.constant(-2), s.log(uniform(r, i, type, 0))));
    return s.mul(radius, s.cos(s.mul(s.constant(6.283185307179586), uniform(r, i, type, 1))));
  }
};
} // namespace

/// Row-major number of the element at `at`, as i64.
static Value flatIndex(Scalars &r, ArrayRef<DimExpr> dims, ArrayRef<Value> at) {
  auto ix = indexMath(r);
  Value flat = r.indexConst(0);
  for (auto [d, i] : llvm::zip(dims, at))
    flat = ix.add(ix.mul(flat, r.dim(d)), i);
  return r.fromIndex(flat, r.b.getI64Type());
}

static LogicalResult random(NodeImport &n, ArrayRef<DimExpr> dims, Type element, bool isNormal) {
  Random random(n);
  Type wide = element.isF64() ? element : Type(n.b.getF32Type());
  n.out(0, pull(n, element, dims, {}, [&](Scalars &r, ArrayRef<Value> at) {
    ScalarBuilder s(r.b, r.loc, wide);
    Value i = flatIndex(r, dims, at);
    if (isNormal)
      return s.add(s.mul(random.normal(r, i, wide), s.constant(n.f("scale", 1))), s.constant(n.f("mean", 0)));
    double low = n.f("low", 0), high = n.f("high", 1);
    return s.add(s.mul(random.uniform(r, i, wide), s.constant(high - low)), s.constant(low));
  }));
  return success();
}
static Type dtype(NodeImport &n, Type fallback) {
  const ElementType *t = n.hasAttr("dtype") ? elementTypeOfOnnx(n.i("dtype")) : nullptr;
  return t ? irType(n.b.getContext(), *t) : fallback;
}
static Dims shapeAttribute(NodeImport &n) {
  Dims dims;
  for (int64_t d : n.ints("shape"))
    dims.push_back(d);
  return dims;
}
INGOT_IMPORT("RandomNormal", 1) { return random(n, shapeAttribute(n), dtype(n, n.b.getF32Type()), true); }
INGOT_IMPORT("RandomUniform", 1) { return random(n, shapeAttribute(n), dtype(n, n.b.getF32Type()), false); }
INGOT_IMPORT("RandomNormalLike", 1) { return random(n, n.dims(0), dtype(n, n.element(0)), true); }
INGOT_IMPORT("RandomUniformLike", 1) { return random(n, n.dims(0), dtype(n, n.element(0)), false); }

INGOT_IMPORT("Bernoulli", 15) {
  Random random(n);
  Dims dims = n.dims(0);
  Type element = dtype(n, n.element(0)), from = computeType(n.element(0));
  GenericBuilder g(n.b, n.loc);
  auto d = g.parallels(dims);
  g.in(n.in(0), d);
  g.result(element, dims, d);
  n.out(0, g.build([&](Scalars &r) -> SmallVector<Value> {
    SmallVector<Value> at;
    for (AffineExpr e : d)
      at.push_back(r.index(e));
    Value hit = r.s.cmp(Cmp::LT, random.uniform(r, flatIndex(r, dims, at), from), r.in[0]);
    return {r.s.select(hit, r.s.constant(1, computeType(element)), r.s.constant(0, computeType(element)))};
  })[0]);
  return success();
}

/// Gumbel's trick: the class of the largest log-probability plus noise -log(-log(u)) is a sample.
INGOT_IMPORT("Multinomial", 7) {
  Random random(n);
  if (n.rank(0) != 2)
    return n.refuse("needs a matrix of log-probabilities");
  Dims in = n.dims(0), dims{in[0], n.i("sample_size", 1), in[1]};
  Type wide = computeType(n.element(0));
  Value noisy = pull(n, wide, dims, {n.in(0)}, [&](Scalars &r, ArrayRef<Value> at) {
    ScalarBuilder s(r.b, r.loc, wide);
    Value u = random.uniform(r, flatIndex(r, dims, at), wide);
    return s.sub(r.read(r.table[0], {at[0], at[2]}), s.log(s.neg(s.log(u))));
  });
  Value best = argExtreme(n, noisy, 2, true, false);
  n.out(0, castTo(n.b, n.loc, n.reshapeTo(best, {dims[0], dims[1]}), dtype(n, n.b.getI32Type())));
  return success();
}

//===----------------------------------------------------------------------===//
// Dropout
//===----------------------------------------------------------------------===//

static Value allTrue(NodeImport &n, Type element) { return splat(n.b, n.loc, 1, element, n.dims(0)); }

INGOT_IMPORT("Dropout", 1) {
  n.out(0, n.in(0));
  if (n.wants(1))
    n.out(1, allTrue(n, n.since >= 10 ? Type(n.b.getI1Type()) : n.element(0)));
  return success();
}
INGOT_IMPORT("Dropout", 12) {
  Type b1 = n.b.getI1Type();
  auto training = n.has(2) ? knownBool(n.in(2)) : std::optional<bool>(false);
  auto ratio = n.has(1) ? knownNumber(n.in(1)) : std::optional<double>(0.5);
  if (training == false || ratio == 0.0) {
    n.out(0, n.in(0));
    if (n.wants(1))
      n.out(1, allTrue(n, b1));
    return success();
  }
  // In training an element stays, scaled by 1 / (1 - ratio), if its random number is at least `ratio`.
  Random random(n);
  Dims dims = n.dims(0);
  Type f32 = n.b.getF32Type();
  Value share = n.has(1) ? n.reshapeTo(castTo(n.b, n.loc, n.in(1), f32), {}) : splat(n.b, n.loc, 0.5, f32);
  Value mode = n.has(2) ? n.reshapeTo(n.in(2), {}) : splat(n.b, n.loc, 0, b1);
  Value mask = pull(n, b1, dims, {share, mode}, [&](Scalars &r, ArrayRef<Value> at) {
    ScalarBuilder s(r.b, r.loc, f32);
    Value stays = s.cmp(Cmp::GE, random.uniform(r, flatIndex(r, dims, at), f32), r.read(r.table[0], {}));
    return s.bitOr(stays, s.logicalNot(r.read(r.table[1], {})));
  });
  GenericBuilder g(n.b, n.loc);
  auto d = g.parallels(dims);
  g.in(n.in(0), d);
  g.in(mask, d);
  g.table(share);
  g.table(mode);
  g.result(n.element(0), dims, d);
  n.out(0, g.build([&](Scalars &r) -> SmallVector<Value> {
    ScalarBuilder s(r.b, r.loc, f32);
    Value scale = s.div(s.constant(1), s.sub(s.constant(1), r.read(r.table[0], {})));
    scale = s.select(r.read(r.table[1], {}), scale, s.constant(1));
    Value x = r.s.mul(r.in[0], r.s.convert(scale, f32, n.element(0)));
    return {r.s.select(r.in[1], x, r.s.constant(0))};
  })[0]);
  n.out(1, mask);
  return success();
}
