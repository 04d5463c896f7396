//===- Reshape.cpp - operators that rename or permute dimensions -----------------===//
#include "compiler/import/rules/Common.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace ingot;
using namespace ingot::nn;
using namespace ingot::rules;
using kernel::Scalars;

/// Axes from an attribute or input k, counted from the front and sorted; nothing if they are known only at run time, or after a refusal.
static std::optional<SmallVector<int64_t>> axesOf(NodeImport &n, unsigned k, int64_t rank) {
  auto given = n.has(k) ? n.constants(k) : n.ints("axes");
  auto axes = given ? n.axes(*given, rank) : std::nullopt;
  if (axes)
    llvm::sort(*axes);
  return axes;
}

//===----------------------------------------------------------------------===//
// Reshape, Flatten, Squeeze, Unsqueeze
//===----------------------------------------------------------------------===//

/// Replaces 0 (keep) and -1 (the rest) in a target shape.
static std::optional<Dims> resolve(ArrayRef<DimExpr> in, ArrayRef<DimExpr> target, bool allowZero) {
  Dims out;
  DimExpr rest(1);
  int hole = -1;
  for (auto [i, t] : llvm::enumerate(target)) {
    out.push_back(t.isConstant(0) && !allowZero && i < in.size() ? in[i] : t);
    if (t.isConstant(-1)) {
      if (hole >= 0)
        return std::nullopt;
      hole = i;
    } else {
      rest = rest * out.back();
    }
  }
  if (hole >= 0) {
    DimExpr total = product(in);
    if (rest.isConstant(0)) // an empty tensor: nothing is left over
      out[hole] = 0;
    else if (auto q = DimExpr::divideExactly(total, rest))
      out[hole] = *q;
    else
      out[hole] = DimExpr::floorDiv(total, rest);
  }
  return out;
}

INGOT_IMPORT("Reshape", 1) {
  Value x = n.in(0);
  Dims in = n.dims(0);
  bool allowZero = n.i("allowzero");
  std::optional<Dims> target;
  if (n.hasAttr("shape")) {
    target.emplace();
    for (int64_t d : n.ints("shape"))
      target->push_back(d);
  } else {
    target = n.known(1);
  }
  std::optional<Dims> out;
  if (target) {
    out = resolve(in, *target, allowZero);
    if (!out)
      return n.refuse("the target shape has two dimensions of -1", "state all sizes but one");
    for (const DimExpr &d : *out)
      if (auto c = d.constant(); c && *c < 0)
        return n.refuse("the target shape has a dimension of " + Twine(*c), "use sizes, 0 (keep) or -1 (the rest)");
  } else if (auto h = staticHint(n, 0)) {
    out = h;
  } else {
    auto type = cast<RankedTensorType>(n.in(1).getType());
    if (!type.hasStaticShape())
      return n.refuse("the rank of the result is not known", "export the model with a shape input of static length");
    unsigned rank = type.getNumElements();
    Value dims = computeInts(n, n.in(1), rank, [&](Scalars &r, unsigned k) -> Value {
      auto ix = indexMath(r);
      Value zero = r.indexConst(0), one = r.indexConst(1);
      auto entry = [&](unsigned j) {
        Value t = readIndex(r, r.table[0], j);
        if (!allowZero && j < in.size())
          t = ix.select(ix.cmp(Cmp::EQ, t, zero), r.dim(in[j]), t);
        return t;
      };
      Value others = one;
      for (unsigned j = 0; j < rank; ++j)
        if (j != k)
          others = ix.mul(others, ix.max(entry(j), zero));
      Value t = entry(k);
      return ix.select(ix.cmp(Cmp::LT, t, zero), ix.div(r.dim(product(in)), others), t);
    });
    out = bindAll(n, dims, "shape");
  }
  n.out(0, n.reshapeTo(x, *out));
  return success();
}

INGOT_IMPORT("Flatten", 1) {
  Dims in = n.dims(0);
  ArrayRef<DimExpr> d(in);
  int64_t rank = in.size(), given = n.i("axis", 1);
  auto axis = given == rank ? given : n.axis(given, rank); // behind the last dimension, too
  if (!axis)
    return failure();
  n.out(0, n.reshapeTo(n.in(0), {product(d.take_front(*axis)), product(d.drop_front(*axis))}));
  return success();
}

static LogicalResult reshapeToHint(NodeImport &n) {
  auto h = staticHint(n, 0);
  if (!h)
    return n.refuse("axes are computed at run time", "make the axes constant");
  n.out(0, n.reshapeTo(n.in(0), *h));
  return success();
}

INGOT_IMPORT("Squeeze", 1) {
  Dims in = n.dims(0), out;
  auto axes = axesOf(n, 1, in.size());
  if (!axes)
    return n.refused() ? failure() : reshapeToHint(n);
  bool all = !n.has(1) && !n.hasAttr("axes");
  for (const DimExpr &d : in)
    if (all && !d.constant())
      return n.refuse("names no axes, so that the rank of its result depends on whether " + d.str() + " is 1",
                      "fix that size with --dim or --shape, or export the model with axes");
  for (int64_t a : *axes)
    if (failed(n.requireEqual(in[a], 1, "squeezed dimension " + Twine(a))))
      return failure();
  for (auto [i, d] : llvm::enumerate(in))
    if (all ? !d.isConstant(1) : !llvm::is_contained(*axes, int64_t(i)))
      out.push_back(d);
  n.out(0, nn::reshapeTo(n.b, n.loc, n.in(0), out)); // what is left out is 1
  return success();
}

INGOT_IMPORT("Unsqueeze", 1) {
  Dims out = n.dims(0);
  int64_t extra = n.has(1) ? cast<RankedTensorType>(n.in(1).getType()).getNumElements() : n.ints("axes").size();
  auto axes = axesOf(n, 1, int64_t(out.size()) + extra);
  if (!axes)
    return n.refused() ? failure() : reshapeToHint(n);
  for (int64_t a : *axes)
    out.insert(out.begin() + a, DimExpr(1));
  n.out(0, n.reshapeTo(n.in(0), out));
  return success();
}

//===----------------------------------------------------------------------===//
// Transpose, DepthToSpace, SpaceToDepth
//===----------------------------------------------------------------------===//

INGOT_IMPORT("Transpose", 1) {
  SmallVector<int64_t> perm;
  for (int64_t i = n.rank(0); i-- > 0;)
    perm.push_back(i);
  auto order = n.axes(n.ints("perm", perm), n.rank(0));
  if (!order)
    return failure();
  if (int64_t(order->size()) != n.rank(0))
    return n.refuse("perm has " + Twine(order->size()) + " axes, the input " + Twine(n.rank(0)), "name every axis once in perm");
  n.out(0, transposeBy(n.b, n.loc, n.in(0), *order));
  return success();
}

/// Reshape, transpose, reshape.
static Value shuffle(NodeImport &n, ArrayRef<DimExpr> split, ArrayRef<int64_t> perm, ArrayRef<DimExpr> out) {
  Value v = n.reshapeTo(n.in(0), split);
  return n.reshapeTo(transposeBy(n.b, n.loc, v, perm), out);
}

INGOT_IMPORT("DepthToSpace", 1) {
  if (n.rank(0) != 4)
    return n.refuse("needs a tensor of rank 4", "reshape the input to batch, channels, height, width");
  Dims d = n.dims(0);
  if (n.i("blocksize") < 1)
    return n.refuse("blocksize is " + Twine(n.i("blocksize")), "use a blocksize of 1 or more");
  DimExpr b = n.i("blocksize");
  auto c = DimExpr::divideExactly(d[1], b * b);
  if (!c)
    return n.refuse("channels are not a multiple of blocksize squared", "fix the number of channels with --shape");
  Dims out{d[0], *c, d[2] * b, d[3] * b};
  if (n.s("mode", "DCR") == "DCR")
    n.out(0, shuffle(n, {d[0], b, b, *c, d[2], d[3]}, {0, 3, 4, 1, 5, 2}, out));
  else
    n.out(0, shuffle(n, {d[0], *c, b, b, d[2], d[3]}, {0, 1, 4, 2, 5, 3}, out));
  return success();
}
INGOT_IMPORT("SpaceToDepth", 1) {
  if (n.rank(0) != 4)
    return n.refuse("needs a tensor of rank 4", "reshape the input to batch, channels, height, width");
  Dims d = n.dims(0);
  if (n.i("blocksize") < 1)
    return n.refuse("blocksize is " + Twine(n.i("blocksize")), "use a blocksize of 1 or more");
  DimExpr b = n.i("blocksize"), h = DimExpr::floorDiv(d[2], b), w = DimExpr::floorDiv(d[3], b);
  bool depthFirst = n.s("mode", "DCR") == "DCR";
  SmallVector<int64_t> perm = depthFirst ? SmallVector<int64_t>{0, 3, 5, 1, 2, 4} : SmallVector<int64_t>{0, 1, 3, 5, 2, 4};
  n.out(0, shuffle(n, {d[0], d[1], h, b, w, b}, perm, {d[0], d[1] * b * b, h, w}));
  return success();
}

//===----------------------------------------------------------------------===//
// Expand, Tile
//===----------------------------------------------------------------------===//

INGOT_IMPORT("Expand", 8) {
  auto shape = n.known(1);
  std::optional<Dims> out;
  if (!shape)
    out = staticHint(n, 0);
  if (!out && !shape)
    shape = n.runtime(1, "size");
  if (!out && shape)
    out = n.broadcastDims(n.dims(0), *shape);
  if (!out)
    return n.refuse("cannot be expanded to that shape", "give the shape input a static length and sizes that numpy would broadcast");
  n.out(0, n.broadcastTo(n.in(0), *out));
  return success();
}

/// A repeated dimension becomes two, the outer one broadcast: [d] -> [1, d] -> [repeats, d] -> [repeats * d].
static LogicalResult tile(NodeImport &n, ArrayRef<DimExpr> repeats) {
  Dims in = n.dims(0), split, wide, out;
  if (repeats.size() != in.size())
    return n.refuse("needs one repeat per dimension");
  for (auto [d, r] : llvm::zip(in, repeats)) {
    out.push_back(d * r);
    if (!r.isConstant(1) && !d.isConstant(1)) {
      split.push_back(1);
      wide.push_back(r);
    }
    split.push_back(d);
    wide.push_back(d.isConstant(1) ? r : d);
  }
  Value v = n.broadcastTo(n.reshapeTo(n.in(0), split), wide);
  n.out(0, n.reshapeTo(v, out));
  return success();
}
INGOT_IMPORT("Tile", 1) { // (input, tiles, axis)
  auto tiles = n.runtime(1, "repeat");
  auto given = n.constants(2);
  if (!tiles || !given || tiles->size() != 1 || given->size() != 1)
    return n.refuse("needs one number of tiles and a constant axis", "export the model with opset 6 or later");
  auto axis = n.axis((*given)[0], n.rank(0));
  if (!axis)
    return failure();
  Dims repeats(n.rank(0), DimExpr(1));
  repeats[*axis] = (*tiles)[0];
  return tile(n, repeats);
}
INGOT_IMPORT("Tile", 6) {
  if (auto known = n.known(1))
    return tile(n, *known);
  Dims in = n.dims(0), repeats;
  if (auto h = staticHint(n, 0); h && h->size() == in.size()) {
    for (auto [d, o] : llvm::zip(in, *h)) {
      auto q = DimExpr::divideExactly(o, d);
      if (!q)
        break;
      repeats.push_back(*q);
    }
    if (repeats.size() == in.size())
      return tile(n, repeats);
  }
  auto r = n.runtime(1, "repeat");
  if (!r)
    return n.refuse("the number of repeats is not static", "export the model with a repeats input of static length");
  return tile(n, *r);
}
