//===- Einsum.cpp - sums of products by labels ------------------------------------------===//
//
// Operands are joined two at a time, left to right; a join keeps the labels that the result or a later operand
// needs. Each join is one kernel.contract, an operand alone one kernel.generic.
//
//===----------------------------------------------------------------------===//
#include "compiler/import/Compose.h"

using namespace mlir;
using namespace ingot;
using namespace ingot::nn;

namespace {
/// A label: a letter, or a place in the ellipsis counted from its end (so that operands broadcast).
using Labels = SmallVector<int>;
constexpr int ellipsis = 1000;

struct Term {
  Value value;
  Labels labels;
};

std::optional<Labels> parseLabels(StringRef text, int64_t rank) {
  Labels before, after, *current = &before;
  bool dots = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ' ')
      continue;
    if (text.substr(i).starts_with("...")) {
      if (dots)
        return std::nullopt;
      dots = true;
      current = &after;
      i += 2;
      continue;
    }
    current->push_back(text[i]);
  }
  if (dots)
    for (int64_t left = rank - before.size() - after.size(); left > 0; --left)
      before.push_back(ellipsis + left);
  before.append(after);
  return before;
}
} // namespace

INGOT_IMPORT("Einsum", 12) {
  std::string equation = n.s("equation").str();
  auto [lhs, rhs] = StringRef(equation).split("->");
  SmallVector<StringRef> texts;
  lhs.split(texts, ',');
  if (texts.size() != n.numInputs())
    return n.refuse("equation and number of inputs do not agree");
  SmallVector<Term> terms;
  std::map<int, DimExpr> sizes;
  std::map<int, int> uses;
  for (auto [i, text] : llvm::enumerate(texts)) {
    auto labels = parseLabels(text, n.rank(i));
    if (!labels || int64_t(labels->size()) != n.rank(i))
      return n.refuse("term '" + text + "' does not match its input's rank");
    for (auto [l, d] : llvm::zip(*labels, n.dims(i))) {
      auto [it, fresh] = sizes.try_emplace(l, d);
      if (!fresh) {
        auto common = n.broadcastDims({it->second}, {d});
        if (!common)
          return failure();
        it->second = (*common)[0];
      }
      ++uses[l];
    }
    terms.push_back({n.in(i), *labels});
  }
  Labels out;
  if (StringRef(equation).contains("->")) {
    size_t dots = 0;
    for (auto &[l, d] : sizes)
      dots += l > ellipsis;
    size_t letters = 0;
    for (char ch : rhs)
      letters += llvm::isAlpha(ch);
    auto labels = parseLabels(rhs, letters + dots);
    if (!labels)
      return n.refuse("equation has two ellipses in one term");
    out = *labels;
  } else { // the ellipsis, then the labels that occur once, in alphabetical order
    for (auto it = sizes.rbegin(); it != sizes.rend(); ++it)
      if (it->first > ellipsis)
        out.push_back(it->first);
    for (auto &[l, count] : uses)
      if (l < ellipsis && count == 1)
        out.push_back(l);
  }
  for (int l : out)
    if (!sizes.count(l))
      return n.refuse("the result has a label that no input has");

  // One loop nest over the labels of `factors`; labels not in `kept` are summed.
  auto nest = [&](ArrayRef<Term> factors, const Labels &kept) -> Term {
    Labels order;
    auto inAll = [&](int l) { return llvm::all_of(factors, [&](const Term &t) { return llvm::is_contained(t.labels, l); }); };
    std::string kinds;
    auto append = [&](char kind, int l) {
      order.push_back(l);
      kinds.push_back(kind);
    };
    for (char kind : StringRef("bmnk")) {
      Labels candidates = kept;
      if (kind == 'k')
        for (const Term &t : factors)
          for (int l : t.labels)
            if (!llvm::is_contained(candidates, l))
              candidates.push_back(l);
      for (int l : candidates) {
        bool isKept = llvm::is_contained(kept, l);
        bool first = llvm::is_contained(factors[0].labels, l);
        char actual = !isKept ? 'k' : inAll(l) ? 'b' : first ? 'm' : 'n';
        if (actual == kind)
          append(kind, l);
      }
    }
    kernel::GenericBuilder g(n.b, n.loc);
    std::map<int, AffineExpr> at;
    for (auto [l, kind] : llvm::zip(order, kinds))
      at[l] = kind == 'k' ? g.reduce(sizes[l]) : g.parallel(sizes[l]);
    bool reduces = StringRef(kinds).contains('k');
    for (const Term &t : factors) {
      SmallVector<AffineExpr> map;
      for (auto [l, d] : llvm::zip(t.labels, dimsOf(t.value)))
        map.push_back(d == sizes[l]        ? at[l]
                      : d.isConstant(1) ? g.cst(0)
                                        : at[l] * g.sym(DimExpr::min(d - 1, 1)));
      g.in(t.value, map);
    }
    Dims dims;
    SmallVector<AffineExpr> map;
    for (int l : kept) {
      dims.push_back(sizes[l]);
      map.push_back(at[l]);
    }
    Type element = elementOf(factors[0].value);
    // A contraction needs every kind of dimension in the right factors; a product of two that share none of it is a plain nest.
    bool contracts = factors.size() == 2 && reduces && llvm::all_of(llvm::zip(order, kinds), [&](auto lk) {
      auto [l, kind] = lk;
      return kind != 'k' || inAll(l);
    });
    g.result(element, dims, map, reduces ? g.number(0, element) : TypedAttr());
    if (contracts)
      return {g.contract(kinds), kept};
    return {g.build([&](kernel::Scalars &r) -> SmallVector<Value> {
              Value v = r.in[0];
              for (size_t i = 1; i < factors.size(); ++i)
                v = r.s.mul(v, r.in[i]);
              return {reduces ? r.s.add(r.acc[0], v) : v};
            })[0],
            kept};
  };
  // A diagonal, or a label that is only in one term, is settled before the join.
  auto settle = [&](Term t, size_t next) {
    Labels kept;
    for (int l : t.labels) {
      bool needed = llvm::is_contained(out, l);
      for (size_t k = next; k < terms.size(); ++k)
        needed |= llvm::is_contained(terms[k].labels, l);
      if (needed && !llvm::is_contained(kept, l))
        kept.push_back(l);
    }
    return kept;
  };
  Term acc = terms[0];
  if (terms.size() == 1) {
    n.out(0, nest({acc}, out).value);
    return success();
  }
  for (size_t i = 1; i < terms.size(); ++i) {
    Labels kept;
    if (i + 1 == terms.size()) {
      kept = out;
    } else {
      for (const Term *t : {&acc, &terms[i]})
        for (int l : settle(*t, i + 1))
          if (!llvm::is_contained(kept, l))
            kept.push_back(l);
    }
    // Labels of the result that neither factor has come with a later term.
    llvm::erase_if(kept, [&](int l) {
      return !llvm::is_contained(acc.labels, l) && !llvm::is_contained(terms[i].labels, l);
    });
    acc = nest({acc, terms[i]}, kept);
  }
  n.out(0, acc.value);
  return success();
}
