// The helpers of runtime/scalar.h. Its casts were compared with ml_dtypes over all of f32; here every code of
// each small float is compared with the definition of its format, and rounding at the middle between
// neighbours.

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#define INGOT_NS scalar_under_test
#include "scalar.h"

#include "tiny_test.h"

namespace scalar_under_test {
namespace {

constexpr float inf = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

bool same(float a, float b) { return std::memcmp(&a, &b, 4) == 0 || (a != a && b != b); }

/// The value of a code by the formula of IEEE 754, without special codes.
float by_formula(unsigned code, int exponent_bits, int mantissa_bits, int bias) {
  int e = int(code >> mantissa_bits & ((1u << exponent_bits) - 1));
  double m = code & ((1u << mantissa_bits) - 1);
  double v = e == 0 ? std::ldexp(m, 1 - bias - mantissa_bits)
                    : std::ldexp(m + (1 << mantissa_bits), e - bias - mantissa_bits);
  return float(code >> (exponent_bits + mantissa_bits) & 1 ? -v : v);
}

/// Decodes all codes up to `largest`; encodes them, the middles between them and what is just beside the
/// middles.
template <class Decode, class Encode>
void expect_format(int exponent_bits, int mantissa_bits, int bias, unsigned largest, Decode decode,
                   Encode encode) {
  unsigned sign = 1u << (exponent_bits + mantissa_bits);
  for (unsigned c = 0; c <= largest; ++c) {
    float x = by_formula(c, exponent_bits, mantissa_bits, bias);
    EXPECT_TRUE(same(decode(uint16_t(c)), x)) << c;
    EXPECT_EQ(unsigned(encode(x)), c);
    if (c > 0) {
      EXPECT_TRUE(same(decode(uint16_t(c | sign)), -x)) << c;
      EXPECT_EQ(unsigned(encode(-x)), c | sign);
    }
    if (c == largest)
      break;
    float middle = x + (by_formula(c + 1, exponent_bits, mantissa_bits, bias) - x) / 2;
    EXPECT_EQ(unsigned(encode(middle)), c + (c & 1)) << middle;
    EXPECT_EQ(unsigned(encode(std::nextafterf(middle, 0.0f))), c) << middle;
    EXPECT_EQ(unsigned(encode(std::nextafterf(middle, inf))), c + 1) << middle;
  }
}

TEST(Scalar, formats) {
  expect_format(5, 10, 15, 0x7bff, f16_to_f32, f32_to_f16);
  expect_format(8, 7, 127, 0x7f7f, bf16_to_f32, f32_to_bf16);
  expect_format(4, 3, 7, 0x7e, f8e4m3fn_to_f32, [](float x) { return f32_to_f8e4m3fn(x); });
  expect_format(4, 3, 8, 0x7f, f8e4m3fnuz_to_f32, [](float x) { return f32_to_f8e4m3fnuz(x); });
  expect_format(5, 2, 15, 0x7b, f8e5m2_to_f32, [](float x) { return f32_to_f8e5m2(x); });
  expect_format(5, 2, 16, 0x7f, f8e5m2fnuz_to_f32, [](float x) { return f32_to_f8e5m2fnuz(x); });
  expect_format(2, 1, 1, 7, f4e2m1fn_to_f32, f32_to_f4e2m1fn);
  expect_format(2, 3, 1, 31, f6e2m3fn_to_f32, f32_to_f6e2m3fn);
  expect_format(3, 2, 3, 31, f6e3m2fn_to_f32, f32_to_f6e3m2fn);
}

/// The tables of ONNX Cast: saturated, then not.
TEST(Scalar, specialValuesOfCast) {
  struct Row {
    float x;
    uint8_t e4m3fn[2], e4m3fnuz[2], e5m2[2], e5m2fnuz[2];
  };
  const Row rows[] = {
      {0.0f, {0, 0}, {0, 0}, {0, 0}, {0, 0}},
      {-0.0f, {0x80, 0x80}, {0, 0}, {0x80, 0x80}, {0, 0}},
      {nan, {0x7f, 0x7f}, {0x80, 0x80}, {0x7e, 0x7e}, {0x80, 0x80}},
      {inf, {0x7e, 0x7f}, {0x7f, 0x80}, {0x7b, 0x7c}, {0x7f, 0x80}},
      {-inf, {0xfe, 0xff}, {0xff, 0x80}, {0xfb, 0xfc}, {0xff, 0x80}},
      {1e6f, {0x7e, 0x7f}, {0x7f, 0x80}, {0x7b, 0x7c}, {0x7f, 0x80}},
      {-1e6f, {0xfe, 0xff}, {0xff, 0x80}, {0xfb, 0xfc}, {0xff, 0x80}},
  };
  for (const Row &r : rows)
    for (int plain = 0; plain < 2; ++plain) {
      EXPECT_EQ(f32_to_f8e4m3fn(r.x, !plain), r.e4m3fn[plain]) << r.x;
      EXPECT_EQ(f32_to_f8e4m3fnuz(r.x, !plain), r.e4m3fnuz[plain]) << r.x;
      EXPECT_EQ(f32_to_f8e5m2(r.x, !plain), r.e5m2[plain]) << r.x;
      EXPECT_EQ(f32_to_f8e5m2fnuz(r.x, !plain), r.e5m2fnuz[plain]) << r.x;
    }
  EXPECT_EQ(f32_to_f16(65519.9f), 0x7bff);
  EXPECT_EQ(f32_to_f16(65520.0f), 0x7c00);
  EXPECT_EQ(f32_to_bf16(std::numeric_limits<float>::max()), 0x7f80);
  EXPECT_TRUE(std::isnan(f16_to_f32(f32_to_f16(nan))) && std::isnan(bf16_to_f32(f32_to_bf16(nan))));
  EXPECT_EQ(f32_to_f4e2m1fn(1e30f), 7);
  EXPECT_EQ(f32_to_f6e2m3fn(-inf), 63);
}

TEST(Scalar, exponentOnly) {
  EXPECT_EQ(f8e8m0fnu_to_f32(127), 1.0f);
  EXPECT_EQ(f8e8m0fnu_to_f32(0), 0x1p-127f);
  EXPECT_EQ(f8e8m0fnu_to_f32(254), 0x1p127f);
  EXPECT_TRUE(std::isnan(f8e8m0fnu_to_f32(255)));
  using R = e8m0_round;
  EXPECT_EQ(f32_to_f8e8m0fnu(1.1f), 128);
  EXPECT_EQ(f32_to_f8e8m0fnu(1.9f, true, R::down), 127);
  EXPECT_EQ(f32_to_f8e8m0fnu(1.5f, true, R::nearest), 128);
  EXPECT_EQ(f32_to_f8e8m0fnu(1.4999f, true, R::nearest), 127);
  EXPECT_EQ(f32_to_f8e8m0fnu(0x1.8p127f, true, R::up), 254);
  EXPECT_EQ(f32_to_f8e8m0fnu(0x1.8p127f, false, R::up), 255);
  EXPECT_EQ(f32_to_f8e8m0fnu(inf), 255);
  EXPECT_EQ(f32_to_f8e8m0fnu(0.0f), 0);
}

/// Rounding f64 to f32 and then to f16 would round these middles twice.
TEST(Scalar, doubleRoundsOnce) {
  double middle = 1 + 0x1p-11;
  EXPECT_EQ(f64_to_f16(middle), 0x3c00);
  EXPECT_EQ(f64_to_f16(middle + 0x1p-50), 0x3c01);
  EXPECT_EQ(f64_to_f16(-middle - 0x1p-50), 0xbc01);
  EXPECT_EQ(f64_to_bf16(1 + 0x1p-8 + 0x1p-50), 0x3f81);
  EXPECT_EQ(f64_to_f16(1e300), 0x7c00);
  EXPECT_EQ(f64_to_f16(-1e-300), 0x8000);
  EXPECT_EQ(f64_to_bf16(1e39), 0x7f80);
}

TEST(Scalar, packedIntegers) {
  uint8_t bytes[4] = {};
  for (int i = 0; i < 8; ++i)
    store_s4(bytes, i, i - 8);
  EXPECT_EQ(bytes[0], 0x98); // -8 in the low half
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(load_s4(bytes, i), i - 8);
    EXPECT_EQ(load_u4(bytes, i), i + 8);
  }
  store_u4(bytes, 3, 5);
  EXPECT_EQ(load_s4(bytes, 2), -6);
  EXPECT_EQ(load_s4(bytes, 3), 5);
  for (int i = 0; i < 16; ++i)
    store_s2(bytes, i, i);
  EXPECT_EQ(bytes[0], 0xe4);
  for (int i = 0; i < 16; ++i) {
    EXPECT_EQ(load_u2(bytes, i), i & 3);
    EXPECT_EQ(load_s2(bytes, i), (i & 3) - (i & 2) * 2);
  }
}

TEST(Scalar, integerDivision) {
  for (int a = -128; a < 128; ++a)
    for (int b = -128; b < 128; ++b) {
      int8_t x = int8_t(a), y = int8_t(b);
      if (b == 0) {
        EXPECT_EQ(divide(x, y) | remainder(x, y) | floordiv(x, y) | floormod(x, y) | ceildiv(x, y), 0);
        continue;
      }
      EXPECT_EQ(divide(x, y), int8_t(a / b));
      EXPECT_EQ(remainder(x, y), a % b);
      EXPECT_EQ(floordiv(x, y), int8_t(std::floor(double(a) / b)));
      EXPECT_EQ(ceildiv(x, y), int8_t(std::ceil(double(a) / b)));
      EXPECT_EQ(floormod(x, y), int8_t(a - b * std::floor(double(a) / b)));
    }
  EXPECT_EQ(divide(INT64_MIN, int64_t(-1)), INT64_MIN);
  EXPECT_EQ(remainder(INT32_MIN, -1), 0);
  EXPECT_EQ(floordiv(7u, 2u), 3u);
  EXPECT_EQ(floormod(uint8_t(200), uint8_t(255)), 200);
  EXPECT_EQ(floormod(-1.5f, 1.0f), 0.5f);
  EXPECT_EQ(floormod(1.5, -1.0), -0.5);
  EXPECT_EQ(fmod(-1.5f, 1.0f), -0.5f);
}

TEST(Scalar, integersWrap) {
  EXPECT_EQ(add(INT32_MAX, 1), INT32_MIN);
  EXPECT_EQ(mul(uint16_t(65535), uint16_t(65535)), 1);
  EXPECT_EQ(sub(int8_t(-128), int8_t(1)), 127);
  EXPECT_EQ(neg(INT64_MIN), INT64_MIN);
  EXPECT_EQ(shl(1u, 32), 0u);
  EXPECT_EQ(shl(int8_t(1), 7), -128);
  EXPECT_EQ(shr(-8, 1), -4);
  EXPECT_EQ(shr(-8, 99), -1);
  EXPECT_EQ(shr(uint8_t(0x80), 7), 1);
  EXPECT_EQ(ipow(3, 4), 81);
  EXPECT_EQ(ipow(-2, 3), -8);
  EXPECT_EQ(ipow(-1, -3), -1);
  EXPECT_EQ(ipow(2, -1), 0);
  EXPECT_EQ(ipow(int64_t(10), 18), 1000000000000000000);
  EXPECT_EQ(popcount(int8_t(-1)), 8);
  EXPECT_EQ(popcount(-1ll == -1 ? int64_t(-1) : 0), 64);
}

TEST(Scalar, conversions) {
  EXPECT_EQ(to_u8(-1.0f), 255);
  EXPECT_EQ(to_i8(300), 44);
  EXPECT_EQ(to_u64(1e19), 10000000000000000000u);
  EXPECT_EQ(to_u32(4e9f), 4000000000u);
  EXPECT_EQ(sat_i8(1e9f), 127);
  EXPECT_EQ(sat_u8(-3), 0);
  EXPECT_EQ(sat_i32(nan), 0);
  EXPECT_EQ(sat_i32(inf), INT32_MAX);
  EXPECT_EQ(sat_i64(-1e300), INT64_MIN);
  EXPECT_EQ(sat_i64(1e19f), INT64_MAX);
  EXPECT_EQ(round_even(2.5f), 2.0f);
  EXPECT_EQ(round_even(-3.5), -4.0);
}

} // namespace
} // namespace scalar_under_test
