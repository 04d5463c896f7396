//===- Resize.cpp - Resize, Upsample -----------------------------------------------------===//
//
// Interpolation is separable. For one axis two small tables say which input elements make a result
// element and with which weights:  y[…, o, …] = sum over t of weight[o, t] * x[…, index[o, t], …]
// With static sizes the tables are constants. Nearest has one tap of weight 1: a gather.
//
//===----------------------------------------------------------------------===//
#include "compiler/import/Compose.h"
#include "compiler/import/rules/Common.h"

using namespace mlir;
using namespace ingot;
using namespace ingot::nn;
using kernel::Scalars;

namespace {

/// The scale of one axis: a number, the ratio of the sizes, or an element of a tensor.
struct Scale {
  std::optional<double> number;
  bool fromSizes = false;
  Value tensor;
  int64_t index = 0;
};

struct Resize {
  NodeImport &n;
  Compose c;
  StringRef mode, coordinates, nearest;
  bool antialias, excludeOutside;
  double cubicA, extrapolation;
  Value roi;
  SmallVector<int64_t> axes;

  explicit Resize(NodeImport &n) : n(n), c(n) {}
  LogicalResult run(Value x, Value scales, ArrayRef<double> scaleNumbers, std::optional<unsigned> sizesInput);

private:
  LogicalResult keepAspectRatio(Value x, ArrayRef<DimExpr> sizes, bool notLarger);
  LogicalResult apply(Value x, ArrayRef<DimExpr> out, ArrayRef<Scale> scale);
  Value alongAxis(Value x, int64_t axis, const DimExpr &out, const Scale &scale, size_t place);
  Value origins(const DimExpr &in, const DimExpr &out, const Scale &scale, size_t place);
  DimExpr numTaps(const DimExpr &in, const DimExpr &out, const Scale &scale);
  Value weightOf(ScalarBuilder &s, Value distance);
};

/// The scale inside a region, as f64. `element` is what an ins of the scales tensor gave.
Value scaleValue(Scalars &r, ScalarBuilder &s, const Scale &scale, Value element, const DimExpr &in, const DimExpr &out) {
  if (scale.number)
    return s.constant(*scale.number);
  if (scale.fromSizes)
    return s.div(r.fromIndex(r.dim(out), r.b.getF64Type()), r.fromIndex(r.dim(in), r.b.getF64Type()));
  return s.convert(element, elementOf(scale.tensor), r.b.getF64Type());
}

/// The position in the input (f64) of every result element along the axis.
Value Resize::origins(const DimExpr &in, const DimExpr &out, const Scale &scale, size_t place) {
  Type f64 = n.b.getF64Type();
  kernel::GenericBuilder g(n.b, n.loc);
  auto d = g.parallel(out);
  std::optional<unsigned> scaleIn, begin, end;
  if (scale.tensor)
    scaleIn = g.in(scale.tensor, {g.cst(scale.index)});
  if (roi && coordinates == "tf_crop_and_resize") {
    begin = g.in(roi, {g.cst(place)});
    end = g.in(roi, {g.cst(place + axes.size())});
  }
  g.result(f64, {out}, {d});
  return g.build([&](Scalars &r) -> SmallVector<Value> {
    ScalarBuilder s(r.b, r.loc, f64);
    auto num = [&](double v) { return s.constant(v); };
    Value y = r.fromIndex(r.index(d), f64), length = r.fromIndex(r.dim(in), f64);
    Value ratio = scaleValue(r, s, scale, scaleIn ? r.in[*scaleIn] : Value(), in, out);
    Value resized = s.mul(ratio, length), last = s.sub(length, num(1));
    Value isOne = s.cmp(Cmp::EQ, resized, num(1));
    Value halfPixel = s.sub(s.div(s.add(y, num(0.5)), ratio), num(0.5));
    if (coordinates == "align_corners")
      return {s.select(isOne, num(0), s.div(s.mul(y, last), s.sub(resized, num(1))))};
    if (coordinates == "asymmetric")
      return {s.div(y, ratio)};
    if (coordinates == "tf_half_pixel_for_nn")
      return {s.div(s.add(y, num(0.5)), ratio)};
    if (coordinates == "pytorch_half_pixel")
      return {s.select(isOne, num(-0.5), halfPixel)};
    if (coordinates == "half_pixel_symmetric") {
      Value adjustment = s.div(r.fromIndex(r.dim(out), f64), resized);
      return {s.add(s.mul(s.div(length, num(2)), s.sub(num(1), adjustment)), halfPixel)};
    }
    if (coordinates == "tf_crop_and_resize") {
      Value lo = s.convert(r.in[*begin], elementOf(roi), f64), hi = s.convert(r.in[*end], elementOf(roi), f64);
      Value span = s.mul(s.sub(hi, lo), last);
      Value inside = s.select(isOne, s.div(span, num(2)), s.div(s.mul(y, span), s.sub(resized, num(1))));
      return {s.add(inside, s.mul(lo, last))};
    }
    return {halfPixel};
  })[0];
}

/// How many input elements one result element needs.
DimExpr Resize::numTaps(const DimExpr &in, const DimExpr &out, const Scale &scale) {
  int64_t reach = mode == "cubic" ? 2 : 1;
  if (!antialias)
    return DimExpr(2 * reach);
  if (scale.number)
    return DimExpr(int64_t(2 * std::ceil(reach / std::min(*scale.number, 1.0))));
  if (scale.fromSizes)
    return DimExpr::max(DimExpr::ceilDiv(in * DimExpr(reach), out), reach) * DimExpr(2);
  Value count = rules::computeInts(n, scale.tensor, 1, [&](Scalars &r, unsigned) {
    ScalarBuilder s(r.b, r.loc, n.b.getF64Type());
    Value factor = s.convert(r.read(r.table[0], {r.indexConst(scale.index)}), elementOf(scale.tensor), n.b.getF64Type());
    Value v = s.ceil(s.div(s.constant(reach), s.min(factor, s.constant(1))));
    return r.toIndex(arith::FPToSIOp::create(r.b, r.loc, n.b.getI64Type(), v));
  });
  return rules::bindAll(n, count, "taps")[0] * DimExpr(2);
}

/// The weight of an input element at this distance (f64), for distances scaled to the filter's own width.
Value Resize::weightOf(ScalarBuilder &s, Value distance) {
  auto num = [&](double v) { return s.constant(v); };
  Value x = s.abs(distance);
  if (mode == "linear")
    return s.max(s.sub(num(1), x), num(0));
  // Keys' kernel: near |x| <= 1, far up to 2.
  Value near = s.add(s.mul(s.mul(s.sub(s.mul(num(cubicA + 2), x), num(cubicA + 3)), x), x), num(1));
  Value far = s.sub(s.mul(s.add(s.mul(s.sub(s.mul(num(cubicA), x), num(5 * cubicA)), x), num(8 * cubicA)), x), num(4 * cubicA));
  return s.select(s.cmp(Cmp::LE, x, num(1)), near, s.select(s.cmp(Cmp::LT, x, num(2)), far, num(0)));
}

Value Resize::alongAxis(Value x, int64_t axis, const DimExpr &out, const Scale &scale, size_t place) {
  Dims dims = dimsOf(x), result = dims;
  DimExpr in = dims[axis];
  result[axis] = out;
  Type f64 = n.b.getF64Type(), i64 = n.b.getI64Type(), wide = computeType(elementOf(x));
  Value origin = origins(in, out, scale, place);
  auto inBounds = [&](Scalars &r, Value i) { // i64
    ScalarBuilder s(r.b, r.loc, i64);
    Value last = s.sub(r.fromIndex(r.dim(in), i64), s.constant(1));
    return s.clamp(i, s.constant(0), last);
  };
  Value y;
  if (mode == "nearest") {
    kernel::GenericBuilder g(n.b, n.loc);
    auto d = g.parallel(out);
    g.in(origin, {d});
    g.result(i64, {out}, {d});
    Value index = g.build([&](Scalars &r) -> SmallVector<Value> {
      auto &s = r.s;
      Value at = nearest == "floor"               ? s.floor(r.in[0])
                 : nearest == "ceil"              ? s.ceil(r.in[0])
                 : nearest == "round_prefer_ceil" ? s.floor(s.add(r.in[0], s.constant(0.5)))
                                                  : s.ceil(s.sub(r.in[0], s.constant(0.5)));
      return {inBounds(r, arith::FPToSIOp::create(r.b, r.loc, i64, at))};
    })[0];
    y = c.gather(x, index, axis);
  } else {
    DimExpr taps = numTaps(in, out, scale);
    // Tap t of result o is input floor(origin) - taps / 2 + 1 + t.
    auto tapIndex = [&](Scalars &r, Value at, AffineExpr t) {
      ScalarBuilder s(r.b, r.loc, i64);
      Value base = arith::FPToSIOp::create(r.b, r.loc, i64, nn::ScalarBuilder(r.b, r.loc, f64).floor(at));
      Value half = r.fromIndex(r.dim(DimExpr::floorDiv(taps, 2) - 1), i64);
      return s.add(s.sub(base, half), r.fromIndex(r.index(t), i64));
    };
    kernel::GenericBuilder w(n.b, n.loc);
    auto o = w.parallel(out), t = w.parallel(taps);
    w.in(origin, {o});
    std::optional<unsigned> scaleIn;
    if (scale.tensor)
      scaleIn = w.in(scale.tensor, {w.cst(scale.index)});
    w.result(f64, {out, taps}, {o, t});
    Value weights = w.build([&](Scalars &r) -> SmallVector<Value> {
      ScalarBuilder s(r.b, r.loc, f64), ix(r.b, r.loc, i64);
      Value i = tapIndex(r, r.in[0], t);
      Value distance = s.sub(r.in[0], s.convert(i, i64, f64));
      if (antialias)
        distance = s.mul(distance, s.min(scaleValue(r, s, scale, scaleIn ? r.in[*scaleIn] : Value(), in, out), s.constant(1)));
      Value weight = weightOf(s, distance);
      if (excludeOutside)
        weight = s.select(ix.cmp(Cmp::EQ, i, inBounds(r, i)), weight, s.constant(0));
      return {weight};
    })[0];
    if (antialias || excludeOutside)
      weights = c.div(weights, c.reduce("sum", weights, {1}));
    kernel::GenericBuilder k(n.b, n.loc);
    auto at = k.parallel(out), tap = k.parallel(taps);
    k.in(origin, {at});
    k.result(i64, {out, taps}, {at, tap});
    Value indices = k.build([&](Scalars &r) -> SmallVector<Value> { return {inBounds(r, tapIndex(r, r.in[0], tap))}; })[0];
    weights = c.cast(weights, wide);
    kernel::GenericBuilder g(n.b, n.loc);
    auto d = g.parallels(result);
    auto sum = g.reduce(taps);
    g.in(weights, {d[axis], sum});
    g.in(indices, {d[axis], sum});
    unsigned table = g.table(x);
    g.result(wide, result, d, g.number(0, wide));
    y = g.build([&](Scalars &r) -> SmallVector<Value> {
      SmallVector<Value> position;
      for (AffineExpr e : d)
        position.push_back(r.index(e));
      position[axis] = r.toIndex(r.in[1]);
      return {r.s.fma(r.in[0], r.read(r.table[table], position), r.acc[0])};
    })[0];
  }
  if (coordinates != "tf_crop_and_resize")
    return y;
  // Positions outside the input have the extrapolation value.
  kernel::GenericBuilder g(n.b, n.loc);
  auto d = g.parallels(result);
  g.in(y, d);
  g.in(origin, {d[axis]});
  g.result(elementOf(y), result, d);
  return g.build([&](Scalars &r) -> SmallVector<Value> {
    ScalarBuilder s(r.b, r.loc, f64);
    Value last = s.sub(r.fromIndex(r.dim(in), f64), s.constant(1));
    Value outside = s.bitOr(s.cmp(Cmp::LT, r.in[1], s.constant(0)), s.cmp(Cmp::GT, r.in[1], last));
    return {r.s.select(outside, r.s.constant(extrapolation), r.in[0])};
  })[0];
}

LogicalResult Resize::apply(Value x, ArrayRef<DimExpr> out, ArrayRef<Scale> scale) {
  Dims in = dimsOf(x);
  size_t count = axes.size();
  Type element = elementOf(x);
  bool convert = mode != "nearest" && !isa<FloatType>(element);
  Value y = convert ? c.cast(x, n.b.getF32Type()) : mode == "nearest" ? x : c.widen(x);
  bool crops = coordinates == "tf_crop_and_resize";
  for (size_t k = 0; k < count; ++k)
    if (crops || in[axes[k]] != out[axes[k]] || (scale[k].number && *scale[k].number != 1))
      y = alongAxis(y, axes[k], out[axes[k]], scale[k], k);
  if (convert) { // to the nearest integer of the type
    y = QuantizeOp::create(n.b, n.loc, tensorOf(out, element), y, c.scalar(1, elementOf(y)), Value(), 0, 0, true);
  }
  n.out(0, c.cast(y, element));
  return c.done();
}

/// floor(in * scale) where that is an expression: whole and binary fractional scales.
std::optional<DimExpr> scaledSize(const DimExpr &in, double scale) {
  if (auto size = in.constant())
    return DimExpr(int64_t(std::floor(double(*size) * scale)));
  for (int64_t q = 1; q <= 1024; q *= 2)
    if (double p = scale * q; p == std::floor(p))
      return DimExpr::floorDiv(in * DimExpr(int64_t(p)), q);
  return std::nullopt;
}

/// The scale that all axes share is found at run time, and the sizes from it.
LogicalResult Resize::keepAspectRatio(Value x, ArrayRef<DimExpr> sizes, bool notLarger) {
  Dims in = dimsOf(x), out = in;
  size_t count = axes.size();
  Type f64 = n.b.getF64Type(), i64 = n.b.getI64Type();
  auto common = [&](Scalars &r) {
    ScalarBuilder s(r.b, r.loc, f64);
    Value scale;
    for (auto [a, size] : llvm::zip(axes, sizes)) {
      Value ratio = s.div(r.fromIndex(r.dim(size), f64), r.fromIndex(r.dim(in[a]), f64));
      scale = !scale ? ratio : notLarger ? s.min(scale, ratio) : s.max(scale, ratio);
    }
    return scale;
  };
  kernel::GenericBuilder g(n.b, n.loc);
  auto d = g.parallel(1);
  g.result(f64, {DimExpr(1)}, {d});
  Value scale = g.build([&](Scalars &r) -> SmallVector<Value> { return {common(r)}; })[0];
  Value rounded = rules::computeInts(n, {}, count, [&](Scalars &r, unsigned k) {
    ScalarBuilder s(r.b, r.loc, f64);
    Value v = s.floor(s.add(s.mul(common(r), r.fromIndex(r.dim(in[axes[k]]), f64)), s.constant(0.5)));
    return r.toIndex(arith::FPToSIOp::create(r.b, r.loc, i64, v));
  });
  Dims found = rules::bindAll(n, rounded, "size");
  SmallVector<Scale> scales(count);
  for (size_t k = 0; k < count; ++k) {
    out[axes[k]] = found[k];
    scales[k].tensor = scale;
  }
  return apply(x, out, scales);
}

LogicalResult Resize::run(Value x, Value scales, ArrayRef<double> numbers, std::optional<unsigned> sizesInput) {
  Dims in = dimsOf(x);
  int64_t rank = in.size();
  auto named = n.axes(n.ints("axes", axesFrom(0, rank)), rank);
  if (!named)
    return failure();
  axes = *named;
  size_t count = axes.size();
  Dims out(in);
  SmallVector<Scale> scale(count);
  if (sizesInput) {
    auto sizes = n.runtime(*sizesInput, "size");
    if (!sizes || sizes->size() != count)
      return n.refuse("number of sizes is not the number of axes");
    for (size_t k = 0; k < count; ++k)
      out[axes[k]] = (*sizes)[k];
    StringRef policy = n.s("keep_aspect_ratio_policy", "stretch");
    std::optional<double> common;
    if (policy != "stretch") {
      bool known = true;
      for (int64_t a : axes)
        known &= in[a].constant() && out[a].constant();
      if (!known)
        return keepAspectRatio(x, *sizes, policy == "not_larger");
      for (int64_t a : axes) {
        double ratio = double(*out[a].constant()) / double(*in[a].constant());
        common = !common ? ratio : policy == "not_larger" ? std::min(*common, ratio) : std::max(*common, ratio);
      }
      for (int64_t a : axes)
        out[a] = int64_t(*common * double(*in[a].constant()) + 0.5);
    }
    for (size_t k = 0; k < count; ++k) {
      auto a = in[axes[k]].constant(), b = out[axes[k]].constant();
      if (common)
        scale[k].number = common;
      else if (a && b && *a)
        scale[k].number = double(*b) / double(*a);
      else
        scale[k].fromSizes = true;
    }
  } else if (!numbers.empty()) {
    if (numbers.size() != count)
      return n.refuse("number of scales is not the number of axes");
    for (size_t k = 0; k < count; ++k) {
      if (!(numbers[k] > 0) || numbers[k] > 1e9)
        return n.refuse("a scale is " + std::to_string(numbers[k]), "use scales above 0");
      scale[k].number = numbers[k];
      if (auto size = scaledSize(in[axes[k]], numbers[k])) {
        out[axes[k]] = *size;
        continue;
      }
      Value size = rules::computeInts(n, {}, 1, [&](Scalars &r, unsigned) {
        ScalarBuilder s(r.b, r.loc, r.b.getF64Type());
        Value v = s.floor(s.mul(r.fromIndex(r.dim(in[axes[k]]), r.b.getF64Type()), s.constant(numbers[k])));
        return r.toIndex(arith::FPToSIOp::create(r.b, r.loc, r.b.getI64Type(), v));
      });
      out[axes[k]] = n.bind(size, 0, "size");
    }
  } else {
    if (!scales || dimsOf(scales) != Dims{DimExpr(int64_t(count))})
      return n.refuse("number of scales is not the number of axes");
    Value sizes = rules::computeInts(n, {scales}, count, [&](Scalars &r, unsigned k) {
      ScalarBuilder s(r.b, r.loc, r.b.getF64Type());
      Value factor = s.convert(r.read(r.table[0], {r.indexConst(k)}), elementOf(scales), r.b.getF64Type());
      Value v = s.floor(s.mul(r.fromIndex(r.dim(in[axes[k]]), r.b.getF64Type()), factor));
      return r.toIndex(arith::FPToSIOp::create(r.b, r.loc, r.b.getI64Type(), v));
    });
    for (size_t k = 0; k < count; ++k) {
      out[axes[k]] = n.bind(sizes, k, "size");
      scale[k].tensor = scales;
      scale[k].index = k;
    }
  }
  return apply(x, out, scale);
}

/// The elements of a small constant of floats.
SmallVector<double> knownFloats(Value v) {
  SmallVector<double> out;
  auto constant = v ? v.getDefiningOp<ConstantOp>() : ConstantOp();
  if (auto dense = constant ? dyn_cast<DenseFPElementsAttr>(constant.getValue()) : DenseFPElementsAttr())
    for (APFloat f : dense.getValues<APFloat>()) {
      bool lost;
      f.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &lost);
      out.push_back(f.convertToDouble());
    }
  return out;
}

bool isEmpty(Value v) { return !v || product(dimsOf(v)).isConstant(0); }

} // namespace

INGOT_IMPORT("Resize", 11) {
  Resize r(n);
  r.mode = n.s("mode", "nearest");
  r.coordinates = n.s("coordinate_transformation_mode", "half_pixel");
  r.nearest = n.s("nearest_mode", "round_prefer_floor");
  r.antialias = n.i("antialias") && r.mode != "nearest";
  r.excludeOutside = n.i("exclude_outside");
  r.cubicA = n.f("cubic_coeff_a", -0.75);
  r.extrapolation = n.f("extrapolation_value", 0);
  r.roi = isEmpty(n.in(1)) ? Value() : n.in(1);
  if (r.coordinates == "tf_crop_and_resize" && !r.roi)
    return n.refuse("tf_crop_and_resize needs roi");
  bool bySizes = !isEmpty(n.in(3));
  return r.run(n.in(0), bySizes ? Value() : n.in(2), bySizes ? SmallVector<double>() : knownFloats(n.in(2)),
               bySizes ? std::optional(3u) : std::nullopt);
}

static LogicalResult asymmetric(NodeImport &n, Value scales, ArrayRef<double> numbers) {
  Resize r(n);
  r.mode = n.s("mode", "nearest");
  if (r.mode == "bilinear")
    r.mode = "linear";
  r.coordinates = "asymmetric";
  r.nearest = "floor";
  r.antialias = r.excludeOutside = false;
  r.cubicA = -0.75;
  r.extrapolation = 0;
  return r.run(n.in(0), scales, numbers, {});
}
INGOT_IMPORT("Resize", 10) { return asymmetric(n, n.in(1), knownFloats(n.in(1))); }
INGOT_IMPORT("Upsample", 9) { return asymmetric(n, n.in(1), knownFloats(n.in(1))); }
INGOT_IMPORT("Upsample", 7) { return asymmetric(n, {}, n.floats("scales")); }
INGOT_IMPORT("Upsample", 1) { return asymmetric(n, {}, {1, 1, n.f("height_scale", 1), n.f("width_scale", 1)}); }
