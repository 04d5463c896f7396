// scatter_elements.hpp - ONNX ScatterElements: y = x, then y[…, indices[i, k, j], …] op= updates[i, k, j].
#ifndef INGOT_OPS_SCATTER_ELEMENTS_HPP
#define INGOT_OPS_SCATTER_ELEMENTS_HPP

#include "scatter.hpp"

namespace ingot {
namespace {
namespace ops {

template <class X, class I, class U, class Y>
ingot_status scatter_elements(ingot_error *error, ingot_arena *, int64_t axis, int64_t reduction, X x, I indices, U updates, Y y) {
  memcpy(y.data, x.data, size_t(x.count()) * sizeof *y.data);
  const int64_t n = indices.count();
  int64_t at[INGOT_MAX_RANK] = {0};
  for (int64_t i = 0; i < n; ++i) {
    int64_t index = int64_t(indices.data[i]);
    if (index < 0)
      index += x.dims[axis];
    if (index < 0 || index >= x.dims[axis])
      return scatter_out_of_range(error, axis, int64_t(indices.data[i]), x.dims[axis]);
    int64_t to = 0;
    for (int32_t k = 0; k < x.rank; ++k)
      to = to * x.dims[k] + (k == axis ? index : at[k]);
    scatter_into<Y>::store(&y.data[to], updates.data[i], reduction);
    for (int32_t k = x.rank; k-- > 0;) { // the next index, row-major
      if (++at[k] < indices.dims[k])
        break;
      at[k] = 0;
    }
  }
  return INGOT_OK;
}

} // namespace ops
} // namespace
} // namespace ingot

#endif
