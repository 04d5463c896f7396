//===- InspectCommand.cpp - ingot inspect ---------------------------------------------------------===//
#include "compiler/ingot/Commands.h"
#include "compiler/inspect/Print.h"
#include "llvm/Support/FileSystem.h"

using namespace llvm;
namespace ingot {

namespace {
struct InspectArguments : ModelArguments {
  std::string html;
  bool json = false;
};

/// Writes a file aside and renames it: an earlier page stays whole if this one cannot be written.
bool writeFile(const InspectArguments &a, const std::string &path, const std::string &text) {
  std::string aside = path + ".part";
  std::error_code error;
  {
    raw_fd_ostream os(aside, error);
    if (!error) {
      os << text;
      os.close();
      error = os.error();
      os.clear_error();
    }
  }
  if (!error)
    error = sys::fs::rename(aside, path);
  if (!error)
    return true;
  sys::fs::remove(aside);
  complain(a, "cannot write " + path + ": " + error.message(), "choose a file in a folder that exists and may be written");
  return false;
}

ExitCode runInspect(const InspectArguments &a) {
  CompileOptions options;
  if (!a.parse(options))
    return ExitUsage;
  Compilation c(options);
  c.timing.onStage = [&](const std::string &stage) { progress(a, "compiling: " + stage); };
  // What would happen on compilation, and what stands in its way: a model that is refused is shown too.
  ExitCode code = c.run(Stage::Source);
  progress(a, "");
  if (auto facts = c.facts()) {
    if (a.json)
      outs() << inspect::json(*facts);
    else if (a.html.empty())
      outs() << a.model << "\n\n" << inspect::text(*facts);
    if (!a.html.empty() && !writeFile(a, a.html, inspect::page(*facts, facts->file)))
      return ExitBadInput;
    if (!a.html.empty() && !a.quiet && !a.json)
      outs() << a.html << "\n";
  }
  report(c, a);
  if (a.timing)
    reportTiming(c.timing);
  return code;
}
} // namespace

void addInspect(CLI::App &app, int &exitCode) {
  auto a = std::make_shared<InspectArguments>();
  auto *sub = app.add_subcommand(
      "inspect", "inputs, outputs, operators, parameters and cost of a model; its graph as a page");
  a->add(*sub, "x86-64-v3");
  sub->add_option("--html", a->html,
                  "file to write: one page with the graph, tables, kernels and memory, for any browser");
  sub->add_flag("--json", a->json, "everything as one JSON object on stdout");
  sub->callback([a, &exitCode] { exitCode = runInspect(*a); });
}

} // namespace ingot
