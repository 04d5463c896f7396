// cuda.h - how a generated CUDA entry reports errors and sizes its launches. Internal linkage throughout.
#ifndef INGOT_CUDA_H
#define INGOT_CUDA_H

#include "ingot/launch.h"

#include <cuda_runtime.h>

// In a function with a `frame`: ends it with INGOT_DEVICE_ERROR if the call failed.
#define INGOT_CUDA(call)                                                                                               \
  do {                                                                                                                 \
    const cudaError_t code = (call);                                                                                   \
    if (code != cudaSuccess)                                                                                           \
      return ingot::device_error(frame->error, code);                                                                  \
  } while (0)

namespace ingot {
namespace {

constexpr int threads = 128; // of a block

inline unsigned blocks(int64_t tiles) { return unsigned((tiles + threads - 1) / threads); }

inline ingot_status device_error(ingot_error *error, cudaError_t code) {
  return fail(error, INGOT_DEVICE_ERROR, "device", -1, 0, int64_t(code), "device: %s", cudaGetErrorString(code));
}

} // namespace
} // namespace ingot

#endif
