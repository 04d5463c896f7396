// cast_to_string.hpp - ONNX Cast of numbers to strings: the fewest digits that give the number back.
#ifndef INGOT_OPS_CAST_TO_STRING_HPP
#define INGOT_OPS_CAST_TO_STRING_HPP

#include "element.hpp"
#include <stdio.h>
#include <stdlib.h>

namespace ingot {
namespace {
namespace ops {

inline int text_of(char *out, size_t size, double v, int most, bool single) {
  if (v != v)
    return snprintf(out, size, "NaN");
  if (v - v != 0)
    return snprintf(out, size, v < 0 ? "-INF" : "INF");
  int length = 0;
  for (int digits = 1; digits <= most; ++digits) {
    length = snprintf(out, size, "%.*g", digits, v);
    const double back = strtod(out, nullptr);
    if (single ? float(back) == float(v) : back == v)
      break;
  }
  return length;
}
inline int text_of(char *out, size_t size, float v) { return text_of(out, size, v, 9, true); }
inline int text_of(char *out, size_t size, double v) { return text_of(out, size, v, 17, false); }
inline int text_of(char *out, size_t size, uint64_t v) { return snprintf(out, size, "%llu", (unsigned long long)v); }
template <class T> inline int text_of(char *out, size_t size, T v) { return snprintf(out, size, "%lld", (long long)v); }

// The text lies in the tail until the next run.
template <class X, class Y> ingot_status cast_to_string(ingot_error *error, ingot_arena *tail, X x, Y y) {
  using E = element_of<X>;
  for (int64_t i = 0, n = x.count(); i < n; ++i) {
    char text[40];
    const int length = X::dtype == INGOT_BOOL ? snprintf(text, sizeof text, E::get(x.data[i]) ? "True" : "False")
                                              : text_of(text, sizeof text, E::get(x.data[i]));
    char *kept = static_cast<char *>(ingot_arena_take(tail, size_t(length)));
    if (!kept)
      return no_room(error, tail);
    memcpy(kept, text, size_t(length));
    y.data[i] = {kept, size_t(length)};
  }
  return INGOT_OK;
}

} // namespace ops
} // namespace
} // namespace ingot

#endif
