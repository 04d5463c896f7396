//===- UnitPrinter.cpp - a plan.model as one C++ or CUDA source ----------------------------===//
#include "codegen/printer/UnitPrinter.h"
#include "codegen/printer/CText.h"
#include "dialects/RegisterDialects.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Support/FileUtilities.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/ToolOutputFile.h"

using namespace mlir;
namespace ingot::printer {

FailureOr<std::string> printUnit(plan::ModelOp model, const Machine &machine) {
  bool cuda = machine.kind == MachineKind::Cuda;
  std::string ns = identifier(model.getSymName()) + "_" + machine.id, prefix = ns + "_", functions;
  std::map<std::string, PrintedKernel> kernels;
  std::map<std::string, int64_t> zeros;
  Names functionNames;
  for (auto kernel : model.getOps<plan::KernelOp>()) {
    FailureOr<PrintedKernel> printed = printKernel(kernel, machine, functionNames);
    if (failed(printed))
      return failure();
    for (auto &[type, count] : printed->zeros)
      zeros[type] = std::max(zeros[type], count);
    functions += "\n" + kernelFunction(*printed, prefix, machine);
    kernels[kernel.getSymName().str()] = *printed;
  }
  std::string text;
  if (!kernels.empty()) {
    text = kernelPreamble(ns, machine, zeros) + functions + kernelPostamble(ns);
    text += "\nextern \"C\" {\n";
    for (auto kernel : model.getOps<plan::KernelOp>())
      text += kernelSignature(kernels[kernel.getSymName().str()], prefix, machine, "", ";");
    text += "}\n";
  }
  std::string entries;
  std::vector<std::string> includes;
  for (auto entry : model.getOps<plan::EntryOp>()) {
    EntryOptions options;
    options.kernelPrefix = prefix;
    options.kernels = &kernels;
    FailureOr<PrintedEntry> printed = printEntry(entry, machine, options);
    if (failed(printed))
      return failure();
    std::vector<std::string> params = {"ingot_frame *frame"};
    for (const PrintedEntry::Argument &a : printed->arguments)
      if (mentionsWord(printed->body, a.name))
        params.push_back((a.type + (StringRef(a.type).ends_with("*") ? "" : " ") + a.name));
    std::string locals;
    auto local = [&](StringRef name, StringRef declaration) {
      if (mentionsWord(printed->body, name))
        locals += ("  " + declaration + ";\n").str();
    };
    local("executor", "const ingot_executor *executor = frame->executor");
    local("weights", "const unsigned char *weights = frame->weights");
    local("stream", "const cudaStream_t stream = frame->stream");
    std::string head = "ingot_status " + prefix + entry.getSymName().str() + "(" + llvm::join(params, ", ") + ") {";
    entries += "\n" + wrapStatement(head, 0) + (mentionsWord(printed->body + locals, "frame") ? "" : "  (void)frame;\n") + locals + printed->body + "}\n";
    for (const std::string &i : printed->includes)
      if (!llvm::is_contained(includes, i))
        includes.push_back(i);
  }
  if (!entries.empty()) {
    std::string head = "#include \"ingot/launch.h\"\n";
    if (cuda)
      head += "#include \"ingot/cuda.h\"\n";
    for (const std::string &i : includes)
      head += "#include \"" + i + "\"\n";
    head += "\nstruct ingot_frame {\n  const ingot_executor *executor;\n  ingot_error *error;\n"
            "  ingot_arena arena;\n  const unsigned char *weights;\n";
    head += std::string(cuda ? "  cudaStream_t stream;\n" : "") + "};\n\n";
    text = head + text + entries;
  }
  return text;
}

int translateMain(int argc, char **argv) {
  namespace cl = llvm::cl;
  cl::OptionCategory category("ingot-translate");
  cl::opt<std::string> input(cl::Positional, cl::desc("FILE.mlir"), cl::init("-"), cl::cat(category));
  cl::opt<std::string> target("target", cl::desc("row of the table of targets"), cl::init("x86-64-v3"), cl::cat(category));
  cl::opt<std::string> output("o", cl::desc("output file"), cl::init("-"), cl::cat(category));
  cl::ParseCommandLineOptions(argc, argv, "prints plan models as C++ or CUDA\n");
  std::optional<Machine> machine = findMachine(target);
  std::string message;
  if (!machine) {
    llvm::errs() << "ingot-translate: no target '" << target << "'; there are " << llvm::join(machineNames(), ", ") << "\n";
    return 2;
  }
  DialectRegistry registry;
  registerDialects(registry);
  MLIRContext context(registry);
  auto buffer = openInputFile(input, &message);
  if (!buffer) {
    llvm::errs() << message << "\n";
    return 1;
  }
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(std::move(buffer), llvm::SMLoc());
  SourceMgrDiagnosticHandler diagnostics(sources, &context);
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(sources, &context);
  if (!module)
    return 1;
  auto file = openOutputFile(output, &message);
  if (!file) {
    llvm::errs() << message << "\n";
    return 1;
  }
  bool ok = true;
  module->walk([&](plan::ModelOp model) {
    FailureOr<std::string> text = printUnit(model, *machine);
    if (succeeded(text))
      file->os() << *text;
    ok &= succeeded(text);
    return WalkResult::skip();
  });
  if (ok)
    file->keep();
  return ok ? 0 : 1;
}

} // namespace ingot::printer
