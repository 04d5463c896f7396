// sequence_insert.hpp - ONNX SequenceInsert before an item.
#ifndef INGOT_OPS_SEQUENCE_INSERT_HPP
#define INGOT_OPS_SEQUENCE_INSERT_HPP

#include "items.hpp"

namespace ingot {
namespace {
namespace ops {

template <class X, class P>
ingot_status sequence_insert(ingot_error *error, ingot_arena *tail, const ingot_sequence &sequence, X x, P position, ingot_sequence &y) {
  const int64_t count = int64_t(sequence.count), given = int64_t(position.data[0]);
  const int64_t at = given < 0 ? given + count : given;
  if (at < 0 || at > count)
    return seq_no_place(error, "SequenceInsert", given, sequence.count);
  ingot_sequence longer = {};
  for (int64_t i = 0; i <= count; ++i) {
    if (i == at)
      if (ingot_status status = seq_append(error, tail, x, &longer))
        return status;
    if (i < count && !ingot_sequence_push(tail, &longer, &sequence.items[i]))
      return no_room(error, tail);
  }
  y = longer;
  return INGOT_OK;
}

} // namespace ops
} // namespace
} // namespace ingot

#endif
