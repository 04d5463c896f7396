#include "WeightPassTest.h"
#include <cmath>

using namespace mlir;
using namespace ingot;

namespace {
struct HoistConstantsTest : WeightPassTest {
  void add(const char *name, ArrayRef<int64_t> dims, const std::vector<float> &v) {
    store.add(name, Float32Type::get(&context), dims, WeightBytes::copy({reinterpret_cast<const char *>(v.data()), v.size() * 4}));
  }
  std::vector<float> floats(const char *name) {
    EXPECT_TRUE(store.has(name)) << name;
    ArrayRef<char> bytes = store.bytes(name);
    std::vector<float> v(bytes.size() / 4);
    memcpy(v.data(), bytes.data(), bytes.size());
    return v;
  }
  void hoist(const std::string &text) { run(text, createHoistConstants()); }
  unsigned kernelsLeft() {
    unsigned n = 0;
    module->walk([&](kernel::GenericOp) { ++n; });
    return n;
  }
};
std::vector<float> random(int n, uint32_t seed) {
  std::vector<float> v(n);
  for (float &x : v)
    x = float(int32_t(seed = seed * 1664525 + 1013904223)) * 0x1p-31f;
  return v;
}
} // namespace

/// [N, K] to [N/16, K, 16] with zeros behind column N.
TEST_F(HoistConstantsTest, PacksPanelsWithZeroPadding) {
  auto w = random(20 * 5, 1);
  add("w", {20, 5}, w);
  hoist(R"(
    nn.weight @w tensor<20x5xf32> ""
    func.func @f() -> tensor<2x5x16xf32> {
      %w = nn.get_weight @w : tensor<20x5xf32>
      %p = kernel.generic domain <"2", "5", "16"> iterators "ppp" ins(%w : tensor<20x5xf32>)
        maps [affine_map<(d0, d1, d2) -> (d0 * 16 + d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>]
        symbols <> padding [0.0 : f32] init [unit] dest_of [-1] -> tensor<2x5x16xf32> {
      ^bb0(%e: f32):
        kernel.yield %e : f32
      }
      return %p : tensor<2x5x16xf32>
    })");
  auto p = floats("w.packed");
  for (int n = 0; n < 32; ++n)
    for (int k = 0; k < 5; ++k)
      EXPECT_EQ(p[(n / 16 * 5 + k) * 16 + n % 16], n < 20 ? w[n * 5 + k] : 0);
  EXPECT_FALSE(store.has("w"));
  EXPECT_EQ(store.size(), 1u);
}

/// A chain through an intermediate that nothing at run time reads.
TEST_F(HoistConstantsTest, FoldsBatchNormAndTransposes) {
  auto w = random(8 * 6, 1), gamma = random(8, 2), var = random(8, 3);
  for (float &v : var)
    v = std::abs(v);
  add("w", {8, 6}, w);
  add("gamma", {8}, gamma);
  add("var", {8}, var);
  hoist(R"(
    nn.weight @w tensor<8x6xf32> ""
    nn.weight @gamma tensor<8xf32> ""
    nn.weight @var tensor<8xf32> ""
    func.func @f() -> tensor<6x8xf32> {
      %w = nn.get_weight @w : tensor<8x6xf32>
      %g = nn.get_weight @gamma : tensor<8xf32>
      %v = nn.get_weight @var : tensor<8xf32>
      %s = kernel.generic domain <"8"> iterators "p" ins(%g, %v : tensor<8xf32>, tensor<8xf32>)
        maps [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>]
        symbols <> padding [unit, unit] init [unit] dest_of [-1] -> tensor<8xf32> {
      ^bb0(%a: f32, %b: f32):
        %eps = arith.constant 1.0e-5 : f32
        %c = arith.addf %b, %eps : f32
        %d = math.sqrt %c : f32
        %e = arith.divf %a, %d : f32
        kernel.yield %e : f32
      }
      %f = kernel.generic domain <"6", "8"> iterators "pp" ins(%w, %s : tensor<8x6xf32>, tensor<8xf32>)
        maps [affine_map<(d0, d1) -> (d1, d0)>, affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d0, d1)>]
        symbols <> padding [unit, unit] init [unit] dest_of [-1] -> tensor<6x8xf32> {
      ^bb0(%a: f32, %b: f32):
        %c = arith.mulf %a, %b : f32
        kernel.yield %c : f32
      }
      return %f : tensor<6x8xf32>
    })");
  auto y = floats("w.folded");
  for (int n = 0; n < 8; ++n)
    for (int k = 0; k < 6; ++k)
      EXPECT_EQ(y[k * 8 + n], w[n * 6 + k] * (gamma[n] / std::sqrt(var[n] + 1e-5f)));
  EXPECT_EQ(store.size(), 1u);
}

/// A product of two weights, and an update of a part in place of a copy.
TEST_F(HoistConstantsTest, ContractsAndUpdates) {
  auto a = random(3 * 4, 1), b = random(4 * 5, 2);
  add("a", {3, 4}, a);
  add("b", {4, 5}, b);
  hoist(R"(
    nn.weight @a tensor<3x4xf32> ""
    nn.weight @b tensor<4x5xf32> ""
    func.func @f() -> (tensor<3x5xf32>, tensor<4x5xf32>, tensor<4x5xf32>) {
      %a = nn.get_weight @a : tensor<3x4xf32>
      %b = nn.get_weight @b : tensor<4x5xf32>
      %c = kernel.contract domain <"3", "5", "4"> kinds "mnk" ins(%a, %b : tensor<3x4xf32>, tensor<4x5xf32>)
        maps [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>]
        symbols <> padding [unit, unit] init [0.0 : f32] dest_of [-1] -> tensor<3x5xf32>
      %u = kernel.generic domain <"3", "5"> iterators "pp" ins(%c : tensor<3x5xf32>) dests(%b : tensor<4x5xf32>)
        maps [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0 + 1, d1)>] symbols <> padding [unit] init [unit] dest_of [0]
        -> tensor<4x5xf32> {
      ^bb0(%e: f32):
        kernel.yield %e : f32
      }
      return %c, %u, %b : tensor<3x5xf32>, tensor<4x5xf32>, tensor<4x5xf32>
    })");
  std::vector<float> expected(15);
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 5; ++j)
      for (int k = 0; k < 4; ++k)
        expected[i * 5 + j] += a[i * 4 + k] * b[k * 5 + j];
  auto c = floats("b.folded");
  for (int i = 0; i < 15; ++i)
    EXPECT_NEAR(c[i], expected[i], 1e-6);
  EXPECT_EQ(floats("b"), b);
  auto u = floats("b.folded_1");
  EXPECT_TRUE(std::equal(u.begin(), u.begin() + 5, b.begin()));
  EXPECT_TRUE(std::equal(u.begin() + 5, u.end(), c.begin()));
  EXPECT_FALSE(store.has("a"));
}

/// One function serves all weights of one form; time and memory of a network's worth of packing.
TEST_F(HoistConstantsTest, PacksAllWeightsOfResNet50) {
  struct Shape {
    int count, n, k;
  };
  std::vector<Shape> shapes{{1, 64, 147}, {1, 64, 64}, {3, 64, 576}, {4, 256, 64}, {2, 64, 256}, {1, 128, 256}, {4, 128, 1152}, {4, 512, 128},
                            {3, 128, 512}, {1, 512, 256}, {1, 256, 512}, {6, 256, 2304}, {6, 1024, 256}, {5, 256, 1024}, {1, 1024, 512},
                            {1, 512, 1024}, {3, 512, 4608}, {3, 2048, 512}, {2, 512, 2048}, {1, 2048, 1024}, {1, 1000, 2048}};
  std::string weights, body, types, results;
  int number = 0;
  int64_t bytes = 0;
  for (auto [count, n, k] : shapes)
    for (int i = 0; i < count; ++i, ++number) {
      std::string id = std::to_string(number), N = std::to_string(n), K = std::to_string(k), P = std::to_string((n + 63) / 64);
      std::string from = "tensor<" + N + "x" + K + "xf32>", to = "tensor<" + P + "x" + K + "x64xf32>";
      add(("w" + id).c_str(), {n, k}, random(n * k, number));
      bytes += int64_t(n) * k * 4;
      weights += "nn.weight @w" + id + " " + from + " \"\"\n";
      body += "%w" + id + " = nn.get_weight @w" + id + " : " + from + "\n%p" + id + " = kernel.generic domain <\"" + P + "\", \"" + K +
              "\", \"64\"> iterators \"ppp\" ins(%w" + id + " : " + from +
              ") maps [affine_map<(d0, d1, d2) -> (d0 * 64 + d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>] symbols <> "
              "padding [0.0 : f32] init [unit] dest_of [-1] -> " + to + " { ^bb0(%e: f32):\n kernel.yield %e : f32\n }\n";
      results += (number ? ", %p" : "%p") + id;
      types += (number ? ", " : "") + to;
    }
  auto start = std::chrono::steady_clock::now();
  hoist(weights + "func.func @f() -> (" + types + ") {\n" + body + "return " + results + " : " + types + "\n}");
  RecordProperty("milliseconds", int((std::chrono::steady_clock::now() - start) / std::chrono::milliseconds(1)));
  RecordProperty("megabytes", int(bytes >> 20));
  printf("%d weights, %d MiB: %d ms\n", number, int(bytes >> 20), int((std::chrono::steady_clock::now() - start) / std::chrono::milliseconds(1)));
  EXPECT_EQ(kernelsLeft(), 0u);
  EXPECT_EQ(store.size(), size_t(number));
}
