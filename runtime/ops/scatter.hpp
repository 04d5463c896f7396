// scatter.hpp - what the two scatter operators share.
#ifndef INGOT_OPS_SCATTER_HPP
#define INGOT_OPS_SCATTER_HPP

#include "element.hpp"

namespace ingot {
namespace {
namespace ops {

enum : int64_t { scatter_none, scatter_add, scatter_mul, scatter_max, scatter_min };

// Wrapping for integers: computed without a sign.
template <class T> inline T scatter_sum(T a, T b) { return T(a + b); }
inline int32_t scatter_sum(int32_t a, int32_t b) { return int32_t(uint32_t(a) + uint32_t(b)); }
inline int64_t scatter_sum(int64_t a, int64_t b) { return int64_t(uint64_t(a) + uint64_t(b)); }
template <class T> inline T scatter_product(T a, T b) { return T(a * b); }
inline int32_t scatter_product(int32_t a, int32_t b) { return int32_t(uint32_t(a) * uint32_t(b)); }
inline int64_t scatter_product(int64_t a, int64_t b) { return int64_t(uint64_t(a) * uint64_t(b)); }
inline uint16_t scatter_product(uint16_t a, uint16_t b) { return uint16_t(uint32_t(a) * b); }

// The reduction of views whose elements are numbers; the others only have scatter_none.
template <class View> struct scatter_into {
  using E = element_of<View>;
  template <class T> static void store(T *to, T from, int64_t reduction) {
    const auto a = E::get(*to), b = E::get(from);
    switch (reduction) {
    case scatter_none: *to = from; break;
    case scatter_add: *to = E::set(scatter_sum(a, b)); break;
    case scatter_mul: *to = E::set(scatter_product(a, b)); break;
    case scatter_max: *to = a != a || a > b ? *to : from; break;
    case scatter_min: *to = a != a || a < b ? *to : from; break;
    }
  }
};
template <class T> struct scatter_into<tensor_view<INGOT_STRING, T>> {
  static void store(ingot_string *to, const ingot_string &from, int64_t) { *to = from; }
};
template <class T> struct scatter_into<tensor_view<INGOT_C64, T>> {
  template <class U> static void store(U *to, const U &from, int64_t) { *to = from; }
};
template <class T> struct scatter_into<tensor_view<INGOT_C128, T>> {
  template <class U> static void store(U *to, const U &from, int64_t) { *to = from; }
};

inline ingot_status scatter_out_of_range(ingot_error *error, int64_t axis, int64_t index, int64_t size) {
  return fail(error, INGOT_BAD_INPUT_DATA, "indices", int32_t(axis), size, index, "scatter: index %lld, the dimension has %lld elements",
              (long long)index, (long long)size);
}

} // namespace ops
} // namespace
} // namespace ingot

#endif
