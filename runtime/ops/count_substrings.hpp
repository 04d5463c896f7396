// count_substrings.hpp - the numbers of parts of ONNX StringSplit, and the largest of them.
#ifndef INGOT_OPS_COUNT_SUBSTRINGS_HPP
#define INGOT_OPS_COUNT_SUBSTRINGS_HPP

#include "substrings.hpp"

namespace ingot {
namespace {
namespace ops {

template <class X, class Y, class S>
ingot_status count_substrings(ingot_error *, ingot_arena *, ingot_string delimiter, int64_t maxsplit, X x, Y counts, S largest) {
  largest.data[0] = 0;
  for (int64_t i = 0, n = x.count(); i < n; ++i) {
    counts.data[i] = for_substrings(x.data[i], delimiter, maxsplit, [](int64_t, const char *, size_t) {});
    if (counts.data[i] > largest.data[0])
      largest.data[0] = counts.data[i];
  }
  return INGOT_OK;
}

} // namespace ops
} // namespace
} // namespace ingot

#endif
