//===- EntryBuffers.h - what an entry's buffers and sizes are called, and where they lie ----===//
#ifndef INGOT_CODEGEN_PRINTER_ENTRYBUFFERS_H
#define INGOT_CODEGEN_PRINTER_ENTRYBUFFERS_H

#include "codegen/printer/BodyPrinter.h"
#include "codegen/printer/EntryPrinter.h"
#include "dialects/support/DimExpr.h"
#include "llvm/ADT/StringMap.h"

namespace ingot::printer {

/// The part of an entry's printer that knows values: names, types, sizes, and the pointers into workspace and weights.
class EntryBuffers : public BodyPrinter {
protected:
  EntryBuffers(plan::EntryOp entry, const Machine &machine, const EntryOptions &options)
      : BodyPrinter(machine, entry), entry(entry), options(options), cuda(machine.kind == MachineKind::Cuda) {}

  // ---- names and types
  llvm::StringRef attr(unsigned argument, llvm::StringRef name);
  std::string symbolName(llvm::StringRef symbol);
  std::string dim(llvm::StringRef text, mlir::Operation *op, int precedence = 0);
  /// A state without capacity has an old value, which is read, and a new one, `name`_next.
  bool isReplacedState(mlir::BlockArgument arg);
  bool isConst(mlir::Value v);
  std::string element(mlir::Value v);
  std::string valueType(mlir::Value v) override;
  std::string fallbackName(mlir::Operation *op) override;
  std::string fallbackIndexName(mlir::Value v);
  std::string freshName(mlir::Operation *op);
  const PrintedKernel *kernelOf(plan::LaunchOp launch);
  static unsigned firstArgument(plan::LaunchOp launch);
  /// C element type of the kernel's parameter behind an operand, or nothing.
  std::string parameterElement(plan::LaunchOp launch, unsigned operand);

  // ---- sizes
  /// With the names of nameExtents().
  DimExpr abbreviate(const DimExpr &e);
  /// Long parts of sizes and offsets that come up again get a name, where the arguments alone decide them.
  void nameExtents();

  // ---- pointers
  /// Pointers wait for the step that first uses them.
  bool pointer(mlir::Operation *op);
  /// Those that wait for this step.
  void declarePointers(mlir::Operation *step);

  plan::EntryOp entry;
  const EntryOptions &options;
  bool cuda;
  llvm::StringMap<std::string> symbols; // symbol → C variable

private:
  /// The step that first uses a buffer or weight, if that is in the one block that all its uses are in.
  mlir::Operation *firstStep(mlir::Operation *op, llvm::ArrayRef<mlir::Operation *> users);
  /// Whether the printed kernel has a parameter for an operand.
  bool passes(plan::LaunchOp launch, unsigned operand);
  static bool writes(plan::LaunchOp launch, mlir::Value v);
  /// The name of what a launch writes, or of a constant that it reads; empty for what has a name of its own.
  std::string nameFor(mlir::Value v, plan::LaunchOp launch);
  /// The shape that a launch sees in a buffer; empty if it is not the same for all sizes.
  static std::string shapeAt(mlir::Value v, plan::LaunchOp launch);
  /// "over conv1, relu, no longer needed": the buffers whose memory this one takes, where that is the same for all sizes.
  std::string replaced(mlir::Operation *op, llvm::StringRef name, plan::LaunchOp launch);
  void declarePointer(mlir::Operation *op, llvm::StringRef name, plan::LaunchOp launch);
  /// Constant strings are literals.
  void printStrings(plan::GetWeightOp weight, mlir::DenseStringElementsAttr strings, llvm::StringRef hint);

  llvm::StringMap<std::string> extents; // canonical text of a part of sizes → the symbol that stands for it
  llvm::DenseMap<mlir::Operation *, llvm::SmallVector<mlir::Operation *>> due; // pointers that a step declares
  llvm::DenseMap<mlir::Value, std::string> holds;                              // what the last step left in a buffer
  struct Place { // of a buffer in the workspace
    int64_t begin, end;
    std::string name;
  };
  std::vector<Place> places;
};

} // namespace ingot::printer
#endif
