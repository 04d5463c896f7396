// Scalar helpers of generated kernels, for every target, CUDA device code included.
//
// The including file defines INGOT_NS, a namespace of its own and its instruction set's; nothing here has a
// symbol.
//
// clang-format off
//   bitcast<To>(x)                       the same bits as another type of the same size
//
//   load_s4 load_u4 load_s2 load_u2      (p, i): element i of a packed array; element 0 in the low bits, as ONNX
//   store_s4 store_u4 store_s2 store_u2  (p, i, v): rewrites the byte, so one thread per byte
//
//   f16_to_f32 bf16_to_f32               (uint16_t): exact
//   f32_to_f16 f32_to_bf16               (float): round to nearest even
//   f64_to_f16 f64_to_bf16               (double): round once
//   f8e4m3fn_to_f32 f8e4m3fnuz_to_f32 f8e5m2_to_f32 f8e5m2fnuz_to_f32 f8e8m0fnu_to_f32
//   f6e2m3fn_to_f32 f6e3m2fn_to_f32 f4e2m1fn_to_f32
//                                        (uint8_t): one code in the low bits
//   f32_to_f8e4m3fn f32_to_f8e4m3fnuz f32_to_f8e5m2 f32_to_f8e5m2fnuz
//                                        (x, saturate = true): as ONNX Cast
//   f32_to_f8e8m0fnu                     (x, saturate = true, e8m0_round::up|down|nearest = up)
//   f32_to_f6e2m3fn f32_to_f6e3m2fn f32_to_f4e2m1fn
//                                        (x): always saturate
//   f64_to_f32_odd(x)                    for a double: f32_to_T(f64_to_f32_odd(x)) rounds once
//
//   to_i8 … to_u64 to_f32 to_f64         (any arithmetic x): integers wrap, floats truncate; a float out of range
//                                        gives any value
//   sat_i8 sat_u8 sat_i16 sat_u16 sat_i32 sat_i64
//                                        (x): truncate and saturate; NaN gives 0
//
//   add sub mul (a, b), neg(a)           integers of one type, wrapping
//   shl shr (a, n)                       shr is arithmetic if a is signed; n beyond the width gives 0 or the sign
//   divide remainder floordiv floormod ceildiv
//                                        (a, b): integers; x/0 is 0, MIN/-1 wraps: never a trap
//   ipow(a, n)                           integers, wrapping; a^-n is 1/a^n truncated
//   popcount(a)
//
//   fmod floormod (x, y)                 floats: sign of x; sign of y
//   round_even(x)                        floats
// clang-format on
#pragma once

#include <stdint.h>

#ifndef INGOT_NS
#error "define INGOT_NS, a namespace of this file and instruction set, before including runtime headers"
#endif

#if defined(__CUDACC__)
#define INGOT_FN static __host__ __device__ __forceinline__
#define INGOT_LIBM(name) ::name
#else
#define INGOT_FN static inline __attribute__((always_inline))
#define INGOT_LIBM(name) __builtin_##name
#if defined(__F16C__)
#include <immintrin.h>
#endif
#endif

namespace INGOT_NS {

template <class To, class From> INGOT_FN To bitcast(From from) {
  static_assert(sizeof(To) == sizeof(From), "bitcast keeps the size");
  To to;
  __builtin_memcpy(&to, &from, sizeof to);
  return to;
}

// ---- packed integers --------------------------------------------------------------------------------------

INGOT_FN uint8_t load_u4(const uint8_t *p, int64_t i) { return uint8_t(p[i >> 1] >> ((i & 1) * 4) & 15); }
INGOT_FN uint8_t load_u2(const uint8_t *p, int64_t i) { return uint8_t(p[i >> 2] >> ((i & 3) * 2) & 3); }
INGOT_FN int8_t load_s4(const uint8_t *p, int64_t i) { return int8_t((load_u4(p, i) ^ 8) - 8); }
INGOT_FN int8_t load_s2(const uint8_t *p, int64_t i) { return int8_t((load_u2(p, i) ^ 2) - 2); }

INGOT_FN void store_u4(uint8_t *p, int64_t i, int v) {
  int at = int(i & 1) * 4;
  p[i >> 1] = uint8_t((p[i >> 1] & ~(15 << at)) | (v & 15) << at);
}
INGOT_FN void store_u2(uint8_t *p, int64_t i, int v) {
  int at = int(i & 3) * 2;
  p[i >> 2] = uint8_t((p[i >> 2] & ~(3 << at)) | (v & 3) << at);
}
INGOT_FN void store_s4(uint8_t *p, int64_t i, int v) { store_u4(p, i, v); }
INGOT_FN void store_s2(uint8_t *p, int64_t i, int v) { store_u2(p, i, v); }

// ---- small floats -----------------------------------------------------------------------------------------

/// Rounds to odd: the last bit remembers whether anything was lost, so a second rounding to fewer bits is
/// exact.
INGOT_FN float f64_to_f32_odd(double x) {
  float f = float(x);
  uint32_t u = bitcast<uint32_t>(f);
  if (!(x == x) || double(f) == x)
    return f;
  // Step back to the value towards zero, then make it odd.
  if (x > 0 ? double(f) > x : double(f) < x)
    --u;
  return bitcast<float>(u | 1);
}

/// The magnitude code of |x| in a float with the given widths and bias, rounded to nearest even, without
/// regard to overflow. `u` holds the bits of a finite |x|.
template <int mantissa, int bias> INGOT_FN uint32_t encode_magnitude(uint32_t u) {
  constexpr int drop = 23 - mantissa;
  constexpr uint32_t first_normal = uint32_t(128 - bias) << 23;
  if (u < first_normal) {
    // The unit in the last place of this power of two is the least subnormal: the adder rounds.
    constexpr uint32_t magic = uint32_t(127 + 24 - mantissa - bias) << 23;
    return bitcast<uint32_t>(bitcast<float>(u) + bitcast<float>(magic)) - magic;
  }
  u += (1u << (drop - 1)) - 1 + (u >> drop & 1);
  return (u >> drop) - (uint32_t(127 - bias) << mantissa);
}

template <int mantissa, int bias> INGOT_FN float decode_magnitude(uint32_t code) {
  if (code >> mantissa == 0)
    return float(code) * bitcast<float>(uint32_t(127 + 1 - bias - mantissa) << 23);
  return bitcast<float>((code << (23 - mantissa)) + (uint32_t(127 - bias) << 23));
}

INGOT_FN float f16_to_f32(uint16_t h) {
#if defined(__F16C__) && !defined(__CUDACC__)
  return _cvtsh_ss(h);
#else
  uint32_t sign = uint32_t(h & 0x8000) << 16, code = h & 0x7fff;
  if (code > 0x7c00)
    return bitcast<float>(sign | 0x7fc00000u | (code << 13));
  if (code == 0x7c00)
    return bitcast<float>(sign | 0x7f800000u);
  return bitcast<float>(sign | bitcast<uint32_t>(decode_magnitude<10, 15>(code)));
#endif
}

INGOT_FN uint16_t f32_to_f16(float x) {
#if defined(__F16C__) && !defined(__CUDACC__)
  return uint16_t(_cvtss_sh(x, 0));
#else
  uint32_t u = bitcast<uint32_t>(x), sign = u >> 16 & 0x8000;
  u &= 0x7fffffff;
  if (u > 0x7f800000)
    return uint16_t(sign | 0x7e00 | (u >> 13 & 0x3ff));
  if (u >= 0x47800000) // 2^16 and infinity
    return uint16_t(sign | 0x7c00);
  return uint16_t(sign | encode_magnitude<10, 15>(u));
#endif
}

INGOT_FN float bf16_to_f32(uint16_t b) { return bitcast<float>(uint32_t(b) << 16); }

INGOT_FN uint16_t f32_to_bf16(float x) {
  uint32_t u = bitcast<uint32_t>(x);
  if ((u & 0x7fffffff) > 0x7f800000)
    return uint16_t(u >> 16 | 0x40);
  return uint16_t((u + 0x7fff + (u >> 16 & 1)) >> 16);
}

INGOT_FN uint16_t f64_to_f16(double x) { return f32_to_f16(f64_to_f32_odd(x)); }
INGOT_FN uint16_t f64_to_bf16(double x) { return f32_to_bf16(f64_to_f32_odd(x)); }

/// ONNX Cast to an 8-bit float. `largest` is the code of the largest finite value, `overflow` what exceeds it
/// without saturation, `nan` the code of NaN. In the "uz" types NaN is the code of negative zero and has no
/// sign.
template <int mantissa, int bias, uint32_t largest, uint32_t overflow, uint32_t nan, bool uz>
INGOT_FN uint8_t encode_f8(float x, bool saturate) {
  uint32_t u = bitcast<uint32_t>(x), sign = u >> 24 & 0x80;
  u &= 0x7fffffff;
  uint32_t code;
  if (u > 0x7f800000)
    code = nan;
  else {
    code = u == 0x7f800000 ? 0xff : encode_magnitude<mantissa, bias>(u);
    if (code > largest)
      code = saturate ? largest : overflow;
  }
  if (uz && (code == 0 || code == 0x80))
    sign = 0;
  return uint8_t(code | sign);
}

INGOT_FN uint8_t f32_to_f8e4m3fn(float x, bool saturate = true) {
  return encode_f8<3, 7, 0x7e, 0x7f, 0x7f, false>(x, saturate);
}
INGOT_FN uint8_t f32_to_f8e4m3fnuz(float x, bool saturate = true) {
  return encode_f8<3, 8, 0x7f, 0x80, 0x80, true>(x, saturate);
}
INGOT_FN uint8_t f32_to_f8e5m2(float x, bool saturate = true) {
  return encode_f8<2, 15, 0x7b, 0x7c, 0x7e, false>(x, saturate);
}
INGOT_FN uint8_t f32_to_f8e5m2fnuz(float x, bool saturate = true) {
  return encode_f8<2, 16, 0x7f, 0x80, 0x80, true>(x, saturate);
}

INGOT_FN float with_sign(float magnitude, uint32_t sign) {
  return bitcast<float>(bitcast<uint32_t>(magnitude) | sign << 31);
}
INGOT_FN float f8e4m3fn_to_f32(uint8_t c) {
  uint32_t code = c & 0x7f;
  return with_sign(code == 0x7f ? bitcast<float>(0x7fc00000u) : decode_magnitude<3, 7>(code), c >> 7);
}
INGOT_FN float f8e4m3fnuz_to_f32(uint8_t c) {
  return c == 0x80 ? bitcast<float>(0x7fc00000u) : with_sign(decode_magnitude<3, 8>(c & 0x7f), c >> 7);
}
INGOT_FN float f8e5m2_to_f32(uint8_t c) { return f16_to_f32(uint16_t(c << 8)); }
INGOT_FN float f8e5m2fnuz_to_f32(uint8_t c) {
  return c == 0x80 ? bitcast<float>(0x7fc00000u) : with_sign(decode_magnitude<2, 16>(c & 0x7f), c >> 7);
}

enum class e8m0_round { up, down, nearest };

/// Only the exponent is kept. Zero and subnormals become the least value, 2^-127, unless rounding lifts them;
/// what exceeds the largest becomes NaN without `saturate`. Infinities give NaN in both cases, as in ONNX's
/// reference.
INGOT_FN uint8_t f32_to_f8e8m0fnu(float x, bool saturate = true, e8m0_round round = e8m0_round::up) {
  uint32_t u = bitcast<uint32_t>(x), exponent = u >> 23 & 0xff, fraction = u & 0x7fffff;
  if (exponent == 0xff)
    return 0xff;
  bool lift = false;
  if (round == e8m0_round::up)
    lift = fraction != 0;
  else if (round == e8m0_round::nearest) // ties go up, except from zero's exponent
    lift = fraction > 0x400000 || (fraction == 0x400000 && exponent > 0);
  if (lift && !(saturate && exponent == 0xfe))
    ++exponent;
  return uint8_t(exponent);
}
INGOT_FN float f8e8m0fnu_to_f32(uint8_t c) {
  if (c == 0xff)
    return bitcast<float>(0x7fc00000u);
  return bitcast<float>(c == 0 ? 0x00400000u : uint32_t(c) << 23);
}

/// Floats without infinity and NaN: everything beyond the largest saturates.
template <int exponent, int mantissa, int bias> INGOT_FN uint8_t encode_tiny(float x) {
  constexpr int sign_bit = exponent + mantissa;
  constexpr uint32_t largest = (1u << sign_bit) - 1;
  uint32_t u = bitcast<uint32_t>(x), sign = u >> 31;
  u &= 0x7fffffff;
  if (u > 0x7f800000) // no code says NaN: zero of the other sign, as ml_dtypes
    return uint8_t((sign ^ 1) << sign_bit);
  uint32_t code = u >= 0x43000000 ? largest : encode_magnitude<mantissa, bias>(u);
  return uint8_t((code < largest ? code : largest) | sign << sign_bit);
}
INGOT_FN uint8_t f32_to_f4e2m1fn(float x) { return encode_tiny<2, 1, 1>(x); }
INGOT_FN uint8_t f32_to_f6e2m3fn(float x) { return encode_tiny<2, 3, 1>(x); }
INGOT_FN uint8_t f32_to_f6e3m2fn(float x) { return encode_tiny<3, 2, 3>(x); }
INGOT_FN float f4e2m1fn_to_f32(uint8_t c) { return with_sign(decode_magnitude<1, 1>(c & 7), c >> 3 & 1); }
INGOT_FN float f6e2m3fn_to_f32(uint8_t c) { return with_sign(decode_magnitude<3, 1>(c & 31), c >> 5 & 1); }
INGOT_FN float f6e3m2fn_to_f32(uint8_t c) { return with_sign(decode_magnitude<2, 3>(c & 31), c >> 5 & 1); }

// ---- conversions ------------------------------------------------------------------------------------------

// A float out of range has no defined integer value in C; through a wider integer it has one for small
// targets.
template <class T> INGOT_FN int8_t to_i8(T x) { return int8_t(int32_t(x)); }
template <class T> INGOT_FN uint8_t to_u8(T x) { return uint8_t(int32_t(x)); }
template <class T> INGOT_FN int16_t to_i16(T x) { return int16_t(int32_t(x)); }
template <class T> INGOT_FN uint16_t to_u16(T x) { return uint16_t(int32_t(x)); }
template <class T> INGOT_FN int32_t to_i32(T x) { return int32_t(x); }
template <class T> INGOT_FN uint32_t to_u32(T x) { return uint32_t(int64_t(x)); }
template <class T> INGOT_FN int64_t to_i64(T x) { return int64_t(x); }
template <class T> INGOT_FN uint64_t to_u64(T x) { return uint64_t(x); }
INGOT_FN uint64_t to_u64(double x) {
  return x < 9223372036854775808.0 ? uint64_t(int64_t(x))
                                   : uint64_t(int64_t(x - 9223372036854775808.0)) ^ 1ull << 63;
}
INGOT_FN uint64_t to_u64(float x) { return to_u64(double(x)); }
template <class T> INGOT_FN float to_f32(T x) { return float(x); }
template <class T> INGOT_FN double to_f64(T x) { return double(x); }

template <class T> INGOT_FN T clamp_to(double x, double lo, double hi) {
  return x != x ? T(0) : T(x < lo ? lo : x > hi ? hi : x);
}
template <class T> INGOT_FN T clamp_to(int64_t x, int64_t lo, int64_t hi) {
  return T(x < lo ? lo : x > hi ? hi : x);
}

#define INGOT_SATURATE(name, T, lo, hi)                                                                      \
  INGOT_FN T name(float x) { return clamp_to<T>(double(x), double(lo), double(hi)); }                        \
  INGOT_FN T name(double x) { return clamp_to<T>(x, double(lo), double(hi)); }                               \
  INGOT_FN T name(int32_t x) { return clamp_to<T>(int64_t(x), int64_t(lo), int64_t(hi)); }                   \
  INGOT_FN T name(int64_t x) { return clamp_to<T>(x, int64_t(lo), int64_t(hi)); }
INGOT_SATURATE(sat_i8, int8_t, INT8_MIN, INT8_MAX)
INGOT_SATURATE(sat_u8, uint8_t, 0, UINT8_MAX)
INGOT_SATURATE(sat_i16, int16_t, INT16_MIN, INT16_MAX)
INGOT_SATURATE(sat_u16, uint16_t, 0, UINT16_MAX)
INGOT_SATURATE(sat_i32, int32_t, INT32_MIN, INT32_MAX)
#undef INGOT_SATURATE
INGOT_FN int64_t sat_i64(double x) {
  if (x != x)
    return 0;
  return x < -9223372036854775808.0 ? INT64_MIN : x >= 9223372036854775808.0 ? INT64_MAX : int64_t(x);
}
INGOT_FN int64_t sat_i64(float x) { return sat_i64(double(x)); }

// ---- integers ---------------------------------------------------------------------------------------------

template <class T> struct unsigned_of;
template <> struct unsigned_of<int8_t> { using type = uint8_t; };
template <> struct unsigned_of<uint8_t> { using type = uint8_t; };
template <> struct unsigned_of<int16_t> { using type = uint16_t; };
template <> struct unsigned_of<uint16_t> { using type = uint16_t; };
template <> struct unsigned_of<int32_t> { using type = uint32_t; };
template <> struct unsigned_of<uint32_t> { using type = uint32_t; };
template <> struct unsigned_of<int64_t> { using type = uint64_t; };
template <> struct unsigned_of<uint64_t> { using type = uint64_t; };

/// Restricts a template to the scalar integers (vectors have overloads of their own).
template <class T> using if_integer = typename unsigned_of<T>::type;

// Unsigned arithmetic wraps; at least 32 bits wide, for uint16_t * uint16_t would be a signed product.
template <class T, class U = if_integer<T>> INGOT_FN T add(T a, T b) {
  return T(U(uint64_t(a) + uint64_t(b)));
}
template <class T, class U = if_integer<T>> INGOT_FN T sub(T a, T b) {
  return T(U(uint64_t(a) - uint64_t(b)));
}
template <class T, class U = if_integer<T>> INGOT_FN T mul(T a, T b) {
  return T(U(uint64_t(a) * uint64_t(b)));
}
template <class T, class U = if_integer<T>> INGOT_FN T neg(T a) { return T(U(0 - uint64_t(a))); }

template <class T, class U = if_integer<T>> INGOT_FN T shl(T a, int64_t n) {
  return uint64_t(n) < 8 * sizeof(T) ? T(U(uint64_t(U(a)) << n)) : T(0);
}
template <class T, class U = if_integer<T>> INGOT_FN T shr(T a, int64_t n) {
  return uint64_t(n) < 8 * sizeof(T) ? T(a >> n) : T(a < 0 ? -1 : 0);
}

template <class T, class U = if_integer<T>> INGOT_FN T divide(T a, T b) {
  if (b == 0)
    return 0;
  return T(-1) < T(0) && b == T(-1) ? neg(a) : T(a / b);
}
template <class T, class U = if_integer<T>> INGOT_FN T remainder(T a, T b) {
  return b == 0 || (T(-1) < T(0) && b == T(-1)) ? T(0) : T(a % b);
}
template <class T, class U = if_integer<T>> INGOT_FN T floordiv(T a, T b) {
  T q = divide(a, b), r = remainder(a, b);
  return r != 0 && (r < 0) != (b < 0) ? T(q - 1) : q;
}
template <class T, class U = if_integer<T>> INGOT_FN T floormod(T a, T b) {
  T r = remainder(a, b);
  return r != 0 && (r < 0) != (b < 0) ? T(r + b) : r;
}
template <class T, class U = if_integer<T>> INGOT_FN T ceildiv(T a, T b) {
  T q = divide(a, b), r = remainder(a, b);
  return r != 0 && (r < 0) == (b < 0) ? T(q + 1) : q;
}

template <class T, class U = if_integer<T>> INGOT_FN T ipow(T a, int64_t n) {
  if (n < 0) {
    if (a == T(-1) && T(-1) < T(0))
      return n & 1 ? T(-1) : T(1);
    return a == 1 ? T(1) : T(0);
  }
  T r = 1;
  for (; n; n >>= 1, a = mul(a, a))
    if (n & 1)
      r = mul(r, a);
  return r;
}

template <class T, class U = if_integer<T>> INGOT_FN int popcount(T a) {
#if defined(__CUDA_ARCH__)
  return __popcll(uint64_t(U(a)));
#else
  return __builtin_popcountll(uint64_t(U(a)));
#endif
}

// ---- floats -----------------------------------------------------------------------------------------------

INGOT_FN float fmod(float x, float y) { return INGOT_LIBM(fmodf)(x, y); }
INGOT_FN double fmod(double x, double y) { return INGOT_LIBM(fmod)(x, y); }
INGOT_FN float floormod(float x, float y) {
  float r = fmod(x, y);
  return r != 0 && (r < 0) != (y < 0) ? r + y : INGOT_LIBM(copysignf)(r, r != 0 ? r : y);
}
INGOT_FN double floormod(double x, double y) {
  double r = fmod(x, y);
  return r != 0 && (r < 0) != (y < 0) ? r + y : INGOT_LIBM(copysign)(r, r != 0 ? r : y);
}
INGOT_FN float round_even(float x) { return INGOT_LIBM(rintf)(x); }
INGOT_FN double round_even(double x) { return INGOT_LIBM(rint)(x); }

} // namespace INGOT_NS
