// kernel.h - what generated kernels and entries use besides their instruction set: index arithmetic and two macros.
//
// For host and CUDA device code; internal linkage throughout.
#ifndef INGOT_KERNEL_H
#define INGOT_KERNEL_H

#include <stdint.h>
#include <string.h>

#define INGOT_PRAGMA(text) _Pragma(#text)
// Above a loop: unroll it n times.
#if defined(__CUDACC__)
#define INGOT_UNROLL(n) INGOT_PRAGMA(unroll n)
#elif defined(__clang__)
#define INGOT_UNROLL(n) INGOT_PRAGMA(clang loop unroll_count(n))
#else
#define INGOT_UNROLL(n) INGOT_PRAGMA(GCC unroll n)
#endif

#define INGOT_INF __builtin_inff()
#define INGOT_NAN __builtin_nanf("")

#if defined(__CUDACC__)
#define INGOT_INDEX static __host__ __device__ __forceinline__ int64_t
#else
#define INGOT_INDEX static inline __attribute__((always_inline)) int64_t
#endif

INGOT_INDEX ingot_min(int64_t a, int64_t b) { return a < b ? a : b; }
INGOT_INDEX ingot_max(int64_t a, int64_t b) { return a > b ? a : b; }
// Of more than two.
template <class... More> INGOT_INDEX ingot_min(int64_t a, int64_t b, More... more) { return ingot_min(ingot_min(a, b), more...); }
template <class... More> INGOT_INDEX ingot_max(int64_t a, int64_t b, More... more) { return ingot_max(ingot_max(a, b), more...); }
// Divisors of indices are sizes, b >= 0. Nothing divided by an empty size is needed, but it must not trap: it is 0.
INGOT_INDEX ingot_div(int64_t a, int64_t b) { return b ? a / b : 0; }
INGOT_INDEX ingot_rem(int64_t a, int64_t b) { return b ? a % b : 0; }
INGOT_INDEX ingot_floordiv(int64_t a, int64_t b) { return b ? a / b - (a % b < 0) : 0; }
INGOT_INDEX ingot_ceildiv(int64_t a, int64_t b) { return b ? a / b + (a % b > 0) : 0; }
INGOT_INDEX ingot_mod(int64_t a, int64_t b) { return b ? a % b + (a % b < 0 ? b : 0) : 0; }

// Fetches the cache line of buffer[index] to L1 or L2. The index may lie behind the buffer's end: no pointer to there is formed.
#if !defined(__CUDACC__)
template <class T> static inline __attribute__((always_inline)) uintptr_t ingot_address(const T *buffer, int64_t index) {
  return (uintptr_t)buffer + (uintptr_t)index * sizeof(T);
}
template <class T> static inline __attribute__((always_inline)) void ingot_prefetch_l1(const T *buffer, int64_t index) {
  __builtin_prefetch((const void *)ingot_address(buffer, index), 0, 3);
}
template <class T> static inline __attribute__((always_inline)) void ingot_prefetch_l2(const T *buffer, int64_t index) {
  __builtin_prefetch((const void *)ingot_address(buffer, index), 0, 2);
}
#endif

// Tiles that are worth starting a thread for, when `tiles` tiles take `flops` operations.
INGOT_INDEX ingot_grain(int64_t flops, int64_t tiles) {
  return flops > 0 && flops / 65536 < tiles ? ingot_max(1, tiles / (flops / 65536 + 1)) : 1;
}

#endif
