// split_strings.hpp - ONNX StringSplit; count_substrings has found out the size of the last dimension.
#ifndef INGOT_OPS_SPLIT_STRINGS_HPP
#define INGOT_OPS_SPLIT_STRINGS_HPP

#include "substrings.hpp"

namespace ingot {
namespace {
namespace ops {

// The parts lie in the strings that are split; a string with fewer parts is filled up with empty ones.
template <class X, class Y>
ingot_status split_strings(ingot_error *, ingot_arena *, ingot_string delimiter, int64_t maxsplit, X x, Y y) {
  const int64_t most = y.dims[y.rank - 1];
  for (int64_t i = 0, n = x.count(); i < n; ++i) {
    const int64_t parts = for_substrings(x.data[i], delimiter, maxsplit,
                                         [&](int64_t k, const char *data, size_t size) { y.data[i * most + k] = {data, size}; });
    for (int64_t k = parts; k < most; ++k)
      y.data[i * most + k] = {"", 0};
  }
  return INGOT_OK;
}

} // namespace ops
} // namespace
} // namespace ingot

#endif
