// determinant.hpp - ONNX Det: determinants of a batch of square matrices, by elimination with row pivoting.
#ifndef INGOT_OPS_DETERMINANT_HPP
#define INGOT_OPS_DETERMINANT_HPP

#include "element.hpp"

namespace ingot {
namespace {
namespace ops {

template <class X, class Y> ingot_status determinant(ingot_error *error, ingot_arena *tail, X x, Y y) {
  using E = element_of<X>;
  const int64_t n = x.dims[x.rank - 1], matrices = y.count();
  const size_t mark = ingot_arena_mark(tail);
  double *a = static_cast<double *>(ingot_arena_take(tail, ingot_mul_size(ingot_mul_size(size_t(n), size_t(n)), sizeof(double))));
  if (!a && n)
    return no_room(error, tail);
  for (int64_t m = 0; m < matrices; ++m) {
    for (int64_t i = 0; i < n * n; ++i)
      a[i] = double(E::get(x.data[m * n * n + i]));
    double product = 1;
    for (int64_t k = 0; k < n && product != 0; ++k) {
      int64_t pivot = k;
      for (int64_t i = k + 1; i < n; ++i)
        if ((a[i * n + k] < 0 ? -a[i * n + k] : a[i * n + k]) > (a[pivot * n + k] < 0 ? -a[pivot * n + k] : a[pivot * n + k]))
          pivot = i;
      if (pivot != k) {
        product = -product;
        for (int64_t j = k; j < n; ++j) {
          const double old = a[k * n + j];
          a[k * n + j] = a[pivot * n + j];
          a[pivot * n + j] = old;
        }
      }
      product *= a[k * n + k];
      for (int64_t i = k + 1; i < n && product != 0; ++i) {
        const double factor = a[i * n + k] / a[k * n + k];
        for (int64_t j = k + 1; j < n; ++j)
          a[i * n + j] -= factor * a[k * n + j];
      }
    }
    y.data[m] = E::set(typename E::number(product));
  }
  ingot_arena_release(tail, mark);
  return INGOT_OK;
}

} // namespace ops
} // namespace
} // namespace ingot

#endif
