// optional_empty.hpp - ONNX Optional without a value.
#ifndef INGOT_OPS_OPTIONAL_EMPTY_HPP
#define INGOT_OPS_OPTIONAL_EMPTY_HPP

#include "element.hpp"

namespace ingot {
namespace {
namespace ops {

inline ingot_status optional_empty(ingot_error *, ingot_arena *, ingot_optional &y) {
  y = {};
  return INGOT_OK;
}

} // namespace ops
} // namespace
} // namespace ingot

#endif
