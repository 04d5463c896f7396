// The vector headers of runtime/simd, compiled once per instruction set (INGOT_SIMD_HEADER). Functions are
// compared with the double libm over all of f32 in steps of INGOT_SWEEP_STEP bit patterns; each lane of a
// vector with the function on one lane, bit by bit.

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

#define INGOT_NS simd_under_test
#include INGOT_SIMD_HEADER

#include "tiny_test.h"

#ifndef INGOT_SWEEP_STEP
#define INGOT_SWEEP_STEP 40009
#endif

namespace simd_under_test {
namespace {

constexpr float inf = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();
constexpr int lanes = traits<vf32>::lanes;

template <class T> bool same(T a, T b) { return std::memcmp(&a, &b, sizeof a) == 0 || (a != a && b != b); }

/// Distance in units of the last place of the f32 result; infinite where one is NaN, infinite or a zero of
/// the other sign and the other is not.
double ulp_error(float got, double want) {
  float rounded = float(want);
  if (same(got, rounded))
    return 0;
  if (std::isnan(got) || std::isnan(rounded) || (got == 0 && want == 0))
    return HUGE_VAL;
  if (std::isinf(got) != std::isinf(rounded)) {
    // The largest finite value and infinity are neighbours.
    double top = 0x1p128;
    return std::fabs((std::isinf(got) ? std::copysign(top, got) : double(got)) -
                     (std::isinf(rounded) ? std::copysign(top, rounded) : want)) *
           0x1p-104;
  }
  int exponent = std::fabs(want) < 0x1p-126 ? -126 : std::ilogb(want);
  return std::ldexp(std::fabs(double(got) - want), 23 - exponent);
}

std::vector<float> edges() {
  std::vector<float> v;
  for (float x : {0.0f,
                  0x1p-149f,
                  0x1.fffffcp-127f,
                  0x1p-126f,
                  0x1p-30f,
                  1e-4f,
                  0.1f,
                  0.25f,
                  0.5f,
                  0.75f,
                  1.0f,
                  1.5f,
                  2.0f,
                  2.5f,
                  3.0f,
                  4.0f,
                  10.0f,
                  17.0f,
                  88.0f,
                  88.72283f,
                  88.72284f,
                  103.97f,
                  104.0f,
                  127.5f,
                  128.0f,
                  150.0f,
                  16777215.0f,
                  8388607.5f,
                  2147483648.0f,
                  4294967296.0f,
                  1e20f,
                  0x1.fffffep127f,
                  inf,
                  nan})
    for (float s : {x, -x, std::nextafterf(x, 0.0f), std::nextafterf(x, inf)})
      v.push_back(s);
  return v;
}

/// Every INGOT_SWEEP_STEP-th f32, a dense range where functions do something, and the edges.
template <class F> void sweep(F visit) {
  std::vector<float> block;
  auto put = [&](float x) {
    block.push_back(x);
    if (block.size() == size_t(lanes)) {
      visit(block.data());
      block.clear();
    }
  };
  for (uint64_t u = 0; u < 1ull << 32; u += INGOT_SWEEP_STEP)
    put(bitcast<float>(uint32_t(u)));
  for (double x = -120; x < 120; x += INGOT_SWEEP_STEP * 1e-7)
    put(float(x));
  for (double x = -1.1; x < 1.1; x += INGOT_SWEEP_STEP * 1e-9)
    put(float(x));
  for (float x : edges())
    put(x);
  while (!block.empty())
    put(0.5f);
}

/// Largest error of `f` against `reference`; every lane must also be bit for bit what one lane gives.
template <class F, class R> void expect_accurate(const char *name, F f, R reference, double limit) {
  double worst = 0;
  float worst_at = 0;
  long differing = 0;
  sweep([&](const float *x) {
    float out[lanes];
    store<vf32>(out, f(load<vf32>(x)));
    for (int i = 0; i < lanes; ++i) {
      differing += !same(out[i], float(f(x[i])));
      double e = ulp_error(out[i], reference(double(x[i])));
      if (!(e <= worst))
        worst = e, worst_at = x[i];
    }
  });
  std::printf("  %-8s %.3f ulp at %a\n", name, worst, double(worst_at));
  EXPECT_EQ(differing, 0) << name << ": lanes differ from the function of one lane";
  EXPECT_LE(worst, limit) << name << " at " << worst_at;
}

TEST(Simd, exp) {
  expect_accurate(
      "exp", [](auto x) { return exp(x); }, [](double x) { return std::exp(x); }, 1.5);
}
TEST(Simd, exp2) {
  expect_accurate(
      "exp2", [](auto x) { return exp2(x); }, [](double x) { return std::exp2(x); }, 0.51);
}
TEST(Simd, expm1) {
  expect_accurate(
      "expm1", [](auto x) { return expm1(x); }, [](double x) { return std::expm1(x); }, 1.6);
}
TEST(Simd, log) {
  expect_accurate(
      "log", [](auto x) { return log(x); }, [](double x) { return std::log(x); }, 1.5);
}
TEST(Simd, log2) {
  expect_accurate(
      "log2", [](auto x) { return log2(x); }, [](double x) { return std::log2(x); }, 0.51);
}
TEST(Simd, log10) {
  expect_accurate(
      "log10", [](auto x) { return log10(x); }, [](double x) { return std::log10(x); }, 0.51);
}
TEST(Simd, log1p) {
  expect_accurate(
      "log1p", [](auto x) { return log1p(x); }, [](double x) { return std::log1p(x); }, 2);
}
TEST(Simd, tanh) {
  expect_accurate(
      "tanh", [](auto x) { return tanh(x); }, [](double x) { return std::tanh(x); }, 2.6);
}
TEST(Simd, sigmoid) {
  auto reference = [](double x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); };
  expect_accurate(
      "sigmoid", [](auto x) { return sigmoid(x); }, reference, 2.5);
}
TEST(Simd, erf) {
  expect_accurate(
      "erf", [](auto x) { return erf(x); }, [](double x) { return std::erf(x); }, 1.5);
}
TEST(Simd, sin) {
  expect_accurate(
      "sin", [](auto x) { return sin(x); }, [](double x) { return std::sin(x); }, 1.7);
}
TEST(Simd, cos) {
  expect_accurate(
      "cos", [](auto x) { return cos(x); }, [](double x) { return std::cos(x); }, 1.7);
}
TEST(Simd, tan) {
  expect_accurate(
      "tan", [](auto x) { return tan(x); }, [](double x) { return std::tan(x); }, 1.7);
}
TEST(Simd, asin) {
  expect_accurate(
      "asin", [](auto x) { return asin(x); }, [](double x) { return std::asin(x); }, 0.51);
}
TEST(Simd, acos) {
  expect_accurate(
      "acos", [](auto x) { return acos(x); }, [](double x) { return std::acos(x); }, 0.51);
}
TEST(Simd, atan) {
  expect_accurate(
      "atan", [](auto x) { return atan(x); }, [](double x) { return std::atan(x); }, 0.51);
}
TEST(Simd, sinh) {
  expect_accurate(
      "sinh", [](auto x) { return sinh(x); }, [](double x) { return std::sinh(x); }, 0.51);
}
TEST(Simd, cosh) {
  expect_accurate(
      "cosh", [](auto x) { return cosh(x); }, [](double x) { return std::cosh(x); }, 0.51);
}
TEST(Simd, asinh) {
  expect_accurate(
      "asinh", [](auto x) { return asinh(x); }, [](double x) { return std::asinh(x); }, 0.51);
}
TEST(Simd, acosh) {
  expect_accurate(
      "acosh", [](auto x) { return acosh(x); }, [](double x) { return std::acosh(x); }, 0.51);
}
TEST(Simd, atanh) {
  expect_accurate(
      "atanh", [](auto x) { return atanh(x); }, [](double x) { return std::atanh(x); }, 0.51);
}

/// Exact operations: what C's functions give, bit by bit.
TEST(Simd, exactFloatOperations) {
  auto exact = [](const char *name, auto f, auto reference) { expect_accurate(name, f, reference, 0); };
  exact(
      "abs", [](auto x) { return abs(x); }, [](double x) { return std::fabs(x); });
  exact(
      "sqrt", [](auto x) { return sqrt(x); }, [](double x) { return double(std::sqrt(float(x))); });
  exact(
      "floor", [](auto x) { return floor(x); }, [](double x) { return std::floor(x); });
  exact(
      "ceil", [](auto x) { return ceil(x); }, [](double x) { return std::ceil(x); });
  exact(
      "trunc", [](auto x) { return trunc(x); }, [](double x) { return std::trunc(x); });
  exact(
      "round_even", [](auto x) { return round_even(x); }, [](double x) { return std::rint(x); });
  exact(
      "round", [](auto x) { return round(x); }, [](double x) { return std::round(x); });
  exact(
      "rsqrt", [](auto x) { return rsqrt(x); }, [](double x) { return double(1 / std::sqrt(float(x))); });
}

/// All pairs of edges, and pseudo-random ones; lanes get different pairs.
template <class F> void pairs(F visit) {
  std::vector<float> e = edges(), a, b;
  for (float x : e)
    for (float y : e)
      a.push_back(x), b.push_back(y);
  uint64_t seed = 1;
  for (int i = 0; i < 20000000 / INGOT_SWEEP_STEP * 100; ++i) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    a.push_back(bitcast<float>(uint32_t(seed >> 32)));
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    b.push_back(bitcast<float>(uint32_t(seed >> 32)));
    // Moderate values too, where most functions of two arguments do something.
    a.push_back(std::fabs(float(int32_t(seed >> 40)) * 0x1p-20f));
    b.push_back(float(int32_t(seed >> 20)) * 0x1p-28f);
  }
  for (size_t i = 0; i + lanes <= a.size(); i += lanes)
    visit(&a[i], &b[i]);
}

template <class F, class R> void expect_accurate2(const char *name, F f, R reference, double limit) {
  double worst = 0;
  float at[2] = {};
  long differing = 0;
  pairs([&](const float *a, const float *b) {
    float out[lanes];
    store<vf32>(out, f(load<vf32>(a), load<vf32>(b)));
    for (int i = 0; i < lanes; ++i) {
      differing += !same(out[i], float(f(a[i], b[i])));
      double e = ulp_error(out[i], reference(a[i], b[i]));
      if (!(e <= worst))
        worst = e, at[0] = a[i], at[1] = b[i];
    }
  });
  std::printf("  %-8s %.3f ulp at %a, %a\n", name, worst, double(at[0]), double(at[1]));
  EXPECT_EQ(differing, 0) << name << ": lanes differ from the function of one lane";
  EXPECT_LE(worst, limit) << name << " at " << at[0] << ", " << at[1];
}

TEST(Simd, pow) {
  expect_accurate2(
      "pow", [](auto x, auto y) { return pow(x, y); }, [](double x, double y) { return std::pow(x, y); },
      0.51);
}
TEST(Simd, atan2) {
  expect_accurate2(
      "atan2", [](auto y, auto x) { return atan2(y, x); },
      [](double y, double x) { return std::atan2(y, x); }, 0.51);
}

TEST(Simd, minAndMax) {
  auto exact = [](const char *name, auto f, auto reference) { expect_accurate2(name, f, reference, 0); };
  exact(
      "min", [](auto a, auto b) { return min(a, b); }, [](double a, double b) { return a < b ? a : b; });
  exact(
      "max", [](auto a, auto b) { return max(a, b); }, [](double a, double b) { return a > b ? a : b; });
  auto larger = [](double a, double b) { return a > b || (a == b && !std::signbit(a)) ? a : b; };
  auto smaller = [](double a, double b) { return a < b || (a == b && std::signbit(a)) ? a : b; };
  exact(
      "maximum", [](auto a, auto b) { return maximum(a, b); },
      [&](double a, double b) { return a != a || b != b ? a + b : larger(a, b); });
  exact(
      "minimum", [](auto a, auto b) { return minimum(a, b); },
      [&](double a, double b) { return a != a || b != b ? a + b : smaller(a, b); });
  exact(
      "maxnum", [](auto a, auto b) { return maxnum(a, b); },
      [&](double a, double b) { return a != a   ? b
                                       : b != b ? a
                                                : larger(a, b); });
  exact(
      "minnum", [](auto a, auto b) { return minnum(a, b); },
      [&](double a, double b) { return a != a   ? b
                                       : b != b ? a
                                                : smaller(a, b); });
  exact(
      "copysign", [](auto a, auto b) { return copysign(a, b); },
      [](double a, double b) { return std::copysign(a, b); });
}

TEST(Simd, fmaRoundsOnce) {
  long wrong = 0;
  pairs([&](const float *a, const float *b) {
    for (float c : {b[0], -a[0] * b[0], 1.0f, 0x1p-149f, -0x1p-140f, 0.0f}) {
      float out[lanes];
      store<vf32>(out, fma(load<vf32>(a), load<vf32>(b), broadcast<vf32>(c)));
      for (int i = 0; i < lanes; ++i) {
        float want = std::fma(a[i], b[i], c);
        wrong += !same(out[i], want) + !same(fma(a[i], b[i], c), want);
      }
    }
  });
  EXPECT_EQ(wrong, 0);
}

TEST(Simd, comparisonsAndMasks) {
  long wrong = 0;
  pairs([&](const float *a, const float *b) {
    vf32 va = load<vf32>(a), vb = load<vf32>(b);
    vmask32 m[] = {lt(va, vb), le(va, vb), gt(va, vb), ge(va, vb), eq(va, vb), ne(va, vb), unordered(va, vb)};
    for (int i = 0; i < lanes; ++i) {
      float x = a[i], y = b[i];
      bool want[] = {x<y, x <= y, x> y, x >= y, x == y, x != y, x != x || y != y};
      for (int k = 0; k < 7; ++k)
        wrong += lane(m[k], i) != want[k];
      wrong += lane(mask_and(m[0], m[1]), i) != (want[0] && want[1]);
      wrong += lane(mask_or(m[0], m[4]), i) != (want[0] || want[4]);
      wrong += lane(mask_xor(m[1], m[4]), i) != (want[1] != want[4]);
      wrong += lane(mask_not(m[0]), i) != !want[0];
      wrong += !same(lane(select(m[0], va, vb), i), x < y ? x : y);
    }
    int less = 0;
    for (int i = 0; i < lanes; ++i)
      less += a[i] < b[i];
    wrong += count(m[0]) != less || any(m[0]) != (less > 0) || all(m[0]) != (less == lanes);
  });
  for (int n = -2; n < 20; ++n)
    for (int i = 0; i < lanes; ++i) {
      wrong += lane(mask_first<vmask32>(n), i) != (i < n);
      wrong += i < traits<vf64>::lanes && lane(mask_first<vmask64>(n), i) != (i < n);
    }
  wrong += !all(broadcast<vmask32>(true)) || any(broadcast<vmask64>(false));
  EXPECT_EQ(wrong, 0);
}

template <class V, class F> long integer_mismatches(F f) {
  using T = elem_of<V>;
  long wrong = 0;
  uint64_t seed = 7;
  for (int round = 0; round < 500; ++round) {
    T a[traits<V>::lanes], b[traits<V>::lanes], out[traits<V>::lanes];
    for (int i = 0; i < traits<V>::lanes; ++i) {
      seed = seed * 6364136223846793005u + 1442695040888963407u;
      a[i] = round % 7 == 0 ? T(1ull << (8 * sizeof(T) - 1)) : T(seed >> 17);
      b[i] = round % 3 == 0 ? T(seed % 70) : round % 3 == 1 ? a[i] : T(seed >> 5);
    }
    store<V>(out, f(load<V>(a), load<V>(b)));
    for (int i = 0; i < traits<V>::lanes; ++i)
      wrong += out[i] != f(a[i], b[i]);
  }
  return wrong;
}

template <class V> void expect_integers() {
  EXPECT_EQ(integer_mismatches<V>([](auto a, auto b) { return add(a, b); }), 0);
  EXPECT_EQ(integer_mismatches<V>([](auto a, auto b) { return sub(a, b); }), 0);
  EXPECT_EQ(integer_mismatches<V>([](auto a, auto b) { return mul(a, b); }), 0);
  EXPECT_EQ(integer_mismatches<V>([](auto a, auto b) { return min(a, b); }), 0);
  EXPECT_EQ(integer_mismatches<V>([](auto a, auto b) { return max(a, b); }), 0);
  EXPECT_EQ(integer_mismatches<V>([](auto a, auto b) { return a & b; }), 0);
  EXPECT_EQ(integer_mismatches<V>([](auto a, auto b) { return a | b; }), 0);
  EXPECT_EQ(integer_mismatches<V>([](auto a, auto b) { return a ^ b; }), 0);
  EXPECT_EQ(integer_mismatches<V>([](auto a, auto b) { return select(lt(a, b), a, b); }), 0);
  EXPECT_EQ(integer_mismatches<V>([](auto a, auto b) { return select(ge(a, b), a, b); }), 0);
  EXPECT_EQ(integer_mismatches<V>([](auto a, auto b) { return select(eq(a, b), a, neg(b)); }), 0);
  // A lane's shift count is unsigned.
  using T = elem_of<V>;
  EXPECT_EQ(integer_mismatches<V>([](auto a, auto b) { return shl(a, b & broadcast<decltype(b)>(T(127))); }),
            0);
  EXPECT_EQ(integer_mismatches<V>([](auto a, auto b) { return shr(a, b & broadcast<decltype(b)>(T(127))); }),
            0);
  for (int n : {0, 1, 7, 31, 32, 63, 64, 100}) {
    EXPECT_EQ(integer_mismatches<V>([n](auto a, auto) { return shl(a, n); }), 0) << n;
    EXPECT_EQ(integer_mismatches<V>([n](auto a, auto) { return shr(a, n); }), 0) << n;
  }
}

TEST(Simd, integers) {
  expect_integers<vi32>();
  expect_integers<vu32>();
  expect_integers<vi64>();
  expect_integers<vu64>();
  EXPECT_EQ(integer_mismatches<vi32>([](auto a, auto) { return abs(a); }), 0);
  EXPECT_EQ(integer_mismatches<vi64>([](auto a, auto) { return abs(a); }), 0);
}

TEST(Simd, conversions) {
  long wrong = 0;
  sweep([&](const float *x) {
    vf32 v = load<vf32>(x);
    for (int i = 0; i < lanes; ++i) {
      int8_t i8[lanes];
      uint8_t u8[lanes];
      int16_t i16[lanes];
      uint16_t u16[lanes], h[lanes], b[lanes];
      store<vi8>(i8, sat_i8(v));
      store<vu8>(u8, sat_u8(v));
      store<vi16>(i16, sat_i16(v));
      store<vu16>(u16, sat_u16(v));
      store<vu16>(h, f32_to_f16(v));
      store<vu16>(b, f32_to_bf16(v));
      wrong += i8[i] != sat_i8(x[i]) || u8[i] != sat_u8(x[i]) || i16[i] != sat_i16(x[i]) ||
               u16[i] != sat_u16(x[i]);
      wrong += lane(sat_i32(v), i) != sat_i32(x[i]);
      wrong += h[i] != f32_to_f16(x[i]) || b[i] != f32_to_bf16(x[i]);
      wrong += !same(lane(f16_to_f32(f32_to_f16(v)), i), f16_to_f32(h[i]));
      wrong += !same(lane(bf16_to_f32(f32_to_bf16(v)), i), bf16_to_f32(b[i]));
      if (x[i] > -2147483648.0f && x[i] < 2147483648.0f)
        wrong += lane(to_i32(v), i) != int32_t(x[i]);
      if (x[i] > -1 && x[i] < 4294967296.0f)
        wrong += lane(to_u32(v), i) != uint32_t(x[i]);
      vi32 bits = bitcast<vi32>(v);
      int32_t e = bitcast<int32_t>(x[i]);
      wrong += lane(to_f32(bits), i) != float(e) || lane(to_f32(to_u32(bits)), i) != float(uint32_t(e));
      store<vi8>(i8, to_i8(bits));
      store<vi16>(i16, to_i16(bits));
      wrong += i8[i] != int8_t(e) || i16[i] != int16_t(e);
      wrong += lane(to_i32(to_i8(bits)), i) != int8_t(e) || lane(to_i32(to_u8(bits)), i) != uint8_t(e);
      wrong += lane(to_i32(to_i16(bits)), i) != int16_t(e) || lane(to_i32(to_u16(bits)), i) != uint16_t(e);
      wrong += lane(to_f32(to_u8(bits)), i) != float(uint8_t(e));
    }
    wrong +=
        !same(lane(to_f64_lo(v), 1), double(x[1])) || !same(lane(to_f64_hi(v), 1), double(x[lanes / 2 + 1]));
    vf32 back = to_f32(to_f64_lo(v), to_f64_hi(v));
    for (int i = 0; i < lanes; ++i)
      wrong += !same(lane(back, i), x[i]);
    double d = double(x[0]) * 3;
    vf64 w = broadcast<vf64>(d);
    if (std::fabs(d) < 0x1p62)
      wrong += lane(to_i64(w), 1) != int64_t(d) || lane(to_f64(to_i64(w)), 1) != double(int64_t(d));
    if (d > -1 && d < 0x1p64)
      wrong += lane(to_u64(w), 1) != uint64_t(d) || lane(to_f64(to_u64(w)), 1) != double(uint64_t(d));
  });
  EXPECT_EQ(wrong, 0);
}

/// The last `bytes` before a page that may not be touched, and the first after one.
struct Guarded {
  size_t page = size_t(sysconf(_SC_PAGESIZE));
  char *base;
  Guarded() {
    base = (char *)mmap(nullptr, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED || mprotect(base + page, page, PROT_READ | PROT_WRITE) != 0)
      std::abort();
  }
  Guarded(const Guarded &) = delete;
  ~Guarded() { munmap(base, 3 * page); }
  void *before_end(size_t bytes) { return base + 2 * page - bytes; }
};

template <class V> void expect_partial_memory() {
  using T = elem_of<V>;
  Guarded from, to;
  constexpr int L = traits<V>::lanes;
  long wrong = 0;
  for (int n = 0; n <= L; ++n) {
    T *p = (T *)from.before_end(sizeof(T) * n), *q = (T *)to.before_end(sizeof(T) * n);
    for (int i = 0; i < n; ++i)
      p[i] = T(i + 3);
    T out[L];
    store<V>(out, load_n<V>(p, n));
    for (int i = 0; i < L; ++i)
      wrong += out[i] != (i < n ? T(i + 3) : T(0));
    store<V>(out, load_n<V>(p, n, T(77)));
    for (int i = 0; i < L; ++i)
      wrong += out[i] != (i < n ? T(i + 3) : T(77));
    store_n<V>(q, load_n<V>(p, n), n);
    wrong += std::memcmp(p, q, sizeof(T) * n) != 0;
    std::memset(q, 0, sizeof(T) * n);
    auto m = mask_first<mask_of<V>>(n);
    store<V>(out, load_masked<V>(p, m));
    for (int i = 0; i < L; ++i)
      wrong += out[i] != (i < n ? T(i + 3) : T(0));
    store_masked<V>(q, m, load<V>(out));
    wrong += std::memcmp(p, q, sizeof(T) * n) != 0;
  }
  EXPECT_EQ(wrong, 0) << sizeof(T);
}

TEST(Simd, partialMemoryStopsAtTheEnd) {
  expect_partial_memory<vf32>();
  expect_partial_memory<vf64>();
  expect_partial_memory<vi32>();
  expect_partial_memory<vu32>();
  expect_partial_memory<vi64>();
  expect_partial_memory<vu64>();
  expect_partial_memory<vi8>();
  expect_partial_memory<vu8>();
  expect_partial_memory<vi16>();
  expect_partial_memory<vu16>();
  // One lane: the tail's spelling.
  float x = 3, y = 0;
  store_n(&y, load_n<float>(&x, 1), 1);
  EXPECT_EQ(y, 3.0f);
  store_n(&y, load_n<float>(&x, 0), 1);
  EXPECT_EQ(y, 0.0f);
}

/// The tree that ops.h promises.
template <class T, int n, class F> T tree(const T *x, F f) {
  T t[n];
  std::memcpy(t, x, sizeof t);
  for (int w = n / 2; w > 0; w /= 2)
    for (int i = 0; i < w; ++i)
      t[i] = f(t[i], t[i + w]);
  return t[0];
}

TEST(Simd, reductionsFollowTheTree) {
  long wrong = 0;
  pairs([&](const float *a, const float *) {
    vf32 v = load<vf32>(a);
    wrong += !same(reduce_add(v), tree<float, lanes>(a, [](float x, float y) { return x + y; }));
    wrong += !same(reduce_mul(v), tree<float, lanes>(a, [](float x, float y) { return x * y; }));
    wrong += !same(reduce_max(v), tree<float, lanes>(a, [](float x, float y) { return max(x, y); }));
    wrong += !same(reduce_min(v), tree<float, lanes>(a, [](float x, float y) { return min(x, y); }));
    wrong += !same(reduce_maximum(v), tree<float, lanes>(a, [](float x, float y) { return maximum(x, y); }));
    wrong += !same(reduce_minnum(v), tree<float, lanes>(a, [](float x, float y) { return minnum(x, y); }));
    int32_t e[lanes];
    store<vi32>(e, bitcast<vi32>(v));
    wrong += reduce_add(bitcast<vi32>(v)) !=
             tree<int32_t, lanes>(e, [](int32_t x, int32_t y) { return add(x, y); });
    wrong +=
        reduce_xor(bitcast<vi32>(v)) != tree<int32_t, lanes>(e, [](int32_t x, int32_t y) { return x ^ y; });
    double d[traits<vf64>::lanes];
    store<vf64>(d, to_f64_lo(v));
    wrong += !same(reduce_add(to_f64_lo(v)),
                   tree<double, traits<vf64>::lanes>(d, [](double x, double y) { return x + y; }));
  });
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(reduce_add(iota<vi32>()), lanes * (lanes - 1) / 2);
  EXPECT_EQ(reduce_add(2.5f), 2.5f);
  EXPECT_EQ(lane(with_lane(iota<vi32>(), 1, 9), 1), 9);
}

TEST(Simd, doubleGoesToLibm) {
  double x[] = {-1.25, 0.5, 3, 700, 0.1, -0.75, 1, 0};
  vf64 v = load<vf64>(x);
  for (int i = 0; i < traits<vf64>::lanes; ++i) {
    EXPECT_TRUE(same(lane(exp(v), i), std::exp(x[i])));
    EXPECT_TRUE(same(lane(tanh(v), i), std::tanh(x[i])));
    EXPECT_TRUE(same(lane(pow(v, v), i), std::pow(x[i], x[i])));
    EXPECT_TRUE(same(lane(sigmoid(v), i), sigmoid(x[i])));
    EXPECT_TRUE(same(lane(fma(v, v, v), i), std::fma(x[i], x[i], x[i])));
    EXPECT_TRUE(same(lane(round(v), i), std::round(x[i])));
  }
}

} // namespace
} // namespace simd_under_test
