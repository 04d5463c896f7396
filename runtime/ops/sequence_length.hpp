// sequence_length.hpp - ONNX SequenceLength.
#ifndef INGOT_OPS_SEQUENCE_LENGTH_HPP
#define INGOT_OPS_SEQUENCE_LENGTH_HPP

#include "element.hpp"

namespace ingot {
namespace {
namespace ops {

template <class Y> ingot_status sequence_length(ingot_error *, ingot_arena *, const ingot_sequence &sequence, Y y) {
  y.data[0] = int64_t(sequence.count);
  return INGOT_OK;
}

} // namespace ops
} // namespace
} // namespace ingot

#endif
