//===- ElementType.h - the one table of element types ----------------------===//
#ifndef INGOT_DIALECTS_SUPPORT_ELEMENTTYPE_H
#define INGOT_DIALECTS_SUPPORT_ELEMENTTYPE_H

#include "mlir/IR/BuiltinTypes.h"
#include "dialects/support/DimExpr.h"

namespace ingot {

struct ElementType {
  const char *name;    // "f32", "i64", "f8e4m3fn": the name in C identifiers (ingot_span_f32) and file formats
  int onnx;            // TensorProto.DataType
  int bits;            // storage bits per element; < 8 is packed
  const char *ctype;   // C storage type
  const char *compute; // element-type name to compute in, "=" for itself
};

const ElementType *elementTypeOf(mlir::Type type);          // null if no ONNX type has this IR type
const ElementType *elementTypeOfOnnx(int onnx);             // null if unknown
const ElementType *elementTypeNamed(llvm::StringRef name);
mlir::Type irType(mlir::MLIRContext *context, const ElementType &type);
/// The IR type in which kernels compute values of this element type (signless for integers).
mlir::Type computeType(mlir::Type element);
/// The element type of the flat memref that stores it: signless, otherwise the same.
mlir::Type storageType(mlir::Type element);
inline bool isUnsigned(mlir::Type t) { return t.isUnsignedInteger() || t.isInteger(1); }
/// Bytes of a dense tensor, sub-byte types rounded up.
DimExpr storageBytes(mlir::Type element, const DimExpr &count);

} // namespace ingot
#endif
