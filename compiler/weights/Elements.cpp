//===- Elements.cpp -----------------------------------------------------------------===//
#include "compiler/weights/Elements.h"
#include "dialects/support/ElementType.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
namespace ingot {

void storeElement(MutableArrayRef<char> bytes, int64_t i, Type element, const APInt &value) {
  int bits = elementTypeOf(element)->bits;
  APInt v = value.zextOrTrunc(64);
  if (bits < 8)
    bytes[i * bits / 8] |= char((v.getZExtValue() & ((1u << bits) - 1)) << (i * bits % 8));
  else
    for (int k = 0; k < bits / 8; ++k)
      bytes[i * (bits / 8) + k] = char(v.extractBitsAsZExtValue(8, 8 * k));
}

WeightBytes toBytes(DenseElementsAttr values, Type element) {
  WeightBytes bytes = WeightBytes::scratch(*storageBytes(element, values.getNumElements()).constant());
  int64_t i = 0;
  if (isa<FloatType>(element))
    for (const APFloat &v : values.getValues<APFloat>())
      storeElement(bytes.writable(), i++, element, v.bitcastToAPInt());
  else
    for (const APInt &v : values.getValues<APInt>())
      storeElement(bytes.writable(), i++, element, v);
  return bytes;
}

DenseElementsAttr fromBytes(RankedTensorType type, ArrayRef<char> bytes) {
  Type element = type.getElementType(), storage = storageType(element);
  unsigned bits = elementTypeOf(element)->bits, width = storage.getIntOrFloatBitWidth();
  SmallVector<Attribute> values;
  for (int64_t i = 0, n = type.getNumElements(); i < n; ++i) {
    uint64_t v = 0;
    if (bits < 8)
      v = uint8_t(bytes[i * bits / 8]) >> (i * bits % 8) & ((1u << bits) - 1);
    else
      for (unsigned k = 0; k < bits / 8; ++k)
        v |= uint64_t(uint8_t(bytes[i * (bits / 8) + k])) << (8 * k);
    APInt raw = APInt(64, v).trunc(width);
    if (auto f = dyn_cast<FloatType>(storage))
      values.push_back(FloatAttr::get(f, APFloat(f.getFloatSemantics(), raw)));
    else
      values.push_back(IntegerAttr::get(storage, raw));
  }
  return DenseElementsAttr::get(type.clone(storage), values);
}

} // namespace ingot
