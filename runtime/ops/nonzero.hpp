// nonzero.hpp - ONNX NonZero: indices of the elements that are not zero, one row per dimension.
#ifndef INGOT_OPS_NONZERO_HPP
#define INGOT_OPS_NONZERO_HPP

#include "element.hpp"

namespace ingot {
namespace {
namespace ops {

// `indices` is [rank, count]; the count goes to `size`. Two passes: rows can be written only when the count is known.
template <class X, class I, class S> ingot_status nonzero(ingot_error *, ingot_arena *, X x, I indices, S size) {
  using E = element_of<X>;
  const int64_t n = x.count();
  int64_t found = 0;
  for (int64_t i = 0; i < n; ++i)
    found += E::get(x.data[i]) != 0;
  size.data[0] = found;
  int64_t at = 0;
  for (int64_t i = 0; i < n; ++i) {
    if (E::get(x.data[i]) == 0)
      continue;
    int64_t rest = i;
    for (int32_t k = x.rank; k-- > 0; rest /= x.dims[k])
      indices.data[k * found + at] = rest % x.dims[k];
    ++at;
  }
  return INGOT_OK;
}

} // namespace ops
} // namespace
} // namespace ingot

#endif
