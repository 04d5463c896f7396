// AArch64: NEON; 4 lanes of 32 bits. The names are those of README.md.
#pragma once

#include "lanes.h"

#if !defined(__aarch64__) || !defined(__ARM_NEON)
#error "compile this file for aarch64"
#endif

namespace INGOT_NS {

typedef float f32x4 __attribute__((vector_size(16)));
typedef double f64x2 __attribute__((vector_size(16)));
typedef int32_t i32x4 __attribute__((vector_size(16)));
typedef uint32_t u32x4 __attribute__((vector_size(16)));
typedef int64_t i64x2 __attribute__((vector_size(16)));
typedef uint64_t u64x2 __attribute__((vector_size(16)));
// Storage of 4 lanes: load, convert, store; no arithmetic. f16 and bf16 are u16.
typedef int8_t i8x4 __attribute__((vector_size(4)));
typedef uint8_t u8x4 __attribute__((vector_size(4)));
typedef int16_t i16x4 __attribute__((vector_size(8)));
typedef uint16_t u16x4 __attribute__((vector_size(8)));

struct mask4 {
  i32x4 bits;
};
struct mask2 {
  i64x2 bits;
};

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

INGOT_SIMD f32x4 broadcast_as(as<f32x4>, float x) { return f32x4{x, x, x, x}; }
INGOT_SIMD f64x2 broadcast_as(as<f64x2>, double x) { return f64x2{x, x}; }
INGOT_SIMD i32x4 broadcast_as(as<i32x4>, int32_t x) { return i32x4{x, x, x, x}; }
INGOT_SIMD u32x4 broadcast_as(as<u32x4>, uint32_t x) { return u32x4{x, x, x, x}; }
INGOT_SIMD i64x2 broadcast_as(as<i64x2>, int64_t x) { return i64x2{x, x}; }
INGOT_SIMD u64x2 broadcast_as(as<u64x2>, uint64_t x) { return u64x2{x, x}; }

} // namespace INGOT_NS

#include "vector.h"

#include "lane_masks.h"

namespace INGOT_NS {

// ---- masks ------------------------------------------------------------------------------------------------

INGOT_SIMD bool any(mask4 m) { return vmaxvq_u32(bitcast<uint32x4_t>(m.bits)) != 0; }
INGOT_SIMD bool any(mask2 m) { return vmaxvq_u32(bitcast<uint32x4_t>(m.bits)) != 0; }
INGOT_SIMD bool all(mask4 m) { return vminvq_u32(bitcast<uint32x4_t>(m.bits)) != 0; }
INGOT_SIMD bool all(mask2 m) { return vminvq_u32(bitcast<uint32x4_t>(m.bits)) != 0; }
INGOT_SIMD int count(mask4 m) { return -vaddvq_s32(bitcast<int32x4_t>(m.bits)); }
INGOT_SIMD int count(mask2 m) { return -int(vaddvq_s64(bitcast<int64x2_t>(m.bits))); }
INGOT_SIMD mask4 first_as(as<mask4>, uint32_t n) {
  return lt(u32x4{0, 1, 2, 3}, broadcast_as(as<u32x4>(), n));
}
INGOT_SIMD mask2 first_as(as<mask2>, uint32_t n) { return lt(u64x2{0, 1}, broadcast_as(as<u64x2>(), n)); }

/// NEON has no masked memory: lane by lane.
template <class V> static constexpr bool masked_memory = false;

// ---- floats -----------------------------------------------------------------------------------------------

#define INGOT_FLOAT1(name, intrinsic32, intrinsic64)                                                         \
  INGOT_SIMD f32x4 name(f32x4 x) { return bitcast<f32x4>(intrinsic32(bitcast<float32x4_t>(x))); }            \
  INGOT_SIMD f64x2 name(f64x2 x) { return bitcast<f64x2>(intrinsic64(bitcast<float64x2_t>(x))); }
INGOT_FLOAT1(sqrt, vsqrtq_f32, vsqrtq_f64)
INGOT_FLOAT1(floor, vrndmq_f32, vrndmq_f64)
INGOT_FLOAT1(ceil, vrndpq_f32, vrndpq_f64)
INGOT_FLOAT1(trunc, vrndq_f32, vrndq_f64)
INGOT_FLOAT1(round_even, vrndnq_f32, vrndnq_f64)
#undef INGOT_FLOAT1

INGOT_SIMD f32x4 fma(f32x4 a, f32x4 b, f32x4 c) {
  return bitcast<f32x4>(vfmaq_f32(bitcast<float32x4_t>(c), bitcast<float32x4_t>(a), bitcast<float32x4_t>(b)));
}
INGOT_SIMD f64x2 fma(f64x2 a, f64x2 b, f64x2 c) {
  return bitcast<f64x2>(vfmaq_f64(bitcast<float64x2_t>(c), bitcast<float64x2_t>(a), bitcast<float64x2_t>(b)));
}

// As C's conditional, for floats too: NEON's own min and max are minimum and maximum. Its maxnum and minnum
// return a signalling NaN as NaN, unlike every other instruction set here, so ops.h's stay.
#define INGOT_MINMAX(V)                                                                                      \
  INGOT_SIMD V min(V a, V b) { return select_as<V>(lt(a, b), a, b); }                                        \
  INGOT_SIMD V max(V a, V b) { return select_as<V>(gt(a, b), a, b); }
INGOT_MINMAX(f32x4)
INGOT_MINMAX(f64x2)
INGOT_MINMAX(i64x2)
INGOT_MINMAX(u64x2)
#undef INGOT_MINMAX

#define INGOT_BOTH(V, C, name, intrinsic)                                                                    \
  INGOT_SIMD V name(V a, V b) { return bitcast<V>(intrinsic(bitcast<C>(a), bitcast<C>(b))); }
INGOT_BOTH(f32x4, float32x4_t, maximum, vmaxq_f32)
INGOT_BOTH(f32x4, float32x4_t, minimum, vminq_f32)
INGOT_BOTH(f64x2, float64x2_t, maximum, vmaxq_f64)
INGOT_BOTH(f64x2, float64x2_t, minimum, vminq_f64)
INGOT_BOTH(i32x4, int32x4_t, min, vminq_s32)
INGOT_BOTH(i32x4, int32x4_t, max, vmaxq_s32)
INGOT_BOTH(u32x4, uint32x4_t, min, vminq_u32)
INGOT_BOTH(u32x4, uint32x4_t, max, vmaxq_u32)
INGOT_BOTH(f32x4, float32x4_t, larger, vmaxq_f32)
INGOT_BOTH(f32x4, float32x4_t, smaller, vminq_f32)
INGOT_BOTH(f64x2, float64x2_t, larger, vmaxq_f64)
INGOT_BOTH(f64x2, float64x2_t, smaller, vminq_f64)
#undef INGOT_BOTH

// ---- integers ---------------------------------------------------------------------------------------------

// NEON shifts by the low byte of the count, right if negative; too large a count gives 0 or the sign, as for
// one lane.
#define INGOT_SHIFT(V, U, S, C, intrinsic, width)                                                            \
  INGOT_SIMD V shl(V a, V n) {                                                                               \
    U count = min(bitcast<U>(n), broadcast_as(as<U>(), width));                                              \
    return bitcast<V>(intrinsic(bitcast<C>(a), bitcast<S>(count)));                                          \
  }                                                                                                          \
  INGOT_SIMD V shr(V a, V n) {                                                                               \
    U count = U{} - min(bitcast<U>(n), broadcast_as(as<U>(), width));                                        \
    return bitcast<V>(intrinsic(bitcast<C>(a), bitcast<S>(count)));                                          \
  }
INGOT_SHIFT(i32x4, u32x4, int32x4_t, int32x4_t, vshlq_s32, 32)
INGOT_SHIFT(u32x4, u32x4, int32x4_t, uint32x4_t, vshlq_u32, 32)
INGOT_SHIFT(i64x2, u64x2, int64x2_t, int64x2_t, vshlq_s64, 64)
INGOT_SHIFT(u64x2, u64x2, int64x2_t, uint64x2_t, vshlq_u64, 64)
#undef INGOT_SHIFT

// ---- conversions ------------------------------------------------------------------------------------------

#define INGOT_CONVERT(name, To, From, C, intrinsic)                                                          \
  INGOT_SIMD To name(From x) { return bitcast<To>(intrinsic(bitcast<C>(x))); }
INGOT_CONVERT(to_f32, f32x4, i32x4, int32x4_t, vcvtq_f32_s32)
INGOT_CONVERT(to_f32, f32x4, u32x4, uint32x4_t, vcvtq_f32_u32)
INGOT_CONVERT(to_i32, i32x4, f32x4, float32x4_t, vcvtq_s32_f32)
INGOT_CONVERT(to_u32, u32x4, f32x4, float32x4_t, vcvtq_u32_f32)
INGOT_CONVERT(to_f64, f64x2, i64x2, int64x2_t, vcvtq_f64_s64)
INGOT_CONVERT(to_f64, f64x2, u64x2, uint64x2_t, vcvtq_f64_u64)
INGOT_CONVERT(to_i64, i64x2, f64x2, float64x2_t, vcvtq_s64_f64)
INGOT_CONVERT(to_u64, u64x2, f64x2, float64x2_t, vcvtq_u64_f64)
INGOT_CONVERT(to_i32, i32x4, i16x4, int16x4_t, vmovl_s16)
INGOT_CONVERT(to_i32, i32x4, u16x4, uint16x4_t, vmovl_u16)
INGOT_CONVERT(to_i16, i16x4, i32x4, int32x4_t, vmovn_s32)
INGOT_CONVERT(to_f64_hi, f64x2, f32x4, float32x4_t, vcvt_high_f64_f32)
#undef INGOT_CONVERT

INGOT_SIMD f64x2 to_f64_lo(f32x4 x) {
  return bitcast<f64x2>(vcvt_f64_f32(vget_low_f32(bitcast<float32x4_t>(x))));
}
INGOT_SIMD f32x4 to_f32(f64x2 lo, f64x2 hi) {
  return bitcast<f32x4>(vcvt_high_f32_f64(vcvt_f32_f64(bitcast<float64x2_t>(lo)), bitcast<float64x2_t>(hi)));
}
INGOT_SIMD i32x4 to_i32(i8x4 x) {
  int8x8_t v = vreinterpret_s8_u32(vdup_n_u32(bitcast<uint32_t>(x)));
  return bitcast<i32x4>(vmovl_s16(vget_low_s16(vmovl_s8(v))));
}
INGOT_SIMD i32x4 to_i32(u8x4 x) {
  uint8x8_t v = vreinterpret_u8_u32(vdup_n_u32(bitcast<uint32_t>(x)));
  return bitcast<i32x4>(vmovl_u16(vget_low_u16(vmovl_u8(v))));
}
INGOT_SIMD i8x4 to_i8(i32x4 x) {
  int16x4_t v = vmovn_s32(bitcast<int32x4_t>(x));
  return bitcast<i8x4>(vget_lane_u32(vreinterpret_u32_s8(vmovn_s16(vcombine_s16(v, v))), 0));
}
INGOT_SIMD f32x4 f16_to_f32(u16x4 x) { return bitcast<f32x4>(vcvt_f32_f16(bitcast<float16x4_t>(x))); }
INGOT_SIMD u16x4 f32_to_f16(f32x4 x) { return bitcast<u16x4>(vcvt_f16_f32(bitcast<float32x4_t>(x))); }

} // namespace INGOT_NS

#include "ops.h"

#include "math.h"
