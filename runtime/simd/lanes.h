// What all instruction sets share before their vector types are known: the traits that connect vector types,
// and one lane: the primitives on float, double and integers. An expression of these names means the same on
// a lane and on a vector, so a loop's tail computes the same bits as its body.
#pragma once

#include "../scalar.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#define INGOT_SIMD static inline __attribute__((always_inline))

namespace INGOT_NS {

/// elem: a lane's type. ivec, uvec: signed and unsigned integers of the same lanes. mask: what comparisons
/// give. wide: f64 lanes that hold half of an f32 vector (all of it for one lane). lanes: how many.
template <class V> struct traits;

template <class V> using elem_of = typename traits<V>::elem;
template <class V> using ivec_of = typename traits<V>::ivec;
template <class V> using uvec_of = typename traits<V>::uvec;
template <class V> using mask_of = typename traits<V>::mask;
template <class V> using wide_of = typename traits<V>::wide;

template <class E, class I, class U> struct lane_traits {
  using elem = E;
  using ivec = I;
  using uvec = U;
  using mask = bool;
  using wide = double;
  static constexpr int lanes = 1;
};
template <> struct traits<float> : lane_traits<float, int32_t, uint32_t> {};
template <> struct traits<double> : lane_traits<double, int64_t, uint64_t> {};
template <> struct traits<bool> : lane_traits<bool, int8_t, uint8_t> {};
template <> struct traits<int8_t> : lane_traits<int8_t, int8_t, uint8_t> {};
template <> struct traits<uint8_t> : lane_traits<uint8_t, int8_t, uint8_t> {};
template <> struct traits<int16_t> : lane_traits<int16_t, int16_t, uint16_t> {};
template <> struct traits<uint16_t> : lane_traits<uint16_t, int16_t, uint16_t> {};
template <> struct traits<int32_t> : lane_traits<int32_t, int32_t, uint32_t> {};
template <> struct traits<uint32_t> : lane_traits<uint32_t, int32_t, uint32_t> {};
template <> struct traits<int64_t> : lane_traits<int64_t, int64_t, uint64_t> {};
template <> struct traits<uint64_t> : lane_traits<uint64_t, int64_t, uint64_t> {};

/// Chooses an overload by result type.
template <class V> struct as {};

/// All of a vector, at any address that suits an element.
template <class V> INGOT_SIMD V load_as(as<V>, const elem_of<V> *p) {
  V v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
template <class V> INGOT_SIMD void store_as(elem_of<V> *p, V v) { __builtin_memcpy(p, &v, sizeof v); }

// ---- one lane: comparisons and choice ---------------------------------------------------------------------

#define INGOT_LANE_ORDER(T)                                                                                  \
  INGOT_SIMD bool lt(T a, T b) { return a < b; }                                                             \
  INGOT_SIMD bool le(T a, T b) { return a <= b; }                                                            \
  INGOT_SIMD bool gt(T a, T b) { return a > b; }                                                             \
  INGOT_SIMD bool ge(T a, T b) { return a >= b; }                                                            \
  INGOT_SIMD bool eq(T a, T b) { return a == b; }                                                            \
  INGOT_SIMD bool ne(T a, T b) { return a != b; }                                                            \
  INGOT_SIMD T min(T a, T b) { return a < b ? a : b; }                                                       \
  INGOT_SIMD T max(T a, T b) { return a > b ? a : b; }                                                       \
  INGOT_SIMD T select(bool m, T a, T b) { return m ? a : b; }                                                \
  INGOT_SIMD T broadcast_as(as<T>, T x) { return x; }                                                        \
  INGOT_SIMD T lane(T v, int) { return v; }
INGOT_LANE_ORDER(float)
INGOT_LANE_ORDER(double)
INGOT_LANE_ORDER(int8_t)
INGOT_LANE_ORDER(uint8_t)
INGOT_LANE_ORDER(int16_t)
INGOT_LANE_ORDER(uint16_t)
INGOT_LANE_ORDER(int32_t)
INGOT_LANE_ORDER(uint32_t)
INGOT_LANE_ORDER(int64_t)
INGOT_LANE_ORDER(uint64_t)
#undef INGOT_LANE_ORDER

INGOT_SIMD bool broadcast_as(as<bool>, bool x) { return x; }
INGOT_SIMD bool first_as(as<bool>, uint32_t n) { return n > 0; }
INGOT_SIMD bool lane(bool m, int) { return m; }
INGOT_SIMD bool select(bool m, bool a, bool b) { return m ? a : b; }
INGOT_SIMD bool mask_and(bool a, bool b) { return a && b; }
INGOT_SIMD bool mask_or(bool a, bool b) { return a || b; }
INGOT_SIMD bool mask_xor(bool a, bool b) { return a != b; }
INGOT_SIMD bool mask_not(bool a) { return !a; }
INGOT_SIMD bool any(bool m) { return m; }
INGOT_SIMD bool all(bool m) { return m; }
INGOT_SIMD int count(bool m) { return m; }

// ---- one lane: floats -------------------------------------------------------------------------------------

INGOT_SIMD double fma(double a, double b, double c) { return __builtin_fma(a, b, c); }

#if defined(__FMA__) || defined(__aarch64__) || defined(__FP_FAST_FMAF)
INGOT_SIMD float fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
#else
/// Without the instruction: the product is exact in double, and the sum rounds twice, which only differs from
/// once if the double is the middle of two floats, or the float is subnormal. Then the double is rounded to
/// odd instead. (S. Boldo, G. Melquiond: Emulation of a FMA and correctly rounded sums, IEEE Trans. Comput.
/// 57(4), 2008.)
INGOT_SIMD float fma(float a, float b, float c) {
  double p = double(a) * double(b), s = p + double(c);
  uint64_t u = bitcast<uint64_t>(s);
  if (__builtin_expect((u & 0x1fffffff) == 0x10000000 || u << 1 < 897ull << 53, 0)) {
    double t = s - p, lost = (p - (s - t)) + (double(c) - t);
    if (lost != 0 && !(u & 1))
      s = bitcast<double>(u + ((lost > 0) == (s > 0) ? 1 : uint64_t(-1)));
  }
  return float(s);
}
#endif

// The instruction itself: the C functions may call libm to set errno.
#if defined(__x86_64__)
INGOT_SIMD float sqrt(float x) { return _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(x))); }
INGOT_SIMD double sqrt(double x) { return _mm_cvtsd_f64(_mm_sqrt_pd(_mm_set1_pd(x))); }
#elif defined(__aarch64__)
INGOT_SIMD float sqrt(float x) { return vget_lane_f32(vsqrt_f32(vdup_n_f32(x)), 0); }
INGOT_SIMD double sqrt(double x) { return vget_lane_f64(vsqrt_f64(vdup_n_f64(x)), 0); }
#else
INGOT_SIMD float sqrt(float x) { return __builtin_sqrtf(x); }
INGOT_SIMD double sqrt(double x) { return __builtin_sqrt(x); }
#endif

INGOT_SIMD float floor(float x) { return __builtin_floorf(x); }
INGOT_SIMD double floor(double x) { return __builtin_floor(x); }
INGOT_SIMD float ceil(float x) { return __builtin_ceilf(x); }
INGOT_SIMD double ceil(double x) { return __builtin_ceil(x); }
INGOT_SIMD float trunc(float x) { return __builtin_truncf(x); }
INGOT_SIMD double trunc(double x) { return __builtin_trunc(x); }

// One lane is its own only half.
INGOT_SIMD double to_f64_lo(float x) { return double(x); }

} // namespace INGOT_NS
