//===- Commands.h - the subcommands of the ingot tool --------------------------------===//
#ifndef INGOT_COMPILER_INGOT_COMMANDS_H
#define INGOT_COMPILER_INGOT_COMMANDS_H

#include "codegen/package/Process.h"
#include "compiler/driver/Compile.h"
#include "compiler/driver/Execute.h"
#include <CLI/CLI.hpp>

namespace ingot {

/// What every command that takes a model accepts.
struct ModelArguments {
  std::string model, name, target, cxx, cxxflags, ar, objcopy, sysroot, weights;
  std::vector<std::string> dims, shapes, states;
  bool quiet = false, timing = false;
  std::string diagnostics = "text";

  void add(CLI::App &app, const std::string &defaultTarget);
  /// Fills the options; false (after a message) for a malformed one.
  bool parse(CompileOptions &options) const;
};

/// An option of which every occurrence takes one value.
CLI::Option *addRepeated(CLI::App &app, const std::string &name, std::vector<std::string> &values, const std::string &form,
                         const std::string &help);
/// Prints what a compilation reports, in the form asked for.
void report(const Compilation &compilation, const ModelArguments &arguments);
/// Prints one problem in that form.
void complain(const ModelArguments &arguments, const llvm::Twine &text);
/// Reports at most `text` on a terminal's status line; nothing elsewhere.
void progress(const ModelArguments &arguments, const std::string &text);

/// A model compiled and linked into a program that runs it, from the cache where possible.
struct Prepared {
  std::unique_ptr<Compilation> compilation;
  std::string executable, folder;
  std::optional<package::TemporaryFolder> temporary; // where there is no cache
};
ExitCode prepare(const ModelArguments &arguments, const CompileOptions &options, Prepared &out);
/// Inputs from a data set folder, NAME=FILE pairs, or a seed.
ExitCode gatherInputs(const ModelArguments &arguments, const Prepared &prepared, const std::string &data,
                      const std::vector<std::string> &files, std::vector<TensorValue> &inputs);

void addCompile(CLI::App &app, int &exitCode);
void addRun(CLI::App &app, int &exitCode);
void addVerify(CLI::App &app, int &exitCode);
void addBench(CLI::App &app, int &exitCode);
void addInspect(CLI::App &app, int &exitCode);

} // namespace ingot
#endif
