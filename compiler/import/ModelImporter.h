//===- ModelImporter.h - a checked model file becomes onnx dialect ---------------===//
#ifndef INGOT_COMPILER_IMPORT_MODELIMPORTER_H
#define INGOT_COMPILER_IMPORT_MODELIMPORTER_H

#include "compiler/import/Converter.h"
#include <map>
#include <memory>
#include <set>

namespace onnx {
class NodeProto;
class GraphProto;
class AttributeProto;
class TensorProto;
class TypeProto;
} // namespace onnx

namespace ingot {
struct LoadedModel;
class Diagnostics;

struct ImportOptions {
  struct Range {
    int64_t low, high;
  };
  std::string name = "model";                           // of the library
  std::map<std::string, Range> dims;                    // --dim: a named dimension, fixed (low == high) or bounded
  std::map<std::string, std::vector<int64_t>> shapes;   // --shape: an input's shape; -1 leaves a dimension as it is
};

/// Symbols of a model's dimensions.
struct SymbolInfo {
  std::string name;     // in IR and generated code
  std::string onnxName; // dim_param, or where an unnamed dimension stands
  int64_t low = 0, high = -1; // high < 0: unbounded
};

/// The types of a model's values with their dimensions as symbols, for reports.
struct ImportedTypes {
  std::vector<std::pair<std::string, mlir::Type>> inputs;                               // of the main graph
  std::map<const onnx::NodeProto *, llvm::SmallVector<mlir::Type, 1>> results;          // of the file's nodes; null: unused
};

class ModelImporter : public OperatorDefinitions {
public:
  ModelImporter(mlir::MLIRContext *context, std::shared_ptr<const LoadedModel> model, ImportOptions options,
                Diagnostics &diagnostics);
  ~ModelImporter() override;
  /// The graph as a function of onnx.node operators, weights in the context's WeightStore. Null after errors.
  mlir::OwningOpRef<mlir::ModuleOp> run();
  const std::vector<SymbolInfo> &symbols() const { return symbolList; }
  /// Names that --dim may use, those of fixed dimensions included.
  const std::set<std::string> &dimNames() const { return dimNameSet; }

  /// Expands a node by its schema's function: creates the nodes of the body before it. Returns the values of its outputs.
  mlir::FailureOr<llvm::SmallVector<mlir::Value>> expand(onnx_ir::NodeOp node, mlir::ValueRange inputs,
                                                         llvm::SmallVectorImpl<onnx_ir::NodeOp> &body,
                                                         std::string &reason) override;
  std::string objection(onnx_ir::NodeOp node, mlir::ValueRange inputs) override;
  void converted(onnx_ir::NodeOp node, llvm::ArrayRef<mlir::Value> outputs) override;
  /// Inputs after run(), results as nodes are converted.
  const ImportedTypes &types() const { return importedTypes; }
  /// Warns of outputs whose declared types contradict those of the converted function's results.
  void checkOutputs(mlir::func::FuncOp function);

private:
  using Scope = std::map<std::string, mlir::Value>;
  mlir::Type type(const onnx::TypeProto &proto, bool isInput, llvm::StringRef valueName);
  bool areDimensions(const DimExpr &e) const;
  std::string symbolName(llvm::StringRef text);
  DimExpr symbolFor(llvm::StringRef param, llvm::StringRef valueName, unsigned axis);
  mlir::Value tensor(const onnx::TensorProto &proto, llvm::StringRef name, mlir::OpBuilder &b, mlir::Location loc);
  mlir::Attribute attribute(const onnx::AttributeProto &proto, llvm::StringRef owner, mlir::Type &type);
  onnx_ir::NodeOp node(const onnx::NodeProto &proto, Scope &scope, mlir::OpBuilder &b);
  void graph(const onnx::GraphProto &proto, Scope scope, mlir::Block &block, bool isMain);

  mlir::MLIRContext *context;
  std::shared_ptr<const LoadedModel> model;
  ImportOptions options;
  Diagnostics &diagnostics;
  mlir::ModuleOp module;
  std::vector<SymbolInfo> symbolList;
  std::set<std::string> usedNames; // of symbols
  std::set<std::string> dimNameSet;
  std::map<std::string, mlir::Type> hints;
  ImportedTypes importedTypes;
  llvm::DenseMap<mlir::Operation *, const onnx::NodeProto *> protos;
  std::vector<std::shared_ptr<onnx::TensorProto>> keptTensors;  // dense forms of sparse attributes
  std::vector<std::unique_ptr<onnx::NodeProto>> expanded; // nodes of expanded functions, kept for their subgraphs
};

} // namespace ingot
#endif
