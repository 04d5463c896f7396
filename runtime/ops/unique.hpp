// unique.hpp - ONNX Unique: the different slices along an axis, sorted or in the order of their first occurrence.
#ifndef INGOT_OPS_UNIQUE_HPP
#define INGOT_OPS_UNIQUE_HPP

#include "element.hpp"

namespace ingot {
namespace {
namespace ops {

template <class X, class Y, class I, class V, class C, class S>
ingot_status unique(ingot_error *error, ingot_arena *tail, int64_t axis, int64_t sorted, X x, Y y, I first, V inverse, C counts,
                    S size) {
  using E = element_of<X>;
  const axis_split s = split_at(x, axis);
  auto order_of = [&](int64_t a, int64_t b) { // slices, element by element
    for (int64_t o = 0; o < s.outer; ++o)
      for (int64_t j = 0; j < s.inner; ++j)
        if (int c = compare(E::get(x.data[(o * s.size + a) * s.inner + j]), E::get(x.data[(o * s.size + b) * s.inner + j])))
          return c;
    return 0;
  };
  const size_t mark = ingot_arena_mark(tail), bytes = ingot_mul_size(size_t(s.size), sizeof(int64_t));
  int64_t *order = static_cast<int64_t *>(ingot_arena_take(tail, bytes));
  int64_t *number = static_cast<int64_t *>(ingot_arena_take(tail, bytes)); // of the group in the output
  if (!order || !number)
    return no_room(error, tail);
  for (int64_t i = 0; i < s.size; ++i)
    order[i] = i;
  heap_sort(order, s.size, [&](int64_t a, int64_t b) {
    const int c = order_of(a, b);
    return c ? c < 0 : a < b;
  });
  // Equal slices lie together now, the first occurrence in front: it stands for its group.
  int64_t groups = 0;
  for (int64_t i = 0; i < s.size; ++i) {
    if (i == 0 || order_of(order[i - 1], order[i]) != 0)
      first.data[groups++] = order[i];
    inverse.data[order[i]] = groups - 1;
  }
  size.data[0] = groups;
  if (sorted) {
    for (int64_t g = 0; g < groups; ++g)
      number[g] = g;
  } else { // renumber by first occurrence; `first` becomes ascending
    for (int64_t g = 0; g < groups; ++g)
      order[g] = g;
    heap_sort(order, groups, [&](int64_t a, int64_t b) { return first.data[a] < first.data[b]; });
    for (int64_t g = 0; g < groups; ++g)
      number[order[g]] = g;
    heap_sort(first.data, groups, [](int64_t a, int64_t b) { return a < b; });
  }
  for (int64_t g = 0; g < groups; ++g)
    counts.data[g] = 0;
  for (int64_t i = 0; i < s.size; ++i) {
    inverse.data[i] = number[inverse.data[i]];
    ++counts.data[inverse.data[i]];
  }
  for (int64_t o = 0; o < s.outer; ++o)
    for (int64_t g = 0; g < groups; ++g)
      for (int64_t j = 0; j < s.inner; ++j)
        y.data[(o * groups + g) * s.inner + j] = x.data[(o * s.size + first.data[g]) * s.inner + j];
  ingot_arena_release(tail, mark);
  return INGOT_OK;
}

} // namespace ops
} // namespace
} // namespace ingot

#endif
