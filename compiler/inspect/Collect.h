//===- Collect.h - facts from a loaded model and from its plan ------------------------------===//
#ifndef INGOT_COMPILER_INSPECT_COLLECT_H
#define INGOT_COMPILER_INSPECT_COLLECT_H

#include "codegen/package/LibrarySpec.h"
#include "codegen/targets/Machine.h"
#include "compiler/frontend/LoadModel.h"
#include "compiler/import/ModelImporter.h"
#include "compiler/inspect/Facts.h"
#include "dialects/plan/Plan.h"
#include "lowering/NodeWork.h"

namespace ingot::inspect {

/// What the file says, with the types that the importer inferred (where it did not get so far, the file's)
/// and the arithmetic of each node. `symbols` is the module's ingot.symbols.
ModelFacts collectModel(const LoadedModel &model, const ImportedTypes &types, const NodeWork &work,
                        mlir::ArrayAttr symbols);

/// What was made of it. `spec` has the kernels of `plan` in their order.
PlanFacts collectPlan(plan::ModelOp plan, const Machine &machine, const package::LibrarySpec &spec);

/// The kernel's attribute `name` ("flops", "bytes") over the symbols of the entry that launches it.
DimExpr formulaOfLaunch(plan::LaunchOp launch, llvm::StringRef name);

} // namespace ingot::inspect
#endif
