//===- DimText.cpp - dimension expressions as C -------------------------------------------===//
#include "codegen/printer/DimText.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/ErrorHandling.h"

using namespace llvm;
namespace ingot::printer {

static std::string atomText(const DimExpr::Atom &atom, function_ref<std::string(StringRef)> name, bool alone) {
  if (atom.kind == DimExpr::Kind::Symbol)
    return name(atom.text);
  auto &[a, b] = *atom.args;
  std::string x = dimText(a, name), y = dimText(b, name);
  bool division = atom.kind == DimExpr::Kind::FloorDiv || atom.kind == DimExpr::Kind::Mod;
  if (division && a.isNonNegative() && (b - 1).isNonNegative()) {
    std::string text = (isFactor(a) && a.terms().begin()->second == 1 ? x : "(" + x + ")") +
                       (atom.kind == DimExpr::Kind::FloorDiv ? " / " : " % ") + (isFactor(b) ? y : "(" + y + ")");
    return alone ? text : "(" + text + ")";
  }
  static const char *const functions[] = {"", "ingot_floordiv", "ingot_mod", "ingot_max", "ingot_min"};
  std::string function = functions[int(atom.kind)];
  auto operands = [&](const DimExpr &e, StringRef text) { // max(max(a, b), c) is max(a, b, c)
    bool nested = !division && isFactor(e) && text.consume_front(function + "(");
    return nested ? text.drop_back() : text;
  };
  return function + "(" + operands(a, x).str() + ", " + operands(b, y).str() + ")";
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

DimExpr rebuild(const DimExpr &e, function_ref<DimExpr(const DimExpr::Atom &)> compound) {
  DimExpr sum = 0;
  for (auto &[monomial, coefficient] : e.terms()) {
    DimExpr term = coefficient;
    for (const DimExpr::Atom &atom : monomial)
      term = term * (atom.kind == DimExpr::Kind::Symbol ? DimExpr::symbol(atom.text) : compound(atom));
    sum = sum + term;
  }
  return sum;
}

DimExpr combine(DimExpr::Kind kind, const DimExpr &a, const DimExpr &b) {
  switch (kind) {
  case DimExpr::Kind::FloorDiv: return DimExpr::floorDiv(a, b);
  case DimExpr::Kind::Mod: return DimExpr::mod(a, b);
  case DimExpr::Kind::Max: return DimExpr::max(a, b);
  case DimExpr::Kind::Min: return DimExpr::min(a, b);
  case DimExpr::Kind::Symbol: break;
  }
  llvm_unreachable("a symbol has no operands");
}

/// The operands of nested maxima, or minima, by their text.
static void gatherOperands(DimExpr::Kind kind, const DimExpr &e, std::map<std::string, DimExpr> &operands) {
  if (e.terms().size() == 1)
    if (const auto &[monomial, coefficient] = *e.terms().begin();
        coefficient == 1 && monomial.size() == 1 && monomial[0].kind == kind) {
      gatherOperands(kind, monomial[0].args->first, operands);
      gatherOperands(kind, monomial[0].args->second, operands);
      return;
    }
  DimExpr operand = withoutRepetition(e);
  operands.emplace(operand.str(), operand);
}

DimExpr withoutRepetition(const DimExpr &e) {
  return rebuild(e, [](const DimExpr::Atom &atom) {
    const auto &[a, b] = *atom.args;
    if (atom.kind != DimExpr::Kind::Max && atom.kind != DimExpr::Kind::Min)
      return combine(atom.kind, withoutRepetition(a), withoutRepetition(b));
    std::map<std::string, DimExpr> operands;
    gatherOperands(atom.kind, a, operands);
    gatherOperands(atom.kind, b, operands);
    DimExpr result = operands.begin()->second;
    for (auto &[text, operand] : llvm::drop_begin(operands))
      result = combine(atom.kind, result, operand);
    return result;
  });
}

} // namespace ingot::printer
