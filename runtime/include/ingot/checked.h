// checked.h - dimension arithmetic that saturates instead of overflowing.
//
// Generated shape checks and size formulas are ordinary expressions over these: a result that would overflow,
// or become negative, sticks at checked::overflow. Internal linkage, see arena.h.
#ifndef INGOT_CHECKED_H
#define INGOT_CHECKED_H

#include "ingot/ingot.h"

namespace ingot {
namespace {

struct checked {
  static constexpr int64_t overflow = INT64_MAX;
  int64_t value;

  constexpr checked(int64_t v) : value(v < 0 ? overflow : v) {}
  constexpr bool valid() const { return value != overflow; }

  friend constexpr checked operator+(checked a, checked b) {
    return a.value > overflow - b.value ? overflow : a.value + b.value;
  }
  friend constexpr checked operator-(checked a, checked b) {
    return !a.valid() || !b.valid() || b.value > a.value ? overflow : a.value - b.value;
  }
  friend constexpr checked operator*(checked a, checked b) {
    if (a.value == 0 || b.value == 0)
      return 0;
    return a.value > overflow / b.value ? overflow : a.value * b.value;
  }
};

constexpr checked min(checked a, checked b) { return a.value < b.value ? a : b; }
constexpr checked max(checked a, checked b) { return a.value > b.value ? a : b; }
constexpr checked floordiv(checked a, checked b) {
  return !a.valid() || !b.valid() || b.value == 0 ? checked::overflow : a.value / b.value;
}
constexpr checked ceildiv(checked a, checked b) {
  return !a.valid() || !b.valid() || b.value == 0 ? checked::overflow : a.value / b.value + (a.value % b.value != 0);
}
constexpr checked mod(checked a, checked b) {
  return !a.valid() || !b.valid() || b.value == 0 ? checked::overflow : a.value % b.value;
}
// A multiple of the buffer alignment of 64 bytes.
constexpr checked align(checked a) { return ceildiv(a, 64) * 64; }

} // namespace
} // namespace ingot

#endif
