//===- DimExpr.cpp ---------------------------------------------------------===//
#include "dialects/support/DimExpr.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <algorithm>

using namespace llvm;
namespace ingot {

static int64_t floorDivInt(int64_t a, int64_t b) {
  int64_t q = a / b, r = a % b;
  return r != 0 && ((r < 0) != (b < 0)) ? q - 1 : q;
}

DimExpr::DimExpr(int64_t c) {
  if (c)
    terms_[{}] = c;
}

DimExpr DimExpr::symbol(StringRef name) {
  DimExpr e;
  e.terms_[{Atom{Kind::Symbol, name.str(), nullptr}}] = 1;
  return e;
}

std::optional<int64_t> DimExpr::constant() const {
  if (terms_.empty())
    return 0;
  if (terms_.size() == 1 && terms_.begin()->first.empty())
    return terms_.begin()->second;
  return std::nullopt;
}

DimExpr operator+(const DimExpr &a, const DimExpr &b) {
  DimExpr r = a;
  for (auto &[m, c] : b.terms_) {
    int64_t &v = r.terms_[m];
    v += c;
    if (!v)
      r.terms_.erase(m);
  }
  return r;
}

DimExpr operator*(const DimExpr &a, const DimExpr &b) {
  DimExpr r;
  for (auto &[m, c] : a.terms_)
    for (auto &[n, d] : b.terms_) {
      DimExpr::Monomial k = m;
      k.insert(k.end(), n.begin(), n.end());
      llvm::sort(k);
      int64_t &v = r.terms_[k];
      v += c * d;
      if (!v)
        r.terms_.erase(k);
    }
  return r;
}

DimExpr operator-(const DimExpr &a, const DimExpr &b) { return a + b * DimExpr(-1); }

bool DimExpr::isNonNegative() const {
  for (auto &[m, c] : terms_) {
    if (c < 0)
      return false;
    for (const Atom &a : m)
      switch (a.kind) {
      case Kind::Symbol:
      case Kind::Mod:
        break;
      case Kind::FloorDiv:
      case Kind::Min:
        if (!a.args->first.isNonNegative() || !a.args->second.isNonNegative())
          return false;
        break;
      case Kind::Max:
        if (!a.args->first.isNonNegative() && !a.args->second.isNonNegative())
          return false;
        break;
      }
  }
  return true;
}

DimExpr DimExpr::atom(Kind kind, const DimExpr &a, const DimExpr &b) {
  static const char *const names[] = {"", "floordiv", "mod", "max", "min"};
  DimExpr e;
  std::string text = std::string(names[int(kind)]) + "(" + a.str() + ", " + b.str() + ")";
  e.terms_[{Atom{kind, text, std::make_shared<const std::pair<DimExpr, DimExpr>>(a, b)}}] = 1;
  return e;
}

std::optional<DimExpr> DimExpr::divideExactly(const DimExpr &a, const DimExpr &b) {
  if (b.terms_.empty())
    return std::nullopt;
  DimExpr rest = a, quotient;
  // Multivariate long division by the leading term; 64 steps bound a hopeless case.
  auto lead = [](const DimExpr &e) {
    // Graded order, so that the leading term of a product is the product of leading terms.
    auto best = e.terms_.begin();
    for (auto it = e.terms_.begin(); it != e.terms_.end(); ++it)
      if (std::make_pair(it->first.size(), it->first) > std::make_pair(best->first.size(), best->first))
        best = it;
    return best;
  };
  auto [bm, bc] = *lead(b);
  for (int step = 0; step < 64 && !rest.terms_.empty(); ++step) {
    auto [m, c] = *lead(rest);
    Monomial left;
    if (c % bc != 0 || !std::includes(m.begin(), m.end(), bm.begin(), bm.end()))
      return std::nullopt;
    std::set_difference(m.begin(), m.end(), bm.begin(), bm.end(), std::back_inserter(left));
    DimExpr q;
    q.terms_[left] = c / bc;
    quotient = quotient + q;
    rest = rest - q * b;
  }
  if (!rest.terms_.empty())
    return std::nullopt;
  return quotient;
}

DimExpr DimExpr::floorDiv(const DimExpr &a, const DimExpr &b) {
  auto ca = a.constant(), cb = b.constant();
  if (cb == 1)
    return a;
  if (ca && cb && *cb)
    return floorDivInt(*ca, *cb);
  if (auto q = divideExactly(a, b))
    return *q;
  if (cb && *cb > 0) { // pull the divisible part out: floor((c*x + r) / c) = x + floor(r / c)
    DimExpr whole, rest;
    for (auto &[m, c] : a.terms_) {
      int64_t q = floorDivInt(c, *cb), r = c - q * *cb;
      DimExpr e;
      if (q) {
        e.terms_[m] = q;
        whole = whole + e;
      }
      if (r) {
        DimExpr f;
        f.terms_[m] = r;
        rest = rest + f;
      }
    }
    if (!whole.terms_.empty()) {
      // Only keep the split if it leaves a smaller problem; a constant-only rest folds completely.
      if (rest.constant())
        return whole + floorDivInt(*rest.constant(), *cb);
      return whole + atom(Kind::FloorDiv, rest, b);
    }
  }
  return atom(Kind::FloorDiv, a, b);
}

DimExpr DimExpr::ceilDiv(const DimExpr &a, const DimExpr &b) { return floorDiv(a + b - 1, b); }

DimExpr DimExpr::mod(const DimExpr &a, const DimExpr &b) {
  auto ca = a.constant(), cb = b.constant();
  if (cb == 1)
    return 0;
  if (ca && cb && *cb)
    return *ca - floorDivInt(*ca, *cb) * *cb;
  if (divideExactly(a, b))
    return 0;
  return atom(Kind::Mod, a, b);
}

DimExpr DimExpr::max(const DimExpr &a, const DimExpr &b) {
  if ((a - b).isNonNegative())
    return a;
  if ((b - a).isNonNegative())
    return b;
  return a.str() < b.str() ? atom(Kind::Max, a, b) : atom(Kind::Max, b, a);
}

DimExpr DimExpr::min(const DimExpr &a, const DimExpr &b) {
  if ((a - b).isNonNegative())
    return b;
  if ((b - a).isNonNegative())
    return a;
  return a.str() < b.str() ? atom(Kind::Min, a, b) : atom(Kind::Min, b, a);
}

std::string DimExpr::str() const {
  if (terms_.empty())
    return "0";
  std::string out;
  auto put = [&](const Monomial &m, int64_t c) {
    if (!out.empty())
      out += c < 0 ? " - " : " + ";
    else if (c < 0)
      out += "-";
    uint64_t mag = c < 0 ? 0 - uint64_t(c) : uint64_t(c);
    bool first = true;
    if (mag != 1 || m.empty()) {
      out += std::to_string(mag);
      first = false;
    }
    for (const Atom &a : m) {
      if (!first)
        out += "*";
      out += a.text;
      first = false;
    }
  };
  for (auto &[m, c] : terms_)
    if (!m.empty())
      put(m, c);
  if (auto it = terms_.find({}); it != terms_.end())
    put({}, it->second);
  return out;
}

void DimExpr::symbols(function_ref<void(StringRef)> visit) const {
  for (auto &[m, c] : terms_)
    for (const Atom &a : m) {
      if (a.kind == Kind::Symbol)
        visit(a.text);
      else {
        a.args->first.symbols(visit);
        a.args->second.symbols(visit);
      }
    }
}

bool DimExpr::mentions(StringRef symbol) const {
  bool found = false;
  symbols([&](StringRef s) { found |= s == symbol; });
  return found;
}

DimExpr DimExpr::substitute(function_ref<std::optional<DimExpr>(StringRef)> value) const {
  DimExpr r;
  for (auto &[m, c] : terms_) {
    DimExpr t(c);
    for (const Atom &a : m) {
      DimExpr f;
      if (a.kind == Kind::Symbol) {
        auto v = value(a.text);
        f = v ? *v : symbol(a.text);
      } else {
        DimExpr x = a.args->first.substitute(value), y = a.args->second.substitute(value);
        f = a.kind == Kind::FloorDiv ? floorDiv(x, y)
            : a.kind == Kind::Mod    ? mod(x, y)
            : a.kind == Kind::Max    ? max(x, y)
                                     : min(x, y);
      }
      t = t * f;
    }
    r = r + t;
  }
  return r;
}

std::optional<int64_t> DimExpr::evaluate(function_ref<std::optional<int64_t>(StringRef)> value) const {
  return substitute([&](StringRef s) -> std::optional<DimExpr> {
           if (auto v = value(s))
             return DimExpr(*v);
           return std::nullopt;
         })
      .constant();
}

namespace {
struct Parser {
  /// Maxima of the arena's sizes nest, one for each buffer that shares a place: far fewer.
  static constexpr unsigned deepest = 1000;
  StringRef s;
  bool ok = true;
  unsigned depth = 0;
  void skip() { s = s.ltrim(); }
  bool eat(char c) {
    skip();
    return s.consume_front(StringRef(&c, 1));
  }
  DimExpr sum() {
    DimExpr r = eat('-') ? DimExpr(0) - term() : term();
    for (;;) {
      if (eat('+'))
        r = r + term();
      else if (eat('-'))
        r = r - term();
      else
        return r;
    }
  }
  DimExpr term() {
    DimExpr r = factor();
    while (eat('*'))
      r = r * factor();
    return r;
  }
  /// Behind a parenthesis. Text may come from a damaged file: it must not use up the stack.
  DimExpr inner() {
    if (depth == deepest) {
      ok = false;
      s = {};
      return 0;
    }
    ++depth;
    DimExpr r = sum();
    --depth;
    return r;
  }
  DimExpr factor() {
    skip();
    if (eat('(')) {
      DimExpr r = inner();
      ok &= eat(')');
      return r;
    }
    if (s.empty()) {
      ok = false;
      return 0;
    }
    if (isDigit(s[0])) {
      unsigned long long v = 0;
      ok &= !consumeUnsignedInteger(s, 10, v);
      return int64_t(v);
    }
    StringRef name = s.take_while([](char c) { return isAlnum(c) || c == '_' || c == '.'; });
    if (name.empty()) {
      ok = false;
      return 0;
    }
    s = s.drop_front(name.size());
    if (!eat('('))
      return DimExpr::symbol(name);
    DimExpr a = inner();
    ok &= eat(',');
    DimExpr b = inner();
    ok &= eat(')');
    if (name == "floordiv")
      return DimExpr::floorDiv(a, b);
    if (name == "ceildiv")
      return DimExpr::ceilDiv(a, b);
    if (name == "mod")
      return DimExpr::mod(a, b);
    if (name == "max")
      return DimExpr::max(a, b);
    if (name == "min")
      return DimExpr::min(a, b);
    ok = false;
    return 0;
  }
};
} // namespace

std::optional<DimExpr> DimExpr::parse(StringRef text) {
  Parser p{text};
  DimExpr r = p.sum();
  p.skip();
  if (!p.ok || !p.s.empty())
    return std::nullopt;
  return r;
}

DimExpr product(ArrayRef<DimExpr> dims) {
  DimExpr r(1);
  for (const DimExpr &d : dims)
    r = r * d;
  return r;
}

} // namespace ingot
