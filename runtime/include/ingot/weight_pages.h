// weight_pages.h - tells Linux that weights are about to be read; used by N_open only.
//
// Internal linkage throughout, see arena.h.
#ifndef INGOT_WEIGHT_PAGES_H
#define INGOT_WEIGHT_PAGES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace ingot {
namespace {

// Advice for large weights that lie in a file of the program or beside it: read ahead now, since the first run needs them
// all, and in huge pages, so that it takes a fault for each 2 MiB. What the file cache already holds stays as it is. Whole
// huge pages only: others share theirs with what lies around. A system without them, or without the call, ignores it.
inline void expect_weights(const unsigned char *data, size_t bytes) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  const uintptr_t huge = uintptr_t(2) << 20;
  const uintptr_t begin = (reinterpret_cast<uintptr_t>(data) + huge - 1) & ~(huge - 1);
  const uintptr_t end = (reinterpret_cast<uintptr_t>(data) + bytes) & ~(huge - 1);
  if (begin >= end)
    return;
  (void)madvise(reinterpret_cast<void *>(begin), end - begin, MADV_HUGEPAGE);
  (void)madvise(reinterpret_cast<void *>(begin), end - begin, MADV_WILLNEED);
#else
  (void)data;
  (void)bytes;
#endif
}

} // namespace
} // namespace ingot

#endif
