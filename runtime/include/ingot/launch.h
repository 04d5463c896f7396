// launch.h - how a generated entry function starts a kernel and reports a failure.
//
// Internal linkage throughout, see arena.h; by `static`, since nvcc names an anonymous namespace after the file's folder.
#ifndef INGOT_LAUNCH_H
#define INGOT_LAUNCH_H

#include "ingot/arena.h"

#include <stdarg.h>
#include <stdio.h>

#if defined(__GNUC__)
#define INGOT_HIDDEN __attribute__((visibility("hidden")))
#define INGOT_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define INGOT_HIDDEN
#define INGOT_PRINTF(text, first)
#endif

namespace ingot {

// Runs body(begin, end) over the tiles [0, count), in ranges of at least `grain` tiles. The ranges never change
// a result, so `grain` is only what keeps tiny regions on one thread.
template <class Body>
static inline void launch(const ingot_executor *executor, int64_t count, int64_t grain, const Body &body) {
  const int64_t ranges = grain > 1 ? count / grain + (count % grain != 0) : count;
  if (!executor || executor->threads <= 1 || ranges <= 1) {
    if (count > 0)
      body(int64_t(0), count);
    return;
  }
  struct Region {
    const Body &body;
    int64_t count, grain;
  } region = {body, count, grain > 1 ? grain : 1};
  executor->parallel_for(
      executor->user, ranges,
      [](void *arg, int64_t begin, int64_t end) {
        const Region &r = *static_cast<const Region *>(arg);
        r.body(begin * r.grain, end * r.grain < r.count ? end * r.grain : r.count);
      },
      &region);
}

// Fills *error, if there is one, and returns `status`.
INGOT_PRINTF(7, 8)
static inline ingot_status fail(ingot_error *error, ingot_status status, const char *name, int32_t axis,
                                int64_t expected, int64_t actual, const char *format, ...) {
  if (!error)
    return status;
  error->status = status;
  error->name = name;
  error->axis = axis;
  error->expected = expected;
  error->actual = actual;
  va_list args;
  va_start(args, format);
  vsnprintf(error->text, sizeof error->text, format, args);
  va_end(args);
  return status;
}

// A size that a run found out: "frames: 5, at most 4".
static inline ingot_status out_of_range(ingot_error *error, const char *name, int64_t value, const char *expectation,
                                        int64_t limit) {
  return fail(error, INGOT_LIMIT_EXCEEDED, name, -1, limit, value, "%s: %lld, %s %lld", name, (long long)value, expectation,
              (long long)limit);
}

// Sizes that do not fit what an operator needs: "mm: k = 20 must be 8", "add: a = 8 and c = 3 must be equal or 1".
static inline ingot_status wrong_size(ingot_error *error, const char *name, const char *size, int64_t value, int64_t expected,
                                      const char *exception) {
  return fail(error, INGOT_SHAPE_MISMATCH, name, -1, expected, value, "%s: %s = %lld must be %lld%s", name, size, (long long)value,
              (long long)expected, exception);
}
static inline ingot_status unequal_sizes(ingot_error *error, const char *name, const char *left, int64_t a, const char *right,
                                         int64_t b, const char *exception) {
  return fail(error, INGOT_SHAPE_MISMATCH, name, -1, b, a, "%s: %s = %lld and %s = %lld must be equal%s", name, left, (long long)a,
              right, (long long)b, exception);
}

static inline ingot_status need_memory(ingot_error *error, const char *name, int64_t needed, size_t given) {
  return fail(error, INGOT_NEED_WORKSPACE, name, -1, needed, int64_t(given), "%s: %lld bytes, this run needs %lld: init it for larger sizes", name,
              (long long)given, (long long)needed);
}
static inline ingot_status need_workspace(ingot_error *error, int64_t needed, size_t given) {
  return need_memory(error, "workspace", needed, given);
}

} // namespace ingot

#endif
