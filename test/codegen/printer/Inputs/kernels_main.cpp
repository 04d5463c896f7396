// Runs the kernels of kernels.mlir; compiled with the printed text in front of it.
#include "check.h"

int main() {
  static float x[3000], y[3000], w[3000];
  for (int i = 0; i < 3000; ++i) {
    x[i] = float((i * 37) % 101 - 50) / 16;
    w[i] = float((i * 53) % 89 - 44) / 32;
  }

  net_x86_64_v4_relu(2500, x, y, 0, 3);
  for (int i = 0; i < 3000; ++i)
    expect("relu", i, y[i], i < 2500 && x[i] > 0 ? x[i] * 0.5f : 0, 0);

  net_x86_64_v4_matmul(x, w, y, 0, 2);
  for (int m = 0; m < 12; ++m)
    for (int n = 0; n < 64; ++n) {
      double sum = 0;
      for (int k = 0; k < 32; ++k)
        sum += double(x[m * 32 + k]) * w[k * 64 + n];
      expect("matmul", m * 64 + n, y[m * 64 + n], sum, 1e-4);
    }

  net_x86_64_v4_conv(x, w, y, 0, 8);
  for (int h = 0; h < 8; ++h)
    for (int v = 0; v < 6; ++v) {
      double sum = 0;
      for (int i = 0; i < 3; ++i)
        for (int j = 0; j < 3; ++j)
          if (h + i - 1 >= 0 && h + i - 1 < 8)
            sum += double(x[(h + i - 1) * 8 + v + j]) * w[i * 3 + j];
      expect("conv", h * 6 + v, y[h * 6 + v], sum, 1e-5);
    }

  net_x86_64_v4_softmax(x, y, 0, 4);
  for (int r = 0; r < 4; ++r) {
    double sum = 0;
    for (int i = 0; i < 64; ++i)
      sum += exp(double(x[r * 64 + i]));
    for (int i = 0; i < 64; ++i)
      expect("softmax", r * 64 + i, y[r * 64 + i], exp(double(x[r * 64 + i])) / sum, 1e-6);
  }

  net_x86_64_v4_row_sums(x, y, 0, 3);
  for (int r = 0; r < 5; ++r) {
    float sum = x[r * 3] + x[r * 3 + 1] + x[r * 3 + 2];
    expect("row_sums", r, y[r], r < 4 ? sum : -sum, 1e-6);
  }
  return report();
}
