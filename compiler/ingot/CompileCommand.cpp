//===- CompileCommand.cpp - ingot compile --------------------------------------------------===//
#include "compiler/frontend/Wording.h"
#include "compiler/ingot/Commands.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Path.h"

using namespace llvm;
namespace ingot {

namespace {
struct CompileArguments : ModelArguments {
  std::string output, emit = "library", depfile;
};

const std::map<std::string, Stage> stages = {{"onnx", Stage::Onnx}, {"nn", Stage::Nn},         {"kernel", Stage::Kernel},
                                             {"plan", Stage::Plan}, {"source", Stage::Source}, {"library", Stage::Library}};

/// A path as make and ninja read it in a dependency file.
std::string depfileText(StringRef path) {
  std::string text;
  for (char c : path) {
    if (c == ' ' || c == '#')
      text += '\\';
    else if (c == '$')
      text += '$';
    text += c;
  }
  return text;
}

/// "target: files", like a C++ compiler's -MF.
bool writeDepfile(const CompileArguments &a, const Compilation &c, const std::string &target) {
  std::error_code ec;
  raw_fd_ostream os(a.depfile, ec);
  if (!ec) {
    os << depfileText(target) << ":";
    for (const std::string &file : c.filesRead())
      os << " \\\n  " << depfileText(file);
    os << "\n";
    os.close();
    ec = os.error();
    os.clear_error();
  }
  if (ec)
    complain(a, "cannot write " + a.depfile + ": " + ec.message());
  return !ec;
}

ExitCode compile(const CompileArguments &a) {
  CompileOptions options;
  if (!a.parse(options))
    return ExitUsage;
  if (is_contained(split(a.target, ','), "native")) {
    complain(a, "'native' is for run, verify and bench; a library needs a named target", "see --target in 'ingot compile --help'");
    return ExitUsage;
  }
  Stage last = stages.at(a.emit);
  if (!a.depfile.empty() && a.output.empty() && last <= Stage::Plan) {
    complain(a, "--depfile needs -o: it says what that file depends on");
    return ExitUsage;
  }
  Compilation c(options);
  c.timing.onStage = [&](const std::string &stage) { progress(a, "compiling: " + stage); };
  std::string folder = a.output.empty() ? c.options.name : a.output;
  // What can be refused without the model is refused before the work on it.
  if (last == Stage::Library)
    if (Error error = package::checkToolchain(options.toolchain)) {
      complain(a, toString(std::move(error)));
      return ExitToolchain;
    }
  if (last > Stage::Plan)
    if (Error error = package::checkDestination(folder)) {
      complain(a, toString(std::move(error)));
      return ExitBadInput;
    }
  ExitCode e = c.run(last);
  if (e == ExitOk && last <= Stage::Plan) {
    // Big attributes are never in the IR, so the text is small.
    auto print = [&](raw_ostream &os) {
      if (c.plans.empty())
        c.module->print(os);
      for (auto &plan : c.plans)
        plan->print(os);
    };
    if (a.output.empty()) {
      print(outs());
    } else {
      std::error_code ec;
      raw_fd_ostream os(a.output, ec);
      if (ec) {
        complain(a, "cannot write " + a.output + ": " + ec.message(), "choose a file in a folder that exists and may be written");
        return ExitBadInput;
      }
      print(os);
    }
  } else if (e == ExitOk) {
    if (c.spec.weights.form == package::WeightForm::File && !options.weights)
      c.diagnostics.add({"the weights are " + std::to_string(c.spec.weights.bytes >> 20) + " MiB: they stay in a file that the program maps",
                         "give its path in the options of " + c.spec.name + "_open, or embed it with --weights embed", "", "", "",
                         Severity::Warning});
    e = c.write(folder, last == Stage::Library);
  }
  report(c, a);
  if (e == ExitOk && !a.depfile.empty()) {
    std::string made = last <= Stage::Plan ? a.output : folder + (last == Stage::Source ? "/CMakeLists.txt" : "/lib/lib" + c.spec.name + ".a");
    if (!writeDepfile(a, c, made))
      e = ExitBadInput;
  }
  if (a.timing)
    reportTiming(c.timing);
  if (e != ExitOk || last <= Stage::Plan || a.quiet)
    return e;
  uint64_t size = 0;
  std::string archive = folder + "/lib/lib" + c.spec.name + ".a";
  sys::fs::file_size(archive, size);
  outs() << folder << ": " << c.spec.name << " for " << listOf(c.machines) << ", ";
  if (last == Stage::Library)
    outs() << format("library %.1f kB (weights %.1f kB), ", size / 1e3, c.spec.weights.bytes / 1e3);
  outs() << counted(c.spec.targets[0].kernels.size(), "kernel") << ", workspace ";
  if (StringRef(c.spec.workspaceBytes).find_first_not_of("0123456789") == StringRef::npos)
    outs() << c.spec.workspaceBytes << " bytes\n";
  else
    outs() << "by dimensions (" << c.spec.name << "_query)\n";
  SmallString<256> whole(folder); // a build file lies elsewhere: a relative path would not be found from it
  sys::fs::make_absolute(whole);
  sys::path::remove_dots(whole, /*remove_dot_dot=*/true);
  if (last == Stage::Library)
    outs() << "next: cmake's find_package(" << c.spec.name << " PATHS " << whole << ")";
  else // nothing is built: only a project that builds it finds it
    outs() << "next: cmake's add_subdirectory(" << whole << " " << c.spec.name << ")";
  outs() << ", or see " << folder << "/README.md\n";
  return e;
}
} // namespace

void addCompile(CLI::App &app, int &exitCode) {
  auto a = std::make_shared<CompileArguments>();
  auto *sub = app.add_subcommand("compile", "compile a model to a static library");
  a->add(*sub, "x86-64-v3");
  sub->add_option("-o", a->output, "folder to write (a file or stdout for IR)");
  sub->add_option("--emit", a->emit, "onnx, nn, kernel, plan: IR; source: no C++ compiler; library")
      ->check(CLI::IsMember({"onnx", "nn", "kernel", "plan", "source", "library"}))
      ->capture_default_str();
  sub->add_option("--depfile", a->depfile, "file to write for make or ninja: what the library depends on");
  sub->callback([a, &exitCode] { exitCode = compile(*a); });
}

} // namespace ingot
