//===- main.cpp - the ingot tool --------------------------------------------------------===//
#include "compiler/ingot/Commands.h"
#include "llvm/Support/TargetSelect.h"

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
  if (!isKnown) {
    llvm::errs() << "ingot: unknown command '" << argv[1] << "'; see 'ingot --help'\n";
    return ingot::ExitUsage;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &e) {
    int code = app.exit(e);
    return code == 0 ? 0 : ingot::ExitUsage;
  } catch (const std::exception &e) {
    llvm::errs() << "ingot: internal error: " << e.what() << "\n";
    return ingot::ExitInternal;
  }
  llvm::outs().flush();
  if (llvm::outs().has_error()) {
    llvm::errs() << "ingot: cannot write to stdout: " << llvm::outs().error().message() << "\n";
    llvm::outs().clear_error();
    return exitCode ? exitCode : ingot::ExitBadInput;
  }
  return exitCode;
}
