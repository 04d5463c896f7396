// ops.h - what the templates of runtime/ops take. Internal linkage throughout.
//
// A template is `ingot_status ingot::ops::name(ingot_error *, ingot_arena *tail, parameters…, inputs…, outputs…)`.
// Tensors come as `view`: their element type is part of the type, so a template is compiled for the types in use only.
#ifndef INGOT_OPS_H
#define INGOT_OPS_H

#include "ingot/launch.h"

namespace ingot {
namespace {

template <ingot_dtype dtype_, class T> struct tensor_view {
  static constexpr ingot_dtype dtype = dtype_;
  T *data;                       // packed types: the bytes
  int32_t rank;
  int64_t dims[INGOT_MAX_RANK]; // -1 where the template finds the size out

  int64_t count() const {
    int64_t n = 1;
    for (int32_t i = 0; i < rank; ++i)
      n *= dims[i];
    return n;
  }
};

template <ingot_dtype dtype, class T, class... Dims> inline tensor_view<dtype, T> view(T *data, Dims... dims) {
  static_assert(sizeof...(Dims) <= INGOT_MAX_RANK, "too many dimensions");
  return {data, int32_t(sizeof...(Dims)), {int64_t(dims)...}};
}

// A parameter that is a list of numbers.
template <class T, int n> struct fixed_list {
  T items[n ? n : 1];
  static constexpr int count = n;
};
inline fixed_list<int64_t, 0> list() { return {{0}}; }
template <class... Rest> inline fixed_list<int64_t, 1 + sizeof...(Rest)> list(int64_t first, Rest... rest) {
  return {{first, int64_t(rest)...}};
}
template <class... Rest> inline fixed_list<float, 1 + sizeof...(Rest)> list(float first, Rest... rest) {
  return {{first, float(rest)...}};
}

} // namespace
} // namespace ingot

#endif
