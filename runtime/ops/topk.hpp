// topk.hpp - ONNX TopK: the k largest or smallest elements along an axis, best first; of equals the first.
#ifndef INGOT_OPS_TOPK_HPP
#define INGOT_OPS_TOPK_HPP

#include "element.hpp"

namespace ingot {
namespace {
namespace ops {

// A heap of k indices, the worst at the root, is all the room that is needed: it lies in the tail.
template <class X, class V, class I>
ingot_status topk(ingot_error *error, ingot_arena *tail, int64_t axis, int64_t largest, X x, V values, I indices) {
  using E = element_of<X>;
  const axis_split s = split_at(x, axis);
  const int64_t k = x.rank ? values.dims[axis] : 1;
  if (k > s.size || k < 0)
    return fail(error, INGOT_BAD_INPUT_DATA, "K", -1, s.size, k, "TopK: K is %lld, the axis has %lld elements", (long long)k,
                (long long)s.size);
  const size_t mark = ingot_arena_mark(tail);
  int64_t *heap = static_cast<int64_t *>(ingot_arena_take(tail, ingot_mul_size(size_t(k), sizeof(int64_t))));
  if (!heap && k)
    return no_room(error, tail);
  for (int64_t o = 0; k && o < s.outer; ++o)
    for (int64_t j = 0; j < s.inner; ++j) {
      auto value = [&](int64_t i) { return E::get(x.data[(o * s.size + i) * s.inner + j]); };
      auto before = [&](int64_t a, int64_t b) { // does a come before b?
        const int c = compare(value(a), value(b));
        return c ? (c > 0) == (largest != 0) : a < b;
      };
      auto sift = [&](int64_t root) {
        const int64_t moved = heap[root];
        for (int64_t child; (child = 2 * root + 1) < k; root = child) {
          if (child + 1 < k && before(heap[child], heap[child + 1]))
            ++child;
          if (!before(moved, heap[child]))
            break;
          heap[root] = heap[child];
          heap[child] = moved;
        }
      };
      for (int64_t i = 0; i < k; ++i)
        heap[i] = i;
      for (int64_t i = k / 2; i-- > 0;)
        sift(i);
      for (int64_t i = k; i < s.size; ++i)
        if (before(i, heap[0])) {
          heap[0] = i;
          sift(0);
        }
      heap_sort(heap, k, before);
      for (int64_t i = 0; i < k; ++i) {
        const int64_t to = (o * k + i) * s.inner + j;
        values.data[to] = x.data[(o * s.size + heap[i]) * s.inner + j];
        indices.data[to] = heap[i];
      }
    }
  ingot_arena_release(tail, mark);
  return INGOT_OK;
}

} // namespace ops
} // namespace
} // namespace ingot

#endif
