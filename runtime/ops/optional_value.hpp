// optional_value.hpp - ONNX OptionalGetElement: the sequence that an optional holds, or a sequence of the one tensor.
#ifndef INGOT_OPS_OPTIONAL_VALUE_HPP
#define INGOT_OPS_OPTIONAL_VALUE_HPP

#include "element.hpp"

namespace ingot {
namespace {
namespace ops {

inline ingot_status optional_value(ingot_error *error, ingot_arena *, const ingot_optional &x, ingot_sequence &y) {
  if (!x.present)
    return fail(error, INGOT_BAD_INPUT_DATA, "OptionalGetElement", -1, 1, 0, "OptionalGetElement: the optional is empty");
  y = x.value;
  return INGOT_OK;
}

} // namespace ops
} // namespace
} // namespace ingot

#endif
