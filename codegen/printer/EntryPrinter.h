//===- EntryPrinter.h - a plan.entry as the body of the library's run function --------------===//
#ifndef INGOT_CODEGEN_PRINTER_ENTRYPRINTER_H
#define INGOT_CODEGEN_PRINTER_ENTRYPRINTER_H

#include "codegen/printer/KernelPrinter.h"
#include <set>

namespace ingot::printer {

struct EntryOptions {
  std::string kernelPrefix;               // "N_x86_64_v3_"
  std::vector<std::string> argumentNames; // C identifiers of the entry's arguments; made from plan.name where absent
  std::set<std::string> resultSymbols;    // symbols that a run finds out: plan.bind stores them in the frame as well
  const std::map<std::string, PrintedKernel> *kernels = nullptr; // by name
};

struct PrintedEntry {
  /// One per argument of the entry.
  struct Argument {
    std::string name, type, role; // "x", "const float *", "input"
  };
  std::vector<Argument> arguments;
  std::vector<std::string> includes; // "ingot/ops/topk.h"
  std::string body;                  // statements, indented by two spaces; ends with a return of the status
  std::string stagingBytes;          // CUDA: what inputs and outputs take behind the planned workspace, as a formula
};

mlir::FailureOr<PrintedEntry> printEntry(plan::EntryOp entry, const Machine &machine, const EntryOptions &options);

} // namespace ingot::printer
#endif
