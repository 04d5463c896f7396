// element.hpp - elements as numbers, for templates that compute or compare. Internal linkage throughout.
#ifndef INGOT_OPS_ELEMENT_HPP
#define INGOT_OPS_ELEMENT_HPP

#include "ingot/ops.h"
#include <string.h>

namespace ingot {
namespace {
namespace ops {

// element<dtype>: `number` is what one computes with; get and set convert from and to what is stored.
template <ingot_dtype dtype, class T> struct element {
  using number = T;
  static number get(T v) { return v; }
  static T set(number v) { return v; }
};

inline float float_of(uint32_t bits) {
  float f;
  memcpy(&f, &bits, sizeof f);
  return f;
}
inline uint32_t bits_of(float f) {
  uint32_t bits;
  memcpy(&bits, &f, sizeof bits);
  return bits;
}

template <> struct element<INGOT_BF16, uint16_t> {
  using number = float;
  static number get(uint16_t v) { return float_of(uint32_t(v) << 16); }
  static uint16_t set(number v) {
    const uint32_t b = bits_of(v);
    if (v != v)
      return uint16_t((b >> 16) | 0x40);
    return uint16_t((b + 0x7fff + ((b >> 16) & 1)) >> 16); // to nearest, ties to even
  }
};

template <> struct element<INGOT_F16, uint16_t> {
  using number = float;
  static number get(uint16_t v) {
    const uint32_t sign = uint32_t(v & 0x8000) << 16, rest = v & 0x7fff;
    if (rest >= 0x7c00) // infinity, NaN
      return float_of(sign | 0x7f800000 | ((rest & 0x3ff) << 13));
    if (rest >= 0x400)
      return float_of(sign | ((rest << 13) + 0x38000000));
    const float subnormal = float(rest) * 5.9604644775390625e-8f; // 2^-24
    return sign ? -subnormal : subnormal;
  }
  static uint16_t set(number v) {
    const uint32_t b = bits_of(v), sign = (b >> 16) & 0x8000, rest = b & 0x7fffffff;
    if (rest > 0x7f800000)
      return uint16_t(sign | 0x7e00);
    if (rest >= 0x477ff000) // rounds beyond 65504
      return uint16_t(sign | 0x7c00);
    if (rest < 0x38800000) { // subnormal: the addition rounds
      const float shifted = float_of(rest) + 0.5f;
      return uint16_t(sign | (bits_of(shifted) - bits_of(0.5f)));
    }
    return uint16_t(sign | ((rest - 0x38000000 + 0xfff + ((rest >> 13) & 1)) >> 13));
  }
};

template <ingot_dtype dtype, class T> struct plain { using type = T; };
template <ingot_dtype dtype, class T> struct plain<dtype, const T> { using type = T; };

// element_of<View>: the above for a view.
template <class View> struct element_of;
template <ingot_dtype dtype, class T>
struct element_of<tensor_view<dtype, T>> : element<dtype, typename plain<dtype, T>::type> {
  using stored = typename plain<dtype, T>::type;
};

// -1, 0 or 1. NaN comes after every number.
template <class T> inline int compare(T a, T b) {
  if (a < b)
    return -1;
  if (b < a)
    return 1;
  return int(a != a) - int(b != b);
}
inline int compare(const ingot_string &a, const ingot_string &b) {
  const size_t n = a.size < b.size ? a.size : b.size;
  const int c = n ? memcmp(a.data, b.data, n) : 0;
  return c ? (c < 0 ? -1 : 1) : int(a.size > b.size) - int(a.size < b.size);
}

// Sizes before, of and behind one axis: element (i, k, j) lies at (i * size + k) * inner + j.
struct axis_split {
  int64_t outer, size, inner;
};
template <class View> inline axis_split split_at(const View &v, int64_t axis) {
  axis_split s{1, 1, 1};
  for (int64_t k = 0; k < v.rank; ++k)
    (k < axis ? s.outer : k == axis ? s.size : s.inner) *= v.dims[k];
  return s;
}

inline ingot_status no_room(ingot_error *error, const ingot_arena *tail) {
  return fail(error, INGOT_NEED_WORKSPACE, "workspace", -1, int64_t(tail->needed), int64_t(tail->size),
              "workspace: %llu bytes, needed %llu", (unsigned long long)tail->size, (unsigned long long)tail->needed);
}

// Sorts n numbers of elements by less(a, b), in place; equal ones in any order.
template <class Less> inline void heap_sort(int64_t *items, int64_t n, Less less) {
  auto sift = [&](int64_t root, int64_t end) {
    const int64_t moved = items[root];
    for (int64_t child; (child = 2 * root + 1) < end; root = child) {
      if (child + 1 < end && less(items[child], items[child + 1]))
        ++child;
      if (!less(moved, items[child]))
        break;
      items[root] = items[child];
      items[child] = moved;
    }
  };
  for (int64_t i = n / 2; i-- > 0;)
    sift(i, n);
  for (int64_t end = n; end-- > 1;) {
    const int64_t last = items[end];
    items[end] = items[0];
    items[0] = last;
    sift(0, end);
  }
}

} // namespace ops
} // namespace
} // namespace ingot

#endif
