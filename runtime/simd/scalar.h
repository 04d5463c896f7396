// Any target: a vector is 4 lanes in a struct, an operation a loop over them. The names are those of
// README.md.
#pragma once

#include "lanes.h"

namespace INGOT_NS {

template <class T, int n> struct vec { T at[n]; };

using f32x4 = vec<float, 4>;
using f64x2 = vec<double, 2>;
using i32x4 = vec<int32_t, 4>;
using u32x4 = vec<uint32_t, 4>;
using i64x2 = vec<int64_t, 2>;
using u64x2 = vec<uint64_t, 2>;
// Storage of 4 lanes: load, convert, store; no arithmetic. f16 and bf16 are u16.
using i8x4 = vec<int8_t, 4>;
using u8x4 = vec<uint8_t, 4>;
using i16x4 = vec<int16_t, 4>;
using u16x4 = vec<uint16_t, 4>;
using mask4 = vec<bool, 4>;
using mask2 = vec<bool, 2>;

using vf32 = f32x4;
using vf64 = f64x2;
using vi32 = i32x4;
using vu32 = u32x4;
using vi64 = i64x2;
using vu64 = u64x2;
using vi8 = i8x4;
using vu8 = u8x4;
using vi16 = i16x4;
using vu16 = u16x4;
using vmask32 = mask4;
using vmask64 = mask2;

} // namespace INGOT_NS

#define INGOT_SIMD_PORTABLE
#include "vector.h"

namespace INGOT_NS {

#define INGOT_EACH(type, expression)                                                                         \
  vec<type, n> r;                                                                                            \
  for (int i = 0; i < n; ++i)                                                                                \
    r.at[i] = expression;                                                                                    \
  return r

template <class T, int n> INGOT_SIMD vec<T, n> broadcast_as(as<vec<T, n>>, T x) { INGOT_EACH(T, x); }
// Lane by lane: a copy of the whole would go through memory, and wait there for the lanes just written.
template <class T, int n> INGOT_SIMD vec<T, n> load_as(as<vec<T, n>>, const T *p) { INGOT_EACH(T, p[i]); }
template <class T, int n> INGOT_SIMD void store_as(T *p, vec<T, n> v) {
  for (int i = 0; i < n; ++i)
    p[i] = v.at[i];
}
template <class To, class T, int n> INGOT_SIMD To bitcast(vec<T, n> v) {
  To r;
  for (int i = 0; i < n; ++i)
    r.at[i] = bitcast<elem_of<To>>(v.at[i]);
  return r;
}
template <class T, int n> INGOT_SIMD T lane(vec<T, n> v, int i) { return v.at[i]; }
template <int w, class T, int n> INGOT_SIMD vec<T, n> swap_blocks(vec<T, n> v) { INGOT_EACH(T, v.at[i ^ w]); }

// ---- operators --------------------------------------------------------------------------------------------

#define INGOT_OPERATOR(op)                                                                                   \
  template <class T, int n> INGOT_SIMD vec<T, n> operator op(vec<T, n> a, vec<T, n> b) {                     \
    INGOT_EACH(T, T(a.at[i] op b.at[i]));                                                                    \
  }
INGOT_OPERATOR(+)
INGOT_OPERATOR(-)
INGOT_OPERATOR(*)
INGOT_OPERATOR(/)
INGOT_OPERATOR(&)
INGOT_OPERATOR(|)
INGOT_OPERATOR(^)
#undef INGOT_OPERATOR
template <class T, int n> INGOT_SIMD vec<T, n> operator-(vec<T, n> a) { INGOT_EACH(T, T(-a.at[i])); }
template <class T, int n> INGOT_SIMD vec<T, n> operator~(vec<T, n> a) { INGOT_EACH(T, T(~a.at[i])); }

// ---- masks ------------------------------------------------------------------------------------------------

template <int n> INGOT_SIMD vec<bool, n> mask_not(vec<bool, n> a) { INGOT_EACH(bool, !a.at[i]); }
template <int n> INGOT_SIMD vec<bool, n> mask_and(vec<bool, n> a, vec<bool, n> b) {
  INGOT_EACH(bool, a.at[i] && b.at[i]);
}
template <int n> INGOT_SIMD vec<bool, n> mask_or(vec<bool, n> a, vec<bool, n> b) {
  INGOT_EACH(bool, a.at[i] || b.at[i]);
}
template <int n> INGOT_SIMD vec<bool, n> mask_xor(vec<bool, n> a, vec<bool, n> b) {
  INGOT_EACH(bool, a.at[i] != b.at[i]);
}
template <int n> INGOT_SIMD int count(vec<bool, n> m) {
  int r = 0;
  for (bool b : m.at)
    r += b;
  return r;
}
template <int n> INGOT_SIMD bool any(vec<bool, n> m) { return count(m) > 0; }
template <int n> INGOT_SIMD bool all(vec<bool, n> m) { return count(m) == n; }
template <int n> INGOT_SIMD vec<bool, n> first_as(as<vec<bool, n>>, uint32_t k) {
  INGOT_EACH(bool, uint32_t(i) < k);
}

#define INGOT_COMPARE(name)                                                                                  \
  template <class T, int n> INGOT_SIMD vec<bool, n> name(vec<T, n> a, vec<T, n> b) {                         \
    INGOT_EACH(bool, name(a.at[i], b.at[i]));                                                                \
  }
INGOT_COMPARE(lt)
INGOT_COMPARE(le)
INGOT_COMPARE(gt)
INGOT_COMPARE(ge)
INGOT_COMPARE(eq)
INGOT_COMPARE(ne)
#undef INGOT_COMPARE

template <class V> INGOT_SIMD V select_as(mask_of<V> m, V a, V b) {
  V r;
  for (int i = 0; i < traits<V>::lanes; ++i)
    r.at[i] = m.at[i] ? a.at[i] : b.at[i];
  return r;
}

template <class V> static constexpr bool masked_memory = false;

// ---- arithmetic: what lanes.h says of one lane ------------------------------------------------------------

#define INGOT_MAP1(name)                                                                                     \
  template <class T, int n> INGOT_SIMD vec<T, n> name(vec<T, n> x) { INGOT_EACH(T, name(x.at[i])); }
#define INGOT_MAP2(name)                                                                                     \
  template <class T, int n> INGOT_SIMD vec<T, n> name(vec<T, n> a, vec<T, n> b) {                            \
    INGOT_EACH(T, name(a.at[i], b.at[i]));                                                                   \
  }
INGOT_MAP1(sqrt)
INGOT_MAP1(floor)
INGOT_MAP1(ceil)
INGOT_MAP1(trunc)
INGOT_MAP1(round_even)
INGOT_MAP2(min)
INGOT_MAP2(max)
template <class T, int n> INGOT_SIMD vec<T, n> fma(vec<T, n> a, vec<T, n> b, vec<T, n> c) {
  INGOT_EACH(T, fma(a.at[i], b.at[i], c.at[i]));
}
template <class T, int n> INGOT_SIMD vec<T, n> shl(vec<T, n> a, vec<T, n> b) {
  INGOT_EACH(T, shl(a.at[i], int64_t(b.at[i])));
}
template <class T, int n> INGOT_SIMD vec<T, n> shr(vec<T, n> a, vec<T, n> b) {
  INGOT_EACH(T, shr(a.at[i], int64_t(b.at[i])));
}

// ---- conversions ------------------------------------------------------------------------------------------

#define INGOT_CONVERT(name, To, From)                                                                        \
  INGOT_SIMD To name(From x) {                                                                               \
    To r;                                                                                                    \
    for (int i = 0; i < traits<To>::lanes; ++i)                                                              \
      r.at[i] = name(x.at[i]);                                                                               \
    return r;                                                                                                \
  }
INGOT_CONVERT(to_f32, f32x4, i32x4)
INGOT_CONVERT(to_f32, f32x4, u32x4)
INGOT_CONVERT(to_i32, i32x4, f32x4)
INGOT_CONVERT(to_u32, u32x4, f32x4)
INGOT_CONVERT(to_f64, f64x2, i64x2)
INGOT_CONVERT(to_f64, f64x2, u64x2)
INGOT_CONVERT(to_i64, i64x2, f64x2)
INGOT_CONVERT(to_u64, u64x2, f64x2)
INGOT_CONVERT(to_i32, i32x4, i8x4)
INGOT_CONVERT(to_i32, i32x4, u8x4)
INGOT_CONVERT(to_i32, i32x4, i16x4)
INGOT_CONVERT(to_i32, i32x4, u16x4)
INGOT_CONVERT(to_i8, i8x4, i32x4)
INGOT_CONVERT(to_i16, i16x4, i32x4)
INGOT_CONVERT(f16_to_f32, f32x4, u16x4)
INGOT_CONVERT(f32_to_f16, u16x4, f32x4)
#undef INGOT_CONVERT

INGOT_SIMD f64x2 to_f64_lo(f32x4 x) { return {{double(x.at[0]), double(x.at[1])}}; }
INGOT_SIMD f64x2 to_f64_hi(f32x4 x) { return {{double(x.at[2]), double(x.at[3])}}; }
INGOT_SIMD f32x4 to_f32(f64x2 lo, f64x2 hi) {
  return {{float(lo.at[0]), float(lo.at[1]), float(hi.at[0]), float(hi.at[1])}};
}

#undef INGOT_EACH
#undef INGOT_MAP1
#undef INGOT_MAP2

} // namespace INGOT_NS

#include "ops.h"

#include "math.h"
