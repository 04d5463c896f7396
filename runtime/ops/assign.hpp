// assign.hpp - a sequence or optional as another value. Items are never changed, so both may have the same.
#ifndef INGOT_OPS_ASSIGN_HPP
#define INGOT_OPS_ASSIGN_HPP

#include "element.hpp"

namespace ingot {
namespace {
namespace ops {

template <class Handle> ingot_status assign(ingot_error *, ingot_arena *, const Handle &x, Handle &y) {
  y = x;
  return INGOT_OK;
}

} // namespace ops
} // namespace
} // namespace ingot

#endif
