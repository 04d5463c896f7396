// optional_has.hpp - ONNX OptionalHasElement.
#ifndef INGOT_OPS_OPTIONAL_HAS_HPP
#define INGOT_OPS_OPTIONAL_HAS_HPP

#include "element.hpp"

namespace ingot {
namespace {
namespace ops {

template <class Y> ingot_status optional_has(ingot_error *, ingot_arena *, const ingot_optional &x, Y y) {
  y.data[0] = x.present != 0;
  return INGOT_OK;
}

} // namespace ops
} // namespace
} // namespace ingot

#endif
