//===- Execute.h - runs a compiled model in a process of its own --------------------===//
#ifndef INGOT_COMPILER_DRIVER_EXECUTE_H
#define INGOT_COMPILER_DRIVER_EXECUTE_H

#include "codegen/targets/Machine.h"
#include "compiler/driver/Values.h"
#include <map>
#include <optional>

namespace ingot {

struct RunRequest {
  std::vector<TensorValue> inputs; // in the library's order
  std::map<std::string, int64_t> dims;
  std::string weights; // the weight file of a library that maps one
  std::string target;  // of the library's; empty: the best that the processor has
  int threads = 1;
  bool bench = false;
  double seconds = 2;
};

/// What one step of a profiled run took, as the calling thread sees it.
struct StepTime {
  int64_t calls = 0, tiles = 0, grain = 0; // a run; tiles of a launch, and at least so many to a range; 0 of a template
  double minMs = 0, medianMs = 0;          // of all its calls in one run
};

struct RunResult {
  bool ok = false;
  std::string problem;                // the library's error text, or why the program ended
  std::vector<TensorValue> outputs;
  std::map<std::string, double> bench; // min_ms, median_ms, p99_ms, cold_ms, rss_mb
  std::vector<StepTime> steps;         // of a profiled program; the last is what passed between them
};

/// Values of the input symbols, read off the shapes of the inputs. On conflict says so.
bool bindSymbols(const package::LibrarySpec &spec, const std::vector<TensorValue> &inputs, std::map<std::string, int64_t> &dims,
                 std::string &problem);
/// A formula over the library's symbols for a run with these dimensions and an empty state; nothing where the run finds a size out.
std::optional<int64_t> evaluate(const std::string &formula, const package::LibrarySpec &spec, const std::map<std::string, int64_t> &dims);
/// Runs `executable` (a runner that hosts spec.name) once. `machine` tells whether an emulator is needed.
RunResult execute(const package::LibrarySpec &spec, const Machine &machine, const std::string &executable, const RunRequest &request);

} // namespace ingot
#endif
