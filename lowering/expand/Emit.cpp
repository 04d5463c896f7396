//===- Emit.cpp -----------------------------------------------------------------===//
#include "lowering/expand/Emit.h"
#include "dialects/isa/Isa.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
namespace ingot::expand {

int64_t estimate(const DimExpr &e, int64_t symbol) {
  return e.evaluate([&](StringRef) { return std::optional<int64_t>(symbol); }).value_or(symbol);
}

std::optional<int64_t> constantOf(Value v) {
  APInt c;
  if (v && matchPattern(v, m_ConstantInt(&c)))
    return c.getSExtValue();
  return std::nullopt;
}

VectorType lanesOf(Type scalar, int64_t lanes) { return VectorType::get({lanes}, scalar); }

Location Emitter::named(StringRef name) { return NameLoc::get(b.getStringAttr(name), loc); }

Value Emitter::name(StringRef name, Value v) {
  if (Operation *op = v.getDefiningOp(); op && op->getLoc() == loc && !isa<arith::ConstantOp>(op))
    op->setLoc(named(name));
  return v;
}

//===----------------------------------------------------------------------===//
// Index arithmetic
//===----------------------------------------------------------------------===//

Value Emitter::index(int64_t v) { return arith::ConstantIndexOp::create(b, loc, v); }

Value Emitter::dim(const DimExpr &e) {
  if (auto c = e.constant())
    return index(*c);
  std::string key = e.str();
  if (auto it = symbols.find(key); it != symbols.end())
    return it->second;
  Value &known = dims[key];
  if (known)
    return known;
  OpBuilder::InsertionGuard guard(b);
  if (top)
    b.setInsertionPoint(top);
  Value sum;
  int64_t constant = 0;
  for (auto &[monomial, c] : e.terms()) {
    if (monomial.empty()) {
      constant = c;
      continue;
    }
    Value term;
    for (const DimExpr::Atom &a : monomial) {
      Value v;
      if (a.kind == DimExpr::Kind::Symbol) {
        v = symbols.lookup(a.text);
        assert(v && "a symbol that is no argument of the kernel");
      } else {
        const DimExpr &p = a.args->first, &q = a.args->second;
        Value x = dim(p), y = dim(q);
        bool positive = p.isNonNegative() && q.isNonNegative();
        switch (a.kind) {
        case DimExpr::Kind::FloorDiv:
          v = positive ? divPositive(x, y) : b.createOrFold<arith::FloorDivSIOp>(loc, x, y);
          break;
        case DimExpr::Kind::Mod:
          v = positive ? modPositive(x, y) : sub(x, mul(b.createOrFold<arith::FloorDivSIOp>(loc, x, y), y));
          break;
        case DimExpr::Kind::Max:
          v = max(x, y);
          break;
        default:
          v = min(x, y);
        }
      }
      term = term ? mul(term, v) : v;
    }
    if (sum && c < 0)
      sum = sub(sum, mul(term, index(-c)));
    else
      sum = sum ? add(sum, mul(term, index(c))) : mul(term, index(c));
  }
  sum = add(sum, index(constant));
  dims[key] = sum;
  return sum;
}

Value Emitter::add(Value x, Value y) {
  if (constantOf(x) && !constantOf(y))
    std::swap(x, y);
  if (auto c = constantOf(y); c && *c < 0 && !constantOf(x))
    return b.createOrFold<arith::SubIOp>(loc, x, index(-*c));
  return b.createOrFold<arith::AddIOp>(loc, x, y);
}
Value Emitter::sub(Value x, Value y) { return b.createOrFold<arith::SubIOp>(loc, x, y); }
Value Emitter::mul(Value x, Value y) {
  if (constantOf(x) && !constantOf(y))
    std::swap(x, y);
  return b.createOrFold<arith::MulIOp>(loc, x, y);
}
Value Emitter::min(Value x, Value y) { return b.createOrFold<arith::MinSIOp>(loc, x, y); }
Value Emitter::max(Value x, Value y) { return b.createOrFold<arith::MaxSIOp>(loc, x, y); }
Value Emitter::ceilDiv(Value x, Value y) {
  if (constantOf(y) == 1)
    return x;
  return b.createOrFold<arith::CeilDivSIOp>(loc, x, y);
}
Value Emitter::divPositive(Value x, Value y) {
  auto c = constantOf(x), d = constantOf(y);
  if (d == 1)
    return x;
  if (c && d && *d > 0)
    return index(*c / *d);
  return b.createOrFold<arith::DivUIOp>(loc, x, y);
}
Value Emitter::modPositive(Value x, Value y) {
  auto c = constantOf(x), d = constantOf(y);
  if (d == 1)
    return index(0);
  if (c && d && *d > 0)
    return index(*c % *d);
  return b.createOrFold<arith::RemUIOp>(loc, x, y);
}
Value Emitter::inside(Value x, Value size) {
  return b.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::ult, x, size);
}
Value Emitter::less(Value x, Value y) { return b.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::slt, x, y); }
Value Emitter::andBits(Value x, Value y) {
  if (!x || !y)
    return x ? x : y;
  return b.createOrFold<arith::AndIOp>(loc, x, y);
}

Value Emitter::affine(AffineExpr e, ArrayRef<Value> dims, ArrayRef<DimExpr> syms,
                      llvm::function_ref<bool(AffineExpr)> nonNegative) {
  if (auto d = dyn_cast<AffineDimExpr>(e))
    return dims[d.getPosition()];
  if (auto s = dyn_cast<AffineSymbolExpr>(e))
    return dim(syms[s.getPosition()]);
  if (auto c = dyn_cast<AffineConstantExpr>(e))
    return index(c.getValue());
  auto bin = cast<AffineBinaryOpExpr>(e);
  AffineExpr l = bin.getLHS(), r = bin.getRHS();
  switch (e.getKind()) {
  case AffineExprKind::Add: {
    // a + b * -1 reads better as a - b.
    for (auto [x, y] : {std::pair(l, r), std::pair(r, l)})
      if (auto product = dyn_cast<AffineBinaryOpExpr>(y); product && product.getKind() == AffineExprKind::Mul)
        if (auto c = dyn_cast<AffineConstantExpr>(product.getRHS()); c && c.getValue() < 0)
          return sub(affine(x, dims, syms, nonNegative),
                     mul(affine(product.getLHS(), dims, syms, nonNegative), index(-c.getValue())));
    return add(affine(l, dims, syms, nonNegative), affine(r, dims, syms, nonNegative));
  }
  case AffineExprKind::Mul:
    return mul(affine(l, dims, syms, nonNegative), affine(r, dims, syms, nonNegative));
  case AffineExprKind::FloorDiv:
  case AffineExprKind::CeilDiv:
  case AffineExprKind::Mod: {
    Value x = affine(l, dims, syms, nonNegative), y = affine(r, dims, syms, nonNegative);
    if (e.getKind() == AffineExprKind::CeilDiv)
      return ceilDiv(x, y);
    bool mod = e.getKind() == AffineExprKind::Mod;
    if (nonNegative(l))
      return mod ? modPositive(x, y) : divPositive(x, y);
    Value q = b.createOrFold<arith::FloorDivSIOp>(loc, x, y);
    return mod ? sub(x, mul(q, y)) : q;
  }
  default:
    llvm_unreachable("no other binary expression");
  }
}

Value Emitter::address(ArrayRef<Value> indices, ArrayRef<DimExpr> strides, const DimExpr &offset) {
  struct Term {
    Value index;
    DimExpr stride;
    int64_t size;
  };
  SmallVector<Term> terms;
  for (auto [i, s] : llvm::zip(indices, strides))
    if (!s.isConstant(0) && constantOf(i) != 0)
      terms.push_back({i, s, estimate(s)});
  llvm::stable_sort(terms, [](const Term &a, const Term &b) { return a.size > b.size; });
  Value total, group;
  DimExpr unit;
  auto flush = [&] {
    if (group) {
      Value v = mul(group, dim(unit));
      total = total ? add(total, v) : v;
    }
  };
  for (const Term &t : terms) {
    auto ratio = group ? DimExpr::divideExactly(unit, t.stride) : std::nullopt;
    if (ratio) {
      group = add(mul(group, dim(*ratio)), t.index);
    } else {
      flush();
      group = t.index;
    }
    unit = t.stride;
  }
  flush();
  if (!total)
    return dim(offset);
  return offset.isConstant(0) ? total : add(total, dim(offset));
}

SmallVector<Value> Emitter::delinearize(Value flat, ArrayRef<DimExpr> sizes) {
  SmallVector<Value> out(sizes.size());
  size_t outermost = 0; // the first that is not 1 needs no remainder
  while (outermost + 1 < sizes.size() && sizes[outermost].isConstant(1))
    ++outermost;
  for (size_t i = sizes.size(); i-- > 0;) {
    if (sizes[i].isConstant(1))
      out[i] = index(0);
    else if (i == outermost)
      out[i] = flat;
    else {
      Value s = dim(sizes[i]);
      out[i] = modPositive(flat, s);
      flat = divPositive(flat, s);
    }
  }
  return out;
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

void Emitter::annotate(Operation *op) {
  if (!remarks.empty())
    op->setAttr("plan.comment", b.getStringAttr(std::exchange(remarks, {})));
}

SmallVector<Value> Emitter::loop(StringRef name, Value lo, Value hi, int64_t step, ValueRange init, Body body) {
  auto l = constantOf(lo), h = constantOf(hi);
  if (l && h && *h - *l <= step)
    return *h <= *l ? SmallVector<Value>(init) : body(lo, init);
  auto op = scf::ForOp::create(b, loc, lo, hi, index(step), init);
  op.getInductionVar().setLoc(named(name));
  annotate(op);
  OpBuilder::InsertionGuard guard(b);
  if (!init.empty())
    b.setInsertionPointToStart(op.getBody());
  else
    b.setInsertionPoint(op.getBody()->getTerminator());
  SmallVector<Value> out = body(op.getInductionVar(), op.getRegionIterArgs());
  if (!init.empty())
    scf::YieldOp::create(b, loc, out);
  return SmallVector<Value>(op.getResults());
}

void Emitter::unrolled(StringRef name, int64_t count, llvm::function_ref<void(Value)> body) {
  unrolled(name, index(count), count, body);
}

void Emitter::unrolled(StringRef name, Value count, int64_t most, llvm::function_ref<void(Value)> body) {
  if (constantOf(count) == 1) {
    remarks.clear();
    return body(index(0));
  }
  auto op = scf::ForOp::create(b, loc, index(0), count, index(1));
  op.getInductionVar().setLoc(named(name));
  annotate(op);
  op->setAttr("plan.unroll", constantOf(count) ? Attribute(b.getUnitAttr()) : b.getI64IntegerAttr(most));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(op.getBody()->getTerminator());
  body(op.getInductionVar());
}

void Emitter::when(Value condition, llvm::function_ref<void()> body) {
  if (!condition || constantOf(condition) == -1 || constantOf(condition) == 1)
    return body();
  if (constantOf(condition) == 0)
    return;
  auto op = scf::IfOp::create(b, loc, condition, false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(op.thenYield());
  body();
}

void Emitter::either(Value condition, llvm::function_ref<void()> then, llvm::function_ref<void()> otherwise) {
  auto op = scf::IfOp::create(b, loc, condition, true);
  annotate(op);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(op.thenYield());
  then();
  b.setInsertionPoint(op.elseYield());
  otherwise();
}

SmallVector<Value> Emitter::choose(Value condition, TypeRange types, llvm::function_ref<SmallVector<Value>()> then,
                                   llvm::function_ref<SmallVector<Value>()> otherwise) {
  if (!condition)
    return then();
  if (auto known = constantOf(condition))
    return *known ? then() : otherwise();
  auto op = scf::IfOp::create(b, loc, types, condition, true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(op.thenBlock());
  scf::YieldOp::create(b, loc, then());
  b.setInsertionPointToStart(op.elseBlock());
  scf::YieldOp::create(b, loc, otherwise());
  return SmallVector<Value>(op.getResults());
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

Value Emitter::constant(TypedAttr scalar, int64_t lanes) {
  if (lanes > 1)
    scalar = DenseElementsAttr::get(lanesOf(scalar.getType(), lanes), Attribute(scalar));
  return arith::ConstantOp::create(b, loc, scalar);
}

Value Emitter::broadcast(Value v, int64_t lanes) {
  if (lanes == 1 || isa<VectorType>(v.getType()))
    return v;
  if (Attribute c; matchPattern(v, m_Constant(&c)))
    return constant(cast<TypedAttr>(c), lanes);
  return vector::BroadcastOp::create(b, loc, lanesOf(v.getType(), lanes), v);
}

Value Emitter::load(Value buffer, Value at, int64_t lanes, Value mask) {
  Type element = cast<MemRefType>(buffer.getType()).getElementType();
  if (lanes == 1)
    return memref::LoadOp::create(b, loc, buffer, at);
  VectorType type = lanesOf(element, lanes);
  if (!mask)
    return vector::LoadOp::create(b, loc, type, buffer, at);
  Value zero = constant(cast<TypedAttr>(b.getZeroAttr(element)), lanes);
  return vector::MaskedLoadOp::create(b, loc, type, buffer, at, mask, zero);
}

void Emitter::store(Value v, Value buffer, Value at, Value mask) {
  if (!isa<VectorType>(v.getType()))
    memref::StoreOp::create(b, loc, v, buffer, at);
  else if (mask)
    vector::MaskedStoreOp::create(b, loc, buffer, at, mask, v);
  else
    vector::StoreOp::create(b, loc, v, buffer, at);
}

void Emitter::prefetch(Value buffer, Value at, int64_t level) { isa_ir::PrefetchOp::create(b, loc, buffer, at, level); }

Value Emitter::local(ArrayRef<int64_t> shape, Type element) {
  return memref::AllocaOp::create(b, loc, MemRefType::get(shape, element));
}
Value Emitter::get(Value array, ValueRange at) { return memref::LoadOp::create(b, loc, array, at); }
void Emitter::set(Value v, Value array, ValueRange at) { memref::StoreOp::create(b, loc, v, array, at); }

} // namespace ingot::expand
