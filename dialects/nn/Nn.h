//===- Nn.h - the nn dialect -------------------------------------------------===//
#ifndef INGOT_DIALECTS_NN_NN_H
#define INGOT_DIALECTS_NN_NN_H

#include "dialects/support/DimExpr.h"
#include "dialects/support/ElementType.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/IR/TensorEncoding.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace ingot::nn {
class ScalarBuilder;
/// Shared bodies of the elementwise records (ops/Elementwise.td).
mlir::FailureOr<llvm::SmallVector<mlir::Value>> lowerElementwise(mlir::Operation *op, mlir::OpBuilder &b);
std::optional<llvm::SmallVector<mlir::Value>> permuteElementwise(mlir::Operation *op, mlir::OpBuilder &b,
                                                                 mlir::ValueRange operands,
                                                                 llvm::ArrayRef<int64_t> perm);
/// Shape arithmetic of an elementwise operator: operands have equal lengths.
std::optional<Dims> evaluateElementwise(llvm::ArrayRef<std::optional<Dims>> operands,
                                        llvm::function_ref<std::optional<DimExpr>(llvm::ArrayRef<DimExpr>)> one);
/// 1 if `yes` cannot be negative, 0 if `no` cannot, otherwise unknown.
std::optional<DimExpr> provable(const DimExpr &yes, const DimExpr &no);
/// Element type of operand i of the operator whose expression `s` builds.
mlir::Type elementOfOperand(ScalarBuilder &s, unsigned i);
} // namespace ingot::nn

#include "dialects/nn/NnDialect.h.inc"
#include "dialects/nn/NnInterfaces.h.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/nn/NnTypes.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/nn/NnAttrs.h.inc"
#define GET_OP_CLASSES
#include "dialects/nn/NnOps.h.inc"

#endif
