//===- Diagnostics.cpp ----------------------------------------------------===//
#include "compiler/frontend/Diagnostics.h"
#include "compiler/frontend/Wording.h"

#include <cstdio>
#include <nlohmann/json.hpp>

namespace ingot {

// A hostile file can be wrong in every byte; a longer report helps nobody.
constexpr size_t kMaxKept = 10000;

void Diagnostics::add(Diagnostic diagnostic) {
  ++(diagnostic.severity == Severity::Error ? errors : warnings);
  if (list.size() < kMaxKept)
    list.push_back(std::move(diagnostic));
}

/// Names come from the file: control characters must not reach a terminal.
static std::string printable(const std::string &text) {
  std::string result;
  for (unsigned char c : text) {
    if (c >= 0x20 && c != 0x7f) {
      result += static_cast<char>(c);
      continue;
    }
    char escape[5];
    std::snprintf(escape, sizeof escape, "\\x%02x", c);
    result += escape;
  }
  constexpr size_t longest = 1000;
  if (result.size() > longest)
    result.replace(longest, std::string::npos, "…");
  return result;
}

std::string Diagnostics::text() const {
  std::string out;
  for (const Diagnostic &d : list) {
    out += d.severity == Severity::Error ? "error: " : "warning: ";
    if (!d.node.empty())
      out += printable(d.node) + (d.op.empty() ? ": " : " ");
    if (!d.op.empty())
      out += "(" + printable(d.op) + "): ";
    out += printable(d.message) + "\n";
    if (!d.shapes.empty())
      out += "       on: " + printable(d.shapes) + "\n";
    if (!d.remedy.empty())
      out += "      try: " + printable(d.remedy) + "\n";
  }
  if (list.size() < errors + warnings)
    out += "… and " + std::to_string(errors + warnings - list.size()) + " more\n";
  if (!list.empty())
    out += counted(errors, "error") + (warnings ? ", " + counted(warnings, "warning") : "") + "\n";
  return out;
}

nlohmann::ordered_json Diagnostics::json() const {
  nlohmann::ordered_json entries = nlohmann::ordered_json::array();
  for (const Diagnostic &d : list)
    entries.push_back({{"severity", d.severity == Severity::Error ? "error" : "warning"},
                       {"node", d.node},
                       {"operator", d.op},
                       {"shape", d.shapes},
                       {"text", d.message},
                       {"remedy", d.remedy}});
  return {{"errors", errors}, {"warnings", warnings}, {"diagnostics", entries}};
}

} // namespace ingot
