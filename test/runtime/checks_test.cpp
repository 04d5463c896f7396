#include "ingot/checks.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

using ingot::ceildiv, ingot::checked, ingot::floordiv, ingot::max, ingot::min, ingot::mod;

TEST(Checked, SaturatesInsteadOfOverflowing) {
  EXPECT_EQ((checked(3) * 4 + 5 - 2).value, 15);
  EXPECT_FALSE((checked(INT64_MAX / 2) * 3).valid());
  EXPECT_FALSE((checked(INT64_MAX - 1) + 1).valid());
  EXPECT_FALSE((checked(1) - 2).valid());
  EXPECT_FALSE(checked(-1).valid());
  EXPECT_EQ((checked(INT64_MAX) * 0).value, 0);
  EXPECT_FALSE((checked(int64_t(1) << 62) * (int64_t(1) << 2) + 1).valid()); // wraps to 1 in plain arithmetic
}

TEST(Checked, Functions) {
  EXPECT_EQ(ceildiv(7, 2).value, 4);
  EXPECT_EQ(floordiv(7, 2).value, 3);
  EXPECT_EQ(mod(7, 4).value, 3);
  EXPECT_EQ(floordiv(7, 0).value, 0); // as in kernels
  EXPECT_EQ(ingot::align(65).value, 128);
  EXPECT_FALSE(ingot::align(INT64_MAX - 1).valid());
  EXPECT_EQ(min(2, 3).value, 2);
  EXPECT_EQ(max(2, 3).value, 3);
}

TEST(Checks, CountSaysWhereTheExpectedNumberComesFrom) {
  ingot_error error = {};
  float data[4];
  EXPECT_EQ(ingot::check_count(&error, "x", data, 4, 4, "n = %lld", 4ll), INGOT_OK);
  EXPECT_EQ(ingot::check_count(&error, "attention_mask", data, 40, 39, "batch*(length+seq) = %lld*(%lld+%lld)", 1ll, 32ll,
                               7ll),
            INGOT_SHAPE_MISMATCH);
  EXPECT_STREQ(error.text, "attention_mask: 40 elements, expected batch*(length+seq) = 1*(32+7) = 39");
  EXPECT_EQ(error.expected, 39);
  EXPECT_EQ(error.actual, 40);
  EXPECT_EQ(error.axis, -1);
  EXPECT_STREQ(error.name, "attention_mask");
  EXPECT_EQ(ingot::check_count(&error, "x", nullptr, 4, 4), INGOT_INVALID_ARGUMENT);
  EXPECT_EQ(ingot::check_count(&error, "x", nullptr, 0, 0), INGOT_OK);
  EXPECT_EQ(ingot::check_count(&error, "x", data, 3, 4), INGOT_SHAPE_MISMATCH);
  EXPECT_STREQ(error.text, "x: 3 elements, expected 4");
  EXPECT_EQ(ingot::check_count(&error, "x", data, SIZE_MAX, checked(INT64_MAX)), INGOT_LIMIT_EXCEEDED);
  EXPECT_EQ(ingot::check_count(nullptr, "x", data, 3, 4), INGOT_SHAPE_MISMATCH);
}

TEST(Checks, Room) {
  ingot_error error = {};
  EXPECT_EQ(ingot::check_room(&error, "state", 64, 64), INGOT_OK);
  EXPECT_EQ(ingot::check_room(&error, "state", 65, 64), INGOT_NEED_WORKSPACE);
  EXPECT_STREQ(error.text, "state: 64 bytes, this run needs 65: init it for larger sizes");
  EXPECT_EQ(error.expected, 65);
  EXPECT_EQ(error.actual, 64);
  // No memory can be that large: nothing that the caller provides would help.
  EXPECT_EQ(ingot::check_room(&error, "workspace", checked(INT64_MAX / 2) * 4, SIZE_MAX), INGOT_LIMIT_EXCEEDED);
  EXPECT_STREQ(error.text, "workspace: its size overflows");
}

TEST(Checks, LongTextIsCut) {
  ingot_error error = {};
  const std::string name(1000, 'n');
  EXPECT_EQ(ingot::check_count(&error, name.c_str(), nullptr, 1, 2, "%s", name.c_str()), INGOT_SHAPE_MISMATCH);
  EXPECT_EQ(strnlen(error.text, sizeof error.text), sizeof error.text - 1);
}

TEST(Checks, Bounds) {
  ingot_error error = {};
  EXPECT_EQ(ingot::check_bounds(&error, "batch", 4, 1, 8), INGOT_OK);
  EXPECT_EQ(ingot::check_bounds(&error, "batch", 9, 1, 8), INGOT_LIMIT_EXCEEDED);
  EXPECT_STREQ(error.text, "batch: 9, expected 1..8");
  EXPECT_EQ(error.expected, 8);
  EXPECT_EQ(ingot::check_bounds(&error, "batch", 0, 1, checked::overflow), INGOT_LIMIT_EXCEEDED);
  EXPECT_STREQ(error.text, "batch: 0, expected at least 1");
  EXPECT_EQ(ingot::check_limit(&error, "batch", 9, 1), INGOT_OK);
  EXPECT_EQ(ingot::check_limit(&error, "batch", -1, 1), INGOT_LIMIT_EXCEEDED);
  EXPECT_STREQ(error.text, "batch: -1, expected at least 1");
  EXPECT_EQ(ingot::check_limit(&error, "batch", 0, 1), INGOT_LIMIT_EXCEEDED);
  EXPECT_STREQ(error.text, "batch: no limit is given; pass limits to query or init, limits.batch as the largest that will run, or compile with --dim");
  EXPECT_STREQ(error.name, "batch");
  EXPECT_EQ(error.expected, 1);
}

TEST(Launch, GrainKeepsRangesLargeAndCovers) {
  struct Seen {
    int64_t ranges = 0;
  } seen;
  ingot_executor executor = {4, &seen, [](void *user, int64_t count, ingot_task task, void *arg) {
                               static_cast<Seen *>(user)->ranges = count;
                               for (int64_t i = 0; i < count; ++i)
                                 task(arg, i, i + 1);
                             }};
  int64_t covered = 0;
  ingot::launch(&executor, 10, 4, [&](int64_t begin, int64_t end) { covered += end - begin; });
  EXPECT_EQ(seen.ranges, 3);
  EXPECT_EQ(covered, 10);
  covered = 0;
  ingot::launch(nullptr, 10, 1, [&](int64_t begin, int64_t end) { covered += end - begin; });
  EXPECT_EQ(covered, 10);
  ingot::launch(&executor, 0, 1, [&](int64_t, int64_t) { FAIL(); });
}
