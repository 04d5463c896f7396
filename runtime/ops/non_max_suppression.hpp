// non_max_suppression.hpp - ONNX NonMaxSuppression: of boxes that overlap too much only the best is kept.
#ifndef INGOT_OPS_NON_MAX_SUPPRESSION_HPP
#define INGOT_OPS_NON_MAX_SUPPRESSION_HPP

#include "element.hpp"

namespace ingot {
namespace {
namespace ops {

// Corners of a box: (y1, x1, y2, x2) in any order, or (x, y, width, height) around a centre.
struct nms_box {
  float top, left, bottom, right;
};
inline nms_box nms_corners(const float *p, bool center) {
  if (center)
    return {p[1] - p[3] / 2, p[0] - p[2] / 2, p[1] + p[3] / 2, p[0] + p[2] / 2};
  return {p[0] < p[2] ? p[0] : p[2], p[1] < p[3] ? p[1] : p[3], p[0] < p[2] ? p[2] : p[0], p[1] < p[3] ? p[3] : p[1]};
}
inline float nms_overlap(const nms_box &a, const nms_box &b) {
  const float top = a.top > b.top ? a.top : b.top, bottom = a.bottom < b.bottom ? a.bottom : b.bottom;
  const float left = a.left > b.left ? a.left : b.left, right = a.right < b.right ? a.right : b.right;
  if (bottom <= top || right <= left)
    return 0;
  const float both = (bottom - top) * (right - left);
  const float areas = (a.bottom - a.top) * (a.right - a.left) + (b.bottom - b.top) * (b.right - b.left) - both;
  return areas > 0 ? both / areas : 0;
}

// boxes [batch, n, 4], scores [batch, classes, n]; a row of `selected` is (batch, class, box), best score first.
template <class B, class P, class M, class T, class L, class R, class S>
ingot_status non_max_suppression(ingot_error *error, ingot_arena *tail, int64_t center_point_box, B boxes, P scores, M most,
                                 T overlap, L least, R selected, S size) {
  const int64_t batches = scores.dims[0], classes = scores.dims[1], n = scores.dims[2];
  const size_t mark = ingot_arena_mark(tail);
  int64_t *order = static_cast<int64_t *>(ingot_arena_take(tail, ingot_mul_size(size_t(n), sizeof(int64_t))));
  if (!order && n)
    return no_room(error, tail);
  int64_t rows = 0;
  for (int64_t b = 0; b < batches; ++b)
    for (int64_t c = 0; c < classes; ++c) {
      const float *score = scores.data + (b * classes + c) * n;
      int64_t candidates = 0;
      for (int64_t i = 0; i < n; ++i)
        if (score[i] > least.data[0])
          order[candidates++] = i;
      heap_sort(order, candidates, [&](int64_t i, int64_t j) { return score[i] != score[j] ? score[i] > score[j] : i < j; });
      int64_t kept = 0; // order[0 … kept) are selected
      for (int64_t k = 0; k < candidates && kept < most.data[0]; ++k) {
        const nms_box box = nms_corners(boxes.data + (b * n + order[k]) * 4, center_point_box != 0);
        bool free = true;
        for (int64_t j = 0; j < kept && free; ++j)
          free = nms_overlap(box, nms_corners(boxes.data + (b * n + order[j]) * 4, center_point_box != 0)) <= overlap.data[0];
        if (!free)
          continue;
        order[kept++] = order[k];
        int64_t *row = selected.data + 3 * rows++;
        row[0] = b;
        row[1] = c;
        row[2] = order[kept - 1];
      }
    }
  size.data[0] = rows;
  ingot_arena_release(tail, mark);
  return INGOT_OK;
}

} // namespace ops
} // namespace
} // namespace ingot

#endif
