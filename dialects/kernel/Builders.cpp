//===- Builders.cpp ---------------------------------------------------------------===//
#include "dialects/kernel/Builders.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
namespace ingot::kernel {

Value Scalars::index(AffineExpr d) { return IndexOp::create(b, loc, b.getIndexType(), b.getI64IntegerAttr((cast<AffineDimExpr>(d).getPosition()))); }
Value Scalars::dim(const DimExpr &e) {
  if (auto c = e.constant())
    return indexConst(*c);
  return DimOp::create(b, loc, b.getIndexType(), b.getStringAttr(e.str()));
}
Value Scalars::indexConst(int64_t v) { return arith::ConstantOp::create(b, loc, b.getIndexAttr(v)); }
Value Scalars::read(Value t, ValueRange indices) {
  Type element = nn::elementOf(t);
  return s.load(ReadOp::create(b, loc, storageType(element), t, indices), element);
}
Value Scalars::named(StringRef name, Value v) {
  if (Operation *op = v.getDefiningOp(); op && op->getLoc() == loc && !op->hasTrait<OpTrait::ConstantLike>())
    op->setLoc(NameLoc::get(b.getStringAttr(name), loc));
  return v;
}
Value Scalars::toIndex(Value i) { return arith::IndexCastOp::create(b, loc, b.getIndexType(), i); }
Value Scalars::fromIndex(Value i, Type type) {
  if (isa<FloatType>(type))
    return arith::SIToFPOp::create(b, loc, type, arith::IndexCastOp::create(b, loc, b.getI64Type(), i));
  return arith::IndexCastOp::create(b, loc, type, i);
}

AffineExpr GenericBuilder::dim(const DimExpr &size, char kind) {
  domain.push_back(size);
  kinds.push_back(kind);
  return getAffineDimExpr(domain.size() - 1, b.getContext());
}

SmallVector<AffineExpr> GenericBuilder::parallels(ArrayRef<DimExpr> dims) {
  SmallVector<AffineExpr> out;
  for (const DimExpr &d : dims)
    out.push_back(parallel(d));
  return out;
}

AffineExpr GenericBuilder::sym(const DimExpr &e) {
  if (auto c = e.constant())
    return cst(*c);
  auto it = llvm::find(symbols, e);
  unsigned pos = it - symbols.begin();
  if (it == symbols.end())
    symbols.push_back(e);
  return getAffineSymbolExpr(pos, b.getContext());
}

unsigned GenericBuilder::in(Value tensor, ArrayRef<AffineExpr> map, TypedAttr pad) {
  ins.push_back(tensor);
  inMaps.emplace_back(map);
  padding.push_back(pad ? Attribute(pad) : b.getUnitAttr());
  return ins.size() - 1;
}
unsigned GenericBuilder::table(Value tensor) {
  tables.push_back(tensor);
  return tables.size() - 1;
}
unsigned GenericBuilder::result(Type element, ArrayRef<DimExpr> dims, ArrayRef<AffineExpr> map, TypedAttr start, Value dest) {
  resultTypes.push_back(nn::tensorOf(dims, element));
  resultMaps.emplace_back(map);
  init.push_back(start ? Attribute(start) : b.getUnitAttr());
  destOf.push_back(dest ? int64_t(dests.size()) : -1);
  if (dest)
    dests.push_back(dest);
  return resultTypes.size() - 1;
}
TypedAttr GenericBuilder::number(double v, Type element) {
  Type type = computeType(element);
  if (auto f = dyn_cast<FloatType>(type)) {
    llvm::APFloat a(v);
    bool lost;
    a.convert(f.getFloatSemantics(), llvm::APFloat::rmNearestTiesToEven, &lost);
    return FloatAttr::get(f, a);
  }
  return IntegerAttr::get(type, int64_t(v));
}

void GenericBuilder::fill(Region &region, RegionFn fn, bool isBody) {
  Block *block = new Block;
  region.push_back(block);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(block);
  bool reduces = kinds.find_first_of("rk") != std::string::npos;
  Type lead = !ins.empty() ? nn::elementOf(ins[0]) : resultTypes[0].getElementType();
  Scalars r{b, loc, nn::ScalarBuilder(b, loc, lead), {}, {}, {}};
  for (Value v : ins)
    block->addArgument(storageType(nn::elementOf(v)), loc);
  for (Value t : tables)
    r.table.push_back(block->addArgument(t.getType(), loc));
  if (reduces)
    for (Attribute a : init)
      r.acc.push_back(block->addArgument(cast<TypedAttr>(a).getType(), loc));
  for (auto [i, v] : llvm::enumerate(ins))
    r.in.push_back(r.s.load(block->getArgument(i), nn::elementOf(v)));
  SmallVector<Value> out = fn(r);
  if (!isBody || !reduces)
    for (auto [v, t] : llvm::zip(out, resultTypes))
      v = r.s.store(v, t.getElementType());
  YieldOp::create(b, loc, out);
  // Conversions of unused elements are dead.
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(*block)))
    if (isOpTriviallyDead(&op))
      op.erase();
}

static ArrayAttr mapsAttr(MLIRContext *c, unsigned dims, unsigned symbols,
                          ArrayRef<SmallVector<AffineExpr>> ins, ArrayRef<SmallVector<AffineExpr>> results) {
  SmallVector<Attribute> out;
  for (auto list : {ins, results})
    for (auto &m : list)
      out.push_back(AffineMapAttr::get(AffineMap::get(dims, symbols, m, c)));
  return ArrayAttr::get(c, out);
}

SmallVector<Value> GenericBuilder::build(RegionFn body, RegionFn epilogue) {
  auto *c = b.getContext();
  auto op = GenericOp::create(b, loc, SmallVector<Type>(resultTypes.begin(), resultTypes.end()), nn::ShapeAttr::get(c, domain),
                              ins, tables, dests, mapsAttr(c, domain.size(), symbols.size(), inMaps, resultMaps),
                              nn::ShapeAttr::get(c, symbols), b.getArrayAttr(padding), b.getArrayAttr(init), destOf, kinds);
  fill(op.getBody(), body, true);
  // Accumulators of another type than the results' storage need the conversion that only an epilogue makes.
  bool converts = false;
  for (auto [a, t] : llvm::zip(init, resultTypes))
    if (auto typed = dyn_cast<TypedAttr>(a))
      converts |= typed.getType() != storageType(t.getElementType());
  if (epilogue)
    fill(op.getEpilogue(), epilogue, false);
  else if (converts)
    fill(op.getEpilogue(), [](Scalars &r) { return r.acc; }, false);
  return SmallVector<Value>(op.getResults().begin(), op.getResults().end());
}

Value GenericBuilder::contract(StringRef kindsText, RegionFn epilogue) {
  auto *c = b.getContext();
  auto op = ContractOp::create(b, loc, SmallVector<Type>(resultTypes.begin(), resultTypes.end()), nn::ShapeAttr::get(c, domain),
                               ins, tables, dests, mapsAttr(c, domain.size(), symbols.size(), inMaps, resultMaps),
                               nn::ShapeAttr::get(c, symbols), b.getArrayAttr(padding), b.getArrayAttr(init), destOf, kindsText,
                               DictionaryAttr(), IntegerAttr());
  bool converts = cast<TypedAttr>(init[0]).getType() != storageType(resultTypes[0].getElementType());
  if (epilogue)
    fill(op.getEpilogue(), epilogue, false);
  else if (converts)
    fill(op.getEpilogue(), [](Scalars &r) { return r.acc; }, false);
  return op->getResult(0);
}

Value buildCopy(OpBuilder &b, Location loc, Value v) {
  Dims dims = nn::dimsOf(v);
  GenericBuilder g(b, loc);
  auto d = g.parallels(dims);
  g.in(v, d);
  g.result(nn::elementOf(v), dims, d);
  return g.build([](Scalars &r) -> SmallVector<Value> { return {r.in[0]}; })[0];
}

} // namespace ingot::kernel
