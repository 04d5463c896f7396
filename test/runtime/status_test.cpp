#include "ingot/model.hpp"

#include <gtest/gtest.h>

#include <vector>

TEST(Status, KeepsTheError) {
  ingot::status good;
  EXPECT_TRUE(good.ok());
  EXPECT_STREQ(good.text(), "ok");
  ingot::status bad = ingot::status::of([](ingot_error *error) {
    *error = {INGOT_SHAPE_MISMATCH, 1, 2, 3, "x", "x: wrong"};
    return INGOT_SHAPE_MISMATCH;
  });
  EXPECT_FALSE(bad);
  EXPECT_EQ(bad.code(), INGOT_SHAPE_MISMATCH);
  EXPECT_STREQ(bad.text(), "x: wrong");
  EXPECT_EQ(bad.error().expected, 2);
}

TEST(Status, AbiIsFrozen) {
  EXPECT_EQ(sizeof(ingot_error), 256u);
  EXPECT_EQ(sizeof(ingot_tensor), 8 + 4 + 4 + 8 * 8u);
  EXPECT_EQ(sizeof(ingot_sequence), 24u);
  EXPECT_EQ(sizeof(ingot_executor), 24u);
  EXPECT_EQ(int(INGOT_BF16), 16);
  EXPECT_EQ(int(INGOT_I2), 26);
  EXPECT_EQ(int(INGOT_INTERNAL_ERROR), 9);
}

TEST(Buffer, AlignsAndRefuses) {
  ingot::buffer buffer;
  EXPECT_TRUE(buffer.reset(0, 64));
  for (size_t bytes : {1u, 100u, 4096u}) {
    ASSERT_TRUE(buffer.reset(bytes, 256));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer.data()) % 256, 0u);
    EXPECT_EQ(buffer.size(), bytes);
  }
  EXPECT_FALSE(buffer.reset(SIZE_MAX, 64));
  EXPECT_EQ(buffer.size(), 0u);
}

TEST(View, DeducesTheSpanType) {
  const std::vector<float> in = {1, 2};
  std::vector<uint16_t> out(3);
  ingot_view_f32 a = ingot::view(in);
  ingot_span_bf16 b = ingot::span(out);
  ingot_view_f16 c = ingot::view(out);
  EXPECT_EQ(a.data, in.data());
  EXPECT_EQ(b.count, 3u);
  EXPECT_EQ(c.data, out.data());
}
