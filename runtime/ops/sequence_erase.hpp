// sequence_erase.hpp - ONNX SequenceErase.
#ifndef INGOT_OPS_SEQUENCE_ERASE_HPP
#define INGOT_OPS_SEQUENCE_ERASE_HPP

#include "items.hpp"

namespace ingot {
namespace {
namespace ops {

template <class P>
ingot_status sequence_erase(ingot_error *error, ingot_arena *tail, const ingot_sequence &sequence, P position, ingot_sequence &y) {
  const int64_t count = int64_t(sequence.count), at = seq_place(int64_t(position.data[0]), count);
  if (at < 0)
    return seq_no_place(error, "SequenceErase", int64_t(position.data[0]), sequence.count);
  ingot_sequence shorter = {};
  for (int64_t i = 0; i < count; ++i)
    if (i != at && !ingot_sequence_push(tail, &shorter, &sequence.items[i]))
      return no_room(error, tail);
  y = shorter;
  return INGOT_OK;
}

} // namespace ops
} // namespace
} // namespace ingot

#endif
