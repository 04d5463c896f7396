// cast_from_string.hpp - ONNX Cast of strings to numbers: "3.14", "1e-5", "-INF", "NaN".
#ifndef INGOT_OPS_CAST_FROM_STRING_HPP
#define INGOT_OPS_CAST_FROM_STRING_HPP

#include "element.hpp"
#include <stdlib.h>

namespace ingot {
namespace {
namespace ops {

// The number that `text` states; false if it states none. strtod also takes infinities and NaN in any case.
inline bool number_of(const ingot_string &text, double *value, long long *whole) {
  char digits[64];
  if (!text.size || text.size >= sizeof digits)
    return false;
  memcpy(digits, text.data, text.size);
  digits[text.size] = 0;
  char *end = nullptr;
  *value = strtod(digits, &end);
  if (*end)
    return false;
  *whole = strtoll(digits, &end, 10); // exact where a double is not
  if (*end)
    *whole = *value > -9.2e18 && *value < 9.2e18 ? (long long)*value : 0;
  return true;
}

template <class N> struct from_number {
  static N of(double, long long whole) { return N(whole); }
};
template <> struct from_number<float> {
  static float of(double value, long long) { return float(value); }
};
template <> struct from_number<double> {
  static double of(double value, long long) { return value; }
};

template <class X, class Y> ingot_status cast_from_string(ingot_error *error, ingot_arena *, X x, Y y) {
  using E = element_of<Y>;
  for (int64_t i = 0, n = x.count(); i < n; ++i) {
    double value = 0;
    long long whole = 0;
    if (!number_of(x.data[i], &value, &whole))
      return fail(error, INGOT_BAD_INPUT_DATA, "Cast", -1, 0, i, "Cast: string %lld is not a number", (long long)i);
    if (Y::dtype == INGOT_BOOL)
      whole = value != 0;
    y.data[i] = E::set(from_number<typename E::number>::of(value, whole));
  }
  return INGOT_OK;
}

} // namespace ops
} // namespace
} // namespace ingot

#endif
