//===- Converter.h - the walk from onnx to nn -----------------------------------===//
#ifndef INGOT_COMPILER_IMPORT_CONVERTER_H
#define INGOT_COMPILER_IMPORT_CONVERTER_H

#include "compiler/import/NodeImport.h"
#include "llvm/ADT/StringSet.h"

namespace ingot {

/// Expands a node without an import rule into nodes of its schema's function.
class FunctionExpander {
public:
  virtual ~FunctionExpander() = default;
  /// Creates the nodes of the body before `node` (appended to `body`) and returns the values of its outputs, null where the body
  /// gives none. `inputs` are the converted operands. Fails with a reason if there is no function for these types.
  virtual mlir::FailureOr<llvm::SmallVector<mlir::Value>> expand(onnx_ir::NodeOp node, mlir::ValueRange inputs,
                                                                 llvm::SmallVectorImpl<onnx_ir::NodeOp> &body,
                                                                 std::string &reason) = 0;
};

/// Converts functions of onnx.node operators to nn, one node after the other. Refusals are emitted as errors at the
/// node's location, with the remedy as a note, and the walk goes on with what does not depend on the node.
class Converter {
public:
  explicit Converter(mlir::ModuleOp module, FunctionExpander *expander = nullptr) : module(module), expander(expander) {}
  mlir::LogicalResult convertFunction(mlir::func::FuncOp function);
  /// Converts the nodes of a block at b's insertion point; returns the converted operands of its onnx.yield, or
  /// failure if one of them depends on a refused node.
  mlir::FailureOr<llvm::SmallVector<mlir::Value>> convertBlock(mlir::Block &block, mlir::OpBuilder &b);

  mlir::Value lookup(mlir::Value v) const { return values.lookup(v); }
  void map(mlir::Value from, mlir::Value to) { values[from] = to; }
  std::string freshSymbol(llvm::StringRef what);
  void reserveSymbol(llvm::StringRef name) { usedSymbols.insert(name); }
  bool failed() const { return anyFailed; }
  void fail() { anyFailed = true; }

  mlir::ModuleOp module;

private:
  void convertNode(onnx_ir::NodeOp node, mlir::OpBuilder &b);

  FunctionExpander *expander;
  llvm::DenseMap<mlir::Value, mlir::Value> values; // null: depends on a refused node
  llvm::StringSet<> usedSymbols;
  bool anyFailed = false;
};

} // namespace ingot
#endif
