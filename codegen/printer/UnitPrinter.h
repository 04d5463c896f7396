//===- UnitPrinter.h - a plan.model as one C++ or CUDA source, for tests and study ----------===//
#ifndef INGOT_CODEGEN_PRINTER_UNITPRINTER_H
#define INGOT_CODEGEN_PRINTER_UNITPRINTER_H

#include "codegen/printer/EntryPrinter.h"

namespace ingot::printer {

/// All kernels and entries of the model in one file. Entries become functions of their arguments and a frame, so that
/// the file compiles without the rest of a library.
mlir::FailureOr<std::string> printUnit(plan::ModelOp model, const Machine &machine);

/// `ingot-translate --target=T FILE.mlir`: prints every plan.model of the file.
int translateMain(int argc, char **argv);

} // namespace ingot::printer
#endif
