// sequence_at.hpp - ONNX SequenceAt: the elements of an item, whose sizes sequence_shape found out.
#ifndef INGOT_OPS_SEQUENCE_AT_HPP
#define INGOT_OPS_SEQUENCE_AT_HPP

#include "items.hpp"

namespace ingot {
namespace {
namespace ops {

template <class P, class Y> ingot_status sequence_at(ingot_error *error, ingot_arena *, const ingot_sequence &sequence, P position, Y y) {
  const ingot_tensor *item;
  if (ingot_status status = seq_item(error, sequence, int64_t(position.data[0]), y.rank, &item))
    return status;
  for (int32_t i = 0; i < y.rank; ++i) // sizes that the model states as numbers
    if (item->dims[i] != y.dims[i])
      return fail(error, INGOT_BAD_INPUT_DATA, "sequence", i, y.dims[i], item->dims[i],
                  "sequence: dimension %d of an item is %lld, the model expects %lld", int(i), (long long)item->dims[i],
                  (long long)y.dims[i]);
  const size_t bytes = ingot_bytes(y.count(), Y::dtype);
  if (bytes)
    memcpy(y.data, item->data, bytes);
  return INGOT_OK;
}

} // namespace ops
} // namespace
} // namespace ingot

#endif
