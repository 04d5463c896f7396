//===- TensorView.h - The bytes of a TensorProto, however it stores them --===//
#pragma once

#include "compiler/frontend/ExternalData.h"

#include <string_view>

namespace ingot {

/// A tensor as row-major little-endian bytes; sub-byte elements are packed from the low bits, as in raw_data.
/// It refers to the TensorProto unless `owner` is set; keep the proto as long as the view.
struct TensorView {
  int32_t elementType = 0; // onnx::TensorProto::DataType
  std::vector<int64_t> dims;
  int64_t elementCount = 0;
  std::span<const uint8_t> bytes;        // empty for strings
  std::vector<std::string_view> strings; // only for strings
  std::shared_ptr<const void> owner;     // the mapped file or the converted bytes

  bool isExternal() const { return external.has_value(); }
  std::optional<ExternalSlice> external; // where the bytes lie, for those who want to map them again
};

/// Storage bits of an element type; 0 for strings and codes that ONNX does not define.
unsigned elementBits(int32_t elementType);
/// "f32", "i64", …, the names of the IR; "?" for undefined codes.
const char *elementName(int32_t elementType);
/// Product of dimensions; nothing if one is negative or the product of the nonzero ones exceeds 2^47.
std::optional<int64_t> countElements(std::span<const int64_t> dims);
/// Bytes of `count` packed elements.
uint64_t storageBytes(int32_t elementType, int64_t count);

/// Views a tensor; nothing with a problem if its type, shape and data disagree. Copies only what typed
/// fields store wider than the element (f16 in int32_data and the like).
std::optional<TensorView> viewTensor(const onnx::TensorProto &tensor, const ExternalData &external,
                                     Problem &problem);

/// The dense form of a sparse tensor, in raw_data; refuses more than 2^26 bytes.
std::optional<onnx::TensorProto> makeDense(const onnx::SparseTensorProto &sparse,
                                           const ExternalData &external, Problem &problem);

} // namespace ingot
