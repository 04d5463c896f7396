//===- Common.h - what several families of import rules need ----------------------===//
#ifndef INGOT_COMPILER_IMPORT_RULES_COMMON_H
#define INGOT_COMPILER_IMPORT_RULES_COMMON_H

#include "compiler/import/NodeImport.h"

namespace ingot::rules {

/// Broadcasts the operands to their common shape; nothing (after a refusal) if they have none.
mlir::FailureOr<llvm::SmallVector<mlir::Value>> broadcastAll(NodeImport &n, llvm::ArrayRef<mlir::Value> operands);
/// An elementwise operator on operands of equal shapes; constants fold.
mlir::Value elementwise(NodeImport &n, llvm::StringRef op, mlir::ValueRange operands, mlir::Type element,
                        llvm::ArrayRef<mlir::NamedAttribute> attributes = {});
template <typename Op> mlir::Value elementwise(NodeImport &n, mlir::ValueRange operands) {
  return elementwise(n, Op::getOperationName(), operands, nn::elementOf(operands[0]));
}

/// The number that a one-element constant holds.
std::optional<double> knownNumber(mlir::Value v);
/// A bool that is known at compile time.
std::optional<bool> knownBool(mlir::Value v);

/// The dimensions that the file states for output i, where all are numbers.
std::optional<Dims> staticHint(NodeImport &n, unsigned i);

/// Integers computed at run time from small integer tensors. `one(r, k)` gives element k as an index value; it reads
/// `tables` through r.table. The result is an i64 vector of `count` elements.
using IndexFn = llvm::function_ref<mlir::Value(kernel::Scalars &r, unsigned k)>;
mlir::Value computeInts(NodeImport &n, mlir::ValueRange tables, unsigned count, IndexFn one);
/// Binds every element of a small integer vector to a fresh symbol. None may be negative.
Dims bindAll(NodeImport &n, mlir::Value vector, llvm::StringRef what);

/// Index arithmetic on values of type index, signed.
inline nn::ScalarBuilder indexMath(kernel::Scalars &r) { return nn::ScalarBuilder(r.b, r.loc, r.b.getI64Type()); }
/// Element k of a vector (or the only element of a scalar) as an index.
mlir::Value readIndex(kernel::Scalars &r, mlir::Value table, mlir::Value k = {});
inline mlir::Value readIndex(kernel::Scalars &r, mlir::Value table, int64_t k) { return readIndex(r, table, r.indexConst(k)); }
/// i + n where i < 0, then clamped to [0, n - 1]: bad input cannot read elsewhere.
mlir::Value wrapIndex(kernel::Scalars &r, mlir::Value i, mlir::Value n);

/// A pull-style operator of one result: body gives the result's element in the compute type of `element`.
mlir::Value pull(NodeImport &n, mlir::Type element, llvm::ArrayRef<DimExpr> dims, mlir::ValueRange tables,
                 llvm::function_ref<mlir::Value(kernel::Scalars &r, llvm::ArrayRef<mlir::Value> at)> body);

/// Index (i64) of the largest or smallest element along `axis`, which stays as a dimension of size 1.
mlir::Value argExtreme(NodeImport &n, mlir::Value x, int64_t axis, bool isMax, bool last);

} // namespace ingot::rules
#endif
