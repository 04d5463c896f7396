// equal_strings.hpp - ONNX Equal on strings, broadcast as numpy does.
#ifndef INGOT_OPS_EQUAL_STRINGS_HPP
#define INGOT_OPS_EQUAL_STRINGS_HPP

#include "element.hpp"

namespace ingot {
namespace {
namespace ops {

// The element of `v` that stands at row-major position i of a result with these dimensions.
template <class V, class Y> inline const ingot_string &broadcast_element(const V &v, const Y &y, int64_t i) {
  int64_t at = 0, pitch = 1;
  for (int32_t k = y.rank, j = v.rank; j-- > 0;) {
    --k;
    at += v.dims[j] == 1 ? 0 : i % y.dims[k] * pitch;
    pitch *= v.dims[j];
    i /= y.dims[k];
  }
  return v.data[at];
}

template <class A, class B, class Y> ingot_status equal_strings(ingot_error *, ingot_arena *, A a, B b, Y y) {
  for (int64_t i = 0, n = y.count(); i < n; ++i)
    y.data[i] = compare(broadcast_element(a, y, i), broadcast_element(b, y, i)) == 0;
  return INGOT_OK;
}

} // namespace ops
} // namespace
} // namespace ingot

#endif
