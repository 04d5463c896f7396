#include "WeightPassTest.h"

using namespace mlir;
using namespace ingot;

namespace {
struct FlushSubnormalsTest : WeightPassTest {
  template <typename Bits> void add(const char *name, Type type, const std::vector<Bits> &v) {
    store.add(name, type, {int64_t(v.size())}, WeightBytes::copy({reinterpret_cast<const char *>(v.data()), v.size() * sizeof(Bits)}));
  }
  template <typename Bits> std::vector<Bits> elements(StringRef name) {
    EXPECT_TRUE(store.has(name)) << name.str();
    if (!store.has(name))
      return {};
    ArrayRef<char> bytes = store.bytes(name);
    std::vector<Bits> v(bytes.size() / sizeof(Bits));
    memcpy(v.data(), bytes.data(), bytes.size());
    return v;
  }
  /// y[n] = sum over k of x[k] * w[n], for a weight w of `type`s and products of type `product`; `also` is read besides.
  void flush(const std::string &type, const std::string &product, const std::string &also = "") {
    std::string n = std::to_string(store.type("w").getDimSize(0)), w = "tensor<" + n + "x" + type + ">", y = "tensor<" + n + "x" + product + ">";
    run(
        "nn.weight @w " + w + " \"\"\nfunc.func @f(%x: tensor<3x" + type + ">) -> (" + y + (also.empty() ? "" : ", " + w) +
            ") {\n  %w = nn.get_weight @w : " + w +
            "\n  %y = kernel.contract domain <\"" + n + "\", \"3\"> kinds \"nk\" ins(%x, %w : tensor<3x" + type + ">, " + w +
            ") maps [affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0)>] symbols <> "
            "padding [unit, unit] init [0.0 : " + product + "] dest_of [-1] -> " + y + "\n  return %y" +
            (also.empty() ? "" : ", %w") + " : " + y + (also.empty() ? "" : ", " + w) + "\n}\n",
        createFlushSubnormals());
  }
  /// What the contraction reads.
  std::string factor() {
    std::string name;
    module->walk([&](kernel::ContractOp op) { name = op.getIns()[1].getDefiningOp<nn::GetWeightOp>().getWeight().str(); });
    return name;
  }
  unsigned weights() {
    unsigned n = 0;
    module->walk([&](nn::WeightOp) { ++n; });
    return n;
  }
};
} // namespace

TEST_F(FlushSubnormalsTest, UnreadWeightsStay) {
  add<uint32_t>("w", IntegerType::get(&context, 32), {1, 2});
  run("nn.weight @w tensor<2xi32> \"\"\nfunc.func @f() {\n  %w = nn.get_weight @w : tensor<2xi32>\n  return\n}\n", createFlushSubnormals());
  EXPECT_EQ(weights(), 1u);
}

TEST_F(FlushSubnormalsTest, ZerosOfTheirSign) {
  // The largest subnormal, the least negative one, the least normal, minus zero.
  add<uint32_t>("w", Float32Type::get(&context), {0x007fffff, 0x80000001, 0x00800000, 0x80000000, 0x3f800000});
  flush("f32", "f32");
  EXPECT_EQ(factor(), "w.flushed");
  EXPECT_EQ(elements<uint32_t>("w.flushed"), (std::vector<uint32_t>{0, 0x80000000, 0x00800000, 0x80000000, 0x3f800000}));
  EXPECT_FALSE(store.has("w"));
  EXPECT_EQ(weights(), 1u);
}

TEST_F(FlushSubnormalsTest, WhatOthersReadStays) {
  add<uint32_t>("w", Float32Type::get(&context), {1, 2, 3, 0x3f800000});
  flush("f32", "f32", "read as it is");
  EXPECT_EQ(factor(), "w");
  EXPECT_EQ(elements<uint32_t>("w"), (std::vector<uint32_t>{1, 2, 3, 0x3f800000}));
  EXPECT_EQ(weights(), 1u);
}

TEST_F(FlushSubnormalsTest, SmallWeightsStay) {
  add<uint32_t>("w", Float32Type::get(&context), {1, 0, 0x80000002, 0x207fffff}); // the last: below 2^-62
  flush("f32", "f32");
  EXPECT_EQ(factor(), "w");
  EXPECT_EQ(elements<uint32_t>("w"), (std::vector<uint32_t>{1, 0, 0x80000002, 0x207fffff}));
}

TEST_F(FlushSubnormalsTest, LargeEnough) {
  add<uint32_t>("w", Float32Type::get(&context), {1, 0, 0x80000002, 0xa0800000}); // -2^-62
  flush("f32", "f32");
  EXPECT_EQ(elements<uint32_t>(factor()), (std::vector<uint32_t>{0, 0, 0x80000000, 0xa0800000}));
}

TEST_F(FlushSubnormalsTest, NormalWeightsStay) {
  add<uint32_t>("w", Float32Type::get(&context), {0x00800000, 0, 0x7f800000, 0x7fc00000});
  flush("f32", "f32");
  EXPECT_EQ(factor(), "w");
  EXPECT_EQ(weights(), 1u);
}

TEST_F(FlushSubnormalsTest, NarrowTypesByTheRangeOfTheirProducts) {
  add<uint16_t>("w", BFloat16Type::get(&context), {0x0001, 0x807f, 0x0080, 0x3f80}); // f32's exponents
  flush("bf16", "f32");
  EXPECT_EQ(elements<uint16_t>(factor()), (std::vector<uint16_t>{0, 0x8000, 0x0080, 0x3f80}));
}

TEST_F(FlushSubnormalsTest, NormalInTheProductsTypeStay) {
  add<uint16_t>("w", Float16Type::get(&context), {0x0001, 0x83ff, 0x0400, 0x3c00}); // 2^-24 and more
  flush("f16", "f32");
  EXPECT_EQ(factor(), "w");
}

TEST_F(FlushSubnormalsTest, Doubles) {
  add<uint64_t>("w", Float64Type::get(&context), {1, 0x000fffffffffffff, 0x3ff0000000000000, 0x8000000000000001});
  flush("f64", "f64");
  EXPECT_EQ(elements<uint64_t>(factor()), (std::vector<uint64_t>{0, 0, 0x3ff0000000000000, 0x8000000000000000}));
}
