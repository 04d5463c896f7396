//===- Report.cpp - what goes to stderr: problems, times, progress --------------------------===//
#include "compiler/ingot/Commands.h"
#include "llvm/Support/Process.h"
#include <nlohmann/json.hpp>

using namespace llvm;
namespace ingot {

namespace {
/// The document of --diagnostics=json as it grows; the process runs one command.
struct Document {
  bool isWanted = false;
  Diagnostics diagnostics;
  nlohmann::ordered_json timing;
};
Document &document() {
  static Document d;
  return d;
}
} // namespace

void reportAsJson(bool asJson) { document().isWanted = asJson; }

void complainInJson(Diagnostic diagnostic) {
  if (document().isWanted)
    document().diagnostics.add(std::move(diagnostic));
}

void complain(const Twine &text, const Twine &remedy) {
  if (document().isWanted)
    return document().diagnostics.add({text.str(), remedy.str()});
  errs() << "ingot: " << text;
  if (!remedy.isTriviallyEmpty())
    errs() << "; " << remedy;
  errs() << "\n";
}

void complain(const ModelArguments &arguments, const Twine &text, const Twine &remedy) {
  progress(arguments, "");
  complain(text, remedy);
}

void report(const Compilation &c, const ModelArguments &arguments) {
  progress(arguments, "");
  for (const Diagnostic &d : c.diagnostics.all())
    complainInJson(d);
  if (!document().isWanted && !c.diagnostics.all().empty())
    errs() << arguments.model << ":\n" << c.diagnostics.text();
  if (!c.message.empty())
    complain(c.message);
}

void progress(const ModelArguments &arguments, const std::string &text) {
  if (arguments.quiet || document().isWanted || !sys::Process::StandardErrIsDisplayed())
    return;
  errs() << "\r\033[K" << text;
  if (text.empty())
    errs() << "\r";
}

void reportTiming(const Timing &timing) {
  if (!document().isWanted)
    return timing.print(errs());
  for (const Timing::Row &row : timing.stages())
    document().timing.push_back({{"stage", row.stage},
                                 {"seconds", row.seconds},
                                 {"peak_bytes", row.peak.self},
                                 {"largest_child_bytes", row.peak.children}});
}

void finishReport(const std::string &command, int exitCode) {
  if (!document().isWanted)
    return;
  nlohmann::ordered_json j = {{"command", command}, {"exit_code", exitCode}};
  j.update(document().diagnostics.json());
  if (!document().timing.is_null())
    j["timing"] = document().timing;
  // Names need not be UTF-8; `replace` keeps dump from throwing.
  errs() << j.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << "\n";
}

} // namespace ingot
