// concat_from_sequence.hpp - ONNX ConcatFromSequence; concat_shape has checked the items and found out the sizes.
#ifndef INGOT_OPS_CONCAT_FROM_SEQUENCE_HPP
#define INGOT_OPS_CONCAT_FROM_SEQUENCE_HPP

#include "items.hpp"

namespace ingot {
namespace {
namespace ops {

template <class Y>
ingot_status concat_from_sequence(ingot_error *, ingot_arena *, int64_t axis, int64_t new_axis, const ingot_sequence &sequence, Y y) {
  const axis_split s = split_at(y, axis);
  using T = typename element_of<Y>::stored;
  int64_t begin = 0;
  for (size_t k = 0; k < sequence.count; ++k) {
    const ingot_tensor &item = sequence.items[k];
    const int64_t size = new_axis ? 1 : item.dims[axis], row = size * s.inner;
    for (int64_t o = 0; o < s.outer && row; ++o)
      memcpy(y.data + (o * s.size + begin) * s.inner, static_cast<const T *>(item.data) + o * row, size_t(row) * sizeof(T));
    begin += size;
  }
  return INGOT_OK;
}

} // namespace ops
} // namespace
} // namespace ingot

#endif
