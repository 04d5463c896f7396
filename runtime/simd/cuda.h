// CUDA device code: one lane to a thread. The names are those of README.md that have a meaning on one lane; functions are
// CUDA's own, within 2 units of the last place in f32 (never the __fast ones). Compile with --fmad=false where results
// should not depend on contraction.
#pragma once

#include "../scalar.h"

namespace INGOT_NS {

// ---- order ----------------------------------------------------------------------------------------------------------

#define INGOT_LANE_ORDER(T)                                                                                            \
  INGOT_FN T min(T a, T b) { return a < b ? a : b; }                                                                   \
  INGOT_FN T max(T a, T b) { return a > b ? a : b; }
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

/// |x|; the least integer stays.
template <class T, class U = if_integer<T>> INGOT_FN T abs(T a) { return a < T(0) ? neg(a) : a; }

// maximum and minimum give NaN if either operand is, maxnum and minnum the other operand; zeros are ordered by sign.
#define INGOT_FLOAT_ORDER(T, bits, fabs_, fmax_, fmin_, copysign_)                                                     \
  INGOT_FN bool is_nan(T x) { return x != x; }                                                                         \
  INGOT_FN T abs(T x) { return ::fabs_(x); }                                                                           \
  INGOT_FN bool is_inf(T x) { return x - x != 0 && x == x; }                                                           \
  INGOT_FN bool unordered(T a, T b) { return a != a || b != b; }                                                       \
  INGOT_FN T larger(T a, T b) { return a == b ? bitcast<T>(bitcast<bits>(a) & bitcast<bits>(b)) : ::fmax_(a, b); }     \
  INGOT_FN T smaller(T a, T b) { return a == b ? bitcast<T>(bitcast<bits>(a) | bitcast<bits>(b)) : ::fmin_(a, b); }    \
  INGOT_FN T maximum(T a, T b) { return unordered(a, b) ? a + b : larger(a, b); }                                      \
  INGOT_FN T minimum(T a, T b) { return unordered(a, b) ? a + b : smaller(a, b); }                                     \
  INGOT_FN T maxnum(T a, T b) { return unordered(a, b) ? ::fmax_(a, b) : larger(a, b); }                               \
  INGOT_FN T minnum(T a, T b) { return unordered(a, b) ? ::fmin_(a, b) : smaller(a, b); }                              \
  INGOT_FN T copysign(T magnitude, T sign) { return ::copysign_(magnitude, sign); }
INGOT_FLOAT_ORDER(float, uint32_t, fabsf, fmaxf, fminf, copysignf)
INGOT_FLOAT_ORDER(double, uint64_t, fabs, fmax, fmin, copysign)
#undef INGOT_FLOAT_ORDER

// ---- functions ------------------------------------------------------------------------------------------------------

#define INGOT_FUNCTION(name)                                                                                           \
  INGOT_FN float name(float x) { return ::name##f(x); }                                                                \
  INGOT_FN double name(double x) { return ::name(x); }
INGOT_FUNCTION(sqrt)
INGOT_FUNCTION(floor)
INGOT_FUNCTION(ceil)
INGOT_FUNCTION(trunc)
INGOT_FUNCTION(round)
INGOT_FUNCTION(exp)
INGOT_FUNCTION(exp2)
INGOT_FUNCTION(expm1)
INGOT_FUNCTION(log)
INGOT_FUNCTION(log2)
INGOT_FUNCTION(log10)
INGOT_FUNCTION(log1p)
INGOT_FUNCTION(tanh)
INGOT_FUNCTION(erf)
INGOT_FUNCTION(sin)
INGOT_FUNCTION(cos)
INGOT_FUNCTION(tan)
INGOT_FUNCTION(asin)
INGOT_FUNCTION(acos)
INGOT_FUNCTION(atan)
INGOT_FUNCTION(sinh)
INGOT_FUNCTION(cosh)
INGOT_FUNCTION(asinh)
INGOT_FUNCTION(acosh)
INGOT_FUNCTION(atanh)
INGOT_FUNCTION(cbrt)
#undef INGOT_FUNCTION

INGOT_FN float fma(float a, float b, float c) { return ::fmaf(a, b, c); }
INGOT_FN double fma(double a, double b, double c) { return ::fma(a, b, c); }
INGOT_FN float pow(float x, float y) { return ::powf(x, y); }
INGOT_FN double pow(double x, double y) { return ::pow(x, y); }
INGOT_FN float atan2(float y, float x) { return ::atan2f(y, x); }
INGOT_FN double atan2(double y, double x) { return ::atan2(y, x); }
INGOT_FN float rsqrt(float x) { return 1.0f / sqrt(x); }
INGOT_FN double rsqrt(double x) { return 1.0 / sqrt(x); }

/// 1/(1 + e^-x), by e^-|x| so that nothing overflows.
template <class T> INGOT_FN T sigmoid(T x) {
  T e = exp(-abs(x)), s = T(1) / (T(1) + e);
  return x < T(0) ? e * s : s;
}

} // namespace INGOT_NS
