//===- Slice.cpp - Concat, Split, Slice, Pad and their kin -------------------------===//
#include "compiler/import/rules/Common.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace ingot;
using namespace ingot::nn;
using namespace ingot::rules;
using kernel::GenericBuilder;
using kernel::Scalars;

//===----------------------------------------------------------------------===//
// Concat, Split
//===----------------------------------------------------------------------===//

INGOT_IMPORT("Concat", 1) {
  auto along = n.axis("axis", 1, n.rank(0));
  if (!along)
    return failure();
  int64_t axis = *along;
  Dims out = n.dims(0);
  for (unsigned k = 1; k < n.numInputs(); ++k) {
    Dims d = n.dims(k);
    if (d.size() != out.size())
      return n.refuse("inputs have different ranks", "reshape them to one rank");
    for (size_t i = 0; i < d.size(); ++i) {
      if (int64_t(i) == axis)
        out[i] = out[i] + d[i];
      else if (failed(n.requireEqual(out[i], d[i], "dimension " + Twine(i) + " of the inputs")))
        return failure();
      else if (d[i].constant())
        out[i] = d[i];
    }
  }
  if (n.numInputs() == 1)
    n.out(0, n.in(0));
  else
    n.out(0, ConcatOp::create(n.b, n.loc, tensorOf(out, n.element(0)), n.inputs, axis));
  return success();
}

/// input[…, start : start + size, …] along one axis.
static Value sliceAxis(NodeImport &n, Value v, int64_t axis, const DimExpr &start, const DimExpr &size) {
  Dims out = dimsOf(v), starts(out.size());
  starts[axis] = start;
  out[axis] = size;
  SmallVector<int64_t> steps(out.size(), 1);
  return n.b.createOrFold<SliceOp>(n.loc, tensorOf(out, elementOf(v)), v, ShapeAttr::get(n.b.getContext(), starts),
                                   n.b.getDenseI64ArrayAttr(steps));
}

INGOT_IMPORT("Split", 1) {
  auto along = n.axis("axis", 0, n.rank(0));
  if (!along)
    return failure();
  int64_t axis = *along;
  DimExpr size = n.dims(0)[axis];
  int64_t parts = n.numOutputs();
  Dims sizes;
  if (n.hasAttr("split")) {
    for (int64_t s : n.ints("split"))
      sizes.push_back(s);
  } else if (n.has(1)) {
    bool hinted = true;
    for (int64_t i = 0; i < parts; ++i)
      hinted &= staticHint(n, i).has_value();
    if (auto s = n.known(1))
      sizes = *s;
    else if (hinted)
      for (int64_t i = 0; i < parts; ++i)
        sizes.push_back((*staticHint(n, i))[axis]);
    else if (auto r = n.runtime(1, "split"))
      sizes = *r;
  } else { // equal parts, the last one smaller
    DimExpr part = DimExpr::ceilDiv(size, parts);
    bool even = DimExpr::divideExactly(size, parts).has_value();
    for (int64_t i = 0; i < parts; ++i)
      sizes.push_back(even ? part : DimExpr::min(part, DimExpr::max(size - part * DimExpr(i), 0)));
  }
  if (int64_t(sizes.size()) != parts)
    return n.refuse("the sizes of the parts are not known, or not as many as outputs", "make the split constant, one size for each output");
  DimExpr total;
  for (const DimExpr &s : sizes)
    total = total + s;
  if (failed(n.requireEqual(size, total, "the sum of the parts")))
    return failure();
  DimExpr start;
  for (int64_t i = 0; i < parts; ++i) {
    n.out(i, sliceAxis(n, n.in(0), axis, start, sizes[i]));
    start = start + sizes[i];
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Slice
//===----------------------------------------------------------------------===//

/// A Python index into a dimension of size d: counted from the end if negative, then clamped to [low, high].
static DimExpr normalise(const DimExpr &v, const DimExpr &d, const DimExpr &low, const DimExpr &high) {
  const int64_t huge = INT32_MAX;
  if (auto c = v.constant()) {
    if (*c >= huge)
      return high;
    if (*c <= -huge)
      return low;
  }
  DimExpr at = v;
  if ((DimExpr(-1) - v).isNonNegative())
    at = v + d;
  else if (!v.isNonNegative()) // the sign is known at run time only
    at = v + d * DimExpr::min(1, DimExpr::max(0, DimExpr(0) - v));
  return DimExpr::max(DimExpr::min(at, high), low);
}

namespace {
struct SliceBounds {
  Dims starts, lengths;
};
} // namespace

static SliceBounds sliceBounds(const DimExpr &d, const DimExpr &start, const DimExpr &end, int64_t step) {
  SliceBounds b;
  if (step > 0) {
    DimExpr s = normalise(start, d, 0, d), e = normalise(end, d, 0, d);
    b.starts.push_back(s);
    b.lengths.push_back(DimExpr::max(DimExpr::ceilDiv(e - s, step), 0));
  } else {
    DimExpr s = normalise(start, d, 0, d - 1), e = normalise(end, d, -1, d - 1);
    b.starts.push_back(s);
    // Where there is no element to start at, the clamped bounds are still one apart.
    b.lengths.push_back(DimExpr::min(DimExpr::max(DimExpr::ceilDiv(s - e, -step), 0), DimExpr::ceilDiv(d, -step)));
  }
  return b;
}

/// Slice whose starts, ends, axes or steps are known at run time only. One kernel computes, per dimension, the clamped start,
/// the length and the step; lengths (and, for constant steps, starts) become symbols.
static LogicalResult sliceAtRunTime(NodeImport &n) {
  Dims in = n.dims(0);
  unsigned rank = in.size();
  auto count = cast<RankedTensorType>(n.in(1).getType());
  if (!count.hasStaticShape())
    return n.refuse("the number of sliced axes is not known", "export the model with starts and ends of static length");
  unsigned entries = count.getNumElements();
  SmallVector<Value> tables{n.in(1), n.in(2)};
  if (n.has(3))
    tables.push_back(n.in(3));
  unsigned stepAt = tables.size();
  if (n.has(4))
    tables.push_back(n.in(4));
  // Elements: starts, then lengths, then steps.
  Value plan = computeInts(n, tables, 3 * rank, [&](Scalars &r, unsigned k) -> Value {
    auto ix = indexMath(r);
    unsigned dim = k % rank;
    Value d = r.dim(in[dim]), zero = r.indexConst(0), one = r.indexConst(1), minus = r.indexConst(-1);
    Value start = zero, end = d, step = one;
    for (unsigned j = 0; j < entries; ++j) {
      Value here = arith::ConstantOp::create(r.b, r.loc, r.b.getBoolAttr(j == dim));
      if (n.has(3)) {
        Value a = readIndex(r, r.table[2], j);
        a = ix.select(ix.cmp(Cmp::LT, a, zero), ix.add(a, r.indexConst(rank)), a);
        here = ix.cmp(Cmp::EQ, a, r.indexConst(dim));
      }
      start = ix.select(here, readIndex(r, r.table[0], j), start);
      end = ix.select(here, readIndex(r, r.table[1], j), end);
      if (n.has(4))
        step = ix.select(here, readIndex(r, r.table[stepAt], j), step);
    }
    step = ix.select(ix.cmp(Cmp::EQ, step, zero), one, step);
    Value back = ix.cmp(Cmp::LT, step, zero);
    auto fromEnd = [&](Value v) { return ix.select(ix.cmp(Cmp::LT, v, zero), ix.add(v, d), v); };
    Value top = ix.select(back, ix.sub(d, one), d);
    start = ix.max(ix.min(fromEnd(start), top), zero);
    end = ix.max(ix.min(fromEnd(end), top), ix.select(back, minus, zero));
    if (k < rank)
      return start;
    if (k >= 2 * rank)
      return step;
    Value span = ix.select(back, ix.sub(start, end), ix.sub(end, start)), pace = ix.abs(step);
    auto stepsIn = [&](Value distance) { return ix.div(ix.add(distance, ix.sub(pace, one)), pace); };
    return ix.min(ix.max(stepsIn(span), zero), stepsIn(d)); // an empty dimension has no element to start at
  });
  Dims out;
  if (auto h = staticHint(n, 0))
    out = *h;
  else
    for (unsigned k = 0; k < rank; ++k)
      out.push_back(n.bind(plan, rank + k, "slice"));
  auto axes = n.has(3) ? n.constants(3) : std::nullopt;
  auto steps = n.has(4) ? n.constants(4) : std::optional(SmallVector<int64_t>(entries, 1));
  if (steps && llvm::all_equal(*steps) && (*steps)[0] == 1) { // the usual case
    Dims starts;
    for (unsigned k = 0; k < rank; ++k)
      starts.push_back(axes && !llvm::is_contained(*axes, int64_t(k)) && !llvm::is_contained(*axes, int64_t(k) - int64_t(rank))
                           ? DimExpr(0)
                           : n.bind(plan, k, "start"));
    n.out(0, SliceOp::create(n.b, n.loc, tensorOf(out, n.element(0)), n.in(0), ShapeAttr::get(n.b.getContext(), starts),
                             n.b.getDenseI64ArrayAttr(SmallVector<int64_t>(rank, 1))));
    return success();
  }
  n.out(0, pull(n, n.element(0), out, {n.in(0), plan}, [&](Scalars &r, ArrayRef<Value> at) {
    auto ix = indexMath(r);
    SmallVector<Value> from;
    for (unsigned k = 0; k < rank; ++k) {
      Value i = ix.add(readIndex(r, r.table[1], k), ix.mul(at[k], readIndex(r, r.table[1], 2 * rank + k)));
      from.push_back(ix.max(r.indexConst(0), ix.min(i, ix.sub(r.dim(in[k]), r.indexConst(1)))));
    }
    return r.read(r.table[0], from);
  }));
  return success();
}

INGOT_IMPORT("Slice", 1) {
  Dims in = n.dims(0), out = in, starts(in.size());
  std::optional<Dims> from, to;
  std::optional<SmallVector<int64_t>> axes, by;
  auto list = [](ArrayRef<int64_t> v) { return Dims(v.begin(), v.end()); };
  if (n.since < 10) {
    from = list(n.ints("starts"));
    to = list(n.ints("ends"));
    if (n.hasAttr("axes"))
      axes = n.ints("axes");
  } else {
    from = n.known(1);
    to = n.known(2);
    if (n.has(3))
      axes = n.constants(3);
    if (n.has(4))
      by = n.constants(4);
    if (!from || !to || (n.has(3) && !axes) || (n.has(4) && !by))
      return sliceAtRunTime(n);
  }
  SmallVector<int64_t> steps(in.size(), 1);
  if (!axes)
    axes = llvm::to_vector(llvm::seq<int64_t>(0, from->size()));
  axes = n.axes(*axes, in.size());
  if (!axes)
    return failure();
  if (to->size() != from->size() || axes->size() != from->size() || (by && by->size() != from->size()))
    return n.refuse("starts, ends, axes and steps have different lengths", "give one number of each per sliced axis");
  for (size_t k = 0; k < from->size(); ++k) {
    int64_t axis = (*axes)[k], step = by ? (*by)[k] : 1;
    if (step == 0)
      return n.refuse("a step is 0", "use a positive or a negative step");
    SliceBounds b = sliceBounds(in[axis], (*from)[k], (*to)[k], step);
    starts[axis] = b.starts[0];
    out[axis] = b.lengths[0];
    steps[axis] = step;
  }
  n.out(0, n.b.createOrFold<SliceOp>(n.loc, tensorOf(out, n.element(0)), n.in(0), ShapeAttr::get(n.b.getContext(), starts),
                                     n.b.getDenseI64ArrayAttr(steps)));
  return success();
}

//===----------------------------------------------------------------------===//
// Pad, CenterCropPad
//===----------------------------------------------------------------------===//

static Value pad(NodeImport &n, Value x, Value value, ArrayRef<DimExpr> begins, ArrayRef<DimExpr> out, StringRef mode) {
  return n.b.createOrFold<PadOp>(n.loc, tensorOf(out, elementOf(x)), x, value, ShapeAttr::get(n.b.getContext(), begins),
                                 n.b.getStringAttr(mode));
}

/// Pads known at run time only.
static LogicalResult padAtRunTime(NodeImport &n, Value value, StringRef mode) {
  Dims in = n.dims(0), out;
  unsigned rank = in.size();
  auto type = cast<RankedTensorType>(n.in(1).getType());
  if (!type.hasStaticShape())
    return n.refuse("the number of pads is not known", "export the model with pads of static length");
  unsigned entries = type.getNumElements() / 2;
  SmallVector<Value> tables{n.in(1)};
  if (n.has(3))
    tables.push_back(n.in(3));
  // Elements: begins, then sizes.
  Value plan = computeInts(n, tables, 2 * rank, [&](Scalars &r, unsigned k) -> Value {
    auto ix = indexMath(r);
    unsigned dim = k % rank;
    Value zero = r.indexConst(0), begin = zero, end = zero;
    for (unsigned j = 0; j < entries; ++j) {
      Value here = arith::ConstantOp::create(r.b, r.loc, r.b.getBoolAttr(j == dim));
      if (n.has(3)) {
        Value a = readIndex(r, r.table[1], j);
        a = ix.select(ix.cmp(Cmp::LT, a, zero), ix.add(a, r.indexConst(rank)), a);
        here = ix.cmp(Cmp::EQ, a, r.indexConst(dim));
      }
      begin = ix.select(here, readIndex(r, r.table[0], j), begin);
      end = ix.select(here, readIndex(r, r.table[0], j + entries), end);
    }
    return k < rank ? begin : ix.max(ix.add(r.dim(in[dim]), ix.add(begin, end)), zero);
  });
  if (auto h = staticHint(n, 0))
    out = *h;
  else
    for (unsigned k = 0; k < rank; ++k)
      out.push_back(n.bind(plan, rank + k, "padded"));
  SmallVector<Value> operands{n.in(0), plan};
  if (value)
    operands.push_back(value);
  n.out(0, pull(n, n.element(0), out, operands, [&](Scalars &r, ArrayRef<Value> at) {
    SmallVector<Value> begins;
    for (unsigned k = 0; k < rank; ++k)
      begins.push_back(readIndex(r, r.table[1], k));
    return padElement(r, r.table[0], value ? r.table[2] : Value(), at, begins, in, mode);
  }));
  return success();
}

INGOT_IMPORT("Pad", 1) {
  Dims in = n.dims(0), out = in, begins(in.size());
  StringRef mode = n.s("mode", "constant");
  if (mode != "constant" && mode != "edge" && mode != "reflect" && mode != "wrap")
    return n.refuse("mode '" + mode + "' is not known");
  Value value = n.in(2);
  std::optional<Dims> pads;
  std::optional<SmallVector<int64_t>> axes;
  if (n.since < 11) {
    SmallVector<int64_t> p = n.ints(n.since < 2 ? "paddings" : "pads");
    pads = Dims(p.begin(), p.end());
    if (n.f("value") != 0)
      value = splat(n.b, n.loc, n.f("value"), n.element(0));
  } else {
    pads = n.known(1);
    if (n.has(3))
      axes = n.constants(3);
    if (value)
      value = n.reshapeTo(value, {});
    if (knownNumber(value) == 0.0 && !std::signbit(*knownNumber(value)))
      value = Value();
  }
  if (!value && isa<StringType>(n.element(0)))
    return n.refuse("strings cannot be padded without a value");
  if (mode != "constant")
    value = Value();
  if (!pads || (n.has(3) && !axes))
    return padAtRunTime(n, value, mode);
  size_t entries = pads->size() / 2;
  if (!axes)
    axes = llvm::to_vector(llvm::seq<int64_t>(0, in.size()));
  axes = n.axes(*axes, in.size());
  if (!axes)
    return failure();
  if (pads->size() != 2 * axes->size())
    return n.refuse("has " + Twine(pads->size()) + " pads for " + Twine(axes->size()) + " axes", "give a begin and an end for each axis");
  for (size_t k = 0; k < entries; ++k) {
    int64_t axis = (*axes)[k];
    begins[axis] = (*pads)[k];
    out[axis] = in[axis] + (*pads)[k] + (*pads)[k + entries];
  }
  n.out(0, pad(n, n.in(0), value, begins, out, mode));
  return success();
}

INGOT_IMPORT("CenterCropPad", 18) {
  Dims in = n.dims(0), out = in, begins(in.size());
  auto axes = n.axes(n.ints("axes", llvm::to_vector(llvm::seq<int64_t>(0, in.size()))), in.size());
  if (!axes)
    return failure();
  auto shape = n.known(1);
  if (shape && shape->size() != axes->size())
    return n.refuse("shape has not one number for each axis", "give one size for each axis");
  for (auto [k, axis] : llvm::enumerate(*axes)) {
    if (shape)
      out[axis] = (*shape)[k];
    else if (auto h = staticHint(n, 0))
      out[axis] = (*h)[axis];
    else
      return n.refuse("the target shape is computed at run time", "make the shape constant");
    DimExpr grow = out[axis] - in[axis], shrink = in[axis] - out[axis];
    if (grow.isNonNegative())
      begins[axis] = DimExpr::floorDiv(grow, 2);
    else if (shrink.isNonNegative())
      begins[axis] = DimExpr(0) - DimExpr::floorDiv(shrink, 2);
    else
      return n.refuse("whether dimension " + Twine(axis) + " is cropped or padded is not known", "fix the size with --dim or --shape");
  }
  n.out(0, pad(n, n.in(0), Value(), begins, out, "constant"));
  return success();
}

//===----------------------------------------------------------------------===//
// ReverseSequence, Trilu
//===----------------------------------------------------------------------===//

INGOT_IMPORT("ReverseSequence", 10) {
  auto batchAxis = n.axis("batch_axis", 1, n.rank(0)), timeAxis = n.axis("time_axis", 0, n.rank(0));
  if (!batchAxis || !timeAxis)
    return failure();
  int64_t batch = *batchAxis, time = *timeAxis;
  Dims dims = n.dims(0);
  if (failed(n.requireShape(n.in(1), {dims[batch]}, "sequence_lens")))
    return failure();
  n.out(0, pull(n, n.element(0), dims, {n.in(0), n.in(1)}, [&](Scalars &r, ArrayRef<Value> at) {
    auto ix = indexMath(r);
    Value length = ix.min(readIndex(r, r.table[1], at[batch]), r.dim(dims[time])), t = at[time];
    SmallVector<Value> from(at);
    from[time] = ix.select(ix.cmp(Cmp::LT, t, length), ix.sub(ix.sub(length, t), r.indexConst(1)), t);
    return r.read(r.table[0], from);
  }));
  return success();
}

INGOT_IMPORT("Trilu", 14) {
  bool upper = n.i("upper", 1);
  Dims dims = n.dims(0);
  if (dims.size() < 2)
    return n.refuse("needs matrices", "give the input a rank of 2 or more");
  GenericBuilder g(n.b, n.loc);
  auto d = g.parallels(dims);
  auto known = n.has(1) ? n.constants(1) : std::optional(SmallVector<int64_t>{0});
  g.in(n.in(0), d);
  if (!known)
    g.table(n.in(1));
  g.result(n.element(0), dims, d);
  n.out(0, g.build([&](Scalars &r) -> SmallVector<Value> {
    auto ix = indexMath(r);
    Value k = known ? r.indexConst((*known)[0]) : readIndex(r, r.table[0]);
    Value offset = ix.sub(r.index(d.back()), r.index(d[d.size() - 2]));
    return {r.s.select(ix.cmp(upper ? Cmp::GE : Cmp::LE, offset, k), r.in[0], r.s.constant(0))};
  })[0]);
  return success();
}
