// sequence_construct.hpp - ONNX SequenceConstruct and SequenceEmpty: a sequence of the tensors given.
#ifndef INGOT_OPS_SEQUENCE_CONSTRUCT_HPP
#define INGOT_OPS_SEQUENCE_CONSTRUCT_HPP

#include "items.hpp"

namespace ingot {
namespace {
namespace ops {

inline ingot_status seq_append_all(ingot_error *, ingot_arena *, ingot_sequence &sequence, ingot_sequence &y) {
  y = sequence;
  return INGOT_OK;
}
template <class View, class... Rest>
ingot_status seq_append_all(ingot_error *error, ingot_arena *tail, ingot_sequence &sequence, View x, Rest &&...rest) {
  if (ingot_status status = seq_append(error, tail, x, &sequence))
    return status;
  return seq_append_all(error, tail, sequence, rest...);
}

// The tensors, then the result.
template <class... Operands> ingot_status sequence_construct(ingot_error *error, ingot_arena *tail, Operands &&...operands) {
  ingot_sequence sequence = {};
  return seq_append_all(error, tail, sequence, operands...);
}

} // namespace ops
} // namespace
} // namespace ingot

#endif
