// equal_strings.hpp - ONNX Equal on strings of one shape.
#ifndef INGOT_OPS_EQUAL_STRINGS_HPP
#define INGOT_OPS_EQUAL_STRINGS_HPP

#include "element.hpp"

namespace ingot {
namespace {
namespace ops {

template <class A, class B, class Y> ingot_status equal_strings(ingot_error *, ingot_arena *, A a, B b, Y y) {
  for (int64_t i = 0, n = y.count(); i < n; ++i)
    y.data[i] = compare(a.data[i], b.data[i]) == 0;
  return INGOT_OK;
}

} // namespace ops
} // namespace
} // namespace ingot

#endif
