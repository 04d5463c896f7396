// cuda.h - device memory and weights, how a generated CUDA entry reports errors and sizes its launches. Internal linkage
// throughout.
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

constexpr int threads = 128; // of a block

static inline unsigned blocks(int64_t tiles) { return unsigned((tiles + threads - 1) / threads); }

static inline ingot_status device_error(ingot_error *error, cudaError_t code) {
  return fail(error, INGOT_DEVICE_ERROR, "device", -1, 0, int64_t(code), "device: %s", cudaGetErrorString(code));
}

// Whether the current device runs code for this compute capability (80 is 8.0); `exactly`: no later one does.
static inline ingot_status check_device(ingot_error *error, int capability, bool exactly) {
  int device = 0, major = 0, minor = 0;
  cudaError_t code = cudaGetDevice(&device);
  if (code == cudaSuccess)
    code = cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device);
  if (code == cudaSuccess)
    code = cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device);
  if (code != cudaSuccess)
    return device_error(error, code);
  const int actual = major * 10 + minor;
  if (exactly ? actual == capability : actual >= capability)
    return INGOT_OK;
  return fail(error, INGOT_DEVICE_ERROR, "device", -1, capability, actual,
              "device: compute capability %d.%d, the library is for %d.%d%s", major, minor, capability / 10,
              capability % 10, exactly ? "" : " and later");
}

static inline ingot_status device_alloc(ingot_error *error, size_t bytes, void **memory) {
  *memory = nullptr;
  const cudaError_t code = bytes ? cudaMalloc(memory, bytes) : cudaSuccess;
  return code == cudaSuccess ? INGOT_OK : device_error(error, code);
}

static inline void device_free(const void *memory) {
  if (memory)
    (void)cudaFree(const_cast<void *>(memory));
}

// A copy of `bytes` at `host` in device memory.
static inline ingot_status upload(ingot_error *error, const unsigned char *host, size_t bytes,
                                  const unsigned char **device) {
  void *memory = nullptr;
  if (const ingot_status status = device_alloc(error, bytes, &memory))
    return status;
  const cudaError_t code = cudaMemcpy(memory, host, bytes, cudaMemcpyHostToDevice);
  if (code != cudaSuccess) {
    device_free(memory);
    return device_error(error, code);
  }
  *device = static_cast<const unsigned char *>(memory);
  return INGOT_OK;
}

} // namespace ingot

#endif
