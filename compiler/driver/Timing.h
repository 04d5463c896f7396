//===- Timing.h - time and memory by stage (--timing) ------------------------------===//
#ifndef INGOT_COMPILER_DRIVER_TIMING_H
#define INGOT_COMPILER_DRIVER_TIMING_H

#include "llvm/Support/raw_ostream.h"
#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace ingot {

/// Peak resident memory of this process and of its finished children, in bytes.
struct PeakMemory {
  uint64_t self = 0, children = 0;
  static PeakMemory now();
};

class Timing {
public:
  void begin(std::string stage);
  void end();
  /// Called when a stage begins, for progress.
  std::function<void(const std::string &)> onStage;
  void print(llvm::raw_ostream &os) const;

  struct Row {
    std::string stage;
    double seconds;
    PeakMemory peak;
  };
  const std::vector<Row> &stages() const { return rows; }

private:
  std::vector<Row> rows;
  std::string current;
  std::chrono::steady_clock::time_point start;
};

} // namespace ingot
#endif
