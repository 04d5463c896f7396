//===- Movement.cpp - operators that move elements --------------------------------===//
#include "dialects/kernel/Builders.h"

using namespace mlir;
namespace ingot::nn {
using kernel::GenericBuilder;
using kernel::Scalars;

static SmallVector<Value> same(Scalars &r) { return {r.in[0]}; }

/// Elements of a small constant under another type of the same size.
static OpFoldResult foldReshaped(Attribute value, Type type) {
  auto dense = dyn_cast_or_null<DenseElementsAttr>(value);
  auto t = cast<RankedTensorType>(type);
  if (!dense || !t.hasStaticShape())
    return {};
  auto shape = RankedTensorType::get(t.getShape(), dense.getElementType());
  if (auto strings = dyn_cast<DenseStringElementsAttr>(dense))
    return DenseStringElementsAttr::get(shape, strings.getRawStringData());
  return dense.reshape(shape);
}

/// Elements of a small result whose element at an index is the input's element at `from(index)`.
static std::optional<Dims> evaluateMove(const std::optional<Dims> &input, RankedTensorType in, RankedTensorType out,
                                        function_ref<std::optional<SmallVector<int64_t>>(ArrayRef<int64_t>)> from) {
  if (!input || !out.hasStaticShape() || !in.hasStaticShape())
    return std::nullopt;
  Dims result;
  SmallVector<int64_t> at(out.getRank(), 0);
  for (int64_t i = 0, e = out.getNumElements(); i < e; ++i) {
    for (int64_t k = out.getRank(), rest = i; k-- > 0; rest /= out.getDimSize(k))
      at[k] = rest % out.getDimSize(k);
    auto source = from(at);
    if (!source)
      return std::nullopt;
    int64_t flat = 0;
    for (int64_t k = 0; k < in.getRank(); ++k)
      flat = flat * in.getDimSize(k) + (*source)[k];
    result.push_back((*input)[flat]);
  }
  return result;
}

//===----------------------------------------------------------------------===//
// reshape
//===----------------------------------------------------------------------===//

OpFoldResult ReshapeOp::fold(FoldAdaptor adaptor) {
  if (getInput().getType() == getType())
    return getInput();
  if (auto inner = getInput().getDefiningOp<ReshapeOp>()) {
    getInputMutable().assign(inner.getInput());
    return getResult();
  }
  return foldReshaped(adaptor.getInput(), getType());
}

std::optional<Dims> ReshapeOp::evaluate(ArrayRef<std::optional<Dims>> operands) { return operands[0]; }

FailureOr<SmallVector<Value>> ReshapeOp::lower(OpBuilder &b) {
  return SmallVector<Value>{kernel::ViewOp::create(b, getLoc(), getType(), getInput())};
}

//===----------------------------------------------------------------------===//
// transpose
//===----------------------------------------------------------------------===//

void TransposeOp::build(OpBuilder &b, OperationState &state, Value input, ArrayRef<int64_t> perm) {
  Dims in = dimsOf(input), out;
  for (int64_t p : perm)
    out.push_back(in[p]);
  build(b, state, tensorOf(out, elementOf(input)), input, b.getDenseI64ArrayAttr(perm));
}

LogicalResult TransposeOp::verify() {
  Dims in = dimsOf(getInput()), out = dimsOf(getResult());
  SmallVector<int64_t> sorted(getPerm());
  llvm::sort(sorted);
  if (!llvm::equal(sorted, llvm::seq<int64_t>(0, in.size())) || out.size() != in.size())
    return emitOpError("perm is no permutation of the dimensions");
  for (auto [d, p] : llvm::zip(out, getPerm()))
    if (d != in[p])
      return emitOpError("result is not the permuted input");
  return success();
}

OpFoldResult TransposeOp::fold(FoldAdaptor) {
  if (llvm::equal(getPerm(), llvm::seq<int64_t>(0, getPerm().size())))
    return getInput();
  if (auto inner = getInput().getDefiningOp<TransposeOp>()) {
    SmallVector<int64_t> perm;
    for (int64_t p : getPerm())
      perm.push_back(inner.getPerm()[p]);
    if (llvm::equal(perm, llvm::seq<int64_t>(0, perm.size())))
      return inner.getInput();
    setPerm(perm);
    getInputMutable().assign(inner.getInput());
    return getResult();
  }
  return {};
}

std::optional<Dims> TransposeOp::evaluate(ArrayRef<std::optional<Dims>> operands) {
  return evaluateMove(operands[0], getInput().getType(), getType(), [&](ArrayRef<int64_t> at) {
    SmallVector<int64_t> from(at);
    for (auto [k, p] : llvm::enumerate(getPerm()))
      from[p] = at[k];
    return std::optional(from);
  });
}

FailureOr<SmallVector<Value>> TransposeOp::lower(OpBuilder &b) {
  GenericBuilder g(b, getLoc());
  auto d = g.parallels(dimsOf(getResult()));
  SmallVector<AffineExpr> in(d.size());
  for (auto [k, p] : llvm::enumerate(getPerm()))
    in[p] = d[k];
  g.in(getInput(), in);
  g.result(elementOf(getResult()), dimsOf(getResult()), d);
  return g.build(same);
}

//===----------------------------------------------------------------------===//
// broadcast_to
//===----------------------------------------------------------------------===//

LogicalResult BroadcastToOp::verify() {
  Dims in = dimsOf(getInput()), out = dimsOf(getResult());
  if (in.size() > out.size())
    return emitOpError("lowers the rank");
  for (size_t i = 0, skip = out.size() - in.size(); i < in.size(); ++i)
    if (!in[i].isConstant(1) && differ(in[i], out[i + skip]))
      return emitOpError() << "cannot repeat a dimension of " << in[i].str() << " as " << out[i + skip].str();
  return success();
}

OpFoldResult BroadcastToOp::fold(FoldAdaptor adaptor) {
  if (getInput().getType() == getType())
    return getInput();
  auto dense = dyn_cast_or_null<DenseIntOrFPElementsAttr>(adaptor.getInput());
  if (dense && dense.isSplat() && getType().hasStaticShape() && getType().getNumElements() <= 16) // small enough to stay a literal
    return dense.resizeSplat(RankedTensorType::get(getType().getShape(), dense.getElementType()));
  return {};
}

std::optional<Dims> BroadcastToOp::evaluate(ArrayRef<std::optional<Dims>> operands) {
  auto in = getInput().getType();
  return evaluateMove(operands[0], in, getType(), [&](ArrayRef<int64_t> at) {
    SmallVector<int64_t> from(at.take_back(in.getRank()));
    for (auto [k, i] : llvm::enumerate(from))
      i = in.getDimSize(k) == 1 ? 0 : i;
    return std::optional(from);
  });
}

FailureOr<SmallVector<Value>> BroadcastToOp::lower(OpBuilder &b) {
  GenericBuilder g(b, getLoc());
  Dims in = dimsOf(getInput()), out = dimsOf(getResult());
  auto d = g.parallels(out);
  SmallVector<AffineExpr> map;
  for (auto [k, e] : llvm::enumerate(in)) {
    size_t at = k + out.size() - in.size();
    if (e.isConstant(1))
      map.push_back(g.cst(0));
    else if (e == out[at])
      map.push_back(d[at]);
    else // decided at run time: the index stays 0 while the input's dimension is 1
      map.push_back(d[at] * g.sym(DimExpr::min(e - 1, 1)));
  }
  g.in(getInput(), map);
  g.result(elementOf(getResult()), out, d);
  return g.build(same);
}

std::optional<SmallVector<Value>> BroadcastToOp::permuted(OpBuilder &b, ValueRange operands, ArrayRef<int64_t> perm) {
  if (rankOf(getInput()) != rankOf(getResult()))
    return std::nullopt;
  Dims out = dimsOf(getResult()), to;
  for (int64_t p : perm)
    to.push_back(out[p]);
  return SmallVector<Value>{broadcastTo(b, getLoc(), operands[0], to)};
}

//===----------------------------------------------------------------------===//
// concat
//===----------------------------------------------------------------------===//

LogicalResult ConcatOp::verify() {
  Dims out = dimsOf(getResult());
  int64_t rank = out.size();
  if (getInputs().empty() || int64_t(getAxis()) < 0 || int64_t(getAxis()) >= rank)
    return emitOpError("needs parts and an axis of theirs");
  DimExpr sum;
  for (Value part : getInputs()) {
    Dims in = dimsOf(part);
    if (int64_t(in.size()) != rank || elementOf(part) != elementOf(getResult()))
      return emitOpError("joins parts of one rank and element type");
    for (int64_t i = 0; i < rank; ++i)
      if (i != int64_t(getAxis()) && differ(in[i], out[i]))
        return emitOpError() << "parts differ on dimension " << i << ", which is not the axis";
    sum = sum + in[getAxis()];
  }
  if (sum != out[getAxis()])
    return emitOpError("result has not the length of all parts");
  return success();
}

std::optional<Dims> ConcatOp::evaluate(ArrayRef<std::optional<Dims>> operands) {
  if (rankOf(getResult()) != 1)
    return std::nullopt;
  Dims out;
  for (auto &o : operands) {
    if (!o)
      return std::nullopt;
    llvm::append_range(out, *o);
  }
  return out;
}

FailureOr<SmallVector<Value>> ConcatOp::lower(OpBuilder &b) {
  // Each part is written into the result in place; together they cover it.
  Value whole;
  DimExpr offset;
  Dims out = dimsOf(getResult());
  for (Value part : getInputs()) {
    Dims in = dimsOf(part);
    GenericBuilder g(b, getLoc());
    auto d = g.parallels(in);
    g.in(part, d);
    SmallVector<AffineExpr> map(d.begin(), d.end());
    map[getAxis()] = map[getAxis()] + g.sym(offset);
    g.result(elementOf(getResult()), out, map, {}, whole);
    whole = g.build(same)[0];
    offset = offset + in[getAxis()];
  }
  return SmallVector<Value>{whole};
}

std::optional<SmallVector<Value>> ConcatOp::permuted(OpBuilder &b, ValueRange operands, ArrayRef<int64_t> perm) {
  Dims out = dimsOf(getResult()), to;
  for (int64_t p : perm)
    to.push_back(out[p]);
  int64_t axis = llvm::find(perm, int64_t(getAxis())) - perm.begin();
  return SmallVector<Value>{ConcatOp::create(b, getLoc(), tensorOf(to, elementOf(getResult())), operands, axis)};
}

//===----------------------------------------------------------------------===//
// slice
//===----------------------------------------------------------------------===//

LogicalResult SliceOp::verify() {
  size_t rank = rankOf(getInput());
  if (size_t(rankOf(getResult())) != rank || getStarts().getDims().size() != rank || getSteps().size() != rank)
    return emitOpError("needs a start and a step per dimension");
  return success();
}

OpFoldResult SliceOp::fold(FoldAdaptor) {
  if (getInput().getType() == getType() && llvm::all_of(getSteps(), [](int64_t s) { return s == 1; }))
    return getInput();
  return {};
}

std::optional<Dims> SliceOp::evaluate(ArrayRef<std::optional<Dims>> operands) {
  auto starts = getStarts().exprs();
  return evaluateMove(operands[0], getInput().getType(), getType(), [&](ArrayRef<int64_t> at) -> std::optional<SmallVector<int64_t>> {
    SmallVector<int64_t> from;
    for (auto [i, start, step] : llvm::zip(at, starts, getSteps())) {
      if (!start.constant())
        return std::nullopt;
      from.push_back(*start.constant() + i * step);
    }
    return from;
  });
}

FailureOr<SmallVector<Value>> SliceOp::lower(OpBuilder &b) {
  GenericBuilder g(b, getLoc());
  auto d = g.parallels(dimsOf(getResult()));
  SmallVector<AffineExpr> in;
  for (auto [e, s, step] : llvm::zip(d, getStarts().exprs(), getSteps()))
    in.push_back(e * step + g.sym(s));
  g.in(getInput(), in);
  g.result(elementOf(getResult()), dimsOf(getResult()), d);
  return g.build(same);
}

std::optional<SmallVector<Value>> SliceOp::permuted(OpBuilder &b, ValueRange operands, ArrayRef<int64_t> perm) {
  Dims out = dimsOf(getResult()), starts = getStarts().exprs(), to, s;
  SmallVector<int64_t> steps;
  for (int64_t p : perm) {
    to.push_back(out[p]);
    s.push_back(starts[p]);
    steps.push_back(getSteps()[p]);
  }
  return SmallVector<Value>{SliceOp::create(b, getLoc(), tensorOf(to, elementOf(getResult())), operands[0],
                                            ShapeAttr::get(b.getContext(), s), b.getDenseI64ArrayAttr(steps))};
}

//===----------------------------------------------------------------------===//
// gather
//===----------------------------------------------------------------------===//

LogicalResult GatherOp::verify() {
  int64_t axis = getAxis(), rank = rankOf(getInput());
  if (axis < 0 || axis >= rank || rankOf(getResult()) != rank - 1 + rankOf(getIndices()))
    return emitOpError("axis is out of range");
  return success();
}

std::optional<Dims> GatherOp::evaluate(ArrayRef<std::optional<Dims>> operands) {
  auto in = getInput().getType(), index = getIndices().getType();
  if (!operands[1] || !index.hasStaticShape())
    return std::nullopt;
  int64_t axis = getAxis(), n = in.getDimSize(axis);
  return evaluateMove(operands[0], in, getType(), [&](ArrayRef<int64_t> at) -> std::optional<SmallVector<int64_t>> {
    int64_t flat = 0;
    for (int64_t k = 0; k < index.getRank(); ++k)
      flat = flat * index.getDimSize(k) + at[axis + k];
    auto i = (*operands[1])[flat].constant();
    if (!i || *i >= n || *i < -n)
      return std::nullopt;
    SmallVector<int64_t> from(at.take_front(axis));
    from.push_back(*i < 0 ? *i + n : *i);
    llvm::append_range(from, at.drop_front(axis + index.getRank()));
    return from;
  });
}

bool GatherOp::permutes(unsigned operand) { return operand == 0; }

std::optional<SmallVector<Value>> GatherOp::permuted(OpBuilder &b, ValueRange operands, ArrayRef<int64_t> perm) {
  if (rankOf(getIndices()) != 1) // the result then has other dimensions than the input
    return std::nullopt;
  Dims out = dimsOf(getResult()), to;
  for (int64_t p : perm)
    to.push_back(out[p]);
  int64_t axis = llvm::find(perm, int64_t(getAxis())) - perm.begin();
  return SmallVector<Value>{GatherOp::create(b, getLoc(), tensorOf(to, elementOf(getResult())), operands[0], operands[1], axis)};
}

FailureOr<SmallVector<Value>> GatherOp::lower(OpBuilder &b) {
  Dims in = dimsOf(getInput()), index = dimsOf(getIndices());
  size_t axis = getAxis();
  GenericBuilder g(b, getLoc());
  auto d = g.parallels(dimsOf(getResult()));
  g.in(getIndices(), ArrayRef<AffineExpr>(d).slice(axis, index.size()));
  g.table(getInput());
  g.result(elementOf(getResult()), dimsOf(getResult()), d);
  return g.build([&](Scalars &r) -> SmallVector<Value> {
    // A negative index counts from the end; a wild one is clamped, so that bad input cannot read elsewhere.
    ScalarBuilder s(r.b, r.loc, b.getI64Type());
    Value i = r.toIndex(r.in[0]), n = r.dim(in[axis]), zero = r.indexConst(0);
    i = s.select(s.cmp(Cmp::LT, i, zero), s.add(i, n), i);
    i = s.max(zero, s.min(i, s.sub(n, r.indexConst(1))));
    SmallVector<Value> at;
    for (size_t k = 0; k < in.size(); ++k)
      at.push_back(k == axis ? i : r.index(d[k < axis ? k : k + index.size() - 1]));
    return {r.read(r.table[0], at)};
  });
}

//===----------------------------------------------------------------------===//
// cast
//===----------------------------------------------------------------------===//

OpFoldResult CastOp::fold(FoldAdaptor) {
  if (getInput().getType() == getType())
    return getInput();
  return {};
}

std::optional<Dims> CastOp::evaluate(ArrayRef<std::optional<Dims>> operands) {
  auto i = dyn_cast<IntegerType>(elementOf(getResult()));
  if (!i || !operands[0])
    return std::nullopt;
  if (i.getWidth() >= 32)
    return operands[0];
  // Narrow types truncate: only numbers are known.
  Dims out;
  for (const DimExpr &e : *operands[0]) {
    if (i.getWidth() == 1) {
      auto truth = provable(e - 1, DimExpr(0) - e * e);
      if (!truth && !e.constant())
        return std::nullopt;
      out.push_back(truth ? *truth : DimExpr(!e.isConstant(0)));
    } else if (auto c = e.constant()) {
      APInt v = APInt(64, *c, true).trunc(i.getWidth());
      out.push_back(isUnsigned(i) ? int64_t(v.getZExtValue()) : v.getSExtValue());
    } else {
      return std::nullopt;
    }
  }
  return out;
}

Value CastOp::buildScalar(ScalarBuilder &s, ValueRange x) {
  Type to = elementOf(getResult());
  Value v = s.convert(x[0], elementOf(getInput()), to);
  return s.storeCast(v, to, getSaturate(), getRounding());
}
FailureOr<SmallVector<Value>> CastOp::lower(OpBuilder &b) { return lowerElementwise(getOperation(), b); }
std::optional<SmallVector<Value>> CastOp::permuted(OpBuilder &b, ValueRange operands, ArrayRef<int64_t> perm) {
  return permuteElementwise(getOperation(), b, operands, perm);
}

//===----------------------------------------------------------------------===//
// dims
//===----------------------------------------------------------------------===//

FailureOr<SmallVector<Value>> DimsOp::lower(OpBuilder &b) {
  GenericBuilder g(b, getLoc());
  Dims values = getDims().exprs();
  auto d = g.parallels(dimsOf(getResult()));
  g.result(elementOf(getResult()), dimsOf(getResult()), d);
  return g.build([&](Scalars &r) -> SmallVector<Value> {
    Value v = r.dim(values[0]);
    for (size_t i = 1; i < values.size(); ++i)
      v = r.s.select(arith::CmpIOp::create(r.b, r.loc, arith::CmpIPredicate::eq, r.index(d[0]), r.indexConst(i)),
                     r.dim(values[i]), v);
    return {r.fromIndex(v, computeType(elementOf(getResult())))};
  });
}

} // namespace ingot::nn
