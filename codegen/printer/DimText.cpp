//===- DimText.cpp - dimension expressions as C -------------------------------------------===//
#include "codegen/printer/DimText.h"

using namespace llvm;
namespace ingot::printer {

static std::string atomText(const DimExpr::Atom &atom, function_ref<std::string(StringRef)> name, bool alone) {
  if (atom.kind == DimExpr::Kind::Symbol)
    return name(atom.text);
  auto &[a, b] = *atom.args;
  std::string x = dimText(a, name), y = dimText(b, name);
  bool division = atom.kind == DimExpr::Kind::FloorDiv || atom.kind == DimExpr::Kind::Mod;
  if (division && a.isNonNegative() && b.isNonNegative()) {
    std::string text = (isFactor(a) && a.terms().begin()->second == 1 ? x : "(" + x + ")") +
                       (atom.kind == DimExpr::Kind::FloorDiv ? " / " : " % ") + (isFactor(b) ? y : "(" + y + ")");
    return alone ? text : "(" + text + ")";
  }
  static const char *const functions[] = {"", "ingot_floordiv", "ingot_mod", "ingot_max", "ingot_min"};
  return std::string(functions[int(atom.kind)]) + "(" + x + ", " + y + ")";
}

bool isFactor(const DimExpr &e) {
  if (std::optional<int64_t> c = e.constant())
    return *c >= 0;
  const auto &[monomial, c] = *e.terms().begin();
  return e.terms().size() == 1 && monomial.size() == 1 && c == 1 && monomial[0].kind != DimExpr::Kind::FloorDiv &&
         monomial[0].kind != DimExpr::Kind::Mod;
}

std::string dimText(const DimExpr &e, function_ref<std::string(StringRef)> name) {
  if (std::optional<int64_t> c = e.constant())
    return std::to_string(*c);
  std::string result;
  // Symbols first, the constant last.
  std::vector<std::pair<DimExpr::Monomial, int64_t>> terms(e.terms().begin(), e.terms().end());
  std::stable_partition(terms.begin(), terms.end(), [](auto &t) { return !t.first.empty() && t.second > 0; });
  std::stable_partition(terms.begin(), terms.end(), [](auto &t) { return !t.first.empty(); });
  for (auto &[monomial, coefficient] : terms) {
    int64_t c = coefficient;
    if (!result.empty()) {
      result += c < 0 ? " - " : " + ";
      c = c < 0 ? -c : c;
    }
    std::string term;
    for (const DimExpr::Atom &a : monomial)
      term += (term.empty() ? "" : " * ") + atomText(a, name, c > 0 && term.empty());
    if (term.empty())
      term = std::to_string(c);
    else if (c == -1)
      term = "-" + term;
    else if (c != 1)
      term += " * " + std::to_string(c);
    result += term;
  }
  return result;
}

} // namespace ingot::printer
