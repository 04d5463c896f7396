// sequence_append.hpp - ONNX SequenceInsert at the end.
#ifndef INGOT_OPS_SEQUENCE_APPEND_HPP
#define INGOT_OPS_SEQUENCE_APPEND_HPP

#include "items.hpp"

namespace ingot {
namespace {
namespace ops {

template <class X>
ingot_status sequence_append(ingot_error *error, ingot_arena *tail, const ingot_sequence &sequence, X x, ingot_sequence &y) {
  ingot_sequence longer = sequence;
  if (ingot_status status = seq_append(error, tail, x, &longer))
    return status;
  y = longer;
  return INGOT_OK;
}

} // namespace ops
} // namespace
} // namespace ingot

#endif
