//===- DimExpr.h - canonical integer expressions over dimension symbols ---===//
//
// A dimension of a tensor is a polynomial with integer coefficients over atoms; an atom is a symbol
// ("batch") or one of floordiv, mod, max, min of two expressions. Every value is kept in canonical form,
// so two expressions that compare equal are equal for all sizes, and `str()` is a unique key.
// Symbols stand for dimensions and are therefore never negative.
//
//===----------------------------------------------------------------------===//
#ifndef INGOT_DIALECTS_SUPPORT_DIMEXPR_H
#define INGOT_DIALECTS_SUPPORT_DIMEXPR_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ingot {

class DimExpr {
public:
  enum class Kind { Symbol, FloorDiv, Mod, Max, Min };
  struct Atom {
    Kind kind;
    std::string text; // the symbol's name, or the canonical text of the whole atom
    std::shared_ptr<const std::pair<DimExpr, DimExpr>> args;
    bool operator<(const Atom &o) const { return text < o.text; }
    bool operator==(const Atom &o) const { return text == o.text; }
  };
  using Monomial = std::vector<Atom>; // sorted; the empty monomial carries the constant

  DimExpr(int64_t constant = 0);
  static DimExpr symbol(llvm::StringRef name);
  /// Parses `str()`'s form: + - * ( ) numbers, names, floordiv(a, b), ceildiv(a, b), mod, max, min.
  static std::optional<DimExpr> parse(llvm::StringRef text);

  friend DimExpr operator+(const DimExpr &a, const DimExpr &b);
  friend DimExpr operator-(const DimExpr &a, const DimExpr &b);
  friend DimExpr operator*(const DimExpr &a, const DimExpr &b);
  static DimExpr floorDiv(const DimExpr &a, const DimExpr &b);
  static DimExpr ceilDiv(const DimExpr &a, const DimExpr &b);
  static DimExpr mod(const DimExpr &a, const DimExpr &b);
  static DimExpr max(const DimExpr &a, const DimExpr &b);
  static DimExpr min(const DimExpr &a, const DimExpr &b);
  /// a / b where b divides a as a polynomial; otherwise nothing.
  static std::optional<DimExpr> divideExactly(const DimExpr &a, const DimExpr &b);

  bool operator==(const DimExpr &o) const { return terms_ == o.terms_; }
  bool operator!=(const DimExpr &o) const { return !(*this == o); }
  std::optional<int64_t> constant() const;
  bool isConstant(int64_t v) const { return constant() == v; }
  /// True if the expression is provably >= 0, given that symbols are.
  bool isNonNegative() const;
  std::string str() const;
  /// The same text as C, with 'ingot_floordiv' etc. as function names.
  void symbols(llvm::function_ref<void(llvm::StringRef)> visit) const;
  bool mentions(llvm::StringRef symbol) const;
  DimExpr substitute(llvm::function_ref<std::optional<DimExpr>(llvm::StringRef)> value) const;
  std::optional<int64_t> evaluate(llvm::function_ref<std::optional<int64_t>(llvm::StringRef)> value) const;
  const std::map<Monomial, int64_t> &terms() const { return terms_; }

private:
  static DimExpr atom(Kind kind, const DimExpr &a, const DimExpr &b);
  std::map<Monomial, int64_t> terms_;
};

using Dims = llvm::SmallVector<DimExpr, 4>;
DimExpr product(llvm::ArrayRef<DimExpr> dims);

} // namespace ingot
#endif
