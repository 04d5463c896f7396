// arena.h - the tail of a workspace: storage whose size is known only while run() proceeds.
//
// Used inside generated libraries only. Everything here has internal linkage, so that two libraries, or two
// instruction sets in one library, never share a compiled copy.
#ifndef INGOT_ARENA_H
#define INGOT_ARENA_H

#include "ingot/ingot.h"

// Alignment of workspace and state blocks and of every buffer inside them.
#define INGOT_ALIGN 64

// Rounds up to a multiple of `align`, a power of two; SIZE_MAX when that overflows.
static inline size_t ingot_align(size_t bytes, size_t align) {
  return bytes > SIZE_MAX - (align - 1) ? SIZE_MAX : (bytes + align - 1) & ~(align - 1);
}

static inline size_t ingot_add_size(size_t a, size_t b) { return a > SIZE_MAX - b ? SIZE_MAX : a + b; }
static inline size_t ingot_mul_size(size_t a, size_t b) { return b && a > SIZE_MAX / b ? SIZE_MAX : a * b; }

// Bytes of `count` elements, rounded up to whole bytes; SIZE_MAX when that overflows or count is negative.
static inline size_t ingot_bytes(int64_t count, ingot_dtype type) {
  const size_t bits = ingot_dtype_bits(type);
  if (count < 0 || (uint64_t)count > SIZE_MAX)
    return SIZE_MAX;
  if (bits >= 8)
    return ingot_mul_size((size_t)count, bits / 8);
  return (size_t)count / (8 / (bits ? bits : 8)) + ((size_t)count % (8 / (bits ? bits : 8)) ? 1 : 0);
}

// A bump allocator. `used` and `needed` count from the start of the block given to N_context_init, so that
// `needed` is directly what NEED_WORKSPACE reports.
typedef struct ingot_arena {
  unsigned char *base; // aligned to INGOT_ALIGN
  size_t size;
  size_t used;
  size_t needed; // the largest `used` that was asked for, whether or not it fitted
} ingot_arena;

// `bytes` aligned to INGOT_ALIGN, or 0 when the block is too small.
static inline void *ingot_arena_take(ingot_arena *arena, size_t bytes) {
  const size_t begin = ingot_align(arena->used, INGOT_ALIGN);
  const size_t end = ingot_add_size(begin, bytes);
  if (end > arena->needed)
    arena->needed = end;
  if (end > arena->size)
    return NULL;
  arena->used = end;
  return arena->base + begin;
}

// Everything taken after a mark goes back at once.
static inline size_t ingot_arena_mark(const ingot_arena *arena) { return arena->used; }
static inline void ingot_arena_release(ingot_arena *arena, size_t mark) { arena->used = mark; }

// Appends to a sequence, doubling its room in the tail; 0 when the tail is full. Sequences are values: one that was copied
// before keeps its items. Two copies may share room, so only the first to append takes the item behind the last, which is
// then no longer INGOT_UNDEFINED; memory that is not the arena's own (a caller's sequence) is never written.
static inline int ingot_sequence_push(ingot_arena *arena, ingot_sequence *sequence, const ingot_tensor *item) {
  const unsigned char *block = (const unsigned char *)sequence->items;
  const int own = block >= arena->base && block < arena->base + arena->size;
  if (!own || sequence->count == sequence->capacity || sequence->items[sequence->count].dtype != INGOT_UNDEFINED) {
    const size_t capacity = sequence->count < 4 ? 8 : ingot_mul_size(sequence->count, 2);
    ingot_tensor *items = (ingot_tensor *)ingot_arena_take(arena, ingot_mul_size(capacity, sizeof *items));
    if (!items)
      return 0;
    for (size_t i = 0; i < sequence->count; ++i)
      items[i] = sequence->items[i];
    for (size_t i = sequence->count; i < capacity; ++i)
      items[i].dtype = INGOT_UNDEFINED;
    sequence->items = items;
    sequence->capacity = capacity;
  }
  sequence->items[sequence->count++] = *item;
  return 1;
}

#endif
