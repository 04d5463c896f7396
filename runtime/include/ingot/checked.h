// checked.h - dimension arithmetic that saturates instead of overflowing.
//
// Generated shape checks and size formulas are ordinary expressions over these: a result that would overflow sticks at
// checked::overflow. Terms may be negative on the way; a size is valid if it ends up neither. Internal linkage, see arena.h.
#ifndef INGOT_CHECKED_H
#define INGOT_CHECKED_H

#include "ingot/arena.h"
#include "ingot/ingot.h"

namespace ingot {
namespace {

struct checked {
  static constexpr int64_t overflow = INT64_MAX;
  int64_t value;

  constexpr checked(int64_t v) : value(v) {}
  constexpr bool known() const { return value != overflow; }
  constexpr bool valid() const { return known() && value >= 0; }

  friend constexpr checked operator+(checked a, checked b) {
    int64_t r = 0;
    return !a.known() || !b.known() || __builtin_add_overflow(a.value, b.value, &r) ? overflow : r;
  }
  friend constexpr checked operator-(checked a, checked b) {
    int64_t r = 0;
    return !a.known() || !b.known() || __builtin_sub_overflow(a.value, b.value, &r) ? overflow : r;
  }
  friend constexpr checked operator-(checked a) { return checked(0) - a; }
  friend constexpr checked operator*(checked a, checked b) {
    int64_t r = 0;
    if (a.value == 0 || b.value == 0)
      return 0;
    return !a.known() || !b.known() || __builtin_mul_overflow(a.value, b.value, &r) ? overflow : r;
  }
};

constexpr checked min(checked a, checked b) { return a.value < b.value ? a : b; }
constexpr checked max(checked a, checked b) { return a.value > b.value ? a : b; }
constexpr checked floordiv(checked a, checked b) {
  if (!a.known() || !b.known() || b.value < 0)
    return checked::overflow;
  if (b.value == 0) // as in kernel.h
    return 0;
  return a.value / b.value - (a.value % b.value < 0);
}
constexpr checked ceildiv(checked a, checked b) { return checked(0) - floordiv(checked(0) - a, b); }
constexpr checked mod(checked a, checked b) { return a - floordiv(a, b) * b; }
// A multiple of the alignment of buffers.
constexpr checked align(checked a) { return ceildiv(a, INGOT_ALIGN) * INGOT_ALIGN; }

} // namespace
} // namespace ingot

#endif
