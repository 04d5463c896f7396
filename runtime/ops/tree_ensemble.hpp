// tree_ensemble.hpp - ONNX TreeEnsemble: rows walk from the roots of trees to leaves, whose weights are aggregated.
#ifndef INGOT_OPS_TREE_ENSEMBLE_HPP
#define INGOT_OPS_TREE_ENSEMBLE_HPP

#include "element.hpp"

namespace ingot {
namespace {
namespace ops {

enum tree_mode : uint8_t { TREE_LEQ = 0, TREE_LT = 1, TREE_GTE = 2, TREE_GT = 3, TREE_EQ = 4, TREE_NEQ = 5, TREE_MEMBER = 6 };
enum tree_aggregate : int64_t { TREE_AVERAGE = 0, TREE_SUM = 1, TREE_MIN = 2, TREE_MAX = 3 };

template <class T> inline bool tree_test(uint8_t mode, T x, T split) {
  switch (mode) {
  case TREE_LEQ: return x <= split;
  case TREE_LT: return x < split;
  case TREE_GTE: return x >= split;
  case TREE_GT: return x > split;
  case TREE_EQ: return x == split;
  }
  return x != split;
}

// Node k is nodes[6k…]: feature, successor if true and whether it is a leaf, the same if false, whether a missing value is true.
// `members` has the sets of the nodes of mode TREE_MEMBER in their order, each closed by a NaN.
template <class X, class N, class M, class S, class B, class L, class W, class R, class Y>
ingot_status tree_ensemble(ingot_error *error, ingot_arena *tail, int64_t aggregate, X x, N nodes, M modes, S splits, B members, L targets,
                           W weights, R roots, Y y) {
  using E = element_of<X>;
  using T = typename E::number;
  const int64_t count = nodes.count() / 6, columns = x.dims[1], outputs = y.dims[1], trees = roots.count();
  const size_t mark = ingot_arena_mark(tail);
  int64_t *set = static_cast<int64_t *>(ingot_arena_take(tail, ingot_mul_size(size_t(count), sizeof(int64_t))));
  uint8_t *seen = static_cast<uint8_t *>(ingot_arena_take(tail, size_t(outputs)));
  if (!set || !seen)
    return no_room(error, tail);
  for (int64_t k = 0, at = 0; k < count; ++k) {
    set[k] = at;
    if (modes.data[k] == TREE_MEMBER) {
      while (at < members.count() && E::get(members.data[at]) == E::get(members.data[at]))
        ++at;
      ++at;
    }
  }
  for (int64_t row = 0; row < x.dims[0]; ++row) {
    auto *scores = y.data + row * outputs;
    for (int64_t j = 0; j < outputs; ++j) {
      scores[j] = E::set(T(0));
      seen[j] = 0;
    }
    for (int64_t tree = 0; tree < trees; ++tree) {
      int64_t k = roots.data[tree];
      for (int64_t steps = 0;; ++steps) {
        const int64_t *node = nodes.data + 6 * k;
        if (steps > count || node[0] >= columns)
          return fail(error, INGOT_BAD_INPUT_DATA, "TreeEnsemble", 1, node[0] + 1, columns, "TreeEnsemble: node %lld cannot be evaluated",
                      (long long)k);
        const T v = E::get(x.data[row * columns + node[0]]);
        bool truth = v != v && node[5];
        if (modes.data[k] == TREE_MEMBER)
          for (int64_t i = set[k]; i < members.count() && E::get(members.data[i]) == E::get(members.data[i]); ++i)
            truth |= v == E::get(members.data[i]);
        else
          truth |= tree_test(modes.data[k], v, E::get(splits.data[k]));
        const bool leaf = node[truth ? 2 : 4] != 0;
        k = node[truth ? 1 : 3];
        if (leaf)
          break;
      }
      const int64_t j = targets.data[k];
      const T weight = E::get(weights.data[k]), old = E::get(scores[j]);
      const bool first = !seen[j];
      seen[j] = 1;
      T next = old + weight;
      if (aggregate == TREE_MIN)
        next = first || weight < old ? weight : old;
      else if (aggregate == TREE_MAX)
        next = first || weight > old ? weight : old;
      scores[j] = E::set(next);
    }
    for (int64_t j = 0; j < outputs && aggregate == TREE_AVERAGE; ++j)
      scores[j] = E::set(E::get(scores[j]) / T(trees));
  }
  ingot_arena_release(tail, mark);
  return INGOT_OK;
}

} // namespace ops
} // namespace
} // namespace ingot

#endif
