#include "ingot/arena.h"

#include <gtest/gtest.h>

TEST(Arena, AlignsAndSaturates) {
  EXPECT_EQ(ingot_align(0, 64), 0u);
  EXPECT_EQ(ingot_align(1, 64), 64u);
  EXPECT_EQ(ingot_align(64, 64), 64u);
  EXPECT_EQ(ingot_align(SIZE_MAX - 3, 64), SIZE_MAX);
  EXPECT_EQ(ingot_mul_size(SIZE_MAX / 2, 3), SIZE_MAX);
  EXPECT_EQ(ingot_add_size(SIZE_MAX, 1), SIZE_MAX);
}

TEST(Arena, BytesOfElements) {
  EXPECT_EQ(ingot_bytes(3, INGOT_F32), 12u);
  EXPECT_EQ(ingot_bytes(3, INGOT_I4), 2u);
  EXPECT_EQ(ingot_bytes(5, INGOT_U2), 2u);
  EXPECT_EQ(ingot_bytes(0, INGOT_I4), 0u);
  EXPECT_EQ(ingot_bytes(2, INGOT_STRING), 2 * sizeof(ingot_string));
  EXPECT_EQ(ingot_bytes(-1, INGOT_F32), SIZE_MAX);
  EXPECT_EQ(ingot_bytes(INT64_MAX, INGOT_F64), SIZE_MAX);
}

TEST(Arena, TakesMarksReleases) {
  alignas(64) unsigned char memory[256];
  ingot_arena arena = {memory, sizeof memory, 10, 10};
  const size_t mark = ingot_arena_mark(&arena);
  EXPECT_EQ(ingot_arena_take(&arena, 1), memory + 64);
  EXPECT_EQ(ingot_arena_take(&arena, 64), memory + 128);
  EXPECT_EQ(ingot_arena_take(&arena, 65), nullptr); // 192 + 65
  EXPECT_EQ(arena.needed, 257u);
  EXPECT_EQ(arena.used, 192u);
  ingot_arena_release(&arena, mark);
  EXPECT_EQ(ingot_arena_take(&arena, 192), memory + 64);
  EXPECT_EQ(ingot_arena_take(&arena, SIZE_MAX), nullptr);
  EXPECT_EQ(arena.needed, SIZE_MAX);
}

TEST(Arena, SequenceGrowsInTheTail) {
  alignas(64) unsigned char memory[8192];
  ingot_arena arena = {memory, sizeof memory, 0, 0};
  ingot_sequence sequence = {};
  size_t pushed = 0;
  for (;; ++pushed) {
    ingot_tensor item = {};
    item.rank = int32_t(pushed);
    if (!ingot_sequence_push(&arena, &sequence, &item))
      break;
  }
  EXPECT_GE(pushed, 32u);
  ASSERT_EQ(sequence.count, pushed);
  for (size_t i = 0; i < pushed; ++i)
    EXPECT_EQ(sequence.items[i].rank, int32_t(i));
  EXPECT_GT(arena.needed, sizeof memory);
}
