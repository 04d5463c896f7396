// The templates of runtime/ops on ONNX's own examples.
#include "ops/cast_from_string.hpp"
#include "ops/cast_to_string.hpp"
#include "ops/cumulate.hpp"
#include "ops/equal_strings.hpp"
#include "ops/non_max_suppression.hpp"
#include "ops/nonzero.hpp"
#include "ops/scatter_elements.hpp"
#include "ops/scatter_nd.hpp"
#include "ops/topk.hpp"
#include "ops/unique.hpp"

#include <cmath>
#include <gtest/gtest.h>
#include <string>
#include <vector>

using namespace ingot;
using Ints = std::vector<int64_t>;
using Floats = std::vector<float>;

namespace {
struct Tail {
  alignas(64) unsigned char memory[4096];
  ingot_arena arena = {memory, sizeof memory, 0, 0};
};
template <class... Dims> auto f32(Floats &v, Dims... d) { return view<INGOT_F32>(v.data(), d...); }
template <class... Dims> auto i64(Ints &v, Dims... d) { return view<INGOT_I64>(v.data(), d...); }
} // namespace

TEST(Ops, ElementsRoundToNearestEven) {
  using F16 = ops::element<INGOT_F16, uint16_t>;
  for (uint32_t h = 0; h < 0x10000; ++h)
    if ((h & 0x7fff) <= 0x7c00) {
      EXPECT_EQ(F16::set(F16::get(uint16_t(h))), h);
    }
  EXPECT_EQ(F16::set(65519.0f), 0x7bff);
  EXPECT_EQ(F16::set(65520.0f), 0x7c00);
  EXPECT_EQ(F16::set(1.00048828125f), 0x3c00); // a tie
  EXPECT_EQ(F16::set(NAN) & 0x7e00, 0x7e00);
  using BF16 = ops::element<INGOT_BF16, uint16_t>;
  EXPECT_EQ(BF16::set(1.0f), 0x3f80);
  EXPECT_EQ(BF16::set(1.00390625f), 0x3f80); // a tie
}

TEST(Ops, NonZero) {
  Floats x = {1, 0, 0, 2, 3, 0};
  Ints indices(12, -7), size(1);
  EXPECT_EQ(ops::nonzero(nullptr, nullptr, f32(x, 2, 3), i64(indices, 2, -1), i64(size, 1)), INGOT_OK);
  EXPECT_EQ(size[0], 3);
  indices.resize(6);
  EXPECT_EQ(indices, (Ints{0, 1, 1, 0, 0, 1}));
}

TEST(Ops, TopK) {
  Tail tail;
  Floats x = {0, 1, 2, 3, 7, 7, 5, 4, 8, NAN, 10, 11}, values(6);
  Ints indices(6);
  EXPECT_EQ(ops::topk(nullptr, &tail.arena, 1, 1, f32(x, 3, 4), f32(values, 3, 2), i64(indices, 3, 2)), INGOT_OK);
  EXPECT_EQ(indices, (Ints{3, 2, 0, 1, 1, 3}));
  EXPECT_EQ(ops::topk(nullptr, &tail.arena, 0, 0, f32(x, 3, 4), f32(values, 1, 4), i64(indices, 1, 4)), INGOT_OK);
  EXPECT_EQ(values[1], 1);
  EXPECT_EQ(indices[1], 0);
  EXPECT_EQ(tail.arena.used, 0u);
  ingot_error error;
  EXPECT_EQ(ops::topk(&error, &tail.arena, 0, 1, f32(x, 3, 4), f32(values, 4, 4), i64(indices, 4, 4)), INGOT_BAD_INPUT_DATA);
}

TEST(Ops, Unique) {
  Tail tail;
  Floats x = {2, 1, 1, 3, 4, 3}, y(6);
  Ints first(6), inverse(6), counts(6), size(1);
  for (int sorted : {1, 0}) {
    EXPECT_EQ(ops::unique(nullptr, &tail.arena, 0, sorted, f32(x, 6), f32(y, -1), i64(first, -1), i64(inverse, 6), i64(counts, -1),
                          i64(size, 1)), INGOT_OK);
    EXPECT_EQ(size[0], 4);
    EXPECT_EQ(Floats(y.begin(), y.begin() + 4), sorted ? (Floats{1, 2, 3, 4}) : (Floats{2, 1, 3, 4}));
    EXPECT_EQ(Ints(first.begin(), first.begin() + 4), sorted ? (Ints{1, 0, 3, 4}) : (Ints{0, 1, 3, 4}));
    EXPECT_EQ(inverse, sorted ? (Ints{1, 0, 0, 2, 3, 2}) : (Ints{0, 1, 1, 2, 3, 2}));
    EXPECT_EQ(Ints(counts.begin(), counts.begin() + 4), sorted ? (Ints{2, 1, 2, 1}) : (Ints{1, 2, 2, 1}));
  }
  Floats rows = {1, 0, 0, 1, 0, 0, 2, 3, 4};
  y.resize(9);
  EXPECT_EQ(ops::unique(nullptr, &tail.arena, 0, 1, f32(rows, 3, 3), f32(y, -1, 3), i64(first, -1), i64(inverse, 3), i64(counts, -1),
                        i64(size, 1)), INGOT_OK);
  EXPECT_EQ(size[0], 2);
  EXPECT_EQ(Floats(y.begin(), y.begin() + 6), (Floats{1, 0, 0, 2, 3, 4}));
}

TEST(Ops, ScatterElements) {
  Floats x = {1, 2, 3, 4, 5}, updates = {1.1f, 2.1f}, y(5);
  Ints indices = {1, -3};
  EXPECT_EQ(ops::scatter_elements(nullptr, nullptr, 1, ops::scatter_none, f32(x, 1, 5), i64(indices, 1, 2), f32(updates, 1, 2),
                                  f32(y, 1, 5)), INGOT_OK);
  EXPECT_EQ(y, (Floats{1, 1.1f, 2.1f, 4, 5}));
  indices = {1, 1};
  EXPECT_EQ(ops::scatter_elements(nullptr, nullptr, 1, ops::scatter_add, f32(x, 1, 5), i64(indices, 1, 2), f32(updates, 1, 2),
                                  f32(y, 1, 5)), INGOT_OK);
  EXPECT_EQ(y[1], 2 + 1.1f + 2.1f);
  indices = {5, 1};
  ingot_error error;
  EXPECT_EQ(ops::scatter_elements(&error, nullptr, 1, ops::scatter_add, f32(x, 1, 5), i64(indices, 1, 2), f32(updates, 1, 2),
                                  f32(y, 1, 5)), INGOT_BAD_INPUT_DATA);
}

TEST(Ops, ScatterNd) {
  Floats x = {1, 2, 3, 4, 5, 6, 7, 8}, updates = {9, 10, 11, 12}, y(8);
  Ints indices = {4, 3, 1, 7};
  EXPECT_EQ(ops::scatter_nd(nullptr, nullptr, ops::scatter_none, f32(x, 8), i64(indices, 4, 1), f32(updates, 4), f32(y, 8)), INGOT_OK);
  EXPECT_EQ(y, (Floats{1, 11, 3, 10, 9, 6, 7, 12}));
  indices = {1};
  EXPECT_EQ(ops::scatter_nd(nullptr, nullptr, ops::scatter_max, f32(x, 2, 4), i64(indices, 1, 1), f32(updates, 1, 4), f32(y, 2, 4)),
            INGOT_OK);
  EXPECT_EQ(y, (Floats{1, 2, 3, 4, 9, 10, 11, 12}));
}

TEST(Ops, Cumulate) {
  Floats x = {1, 2, 3, 4, 5, 6}, y(6);
  Ints axis = {-1};
  EXPECT_EQ(ops::cumulate(nullptr, nullptr, 0, 0, 0, f32(x, 2, 3), i64(axis), f32(y, 2, 3)), INGOT_OK);
  EXPECT_EQ(y, (Floats{1, 3, 6, 4, 9, 15}));
  EXPECT_EQ(ops::cumulate(nullptr, nullptr, 1, 0, 1, f32(x, 6), i64(axis), f32(y, 6)), INGOT_OK);
  EXPECT_EQ(y, (Floats{20, 18, 15, 11, 6, 0}));
  EXPECT_EQ(ops::cumulate(nullptr, nullptr, 0, 1, 0, f32(x, 6), i64(axis), f32(y, 6)), INGOT_OK);
  EXPECT_EQ(y[5], 720);
}

TEST(Ops, NonMaxSuppression) {
  Tail tail;
  Floats boxes = {0, 0, 1, 1, 0, 0.1f, 1, 1.1f, 0, -0.1f, 1, 0.9f, 0, 10, 1, 11, 0, 10.1f, 1, 11.1f, 0, 100, 1, 101};
  Floats scores = {0.9f, 0.75f, 0.6f, 0.95f, 0.5f, 0.3f}, overlap = {0.5f}, least = {0};
  Ints most = {3}, selected(18), size(1);
  EXPECT_EQ(ops::non_max_suppression(nullptr, &tail.arena, 0, f32(boxes, 1, 6, 4), f32(scores, 1, 1, 6), i64(most), f32(overlap),
                                     f32(least), i64(selected, -1, 3), i64(size, 1)), INGOT_OK);
  EXPECT_EQ(size[0], 3);
  selected.resize(9);
  EXPECT_EQ(selected, (Ints{0, 0, 3, 0, 0, 0, 0, 0, 5}));
}

TEST(Ops, Strings) {
  Tail tail;
  Floats x = {314.15926f, -INFINITY, 1e-7f, 3};
  ingot_string text[4];
  auto strings = view<INGOT_STRING>(text, 4);
  EXPECT_EQ(ops::cast_to_string(nullptr, &tail.arena, f32(x, 4), strings), INGOT_OK);
  EXPECT_EQ(std::string(text[0].data, text[0].size), "314.15927");
  EXPECT_EQ(std::string(text[1].data, text[1].size), "-INF");
  EXPECT_EQ(std::string(text[2].data, text[2].size), "1e-07");
  EXPECT_EQ(std::string(text[3].data, text[3].size), "3");
  Floats back(4);
  EXPECT_EQ(ops::cast_from_string(nullptr, nullptr, strings, f32(back, 4)), INGOT_OK);
  EXPECT_EQ(back, x);
  text[0] = {"9007199254740993", 16};
  text[1] = {"2.9", 3};
  Ints whole(2);
  EXPECT_EQ(ops::cast_from_string(nullptr, nullptr, view<INGOT_STRING>(text, 2), i64(whole, 2)), INGOT_OK);
  EXPECT_EQ(whole, (Ints{9007199254740993, 2}));
  text[2] = {"2.9", 3};
  text[3] = {"2.90", 4};
  uint8_t equal[2];
  EXPECT_EQ(ops::equal_strings(nullptr, nullptr, view<INGOT_STRING>(text + 1, 2), view<INGOT_STRING>(text + 2, 2), view<INGOT_BOOL>(equal, 2)),
            INGOT_OK);
  EXPECT_EQ(equal[0], 1);
  EXPECT_EQ(equal[1], 0);
  ingot_error error;
  text[0] = {"Hello", 5};
  EXPECT_EQ(ops::cast_from_string(&error, nullptr, view<INGOT_STRING>(text, 1), f32(back, 1)), INGOT_BAD_INPUT_DATA);
}
