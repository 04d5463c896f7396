//===- Commands.h - the subcommands of the ingot tool --------------------------------===//
#ifndef INGOT_COMPILER_INGOT_COMMANDS_H
#define INGOT_COMPILER_INGOT_COMMANDS_H

#include "codegen/package/Process.h"
#include "compiler/driver/Compile.h"
#include "compiler/driver/Execute.h"
#include "compiler/ingot/Cache.h"
#include <CLI/CLI.hpp>

namespace ingot {

/// What every command that takes a model accepts.
struct ModelArguments {
  const CLI::App *command = nullptr;
  std::string model, name, target, cxx, cxxflags, ar, objcopy, sysroot, weights;
  std::vector<std::string> dims, shapes, states;
  bool quiet = false, timing = false;
  std::string diagnostics = "text";

  void add(CLI::App &app, const std::string &defaultTarget, const std::string &what = "model.onnx");
  /// Fills the options; false (after a message) for a malformed one.
  bool parse(CompileOptions &options) const;
  /// The compiler and its companions for code of this machine.
  package::ToolchainOptions toolchainFor(const Machine &machine) const;
};

/// An option of which every occurrence takes one value.
CLI::Option *addRepeated(CLI::App &app, const std::string &name, std::vector<std::string> &values, const std::string &form,
                         const std::string &help);
/// Problems go to stderr: as text at once, or, with --diagnostics=json, as one document when the command has ended.
/// `asJson` is set before anything is reported, since usage may be wrong too.
void reportAsJson(bool asJson);
/// Reports what a compilation found.
void report(const Compilation &compilation, const ModelArguments &arguments);
/// Reports one problem.
void complain(const ModelArguments &arguments, const llvm::Twine &text, const llvm::Twine &remedy = "");
/// Reports a problem that no command's arguments belong to.
void complain(const llvm::Twine &text, const llvm::Twine &remedy = "");
/// For the document alone: stdout says the same to people.
void complainInJson(Diagnostic diagnostic);
/// --timing: a table, or a part of the document.
void reportTiming(const Timing &timing);
/// Prints the document, if that is the form.
void finishReport(const std::string &command, int exitCode);
/// Reports at most `text` on a terminal's status line; nothing elsewhere.
void progress(const ModelArguments &arguments, const std::string &text);

/// A library and a program that runs it, from the cache where possible.
struct Prepared {
  package::LibrarySpec spec; // without code and weights
  KeptValues kept;           // outputs that verify --keep added
  std::vector<Machine> machines;
  package::ToolchainOptions toolchain; // of the program
  std::string target;                  // the one to run; empty: the best that the processor has
  std::string folder, executable;      // of the library; the program
  std::string programs;                // folder of the program, with room for others
  std::optional<EntryInUse> inUse;                             // what the cache keeps
  std::optional<package::TemporaryFolder> temporary, profiler; // where the cache keeps nothing
};
/// Compiles a model.
ExitCode prepare(const ModelArguments &arguments, const CompileOptions &options, Prepared &out);
/// Takes a folder that `ingot compile` wrote, or compiles a model.
ExitCode prepare(const ModelArguments &arguments, Prepared &out);
/// Builds the program that measures each step of a run; `steps` are their names.
ExitCode prepareProfile(const ModelArguments &arguments, Prepared &prepared, const std::vector<std::string> &steps,
                        std::string &executable);
/// Inputs from a data set folder, NAME=FILE pairs, or a seed.
ExitCode gatherInputs(const ModelArguments &arguments, const Prepared &prepared, const std::string &data,
                      const std::vector<std::string> &files, std::vector<TensorValue> &inputs);

/// Reports a word in a command's place, with the command that was meant.
void complainOfCommand(const CLI::App &app, llvm::StringRef given);
/// Reports why a line was not understood: every option that does not exist, with the one that was meant, else `error`.
void complainOfLine(const CLI::App &app, const CLI::ParseError &error);

void addCompile(CLI::App &app, int &exitCode);
void addRun(CLI::App &app, int &exitCode);
void addVerify(CLI::App &app, int &exitCode);
void addBench(CLI::App &app, int &exitCode);
void addInspect(CLI::App &app, int &exitCode);

} // namespace ingot
#endif
