//===- Nest.cpp -------------------------------------------------------------------===//
#include "lowering/expand/Nest.h"
#include "dialects/nn/Shape.h"
#include "dialects/support/ElementType.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
namespace ingot::expand {

Nest::Nest(Emitter &e, kernel::LoopNestInterface op)
    : e(e), op(op), sizes(op.getDomain().exprs()), symbols(op.getSymbols().exprs()), kinds(op.iteratorTypes()),
      names(kernel::dimNames(op)), numIns(op.getIns().size()), numResults(op->getNumResults()) {
  planClipping();
}

SmallVector<unsigned> Nest::dims(char kind) const {
  SmallVector<unsigned> out;
  for (unsigned d = 0; d < kinds.size(); ++d)
    if (kinds[d] == kind)
      out.push_back(d);
  return out;
}

Place &Nest::place(unsigned operand) {
  Value v = operand < numIns ? op.getIns()[operand] : op->getResult(operand - numIns);
  auto it = e.places.find(v);
  assert(it != e.places.end() && "a tensor without a place");
  return it->second;
}

bool Nest::uses(Region *region, unsigned in) const { return region && !region->empty() && !region->getArgument(in).use_empty(); }

bool Nest::dependsOnReduction(unsigned operand) {
  for (unsigned d : dims('r'))
    if (map(operand).isFunctionOfDim(d))
      return true;
  return false;
}

//===----------------------------------------------------------------------===//
// Index expressions
//===----------------------------------------------------------------------===//

static DimExpr symbolic(AffineExpr e, ArrayRef<DimExpr> symbols, bool &ok) {
  if (auto c = dyn_cast<AffineConstantExpr>(e))
    return c.getValue();
  if (auto s = dyn_cast<AffineSymbolExpr>(e))
    return symbols[s.getPosition()];
  auto bin = dyn_cast<AffineBinaryOpExpr>(e);
  if (!bin) {
    ok = false;
    return 0;
  }
  DimExpr l = symbolic(bin.getLHS(), symbols, ok), r = symbolic(bin.getRHS(), symbols, ok);
  switch (e.getKind()) {
  case AffineExprKind::Add:
    return l + r;
  case AffineExprKind::Mul:
    return l * r;
  case AffineExprKind::FloorDiv:
    return DimExpr::floorDiv(l, r);
  case AffineExprKind::CeilDiv:
    return DimExpr::ceilDiv(l, r);
  default:
    return DimExpr::mod(l, r);
  }
}

std::optional<DimExpr> Nest::slope(AffineExpr e, unsigned dim) {
  if (!e.isFunctionOfDim(dim))
    return DimExpr(0);
  if (isa<AffineDimExpr>(e))
    return DimExpr(1);
  auto bin = cast<AffineBinaryOpExpr>(e);
  if (e.getKind() != AffineExprKind::Add && e.getKind() != AffineExprKind::Mul)
    return std::nullopt;
  auto l = slope(bin.getLHS(), dim), r = slope(bin.getRHS(), dim);
  if (!l || !r)
    return std::nullopt;
  if (e.getKind() == AffineExprKind::Add)
    return *l + *r;
  // One factor of a product is a constant or symbolic.
  bool ok = true, left = bin.getLHS().isFunctionOfDim(dim);
  DimExpr factor = symbolic(left ? bin.getRHS() : bin.getLHS(), symbols, ok);
  return ok ? std::optional(*(left ? l : r) * factor) : std::nullopt;
}

std::optional<DimExpr> Nest::coefficient(unsigned operand, unsigned dim) {
  DimExpr sum = 0;
  Place &p = place(operand);
  AffineMap m = map(operand);
  for (unsigned j = 0; j < m.getNumResults(); ++j) {
    if (!m.getResult(j).isFunctionOfDim(dim) || (p.buffer && p.strides[j].isConstant(0)))
      continue;
    auto s = slope(m.getResult(j), dim);
    if (!s || !p.buffer)
      return std::nullopt;
    sum = sum + *s * p.strides[j];
  }
  return sum;
}

std::optional<Nest::Range> Nest::range(AffineExpr e) {
  if (auto d = dyn_cast<AffineDimExpr>(e))
    return Range{0, sizes[d.getPosition()] - 1};
  bool ok = true;
  if (e.isSymbolicOrConstant()) {
    DimExpr v = symbolic(e, symbols, ok);
    return ok ? std::optional(Range{v, v}) : std::nullopt;
  }
  auto bin = cast<AffineBinaryOpExpr>(e);
  auto l = range(bin.getLHS()), r = range(bin.getRHS());
  if (!l || !r)
    return std::nullopt;
  if (e.getKind() == AffineExprKind::Add)
    return Range{l->low + r->low, l->high + r->high};
  if (!(r->low == r->high))
    std::swap(l, r);
  DimExpr f = r->low; // the fixed operand
  if (!(r->low == r->high))
    return std::nullopt;
  switch (e.getKind()) {
  case AffineExprKind::Mul:
    if (f.isNonNegative())
      return Range{l->low * f, l->high * f};
    if ((DimExpr(0) - f).isNonNegative())
      return Range{l->high * f, l->low * f};
    return std::nullopt;
  case AffineExprKind::FloorDiv:
    if (!f.constant() || *f.constant() <= 0)
      return std::nullopt;
    return Range{DimExpr::floorDiv(l->low, f), DimExpr::floorDiv(l->high, f)};
  case AffineExprKind::Mod:
    return Range{0, f - 1};
  default:
    return std::nullopt;
  }
}

int Nest::laneStep(unsigned operand, unsigned dim) {
  auto c = coefficient(operand, dim);
  bool fixed = c && (c->isConstant(0) || c->isConstant(1));
  AffineMap m = map(operand);
  for (unsigned j = 0; j < m.getNumResults() && fixed && operand < numIns; ++j)
    fixed = !m.getResult(j).isFunctionOfDim(dim) || !mayLeave(operand, j);
  return fixed ? int(*c->constant()) : -1;
}

bool Nest::mayLeave(unsigned in, unsigned j) {
  if (!op.paddingOf(in) || clipped.contains({in, j}))
    return false;
  auto r = range(map(in).getResult(j));
  return !r || !r->low.isNonNegative() || !(place(in).sizes[j] - 1 - r->high).isNonNegative();
}

bool Nest::clipsAlong(unsigned dim) const {
  return llvm::any_of(clips, [&](auto &ofDim) {
    return llvm::any_of(ofDim.second, [&](const Clip &c) { return c.rest.isFunctionOfDim(dim); });
  });
}

Value Nest::indexValue(AffineExpr expr, ArrayRef<Value> iv) {
  SmallVector<Value> known(iv);
  for (auto [i, size] : llvm::zip(known, sizes))
    if (!i && size.isConstant(1)) // no loop runs over it
      i = e.index(0);
  return e.affine(expr, known, symbols, [&](AffineExpr x) {
    auto r = range(x);
    return r && r->low.isNonNegative();
  });
}

SmallVector<Value> Nest::indices(unsigned operand, ArrayRef<Value> iv) {
  SmallVector<Value> out;
  for (AffineExpr x : map(operand).getResults())
    out.push_back(indexValue(x, iv));
  return out;
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

Value Nest::read(unsigned in, const Point &p) {
  Place &place = this->place(in);
  if (place.scalar)
    return place.scalar;
  AffineMap m = map(in);
  bool varies = p.vectorDim >= 0 && m.isFunctionOfDim(p.vectorDim);
  if (kernel::GenericOp producer = place.recompute) {
    Nest inner(e, cast<kernel::LoopNestInterface>(producer.getOperation()));
    unsigned r = cast<OpResult>(op.getIns()[in]).getResultNumber();
    Point q;
    q.iv.resize(inner.kinds.size());
    q.lanes = varies ? p.lanes : 1;
    q.mask = varies ? p.mask : Value();
    SmallVector<Value> idx = indices(in, p.iv);
    for (auto [j, x] : llvm::enumerate(inner.map(inner.numIns + r).getResults()))
      if (auto d = dyn_cast<AffineDimExpr>(x)) {
        q.iv[d.getPosition()] = idx[j];
        if (varies && m.getResult(j).isFunctionOfDim(p.vectorDim))
          q.vectorDim = d.getPosition();
      }
    SmallVector<Value> args(inner.numIns);
    for (unsigned i = 0; i < inner.numIns; ++i)
      if (inner.uses(inner.body(), i))
        args[i] = inner.read(i, q);
    return inner.clone(*inner.body(), args, {}, q)[r];
  }
  int kind = varies ? laneStep(in, p.vectorDim) : 0;
  if (kind < 0)
    return gather(in, p);
  SmallVector<Value> idx = indices(in, p.iv);
  Value guard;
  for (unsigned j = 0; j < idx.size(); ++j)
    if (mayLeave(in, j)) {
      std::string at = "source"; // "source_i0": where the element for this i0 is read
      for (unsigned d = 0; d < kinds.size(); ++d)
        if (m.getResult(j).isFunctionOfDim(d) && names[d] != "0")
          at += "_" + names[d];
      guard = e.andBits(guard, e.inside(e.name(at, idx[j]), e.dim(place.sizes[j])));
    }
  int64_t lanes = kind ? p.lanes : 1;
  auto load = [&] { return SmallVector<Value>{e.load(place.buffer, e.address(place, idx), lanes, p.mask)}; };
  if (!guard)
    return load()[0];
  TypedAttr pad = op.paddingOf(in);
  Type type = lanes > 1 ? Type(lanesOf(pad.getType(), lanes)) : pad.getType();
  return e.choose(guard, type, load, [&] { return SmallVector<Value>{e.constant(pad, lanes)}; })[0];
}

void Nest::write(unsigned result, Value v, const Point &p) {
  Place &place = this->place(numIns + result);
  if (place.keep) { // the next nests read it from the register
    e.name(kernel::resultName(cast<OpResult>(op->getResult(result))), v);
    place.scalar = v;
  }
  if (!place.buffer)
    return;
  if (p.vectorDim >= 0 && laneStep(numIns + result, p.vectorDim) < 0)
    return scatter(result, v, p);
  SmallVector<Value> idx = indices(numIns + result, p.iv);
  e.store(e.broadcast(v, p.lanes), place.buffer, e.address(place, idx), p.mask);
}

static Point lane(const Point &p, Emitter &e, Value i) {
  Point one;
  one.iv = p.iv;
  one.iv[p.vectorDim] = e.add(p.iv[p.vectorDim], i);
  return one;
}

Value Nest::gather(unsigned in, const Point &p) {
  Type type = storageType(place(in).element);
  Value line = e.local({p.lanes}, type);
  e.loop("lane", e.index(0), e.index(p.lanes), 1, {}, [&](Value i, ValueRange) {
    Value exists = p.left ? e.less(i, p.left) : Value();
    e.set(e.choose(exists, type, [&] { return SmallVector<Value>{read(in, lane(p, e, i))}; },
                   [&] { return SmallVector<Value>{e.constant(cast<TypedAttr>(e.b.getZeroAttr(type)))}; })[0],
          line, i);
    return SmallVector<Value>();
  });
  return e.load(line, e.index(0), p.lanes);
}

void Nest::scatter(unsigned result, Value v, const Point &p) {
  v = e.broadcast(v, p.lanes);
  Value line = e.local({p.lanes}, getElementTypeOrSelf(v.getType()));
  e.store(v, line, e.index(0));
  e.loop("lane", e.index(0), p.left ? e.min(p.left, e.index(p.lanes)) : e.index(p.lanes), 1, {}, [&](Value i, ValueRange) {
    write(result, e.get(line, i), lane(p, e, i));
    return SmallVector<Value>();
  });
}

void Nest::element(Point p) {
  SmallVector<Value> ins(numIns);
  for (unsigned i = 0; i < numIns; ++i)
    if ((uses(body(), i) || uses(epilogue(), i)) && !dependsOnReduction(i))
      ins[i] = read(i, p);
  SmallVector<unsigned> reduction = dims('r');
  SmallVector<Value> out;
  if (reduction.empty()) {
    out = clone(*body(), ins, {}, p);
  } else {
    SmallVector<Value> accs;
    for (unsigned r = 0; r < numResults; ++r)
      accs.push_back(e.constant(op.initOf(r), p.lanes));
    out = reduce(reduction, p, accs, [&](ValueRange carried) {
      SmallVector<Value> now(ins);
      for (unsigned i = 0; i < numIns; ++i)
        if (uses(body(), i) && dependsOnReduction(i))
          now[i] = read(i, p);
      SmallVector<Value> next = clone(*body(), now, SmallVector<Value>(carried), p);
      for (Value &v : next)
        v = e.broadcast(v, p.lanes);
      return next;
    });
    if (epilogue())
      out = clone(*epilogue(), ins, out, p);
  }
  for (unsigned r = 0; r < numResults; ++r)
    write(r, out[r], p);
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

SmallVector<Value> Nest::reduce(ArrayRef<unsigned> order, Point &p, ValueRange init,
                                llvm::function_ref<SmallVector<Value>(ValueRange)> step) {
  if (order.empty())
    return step(init);
  auto [lo, hi] = bounds(order[0], p);
  return e.loop(names[order[0]], lo, hi, 1, init, [&](Value i, ValueRange carried) {
    p.iv[order[0]] = i;
    return reduce(order.drop_front(), p, carried, step);
  });
}

std::pair<Value, Value> Nest::bounds(unsigned dim, const Point &p) {
  Value lo = e.index(0), hi = e.dim(sizes[dim]);
  auto it = clips.find(dim);
  if (it != clips.end())
    for (const Clip &c : it->second) {
      // 0 <= slope * k + rest < size
      auto steps = [&](Value distance) {
        distance = e.max(distance, e.index(0));
        return c.slope == 1 ? distance : e.divPositive(e.add(distance, e.index(c.slope - 1)), e.index(c.slope));
      };
      auto r = range(c.rest);
      DimExpr size = place(c.in).sizes[c.index];
      if (!r || !r->low.isNonNegative())
        lo = e.max(lo, steps(indexValue(simplifyAffineExpr(c.rest * -1, op.numLoops(), symbols.size()), p.iv)));
      if (!r || !(size - 1 - r->high - (sizes[dim] - 1) * DimExpr(c.slope)).isNonNegative()) {
        Value distance = e.sub(e.dim(size), indexValue(c.rest, p.iv));
        hi = e.min(hi, c.slope == 1 ? distance : steps(distance));
      }
    }
  return {lo, hi};
}

Combine Nest::combineOf(unsigned result) {
  Combine c;
  Region *region = body();
  if (!region)
    return c;
  Value acc = region->getArgument(region->getNumArguments() - numResults + result);
  Value out = region->front().getTerminator()->getOperand(result);
  Operation *def = out.getDefiningOp();
  if (!def || !acc.hasOneUse() || *acc.user_begin() != def)
    return c;
  OpBuilder &b = e.b;
  Type t = acc.getType();
  auto set = [&](vector::CombiningKind kind, TypedAttr neutral) {
    c.op = def;
    c.kind = kind;
    c.neutral = neutral;
    c.accOperand = def->getOperand(0) == acc ? 0 : def->getOperand(1) == acc ? 1 : 2;
  };
  using K = vector::CombiningKind;
  auto inf = [&](bool negative) {
    auto f = cast<FloatType>(t);
    return cast<TypedAttr>(Attribute(FloatAttr::get(f, APFloat::getInf(f.getFloatSemantics(), negative))));
  };
  auto integer = [&](APInt v) { return cast<TypedAttr>(Attribute(IntegerAttr::get(t, v))); };
  unsigned w = t.isIntOrFloat() ? t.getIntOrFloatBitWidth() : 0;
  if (isa<arith::AddFOp, arith::AddIOp>(def) || (isa<math::FmaOp>(def) && def->getOperand(2) == acc))
    set(K::ADD, cast<TypedAttr>(b.getZeroAttr(t)));
  else if (isa<arith::MulFOp, arith::MulIOp>(def))
    set(K::MUL, cast<TypedAttr>(b.getOneAttr(t)));
  else if (isa<arith::MaximumFOp>(def))
    set(K::MAXIMUMF, inf(true));
  else if (isa<arith::MinimumFOp>(def))
    set(K::MINIMUMF, inf(false));
  else if (isa<arith::MaxSIOp>(def))
    set(K::MAXSI, integer(APInt::getSignedMinValue(w)));
  else if (isa<arith::MinSIOp>(def))
    set(K::MINSI, integer(APInt::getSignedMaxValue(w)));
  else if (isa<arith::MaxUIOp>(def))
    set(K::MAXUI, integer(APInt::getMinValue(w)));
  else if (isa<arith::MinUIOp>(def))
    set(K::MINUI, integer(APInt::getMaxValue(w)));
  else if (isa<arith::AndIOp>(def))
    set(K::AND, integer(APInt::getAllOnes(w)));
  else if (isa<arith::OrIOp>(def))
    set(K::OR, integer(APInt(w, 0)));
  return c;
}

/// Whether the term that `c` adds is neutral if ins `in` reads its padding.
static bool skipsPadding(Nest &nest, const Combine &c, unsigned in) {
  TypedAttr pad = nest.op.paddingOf(in);
  if (!c.op)
    return false;
  Value element = nest.body()->getArgument(in);
  auto isElement = [&](Value v) { // through widening
    while (v != element && v.getDefiningOp() && isa<arith::ExtFOp, arith::ExtSIOp, arith::ExtUIOp, arith::SIToFPOp, arith::UIToFPOp>(v.getDefiningOp()))
      v = v.getDefiningOp()->getOperand(0);
    return v == element;
  };
  auto isFactor = [&](Value v) {
    if (isElement(v))
      return true;
    Operation *def = v.getDefiningOp();
    return def && isa<arith::MulFOp, arith::MulIOp>(def) && (isElement(def->getOperand(0)) || isElement(def->getOperand(1)));
  };
  if (c.kind == vector::CombiningKind::ADD) {
    if (!matchPattern(Attribute(pad), m_AnyZeroFloat()) && !matchPattern(Attribute(pad), m_Zero()))
      return false;
    if (isa<math::FmaOp>(c.op))
      return isElement(c.op->getOperand(0)) || isElement(c.op->getOperand(1));
    return isFactor(c.op->getOperand(1 - c.accOperand));
  }
  if (c.kind == vector::CombiningKind::MUL || !isElement(c.op->getOperand(1 - c.accOperand)))
    return false;
  // Minimum, maximum and the like: the padding is the neutral element itself, perhaps in a narrower type.
  if (auto f = dyn_cast<FloatAttr>(pad)) {
    auto n = dyn_cast<FloatAttr>(c.neutral);
    return n && f.getValue().isInfinity() && f.getValue().isNegative() == n.getValue().isNegative();
  }
  return pad == c.neutral;
}

void Nest::planClipping() {
  if (!body() || dims('r').empty())
    return;
  int padded = -1;
  for (unsigned i = 0; i < numIns; ++i)
    if (op.paddingOf(i)) {
      if (padded >= 0)
        return; // the bounds of one reader would cut the other's
      padded = i;
    }
  if (padded < 0 || uses(epilogue(), padded))
    return;
  for (unsigned r = 0; r < numResults; ++r)
    if (!skipsPadding(*this, combineOf(r), padded))
      return;
  AffineMap m = map(padded);
  for (unsigned j = 0; j < m.getNumResults(); ++j) {
    AffineExpr x = m.getResult(j);
    SmallVector<unsigned> in;
    for (unsigned d : dims('r'))
      if (x.isFunctionOfDim(d))
        in.push_back(d);
    if (in.size() != 1 || !mayLeave(padded, j))
      continue;
    auto s = slope(x, in[0]);
    if (!s || !s->constant() || *s->constant() <= 0)
      continue;
    AffineExpr rest = simplifyAffineExpr(x.replace(getAffineDimExpr(in[0], x.getContext()), getAffineConstantExpr(0, x.getContext())),
                                         m.getNumDims(), m.getNumSymbols());
    clips[in[0]].push_back({unsigned(padded), j, *s->constant(), rest});
    clipped.insert({unsigned(padded), j});
  }
}

} // namespace ingot::expand
