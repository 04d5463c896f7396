// sequence_shape.hpp - the dimensions of an item, for ONNX SequenceAt and OptionalGetElement.
#ifndef INGOT_OPS_SEQUENCE_SHAPE_HPP
#define INGOT_OPS_SEQUENCE_SHAPE_HPP

#include "items.hpp"

namespace ingot {
namespace {
namespace ops {

// `dims` has the rank that the model states.
template <class P, class D>
ingot_status sequence_shape(ingot_error *error, ingot_arena *, const ingot_sequence &sequence, P position, D dims) {
  const ingot_tensor *item;
  if (ingot_status status = seq_item(error, sequence, int64_t(position.data[0]), dims.count(), &item))
    return status;
  for (int32_t i = 0; i < item->rank; ++i)
    dims.data[i] = item->dims[i];
  return INGOT_OK;
}

} // namespace ops
} // namespace
} // namespace ingot

#endif
