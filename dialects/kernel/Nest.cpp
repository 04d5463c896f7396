//===- Nest.cpp ---------------------------------------------------------------===//
#include "dialects/kernel/Nest.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
namespace ingot::kernel {

Nest::Nest(LoopNestInterface op)
    : op(op), loc(op.getLoc()), domain(op.getDomain().exprs()), symbols(op.getSymbols().exprs()), ins(op.getIns()),
      tables(op.getTables()), dests(op.getDests()), padding(op.getPadding().getValue()), init(op.getInit().getValue()),
      destOf(op.getDestOf()), resultTypes(op->getResultTypes()) {
  if (auto c = dyn_cast<ContractOp>(op.getOperation()))
    kinds = c.getKinds().str();
  else
    kinds = op.iteratorTypes();
  for (size_t i = 0; i < op.getMaps().size(); ++i)
    (i < ins.size() ? inIndex : resultIndex).push_back(Index(op.insMap(i).getResults()));
}

bool Nest::isPacked() {
  auto c = dyn_cast<ContractOp>(op.getOperation());
  return c && c.getPanel();
}
Block *Nest::body() { return op.bodyRegion() ? &op.bodyRegion()->front() : nullptr; }
Block *Nest::epilogue() { return op.getEpilogue().empty() ? nullptr : &op.getEpilogue().front(); }
SmallVector<Block *, 2> Nest::blocks() {
  SmallVector<Block *, 2> out;
  for (Block *b : {body(), epilogue()})
    if (b)
      out.push_back(b);
  return out;
}

Block *Nest::makeEpilogue() {
  if (Block *b = epilogue())
    return b;
  Block *block = new Block;
  op.getEpilogue().push_back(block);
  for (Value v : ins)
    block->addArgument(storageType(nn::elementOf(v)), loc);
  for (Value t : tables)
    block->addArgument(t.getType(), loc);
  SmallVector<Value> acc;
  for (Attribute a : init)
    acc.push_back(block->addArgument(cast<TypedAttr>(a).getType(), loc));
  OpBuilder b = OpBuilder::atBlockEnd(block);
  YieldOp::create(b, loc, acc);
  return block;
}

AffineExpr Nest::sym(const DimExpr &e) {
  if (auto c = e.constant())
    return getAffineConstantExpr(*c, context());
  auto it = llvm::find(symbols, e);
  unsigned pos = it - symbols.begin();
  if (it == symbols.end())
    symbols.push_back(e);
  return getAffineSymbolExpr(pos, context());
}

AffineExpr Nest::import(AffineExpr e, ArrayRef<AffineExpr> dims, ArrayRef<DimExpr> otherSymbols) {
  SmallVector<AffineExpr> s;
  for (const DimExpr &d : otherSymbols)
    s.push_back(sym(d));
  AffineExpr out = e.replaceDimsAndSymbols(dims, s);
  if (auto l = linear(out)) // one spelling per value
    return affine(*l);
  return simplifyAffineExpr(out, domain.size(), symbols.size());
}
Nest::Index Nest::import(ArrayRef<AffineExpr> e, ArrayRef<AffineExpr> dims, ArrayRef<DimExpr> otherSymbols) {
  Index out;
  for (AffineExpr x : e)
    out.push_back(import(x, dims, otherSymbols));
  return out;
}

std::optional<IndexSpace::Indices> Nest::linear(ArrayRef<AffineExpr> e) const {
  IndexSpace::Indices out;
  for (AffineExpr x : e) {
    auto l = linear(x);
    if (!l)
      return std::nullopt;
    out.push_back(*l);
  }
  return out;
}
AffineExpr Nest::affine(const LinearIndex &i) {
  return i.toAffine(context(), [&](const DimExpr &e) { return sym(e); });
}
Nest::Index Nest::affine(ArrayRef<LinearIndex> i) {
  Index out;
  for (const LinearIndex &x : i)
    out.push_back(affine(x));
  return out;
}

void Nest::replaceDims(ArrayRef<AffineExpr> exprs) {
  for (auto *list : {&inIndex, &resultIndex})
    for (Index &index : *list)
      for (AffineExpr &e : index) {
        e = e.replaceDims(exprs);
        if (auto l = linear(e))
          e = affine(*l);
        else
          e = simplifyAffineExpr(e, domain.size(), symbols.size());
      }
}

unsigned Nest::addIn(Value v, Index index, Attribute pad) {
  unsigned at = ins.size();
  for (Block *b : blocks())
    b->insertArgument(at, storageType(nn::elementOf(v)), loc);
  ins.push_back(v);
  inIndex.push_back(std::move(index));
  padding.push_back(pad);
  return at;
}
void Nest::removeIn(unsigned i) {
  for (Block *b : blocks())
    b->eraseArgument(i);
  ins.erase(ins.begin() + i);
  inIndex.erase(inIndex.begin() + i);
  padding.erase(padding.begin() + i);
}
unsigned Nest::addTable(Value v) {
  for (auto [k, t] : llvm::enumerate(tables))
    if (t == v)
      return k;
  for (Block *b : blocks())
    b->insertArgument(ins.size() + tables.size(), v.getType(), loc);
  tables.push_back(v);
  return tables.size() - 1;
}
void Nest::removeTable(unsigned i) {
  for (Block *b : blocks())
    b->eraseArgument(tableArg(i));
  tables.erase(tables.begin() + i);
}
void Nest::removeResult(unsigned i) {
  bool hasAcc = reduces();
  for (Block *b : blocks()) {
    b->getTerminator()->eraseOperand(i);
    if (hasAcc)
      b->eraseArgument(accArg(i));
  }
  resultTypes.erase(resultTypes.begin() + i);
  resultIndex.erase(resultIndex.begin() + i);
  init.erase(init.begin() + i);
  destOf.erase(destOf.begin() + i);
}

void Nest::forEachIndexOp(function_ref<void(IndexOp)> visit) {
  for (Block *b : blocks())
    for (Operation &o : llvm::make_early_inc_range(*b))
      if (auto index = dyn_cast<IndexOp>(o))
        visit(index);
}

void Nest::split(const DimSplit &s) {
  DimExpr outer = *DimExpr::divideExactly(domain[s.dim], s.inner);
  domain[s.dim] = outer;
  domain.insert(domain.begin() + s.dim + 1, s.inner);
  kinds.insert(kinds.begin() + s.dim, kinds[s.dim]);
  SmallVector<AffineExpr> map;
  for (unsigned d = 0; d + 1 < domain.size(); ++d)
    map.push_back(d < s.dim ? dimExpr(d) : d > s.dim ? dimExpr(d + 1) : dimExpr(d) * sym(s.inner) + dimExpr(d + 1));
  replaceDims(map);
  forEachIndexOp([&](IndexOp index) {
    unsigned d = index.getDim();
    if (d > s.dim)
      index.setDim(d + 1);
    if (d != s.dim)
      return;
    OpBuilder b(index);
    Value v = materialise(b, index.getLoc(), map[d]);
    index.replaceAllUsesWith(v);
    index.erase();
  });
}

void Nest::permuteDims(ArrayRef<unsigned> order) {
  Dims oldDomain = domain;
  std::string oldKinds = kinds;
  SmallVector<AffineExpr> map(order.size());
  SmallVector<unsigned> position(order.size());
  for (auto [now, old] : llvm::enumerate(order)) {
    domain[now] = oldDomain[old];
    kinds[now] = oldKinds[old];
    map[old] = dimExpr(now);
    position[old] = now;
  }
  replaceDims(map);
  forEachIndexOp([&](IndexOp index) { index.setDim(position[index.getDim()]); });
}

void Nest::dropUnitDim(unsigned d) {
  SmallVector<AffineExpr> map;
  for (unsigned k = 0; k < domain.size(); ++k)
    map.push_back(k == d ? getAffineConstantExpr(0, context()) : dimExpr(k < d ? k : k - 1));
  domain.erase(domain.begin() + d);
  kinds.erase(kinds.begin() + d);
  replaceDims(map);
  forEachIndexOp([&](IndexOp index) {
    unsigned k = index.getDim();
    if (k > d)
      index.setDim(k - 1);
    if (k != d)
      return;
    OpBuilder b(index);
    index.replaceAllUsesWith(arith::ConstantOp::create(b, index.getLoc(), b.getIndexAttr(0)).getResult());
    index.erase();
  });
}

bool Nest::isInBounds(unsigned i) const {
  for (auto [e, size] : llvm::zip(inIndex[i], nn::dimsOf(ins[i]))) {
    auto l = linear(e);
    if (!l || !l->isWithin(size, domain))
      return false;
  }
  return true;
}

Value Nest::materialise(OpBuilder &b, Location at, AffineExpr e) {
  if (auto c = dyn_cast<AffineConstantExpr>(e))
    return arith::ConstantOp::create(b, at, b.getIndexAttr(c.getValue()));
  if (auto d = dyn_cast<AffineDimExpr>(e))
    return IndexOp::create(b, at, b.getIndexType(), b.getI64IntegerAttr(d.getPosition()));
  if (auto s = dyn_cast<AffineSymbolExpr>(e))
    return DimOp::create(b, at, b.getIndexType(), b.getStringAttr(symbols[s.getPosition()].str()));
  auto bin = cast<AffineBinaryOpExpr>(e);
  Value l = materialise(b, at, bin.getLHS()), r = materialise(b, at, bin.getRHS());
  switch (bin.getKind()) {
  case AffineExprKind::Add:
    return arith::AddIOp::create(b, at, l, r);
  case AffineExprKind::Mul:
    return arith::MulIOp::create(b, at, l, r);
  case AffineExprKind::FloorDiv:
    return arith::FloorDivSIOp::create(b, at, l, r);
  case AffineExprKind::CeilDiv:
    return arith::CeilDivSIOp::create(b, at, l, r);
  default: { // mod is never negative
    Value q = arith::FloorDivSIOp::create(b, at, l, r);
    return arith::SubIOp::create(b, at, l, arith::MulIOp::create(b, at, q, r));
  }
  }
}

LoopNestInterface Nest::build(OpBuilder &b) {
  auto *c = context();
  // Only the symbols in use, in order of use.
  Dims used;
  SmallVector<AffineExpr> renamed(symbols.size(), getAffineConstantExpr(0, c));
  SmallVector<bool> seen(symbols.size());
  for (auto *list : {&inIndex, &resultIndex})
    for (Index &index : *list)
      for (AffineExpr e : index)
        e.walk([&](AffineExpr x) {
          auto s = dyn_cast<AffineSymbolExpr>(x);
          if (!s || seen[s.getPosition()])
            return;
          seen[s.getPosition()] = true;
          renamed[s.getPosition()] = getAffineSymbolExpr(used.size(), c);
          used.push_back(symbols[s.getPosition()]);
        });
  SmallVector<Attribute> maps;
  for (auto *list : {&inIndex, &resultIndex})
    for (Index &index : *list) {
      SmallVector<AffineExpr> exprs;
      for (AffineExpr e : index)
        exprs.push_back(e.replaceSymbols(renamed));
      maps.push_back(AffineMapAttr::get(AffineMap::get(domain.size(), used.size(), exprs, c)));
    }
  SmallVector<Value> usedDests;
  SmallVector<int64_t> dest;
  for (int64_t d : destOf) {
    dest.push_back(d < 0 ? -1 : int64_t(usedDests.size()));
    if (d >= 0)
      usedDests.push_back(dests[d]);
  }
  auto domainAttr = nn::ShapeAttr::get(c, domain), symbolsAttr = nn::ShapeAttr::get(c, used);
  auto pad = b.getArrayAttr(padding), start = b.getArrayAttr(init);
  Operation *fresh;
  if (auto old = dyn_cast<ContractOp>(op.getOperation())) {
    auto n = ContractOp::create(b, loc, resultTypes, domainAttr, ins, tables, usedDests, b.getArrayAttr(maps), symbolsAttr, pad,
                                start, dest, kinds, old.getTilesAttr(), old.getPanelAttr());
    n.getEpilogue().takeBody(op.getEpilogue());
    fresh = n;
  } else {
    auto n = GenericOp::create(b, loc, resultTypes, domainAttr, ins, tables, usedDests, b.getArrayAttr(maps), symbolsAttr, pad,
                               start, dest, kinds);
    n.getBody().takeBody(*op.bodyRegion());
    n.getEpilogue().takeBody(op.getEpilogue());
    fresh = n;
  }
  fresh->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  return cast<LoopNestInterface>(fresh);
}

std::optional<unsigned> movedIn(GenericOp op, unsigned result) {
  if (cast<LoopNestInterface>(op.getOperation()).hasReduction())
    return std::nullopt;
  auto arg = dyn_cast<BlockArgument>(op.getBody().front().getTerminator()->getOperand(result));
  if (!arg || arg.getArgNumber() >= op.getIns().size())
    return std::nullopt;
  return arg.getArgNumber();
}

Location fuseLocs(Location a, Location b) {
  if (a == b || isa<UnknownLoc>(b))
    return a;
  if (isa<UnknownLoc>(a))
    return b;
  return FusedLoc::get(a.getContext(), {a, b});
}

StringRef resultName(OpResult result) {
  auto names = result.getOwner()->getAttrOfType<ArrayAttr>("names");
  return names ? cast<StringAttr>(names[result.getResultNumber()]).getValue() : "value";
}

SmallVector<std::string> dimNames(LoopNestInterface op) {
  if (auto given = op->getAttrOfType<ArrayAttr>("dim_names"))
    return llvm::map_to_vector(given.getAsRange<StringAttr>(), [](StringAttr s) { return s.str(); });
  Dims sizes = op.getDomain().exprs();
  auto contract = dyn_cast<ContractOp>(op.getOperation());
  std::string kinds = contract ? contract.getKinds().str() : op.iteratorTypes();
  auto fused = dyn_cast_or_null<FusedOp>(op->getParentOp());
  for (unsigned d = 0; fused && d < fused.getOuter(); ++d)
    kinds[d] = 'o';
  SmallVector<std::string> names;
  for (unsigned d = 0; d < kinds.size(); ++d) {
    auto counts = [&](unsigned other) { return kinds[other] == kinds[d] && !sizes[other].isConstant(1); };
    if (!counts(d)) {
      names.push_back("0");
      continue;
    }
    std::string name = kinds[d] == 'o' ? "row" : kinds[d] == 'p' ? "i" : kinds[d] == 'r' ? "k" : std::string(1, kinds[d]);
    auto all = llvm::seq<unsigned>(0, kinds.size());
    if (llvm::count_if(all, counts) > 1)
      name += std::to_string(llvm::count_if(llvm::seq<unsigned>(0, d), counts));
    names.push_back(name);
  }
  return names;
}

} // namespace ingot::kernel
