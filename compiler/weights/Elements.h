//===- Elements.h - elements in storage form ---------------------------------------===//
#ifndef INGOT_COMPILER_WEIGHTS_ELEMENTS_H
#define INGOT_COMPILER_WEIGHTS_ELEMENTS_H

#include "compiler/weights/WeightBytes.h"
#include "mlir/IR/BuiltinAttributes.h"

namespace ingot {

/// The bytes of a constant as kernels read them: little-endian, sub-byte elements packed, bool as a byte.
/// `element` is the tensor's element type (integers may be unsigned).
WeightBytes toBytes(mlir::DenseElementsAttr values, mlir::Type element);
/// The constant behind such bytes, of `type` with signless elements.
mlir::DenseElementsAttr fromBytes(mlir::RankedTensorType type, llvm::ArrayRef<char> bytes);
/// Stores element `i`; the bits under it must be zero.
void storeElement(llvm::MutableArrayRef<char> bytes, int64_t i, mlir::Type element, const llvm::APInt &value);

} // namespace ingot
#endif
