//===- Sampling.cpp - AffineGrid, GridSample, RoiAlign, MaxRoiPool ------------------------------------===//
//
// Positions are computed at run time; every result element reads the image where they say.
//
//===----------------------------------------------------------------------===//
#include "compiler/import/Compose.h"
#include "compiler/import/rules/Common.h"

using namespace mlir;
using namespace ingot;
using namespace ingot::nn;
using kernel::Scalars;

namespace {
/// Floor of a float as i64; what is far outside any image stays far outside.
Value floorToInt(Scalars &r, ScalarBuilder &s, Value x) {
  x = s.clamp(s.floor(x), s.constant(-(1 << 24)), s.constant(1 << 24));
  return arith::FPToSIOp::create(r.b, r.loc, r.b.getI64Type(), x);
}

struct GridSample {
  StringRef mode, padding;
  bool alignCorners;

  /// Mirrors x at the borders until it is inside.
  Value reflect(ScalarBuilder &s, Value x, Value low, Value high) const {
    Value range = s.sub(high, low);
    auto inside = [&](Value distance, bool fromLow) {
      Value turns = s.floor(s.div(distance, range)), rest = s.sub(distance, s.mul(turns, range));
      Value isEven = s.cmp(Cmp::EQ, s.mul(s.floor(s.mul(turns, s.constant(0.5))), s.constant(2)), turns);
      Value up = s.add(low, rest), down = s.sub(high, rest);
      return fromLow ? s.select(isEven, up, down) : s.select(isEven, down, up);
    };
    Value below = inside(s.sub(low, x), true), above = inside(s.sub(x, high), false);
    return s.select(s.cmp(Cmp::LT, x, low), below, s.select(s.cmp(Cmp::GT, x, high), above, x));
  }
};
} // namespace

INGOT_IMPORT("GridSample", 16) {
  GridSample k{n.s("mode", "linear"), n.s("padding_mode", "zeros"), n.i("align_corners") != 0};
  if (k.mode == "bilinear")
    k.mode = "linear";
  if (k.mode == "bicubic")
    k.mode = "cubic";
  if ((k.mode != "nearest" && k.mode != "linear" && k.mode != "cubic") ||
      (k.padding != "zeros" && k.padding != "border" && k.padding != "reflection"))
    return n.refuse("mode '" + k.mode + "' with padding '" + k.padding + "' is not known", "use modes and paddings of ONNX's definition");
  Dims in = n.dims(0), grid = n.dims(1);
  if (in.size() < 3 || grid.size() != in.size())
    return n.refuse("needs an input of rank 3 or more and a grid of the same rank", "correct the shapes");
  if (failed(n.requireEqual(grid[0], in[0], "batch")) || failed(n.requireEqual(grid.back(), int64_t(in.size()) - 2, "coordinates of the grid")))
    return failure();
  Dims out{in[0], in[1]};
  size_t num = in.size() - 2;
  out.append(grid.begin() + 1, grid.end() - 1);
  Type element = n.element(0), wide = computeType(element);
  int taps = k.mode == "nearest" ? 1 : k.mode == "linear" ? 2 : 4;
  kernel::GenericBuilder g(n.b, n.loc);
  auto d = g.parallels(out);
  for (size_t i = 0; i < num; ++i) { // the grid names the last dimension first
    SmallVector<AffineExpr> map{d[0]};
    map.append(d.begin() + 2, d.end());
    map.push_back(g.cst(num - 1 - i));
    g.in(n.in(1), map);
  }
  unsigned image = g.table(n.in(0));
  g.result(element, out, d);
  n.out(0, g.build([&](Scalars &r) -> SmallVector<Value> {
    Type f = isa<FloatType>(wide) ? wide : Type(n.b.getF32Type());
    ScalarBuilder s(r.b, r.loc, f), ix(r.b, r.loc, r.b.getI64Type());
    auto c = [&](double v) { return s.constant(v); };
    // Per dimension: the elements to read, whether they are inside, their weights.
    SmallVector<SmallVector<Value>> index(num), inside(num), weight(num);
    for (size_t i = 0; i < num; ++i) {
      Value size = r.fromIndex(r.dim(in[i + 2]), f), last = s.sub(size, c(1));
      Value p = s.add(s.convert(r.in[i], n.element(1), f), c(1));
      Value x = k.alignCorners ? s.mul(s.mul(p, c(0.5)), last) : s.mul(s.sub(s.mul(p, size), c(1)), c(0.5));
      Value low = k.alignCorners ? c(0) : c(-0.5), high = k.alignCorners ? last : s.sub(size, c(0.5));
      if (k.mode == "nearest")
        x = s.roundEven(x);
      if (k.padding == "border")
        x = s.clamp(x, c(0), last);
      else if (k.padding == "reflection")
        x = k.reflect(s, x, low, high);
      Value base = s.floor(x), t = s.sub(x, base);
      for (int tap = 0; tap < taps; ++tap) {
        Value at = s.add(base, c(tap - (taps == 4 ? 1 : 0)));
        if (k.padding == "reflection" && taps > 1)
          at = k.reflect(s, at, low, high);
        Value j = floorToInt(r, s, at), max = ix.sub(r.fromIndex(r.dim(in[i + 2]), r.b.getI64Type()), ix.constant(1));
        Value bounded = ix.clamp(j, ix.constant(0), max);
        index[i].push_back(r.toIndex(bounded));
        inside[i].push_back(ix.cmp(Cmp::EQ, j, bounded));
        if (taps == 2)
          weight[i].push_back(tap ? t : s.sub(c(1), t));
        if (taps == 4) {
          constexpr double a = -0.75;
          Value x = tap == 0 ? s.add(t, c(1)) : tap == 1 ? t : tap == 2 ? s.sub(c(1), t) : s.sub(c(2), t);
          bool near = tap == 1 || tap == 2;
          weight[i].push_back(near ? s.add(s.mul(s.mul(s.sub(s.mul(c(a + 2), x), c(a + 3)), x), x), c(1))
                                   : s.sub(s.mul(s.add(s.mul(s.sub(s.mul(c(a), x), c(5 * a)), x), c(8 * a)), x), c(4 * a)));
        }
      }
    }
    // Interpolated from the last dimension to the first.
    std::function<Value(SmallVector<int> &)> sum = [&](SmallVector<int> &chosen) -> Value {
      size_t i = chosen.size();
      if (i == num) {
        SmallVector<Value> at{r.index(d[0]), r.index(d[1])};
        Value valid;
        for (size_t j = 0; j < num; ++j) {
          at.push_back(index[j][chosen[j]]);
          valid = valid ? ix.bitAnd(valid, inside[j][chosen[j]]) : inside[j][chosen[j]];
        }
        Value v = r.read(r.table[image], at);
        if (k.padding == "zeros")
          v = ScalarBuilder(r.b, r.loc, element).select(valid, v, ScalarBuilder(r.b, r.loc, element).constant(0));
        return taps > 1 ? s.convert(v, element, f) : v;
      }
      Value total;
      for (int tap = 0; tap < taps; ++tap) {
        chosen.push_back(tap);
        Value v = sum(chosen);
        chosen.pop_back();
        if (taps > 1)
          v = s.mul(v, weight[i][tap]);
        total = total ? s.add(total, v) : v;
      }
      return total;
    };
    SmallVector<int> chosen;
    Value y = sum(chosen);
    return {taps > 1 ? s.convert(y, f, element) : y};
  })[0]);
  return success();
}

/// theta [N, r, r + 1] times the homogeneous position of every element of an image, x (the last dimension) first.
INGOT_IMPORT("AffineGrid", 20) {
  int64_t num = product(n.dims(1)).constant().value_or(0) - 2;
  auto size = n.runtime(1, "grid");
  if (!size || num < 1)
    return n.refuse("size has no static length", "make it constant");
  if (failed(n.requireShape(n.in(0), {n.dims(0).front(), DimExpr(num), DimExpr(num + 1)}, "theta")))
    return failure();
  bool alignCorners = n.i("align_corners");
  Dims out{n.dims(0)[0]};
  out.append(size->begin() + 2, size->end());
  out.push_back(num);
  Type element = n.element(0), wide = computeType(element);
  kernel::GenericBuilder g(n.b, n.loc);
  auto d = g.parallels(out);
  for (int64_t i = 0; i <= num; ++i)
    g.in(n.in(0), {d[0], d[num + 1], g.cst(i)});
  g.result(element, out, d);
  n.out(0, g.build([&](Scalars &r) -> SmallVector<Value> {
    auto &s = r.s;
    Value sum = r.in[num];
    for (int64_t i = 0; i < num; ++i) {
      int64_t at = num - i; // dimension of the grid
      Value k = r.fromIndex(r.index(d[at]), wide), count = r.fromIndex(r.dim(out[at]), wide);
      Value top = s.sub(s.mul(k, s.constant(2)), s.sub(count, s.constant(1)));
      Value below = alignCorners ? s.max(s.sub(count, s.constant(1)), s.constant(1)) : count;
      sum = s.add(sum, s.mul(r.in[i], s.div(top, below)));
    }
    return {sum};
  })[0]);
  return success();
}

//===----------------------------------------------------------------------===//
// Regions of interest
//===----------------------------------------------------------------------===//

/// Each bin averages (or takes the maximum of) bilinear samples on a grid in it. The grid's size depends on the region
/// unless sampling_ratio gives it; the loop then runs to the image's size and leaves the rest out.
INGOT_IMPORT("RoiAlign", 10) {
  Dims in = n.dims(0), rois = n.dims(1);
  int64_t height = n.i("output_height", 1), width = n.i("output_width", 1), ratio = n.i("sampling_ratio");
  if (in.size() != 4 || height < 1 || width < 1)
    return n.refuse("needs images of two spatial dimensions and a positive output size", "correct the model");
  if (rois.size() != 2 || failed(n.requireEqual(rois[1], 4, "numbers per region")) || failed(n.requireShape(n.in(2), {rois[0]}, "batch_indices")))
    return n.refused() ? failure() : n.refuse("rois are no matrix", "give four numbers for each region");
  double scale = n.f("spatial_scale", 1);
  bool isMax = n.s("mode", "avg") == "max";
  bool halfPixel = n.since >= 16 && n.s("coordinate_transformation_mode", "half_pixel") == "half_pixel";
  Dims out{rois[0], in[1], height, width};
  Type element = n.element(0), wide = computeType(element);
  kernel::GenericBuilder g(n.b, n.loc);
  auto d = g.parallels(out);
  // A bin is at most an image high and wide, plus what reaches outside.
  auto samples = [&](const DimExpr &size, int64_t bins) {
    return ratio > 0 ? DimExpr(ratio) : DimExpr::ceilDiv(size, bins) + 2;
  };
  auto iy = g.reduce(samples(in[2], height)), ix = g.reduce(samples(in[3], width));
  for (int i = 0; i < 4; ++i)
    g.in(n.in(1), {d[0], g.cst(i)});
  unsigned batch = g.in(n.in(2), {d[0]}), image = g.table(n.in(0));
  g.result(element, out, d, g.number(isMax ? -std::numeric_limits<double>::infinity() : 0, element));
  struct Bin {
    Value start, size, count; // count of samples as a float
  };
  auto bin = [&](Scalars &r, int axis) -> Bin { // 0: y, 1: x
    auto &s = r.s;
    auto edge = [&](int i) { return s.sub(s.mul(r.in[i], s.constant(scale)), s.constant(halfPixel ? 0.5 : 0)); };
    Value lo = edge(axis ? 0 : 1), extent = s.sub(edge(axis ? 2 : 3), lo);
    if (!halfPixel)
      extent = s.max(extent, s.constant(1));
    Value size = s.div(extent, s.constant(axis ? width : height));
    Value count = ratio > 0 ? s.constant(ratio) : s.ceil(size);
    return {s.add(lo, s.mul(r.fromIndex(r.index(d[2 + axis]), wide), size)), size, count};
  };
  auto results = g.build(
      [&](Scalars &r) -> SmallVector<Value> {
        auto &s = r.s;
        ScalarBuilder ints(r.b, r.loc, r.b.getI64Type());
        Value live = arith::ConstantOp::create(r.b, r.loc, r.b.getBoolAttr(true)), inImage = live;
        Value low[2], high[2], fraction[2];
        for (int axis = 0; axis < 2; ++axis) {
          Bin k = bin(r, axis);
          Value i = r.fromIndex(r.index(axis ? ix : iy), wide);
          live = s.bitAnd(live, s.cmp(Cmp::LT, i, k.count));
          Value p = s.add(k.start, s.div(s.mul(s.add(i, s.constant(0.5)), k.size), k.count));
          Value size = r.fromIndex(r.dim(in[2 + axis]), wide), last = s.sub(size, s.constant(1));
          inImage = s.bitAnd(inImage, s.bitAnd(s.cmp(Cmp::GE, p, s.constant(-1)), s.cmp(Cmp::LE, p, size)));
          p = s.clamp(p, s.constant(0), last);
          Value base = s.floor(p);
          fraction[axis] = s.sub(p, base);
          low[axis] = r.toIndex(floorToInt(r, s, base));
          high[axis] = r.toIndex(floorToInt(r, s, s.min(s.add(base, s.constant(1)), last)));
        }
        Value b = ints.clamp(r.toIndex(r.in[batch]), r.indexConst(0), r.dim(in[0] - 1)), total;
        for (int corner = 0; corner < 4; ++corner) {
          bool down = corner & 2, right = corner & 1;
          Value v = r.read(r.table[image], {b, r.index(d[1]), down ? high[0] : low[0], right ? high[1] : low[1]});
          Value wy = down ? fraction[0] : s.sub(s.constant(1), fraction[0]), wx = right ? fraction[1] : s.sub(s.constant(1), fraction[1]);
          v = s.mul(v, s.mul(wy, wx));
          total = !total ? v : isMax ? s.max(total, v) : s.add(total, v);
        }
        total = s.select(inImage, total, s.constant(0));
        if (isMax)
          return {s.select(live, s.max(r.acc[0], total), r.acc[0])};
        return {s.select(live, s.add(r.acc[0], total), r.acc[0])};
      },
      [&](Scalars &r) -> SmallVector<Value> {
        auto &s = r.s;
        if (isMax) // a bin without samples
          return {s.select(s.isInf(r.acc[0]), s.constant(0), r.acc[0])};
        return {s.div(r.acc[0], s.max(s.mul(bin(r, 0).count, bin(r, 1).count), s.constant(1)))};
      });
  n.out(0, results[0]);
  return success();
}

/// The maximum of every cell of a grid over a rounded region.
INGOT_IMPORT("MaxRoiPool", 1) {
  Dims in = n.dims(0), rois = n.dims(1);
  auto shape = n.ints("pooled_shape");
  if (in.size() != 4 || !n.perDimension("pooled_shape", shape, 2, 1))
    return n.refused() ? failure() : n.refuse("needs images of two spatial dimensions", "reshape the input to rank 4");
  if (rois.size() != 2 || failed(n.requireEqual(rois[1], 5, "numbers per region")))
    return n.refused() ? failure() : n.refuse("rois are no matrix", "give five numbers for each region");
  double scale = n.f("spatial_scale", 1);
  Dims out{rois[0], in[1], shape[0], shape[1]};
  Type element = n.element(0), wide = computeType(element);
  kernel::GenericBuilder g(n.b, n.loc);
  auto d = g.parallels(out);
  auto iy = g.reduce(in[2]), ix = g.reduce(in[3]);
  for (int i = 0; i < 5; ++i)
    g.in(n.in(1), {d[0], g.cst(i)});
  unsigned image = g.table(n.in(0));
  g.result(element, out, d, g.number(-std::numeric_limits<double>::infinity(), element));
  n.out(0, g.build(
                [&](Scalars &r) -> SmallVector<Value> {
                  auto &s = r.s;
                  ScalarBuilder ints(r.b, r.loc, r.b.getI64Type());
                  Value live = arith::ConstantOp::create(r.b, r.loc, r.b.getBoolAttr(true));
                  auto round = [&](Value v) { return s.floor(s.add(s.mul(v, s.constant(scale)), s.constant(0.5))); };
                  for (int axis = 0; axis < 2; ++axis) {
                    Value lo = round(r.in[axis ? 1 : 2]), hi = round(r.in[axis ? 3 : 4]);
                    Value size = s.div(s.max(s.add(s.sub(hi, lo), s.constant(1)), s.constant(1)), s.constant(shape[axis]));
                    Value cell = r.fromIndex(r.index(d[2 + axis]), wide);
                    Value begin = s.add(s.floor(s.mul(cell, size)), lo);
                    Value end = s.add(s.ceil(s.mul(s.add(cell, s.constant(1)), size)), lo);
                    Value at = r.fromIndex(r.index(axis ? ix : iy), wide);
                    live = s.bitAnd(live, s.bitAnd(s.cmp(Cmp::GE, at, begin), s.cmp(Cmp::LT, at, end)));
                  }
                  Value b = ints.clamp(r.toIndex(arith::FPToSIOp::create(r.b, r.loc, r.b.getI64Type(), r.in[0])), r.indexConst(0),
                                       r.dim(in[0] - 1));
                  Value v = r.read(r.table[image], {b, r.index(d[1]), r.index(iy), r.index(ix)});
                  return {s.select(live, s.max(r.acc[0], v), r.acc[0])};
                },
                [](Scalars &r) -> SmallVector<Value> {
                  auto &s = r.s;
                  Value empty = s.cmp(Cmp::EQ, r.acc[0], s.constant(-std::numeric_limits<double>::infinity()));
                  return {s.select(empty, s.constant(0), r.acc[0])};
                })[0]);
  return success();
}
