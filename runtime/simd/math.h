// Elementary functions on f32 vectors and on float, one algorithm for both: the bits of a lane depend neither
// on the vector around it nor on the instruction set, for every step is an IEEE operation. Compile with
// -ffp-contract=off.
//
// Errors are in units of the last place over all f32 (test/runtime/simd_test.cpp measures them). Infinities,
// NaN, zeros of either sign and subnormals give what C's libm gives. f64 goes to libm lane by lane.
//
// The polynomials are minimax fits of our own, fit_polynomials.py. Two precisions are used: the functions
// that networks spend time in work in f32; the rare ones work in f64 (two half vectors), where plain formulas
// are accurate.
#pragma once

namespace INGOT_NS {

// ---- f64 functions: libm ----------------------------------------------------------------------------------

#define INGOT_LIBM1(name)                                                                                    \
  INGOT_SIMD double name(double x) { return __builtin_##name(x); }                                           \
  INGOT_SIMD vf64 name(vf64 x) {                                                                             \
    double t[traits<vf64>::lanes];                                                                           \
    store<vf64>(t, x);                                                                                       \
    for (double &e : t)                                                                                      \
      e = name(e);                                                                                           \
    return load<vf64>(t);                                                                                    \
  }
#define INGOT_LIBM2(name)                                                                                    \
  INGOT_SIMD double name(double x, double y) { return __builtin_##name(x, y); }                              \
  INGOT_SIMD vf64 name(vf64 x, vf64 y) {                                                                     \
    double t[traits<vf64>::lanes], u[traits<vf64>::lanes];                                                   \
    store<vf64>(t, x);                                                                                       \
    store<vf64>(u, y);                                                                                       \
    for (int i = 0; i < traits<vf64>::lanes; ++i)                                                            \
      t[i] = name(t[i], u[i]);                                                                               \
    return load<vf64>(t);                                                                                    \
  }
INGOT_LIBM1(exp)
INGOT_LIBM1(exp2)
INGOT_LIBM1(expm1)
INGOT_LIBM1(log)
INGOT_LIBM1(log2)
INGOT_LIBM1(log10)
INGOT_LIBM1(log1p)
INGOT_LIBM1(tanh)
INGOT_LIBM1(erf)
INGOT_LIBM1(sin)
INGOT_LIBM1(cos)
INGOT_LIBM1(tan)
INGOT_LIBM1(asin)
INGOT_LIBM1(acos)
INGOT_LIBM1(atan)
INGOT_LIBM1(sinh)
INGOT_LIBM1(cosh)
INGOT_LIBM1(asinh)
INGOT_LIBM1(acosh)
INGOT_LIBM1(atanh)
INGOT_LIBM2(pow)
INGOT_LIBM2(atan2)
#undef INGOT_LIBM1
#undef INGOT_LIBM2

/// A template of this signature is for f32: vectors and float.
template <class V> using if_f32 = decltype(sizeof(char[sizeof(elem_of<V>) == 4 && is_float<V> ? 1 : -1]));
template <class V> INGOT_SIMD V K(elem_of<V> x) { return broadcast<V>(x); }

// ---- f32 functions in f32 ---------------------------------------------------------------------------------

/// x 2^n in two exact steps and one rounding, |n| <= 252.
template <class V> INGOT_SIMD V scale_by_power(V x, ivec_of<V> n) {
  using I = ivec_of<V>;
  I half = shr(n, 1), rest = sub(n, half), bias = K<I>(127);
  return x * bitcast<V>(shl(add(half, bias), 23)) * bitcast<V>(shl(add(rest, bias), 23));
}

/// x = n ln2 + r with |r| <= ln2/2; returns expm1(r). Tang's reduction with a two-part ln2 (ACM TOMS 15(2),
/// 1989); adding 1.5 2^23 rounds to the integer n and leaves it in the low bits.
template <class V> INGOT_SIMD V expm1_reduced(V x, ivec_of<V> &n) {
  using I = ivec_of<V>;
  V magic = K<V>(12582912.0f);
  V t = fma(x, K<V>(0x1.715476p+0f), magic);
  n = sub(bitcast<I>(t), bitcast<I>(magic));
  V k = t - magic;
  V r = fma(k, K<V>(-0x1.62e43p-1f), x);
  r = fma(k, K<V>(0x1.05c61p-29f), r);
  // expm1(r) = r + r^2 P(r), 2^-26.1.
  V p = K<V>(0x1.6acab8p-10f);
  p = fma(p, r, K<V>(0x1.122bf6p-7f));
  p = fma(p, r, K<V>(0x1.555798p-5f));
  p = fma(p, r, K<V>(0x1.5554aap-3f));
  p = fma(p, r, K<V>(0x1.fffffep-2f));
  return fma(r * r, p, r);
}

template <class V, if_f32<V> = 0> INGOT_SIMD V exp(V x) {
  ivec_of<V> n;
  // Beyond these the result is 0 or infinite; NaN passes, being the second operand.
  V p = expm1_reduced(min(K<V>(89), max(K<V>(-104), x)), n);
  return scale_by_power(K<V>(1) + p, n);
}

/// 2^n (1 + p) - 1 with p = expm1(r), as p 2^n + (2^n - 1) in one rounding.
template <class V, if_f32<V> = 0> INGOT_SIMD V expm1(V x) {
  using I = ivec_of<V>;
  I n;
  V p = expm1_reduced(min(K<V>(89), max(K<V>(-18), x)), n);
  // Half of it, for 2^128 is beyond f32; but all of it near zero, where half would lose a subnormal's bit.
  V half = bitcast<V>(shl(add(n, K<I>(126)), 23));
  V e = fma(half, p, half - K<V>(0.5f));
  e = select(eq(n, I{}), p, e + e);
  return copysign(e, x);
}

/// x = 2^k (1 + f) with f in [-1/3, 1/3), for positive normal x.
template <class V> INGOT_SIMD V split_power(V x, ivec_of<V> &k) {
  using I = ivec_of<V>;
  I third = K<I>(0x3f2aaaab); // 2/3
  I u = bitcast<I>(x);
  k = shr(sub(u, third), 23);
  return bitcast<V>(sub(u, shl(k, 23)));
}

/// log(1 + f) + k ln2; `f` may carry more than 1+f would hold.
template <class V> INGOT_SIMD V log_reduced(V f, V k) {
  // log(1+f) = f - f^2/2 + f^3 P(f), 2^-30.
  V p = K<V>(0x1.e05ab8p-4f);
  p = fma(p, f, K<V>(-0x1.07d7b2p-3f));
  p = fma(p, f, K<V>(0x1.bb4568p-4f));
  p = fma(p, f, K<V>(-0x1.f336fap-4f));
  p = fma(p, f, K<V>(0x1.24d7b2p-3f));
  p = fma(p, f, K<V>(-0x1.559bbp-3f));
  p = fma(p, f, K<V>(0x1.99985ep-3f));
  p = fma(p, f, K<V>(-0x1.ffff02p-3f));
  p = fma(p, f, K<V>(0x1.555556p-2f));
  V f2 = f * f;
  V tail = fma(f2 * f, p, fma(k, K<V>(-0x1.05c61p-29f), f2 * K<V>(-0.5f)));
  return fma(k, K<V>(0x1.62e43p-1f), f + tail);
}

/// What log gives outside the positive finite numbers.
template <class V> INGOT_SIMD V log_edges(V x, V result) {
  V inf = K<V>(__builtin_inff());
  result = select(eq(x, inf), inf, result);
  result = select(eq(x, V{}), K<V>(-__builtin_inff()), result);
  return select(lt(x, V{}), K<V>(__builtin_nanf("")), select(is_nan(x), x, result));
}

template <class V, if_f32<V> = 0> INGOT_SIMD V log(V x) {
  mask_of<V> subnormal = lt(x, K<V>(0x1p-126f));
  ivec_of<V> k;
  V m = split_power(select(subnormal, x * K<V>(0x1p23f), x), k);
  return log_edges(x, log_reduced(m - K<V>(1), to_f32(k) - select(subnormal, K<V>(23), V{})));
}

/// 1 + x = u + lost exactly (Knuth's two-sum); what u lost goes back into f.
template <class V, if_f32<V> = 0> INGOT_SIMD V log1p(V x) {
  using I = ivec_of<V>;
  V one = K<V>(1), u = one + x, b = u - one, lost = (one - (u - b)) + (x - b);
  I k;
  V m = split_power(u, k);
  V unscale = bitcast<V>(shl(max(sub(K<I>(127), k), I{}), 23));
  return copysign(log_edges(u, log_reduced(fma(lost, unscale, m - one), to_f32(k))), x);
}

/// expm1(2|x|) / (expm1(2|x|) + 2), 1 from 10 on.
template <class V, if_f32<V> = 0> INGOT_SIMD V tanh(V x) {
  V t = min(K<V>(10), abs(x));
  t = expm1(t + t);
  return copysign(t / (t + K<V>(2)), x);
}

/// 1/(1 + e^-x), by e^-|x| so that nothing overflows and small values keep their digits.
template <class V, if_f32<V> = 0> INGOT_SIMD V sigmoid(V x) {
  V one = K<V>(1), e = exp(copysign(x, K<V>(-1)));
  return select(ge(x, V{}), one, e) / (one + e);
}
INGOT_SIMD double sigmoid(double x) {
  double e = exp(-abs(x));
  return (x >= 0 ? 1 : e) / (1 + e);
}
INGOT_SIMD vf64 sigmoid(vf64 x) {
  vf64 one = K<vf64>(1), e = exp(copysign(x, K<vf64>(-1)));
  return select(ge(x, vf64{}), one, e) / (one + e);
}

/// Near zero x + x P(x^2), beyond 1 - e^(-t (1 + P(t))): both after N. Juffa's scheme, with our coefficients.
template <class V, if_f32<V> = 0> INGOT_SIMD V erf(V x) {
  V z = x * x;
  V p = K<V>(0x1.7e2a22p-14f);
  p = fma(p, z, K<V>(-0x1.b58c64p-11f));
  p = fma(p, z, K<V>(0x1.5636cep-8f));
  p = fma(p, z, K<V>(-0x1.b83916p-6f));
  p = fma(p, z, K<V>(0x1.ce3034p-4f));
  p = fma(p, z, K<V>(-0x1.81274cp-2f));
  p = fma(p, z, K<V>(0x1.06eba8p-3f));
  V near = fma(p, x, x);
  V t = min(K<V>(4), abs(x)); // erf(4) rounds to 1
  V q = K<V>(0x1.7b31f8p-17f);
  q = fma(q, t, K<V>(-0x1.5338a8p-12f));
  q = fma(q, t, K<V>(0x1.ddcd4p-9f));
  q = fma(q, t, K<V>(-0x1.856b04p-6f));
  q = fma(q, t, K<V>(0x1.b32cfp-4f));
  q = fma(q, t, K<V>(0x1.4531fcp-1f));
  q = fma(q, t, K<V>(0x1.07796cp-3f));
  V far = K<V>(1) - exp(V{} - fma(t, q, t));
  return select(lt(abs(x), K<V>(0.921875f)), near, copysign(far, x));
}

// ---- sine and cosine --------------------------------------------------------------------------------------

/// x = q pi/2 + r for any float: the product with enough bits of 2/pi in integers (M. Payne, R. Hanek, 1983).
INGOT_SIMD float reduce_huge(float x, int32_t &q) {
  static constexpr uint32_t two_over_pi[9] = {0,          0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0,
                                              0xdb629599, 0x3c439041, 0xfe5163ab, 0xdebbc561};
  uint32_t u = bitcast<uint32_t>(x);
  int exponent = int(u >> 23 & 0xff) - 150; // |x| = mantissa 2^exponent; 15 <= exponent + 23 <= 127
  uint64_t mantissa = (u & 0x7fffff) | 0x800000;
  // The 96 bits of 2/pi whose product with the mantissa has its unit at bit 62 of the middle word; higher
  // ones contribute multiples of 4.
  int first = exponent + 32 - 2;
  int word = first >> 5, bit = first & 31;
  uint32_t a = two_over_pi[word], b = two_over_pi[word + 1], c = two_over_pi[word + 2],
           d = two_over_pi[word + 3];
  if (bit) {
    a = a << bit | b >> (32 - bit);
    b = b << bit | c >> (32 - bit);
    c = c << bit | d >> (32 - bit);
  }
  uint64_t product =
      (mantissa * a << 32) + mantissa * b + (mantissa * c >> 32); // modulo 4, 62 bits of fraction
  uint64_t quadrant = (product + (1ull << 61)) >> 62;
  double r = double(int64_t(product - (quadrant << 62))) * 0x1.921fb54442d18p-62; // pi/2 2^-62
  q = int32_t(quadrant);
  if (u >> 31) {
    q = -q;
    r = -r;
  }
  return float(r);
}

/// x = q pi/2 + r, |r| <= pi/4. Below 2^15 by Cody and Waite's steps with a three-part pi/2: n C1 - x is
/// exact, for n < 2^15, so only the last steps round. Larger lanes go through integers one by one.
template <class V> INGOT_SIMD V reduce_quarter(V x, ivec_of<V> &q) {
  using I = ivec_of<V>;
  V magic = K<V>(12582912.0f);
  V t = fma(x, K<V>(0x1.45f306p-1f), magic), n = t - magic;
  q = bitcast<I>(t);
  V r = fma(n, K<V>(-0x1.921fb6p+0f), x);
  r = fma(n, K<V>(0x1.777a5cp-25f), r);
  r = fma(n, K<V>(0x1.ee59dap-50f), r);
  mask_of<V> huge = ge(abs(x), K<V>(32768));
  if (any(huge)) {
    float xs[traits<V>::lanes], rs[traits<V>::lanes];
    int32_t qs[traits<V>::lanes];
    store<V>(xs, x);
    store<V>(rs, r);
    store<I>(qs, q);
    for (int i = 0; i < traits<V>::lanes; ++i) {
      if (xs[i] - xs[i] != 0) // infinite or NaN
        rs[i] = xs[i] - xs[i];
      else if (xs[i] >= 32768 || xs[i] <= -32768)
        rs[i] = reduce_huge(xs[i], qs[i]);
    }
    r = load<V>(rs);
    q = load<I>(qs);
  }
  return r;
}

/// sin(r + q pi/2).
template <class V> INGOT_SIMD V sin_quadrant(V r, ivec_of<V> q) {
  using I = ivec_of<V>;
  V z = r * r;
  V s = fma(K<V>(-0x1.9952fap-13f), z, K<V>(0x1.110776p-7f));
  s = fma(s, z, K<V>(-0x1.555546p-3f));
  s = fma(s, z * r, r);
  V c = fma(K<V>(0x1.99e80cp-16f), z, K<V>(-0x1.6c0c28p-10f));
  c = fma(c, z, K<V>(0x1.55554ap-5f));
  c = fma(c, z * z, fma(z, K<V>(-0.5f), K<V>(1)));
  V v = select(eq(q & K<I>(1), I{}), s, c);
  return bitcast<V>(bitcast<I>(v) ^ shl(q & K<I>(2), 30));
}

template <class V, if_f32<V> = 0> INGOT_SIMD V sin(V x) {
  ivec_of<V> q;
  V r = reduce_quarter(x, q);
  // The reduction's zero has lost its sign.
  return select(eq(x, V{}), x, sin_quadrant(r, q));
}
template <class V, if_f32<V> = 0> INGOT_SIMD V cos(V x) {
  ivec_of<V> q;
  V r = reduce_quarter(x, q);
  return sin_quadrant(r, add(q, K<ivec_of<V>>(1)));
}

// ---- f32 functions in f64
// ------------------------------------------------------------------------------------------- D is a vector
// of f64 or double, and the values are those of an f32: no overflow, no subnormals. Relative errors are below
// 2^-36, so one rounding to f32 is nearly always correct.

/// F on both halves of a vector, or on one lane.
template <class F, class V> INGOT_SIMD V in_f64(V x) {
  if constexpr (traits<V>::lanes == 1)
    return float(F::of(double(x)));
  else
    return to_f32(F::of(to_f64_lo(x)), F::of(to_f64_hi(x)));
}
template <class F, class V> INGOT_SIMD V in_f64(V x, V y) {
  if constexpr (traits<V>::lanes == 1)
    return float(F::of(double(x), double(y)));
  else
    return to_f32(F::of(to_f64_lo(x), to_f64_lo(y)), F::of(to_f64_hi(x), to_f64_hi(y)));
}

/// c[0] + c[1] x + …
template <class D, int n> INGOT_SIMD D horner(D x, const double (&c)[n]) {
  D p = K<D>(c[n - 1]);
  for (int i = n - 2; i >= 0; --i)
    p = fma(p, x, K<D>(c[i]));
  return p;
}

/// e^x for |x| < 700; Taylor's series on |r| <= ln2/2.
template <class D> INGOT_SIMD D wide_exp(D x) {
  using U = uvec_of<D>;
  D magic = K<D>(0x1.8p52);
  D t = fma(x, K<D>(0x1.71547652b82fep+0), magic), k = t - magic;
  D r = fma(k, K<D>(-0x1.62e42fefa39efp-1), x);
  constexpr double c[] = {1,        1,         1 / 2.,     1 / 6.,      1 / 24.,     1 / 120.,
                          1 / 720., 1 / 5040., 1 / 40320., 1 / 362880., 1 / 3628800.};
  D p = horner(r, c);
  return bitcast<D>(add(bitcast<U>(p), shl(bitcast<U>(t), 52)));
}

/// log x as k ln2 and log m, m in [1/sqrt2, sqrt2), for positive finite x; 2 atanh((m-1)/(m+1)) by its
/// series.
template <class D> INGOT_SIMD D wide_log_parts(D x, D &k) {
  using U = uvec_of<D>;
  U u = bitcast<U>(x), root = K<U>(0x3fe6a09e667f3bcd);
  // The exponent with 1023 added, then as a number: it fills the low bits of 2^52.
  U e = shr(add(sub(u, root), K<U>(1023ull << 52)), 52);
  k = bitcast<D>(e | K<U>(0x4330000000000000)) - K<D>(0x1p52 + 1023);
  D m = bitcast<D>(sub(u, shl(sub(e, K<U>(1023)), 52)));
  D s = (m - K<D>(1)) / (m + K<D>(1)), z = s * s;
  constexpr double c[] = {2, 2 / 3., 2 / 5., 2 / 7., 2 / 9., 2 / 11., 2 / 13., 2 / 15.};
  return s * horner(z, c);
}
template <class D> INGOT_SIMD D wide_log(D x) {
  D k, l = wide_log_parts(x, k);
  return fma(k, K<D>(0x1.62e42fefa39efp-1), l);
}
template <class D> INGOT_SIMD D wide_log2(D x) {
  D k, l = wide_log_parts(x, k);
  return fma(l, K<D>(0x1.71547652b82fep+0), k);
}

/// atan t for any t, infinite ones included: 1/t beyond 1, then (t-1)/(t+1) beyond tan(pi/8).
template <class D> INGOT_SIMD D wide_atan(D x) {
  D one = K<D>(1), t = abs(x);
  mask_of<D> beyond = gt(t, one);
  t = select(beyond, one / t, t);
  mask_of<D> upper = gt(t, K<D>(0x1.a827999fcef34p-2));
  t = select(upper, (t - one) / (t + one), t);
  constexpr double c[] = {-0x1.55555555521cap-2, 0x1.99999993a6706p-3,  -0x1.2492473f22c66p-3,
                          0x1.c71bd99255feap-4,  -0x1.744f85aa3ffe6p-4, 0x1.3a5710b019c19p-4,
                          -0x1.0aa8e9494d7acp-4, 0x1.9caa7e03b71cep-5,  -0x1.a15f3b6cc0abep-6};
  D z = t * t, a = fma(z * t, horner(z, c), t);
  a = a + select(upper, K<D>(0x1.921fb54442d18p-1), D{});
  a = select(beyond, K<D>(0x1.921fb54442d18p+0) - a, a);
  return copysign(a, x);
}

template <class D> INGOT_SIMD D wide_tan(D r, uvec_of<D> q) {
  using U = uvec_of<D>;
  D z = r * r;
  constexpr double s[] = {1, -1 / 6., 1 / 120., -1 / 5040., 1 / 362880., -1 / 39916800.};
  constexpr double c[] = {1, -1 / 2., 1 / 24., -1 / 720., 1 / 40320., -1 / 3628800., 1 / 479001600.};
  D sine = r * horner(z, s), cosine = horner(z, c);
  mask_of<D> odd = ne(q & K<U>(1), U{});
  return select(odd, D{} - cosine, sine) / select(odd, sine, cosine);
}

#define INGOT_WIDE(name, ...)                                                                                \
  struct wide_fn_##name {                                                                                    \
    template <class D> INGOT_SIMD D of(D x) { __VA_ARGS__ }                                                  \
  };                                                                                                         \
  template <class V, if_f32<V> = 0> INGOT_SIMD V name(V x) { return in_f64<wide_fn_##name>(x); }

INGOT_WIDE(exp2, {
  // Clamped where f32 is infinite or zero; NaN passes.
  x = min(K<D>(200), max(K<D>(-200), x));
  return wide_exp(x * K<D>(0x1.62e42fefa39efp-1));
})
INGOT_WIDE(log2, { return log_edges(x, wide_log2(x)); })
INGOT_WIDE(log10, { return log_edges(x, wide_log(x) * K<D>(0x1.bcb7b1526e50ep-2)); })
INGOT_WIDE(atan, { return wide_atan(x); })
INGOT_WIDE(asin, { return wide_atan(x / sqrt((K<D>(1) - x) * (K<D>(1) + x))); })
INGOT_WIDE(acos, {
  D one = K<D>(1), a = wide_atan(sqrt((one - x) / (one + x)));
  return a + a;
})
// Near zero the difference of exponentials has no digits: two terms of the series.
INGOT_WIDE(sinh, {
  D e = wide_exp(min(K<D>(200), max(K<D>(-200), x)));
  D far = (e - K<D>(1) / e) * K<D>(0.5);
  return select(lt(abs(x), K<D>(0x1p-10)), fma(x * x * x, K<D>(1 / 6.), x), far);
})
INGOT_WIDE(cosh, {
  D e = wide_exp(min(K<D>(200), max(K<D>(-200), x)));
  return (e + K<D>(1) / e) * K<D>(0.5);
})
INGOT_WIDE(asinh, {
  D t = abs(x);
  D far = wide_log(t + sqrt(fma(t, t, K<D>(1))));
  D r = copysign(select(lt(t, K<D>(0x1p-10)), fma(x * x * x, K<D>(-1 / 6.), x), far), x);
  return select(mask_or(is_inf(x), is_nan(x)), x, r);
})
INGOT_WIDE(acosh, {
  D one = K<D>(1), r = wide_log(x + sqrt((x - one) * (x + one)));
  return select(lt(x, one), K<D>(__builtin_nan("")), select(mask_or(is_inf(x), is_nan(x)), x, r));
})
INGOT_WIDE(atanh, {
  D one = K<D>(1), t = abs(x);
  D far = wide_log((one + t) / (one - t)) * K<D>(0.5);
  D r = select(lt(t, K<D>(0x1p-10)), fma(x * x * x, K<D>(1 / 3.), x), copysign(far, x));
  r = select(eq(t, one), copysign(K<D>(__builtin_inf()), x), r);
  return select(gt(t, one), K<D>(__builtin_nan("")), select(is_nan(x), x, r));
})
#undef INGOT_WIDE

/// Quadrants of arguments below 2^15 in f64; larger ones through the integer reduction.
template <class D> INGOT_SIMD D wide_tan_small(D x) {
  D magic = K<D>(0x1.8p52), t = fma(x, K<D>(0x1.45f306dc9c883p-1), magic), n = t - magic;
  D r = fma(n, K<D>(-0x1.921fb54442d18p+0), x);
  r = fma(n, K<D>(-0x1.1a62633145c07p-54), r);
  return wide_tan(r, bitcast<uvec_of<D>>(t));
}
struct wide_fn_tan {
  template <class D> INGOT_SIMD D of(D x) { return wide_tan_small(x); }
};
template <class V, if_f32<V> = 0> INGOT_SIMD V tan(V x) {
  V result = in_f64<wide_fn_tan>(x);
  if (any(ge(abs(x), K<V>(32768)))) {
    float xs[traits<V>::lanes], ts[traits<V>::lanes];
    store<V>(xs, x);
    store<V>(ts, result);
    for (int i = 0; i < traits<V>::lanes; ++i) {
      if (xs[i] - xs[i] != 0)
        ts[i] = xs[i] - xs[i];
      else if (xs[i] >= 32768 || xs[i] <= -32768) {
        int32_t q = 0;
        float r = reduce_huge(xs[i], q);
        ts[i] = float(wide_tan(double(r), uint64_t(int64_t(q))));
      }
    }
    result = load<V>(ts);
  }
  return select(eq(x, V{}), x, result);
}

/// 2^(y log2|x|) with C's rules for signs, zeros, infinities and NaN.
struct wide_fn_pow {
  template <class D> INGOT_SIMD D of(D x, D y) {
    D one = K<D>(1), inf = K<D>(__builtin_inf()), ax = abs(x);
    D l = wide_log2(ax);
    l = select(eq(ax, D{}), D{} - inf, select(eq(ax, inf), inf, select(is_nan(x), x, l)));
    D t = min(K<D>(200), max(K<D>(-200), y * l));
    D r = wide_exp(t * K<D>(0x1.62e42fefa39efp-1));
    r = select(mask_and(eq(ax, one), is_inf(y)), one, r);
    D half = y * K<D>(0.5);
    mask_of<D> integer = eq(trunc(y), y), odd = mask_and(integer, ne(trunc(half), half));
    r = select(odd, copysign(r, x), r);
    r = select(mask_and(lt(x, D{}), mask_not(mask_or(integer, is_inf(x)))), K<D>(__builtin_nan("")), r);
    return select(mask_or(eq(y, D{}), eq(x, one)), one, r);
  }
};
template <class V, if_f32<V> = 0> INGOT_SIMD V pow(V x, V y) { return in_f64<wide_fn_pow>(x, y); }

/// The angle of (x, y), by C's rules.
struct wide_fn_atan2 {
  template <class D> INGOT_SIMD D of(D y, D x) {
    D one = K<D>(1), inf = K<D>(__builtin_inf()), ay = abs(y), ax = abs(x);
    D ratio = select(eq(ay, ax), select(eq(ay, D{}), D{}, one), ay / ax);
    D a = wide_atan(select(mask_and(eq(ax, inf), lt(ay, inf)), D{}, ratio));
    a = select(lt(copysign(one, x), D{}), K<D>(0x1.921fb54442d18p+1) - a, a);
    return copysign(select(unordered(x, y), x + y, a), y);
  }
};
template <class V, if_f32<V> = 0> INGOT_SIMD V atan2(V y, V x) { return in_f64<wide_fn_atan2>(y, x); }

} // namespace INGOT_NS
