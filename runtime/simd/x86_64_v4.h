// x86-64-v4: AVX-512 F, BW, DQ and VL; 16 lanes of 32 bits. The names are those of README.md.
#pragma once

#include "lanes.h"

#if !defined(__AVX512F__) || !defined(__AVX512BW__) || !defined(__AVX512DQ__) || !defined(__AVX512VL__) ||   \
    !defined(__FMA__) || !defined(__F16C__) || !defined(__BMI2__)
#error "compile this file with -march=x86-64-v4"
#endif

namespace INGOT_NS {

typedef float f32x16 __attribute__((vector_size(64)));
typedef double f64x8 __attribute__((vector_size(64)));
typedef int32_t i32x16 __attribute__((vector_size(64)));
typedef uint32_t u32x16 __attribute__((vector_size(64)));
typedef int64_t i64x8 __attribute__((vector_size(64)));
typedef uint64_t u64x8 __attribute__((vector_size(64)));
// Storage of 16 lanes: load, convert, store; no arithmetic. f16 and bf16 are u16.
typedef int8_t i8x16 __attribute__((vector_size(16)));
typedef uint8_t u8x16 __attribute__((vector_size(16)));
typedef int16_t i16x16 __attribute__((vector_size(32)));
typedef uint16_t u16x16 __attribute__((vector_size(32)));

struct mask16 {
  __mmask16 bits;
};
struct mask8 {
  __mmask8 bits;
};

using vf32 = f32x16;
using vf64 = f64x8;
using vi32 = i32x16;
using vu32 = u32x16;
using vi64 = i64x8;
using vu64 = u64x8;
using vi8 = i8x16;
using vu8 = u8x16;
using vi16 = i16x16;
using vu16 = u16x16;
using vmask32 = mask16;
using vmask64 = mask8;

} // namespace INGOT_NS

#include "vector.h"

namespace INGOT_NS {

// ---- broadcast, comparison, choice ------------------------------------------------------------------------

INGOT_SIMD f32x16 broadcast_as(as<f32x16>, float x) { return _mm512_set1_ps(x); }
INGOT_SIMD f64x8 broadcast_as(as<f64x8>, double x) { return _mm512_set1_pd(x); }
INGOT_SIMD i32x16 broadcast_as(as<i32x16>, int32_t x) { return bitcast<i32x16>(_mm512_set1_epi32(x)); }
INGOT_SIMD u32x16 broadcast_as(as<u32x16>, uint32_t x) { return bitcast<u32x16>(_mm512_set1_epi32(int(x))); }
INGOT_SIMD i64x8 broadcast_as(as<i64x8>, int64_t x) { return bitcast<i64x8>(_mm512_set1_epi64(x)); }
INGOT_SIMD u64x8 broadcast_as(as<u64x8>, uint64_t x) { return bitcast<u64x8>(_mm512_set1_epi64(int64_t(x))); }

// The predicates are quiet, and false on NaN except `ne`.
#define INGOT_COMPARE(T, M, C, compare, LT, LE, GT, GE, EQ, NE)                                              \
  INGOT_SIMD M lt(T a, T b) { return {compare(C(a), C(b), LT)}; }                                            \
  INGOT_SIMD M le(T a, T b) { return {compare(C(a), C(b), LE)}; }                                            \
  INGOT_SIMD M gt(T a, T b) { return {compare(C(a), C(b), GT)}; }                                            \
  INGOT_SIMD M ge(T a, T b) { return {compare(C(a), C(b), GE)}; }                                            \
  INGOT_SIMD M eq(T a, T b) { return {compare(C(a), C(b), EQ)}; }                                            \
  INGOT_SIMD M ne(T a, T b) { return {compare(C(a), C(b), NE)}; }
#define INGOT_COMPARE_FLOAT(T, M, C, compare)                                                                \
  INGOT_COMPARE(T, M, C, compare, _CMP_LT_OQ, _CMP_LE_OQ, _CMP_GT_OQ, _CMP_GE_OQ, _CMP_EQ_OQ, _CMP_NEQ_UQ)
#define INGOT_COMPARE_INT(T, M, compare)                                                                     \
  INGOT_COMPARE(T, M, bitcast<__m512i>, compare, _MM_CMPINT_LT, _MM_CMPINT_LE, _MM_CMPINT_NLE,               \
                _MM_CMPINT_NLT, _MM_CMPINT_EQ, _MM_CMPINT_NE)
INGOT_COMPARE_FLOAT(f32x16, mask16, __m512, _mm512_cmp_ps_mask)
INGOT_COMPARE_FLOAT(f64x8, mask8, __m512d, _mm512_cmp_pd_mask)
INGOT_COMPARE_INT(i32x16, mask16, _mm512_cmp_epi32_mask)
INGOT_COMPARE_INT(u32x16, mask16, _mm512_cmp_epu32_mask)
INGOT_COMPARE_INT(i64x8, mask8, _mm512_cmp_epi64_mask)
INGOT_COMPARE_INT(u64x8, mask8, _mm512_cmp_epu64_mask)
#undef INGOT_COMPARE
#undef INGOT_COMPARE_FLOAT
#undef INGOT_COMPARE_INT

template <class V> INGOT_SIMD V select_as(mask_of<V> m, V a, V b) {
  if constexpr (sizeof m == sizeof(mask16))
    return bitcast<V>(_mm512_mask_blend_epi32(m.bits, bitcast<__m512i>(b), bitcast<__m512i>(a)));
  else
    return bitcast<V>(_mm512_mask_blend_epi64(m.bits, bitcast<__m512i>(b), bitcast<__m512i>(a)));
}

#define INGOT_MASK(M, B, full)                                                                               \
  INGOT_SIMD M mask_and(M a, M b) { return {B(a.bits & b.bits)}; }                                           \
  INGOT_SIMD M mask_or(M a, M b) { return {B(a.bits | b.bits)}; }                                            \
  INGOT_SIMD M mask_xor(M a, M b) { return {B(a.bits ^ b.bits)}; }                                           \
  INGOT_SIMD M mask_not(M a) { return {B(~a.bits)}; }                                                        \
  INGOT_SIMD bool any(M m) { return m.bits != 0; }                                                           \
  INGOT_SIMD bool all(M m) { return m.bits == B(full); }                                                     \
  INGOT_SIMD int count(M m) { return __builtin_popcount(m.bits); }                                           \
  INGOT_SIMD bool lane(M m, int i) { return m.bits >> i & 1; }                                               \
  INGOT_SIMD M broadcast_as(as<M>, bool x) { return {B(x ? full : 0)}; }                                     \
  INGOT_SIMD M first_as(as<M>, uint32_t n) { return {B(_bzhi_u32(full, n))}; }
INGOT_MASK(mask16, __mmask16, 0xffff)
INGOT_MASK(mask8, __mmask8, 0xff)
#undef INGOT_MASK

// ---- masked memory ----------------------------------------------------------------------------------------

template <class V> static constexpr bool masked_memory = true;

#define INGOT_MEMORY(T, M, C, load, store)                                                                   \
  INGOT_SIMD T load_masked_as(const elem_of<T> *p, M m, T other) {                                           \
    return bitcast<T>(load(bitcast<C>(other), m.bits, p));                                                   \
  }                                                                                                          \
  INGOT_SIMD void store_masked_as(elem_of<T> *p, M m, T v) { store(p, m.bits, bitcast<C>(v)); }
INGOT_MEMORY(f32x16, mask16, __m512, _mm512_mask_loadu_ps, _mm512_mask_storeu_ps)
INGOT_MEMORY(f64x8, mask8, __m512d, _mm512_mask_loadu_pd, _mm512_mask_storeu_pd)
INGOT_MEMORY(i32x16, mask16, __m512i, _mm512_mask_loadu_epi32, _mm512_mask_storeu_epi32)
INGOT_MEMORY(u32x16, mask16, __m512i, _mm512_mask_loadu_epi32, _mm512_mask_storeu_epi32)
INGOT_MEMORY(i64x8, mask8, __m512i, _mm512_mask_loadu_epi64, _mm512_mask_storeu_epi64)
INGOT_MEMORY(u64x8, mask8, __m512i, _mm512_mask_loadu_epi64, _mm512_mask_storeu_epi64)
INGOT_MEMORY(i8x16, mask16, __m128i, _mm_mask_loadu_epi8, _mm_mask_storeu_epi8)
INGOT_MEMORY(u8x16, mask16, __m128i, _mm_mask_loadu_epi8, _mm_mask_storeu_epi8)
INGOT_MEMORY(i16x16, mask16, __m256i, _mm256_mask_loadu_epi16, _mm256_mask_storeu_epi16)
INGOT_MEMORY(u16x16, mask16, __m256i, _mm256_mask_loadu_epi16, _mm256_mask_storeu_epi16)
#undef INGOT_MEMORY

// ---- floats -----------------------------------------------------------------------------------------------

INGOT_SIMD f32x16 fma(f32x16 a, f32x16 b, f32x16 c) { return _mm512_fmadd_ps(a, b, c); }
INGOT_SIMD f64x8 fma(f64x8 a, f64x8 b, f64x8 c) { return _mm512_fmadd_pd(a, b, c); }
// The maskz forms: g++ 12 warns of uninitialised values inside the plain ones.
INGOT_SIMD f32x16 sqrt(f32x16 x) { return _mm512_maskz_sqrt_ps(0xffff, x); }
INGOT_SIMD f64x8 sqrt(f64x8 x) { return _mm512_maskz_sqrt_pd(0xff, x); }

#define INGOT_ROUND(name, mode)                                                                              \
  INGOT_SIMD f32x16 name(f32x16 x) {                                                                         \
    return _mm512_maskz_roundscale_ps(0xffff, x, mode | _MM_FROUND_NO_EXC);                                  \
  }                                                                                                          \
  INGOT_SIMD f64x8 name(f64x8 x) { return _mm512_maskz_roundscale_pd(0xff, x, mode | _MM_FROUND_NO_EXC); }
INGOT_ROUND(floor, _MM_FROUND_TO_NEG_INF)
INGOT_ROUND(ceil, _MM_FROUND_TO_POS_INF)
INGOT_ROUND(trunc, _MM_FROUND_TO_ZERO)
INGOT_ROUND(round_even, _MM_FROUND_TO_NEAREST_INT)
#undef INGOT_ROUND

// The second operand if unordered or equal, as x86 has always had it.
INGOT_SIMD f32x16 min(f32x16 a, f32x16 b) { return _mm512_maskz_min_ps(0xffff, a, b); }
INGOT_SIMD f32x16 max(f32x16 a, f32x16 b) { return _mm512_maskz_max_ps(0xffff, a, b); }
INGOT_SIMD f64x8 min(f64x8 a, f64x8 b) { return _mm512_maskz_min_pd(0xff, a, b); }
INGOT_SIMD f64x8 max(f64x8 a, f64x8 b) { return _mm512_maskz_max_pd(0xff, a, b); }

// Ordered by sign where equal; the operands are numbers (see ops.h).
INGOT_SIMD f32x16 larger(f32x16 a, f32x16 b) { return _mm512_maskz_range_ps(0xffff, a, b, 5); }
INGOT_SIMD f32x16 smaller(f32x16 a, f32x16 b) { return _mm512_maskz_range_ps(0xffff, a, b, 4); }
INGOT_SIMD f64x8 larger(f64x8 a, f64x8 b) { return _mm512_maskz_range_pd(0xff, a, b, 5); }
INGOT_SIMD f64x8 smaller(f64x8 a, f64x8 b) { return _mm512_maskz_range_pd(0xff, a, b, 4); }

INGOT_SIMD mask16 unordered(f32x16 a, f32x16 b) { return {_mm512_cmp_ps_mask(a, b, _CMP_UNORD_Q)}; }
INGOT_SIMD mask8 unordered(f64x8 a, f64x8 b) { return {_mm512_cmp_pd_mask(a, b, _CMP_UNORD_Q)}; }

// ---- integers ---------------------------------------------------------------------------------------------

#define INGOT_INT2(T, name, intrinsic, full)                                                                 \
  INGOT_SIMD T name(T a, T b) {                                                                              \
    return bitcast<T>(intrinsic(full, bitcast<__m512i>(a), bitcast<__m512i>(b)));                            \
  }
INGOT_INT2(i32x16, min, _mm512_maskz_min_epi32, 0xffff)
INGOT_INT2(i32x16, max, _mm512_maskz_max_epi32, 0xffff)
INGOT_INT2(u32x16, min, _mm512_maskz_min_epu32, 0xffff)
INGOT_INT2(u32x16, max, _mm512_maskz_max_epu32, 0xffff)
INGOT_INT2(i64x8, min, _mm512_maskz_min_epi64, 0xff)
INGOT_INT2(i64x8, max, _mm512_maskz_max_epi64, 0xff)
INGOT_INT2(u64x8, min, _mm512_maskz_min_epu64, 0xff)
INGOT_INT2(u64x8, max, _mm512_maskz_max_epu64, 0xff)
// Shifts by each lane's count; too large a count gives 0 or the sign, as for one lane.
INGOT_INT2(i32x16, shl, _mm512_maskz_sllv_epi32, 0xffff)
INGOT_INT2(u32x16, shl, _mm512_maskz_sllv_epi32, 0xffff)
INGOT_INT2(i64x8, shl, _mm512_maskz_sllv_epi64, 0xff)
INGOT_INT2(u64x8, shl, _mm512_maskz_sllv_epi64, 0xff)
INGOT_INT2(i32x16, shr, _mm512_maskz_srav_epi32, 0xffff)
INGOT_INT2(u32x16, shr, _mm512_maskz_srlv_epi32, 0xffff)
INGOT_INT2(i64x8, shr, _mm512_maskz_srav_epi64, 0xff)
INGOT_INT2(u64x8, shr, _mm512_maskz_srlv_epi64, 0xff)
#undef INGOT_INT2

// ---- conversions ------------------------------------------------------------------------------------------

INGOT_SIMD f32x16 to_f32(i32x16 x) { return _mm512_maskz_cvtepi32_ps(0xffff, bitcast<__m512i>(x)); }
INGOT_SIMD f32x16 to_f32(u32x16 x) { return _mm512_maskz_cvtepu32_ps(0xffff, bitcast<__m512i>(x)); }
INGOT_SIMD i32x16 to_i32(f32x16 x) { return bitcast<i32x16>(_mm512_maskz_cvttps_epi32(0xffff, x)); }
INGOT_SIMD u32x16 to_u32(f32x16 x) { return bitcast<u32x16>(_mm512_maskz_cvttps_epu32(0xffff, x)); }
INGOT_SIMD f64x8 to_f64(i64x8 x) { return _mm512_maskz_cvtepi64_pd(0xff, bitcast<__m512i>(x)); }
INGOT_SIMD f64x8 to_f64(u64x8 x) { return _mm512_maskz_cvtepu64_pd(0xff, bitcast<__m512i>(x)); }
INGOT_SIMD i64x8 to_i64(f64x8 x) { return bitcast<i64x8>(_mm512_maskz_cvttpd_epi64(0xff, x)); }
INGOT_SIMD u64x8 to_u64(f64x8 x) { return bitcast<u64x8>(_mm512_maskz_cvttpd_epu64(0xff, x)); }

INGOT_SIMD f64x8 to_f64_lo(f32x16 x) {
  return _mm512_maskz_cvtps_pd(0xff, _mm512_maskz_extractf32x8_ps(0xff, x, 0));
}
INGOT_SIMD f64x8 to_f64_hi(f32x16 x) {
  return _mm512_maskz_cvtps_pd(0xff, _mm512_maskz_extractf32x8_ps(0xff, x, 1));
}
INGOT_SIMD f32x16 to_f32(f64x8 lo, f64x8 hi) {
  __m512 low = _mm512_castps256_ps512(_mm512_maskz_cvtpd_ps(0xff, lo));
  return _mm512_maskz_insertf32x8(0xffff, low, _mm512_maskz_cvtpd_ps(0xff, hi), 1);
}

INGOT_SIMD i32x16 to_i32(i8x16 x) {
  return bitcast<i32x16>(_mm512_maskz_cvtepi8_epi32(0xffff, bitcast<__m128i>(x)));
}
INGOT_SIMD i32x16 to_i32(u8x16 x) {
  return bitcast<i32x16>(_mm512_maskz_cvtepu8_epi32(0xffff, bitcast<__m128i>(x)));
}
INGOT_SIMD i32x16 to_i32(i16x16 x) {
  return bitcast<i32x16>(_mm512_maskz_cvtepi16_epi32(0xffff, bitcast<__m256i>(x)));
}
INGOT_SIMD i32x16 to_i32(u16x16 x) {
  return bitcast<i32x16>(_mm512_maskz_cvtepu16_epi32(0xffff, bitcast<__m256i>(x)));
}
INGOT_SIMD i8x16 to_i8(i32x16 x) {
  return bitcast<i8x16>(_mm512_maskz_cvtepi32_epi8(0xffff, bitcast<__m512i>(x)));
}
INGOT_SIMD i16x16 to_i16(i32x16 x) {
  return bitcast<i16x16>(_mm512_maskz_cvtepi32_epi16(0xffff, bitcast<__m512i>(x)));
}
INGOT_SIMD f32x16 f16_to_f32(u16x16 x) { return _mm512_maskz_cvtph_ps(0xffff, bitcast<__m256i>(x)); }
INGOT_SIMD u16x16 f32_to_f16(f32x16 x) {
  return bitcast<u16x16>(_mm512_maskz_cvtps_ph(0xffff, x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}

} // namespace INGOT_NS

#include "ops.h"

#include "math.h"
