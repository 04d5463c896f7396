//===- PlanToSpec.h - a plan.model as the packager's plain data -----------------------===//
#ifndef INGOT_COMPILER_DRIVER_PLANTOSPEC_H
#define INGOT_COMPILER_DRIVER_PLANTOSPEC_H

#include "codegen/package/LibrarySpec.h"
#include "codegen/targets/Machine.h"
#include "dialects/plan/Plan.h"

namespace ingot {

/// Gives every weight its offset, prints kernels and entry, and fills symbols, inputs, outputs, states, weights and the target of
/// `spec`. `symbols` is the module's ingot.symbols (names and bounds).
mlir::LogicalResult planToSpec(plan::ModelOp model, const Machine &machine, mlir::ArrayAttr symbols, package::LibrarySpec &spec);

} // namespace ingot
#endif
