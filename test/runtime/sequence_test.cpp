// Templates on sequences and optionals.
#include "ops/assign.hpp"
#include "ops/concat_from_sequence.hpp"
#include "ops/concat_shape.hpp"
#include "ops/optional_empty.hpp"
#include "ops/optional_has.hpp"
#include "ops/optional_of.hpp"
#include "ops/optional_value.hpp"
#include "ops/sequence_append.hpp"
#include "ops/sequence_at.hpp"
#include "ops/sequence_construct.hpp"
#include "ops/sequence_erase.hpp"
#include "ops/sequence_insert.hpp"
#include "ops/sequence_length.hpp"
#include "ops/sequence_shape.hpp"
#include "ops/split_to_sequence.hpp"

#include <gtest/gtest.h>
#include <vector>

using namespace ingot;
using Ints = std::vector<int64_t>;
using Floats = std::vector<float>;

namespace {
struct Sequences : testing::Test {
  alignas(64) unsigned char memory[65536];
  ingot_arena tail = {memory, sizeof memory, 0, 0};
  ingot_error error = {};

  template <class... Dims> auto f32(Floats &v, Dims... d) { return view<INGOT_F32>(v.data(), d...); }
  auto at(int64_t &position) { return view<INGOT_I64>(&position); }
  static Floats values(const ingot_tensor &t) {
    int64_t n = 1;
    for (int i = 0; i < t.rank; ++i)
      n *= t.dims[i];
    const float *p = static_cast<const float *>(t.data);
    return Floats(p, p + n);
  }
  static std::vector<Floats> values(const ingot_sequence &s) {
    std::vector<Floats> all;
    for (size_t i = 0; i < s.count; ++i)
      all.push_back(values(s.items[i]));
    return all;
  }
  Floats a = {1}, b = {2, 3}, c = {4, 5, 6};
  ingot_sequence make() {
    ingot_sequence s;
    EXPECT_EQ(ops::sequence_construct(&error, &tail, f32(a, 1), f32(b, 2), s), INGOT_OK);
    return s;
  }
};
} // namespace

TEST_F(Sequences, AreValues) {
  const ingot_sequence two = make();
  a[0] = 9; // items are copies
  EXPECT_EQ(values(two), (std::vector<Floats>{{1}, {2, 3}}));
  ingot_sequence x, y;
  EXPECT_EQ(ops::sequence_append(&error, &tail, two, f32(c, 3), x), INGOT_OK);
  EXPECT_EQ(x.items, two.items); // in the room behind
  EXPECT_EQ(ops::sequence_append(&error, &tail, two, f32(b, 2), y), INGOT_OK);
  EXPECT_EQ(values(x), (std::vector<Floats>{{1}, {2, 3}, {4, 5, 6}}));
  EXPECT_EQ(values(y), (std::vector<Floats>{{1}, {2, 3}, {2, 3}}));
  EXPECT_EQ(two.count, 2u);
}

TEST_F(Sequences, NeverWriteTheCallersMemory) {
  ingot_tensor items[4] = {};
  const ingot_sequence given = {items, 0, 4};
  ingot_sequence x;
  EXPECT_EQ(ops::sequence_append(&error, &tail, given, f32(c, 3), x), INGOT_OK);
  EXPECT_EQ(x.count, 1u);
  EXPECT_EQ(items[0].rank, 0);
}

TEST_F(Sequences, InsertAndErase) {
  const ingot_sequence two = make();
  ingot_sequence x;
  for (int64_t p : {0, -2}) {
    EXPECT_EQ(ops::sequence_insert(&error, &tail, two, f32(c, 3), at(p), x), INGOT_OK);
    EXPECT_EQ(values(x), (std::vector<Floats>{{4, 5, 6}, {1}, {2, 3}}));
  }
  int64_t end = 2, outside = 3, last = -1, none = 2;
  EXPECT_EQ(ops::sequence_insert(&error, &tail, two, f32(c, 3), at(end), x), INGOT_OK);
  EXPECT_EQ(values(x).back(), c);
  EXPECT_EQ(ops::sequence_insert(&error, &tail, two, f32(c, 3), at(outside), x), INGOT_BAD_INPUT_DATA);
  EXPECT_EQ(ops::sequence_erase(&error, &tail, two, at(last), x), INGOT_OK);
  EXPECT_EQ(values(x), (std::vector<Floats>{{1}}));
  EXPECT_EQ(ops::sequence_erase(&error, &tail, two, at(none), x), INGOT_BAD_INPUT_DATA);
  int64_t length = 0;
  EXPECT_EQ(ops::sequence_length(&error, &tail, two, at(length)), INGOT_OK);
  EXPECT_EQ(length, 2);
}

TEST_F(Sequences, GiveTheirItems) {
  const ingot_sequence two = make();
  int64_t p = -1, size = 0;
  EXPECT_EQ(ops::sequence_shape(&error, &tail, two, at(p), view<INGOT_I64>(&size, 1)), INGOT_OK);
  EXPECT_EQ(size, 2);
  Floats y(2);
  EXPECT_EQ(ops::sequence_at(&error, &tail, two, at(p), f32(y, 2)), INGOT_OK);
  EXPECT_EQ(y, b);
  EXPECT_EQ(ops::sequence_at(&error, &tail, two, at(p), f32(y, 1)), INGOT_BAD_INPUT_DATA); // another size
  EXPECT_EQ(ops::sequence_at(&error, &tail, two, at(p), f32(y, 1, 2)), INGOT_BAD_INPUT_DATA); // another rank
  p = 2;
  EXPECT_EQ(ops::sequence_at(&error, &tail, two, at(p), f32(y, 2)), INGOT_BAD_INPUT_DATA);
}

TEST_F(Sequences, SplitAndConcatenate) {
  Floats x = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  int64_t two = 2;
  ingot_sequence s;
  EXPECT_EQ(ops::split_to_sequence(&error, &tail, 1, 1, f32(x, 2, 5), at(two), s), INGOT_OK);
  EXPECT_EQ(values(s), (std::vector<Floats>{{1, 2, 6, 7}, {3, 4, 8, 9}, {5, 10}}));
  int64_t dims[2];
  EXPECT_EQ(ops::concat_shape(&error, &tail, 1, 0, s, view<INGOT_I64>(dims, 2)), INGOT_OK);
  EXPECT_EQ(dims[1], 5);
  Floats y(10);
  EXPECT_EQ(ops::concat_from_sequence(&error, &tail, 1, 0, s, f32(y, 2, 5)), INGOT_OK);
  EXPECT_EQ(y, x);
  EXPECT_EQ(ops::concat_shape(&error, &tail, 0, 0, s, view<INGOT_I64>(dims, 2)), INGOT_BAD_INPUT_DATA);

  int64_t one = 1, each[2] = {4, 2};
  EXPECT_EQ(ops::split_to_sequence(&error, &tail, 0, 0, f32(x, 2, 5), at(one), s), INGOT_OK);
  EXPECT_EQ(s.items[1].rank, 1);
  int64_t stacked[2];
  EXPECT_EQ(ops::concat_shape(&error, &tail, 1, 1, s, view<INGOT_I64>(stacked, 2)), INGOT_OK);
  EXPECT_EQ(stacked[0], 5);
  EXPECT_EQ(stacked[1], 2);
  EXPECT_EQ(ops::concat_from_sequence(&error, &tail, 1, 1, s, f32(y, 5, 2)), INGOT_OK);
  EXPECT_EQ(y, (Floats{1, 6, 2, 7, 3, 8, 4, 9, 5, 10}));
  EXPECT_EQ(ops::split_to_sequence(&error, &tail, 1, 1, f32(x, 2, 5), view<INGOT_I64>(each, 2), s), INGOT_BAD_INPUT_DATA);
}

TEST_F(Sequences, TooLittleRoomIsReported) {
  tail.size = 512;
  ingot_sequence s;
  EXPECT_EQ(ops::sequence_construct(&error, &tail, f32(a, 1), s), INGOT_NEED_WORKSPACE);
  EXPECT_GT(error.expected, 512);
}

TEST_F(Sequences, Optionals) {
  ingot_optional x, y;
  ingot_sequence s;
  uint8_t has = 2;
  EXPECT_EQ(ops::optional_empty(&error, &tail, x), INGOT_OK);
  EXPECT_EQ(ops::optional_has(&error, &tail, x, view<INGOT_BOOL>(&has)), INGOT_OK);
  EXPECT_EQ(has, 0);
  EXPECT_EQ(ops::optional_value(&error, &tail, x, s), INGOT_BAD_INPUT_DATA);
  EXPECT_EQ(ops::optional_of(&error, &tail, f32(b, 2), x), INGOT_OK);
  EXPECT_EQ(ops::assign(&error, &tail, x, y), INGOT_OK);
  EXPECT_EQ(ops::optional_has(&error, &tail, y, view<INGOT_BOOL>(&has)), INGOT_OK);
  EXPECT_EQ(has, 1);
  EXPECT_EQ(ops::optional_value(&error, &tail, y, s), INGOT_OK);
  EXPECT_EQ(values(s), (std::vector<Floats>{b}));
  const ingot_sequence two = make();
  EXPECT_EQ(ops::optional_of(&error, &tail, two, x), INGOT_OK);
  EXPECT_EQ(x.value.count, 2u);
}
