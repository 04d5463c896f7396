//===- LinearIndex.cpp --------------------------------------------------------===//
#include "dialects/kernel/LinearIndex.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
namespace ingot::kernel {

std::optional<LinearIndex> LinearIndex::of(AffineExpr e, unsigned dims, ArrayRef<DimExpr> symbols) {
  LinearIndex out(dims);
  if (auto c = dyn_cast<AffineConstantExpr>(e)) {
    out.constant = c.getValue();
    return out;
  }
  if (auto d = dyn_cast<AffineDimExpr>(e)) {
    out.coeffs[d.getPosition()] = 1;
    return out;
  }
  if (auto s = dyn_cast<AffineSymbolExpr>(e)) {
    out.constant = symbols[s.getPosition()];
    return out;
  }
  auto b = cast<AffineBinaryOpExpr>(e);
  auto l = of(b.getLHS(), dims, symbols), r = of(b.getRHS(), dims, symbols);
  if (!l || !r)
    return std::nullopt;
  auto isConstant = [](const LinearIndex &i) { return llvm::all_of(i.coeffs, [](const DimExpr &c) { return c.isConstant(0); }); };
  switch (b.getKind()) {
  case AffineExprKind::Add:
    return l->plus(*r, 1);
  case AffineExprKind::Mul:
    if (isConstant(*r))
      return out.plus(*l, r->constant);
    if (isConstant(*l))
      return out.plus(*r, l->constant);
    return std::nullopt;
  case AffineExprKind::FloorDiv:
  case AffineExprKind::CeilDiv:
  case AffineExprKind::Mod:
    if (!isConstant(*l) || !isConstant(*r) || r->constant.isConstant(0))
      return std::nullopt;
    out.constant = b.getKind() == AffineExprKind::FloorDiv  ? DimExpr::floorDiv(l->constant, r->constant)
                   : b.getKind() == AffineExprKind::CeilDiv ? DimExpr::ceilDiv(l->constant, r->constant)
                                                            : DimExpr::mod(l->constant, r->constant);
    return out;
  default:
    return std::nullopt;
  }
}

AffineExpr LinearIndex::toAffine(MLIRContext *context, function_ref<AffineExpr(const DimExpr &)> symbol) const {
  AffineExpr e = getAffineConstantExpr(0, context);
  for (auto [d, c] : llvm::enumerate(coeffs))
    if (!c.isConstant(0))
      e = e + getAffineDimExpr(d, context) * symbol(c);
  return e + symbol(constant);
}

LinearIndex LinearIndex::plus(const LinearIndex &o, const DimExpr &scale) const {
  LinearIndex r = *this;
  for (auto [a, b] : llvm::zip(r.coeffs, o.coeffs))
    a = a + b * scale;
  r.constant = r.constant + o.constant * scale;
  return r;
}

static std::optional<DimExpr> extreme(const LinearIndex &i, ArrayRef<DimExpr> domain, bool isHigh) {
  DimExpr e = i.constant;
  for (auto [c, size] : llvm::zip(i.coeffs, domain)) {
    bool up = c.isNonNegative(), down = (DimExpr(0) - c).isNonNegative();
    if (!up && !down)
      return std::nullopt;
    if (up == isHigh)
      e = e + c * (size - 1);
  }
  return e;
}
std::optional<DimExpr> LinearIndex::low(ArrayRef<DimExpr> domain) const { return extreme(*this, domain, false); }
std::optional<DimExpr> LinearIndex::high(ArrayRef<DimExpr> domain) const { return extreme(*this, domain, true); }

bool LinearIndex::isWithin(const DimExpr &size, ArrayRef<DimExpr> domain) const {
  auto l = low(domain), h = high(domain);
  return l && h && l->isNonNegative() && (size - 1 - *h).isNonNegative();
}

std::optional<unsigned> LinearIndex::plainDim() const {
  std::optional<unsigned> found;
  for (auto [d, c] : llvm::enumerate(coeffs)) {
    if (c.isConstant(0))
      continue;
    if (found || !c.isConstant(1))
      return std::nullopt;
    found = d;
  }
  return constant.isConstant(0) ? found : std::nullopt;
}

//===----------------------------------------------------------------------===//
// IndexSpace
//===----------------------------------------------------------------------===//

IndexSpace::IndexSpace(ArrayRef<DimExpr> domain, function_ref<bool(unsigned)> maySplit) : domain(domain.begin(), domain.end()) {
  for (unsigned d = 0; d < domain.size(); ++d)
    may.push_back(maySplit(d));
}

static LinearIndex applySplit(LinearIndex i, const DimSplit &s) {
  DimExpr c = i.coeffs[s.dim];
  i.coeffs.insert(i.coeffs.begin() + s.dim + 1, c);
  i.coeffs[s.dim] = c * s.inner;
  return i;
}
LinearIndex IndexSpace::adapt(LinearIndex i, size_t seen) const {
  for (size_t k = seen; k < splits.size(); ++k)
    i = applySplit(i, splits[k]);
  return i;
}
bool IndexSpace::apply(const DimSplit &s) {
  if (!may[s.dim] || splits.size() > 8)
    return false;
  domain[s.dim] = *DimExpr::divideExactly(domain[s.dim], s.inner);
  domain.insert(domain.begin() + s.dim + 1, s.inner);
  may.insert(may.begin() + s.dim + 1, true);
  splits.push_back(s);
  return true;
}

/// value = quotient * by + value', with 0 <= value' < by proved. Otherwise false, with a split that helps if there is one.
bool IndexSpace::divide(LinearIndex &value, const DimExpr &by, LinearIndex &quotient, std::optional<DimSplit> &split) {
  quotient = LinearIndex(domain.size());
  LinearIndex rest(domain.size());
  for (unsigned d = 0; d < domain.size(); ++d) {
    if (value.coeffs[d].isConstant(0))
      continue;
    if (auto q = DimExpr::divideExactly(value.coeffs[d], by))
      quotient.coeffs[d] = *q;
    else
      rest.coeffs[d] = value.coeffs[d];
  }
  auto c = value.constant.constant(), b = by.constant();
  if (c && b && *b > 0) {
    int64_t m = ((*c % *b) + *b) % *b;
    rest.constant = m;
    quotient.constant = (*c - m) / *b;
  } else if (auto q = DimExpr::divideExactly(value.constant, by)) {
    quotient.constant = *q;
  } else {
    rest.constant = value.constant;
  }
  if (rest.isWithin(by, domain)) {
    value = rest;
    return true;
  }
  for (unsigned d = 0; d < domain.size(); ++d) {
    if (rest.coeffs[d].isConstant(0))
      continue;
    auto inner = DimExpr::divideExactly(by, rest.coeffs[d]);
    if (inner && (DimExpr(0) - *inner).isNonNegative()) // a dimension read backwards
      inner = DimExpr(0) - *inner;
    if (!inner || !inner->isNonNegative() || inner->isConstant(1) || *inner == domain[d])
      continue;
    auto outer = DimExpr::divideExactly(domain[d], *inner);
    if (outer && !outer->isConstant(1)) {
      split = DimSplit{d, *inner};
      break;
    }
  }
  return false;
}

/// Indices of shape `dims` from a row-major offset.
std::optional<IndexSpace::Indices> IndexSpace::delinearise(LinearIndex flat, ArrayRef<DimExpr> dims) {
  for (;;) {
    Indices out;
    LinearIndex rest = flat;
    std::optional<DimSplit> split;
    bool ok = true;
    for (size_t k = 0; ok && k < dims.size(); ++k) {
      LinearIndex q(domain.size());
      if (k + 1 == dims.size()) {
        out.push_back(rest);
        break;
      }
      ok = divide(rest, product(dims.drop_front(k + 1)), q, split);
      out.push_back(q);
    }
    if (ok)
      return out;
    if (!split || !apply(*split))
      return std::nullopt;
    flat = applySplit(flat, *split);
  }
}

std::optional<IndexSpace::Indices> IndexSpace::reshape(Indices index, ArrayRef<DimExpr> from, ArrayRef<DimExpr> to) {
  size_t seen = splits.size();
  std::vector<std::pair<Indices, size_t>> groups; // results with the number of splits each knows
  size_t i = 0, j = 0;
  LinearIndex zero(domain.size());
  while (i < from.size() || j < to.size()) {
    size_t i0 = i, j0 = j;
    DimExpr p(1), q(1);
    auto takeFrom = [&] { p = p * from[i++]; };
    auto takeTo = [&] { q = q * to[j++]; };
    if (i < from.size())
      takeFrom();
    else
      takeTo();
    while (p != q) {
      if (j < to.size() && (i == from.size() || DimExpr::divideExactly(p, q)))
        takeTo();
      else if (i < from.size() && (j == to.size() || DimExpr::divideExactly(q, p)))
        takeFrom();
      else if (i < from.size() && j < to.size()) {
        takeFrom();
        takeTo();
      } else
        return std::nullopt;
    }
    // Unit dimensions on both sides join the group before them.
    while (j < to.size() && to[j].isConstant(1) && (i == from.size() || from[i].isConstant(1)))
      takeTo();
    LinearIndex flat(domain.size());
    for (size_t k = i0; k < i; ++k) {
      DimExpr stride = product(from.slice(k + 1, i - k - 1));
      LinearIndex t = adapt(index[k], seen);
      if (from[k].isConstant(1) && t.isWithin(1, domain))
        continue;
      flat = flat.plus(t, stride);
    }
    // Leading unit dimensions have index 0; the first other one takes the quotient.
    Indices result(j - j0, LinearIndex(domain.size()));
    SmallVector<size_t> real;
    Dims sizes;
    for (size_t k = j0; k < j; ++k)
      if (!to[k].isConstant(1)) {
        real.push_back(k - j0);
        sizes.push_back(to[k]);
      }
    if (!sizes.empty()) {
      auto parts = delinearise(flat, sizes);
      if (!parts)
        return std::nullopt;
      for (LinearIndex &r : result)
        r = LinearIndex(domain.size());
      for (auto [at, part] : llvm::zip(real, *parts))
        result[at] = part;
    } else if (!(flat == LinearIndex(domain.size()))) {
      if (result.empty())
        return std::nullopt;
      result[0] = flat; // an index of a unit dimension that may be outside
    }
    groups.push_back({result, splits.size()});
  }
  Indices out;
  for (auto &[g, n] : groups)
    for (LinearIndex &r : g)
      out.push_back(adapt(r, n));
  return out;
}

std::optional<IndexSpace::Indices> IndexSpace::solve(ArrayRef<LinearIndex> written, ArrayRef<DimExpr> producer,
                                                     ArrayRef<DimExpr> shape, Indices index) {
  size_t seen = splits.size();
  std::vector<std::pair<LinearIndex, size_t>> point(producer.size(), {LinearIndex(domain.size()), seen});
  SmallVector<bool> known(producer.size());
  for (auto [d, size] : llvm::enumerate(producer))
    known[d] = size.isConstant(1);
  for (size_t k = 0; k < written.size(); ++k) {
    SmallVector<unsigned> terms;
    for (unsigned d = 0; d < producer.size(); ++d)
      if (!written[k].coeffs[d].isConstant(0) && !producer[d].isConstant(1))
        terms.push_back(d);
    llvm::sort(terms, [&](unsigned a, unsigned b) {
      return written[k].coeffs[a] != written[k].coeffs[b] &&
             DimExpr::divideExactly(written[k].coeffs[a], written[k].coeffs[b]).has_value();
    });
    // A mixed-radix number that covers the whole dimension.
    DimExpr expected(1);
    Dims sizes;
    for (unsigned d : llvm::reverse(terms)) {
      if (written[k].coeffs[d] != expected || known[d])
        return std::nullopt;
      known[d] = true;
      expected = expected * producer[d];
    }
    if (expected != shape[k] || !written[k].constant.isConstant(0))
      return std::nullopt;
    for (unsigned d : terms)
      sizes.push_back(producer[d]);
    if (sizes.empty())
      continue;
    auto parts = delinearise(adapt(index[k], seen), sizes);
    if (!parts)
      return std::nullopt;
    for (auto [d, part] : llvm::zip(terms, *parts))
      point[d] = {part, splits.size()};
  }
  if (!llvm::all_of(known, [](bool b) { return b; }))
    return std::nullopt;
  Indices out;
  for (auto &[p, n] : point)
    out.push_back(adapt(p, n));
  return out;
}

} // namespace ingot::kernel
