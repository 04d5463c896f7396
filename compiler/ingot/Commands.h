//===- Commands.h - the subcommands of the ingot tool --------------------------------===//
#ifndef INGOT_COMPILER_INGOT_COMMANDS_H
#define INGOT_COMPILER_INGOT_COMMANDS_H

#include "compiler/driver/Compile.h"
#include "compiler/driver/Execute.h"
#include <CLI/CLI.hpp>

namespace ingot {

/// What every command that takes a model accepts.
struct ModelArguments {
  std::string model, name, target, cxx, cxxflags, ar, sysroot, weights = "embed";
  std::vector<std::string> dims, shapes, states;
  bool quiet = false, timing = false;
  std::string diagnostics = "text";

  void add(CLI::App &app, const std::string &defaultTarget);
  /// Fills the options; false (after a message) for a malformed one.
  bool parse(CompileOptions &options) const;
};

/// Prints what a compilation reports, in the form asked for.
void report(const Compilation &compilation, const ModelArguments &arguments);
/// Reports at most `text` on a terminal's status line; nothing elsewhere.
void progress(const ModelArguments &arguments, const std::string &text);

/// A model compiled and linked into a program that runs it, from the cache where possible.
struct Prepared {
  std::unique_ptr<Compilation> compilation;
  std::string executable, folder;
};
ExitCode prepare(const ModelArguments &arguments, const CompileOptions &options, Prepared &out);
/// Inputs from a data set folder, NAME=FILE pairs, or a seed.
ExitCode gatherInputs(const Prepared &prepared, const std::string &data, const std::vector<std::string> &files,
                      std::vector<TensorValue> &inputs);

void addCompile(CLI::App &app, int &exitCode);
void addRun(CLI::App &app, int &exitCode);
void addVerify(CLI::App &app, int &exitCode);
void addBench(CLI::App &app, int &exitCode);
void addInspect(CLI::App &app, int &exitCode);

} // namespace ingot
#endif
