// checks.h - what the functions of a generated N.h check before a run starts.
//
// Internal linkage throughout, see arena.h.
#ifndef INGOT_CHECKS_H
#define INGOT_CHECKS_H

#include "ingot/checked.h"
#include "ingot/launch.h"

namespace ingot {
namespace {

// What an earlier call reported is not this one's.
inline void begin(ingot_error *error) {
  if (!error)
    return;
  error->status = INGOT_OK;
  error->axis = -1;
  error->expected = error->actual = 0;
  error->name = "";
  error->text[0] = 0;
}

inline ingot_status null_argument(ingot_error *error, const char *name) {
  return fail(error, INGOT_INVALID_ARGUMENT, name, -1, 0, 0, "%s: null pointer", name);
}

inline ingot_status not_initialised(ingot_error *error, const char *name) {
  return fail(error, INGOT_INVALID_ARGUMENT, name, -1, 0, 0, "%s: not initialised by this library", name);
}

inline ingot_status closed(ingot_error *error) {
  return fail(error, INGOT_INVALID_ARGUMENT, "model", -1, 0, 0, "model: closed");
}

inline ingot_status misaligned(ingot_error *error, const char *name, size_t align) {
  return fail(error, INGOT_INVALID_ARGUMENT, name, -1, int64_t(align), 0, "%s: not aligned to %d bytes", name, int(align));
}

// Checks a block of memory that the caller provides.
inline ingot_status check_block(ingot_error *error, const char *name, const void *block, size_t bytes) {
  if (!block && bytes)
    return null_argument(error, name);
  if (reinterpret_cast<uintptr_t>(block) % INGOT_ALIGN)
    return misaligned(error, name, INGOT_ALIGN);
  return INGOT_OK;
}

inline ingot_status check_executor(ingot_error *error, const ingot_executor *executor) {
  if (executor && executor->threads > 1 && !executor->parallel_for)
    return null_argument(error, "executor.parallel_for");
  return INGOT_OK;
}

// A pointer to elements, and the alignment that they need.
struct elements {
  const void *data;
  size_t align;
  template <class Element> elements(const Element *first) : data(first), align(alignof(Element)) {}
  elements(const void *first, size_t bytes) : data(first), align(bytes) {}
  elements(decltype(nullptr)) : data(nullptr), align(1) {}

  bool aligned() const { return reinterpret_cast<uintptr_t>(data) % align == 0; }
};

// Checks one dimension or limit against its bounds; `max` is checked::overflow where there is none.
inline ingot_status check_bounds(ingot_error *error, const char *name, int64_t value, int64_t min, int64_t max) {
  if (value >= min && value <= max)
    return INGOT_OK;
  if (max == checked::overflow)
    return fail(error, INGOT_LIMIT_EXCEEDED, name, -1, min, value, "%s: %lld, expected at least %lld", name,
                (long long)value, (long long)min);
  if (min == max)
    return fail(error, INGOT_LIMIT_EXCEEDED, name, -1, min, value, "%s: %lld, expected %lld", name, (long long)value, (long long)min);
  return fail(error, INGOT_LIMIT_EXCEEDED, name, -1, value < min ? min : max, value, "%s: %lld, expected %lld..%lld",
              name, (long long)value, (long long)min, (long long)max);
}

// The limit of a dimension that has no compiled bound: 0 is what a caller leaves who gives none.
inline ingot_status check_limit(ingot_error *error, const char *name, int64_t value, int64_t min) {
  if (!value)
    return fail(error, INGOT_LIMIT_EXCEEDED, name, -1, min, 0,
                "%s: no limit is given; pass limits to query or init, limits.%s as the largest that will run, or compile with --dim", name,
                name);
  return check_bounds(error, name, value, min, checked::overflow);
}

// Checks a span: `format` and what follows say where the expected count comes from, "batch*8 = %lld*8".
INGOT_PRINTF(6, 7)
inline ingot_status check_count(ingot_error *error, const char *name, elements span, size_t count, checked expected,
                                const char *format, ...) {
  if (expected.valid() && uint64_t(count) == uint64_t(expected.value)) {
    if (!span.data && count)
      return null_argument(error, name);
    return span.aligned() ? INGOT_OK : misaligned(error, name, span.align);
  }
  char formula[120];
  va_list args;
  va_start(args, format);
  vsnprintf(formula, sizeof formula, format, args);
  va_end(args);
  if (!expected.valid())
    return fail(error, INGOT_LIMIT_EXCEEDED, name, -1, 0, int64_t(count), "%s: %s overflows", name, formula);
  return fail(error, INGOT_SHAPE_MISMATCH, name, -1, expected.value, int64_t(count),
              "%s: %llu elements, expected %s%s%lld", name, (unsigned long long)count, formula, formula[0] ? " = " : "",
              (long long)expected.value);
}

inline ingot_status check_count(ingot_error *error, const char *name, elements span, size_t count, checked expected) {
  return check_count(error, name, span, count, expected, "%s", "");
}

inline size_t alignment(int32_t type) {
  switch (type) {
  case INGOT_STRING:
    return alignof(ingot_string);
  case INGOT_C64:
    return alignof(ingot_complex64);
  case INGOT_C128:
    return alignof(ingot_complex128);
  default:
    return ingot_dtype_bits(ingot_dtype(type)) < 8 ? 1 : ingot_dtype_bits(ingot_dtype(type)) / 8;
  }
}

// Checks a tensor whose shape only the run knows; `type` is INGOT_UNDEFINED where any will do.
inline ingot_status check_tensor(ingot_error *error, const char *name, const ingot_tensor &tensor, ingot_dtype type) {
  if (tensor.rank < 0 || tensor.rank > INGOT_MAX_RANK)
    return fail(error, INGOT_SHAPE_MISMATCH, name, -1, INGOT_MAX_RANK, tensor.rank, "%s: rank %d, expected 0..%d",
                name, int(tensor.rank), INGOT_MAX_RANK);
  if (type != INGOT_UNDEFINED && tensor.dtype != type)
    return fail(error, INGOT_INVALID_ARGUMENT, name, -1, type, tensor.dtype, "%s: element type %d, expected %d", name,
                int(tensor.dtype), int(type));
  checked count = 1;
  for (int32_t axis = 0; axis < tensor.rank; ++axis) {
    if (tensor.dims[axis] < 0)
      return fail(error, INGOT_SHAPE_MISMATCH, name, axis, 0, tensor.dims[axis], "%s: dimension %d is %lld", name,
                  int(axis), (long long)tensor.dims[axis]);
    count = count * tensor.dims[axis];
  }
  if (!count.valid())
    return fail(error, INGOT_LIMIT_EXCEEDED, name, -1, 0, 0, "%s: its size overflows", name);
  if (!tensor.data && count.value)
    return null_argument(error, name);
  const elements span(tensor.data, alignment(tensor.dtype));
  return span.aligned() ? INGOT_OK : misaligned(error, name, span.align);
}

inline ingot_status check_sequence(ingot_error *error, const char *name, const ingot_sequence &sequence, ingot_dtype type) {
  if (!sequence.items && sequence.count)
    return null_argument(error, name);
  for (size_t i = 0; i < sequence.count; ++i)
    if (ingot_status status = check_tensor(error, name, sequence.items[i], type))
      return status;
  return INGOT_OK;
}

// A size formula as bytes.
inline ingot_status check_size(ingot_error *error, const char *name, checked bytes, size_t *result) {
  if (!bytes.valid() || uint64_t(bytes.value) > SIZE_MAX)
    return fail(error, INGOT_LIMIT_EXCEEDED, name, -1, 0, 0, "%s: its size overflows", name);
  *result = size_t(bytes.value);
  return INGOT_OK;
}

// Checks that the `given` bytes of workspace or state suffice.
inline ingot_status check_room(ingot_error *error, const char *name, checked needed, size_t given) {
  size_t bytes = 0;
  if (ingot_status status = check_size(error, name, needed, &bytes))
    return status;
  return bytes <= given ? INGOT_OK : need_memory(error, name, needed.value, given);
}

} // namespace
} // namespace ingot

#endif
