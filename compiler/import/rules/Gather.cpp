//===- Gather.cpp - indexed reads and writes ---------------------------------------===//
#include "compiler/import/rules/Common.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace ingot;
using namespace ingot::nn;
using namespace ingot::rules;
using kernel::GenericBuilder;
using kernel::Scalars;

//===----------------------------------------------------------------------===//
// Gather
//===----------------------------------------------------------------------===//

static Value take(NodeImport &n, Value x, Value indices, int64_t axis) {
  Dims in = dimsOf(x), out(in.begin(), in.begin() + axis);
  llvm::append_range(out, dimsOf(indices));
  out.append(in.begin() + axis + 1, in.end());
  return GatherOp::create(n.b, n.loc, tensorOf(out, elementOf(x)), x, indices, axis);
}

INGOT_IMPORT("Gather", 1) {
  Dims in = n.dims(0);
  auto along = n.axis("axis", 0, in.size());
  if (!along)
    return failure();
  int64_t axis = *along;
  // One known index is a slice, which moves no other rows and needs no check.
  auto index = n.known(1);
  if (index && n.rank(1) == 0 && !knownInts(n.in(0))) {
    DimExpr i = (*index)[0];
    if (i.constant().value_or(0) < 0)
      i = i + in[axis];
    auto size = in[axis].constant();
    if (i.constant() && size && (*i.constant() < 0 || *i.constant() >= *size))
      return n.refuse("index " + i.str() + " is out of range");
    Dims starts(in.size()), one = in, out = in;
    starts[axis] = i;
    one[axis] = 1;
    out.erase(out.begin() + axis);
    Value s = n.b.createOrFold<SliceOp>(n.loc, tensorOf(one, n.element(0)), n.in(0), ShapeAttr::get(n.b.getContext(), starts),
                                        n.b.getDenseI64ArrayAttr(SmallVector<int64_t>(in.size(), 1)));
    n.out(0, n.reshapeTo(s, out));
    return success();
  }
  n.out(0, take(n, n.in(0), n.in(1), axis));
  return success();
}

INGOT_IMPORT("GatherElements", 11) {
  Dims in = n.dims(0), out = n.dims(1);
  auto along = n.axis("axis", 0, in.size());
  if (!along)
    return failure();
  int64_t axis = *along;
  if (out.size() != in.size())
    return n.refuse("needs indices of the input's rank", "reshape the indices");
  GenericBuilder g(n.b, n.loc);
  auto d = g.parallels(out);
  g.in(n.in(1), d);
  g.table(n.in(0));
  g.result(n.element(0), out, d);
  n.out(0, g.build([&](Scalars &r) -> SmallVector<Value> {
    SmallVector<Value> at;
    for (auto [k, e] : llvm::enumerate(d))
      at.push_back(int64_t(k) == axis ? wrapIndex(r, r.toIndex(r.in[0]), r.dim(in[axis])) : r.index(e));
    return {r.read(r.table[0], at)};
  })[0]);
  return success();
}

INGOT_IMPORT("GatherND", 11) {
  Dims in = n.dims(0), index = n.dims(1);
  int64_t batch = n.i("batch_dims", 0);
  if (index.empty() || batch < 0 || batch >= int64_t(std::min(in.size(), index.size())))
    return n.refuse("batch_dims is " + Twine(batch) + ", expected less than the ranks of input and indices", "correct the attribute");
  for (int64_t i = 0; i < batch; ++i)
    if (failed(n.requireEqual(in[i], index[i], "batch dimension " + Twine(i))))
      return failure();
  size_t rows = index.size() - 1;
  auto depth = index.back().constant();
  if (!depth)
    return n.refuse("the last dimension of the indices is not static", "fix it with --shape");
  if (*depth < 0 || batch + *depth > int64_t(in.size()))
    return n.refuse("an index has " + Twine(*depth) + " parts, the input " + Twine(in.size() - batch) + " dimensions", "correct the shape of the indices");
  Dims out(index.begin(), index.end() - 1);
  out.append(in.begin() + batch + *depth, in.end());
  n.out(0, pull(n, n.element(0), out, {n.in(0), n.in(1)}, [&](Scalars &r, ArrayRef<Value> at) {
    SmallVector<Value> from(at.take_front(batch)), row(at.take_front(rows));
    row.push_back({});
    for (int64_t k = 0; k < *depth; ++k) {
      row.back() = r.indexConst(k);
      from.push_back(wrapIndex(r, r.toIndex(r.read(r.table[1], row)), r.dim(in[batch + k])));
    }
    llvm::append_range(from, at.drop_front(rows));
    return r.read(r.table[0], from);
  }));
  return success();
}

//===----------------------------------------------------------------------===//
// Scatter: the places written are data, so no loop nest over the result can say it
//===----------------------------------------------------------------------===//

/// Updates have the indices' rows and what of the input a row does not index.
static LogicalResult checkScatterND(NodeImport &n) {
  Dims in = n.dims(0), index = n.dims(1);
  auto depth = index.empty() ? std::nullopt : index.back().constant();
  if (!depth)
    return n.refuse("the last dimension of the indices is not static", "fix it with --shape");
  if (*depth < 0 || *depth > int64_t(in.size()))
    return n.refuse("an index has " + Twine(*depth) + " parts, the input " + Twine(in.size()) + " dimensions", "correct the shape of the indices");
  Dims updates(index.begin(), index.end() - 1);
  updates.append(in.begin() + *depth, in.end());
  return n.requireShape(n.in(2), updates, "updates");
}

static LogicalResult scatter(NodeImport &n, StringRef callee, bool hasAxis) {
  StringRef reduction = n.s("reduction", "none");
  static const StringRef kinds[] = {"none", "add", "mul", "max", "min"};
  auto kind = llvm::find(kinds, reduction);
  if (kind == std::end(kinds))
    return n.refuse("reduction '" + reduction + "' is not known");
  Type element = n.element(0);
  bool numeric = element.isF32() || element.isF64() || element.isF16() || element.isBF16() || isa<IntegerType>(element);
  const ElementType *type = elementTypeOf(element);
  if (type && type->bits < 8)
    return n.refuse("packed elements cannot be scattered", "cast to an 8-bit type before and back after");
  if (reduction != "none" && !numeric)
    return n.refuse("reductions of this element type are not supported", "cast to f32 before and back after");
  SmallVector<NamedAttribute> params{n.b.getNamedAttr("reduction", n.b.getI64IntegerAttr(kind - std::begin(kinds)))};
  if (hasAxis) {
    auto axis = n.axis("axis", 0, n.rank(0));
    if (!axis || failed(n.requireShape(n.in(2), n.dims(1), "updates")))
      return failure();
    if (n.rank(1) != n.rank(0))
      return n.refuse("needs indices of the input's rank", "reshape the indices");
    params.push_back(n.b.getNamedAttr("axis", n.b.getI64IntegerAttr(*axis)));
  } else if (failed(checkScatterND(n))) {
    return failure();
  }
  n.out(0, n.call(callee, {n.in(0), n.in(1), n.in(2)}, n.in(0).getType(), n.b.getDictionaryAttr(params)));
  return success();
}
INGOT_IMPORT("Scatter", 9) { return scatter(n, "scatter_elements", true); }
INGOT_IMPORT("ScatterElements", 11) { return scatter(n, "scatter_elements", true); }
INGOT_IMPORT("ScatterND", 11) { return scatter(n, "scatter_nd", false); }

/// New entries of a cache, for each row of the batch at a place of its own: an element is the update's if its distance from that
/// place lies within the update.
INGOT_IMPORT("TensorScatter", 24) {
  Value cache = n.in(0), update = n.in(1);
  Dims dims = n.dims(0), from = n.dims(1);
  auto along = n.axis("axis", -2, dims.size());
  if (!along)
    return failure();
  int64_t axis = *along;
  bool circular = n.s("mode", "linear") == "circular";
  if (axis < 1)
    return n.refuse("the axis of the cache must be behind the batch");
  SmallVector<Value> tables{cache, update};
  if (n.has(2))
    tables.push_back(n.in(2));
  n.out(0, pull(n, n.element(0), dims, tables, [&](Scalars &r, ArrayRef<Value> at) {
    auto ix = indexMath(r);
    Value size = r.dim(dims[axis]), length = r.dim(from[axis]), zero = r.indexConst(0);
    Value k = n.has(2) ? ix.sub(at[axis], readIndex(r, r.table[2], at[0])) : at[axis];
    if (circular)
      k = ix.mod(k, size);
    Value inside = ix.bitAnd(ix.cmp(Cmp::GE, k, zero), ix.cmp(Cmp::LT, k, length));
    SmallVector<Value> place(at);
    place[axis] = ix.select(inside, k, zero);
    return r.s.select(inside, r.read(r.table[1], place), r.read(r.table[0], at));
  }));
  return success();
}

//===----------------------------------------------------------------------===//
// NonZero, Compress
//===----------------------------------------------------------------------===//

/// Indices of the elements that are not zero, [rank, count]; the count is a symbol bound to what the template found.
static Value nonZero(NodeImport &n, Value x) {
  Type i64 = n.b.getI64Type();
  DimExpr count = DimExpr::symbol(n.freshSymbol("nonzero"));
  Type types[] = {tensorOf({DimExpr(rankOf(x)), count}, i64), tensorOf({DimExpr(1)}, i64)};
  auto call = CallOp::create(n.b, n.loc, types, n.b.getStringAttr("nonzero"), x, n.b.getDictionaryAttr({}));
  n.bindSlot(count, call->getResult(1), product(dimsOf(x)));
  return call->getResult(0);
}

INGOT_IMPORT("NonZero", 9) {
  n.out(0, nonZero(n, n.in(0)));
  return success();
}

INGOT_IMPORT("Compress", 9) {
  Value x = n.in(0);
  std::optional<int64_t> along = 0;
  if (n.hasAttr("axis"))
    along = n.axis("axis", 0, n.rank(0));
  else
    x = n.reshapeTo(x, {product(n.dims(0))});
  if (!along)
    return failure();
  Value where = nonZero(n, n.in(1));
  n.out(0, take(n, x, n.reshapeTo(where, {dimsOf(where)[1]}), *along));
  return success();
}
