// concat_strings.hpp - ONNX StringConcat of strings of one shape.
#ifndef INGOT_OPS_CONCAT_STRINGS_HPP
#define INGOT_OPS_CONCAT_STRINGS_HPP

#include "element.hpp"

namespace ingot {
namespace {
namespace ops {

template <class A, class B, class Y> ingot_status concat_strings(ingot_error *error, ingot_arena *tail, A a, B b, Y y) {
  for (int64_t i = 0, n = y.count(); i < n; ++i) {
    const ingot_string &first = a.data[i], &second = b.data[i];
    char *text = static_cast<char *>(ingot_arena_take(tail, ingot_add_size(first.size, second.size)));
    if (!text)
      return no_room(error, tail);
    if (first.size)
      memcpy(text, first.data, first.size);
    if (second.size)
      memcpy(text + first.size, second.data, second.size);
    y.data[i] = {text, first.size + second.size};
  }
  return INGOT_OK;
}

} // namespace ops
} // namespace
} // namespace ingot

#endif
