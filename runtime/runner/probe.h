// probe.h - what measures the steps of an entry; `ingot bench --profile` puts it there
// (codegen/package/Probes.cpp). Times are those that the calling thread sees: of a launch until its last tile
// is done.
#ifndef INGOT_RUNNER_PROBE_H
#define INGOT_RUNNER_PROBE_H

#include "runner/runner.h"
#ifdef __CUDACC__
#include "ingot/cuda.h"
#else
#include "ingot/launch.h"
#endif

#include <chrono>

namespace ingot::runner {

// Counts a step from here to the end of the expression or block.
class Probe {
public:
  explicit Probe(Step &counted) : step(counted), start(now()) {}
  Probe(const Probe &) = delete;
  ~Probe() {
    step.nanoseconds += now() - start;
    ++step.calls;
  }

private:
  Step &step;
  int64_t start;
  static int64_t now() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }
};

// Probe(step) << template(…): the left side of << comes first.
static inline ingot_status operator<<(const Probe &, ingot_status status) { return status; }

template <class Body>
static inline void launch(Step &step, const ingot_executor *executor, int64_t tiles, int64_t grain,
                          const Body &body) {
  step.tiles = tiles;
  step.grain = grain;
  Probe probe(step);
  ingot::launch(executor, tiles, grain, body);
}

template <class Last> static inline int64_t last(Last end) { return int64_t(end); }
template <class First, class... Rest> static inline int64_t last(First, Rest... rest) {
  return last(rest...);
}

// A kernel on the calling thread: its last two arguments are the range of its tiles.
template <class Kernel, class... Args> static inline void call(Step &step, Kernel kernel, Args... args) {
  step.tiles = step.grain = last(args...);
  Probe probe(step);
  kernel(args...);
}

#ifdef __CUDACC__
// The stream is idle before and after what is counted.
class DeviceProbe {
public:
  DeviceProbe(Step &step, cudaStream_t queue) : idle(queue), probe(step), done(queue) {}

private:
  struct Wait {
    // An error stays for cudaGetLastError.
    explicit Wait(cudaStream_t queue) { (void)cudaStreamSynchronize(queue); }
  } idle;
  Probe probe;
  struct WaitAtEnd {
    explicit WaitAtEnd(cudaStream_t waited) : queue(waited) {}
    ~WaitAtEnd() { (void)cudaStreamSynchronize(queue); }
    cudaStream_t queue;
  } done; // destroyed before the probe
};

static inline unsigned blocks(Step &step, int64_t tiles) {
  step.tiles = tiles;
  step.grain = 1;
  return ingot::blocks(tiles);
}
#endif

} // namespace ingot::runner

#endif
