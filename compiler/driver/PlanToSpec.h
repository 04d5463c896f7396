//===- PlanToSpec.h - a plan.model as the packager's plain data -----------------------===//
#ifndef INGOT_COMPILER_DRIVER_PLANTOSPEC_H
#define INGOT_COMPILER_DRIVER_PLANTOSPEC_H

#include "codegen/package/LibrarySpec.h"
#include "codegen/targets/Machine.h"
#include "dialects/plan/Plan.h"

namespace ingot {

/// Gives every weight its offset, prints kernels and entries, and fills symbols, inputs, outputs, states, weights and the targets of
/// `spec`. `models` is one plan, expanded for each of `machines`; `symbols` is the module's ingot.symbols (names and bounds).
mlir::LogicalResult planToSpec(llvm::ArrayRef<plan::ModelOp> models, llvm::ArrayRef<Machine> machines, mlir::ArrayAttr symbols,
                               package::LibrarySpec &spec);

/// What a library's target is of its machine: all but the code.
package::Target targetOf(const Machine &machine);

} // namespace ingot
#endif
