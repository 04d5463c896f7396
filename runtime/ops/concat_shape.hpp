// concat_shape.hpp - the dimensions of the result of ONNX ConcatFromSequence.
#ifndef INGOT_OPS_CONCAT_SHAPE_HPP
#define INGOT_OPS_CONCAT_SHAPE_HPP

#include "items.hpp"

namespace ingot {
namespace {
namespace ops {

template <class D>
ingot_status concat_shape(ingot_error *error, ingot_arena *, int64_t axis, int64_t new_axis, const ingot_sequence &sequence, D dims) {
  const int64_t rank = dims.count();
  if (!sequence.count)
    return fail(error, INGOT_BAD_INPUT_DATA, "ConcatFromSequence", -1, 1, 0, "ConcatFromSequence: the sequence is empty");
  int64_t along = 0;
  for (size_t k = 0; k < sequence.count; ++k) {
    const ingot_tensor &item = sequence.items[k], &first = sequence.items[0];
    bool fits = item.rank == rank - new_axis;
    for (int32_t i = 0; fits && i < item.rank; ++i)
      fits = item.dims[i] == first.dims[i] || (i == axis && !new_axis);
    if (!fits)
      return fail(error, INGOT_BAD_INPUT_DATA, "ConcatFromSequence", -1, rank - new_axis, item.rank,
                  "ConcatFromSequence: the shape of item %lld does not fit", (long long)k);
    along += new_axis ? 1 : item.dims[axis];
  }
  for (int64_t i = 0; i < rank; ++i)
    dims.data[i] = i == axis ? along : sequence.items[0].dims[new_axis && i > axis ? i - 1 : i];
  return INGOT_OK;
}

} // namespace ops
} // namespace
} // namespace ingot

#endif
