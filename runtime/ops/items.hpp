// items.hpp - items of sequences and optionals. They and their elements are copied into the tail and stay there until the
// next run, so that sequences may share them.
#ifndef INGOT_OPS_ITEMS_HPP
#define INGOT_OPS_ITEMS_HPP

#include "element.hpp"
#include <string.h>

namespace ingot {
namespace {
namespace ops {

inline bool seq_keep(ingot_arena *tail, const void *data, ingot_tensor *item) {
  int64_t count = 1;
  for (int32_t i = 0; i < item->rank; ++i)
    count *= item->dims[i];
  const size_t bytes = ingot_bytes(count, item->dtype);
  item->data = ingot_arena_take(tail, bytes);
  if (item->data && bytes)
    memcpy(item->data, data, bytes);
  return item->data;
}
template <class View> inline ingot_tensor seq_describe(const View &x) {
  ingot_tensor item = {};
  item.dtype = View::dtype;
  item.rank = x.rank;
  for (int32_t i = 0; i < x.rank; ++i)
    item.dims[i] = x.dims[i];
  return item;
}
template <class View> inline ingot_status seq_append(ingot_error *error, ingot_arena *tail, const View &x, ingot_sequence *out) {
  ingot_tensor item = seq_describe(x);
  return seq_keep(tail, x.data, &item) && ingot_sequence_push(tail, out, &item) ? INGOT_OK : no_room(error, tail);
}

// The place that `position` names among `count`, counted from the back where it is negative; -1 if there is none.
inline int64_t seq_place(int64_t position, int64_t count) {
  const int64_t at = position < 0 ? position + count : position;
  return at >= 0 && at < count ? at : -1;
}
inline ingot_status seq_no_place(ingot_error *error, const char *name, int64_t position, size_t count) {
  return fail(error, INGOT_BAD_INPUT_DATA, name, -1, int64_t(count), position, "%s: position %lld in a sequence of %lld", name,
              (long long)position, (long long)count);
}

// The item at `position`, whose rank must be what the model states.
inline ingot_status seq_item(ingot_error *error, const ingot_sequence &sequence, int64_t position, int64_t rank, const ingot_tensor **item) {
  const int64_t at = seq_place(position, int64_t(sequence.count));
  if (at < 0)
    return seq_no_place(error, "sequence", position, sequence.count);
  *item = &sequence.items[at];
  if ((*item)->rank != rank)
    return fail(error, INGOT_BAD_INPUT_DATA, "sequence", -1, rank, (*item)->rank, "sequence: item %lld has rank %d, the model expects %lld",
                (long long)at, int((*item)->rank), (long long)rank);
  return INGOT_OK;
}

} // namespace ops
} // namespace
} // namespace ingot

#endif
