//===- Shape.cpp -------------------------------------------------------------===//
#include "dialects/nn/Shape.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
namespace ingot::nn {

Dims dimsOf(Type type) {
  auto t = cast<RankedTensorType>(type);
  if (auto s = dyn_cast_or_null<ShapeAttr>(t.getEncoding()))
    return s.exprs();
  Dims dims;
  for (int64_t d : t.getShape())
    dims.push_back(d);
  return dims;
}

RankedTensorType tensorOf(ArrayRef<DimExpr> dims, Type element) {
  SmallVector<int64_t> shape;
  bool dynamic = false;
  for (const DimExpr &d : dims) {
    auto c = d.constant();
    shape.push_back(c ? *c : ShapedType::kDynamic);
    dynamic |= !c;
  }
  return RankedTensorType::get(shape, element, dynamic ? ShapeAttr::get(element.getContext(), dims) : ShapeAttr());
}

Type itemType(Type type) {
  auto t = dyn_cast<RankedTensorType>(type);
  return t ? RankedTensorType::get(t.getShape(), t.getElementType()) : type;
}

Type commonItemType(Type a, Type b) {
  auto common = [&]<class Handle>(Handle x, Handle y) -> Type {
    Type e = x && y ? commonItemType(x.getElement(), y.getElement()) : Type();
    return e ? Type(Handle::get(a.getContext(), e)) : Type();
  };
  if (isa<SequenceType>(a))
    return common(cast<SequenceType>(a), dyn_cast<SequenceType>(b));
  if (isa<OptionalType>(a))
    return common(cast<OptionalType>(a), dyn_cast<OptionalType>(b));
  auto x = dyn_cast<TensorType>(a), y = dyn_cast<TensorType>(b);
  if (!x || !y || x.getElementType() != y.getElementType())
    return {};
  if (!x.hasRank() || !y.hasRank() || x.getRank() != y.getRank())
    return UnrankedTensorType::get(x.getElementType());
  SmallVector<int64_t> shape;
  for (auto [i, k] : llvm::zip(x.getShape(), y.getShape()))
    shape.push_back(i == k ? i : ShapedType::kDynamic);
  return RankedTensorType::get(shape, x.getElementType());
}

bool differ(const DimExpr &a, const DimExpr &b) {
  auto distance = (a - b).constant();
  return distance && *distance != 0;
}

Dims rowMajorStrides(ArrayRef<DimExpr> dims) {
  Dims strides(dims.size(), DimExpr(1));
  for (int i = int(dims.size()) - 2; i >= 0; --i)
    strides[i] = strides[i + 1] * dims[i + 1];
  return strides;
}

std::optional<Dims> knownInts(Value v) {
  auto type = dyn_cast<RankedTensorType>(v.getType());
  if (!type || !type.getElementType().isIntOrIndex() || !type.hasStaticShape() || type.getNumElements() > 256)
    return std::nullopt;
  auto op = v.getDefiningOp<EvaluateInterface>();
  if (!op)
    return std::nullopt;
  SmallVector<std::optional<Dims>> operands;
  for (Value x : op->getOperands())
    operands.push_back(knownInts(x));
  return op.evaluate(operands);
}

std::optional<SmallVector<int64_t>> knownConstants(Value v) {
  auto dims = knownInts(v);
  if (!dims)
    return std::nullopt;
  SmallVector<int64_t> out;
  for (const DimExpr &d : *dims) {
    auto c = d.constant();
    if (!c)
      return std::nullopt;
    out.push_back(*c);
  }
  return out;
}

Value intTensor(OpBuilder &b, Location loc, ArrayRef<DimExpr> values, int rank, Type element) {
  if (!element)
    element = b.getI64Type();
  SmallVector<int64_t> shape;
  if (rank)
    shape.push_back(values.size());
  auto type = RankedTensorType::get(shape, element);
  SmallVector<Attribute> constants;
  for (const DimExpr &d : values)
    if (auto c = d.constant())
      constants.push_back(IntegerAttr::get(storageType(element), APInt(element.getIntOrFloatBitWidth(), *c, true, true)));
  if (constants.size() == values.size()) {
    auto storage = RankedTensorType::get(shape, storageType(element));
    return ConstantOp::create(b, loc, type, DenseElementsAttr::get(storage, constants));
  }
  return DimsOp::create(b, loc, type, ShapeAttr::get(b.getContext(), values));
}

std::optional<Dims> broadcastDims(ArrayRef<DimExpr> a, ArrayRef<DimExpr> b) {
  size_t rank = std::max(a.size(), b.size());
  Dims out(rank);
  for (size_t i = 0; i < rank; ++i) {
    bool inA = i + a.size() >= rank, inB = i + b.size() >= rank;
    DimExpr x = inA ? a[i + a.size() - rank] : DimExpr(1), y = inB ? b[i + b.size() - rank] : DimExpr(1);
    if (x == y || y.isConstant(1))
      out[i] = x;
    else if (x.isConstant(1))
      out[i] = y;
    else if (x.constant() && y.constant())
      return std::nullopt;
    else if (x.constant()) // the symbolic side is 1 or the same
      out[i] = x;
    else if (y.constant())
      out[i] = y;
    else
      out[i] = DimExpr::max(x, y);
  }
  return out;
}

Value reshapeTo(OpBuilder &b, Location loc, Value v, ArrayRef<DimExpr> dims) {
  auto type = tensorOf(dims, elementOf(v));
  if (type == v.getType())
    return v;
  return b.createOrFold<ReshapeOp>(loc, type, v);
}

Value broadcastTo(OpBuilder &b, Location loc, Value v, ArrayRef<DimExpr> dims) {
  auto type = tensorOf(dims, elementOf(v));
  if (type == v.getType())
    return v;
  return b.createOrFold<BroadcastToOp>(loc, type, v);
}

Value transposeBy(OpBuilder &b, Location loc, Value v, ArrayRef<int64_t> perm) {
  if (llvm::equal(perm, llvm::seq<int64_t>(0, perm.size())))
    return v;
  Dims in = dimsOf(v), out;
  for (int64_t p : perm)
    out.push_back(in[p]);
  return b.createOrFold<TransposeOp>(loc, tensorOf(out, elementOf(v)), v, b.getDenseI64ArrayAttr(perm));
}

Value castTo(OpBuilder &b, Location loc, Value v, Type element) {
  if (elementOf(v) == element)
    return v;
  return b.createOrFold<CastOp>(loc, tensorOf(dimsOf(v), element), v, true, "up");
}

Value splat(OpBuilder &b, Location loc, double value, Type element, ArrayRef<DimExpr> dims) {
  Type storage = storageType(element);
  Attribute a;
  if (auto f = dyn_cast<FloatType>(storage)) {
    llvm::APFloat v(value);
    bool lost;
    v.convert(f.getFloatSemantics(), llvm::APFloat::rmNearestTiesToEven, &lost);
    a = FloatAttr::get(f, v);
  } else {
    a = IntegerAttr::get(storage, int64_t(value));
  }
  auto dense = DenseElementsAttr::get(RankedTensorType::get({}, storage), ArrayRef<Attribute>(a));
  Value s = ConstantOp::create(b, loc, RankedTensorType::get({}, element), dense);
  return broadcastTo(b, loc, s, dims);
}

} // namespace ingot::nn
