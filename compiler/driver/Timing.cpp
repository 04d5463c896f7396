//===- Timing.cpp ---------------------------------------------------------------------===//
#include "compiler/driver/Timing.h"
#include "llvm/Support/Format.h"
#include <sys/resource.h>

namespace ingot {

PeakMemory PeakMemory::now() {
  auto peak = [](int who) {
    rusage usage{};
    getrusage(who, &usage);
    return uint64_t(usage.ru_maxrss) * 1024;
  };
  return {peak(RUSAGE_SELF), peak(RUSAGE_CHILDREN)};
}

void Timing::begin(std::string stage) {
  if (!current.empty())
    end();
  current = std::move(stage);
  start = std::chrono::steady_clock::now();
  if (onStage)
    onStage(current);
}

void Timing::end() {
  if (current.empty())
    return;
  rows.push_back({current, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), PeakMemory::now()});
  current.clear();
}

void Timing::print(llvm::raw_ostream &os) const {
  os << "stage                     seconds    peak MB   largest child MB\n";
  double total = 0;
  for (const Row &r : rows) {
    os << llvm::format("%-24s %8.2f %10.0f %18.0f\n", r.stage.c_str(), r.seconds, r.peak.self / 1e6, r.peak.children / 1e6);
    total += r.seconds;
  }
  os << llvm::format("%-24s %8.2f\n", "total", total);
}

} // namespace ingot
