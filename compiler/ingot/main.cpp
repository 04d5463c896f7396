//===- main.cpp - the ingot tool --------------------------------------------------------===//
#include "compiler/ingot/Commands.h"
#include "llvm/Support/TargetSelect.h"

/// Whether --diagnostics=json stands anywhere: what is wrong with the rest of the line is to be said in that form too.
static bool wantsJson(int argc, char **argv) {
  for (int i = 1; i < argc; ++i)
    if (argv[i] == std::string("--diagnostics=json") ||
        (argv[i] == std::string("--diagnostics") && i + 1 < argc && argv[i + 1] == std::string("json")))
      return true;
  return false;
}

int main(int argc, char **argv) {
  ingot::package::handleInterrupts();
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  CLI::App app("ingot turns a trained network (ONNX) into a static library of readable C++ or CUDA", "ingot");
  app.require_subcommand(1);
  app.set_version_flag("--version", INGOT_VERSION);
  app.set_help_all_flag("--help-all", "help of every command");
  int exitCode = 0;
  ingot::addCompile(app, exitCode);
  ingot::addRun(app, exitCode);
  ingot::addVerify(app, exitCode);
  ingot::addBench(app, exitCode);
  ingot::addInspect(app, exitCode);
  bool isKnown = argc < 2 || argv[1][0] == '-';
  for (const CLI::App *sub : app.get_subcommands([](const CLI::App *) { return true; }))
    isKnown |= argc > 1 && sub->get_name() == argv[1];
  std::string command = isKnown && argc > 1 && argv[1][0] != '-' ? argv[1] : "";
  ingot::reportAsJson(wantsJson(argc, argv));
  if (argc == 1) {
    llvm::errs() << app.help();
    return ingot::ExitUsage;
  }
  auto finish = [&](int code) {
    ingot::finishReport(command, code);
    return code;
  };
  if (!isKnown) {
    ingot::complainOfCommand(app, argv[1]);
    return finish(ingot::ExitUsage);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &e) {
    if (e.get_exit_code() == 0) // --help, --version
      return app.exit(e);
    ingot::complainOfLine(app, e);
    return finish(ingot::ExitUsage);
  } catch (const std::exception &e) {
    ingot::complain(llvm::Twine("internal error: ") + e.what(), "report this model to the developers");
    return finish(ingot::ExitInternal);
  }
  llvm::outs().flush();
  if (llvm::outs().has_error()) {
    ingot::complain("cannot write to stdout: " + llvm::outs().error().message());
    llvm::outs().clear_error();
    return finish(exitCode ? exitCode : ingot::ExitBadInput);
  }
  return finish(exitCode);
}
