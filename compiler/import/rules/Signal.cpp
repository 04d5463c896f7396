//===- Signal.cpp - DFT, STFT, MelWeightMatrix, Det ---------------------------------------===//
//
// A transform of length L is a product with the matrix of cosines and sines. The matrix is a kernel without inputs, so with a
// known L it is a constant; a frame of STFT is read in place, and its window is part of the matrix.
//
//===----------------------------------------------------------------------===//
#include "compiler/import/Compose.h"
#include "compiler/import/rules/Common.h"

using namespace mlir;
using namespace ingot;
using namespace ingot::nn;
using kernel::Scalars;

namespace {

/// A transform from `terms` elements of `parts` (1: real, 2: complex) to `bins` of `results`.
struct Transform {
  DimExpr length;         // period of the angles
  DimExpr terms, bins;
  int64_t parts, results;
  bool inverse = false;   // positive angles, divided by the length
  bool halfInput = false; // the terms are half of a conjugate-symmetric input: all but the first and the middle count twice
};

/// matrix[n, c, k, t]: what part c of term n adds to part t of bin k.
Value transformMatrix(NodeImport &n, const Transform &f, Type element, Value window = {}) {
  Type f64 = n.b.getF64Type(), i64 = n.b.getI64Type();
  Dims dims{f.terms, f.parts, f.bins, f.results};
  kernel::GenericBuilder g(n.b, n.loc);
  auto d = g.parallels(dims);
  if (window)
    g.in(window, {d[0]});
  g.result(element, dims, d);
  return g.build([&](Scalars &r) -> SmallVector<Value> {
    ScalarBuilder s(r.b, r.loc, f64), ix(r.b, r.loc, i64);
    auto index = [&](AffineExpr e) { return r.fromIndex(r.index(e), i64); };
    Value length = r.fromIndex(r.dim(f.length), i64), turn = ix.rem(ix.mul(index(d[0]), index(d[2])), length);
    Value angle = s.div(s.mul(s.convert(turn, i64, f64), s.constant(f.inverse ? 2 * M_PI : -2 * M_PI)), s.convert(length, i64, f64));
    Value cosine = s.cos(angle), sine = s.sin(angle);
    // (a + b i)(cos + sin i): part 0 gets a cos - b sin, part 1 a sin + b cos.
    Value isImaginary = ix.cmp(Cmp::EQ, index(d[1]), ix.constant(1)), toImaginary = ix.cmp(Cmp::EQ, index(d[3]), ix.constant(1));
    Value v = s.select(toImaginary, s.select(isImaginary, cosine, sine), s.select(isImaginary, s.neg(sine), cosine));
    if (f.halfInput) {
      Value twice = ix.mul(index(d[0]), ix.constant(2));
      Value once = ix.bitOr(ix.cmp(Cmp::EQ, twice, ix.constant(0)), ix.cmp(Cmp::EQ, twice, length));
      v = s.mul(v, s.select(once, s.constant(1), s.constant(2)));
    }
    if (f.inverse)
      v = s.div(v, s.convert(length, i64, f64));
    if (window)
      v = s.mul(v, s.convert(r.in[0], elementOf(window), f64));
    return {s.convert(v, f64, element)};
  })[0];
}

/// An integer scalar input as a size.
std::optional<DimExpr> scalarSize(NodeImport &n, unsigned k, StringRef what) {
  if (!n.has(k))
    return std::nullopt;
  auto v = n.runtime(k, what);
  return v && v->size() == 1 ? std::optional((*v)[0]) : std::nullopt;
}

} // namespace

INGOT_IMPORT("DFT", 17) {
  Compose c(n);
  Value x = n.in(0);
  Dims in = n.dims(0);
  int64_t rank = in.size();
  bool inverse = n.i("inverse"), onesided = n.i("onesided");
  std::optional<int64_t> axis;
  if (n.since < 20)
    axis = n.axis("axis", 1, rank);
  else if (!n.has(2))
    axis = n.axis(-2, rank);
  else if (auto k = n.constants(2); k && k->size() == 1)
    axis = n.axis((*k)[0], rank);
  if (n.refused())
    return failure();
  if (axis == rank - 1)
    return n.refuse("axis is the last dimension, which holds the parts of a number", "choose another axis");
  // The signal as outer, size, inner, parts.
  DimExpr outer(1), size, inner(1);
  if (axis) {
    outer = product(ArrayRef<DimExpr>(in).take_front(*axis));
    size = in[*axis];
    inner = product(ArrayRef<DimExpr>(in).slice(*axis + 1, rank - 2 - *axis));
  } else {
    Value axes = n.in(2);
    Value split = rules::computeInts(n, axes, 3, [&](Scalars &r, unsigned k) {
      ScalarBuilder s = rules::indexMath(r);
      Value a = rules::wrapIndex(r, rules::readIndex(r, r.table[0]), r.indexConst(rank)), p = r.indexConst(1);
      for (int64_t i = 0; i < rank - 1; ++i) {
        Value here = k == 0 ? s.cmp(Cmp::LT, r.indexConst(i), a) : s.cmp(k == 1 ? Cmp::EQ : Cmp::GT, r.indexConst(i), a);
        p = s.select(here, s.mul(p, r.dim(in[i])), p);
      }
      return p;
    });
    Dims s = rules::bindAll(n, split, "signal");
    outer = s[0];
    size = s[1];
    inner = s[2];
  }
  DimExpr length = inverse && onesided ? (size - 1) * DimExpr(2) : size;
  if (n.has(1)) {
    auto given = scalarSize(n, 1, "length");
    if (!given)
      return n.refuse("dft_length is not a scalar");
    length = *given;
  }
  Transform f;
  f.length = length;
  f.parts = in.back().constant().value_or(0);
  if (f.parts != 1 && f.parts != 2)
    return n.refuse("the last dimension must be 1 (real) or 2 (complex)");
  f.inverse = inverse;
  f.halfInput = inverse && onesided;
  DimExpr half = DimExpr::floorDiv(length, 2) + 1;
  f.terms = length == size ? size : DimExpr::min(size, f.halfInput ? half : length); // longer signals are cut, shorter ones end in zeros
  f.bins = onesided && !inverse ? half : length;
  f.results = f.halfInput ? 1 : 2;
  Type element = n.element(0), wide = computeType(element);
  Value matrix = transformMatrix(n, f, wide);
  kernel::GenericBuilder g(n.b, n.loc);
  auto o = g.parallel(outer), i = g.parallel(inner), k = g.parallel(f.bins), t = g.parallel(f.results);
  auto term = g.reduce(f.terms), part = g.reduce(f.parts);
  g.in(c.widen(c.reshape(x, {outer, size, inner, f.parts})), {o, term, i, part});
  g.in(matrix, {term, part, k, t});
  g.result(wide, {outer, f.bins, inner, f.results}, {o, k, i, t}, g.number(0, wide));
  Value y = g.contract("mmnnkk");
  Dims out = in;
  out.back() = f.results;
  if (axis) {
    out[*axis] = f.bins;
  } else if (f.bins != size) {
    Value sizes = rules::computeInts(n, n.in(2), rank - 1, [&](Scalars &r, unsigned d) {
      ScalarBuilder s = rules::indexMath(r);
      Value a = rules::wrapIndex(r, rules::readIndex(r, r.table[0]), r.indexConst(rank));
      return s.select(s.cmp(Cmp::EQ, a, r.indexConst(d)), r.dim(f.bins), r.dim(in[d]));
    });
    out = rules::bindAll(n, sizes, "spectrum");
    out.push_back(f.results);
  }
  n.out(0, c.cast(c.reshape(y, out), element));
  return c.done();
}

INGOT_IMPORT("STFT", 17) {
  Compose c(n);
  Value x = n.in(0);
  Dims in = n.dims(0);
  if (in.size() == 2) {
    in.push_back(1);
    x = c.reshape(x, in);
  }
  auto step = scalarSize(n, 1, "step"), length = scalarSize(n, 3, "frame");
  if (!step)
    return n.refuse("frame_step is not a scalar");
  if (!length)
    length = n.has(2) ? n.dims(2)[0] : in[1];
  Transform f;
  f.length = *length;
  f.terms = n.has(2) ? n.dims(2)[0] : *length;
  f.parts = in[2].constant().value_or(0);
  if (f.parts != 1 && f.parts != 2)
    return n.refuse("the last dimension must be 1 (real) or 2 (complex)");
  f.bins = n.i("onesided", 1) ? DimExpr::floorDiv(*length, 2) + 1 : *length;
  f.results = 2;
  Type element = n.element(0), wide = computeType(element);
  DimExpr frames = DimExpr::floorDiv(in[1] - *length, *step) + 1;
  Value matrix = transformMatrix(n, f, wide, n.in(2));
  kernel::GenericBuilder g(n.b, n.loc);
  auto batch = g.parallel(in[0]), frame = g.parallel(frames), k = g.parallel(f.bins), t = g.parallel(2);
  auto term = g.reduce(f.terms), part = g.reduce(f.parts);
  g.in(c.widen(x), {batch, frame * g.sym(*step) + term, part});
  g.in(matrix, {term, part, k, t});
  g.result(wide, {in[0], frames, f.bins, 2}, {batch, frame, k, t}, g.number(0, wide));
  n.out(0, c.cast(g.contract("mmnnkk"), element));
  return c.done();
}

/// Triangles between neighbouring frequencies that are equally far apart in mel = 2595 log10(1 + hertz / 700).
INGOT_IMPORT("MelWeightMatrix", 17) {
  auto numMel = scalarSize(n, 0, "mel"), length = scalarSize(n, 1, "length");
  if (!numMel || !length)
    return n.refuse("num_mel_bins or dft_length is not a scalar");
  Type element = irType(n.b.getContext(), *elementTypeOfOnnx(n.i("output_datatype", 1)));
  Type f64 = n.b.getF64Type(), i64 = n.b.getI64Type();
  Dims out{DimExpr::floorDiv(*length, 2) + 1, *numMel};
  kernel::GenericBuilder g(n.b, n.loc);
  auto d = g.parallels(out);
  for (unsigned k = 2; k < 5; ++k)
    g.in(n.reshapeTo(n.in(k), {}), {});
  g.result(element, out, d);
  n.out(0, g.build([&](Scalars &r) -> SmallVector<Value> {
    ScalarBuilder s(r.b, r.loc, f64), ix(r.b, r.loc, i64);
    auto real = [&](unsigned k) { return s.convert(r.in[k], n.element(2 + k), f64); };
    auto mel = [&](Value hertz) { return s.mul(s.constant(2595 / std::log(10.0)), s.log1p(s.div(hertz, s.constant(700)))); };
    Value low = mel(real(1)), step = s.div(s.sub(mel(real(2)), low), s.add(r.fromIndex(r.dim(*numMel), f64), s.constant(2)));
    Value scale = s.add(r.fromIndex(r.dim(*length), f64), s.constant(1)), rate = real(0);
    auto bin = [&](int after) { // number of the spectrum's bin at mel frequency i + after
      Value m = s.add(s.mul(s.add(r.fromIndex(r.index(d[1]), f64), s.constant(after)), step), low);
      Value hertz = s.mul(s.constant(700), s.expm1(s.mul(m, s.constant(std::log(10.0) / 2595))));
      return s.floor(s.div(s.mul(scale, hertz), rate));
    };
    Value left = bin(0), centre = bin(1), right = bin(2), j = r.fromIndex(r.index(d[0]), f64), zero = s.constant(0);
    Value rise = s.sub(centre, left), fall = s.sub(right, centre);
    Value isFlat = s.cmp(Cmp::EQ, rise, zero);
    Value up = s.select(isFlat, s.select(s.cmp(Cmp::EQ, j, centre), s.constant(1), zero),
                        s.select(s.bitAnd(s.cmp(Cmp::GE, j, left), s.cmp(Cmp::LE, j, centre)),
                                 s.div(s.sub(j, left), s.select(isFlat, s.constant(1), rise)), zero));
    Value falls = s.bitAnd(s.cmp(Cmp::GT, fall, zero), s.bitAnd(s.cmp(Cmp::GE, j, centre), s.cmp(Cmp::LT, j, right)));
    Value y = s.select(falls, s.div(s.sub(right, j), s.max(fall, s.constant(1))), up);
    return {s.convert(y, f64, element)};
  })[0]);
  return success();
}

INGOT_IMPORT("Det", 11) {
  Dims in = n.dims(0);
  if (in.size() < 2)
    return n.refuse("needs square matrices");
  Value det = n.call("determinant", n.in(0), tensorOf(ArrayRef<DimExpr>(in).drop_back(2), n.element(0)));
  n.takes(det.getDefiningOp(), in.back() * in.back() * 8);
  n.out(0, det);
  return success();
}
