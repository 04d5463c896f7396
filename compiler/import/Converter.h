//===- Converter.h - the walk from onnx to nn -----------------------------------===//
#ifndef INGOT_COMPILER_IMPORT_CONVERTER_H
#define INGOT_COMPILER_IMPORT_CONVERTER_H

#include "compiler/import/NodeImport.h"
#include "llvm/ADT/StringSet.h"

namespace ingot {

/// What ONNX itself says of an operator: its function and its inference.
class OperatorDefinitions {
public:
  virtual ~OperatorDefinitions() = default;
  /// Creates the nodes of the function's body before `node` (appended to `body`) and returns the values of its outputs, null where
  /// the body gives none. `inputs` are the converted operands. Fails with a reason if there is no function for these types.
  virtual mlir::FailureOr<llvm::SmallVector<mlir::Value>> expand(onnx_ir::NodeOp node, mlir::ValueRange inputs,
                                                                 llvm::SmallVectorImpl<onnx_ir::NodeOp> &body,
                                                                 std::string &reason) = 0;
  /// What ONNX's type and shape inference has against the node with these operands; empty where nothing.
  virtual std::string objection(onnx_ir::NodeOp node, mlir::ValueRange inputs) = 0;
  /// Told of every node what its outputs became; null where the model does not use one.
  virtual void converted(onnx_ir::NodeOp node, llvm::ArrayRef<mlir::Value> outputs) {}
};

/// Sizes that must be equal, unless `unit` is 1; `what` is who needs it.
struct SizeRequirement {
  DimExpr left, right;
  std::optional<DimExpr> unit;
  std::string what;
};

/// Converts functions of onnx.node operators to nn, one node after the other. Refusals are emitted as errors at the
/// node's location, with the remedy as a note, and the walk goes on with what does not depend on the node.
class Converter {
public:
  explicit Converter(mlir::ModuleOp module, OperatorDefinitions *definitions = nullptr) : module(module), definitions(definitions) {}
  mlir::LogicalResult convertFunction(mlir::func::FuncOp function);
  /// Converts the nodes of a block at b's insertion point; returns the converted operands of its onnx.yield, or
  /// failure if one of them depends on a refused node.
  mlir::FailureOr<llvm::SmallVector<mlir::Value>> convertBlock(mlir::Block &block, mlir::OpBuilder &b);

  mlir::Value lookup(mlir::Value v) const { return values.lookup(v); }
  void map(mlir::Value from, mlir::Value to) { values[from] = to; }
  std::string freshSymbol(llvm::StringRef what);
  void reserveSymbol(llvm::StringRef name) { usedSymbols.insert(name); }
  /// Makes the run check a requirement (nn.require): before everything else where sizes of inputs decide, else at `b`.
  void require(mlir::OpBuilder &b, mlir::Location loc, const SizeRequirement &needed);
  /// The expression with what is known of symbols that requirements fixed.
  DimExpr resolve(const DimExpr &e) const;
  /// Whether two sizes are equal wherever the run gets to.
  bool isRequired(const DimExpr &a, const DimExpr &b) const;
  bool failed() const { return anyFailed; }
  void fail() { anyFailed = true; }

  mlir::ModuleOp module;

private:
  void convertNode(onnx_ir::NodeOp node, mlir::OpBuilder &b);

  mlir::LogicalResult checkResults(NodeImport &n);
  bool fix(const SizeRequirement &needed);
  void checkReads(NodeImport &n, mlir::Operation *after);

  OperatorDefinitions *definitions;
  llvm::DenseMap<mlir::Value, mlir::Value> values; // null: depends on a refused node
  llvm::StringSet<> usedSymbols;
  bool anyFailed = false;

  mlir::Block *top = nullptr;             // the function's block
  llvm::StringSet<> inputSymbols;         // known when it is entered
  llvm::StringMap<int64_t> fixed;         // symbols of inputs with one possible value
  llvm::StringSet<> required;             // requirements that hold from here on
  nn::RequireOp lastRequired;
};

} // namespace ingot
#endif
