//===- Passes.h - Ingot's passes ------------------------------------------------===//
#ifndef INGOT_LOWERING_PASSES_H
#define INGOT_LOWERING_PASSES_H

#include "dialects/RegisterDialects.h"
#include "mlir/Pass/Pass.h"

namespace ingot {
#define GEN_PASS_DECL
#include "lowering/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "lowering/Passes.h.inc"
class OperatorDefinitions;
/// With the schema functions of the loaded model, for operators that have no import rule.
std::unique_ptr<mlir::Pass> createConvertOnnxToNn(OperatorDefinitions *definitions);
inline void registerPasses() { registerIngotPasses(); }
} // namespace ingot
#endif
