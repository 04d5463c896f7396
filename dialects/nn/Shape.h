//===- Shape.h - shapes of tensors as dimension expressions -----------------===//
#ifndef INGOT_DIALECTS_NN_SHAPE_H
#define INGOT_DIALECTS_NN_SHAPE_H

#include "dialects/nn/Nn.h"

namespace ingot::nn {

/// The dimensions of a ranked tensor.
Dims dimsOf(mlir::Type type);
inline Dims dimsOf(mlir::Value v) { return dimsOf(v.getType()); }
inline mlir::Type elementOf(mlir::Value v) {
  return llvm::cast<mlir::RankedTensorType>(v.getType()).getElementType();
}
inline int64_t rankOf(mlir::Value v) { return llvm::cast<mlir::RankedTensorType>(v.getType()).getRank(); }
/// The tensor type with these dimensions; it carries an encoding only if one is not a constant.
mlir::RankedTensorType tensorOf(llvm::ArrayRef<DimExpr> dims, mlir::Type element);

/// What a sequence or an optional says of its items: sizes that are no numbers are each item's own.
mlir::Type itemType(mlir::Type type);
/// What two values have in common that one handle (sequence or optional) may hold or be; null if nothing.
mlir::Type commonItemType(mlir::Type a, mlir::Type b);
/// A sequence or an optional?
inline bool isHandle(mlir::Type type) { return llvm::isa<SequenceType, OptionalType>(type); }

/// Whether two sizes differ in every run.
bool differ(const DimExpr &a, const DimExpr &b);

/// Row-major strides in elements.
Dims rowMajorStrides(llvm::ArrayRef<DimExpr> dims);

/// The elements of a small integer tensor as expressions, if they are known at compile time.
std::optional<Dims> knownInts(mlir::Value v);
/// Likewise, all constant.
std::optional<llvm::SmallVector<int64_t>> knownConstants(mlir::Value v);
/// nn.constant if all are numbers, else nn.dims. `rank` is 0 (one element) or 1.
mlir::Value intTensor(mlir::OpBuilder &b, mlir::Location loc, llvm::ArrayRef<DimExpr> values, int rank = 1,
                      mlir::Type element = {});

/// numpy's broadcast of two shapes. Where neither side is provably 1 or equal the other side decides at run time:
/// the result is their maximum.
std::optional<Dims> broadcastDims(llvm::ArrayRef<DimExpr> a, llvm::ArrayRef<DimExpr> b);

/// Builders that return the operand itself where nothing is to be done.
mlir::Value reshapeTo(mlir::OpBuilder &b, mlir::Location loc, mlir::Value v, llvm::ArrayRef<DimExpr> dims);
mlir::Value broadcastTo(mlir::OpBuilder &b, mlir::Location loc, mlir::Value v, llvm::ArrayRef<DimExpr> dims);
mlir::Value transposeBy(mlir::OpBuilder &b, mlir::Location loc, mlir::Value v, llvm::ArrayRef<int64_t> perm);
mlir::Value castTo(mlir::OpBuilder &b, mlir::Location loc, mlir::Value v, mlir::Type element);
/// A scalar or splat constant of any element type.
mlir::Value splat(mlir::OpBuilder &b, mlir::Location loc, double value, mlir::Type element,
                  llvm::ArrayRef<DimExpr> dims = {});

} // namespace ingot::nn
#endif
