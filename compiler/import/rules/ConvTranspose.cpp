//===- ConvTranspose.cpp - transposed convolution and deformable convolution ------------===//
//
// Result position o takes from input i and kernel position k where i * s + k * d = o + pad. With stride 1 that is a convolution with
// the flipped kernel. With stride s > 1 (and d = 1) the positions fall into s phases, o + pad = r + s q, each a convolution of
// stride 1 with the kernel's elements k = r + s j; the phases are written interleaved. n spatial dimensions have the
// product of their phases. With both s > 1 and d > 1 zeros are put between the input's elements instead.
//
//===----------------------------------------------------------------------===//
#include "compiler/import/Compose.h"
#include "compiler/import/Window.h"

using namespace mlir;
using namespace ingot;
using namespace ingot::nn;

namespace {

/// What one spatial dimension needs of one phase.
struct Phase {
  int64_t first, taps;       // kernel elements first, first + s, …
  int64_t padBegin, padEnd;  // of the convolution
  int64_t offset;            // first result position
  DimExpr count;             // result positions offset, offset + s, …
};

struct ConvTranspose {
  NodeImport &n;
  Compose c;
  size_t k;
  int64_t group;
  SmallVector<int64_t> kernel, strides, dilations, pads, outputPads;
  Dims in, out;

  explicit ConvTranspose(NodeImport &n) : n(n), c(n) {}
  LogicalResult run();
  LogicalResult attributes();
  std::optional<Phase> phase(size_t i, int64_t r);
  Value flippedWeight(ArrayRef<int64_t> first, ArrayRef<int64_t> taps, ArrayRef<int64_t> step);
  Value spreadInput();
};

LogicalResult ConvTranspose::attributes() {
  in = n.dims(0);
  Dims w = n.dims(1);
  k = in.size() - 2;
  group = n.i("group", 1);
  if (group < 1)
    return n.refuse("group is " + Twine(group), "correct the attribute");
  if (failed(n.requireEqual(in[1], w[0], "input channels and the weight's")))
    return failure();
  for (size_t i = 0; i < k; ++i) {
    auto size = w[i + 2].constant();
    if (!size)
      return n.refuse("kernel size is not static", "fix it with --shape");
    kernel.push_back(*size);
  }
  if (!w[0].constant() || !w[1].constant() || *w[0].constant() % group)
    return n.refuse("weight's channels are not static or not a multiple of group");
  strides = n.ints("strides", SmallVector<int64_t>(k, 1));
  dilations = n.ints("dilations", SmallVector<int64_t>(k, 1));
  outputPads = n.ints("output_padding", SmallVector<int64_t>(k, 0));
  pads = n.ints("pads", SmallVector<int64_t>(2 * k, 0));
  if (!n.perDimension("kernel_shape", n.ints("kernel_shape", kernel), k, 1) || !n.perDimension("kernel_shape", kernel, k, 1) ||
      !n.perDimension("strides", strides, k, 1) || !n.perDimension("dilations", dilations, k, 1) ||
      !n.perDimension("output_padding", outputPads, k, 0) ||
      !n.perDimension("pads", pads, 2 * k, std::numeric_limits<int64_t>::min()))
    return failure();
  auto shape = n.ints("output_shape");
  StringRef mode = n.s("auto_pad", "NOTSET");
  if (shape.size() == k + 2)
    shape.erase(shape.begin(), shape.begin() + 2);
  if (!shape.empty() && !n.perDimension("output_shape", shape, k, 0))
    return failure();
  out = {in[0], w[1] * DimExpr(group)};
  for (size_t i = 0; i < k; ++i) {
    DimExpr full = (in[i + 2] - 1) * DimExpr(strides[i]) + DimExpr(outputPads[i] + (kernel[i] - 1) * dilations[i] + 1);
    bool same = mode == "SAME_UPPER" || mode == "SAME_LOWER";
    if (!shape.empty() || same) {
      // Padding is what makes the result as large as asked; by default SAME gives input size times stride.
      DimExpr size = shape.empty() ? in[i + 2] * DimExpr(strides[i]) : DimExpr(shape[i]);
      auto total = (full - size).constant();
      if (!total)
        return n.refuse("output_shape needs a static input size", "fix the size with --dim or --shape");
      int64_t t = std::max<int64_t>(0, *total), half = t / 2;
      pads[i] = mode == "SAME_UPPER" ? half : t - half; // the schema's rule: otherwise the larger half is at the start
      pads[i + k] = t - pads[i];
      if (*total < 0) // larger than the kernel reaches: zeros at the end
        outputPads[i] -= *total;
      out.push_back(size);
      continue;
    }
    if (mode == "VALID")
      pads[i] = pads[i + k] = 0;
    out.push_back(full - DimExpr(pads[i] + pads[i + k]));
  }
  return success();
}

std::optional<Phase> ConvTranspose::phase(size_t i, int64_t r) {
  int64_t s = strides[i];
  Phase p;
  p.first = r;
  p.taps = r < kernel[i] ? (kernel[i] - r + s - 1) / s : 0;
  int64_t q0 = pads[i] > r ? (pads[i] - r + s - 1) / s : 0;
  p.offset = r + s * q0 - pads[i];
  // q runs to floor((out - 1 + pad - r) / s).
  DimExpr last = DimExpr::floorDiv(out[i + 2] + DimExpr(pads[i] - 1 - r), s);
  p.count = last - q0 + 1;
  p.padBegin = p.taps - 1 - q0;
  auto end = (p.count - in[i + 2] + DimExpr(p.taps - 1 - p.padBegin)).constant();
  if (!end)
    return std::nullopt;
  p.padEnd = *end;
  return p;
}

/// The weight [C, M/g, K…] as a convolution's [M, C/g, K'…]: elements first, first + step, …, last one first.
Value ConvTranspose::flippedWeight(ArrayRef<int64_t> first, ArrayRef<int64_t> taps, ArrayRef<int64_t> step) {
  Value w = n.in(1);
  for (size_t i = 0; i < k; ++i)
    w = c.slice(w, i + 2, first[i] + (taps[i] - 1) * step[i], taps[i], -step[i]);
  Dims d = dimsOf(w);
  int64_t perGroup = *d[0].constant() / group;
  Dims split{group, perGroup};
  split.append(d.begin() + 1, d.end());
  SmallVector<int64_t> perm{0, 2, 1};
  for (size_t i = 0; i < k; ++i)
    perm.push_back(i + 3);
  Dims joined{d[1] * DimExpr(group), perGroup};
  joined.append(d.begin() + 2, d.end());
  return c.reshape(c.transpose(c.reshape(w, split), perm), joined);
}

/// The input with stride - 1 zeros between neighbours.
Value ConvTranspose::spreadInput() {
  Dims wide{in[0], in[1]};
  for (size_t i = 0; i < k; ++i)
    wide.push_back((in[i + 2] - 1) * DimExpr(strides[i]) + 1);
  Value zeros = c.splat(0, n.element(0), wide);
  kernel::GenericBuilder g(n.b, n.loc);
  auto d = g.parallels(in);
  SmallVector<AffineExpr> map{d[0], d[1]};
  for (size_t i = 0; i < k; ++i)
    map.push_back(d[i + 2] * strides[i]);
  g.in(n.in(0), d);
  g.result(n.element(0), wide, map, {}, zeros);
  return g.build([](kernel::Scalars &r) -> SmallVector<Value> { return {r.in[0]}; })[0];
}

LogicalResult ConvTranspose::run() {
  if (n.rank(0) < 3 || n.rank(1) != n.rank(0))
    return n.refuse("needs an input of rank 3 or more and a weight of the same rank");
  if (failed(attributes()))
    return failure();
  SmallVector<int64_t> ones(k, 1);
  Type element = n.element(0);
  bool strided = llvm::any_of(strides, [](int64_t s) { return s > 1; });
  bool dilated = llvm::any_of(dilations, [](int64_t d) { return d > 1; });
  Value y;
  if (!strided || dilated) {
    SmallVector<int64_t> p(2 * k), zero(k, 0);
    for (size_t i = 0; i < k; ++i) {
      int64_t extent = (kernel[i] - 1) * dilations[i];
      p[i] = extent - pads[i];
      p[i + k] = extent - pads[i + k] + outputPads[i];
    }
    y = ConvOp::create(n.b, n.loc, tensorOf(out, element), strided ? spreadInput() : n.in(0), flippedWeight(zero, kernel, ones), ones, p,
                       dilations, group, "channels_first");
  } else {
    int64_t phases = 1;
    for (int64_t s : strides)
      phases *= s;
    for (int64_t index = 0; index < phases; ++index) {
      SmallVector<Phase> p;
      SmallVector<int64_t> first, taps, padding(2 * k);
      bool empty = false, reaches = true;
      int64_t rest = index;
      for (size_t i = 0; i < k; ++i) {
        auto one = phase(i, rest % strides[i]);
        rest /= strides[i];
        if (!one)
          return n.refuse("internal: the size of a phase is not a constant away from the input's");
        p.push_back(*one);
        first.push_back(one->first);
        taps.push_back(one->taps);
        padding[i] = one->padBegin;
        padding[i + k] = one->padEnd;
        reaches &= one->taps > 0;
        if (auto count = one->count.constant())
          empty |= *count <= 0;
      }
      if (empty)
        continue;
      Dims part{out[0], out[1]};
      for (Phase &q : p)
        part.push_back(q.count);
      Value v = reaches ? Value(ConvOp::create(n.b, n.loc, tensorOf(part, element), n.in(0), flippedWeight(first, taps, strides), ones,
                                               padding, ones, group, "channels_first"))
                        : c.splat(0, element, part);
      kernel::GenericBuilder g(n.b, n.loc);
      auto d = g.parallels(part);
      SmallVector<AffineExpr> map{d[0], d[1]};
      for (size_t i = 0; i < k; ++i)
        map.push_back(d[i + 2] * strides[i] + p[i].offset);
      g.in(v, d);
      g.result(element, out, map, {}, y);
      y = g.build([](kernel::Scalars &r) -> SmallVector<Value> { return {r.in[0]}; })[0];
    }
  }
  if (n.has(2)) {
    if (failed(n.requireShape(n.in(2), {out[1]}, "bias")))
      return failure();
    y = c.add(y, c.along(n.in(2), 1, n.rank(0)));
  }
  n.out(0, y);
  return c.done();
}

} // namespace

INGOT_IMPORT("ConvTranspose", 1) { return ConvTranspose(n).run(); }

/// Every kernel position reads the image at a learned offset, bilinearly, times a mask.
INGOT_IMPORT("DeformConv", 19) {
  Value x = n.in(0), w = n.in(1), offset = n.in(2);
  if (n.rank(0) != 4 || n.rank(1) != 4 || n.rank(2) != 4)
    return n.refuse("needs images of two spatial dimensions", "reshape input, weight and offset to rank 4");
  Dims in = n.dims(0), wd = n.dims(1), od = n.dims(2);
  auto kernel = n.ints("kernel_shape");
  if (kernel.empty())
    for (int i = 2; i < 4; ++i)
      kernel.push_back(wd[i].constant().value_or(0));
  auto window = Window::of(n, ArrayRef<DimExpr>(in).drop_front(2), kernel);
  if (!window)
    return failure();
  int64_t group = n.i("group", 1), offsetGroups = n.i("offset_group", 1);
  auto channels = in[1].constant(), filters = wd[0].constant();
  if (!channels || !filters)
    return n.refuse("number of channels is not static", "fix it with --shape");
  if (group < 1 || offsetGroups < 1 || *channels % group || *filters % group || *channels % offsetGroups)
    return n.refuse("group or offset_group does not divide the channels", "correct the attributes");
  Dims offsets{in[0], offsetGroups * 2 * kernel[0] * kernel[1], window->out[0], window->out[1]};
  Dims mask{in[0], offsetGroups * kernel[0] * kernel[1], window->out[0], window->out[1]};
  if (failed(n.requireShape(w, {*filters, *channels / group, kernel[0], kernel[1]}, "weight")) ||
      failed(n.requireShape(offset, offsets, "offset")) || (n.has(4) && failed(n.requireShape(n.in(4), mask, "mask"))))
    return failure();
  int64_t inPer = *channels / group, outPer = *filters / group, perOffset = *channels / offsetGroups;
  Type element = n.element(0);
  DimExpr height = in[2], width = in[3];
  int64_t kh = kernel[0], kw = kernel[1];
  // First the sampled image columns (batch, channel, kh, kw, oh, ow), then an ordinary sum of products.
  Dims columns{in[0], in[1], kh, kw, window->out[0], window->out[1]};
  kernel::GenericBuilder g(n.b, n.loc);
  auto d = g.parallels(columns);
  auto offsetAt = [&](int64_t which) { // channel of the offset tensor
    return ((d[1].floorDiv(perOffset)) * (kh * kw) + d[2] * kw + d[3]) * 2 + which;
  };
  g.in(offset, {d[0], offsetAt(0), d[4], d[5]});
  g.in(offset, {d[0], offsetAt(1), d[4], d[5]});
  bool masked = n.has(4);
  if (masked)
    g.in(n.in(4), {d[0], (d[1].floorDiv(perOffset)) * (kh * kw) + d[2] * kw + d[3], d[4], d[5]});
  unsigned image = g.table(x);
  g.result(element, columns, d);
  Value sampled = g.build([&](kernel::Scalars &r) -> SmallVector<Value> {
    auto &s = r.s;
    ScalarBuilder ix(r.b, r.loc, r.b.getI64Type());
    Type f = r.in[0].getType();
    auto base = [&](int i) {
      Value v = ix.add(ix.mul(r.index(d[4 + i]), r.indexConst(window->strides[i])), ix.mul(r.index(d[2 + i]), r.indexConst(window->dilations[i])));
      return s.add(r.fromIndex(ix.sub(v, r.indexConst(window->pads[i])), f), r.in[i]);
    };
    Value y = base(0), xx = base(1), y0 = s.floor(y), x0 = s.floor(xx);
    Value fy = s.sub(y, y0), fx = s.sub(xx, x0), sum = s.constant(0);
    auto toIndex = [&](Value v) { // far outside stays outside
      v = s.clamp(v, s.constant(-2), s.constant(1 << 24));
      return r.toIndex(arith::FPToSIOp::create(r.b, r.loc, r.b.getI64Type(), v));
    };
    Value iy = toIndex(y0), jx = toIndex(x0), zero = r.indexConst(0);
    for (int a = 0; a < 2; ++a)
      for (int e = 0; e < 2; ++e) {
        Value py = ix.add(iy, r.indexConst(a)), px = ix.add(jx, r.indexConst(e));
        Value inside = ix.bitAnd(ix.bitAnd(ix.cmp(Cmp::GE, py, zero), ix.cmp(Cmp::LT, py, r.dim(height))),
                                 ix.bitAnd(ix.cmp(Cmp::GE, px, zero), ix.cmp(Cmp::LT, px, r.dim(width))));
        Value cy = ix.select(inside, py, zero), cx = ix.select(inside, px, zero);
        Value v = r.read(r.table[image], {r.index(d[0]), r.index(d[1]), cy, cx});
        Value weight = s.mul(a ? fy : s.sub(s.constant(1), fy), e ? fx : s.sub(s.constant(1), fx));
        sum = s.add(sum, s.select(inside, s.mul(v, weight), s.constant(0)));
      }
    return {masked ? s.mul(sum, r.in[2]) : sum};
  })[0];
  kernel::GenericBuilder p(n.b, n.loc);
  Dims out{in[0], *filters, window->out[0], window->out[1]};
  auto gr = p.parallel(group), batch = p.parallel(in[0]), oy = p.parallel(out[2]), ox = p.parallel(out[3]), m = p.parallel(outPer);
  auto ch = p.reduce(inPer), ky = p.reduce(kh), kx = p.reduce(kw);
  p.in(sampled, {batch, gr * inPer + ch, ky, kx, oy, ox});
  p.in(w, {gr * outPer + m, ch, ky, kx});
  p.result(element, out, {batch, gr * outPer + m, oy, ox}, p.number(0, element));
  Compose c(n);
  Value y = p.contract("bmmmnkkk");
  if (n.has(3))
    y = c.add(y, c.along(n.in(3), 1, 4));
  n.out(0, y);
  return c.done();
}
