// Runs the kernels of scalars.mlir; compiled with the printed text in front of it, and with -DKERNEL(name)=… for its prefix.
#include "check.h"

int main() {
  // f16 1.5, fp8 e4m3 2.0, nibbles 0 … 7 then -8 …
  static const uint8_t nibbles[4] = {0x10, 0x32, 0xf8, 0x7e};
  uint16_t h[8], b[8];
  uint8_t q[8], out[8], packed[4] = {};
  for (int i = 0; i < 8; ++i) {
    h[i] = 0x3e00;
    q[i] = 0x40;
  }
  KERNEL(casts)(h, q, nibbles, out, b, packed, 0, 8);
  static const uint8_t e5m2[8] = {0x42, 0x44, 0x45, 0x46, 0xc5, 0x40, 0x3c, 0x49}; // 3 4 5 6 -5 2 1 10
  for (int i = 0; i < 8; ++i) {
    expect("e5m2", i, out[i], e5m2[i], 0);
    expect("bf16", i, b[i], 0x4040, 0);
    expect("fp4", i, packed[i / 2], 0x55, 0);
  }

  uint8_t x[8] = {0, 1, 2, 100, 128, 200, 254, 255}, y[8], big[8];
  int8_t w[8] = {1, -1, 3, -3, 127, -128, 2, -2};
  int32_t z[8];
  KERNEL(quantise)(x, w, y, big, z, 0, 8);
  for (int i = 0; i < 8; ++i) {
    int32_t t = x[i] * w[i] + 3;
    expect("big", i, big[i], uint32_t(t) > 100u, 0);
    expect("y", i, y[i], uint8_t(~t), 0);
    uint32_t u = uint32_t(t / 3) + (uint32_t(t) >> 2);
    expect("z", i, z[i], int32_t(u > 200 ? u : 200u), 0);
  }

  float f[12] = {1, 2, 4, 5, 3, 1, NAN, 1, 2, 2, 3, 1}, g[4];
  KERNEL(parentheses)(f, g, 0, 4);
  for (int i = 0; i < 4; ++i) {
    float a = f[3 * i], c = f[3 * i + 1], d = f[3 * i + 2];
    float r = (a - (c - d)) / (a + c * d) + a;
    r = (a < c && c < d) || a > d ? r * 0.1f : a != a ? NAN : r;
    expect("parentheses", i, g[i], r, 1e-6);
  }

  int64_t fib[12], before[12];
  for (int i = 0; i < 12; ++i)
    fib[i] = before[i] = i;
  KERNEL(fibonacci)(fib, 0, 12);
  int64_t p = 0, n = 1;
  for (int i = 0; i < 12; ++i) {
    int64_t v = i;
    while (v > 5)
      v /= 2;
    expect("fibonacci", i, double(fib[i]), double(p + v * before[i]), 0);
    int64_t s = p + n;
    p = n;
    n = s;
  }

  float in[5] = {1, 2, 3, 4, 5}, wide[9];
  KERNEL(pad)(5, in, wide, 0, 9);
  for (int i = 0; i < 9; ++i)
    expect("pad", i, wide[i], i < 2 || i >= 7 ? 1.5 : in[i - 2], 0);

  float e[4] = {-2, 0, 0.5f, 3}, r[4];
  KERNEL(functions)(e, r, 0, 4);
  for (int i = 0; i < 4; ++i)
    expect("functions", i, r[i], fmax(1 / (1 + exp(-e[i])), exp(-e[i])), 1e-5);
  return report();
}
