//===- Comparison.h - how values compare with what is expected of them -----------------===//
#ifndef INGOT_COMPILER_INGOT_COMPARISON_H
#define INGOT_COMPILER_INGOT_COMPARISON_H

#include "compiler/ingot/Commands.h"

namespace ingot {

/// One tensor of a value: its own, or the item of a sequence.
struct Comparison {
  std::string name;  // of the value
  std::string shape; // "f32[2,4]"; empty where there is none to speak of
  std::string text;  // figures and problem
  bool ok = false;

  /// "NAME SHAPE: FIGURES  ok", on stdout.
  void print() const;
};

std::vector<Comparison> compareValue(const std::string &name, const TensorValue &got,
                                     const TensorValue &expected);

/// Results of one run beside those of the reference, the kept values among them.
class KeptComparison {
public:
  KeptComparison(const package::LibrarySpec &spec, const KeptValues &kept, const std::vector<TensorValue> &got,
                 const std::vector<TensorValue> &reference);

  /// The lines of values that differ and of those named on the command line, in the order of the nodes;
  /// `without`: not these. Nothing is printed where no line is.
  void print(const std::set<std::string> &without) const;
  /// "214 values kept, first that differs: …".
  void printSummary() const;
  bool ok() const { return numDiffering == 0; }

private:
  struct Entry {
    const KeptValue *value;
    std::vector<Comparison> comparisons;
    bool ok;
  };
  std::vector<Entry> entries;
  size_t numDiffering = 0;
};

/// "2 sequences, 14 values of subgraphs"; empty where nothing was left out.
std::string leftOutText(const package::LibrarySpec &spec, const KeptValues &kept);

} // namespace ingot
#endif
