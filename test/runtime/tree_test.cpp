// Trees: rows walk from the roots to leaves.
#include "ops/tree_ensemble.hpp"

#include <cmath>
#include <gtest/gtest.h>
#include <vector>

using namespace ingot;
using Ints = std::vector<int64_t>;
using Floats = std::vector<float>;

namespace {
struct Trees : testing::Test {
  alignas(64) unsigned char memory[4096];
  ingot_arena tail = {memory, sizeof memory, 0, 0};
  ingot_error error = {};
  // Two trees of one node each: x[0] <= 1 ? leaf 0 : leaf 1, and x[0] in {3, 5} ? leaf 2 : leaf 3.
  Ints nodes = {0, 0, 1, 1, 1, 1, 0, 2, 1, 3, 1, 0}, targets = {0, 0, 0, 1}, roots = {0, 1};
  std::vector<uint8_t> modes = {ops::TREE_LEQ, ops::TREE_MEMBER};
  Floats splits = {1, 0}, members = {3, 5, NAN}, weights = {10, 20, 40, 80};

  ingot_status run(int64_t aggregate, Floats x, Floats &y) {
    y.assign(2 * x.size(), -1);
    return ops::tree_ensemble(&error, &tail, aggregate, view<INGOT_F32>(x.data(), x.size(), 1), view<INGOT_I64>(nodes.data(), 12),
                              view<INGOT_U8>(modes.data(), 2), view<INGOT_F32>(splits.data(), 2), view<INGOT_F32>(members.data(), 3),
                              view<INGOT_I64>(targets.data(), 4), view<INGOT_F32>(weights.data(), 4), view<INGOT_I64>(roots.data(), 2),
                              view<INGOT_F32>(y.data(), x.size(), 2));
  }
};
} // namespace

TEST_F(Trees, Aggregates) {
  Floats y;
  EXPECT_EQ(run(ops::TREE_SUM, {1, 3, 4, NAN}, y), INGOT_OK);
  EXPECT_EQ(y, (Floats{10, 80, 60, 0, 20, 80, 10, 80})); // a missing value is true for the first node only
  EXPECT_EQ(run(ops::TREE_AVERAGE, {3}, y), INGOT_OK);
  EXPECT_EQ(y, (Floats{30, 0}));
  EXPECT_EQ(run(ops::TREE_MIN, {3}, y), INGOT_OK);
  EXPECT_EQ(y, (Floats{20, 0}));
  EXPECT_EQ(run(ops::TREE_MAX, {3}, y), INGOT_OK);
  EXPECT_EQ(y, (Floats{40, 0}));
  EXPECT_EQ(tail.used, 0u);
}

TEST_F(Trees, WalkNotForEver) {
  Floats y;
  nodes[1] = 0, nodes[2] = 0; // the first node leads to itself
  EXPECT_EQ(run(ops::TREE_SUM, {1}, y), INGOT_BAD_INPUT_DATA);
  nodes = {7, 0, 1, 1, 1, 0, 0, 2, 1, 3, 1, 0}; // no such feature
  EXPECT_EQ(run(ops::TREE_SUM, {1}, y), INGOT_BAD_INPUT_DATA);
}
