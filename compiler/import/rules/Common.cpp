//===- Common.cpp -------------------------------------------------------------------===//
#include "compiler/import/rules/Common.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace ingot::nn;
using ingot::kernel::Scalars;
namespace ingot::rules {

FailureOr<SmallVector<Value>> broadcastAll(NodeImport &n, ArrayRef<Value> operands) {
  Dims common = dimsOf(operands[0]);
  for (Value v : operands.drop_front()) {
    auto d = n.broadcastDims(common, dimsOf(v));
    if (!d)
      return failure();
    common = *d;
  }
  SmallVector<Value> out;
  for (Value v : operands)
    out.push_back(broadcastTo(n.b, n.loc, v, common));
  return out;
}

//===----------------------------------------------------------------------===//
// Folding of elementwise operators on small constants
//===----------------------------------------------------------------------===//

/// Elements of a small constant, or nothing.
static std::optional<SmallVector<Attribute>> constantElements(Value v) {
  auto c = v.getDefiningOp<ConstantOp>();
  auto dense = c ? dyn_cast<DenseElementsAttr>(c.getValue()) : DenseElementsAttr();
  if (!dense || !dense.getElementType().isIntOrFloat())
    return std::nullopt;
  return llvm::to_vector(dense.getValues<Attribute>());
}

/// Builds the operator's scalar expression once and runs its operations' folders for every element.
static Value foldOnConstants(OpBuilder &b, ElementwiseInterface op) {
  Value result = op->getResult(0);
  auto type = cast<RankedTensorType>(result.getType());
  if (!type.hasStaticShape() || type.getNumElements() > 256)
    return {};
  SmallVector<SmallVector<Attribute>> operands;
  for (Value v : op->getOperands()) {
    auto e = constantElements(v);
    if (!e)
      return {};
    operands.push_back(*e);
  }
  Region region; // some builders ask the block for its region's context
  Block &block = region.emplaceBlock();
  OpBuilder scratch(op.getContext());
  scratch.setInsertionPointToStart(&block);
  ScalarBuilder s(scratch, op.getLoc(), elementOf(op->getOperand(0)), op);
  SmallVector<Value> x;
  for (Value v : op->getOperands())
    x.push_back(s.load(block.addArgument(storageType(elementOf(v)), op.getLoc()), elementOf(v)));
  Value y = s.store(op.buildScalar(s, x), type.getElementType());
  SmallVector<Attribute> out;
  for (int64_t i = 0; i < type.getNumElements(); ++i) {
    llvm::DenseMap<Value, Attribute> known;
    for (auto [k, e] : llvm::enumerate(operands))
      known[block.getArgument(k)] = e[i];
    for (Operation &o : block) {
      SmallVector<Attribute> in;
      for (Value v : o.getOperands())
        in.push_back(known.lookup(v));
      SmallVector<OpFoldResult> folded;
      if (failed(o.fold(in, folded)) || folded.size() != 1)
        return {};
      known[o.getResult(0)] = isa<Attribute>(folded[0]) ? cast<Attribute>(folded[0]) : known.lookup(cast<Value>(folded[0]));
      if (!known[o.getResult(0)])
        return {};
    }
    out.push_back(known[y]);
  }
  auto storage = RankedTensorType::get(type.getShape(), storageType(type.getElementType()));
  return ConstantOp::create(b, op.getLoc(), type, DenseElementsAttr::get(storage, out));
}

Value elementwise(NodeImport &n, StringRef name, ValueRange operands, Type element, ArrayRef<NamedAttribute> attributes) {
  OperationState state(n.loc, name);
  state.addOperands(operands);
  state.addTypes(tensorOf(dimsOf(operands[0]), element));
  state.addAttributes(attributes);
  Operation *op = n.b.create(state);
  if (Value c = foldOnConstants(n.b, cast<ElementwiseInterface>(op))) {
    op->erase();
    return c;
  }
  return op->getResult(0);
}

std::optional<double> knownNumber(Value v) {
  if (!v || !isa<RankedTensorType>(v.getType()))
    return std::nullopt;
  for (Operation *op; (op = v.getDefiningOp()) && isa<BroadcastToOp, ReshapeOp>(op);)
    v = op->getOperand(0);
  auto c = v.getDefiningOp<ConstantOp>();
  auto dense = c ? dyn_cast<DenseElementsAttr>(c.getValue()) : DenseElementsAttr();
  if (!dense || dense.empty() || !dense.isSplat())
    return std::nullopt;
  if (isa<FloatType>(dense.getElementType())) {
    APFloat f = dense.getSplatValue<APFloat>();
    bool lost;
    f.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &lost);
    return f.convertToDouble();
  }
  if (!dense.getElementType().isIntOrIndex())
    return std::nullopt;
  APInt i = dense.getSplatValue<APInt>();
  return isUnsigned(elementOf(v)) ? double(i.getZExtValue()) : double(i.getSExtValue());
}

std::optional<bool> knownBool(Value v) {
  auto k = knownNumber(v);
  return k ? std::optional<bool>(*k != 0) : std::nullopt;
}

std::optional<Dims> staticHint(NodeImport &n, unsigned i) {
  auto t = n.hint(i);
  if (!t || !t.hasStaticShape())
    return std::nullopt;
  return dimsOf(t);
}

//===----------------------------------------------------------------------===//
// Integers computed at run time
//===----------------------------------------------------------------------===//

Value computeInts(NodeImport &n, ValueRange tables, unsigned count, IndexFn one) {
  kernel::GenericBuilder g(n.b, n.loc);
  auto d = g.parallel(count);
  for (Value t : tables)
    g.table(t);
  g.result(n.b.getI64Type(), {DimExpr(count)}, {d});
  return g.build([&](Scalars &r) -> SmallVector<Value> {
    Value v = one(r, 0), at = r.index(d);
    for (unsigned k = 1; k < count; ++k)
      v = r.s.select(arith::CmpIOp::create(r.b, r.loc, arith::CmpIPredicate::eq, at, r.indexConst(k)), one(r, k), v);
    return {r.fromIndex(v, n.b.getI64Type())};
  })[0];
}

Dims bindAll(NodeImport &n, Value vector, StringRef what) {
  Dims out;
  for (int64_t k = 0, e = cast<RankedTensorType>(vector.getType()).getNumElements(); k < e; ++k)
    out.push_back(n.bind(vector, k, what));
  return out;
}

Value readIndex(Scalars &r, Value table, Value k) {
  if (rankOf(table) == 0)
    return r.toIndex(r.read(table, {}));
  return r.toIndex(r.read(table, k ? k : r.indexConst(0)));
}

Value wrapIndex(Scalars &r, Value i, Value n) {
  auto s = indexMath(r);
  i = s.select(s.cmp(Cmp::LT, i, r.indexConst(0)), s.add(i, n), i);
  return s.max(r.indexConst(0), s.min(i, s.sub(n, r.indexConst(1))));
}

Value pull(NodeImport &n, Type element, ArrayRef<DimExpr> dims, ValueRange tables,
           function_ref<Value(Scalars &, ArrayRef<Value>)> body) {
  kernel::GenericBuilder g(n.b, n.loc);
  auto d = g.parallels(dims);
  for (Value t : tables)
    g.table(t);
  g.result(element, dims, d);
  return g.build([&](Scalars &r) -> SmallVector<Value> {
    SmallVector<Value> at;
    for (AffineExpr e : d)
      at.push_back(r.index(e));
    return {body(r, at)};
  })[0];
}

} // namespace ingot::rules
