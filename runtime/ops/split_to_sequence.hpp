// split_to_sequence.hpp - ONNX SplitToSequence.
#ifndef INGOT_OPS_SPLIT_TO_SEQUENCE_HPP
#define INGOT_OPS_SPLIT_TO_SEQUENCE_HPP

#include "items.hpp"

namespace ingot {
namespace {
namespace ops {

// `split` is the size of every part, or, as a vector, the size of each.
template <class X, class S>
ingot_status split_to_sequence(ingot_error *error, ingot_arena *tail, int64_t axis, int64_t keepdims, X x, S split, ingot_sequence &y) {
  const axis_split s = split_at(x, axis);
  ingot_tensor part = seq_describe(x);
  if (!keepdims) {
    --part.rank;
    for (int32_t i = int32_t(axis); i < part.rank; ++i)
      part.dims[i] = part.dims[i + 1];
  }
  ingot_sequence parts = {};
  int64_t begin = 0;
  for (int64_t k = 0; split.rank ? k < split.count() : begin < s.size; ++k) {
    const int64_t given = int64_t(split.data[split.rank ? k : 0]), left = s.size - begin;
    const int64_t size = !split.rank && given > left ? left : given;
    if (size < 0 || size > left || (!split.rank && size == 0))
      return fail(error, INGOT_BAD_INPUT_DATA, "split", -1, left, given, "split: part %lld has %lld of the %lld that are left",
                  (long long)k, (long long)given, (long long)left);
    if (keepdims)
      part.dims[axis] = size;
    const int64_t row = size * s.inner;
    const size_t bytes = ingot_bytes(s.outer * row, X::dtype);
    part.data = ingot_arena_take(tail, bytes);
    if (!part.data || !ingot_sequence_push(tail, &parts, &part))
      return no_room(error, tail);
    using T = typename element_of<X>::stored;
    for (int64_t o = 0; o < s.outer && row; ++o)
      memcpy(static_cast<T *>(part.data) + o * row, x.data + (o * s.size + begin) * s.inner, size_t(row) * sizeof(T));
    begin += size;
  }
  if (begin != s.size)
    return fail(error, INGOT_BAD_INPUT_DATA, "split", -1, s.size, begin, "split: the parts have %lld of %lld", (long long)begin,
                (long long)s.size);
  y = parts;
  return INGOT_OK;
}

} // namespace ops
} // namespace
} // namespace ingot

#endif
