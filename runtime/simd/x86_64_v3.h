// x86-64-v3: AVX2, FMA and F16C; 8 lanes of 32 bits. The names are those of README.md.
#pragma once

#include "lanes.h"

#if !defined(__AVX2__) || !defined(__FMA__) || !defined(__F16C__)
#error "compile this file with -march=x86-64-v3"
#endif

namespace INGOT_NS {

typedef float f32x8 __attribute__((vector_size(32)));
typedef double f64x4 __attribute__((vector_size(32)));
typedef int32_t i32x8 __attribute__((vector_size(32)));
typedef uint32_t u32x8 __attribute__((vector_size(32)));
typedef int64_t i64x4 __attribute__((vector_size(32)));
typedef uint64_t u64x4 __attribute__((vector_size(32)));
// Storage of 8 lanes: load, convert, store; no arithmetic. f16 and bf16 are u16.
typedef int8_t i8x8 __attribute__((vector_size(8)));
typedef uint8_t u8x8 __attribute__((vector_size(8)));
typedef int16_t i16x8 __attribute__((vector_size(16)));
typedef uint16_t u16x8 __attribute__((vector_size(16)));

struct mask8 {
  i32x8 bits;
};
struct mask4 {
  i64x4 bits;
};

using vf32 = f32x8;
using vf64 = f64x4;
using vi32 = i32x8;
using vu32 = u32x8;
using vi64 = i64x4;
using vu64 = u64x4;
using vi8 = i8x8;
using vu8 = u8x8;
using vi16 = i16x8;
using vu16 = u16x8;
using vmask32 = mask8;
using vmask64 = mask4;

INGOT_SIMD f32x8 broadcast_as(as<f32x8>, float x) { return _mm256_set1_ps(x); }
INGOT_SIMD f64x4 broadcast_as(as<f64x4>, double x) { return _mm256_set1_pd(x); }
INGOT_SIMD i32x8 broadcast_as(as<i32x8>, int32_t x) { return bitcast<i32x8>(_mm256_set1_epi32(x)); }
INGOT_SIMD u32x8 broadcast_as(as<u32x8>, uint32_t x) { return bitcast<u32x8>(_mm256_set1_epi32(int(x))); }
INGOT_SIMD i64x4 broadcast_as(as<i64x4>, int64_t x) { return bitcast<i64x4>(_mm256_set1_epi64x(x)); }
INGOT_SIMD u64x4 broadcast_as(as<u64x4>, uint64_t x) {
  return bitcast<u64x4>(_mm256_set1_epi64x(int64_t(x)));
}

} // namespace INGOT_NS

#include "vector.h"

#include "lane_masks.h"

namespace INGOT_NS {

// ---- masks ------------------------------------------------------------------------------------------------

INGOT_SIMD int mask_bits(mask8 m) { return _mm256_movemask_ps(bitcast<__m256>(m.bits)); }
INGOT_SIMD int mask_bits(mask4 m) { return _mm256_movemask_pd(bitcast<__m256d>(m.bits)); }
INGOT_SIMD bool any(mask8 m) { return mask_bits(m) != 0; }
INGOT_SIMD bool any(mask4 m) { return mask_bits(m) != 0; }
INGOT_SIMD bool all(mask8 m) { return mask_bits(m) == 0xff; }
INGOT_SIMD bool all(mask4 m) { return mask_bits(m) == 0xf; }
INGOT_SIMD int count(mask8 m) { return __builtin_popcount(unsigned(mask_bits(m))); }
INGOT_SIMD int count(mask4 m) { return __builtin_popcount(unsigned(mask_bits(m))); }

INGOT_SIMD mask8 first_as(as<mask8>, uint32_t n) {
  return {bitcast<i32x8>(
      _mm256_cmpgt_epi32(_mm256_set1_epi32(int(n)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)))};
}
INGOT_SIMD mask4 first_as(as<mask4>, uint32_t n) {
  return {bitcast<i64x4>(_mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3)))};
}

// ---- masked memory ----------------------------------------------------------------------------------------

/// The narrow types have no masked instructions.
template <class V> static constexpr bool masked_memory = sizeof(elem_of<V>) >= 4;

#define INGOT_MEMORY(T, M, C, E, load, store)                                                                \
  INGOT_SIMD T load_masked_as(const elem_of<T> *p, M m, T other) {                                           \
    return select_as<T>(m, bitcast<T>(load((const E *)p, bitcast<__m256i>(m.bits))), other);                 \
  }                                                                                                          \
  INGOT_SIMD void store_masked_as(elem_of<T> *p, M m, T v) {                                                 \
    store((E *)p, bitcast<__m256i>(m.bits), bitcast<C>(v));                                                  \
  }
INGOT_MEMORY(f32x8, mask8, __m256, float, _mm256_maskload_ps, _mm256_maskstore_ps)
INGOT_MEMORY(f64x4, mask4, __m256d, double, _mm256_maskload_pd, _mm256_maskstore_pd)
INGOT_MEMORY(i32x8, mask8, __m256i, int, _mm256_maskload_epi32, _mm256_maskstore_epi32)
INGOT_MEMORY(u32x8, mask8, __m256i, int, _mm256_maskload_epi32, _mm256_maskstore_epi32)
INGOT_MEMORY(i64x4, mask4, __m256i, long long, _mm256_maskload_epi64, _mm256_maskstore_epi64)
INGOT_MEMORY(u64x4, mask4, __m256i, long long, _mm256_maskload_epi64, _mm256_maskstore_epi64)
#undef INGOT_MEMORY

// ---- floats -----------------------------------------------------------------------------------------------

INGOT_SIMD f32x8 fma(f32x8 a, f32x8 b, f32x8 c) { return _mm256_fmadd_ps(a, b, c); }
INGOT_SIMD f64x4 fma(f64x4 a, f64x4 b, f64x4 c) { return _mm256_fmadd_pd(a, b, c); }
INGOT_SIMD f32x8 sqrt(f32x8 x) { return _mm256_sqrt_ps(x); }
INGOT_SIMD f64x4 sqrt(f64x4 x) { return _mm256_sqrt_pd(x); }

#define INGOT_ROUND(name, mode)                                                                              \
  INGOT_SIMD f32x8 name(f32x8 x) { return _mm256_round_ps(x, mode | _MM_FROUND_NO_EXC); }                    \
  INGOT_SIMD f64x4 name(f64x4 x) { return _mm256_round_pd(x, mode | _MM_FROUND_NO_EXC); }
INGOT_ROUND(floor, _MM_FROUND_TO_NEG_INF)
INGOT_ROUND(ceil, _MM_FROUND_TO_POS_INF)
INGOT_ROUND(trunc, _MM_FROUND_TO_ZERO)
INGOT_ROUND(round_even, _MM_FROUND_TO_NEAREST_INT)
#undef INGOT_ROUND

// The second operand if unordered or equal, as x86 has always had it.
INGOT_SIMD f32x8 min(f32x8 a, f32x8 b) { return _mm256_min_ps(a, b); }
INGOT_SIMD f32x8 max(f32x8 a, f32x8 b) { return _mm256_max_ps(a, b); }
INGOT_SIMD f64x4 min(f64x4 a, f64x4 b) { return _mm256_min_pd(a, b); }
INGOT_SIMD f64x4 max(f64x4 a, f64x4 b) { return _mm256_max_pd(a, b); }

INGOT_SIMD mask8 unordered(f32x8 a, f32x8 b) { return {bitcast<i32x8>(_mm256_cmp_ps(a, b, _CMP_UNORD_Q))}; }
INGOT_SIMD mask4 unordered(f64x4 a, f64x4 b) { return {bitcast<i64x4>(_mm256_cmp_pd(a, b, _CMP_UNORD_Q))}; }

// ---- integers ---------------------------------------------------------------------------------------------

#define INGOT_INT2(T, name, intrinsic)                                                                       \
  INGOT_SIMD T name(T a, T b) { return bitcast<T>(intrinsic(bitcast<__m256i>(a), bitcast<__m256i>(b))); }
INGOT_INT2(i32x8, min, _mm256_min_epi32)
INGOT_INT2(i32x8, max, _mm256_max_epi32)
INGOT_INT2(u32x8, min, _mm256_min_epu32)
INGOT_INT2(u32x8, max, _mm256_max_epu32)
// Shifts by each lane's count; too large a count gives 0 or the sign, as for one lane.
INGOT_INT2(i32x8, shl, _mm256_sllv_epi32)
INGOT_INT2(u32x8, shl, _mm256_sllv_epi32)
INGOT_INT2(i64x4, shl, _mm256_sllv_epi64)
INGOT_INT2(u64x4, shl, _mm256_sllv_epi64)
INGOT_INT2(i32x8, shr, _mm256_srav_epi32)
INGOT_INT2(u32x8, shr, _mm256_srlv_epi32)
INGOT_INT2(u64x4, shr, _mm256_srlv_epi64)
#undef INGOT_INT2
INGOT_SIMD i64x4 min(i64x4 a, i64x4 b) { return select_as<i64x4>(lt(a, b), a, b); }
INGOT_SIMD i64x4 max(i64x4 a, i64x4 b) { return select_as<i64x4>(gt(a, b), a, b); }
INGOT_SIMD u64x4 min(u64x4 a, u64x4 b) { return select_as<u64x4>(lt(a, b), a, b); }
INGOT_SIMD u64x4 max(u64x4 a, u64x4 b) { return select_as<u64x4>(gt(a, b), a, b); }
/// AVX2 lacks the arithmetic shift: complement the negative ones, so that zeros enter.
INGOT_SIMD i64x4 shr(i64x4 a, i64x4 n) {
  i64x4 sign = i64x4(a < 0);
  return i64x4(shr(u64x4(a ^ sign), u64x4(n))) ^ sign;
}

// ---- conversions ------------------------------------------------------------------------------------------

INGOT_SIMD f32x8 to_f32(i32x8 x) { return _mm256_cvtepi32_ps(bitcast<__m256i>(x)); }
/// Exact halves, one rounding.
INGOT_SIMD f32x8 to_f32(u32x8 x) {
  return fma(to_f32(i32x8(x >> 16)), broadcast_as(as<f32x8>(), 65536.0f), to_f32(i32x8(x & 0xffff)));
}
INGOT_SIMD i32x8 to_i32(f32x8 x) { return bitcast<i32x8>(_mm256_cvttps_epi32(x)); }
INGOT_SIMD u32x8 to_u32(f32x8 x) {
  f32x8 half = broadcast_as(as<f32x8>(), 2147483648.0f);
  mask8 large = ge(x, half);
  u32x8 low = u32x8(to_i32(select_as<f32x8>(large, x - half, x)));
  return low ^ (u32x8(large.bits) & 0x80000000u);
}
INGOT_SIMD f64x4 to_f64(i64x4 x) { return __builtin_convertvector(x, f64x4); }
INGOT_SIMD f64x4 to_f64(u64x4 x) { return __builtin_convertvector(x, f64x4); }
INGOT_SIMD i64x4 to_i64(f64x4 x) { return __builtin_convertvector(x, i64x4); }
INGOT_SIMD u64x4 to_u64(f64x4 x) { return u64x4{to_u64(x[0]), to_u64(x[1]), to_u64(x[2]), to_u64(x[3])}; }

INGOT_SIMD f64x4 to_f64_lo(f32x8 x) { return _mm256_cvtps_pd(_mm256_castps256_ps128(x)); }
INGOT_SIMD f64x4 to_f64_hi(f32x8 x) { return _mm256_cvtps_pd(_mm256_extractf128_ps(x, 1)); }
INGOT_SIMD f32x8 to_f32(f64x4 lo, f64x4 hi) {
  return _mm256_set_m128(_mm256_cvtpd_ps(hi), _mm256_cvtpd_ps(lo));
}

INGOT_SIMD __m128i low_bytes(i8x8 x) { return _mm_cvtsi64_si128(bitcast<long long>(x)); }
INGOT_SIMD __m128i low_bytes(u8x8 x) { return _mm_cvtsi64_si128(bitcast<long long>(x)); }
INGOT_SIMD i32x8 to_i32(i8x8 x) { return bitcast<i32x8>(_mm256_cvtepi8_epi32(low_bytes(x))); }
INGOT_SIMD i32x8 to_i32(u8x8 x) { return bitcast<i32x8>(_mm256_cvtepu8_epi32(low_bytes(x))); }
INGOT_SIMD i32x8 to_i32(i16x8 x) { return bitcast<i32x8>(_mm256_cvtepi16_epi32(bitcast<__m128i>(x))); }
INGOT_SIMD i32x8 to_i32(u16x8 x) { return bitcast<i32x8>(_mm256_cvtepu16_epi32(bitcast<__m128i>(x))); }
/// The low 16 bits of each lane; masked first, for the pack saturates.
INGOT_SIMD i16x8 to_i16(i32x8 x) {
  __m256i low = bitcast<__m256i>(x & 0xffff);
  return bitcast<i16x8>(_mm_packus_epi32(_mm256_castsi256_si128(low), _mm256_extracti128_si256(low, 1)));
}
INGOT_SIMD i8x8 to_i8(i32x8 x) {
  __m128i low = bitcast<__m128i>(to_i16(x & 0xff));
  return bitcast<i8x8>(_mm_cvtsi128_si64(_mm_packus_epi16(low, low)));
}
INGOT_SIMD f32x8 f16_to_f32(u16x8 x) { return _mm256_cvtph_ps(bitcast<__m128i>(x)); }
INGOT_SIMD u16x8 f32_to_f16(f32x8 x) { return bitcast<u16x8>(_mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT)); }

} // namespace INGOT_NS

#include "ops.h"

#include "math.h"
