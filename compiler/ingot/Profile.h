//===- Profile.h - where the time of a run goes: ingot bench --profile ---------------===//
#ifndef INGOT_COMPILER_INGOT_PROFILE_H
#define INGOT_COMPILER_INGOT_PROFILE_H

#include "compiler/driver/Execute.h"
#include "compiler/inspect/Facts.h"
#include "llvm/Support/raw_ostream.h"
#include <nlohmann/json.hpp>

namespace ingot {

/// What the steps of a run took, beside what the report says of them.
class Profile {
public:
  /// `measured` is of the program with probes, for a run with `dims`.
  Profile(const inspect::PlanFacts &report, const package::LibrarySpec &spec,
          const std::map<std::string, int64_t> &dims, const RunResult &measured);

  /// All steps in their order, see compiler/ingot/README.md.
  nlohmann::ordered_json json() const;
  /// A table of those that take longest. `plainMs` is the median of a run without probes.
  void print(llvm::raw_ostream &os, double plainMs) const;

private:
  struct Step {
    const inspect::StepFacts *facts;
    StepTime time;
    std::optional<int64_t> flop, bytes; // of all calls in a run
    /// GFLOP/s at the median.
    std::optional<double> gflops() const;
  };
  std::vector<Step> steps;
  StepTime between;
  double minMs, medianMs, runs; // of whole runs
  double sumMs = 0; // of the medians: what shares are shares of, since a disturbed run disturbs few steps
  double share(const StepTime &time) const { return sumMs > 0 ? time.medianMs / sumMs : 0; }
};

} // namespace ingot
#endif
