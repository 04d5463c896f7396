// count_ngrams.hpp - ONNX TfIdfVectorizer: how often the n-grams of a pool occur in each row.
#ifndef INGOT_OPS_COUNT_NGRAMS_HPP
#define INGOT_OPS_COUNT_NGRAMS_HPP

#include "element.hpp"

namespace ingot {
namespace {
namespace ops {

// The pool has `lengths[k]` n-grams of k + 1 items each, those of one length in ascending order; column[g] is the output of n-gram g.
// The items of an n-gram may lie up to max_skip + 1 apart in the row, all equally far.
template <class X, class P, class L, class C, class Y>
ingot_status count_ngrams(ingot_error *, ingot_arena *, int64_t max_length, int64_t max_skip, int64_t min_length, X x, P pool, L lengths,
                          C column, Y y) {
  const int64_t items = x.dims[x.rank - 1], rows = x.rank > 1 ? x.dims[0] : 1, columns = y.dims[y.rank - 1];
  for (int64_t i = 0, n = y.count(); i < n; ++i)
    y.data[i] = 0;
  int64_t item = 0, gram = 0; // where those of a length begin
  for (int64_t length = 1; length <= lengths.count(); ++length) {
    const int64_t grams = lengths.data[length - 1], distances = length == 1 ? 1 : max_skip + 1;
    for (int64_t row = 0; length >= min_length && length <= max_length && row < rows; ++row)
      for (int64_t distance = 1; distance <= distances; ++distance)
        for (int64_t begin = 0; begin + (length - 1) * distance < items; ++begin) {
          int64_t low = 0, high = grams, found = -1;
          while (low < high && found < 0) {
            const int64_t middle = low + (high - low) / 2;
            int c = 0;
            for (int64_t j = 0; j < length && !c; ++j)
              c = compare(pool.data[item + middle * length + j], x.data[row * items + begin + j * distance]);
            if (c < 0)
              low = middle + 1;
            else if (c > 0)
              high = middle;
            else
              found = middle;
          }
          if (found >= 0)
            y.data[row * columns + column.data[gram + found]] += 1;
        }
    item += grams * length;
    gram += grams;
  }
  return INGOT_OK;
}

} // namespace ops
} // namespace
} // namespace ingot

#endif
