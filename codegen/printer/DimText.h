//===- DimText.h - dimension expressions as C ---------------------------------------------===//
#ifndef INGOT_CODEGEN_PRINTER_DIMTEXT_H
#define INGOT_CODEGEN_PRINTER_DIMTEXT_H

#include "dialects/support/DimExpr.h"

namespace ingot::printer {

/// `e` over int64_t variables; `name` gives the variable of a symbol. Divisions of values that cannot be negative
/// are C's, others call ingot_floordiv and ingot_mod (ingot/kernel.h).
std::string dimText(const DimExpr &e, llvm::function_ref<std::string(llvm::StringRef)> name);
/// Whether `text` of dimText needs no parentheses as an operand of * or +.
bool isFactor(const DimExpr &e);


/// `e` with something else for each of its divisions, maxima and minima.
DimExpr rebuild(const DimExpr &e, llvm::function_ref<DimExpr(const DimExpr::Atom &)> compound);
DimExpr combine(DimExpr::Kind kind, const DimExpr &a, const DimExpr &b);
/// max(a, max(b, a)) as max(a, b).
DimExpr withoutRepetition(const DimExpr &e);

} // namespace ingot::printer
#endif
