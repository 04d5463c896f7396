//===- ElementType.cpp ------------------------------------------------------===//
#include "dialects/support/ElementType.h"
#include "dialects/nn/Nn.h"

using namespace mlir;
namespace ingot {

static const ElementType table[] = {
#define ELEMENT(name, onnx, ir, bits, ctype, compute) {#name, onnx, bits, ctype, compute},
#include "dialects/support/ElementType.def"
};

mlir::Type irType(MLIRContext *c, const ElementType &type) {
  switch (type.onnx) {
#define ELEMENT(name, onnx, ir, bits, ctype, compute)                                                        \
  case onnx:                                                                                                 \
    return ir;
#include "dialects/support/ElementType.def"
  }
  llvm_unreachable("not a row of the element-type table");
}

const ElementType *elementTypeOfOnnx(int onnx) {
  for (const ElementType &t : table)
    if (t.onnx == onnx)
      return &t;
  return nullptr;
}

const ElementType *elementTypeNamed(StringRef name) {
  for (const ElementType &t : table)
    if (name == t.name)
      return &t;
  return nullptr;
}

const ElementType *elementTypeOf(Type type) {
  for (const ElementType &t : table)
    if (irType(type.getContext(), t) == type)
      return &t;
  return nullptr;
}

Type storageType(Type element) {
  if (auto i = dyn_cast<IntegerType>(element))
    return IntegerType::get(element.getContext(), i.getWidth());
  return element;
}

Type computeType(Type element) {
  const ElementType *t = elementTypeOf(element);
  if (!t || StringRef(t->compute) == "=")
    return storageType(element);
  return irType(element.getContext(), *elementTypeNamed(t->compute));
}

DimExpr storageBytes(Type element, const DimExpr &count) {
  if (isa<nn::SequenceType, nn::OptionalType>(element))
    return count * DimExpr(64); // room for a handle: ingot_sequence, ingot_optional
  const ElementType *t = elementTypeOf(element);
  int bits = t ? t->bits : 64; // index
  if (bits % 8 == 0)
    return count * DimExpr(bits / 8);
  return DimExpr::ceilDiv(count * DimExpr(bits), 8);
}

} // namespace ingot
