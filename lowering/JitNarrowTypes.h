//===- JitNarrowTypes.h - storage types for LLVM ----------------------------------===//
//
// In functions for the JIT, floats of at most 16 bits become integers of their width, their conversions calls of
// ingot_widen_<type>(i32) -> f32 and ingot_narrow_<type>(f64) -> i32, and buffers of 2- and 4-bit elements
// become bytes that hold several.
//
//===----------------------------------------------------------------------===//
#ifndef INGOT_LOWERING_JITNARROWTYPES_H
#define INGOT_LOWERING_JITNARROWTYPES_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace ingot {

mlir::LogicalResult lowerNarrowTypes(mlir::ModuleOp module);
/// Calls `add` with name and address of every host function that JIT code may call.
void jitHostFunctions(llvm::function_ref<void(llvm::StringRef, void *)> add);

} // namespace ingot
#endif
