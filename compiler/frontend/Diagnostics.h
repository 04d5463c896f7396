//===- Diagnostics.h - One report of everything that is wrong -------------===//
//
// Every stage that can refuse a model adds to one collector and goes on, so that the user sees all problems
// at once, each with the place in the model and what to do about it.
//
//===----------------------------------------------------------------------===//
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace ingot {

enum class Severity { Error, Warning };

struct Diagnostic {
  std::string message;     // what is wrong, one sentence without a full stop
  std::string remedy;      // what the user can do, one sentence
  std::string node = {};   // ONNX node, value or function name; empty: the whole file
  std::string op = {};     // operator, with its domain if that is not ONNX's own
  std::string shapes = {}; // types of its inputs, as far as known
  Severity severity = Severity::Error;
};

class Diagnostics {
public:
  void add(Diagnostic diagnostic);

  bool hasErrors() const { return errors != 0; }
  size_t errorCount() const { return errors; }
  const std::vector<Diagnostic> &all() const { return list; }

  /// The report for people: problems in the order found, then their number.
  std::string text() const;
  /// The same for programs: {"errors": n, "warnings": n, "diagnostics": [{severity, node, operator, shape, text, remedy}]}.
  nlohmann::ordered_json json() const;

private:
  std::vector<Diagnostic> list;
  size_t errors = 0, warnings = 0;
};

/// What a helper that knows nothing of nodes says to its caller, who adds the place.
struct Problem {
  std::string message, remedy;
};

} // namespace ingot
