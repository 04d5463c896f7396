//===- Pad.cpp - nn.pad -----------------------------------------------------------------===//
#include "dialects/kernel/Builders.h"

using namespace mlir;
namespace ingot::kernel {

Value padElement(Scalars &r, Value table, Value value, ArrayRef<Value> at, ArrayRef<Value> begins, ArrayRef<DimExpr> dims,
                 StringRef mode) {
  nn::ScalarBuilder ix(r.b, r.loc, r.b.getI64Type());
  using nn::Cmp;
  Value zero = r.indexConst(0), one = r.indexConst(1), outside;
  SmallVector<Value> from;
  for (auto [i, begin, dim] : llvm::zip(at, begins, dims)) {
    Value n = r.dim(dim), last = r.named("last", ix.sub(n, one)), k = ix.sub(i, begin);
    if (mode == "constant") {
      Value out = arith::OrIOp::create(r.b, r.loc, ix.cmp(Cmp::LT, k, zero), ix.cmp(Cmp::GE, k, n));
      outside = outside ? arith::OrIOp::create(r.b, r.loc, outside, out).getResult() : out;
    } else if (mode == "wrap") {
      k = ix.mod(k, ix.max(n, one));
    } else if (mode == "reflect") { // a period goes up and down, each end once
      Value period = r.named("period", ix.max(ix.mul(last, r.indexConst(2)), one));
      k = r.named("phase", ix.mod(k, period));
      k = ix.select(ix.cmp(Cmp::GT, k, last), ix.sub(period, k), k);
    }
    from.push_back(r.named("source", ix.max(zero, ix.min(k, last))));
  }
  Value x = r.read(table, from);
  if (!outside)
    return x;
  Value filler = value ? r.read(value, {}) : nn::ScalarBuilder(r.b, r.loc, nn::elementOf(table)).constant(0);
  return ix.select(outside, filler, x);
}

} // namespace ingot::kernel

namespace ingot::nn {
using kernel::GenericBuilder;
using kernel::Scalars;

/// The number outside, as padding of a loop nest, where it is a constant.
static TypedAttr fillerOf(PadOp op) {
  Type storage = storageType(elementOf(op.getInput()));
  if (!op.getValue())
    return isa<StringType>(storage) || isa<ComplexType>(storage) ? TypedAttr() : cast<TypedAttr>(OpBuilder(op).getZeroAttr(storage));
  auto c = op.getValue().getDefiningOp<ConstantOp>();
  auto dense = c ? dyn_cast<DenseElementsAttr>(c.getValue()) : DenseElementsAttr();
  return dense && dense.getElementType().isIntOrFloat() ? dyn_cast<TypedAttr>(dense.getValues<Attribute>()[0]) : TypedAttr();
}

OpFoldResult PadOp::fold(FoldAdaptor) {
  if (getInput().getType() == getType() && llvm::all_of(getBegins().exprs(), [](const DimExpr &e) { return e.isConstant(0); }))
    return getInput();
  return {};
}

std::optional<Dims> PadOp::evaluate(ArrayRef<std::optional<Dims>> operands) {
  auto begin = getBegins().exprs();
  if (!operands[0] || getType().getRank() != 1 || getMode() != "constant" || !begin[0].constant() ||
      (getValue() && !operands[1]))
    return std::nullopt;
  Dims out;
  for (int64_t i = 0, n = operands[0]->size(); i < getType().getDimSize(0); ++i) {
    int64_t k = i - *begin[0].constant();
    out.push_back(k >= 0 && k < n ? (*operands[0])[k] : getValue() ? (*operands[1])[0] : DimExpr(0));
  }
  return out;
}

FailureOr<SmallVector<Value>> PadOp::lower(OpBuilder &b) {
  Dims out = dimsOf(getResult()), begins = getBegins().exprs();
  GenericBuilder g(b, getLoc());
  auto d = g.parallels(out);
  TypedAttr filler = getMode() == "constant" ? fillerOf(*this) : TypedAttr();
  if (filler) {
    SmallVector<AffineExpr> map;
    for (auto [e, begin] : llvm::zip(d, begins))
      map.push_back(e - g.sym(begin));
    g.in(getInput(), map, filler);
    g.result(elementOf(getResult()), out, d);
    return g.build([](Scalars &r) -> SmallVector<Value> { return {r.in[0]}; });
  }
  g.table(getInput());
  if (getValue())
    g.table(getValue());
  g.result(elementOf(getResult()), out, d);
  return g.build([&](Scalars &r) -> SmallVector<Value> {
    SmallVector<Value> at, from;
    for (auto [e, begin] : llvm::zip(d, begins)) {
      at.push_back(r.index(e));
      from.push_back(r.dim(begin));
    }
    return {padElement(r, r.table[0], getValue() ? r.table[1] : Value(), at, from, dimsOf(getInput()), getMode())};
  });
}

std::optional<SmallVector<Value>> PadOp::permuted(OpBuilder &b, ValueRange operands, ArrayRef<int64_t> perm) {
  Dims out = dimsOf(getResult()), begins = getBegins().exprs(), to, from;
  for (int64_t p : perm) {
    to.push_back(out[p]);
    from.push_back(begins[p]);
  }
  // The value is a scalar: permuting leaves it as it is.
  return SmallVector<Value>{PadOp::create(b, getLoc(), tensorOf(to, elementOf(getResult())), operands[0], getValue(),
                                          ShapeAttr::get(b.getContext(), from), getMode())};
}

} // namespace ingot::nn
