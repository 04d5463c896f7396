// look_up.hpp - ONNX LabelEncoder: the value that belongs to a key.
#ifndef INGOT_OPS_LOOK_UP_HPP
#define INGOT_OPS_LOOK_UP_HPP

#include "element.hpp"

namespace ingot {
namespace {
namespace ops {

// `keys` ascend. What is not among them gets the fallback.
template <class X, class K, class V, class D, class Y>
ingot_status look_up(ingot_error *, ingot_arena *, X x, K keys, V values, D fallback, Y y) {
  using E = element_of<X>;
  for (int64_t i = 0, n = x.count(); i < n; ++i) {
    int64_t low = 0, high = keys.count();
    while (low < high) { // the first key that is not less
      const int64_t middle = low + (high - low) / 2;
      if (compare(E::get(keys.data[middle]), E::get(x.data[i])) < 0)
        low = middle + 1;
      else
        high = middle;
    }
    const bool found = low < keys.count() && compare(E::get(keys.data[low]), E::get(x.data[i])) == 0;
    y.data[i] = found ? values.data[low] : fallback.data[0];
  }
  return INGOT_OK;
}

} // namespace ops
} // namespace
} // namespace ingot

#endif
