//===- Print.h - facts as text, as JSON and as a page ---------------------------------------===//
#ifndef INGOT_COMPILER_INSPECT_PRINT_H
#define INGOT_COMPILER_INSPECT_PRINT_H

#include "compiler/inspect/Facts.h"

namespace ingot::inspect {

/// For a terminal: what `ingot inspect` prints.
std::string text(const ModelFacts &facts);
/// All facts as one JSON object (see README.md).
std::string json(const ModelFacts &facts);
/// What was made of the model as one JSON object: report/report.json. `facts` has a plan.
std::string reportJson(const ModelFacts &facts);
/// What such a report says of a run: library, target, work, and the steps with name, origin, flops and bytes. Nothing for any other text.
std::optional<PlanFacts> readReport(const std::string &text);
/// One HTML file that needs nothing else. Equal facts make equal bytes.
std::string page(const ModelFacts &facts, const std::string &title);

} // namespace ingot::inspect
#endif
