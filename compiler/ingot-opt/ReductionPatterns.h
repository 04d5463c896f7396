//===- ReductionPatterns.h - how ingot-reduce takes a network apart ----===//
#ifndef INGOT_COMPILER_INGOTOPT_REDUCTIONPATTERNS_H
#define INGOT_COMPILER_INGOTOPT_REDUCTIONPATTERNS_H

#include "mlir/IR/DialectRegistry.h"

namespace ingot {

/// The reducer itself can only erase what nothing uses. With these it also removes operations from the middle of a function: the
/// result of one becomes an operand of the same type, a new argument of the function, or is returned no more.
void registerReductionPatterns(mlir::DialectRegistry &registry);

} // namespace ingot
#endif
