// cumulate.hpp - ONNX CumSum and CumProd along a long axis, or one that the run chooses.
#ifndef INGOT_OPS_CUMULATE_HPP
#define INGOT_OPS_CUMULATE_HPP

#include "scatter.hpp"

namespace ingot {
namespace {
namespace ops {

template <class X, class A, class Y>
ingot_status cumulate(ingot_error *error, ingot_arena *, int64_t exclusive, int64_t product, int64_t reverse, X x, A along, Y y) {
  using E = element_of<X>;
  const int64_t axis = along.data[0] < 0 ? along.data[0] + x.rank : along.data[0];
  if (axis < 0 || axis >= x.rank)
    return fail(error, INGOT_BAD_INPUT_DATA, "axis", -1, x.rank, along.data[0], "cumulate: axis %lld of %d", (long long)along.data[0],
                int(x.rank));
  const axis_split s = split_at(x, axis);
  for (int64_t o = 0; o < s.outer; ++o)
    for (int64_t j = 0; j < s.inner; ++j) {
      typename E::number sum = typename E::number(product);
      for (int64_t i = 0; i < s.size; ++i) {
        const int64_t at = (o * s.size + (reverse ? s.size - 1 - i : i)) * s.inner + j;
        const typename E::number v = E::get(x.data[at]);
        const typename E::number next = product ? scatter_product(sum, v) : scatter_sum(sum, v);
        y.data[at] = E::set(exclusive ? sum : next);
        sum = next;
      }
    }
  return INGOT_OK;
}

} // namespace ops
} // namespace
} // namespace ingot

#endif
