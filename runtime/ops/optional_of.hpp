// optional_of.hpp - ONNX Optional with a value.
#ifndef INGOT_OPS_OPTIONAL_OF_HPP
#define INGOT_OPS_OPTIONAL_OF_HPP

#include "items.hpp"

namespace ingot {
namespace {
namespace ops {

inline ingot_status optional_of(ingot_error *, ingot_arena *, const ingot_sequence &x, ingot_optional &y) {
  y = {1, x};
  return INGOT_OK;
}
template <class X> ingot_status optional_of(ingot_error *error, ingot_arena *tail, X x, ingot_optional &y) {
  y = {1, {}};
  return seq_append(error, tail, x, &y.value);
}

} // namespace ops
} // namespace
} // namespace ingot

#endif
