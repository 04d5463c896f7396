// scatter_nd.hpp - ONNX ScatterND: y = x, then y[indices[i]] op= updates[i], each a block of the trailing dimensions.
#ifndef INGOT_OPS_SCATTER_ND_HPP
#define INGOT_OPS_SCATTER_ND_HPP

#include "scatter.hpp"

namespace ingot {
namespace {
namespace ops {

template <class X, class I, class U, class Y>
ingot_status scatter_nd(ingot_error *error, ingot_arena *, int64_t reduction, X x, I indices, U updates, Y y) {
  memcpy(y.data, x.data, size_t(x.count()) * sizeof *y.data);
  const int64_t depth = indices.dims[indices.rank - 1];
  int64_t rows = 1, block = 1;
  for (int32_t k = 0; k + 1 < indices.rank; ++k)
    rows *= indices.dims[k];
  for (int64_t k = depth; k < x.rank; ++k)
    block *= x.dims[k];
  for (int64_t i = 0; i < rows; ++i) {
    int64_t to = 0;
    for (int64_t k = 0; k < depth; ++k) {
      int64_t index = int64_t(indices.data[i * depth + k]);
      if (index < 0)
        index += x.dims[k];
      if (index < 0 || index >= x.dims[k])
        return scatter_out_of_range(error, k, int64_t(indices.data[i * depth + k]), x.dims[k]);
      to = to * x.dims[k] + index;
    }
    for (int64_t j = 0; j < block; ++j)
      scatter_into<Y>::store(&y.data[to * block + j], updates.data[i * block + j], reduction);
  }
  return INGOT_OK;
}

} // namespace ops
} // namespace
} // namespace ingot

#endif
