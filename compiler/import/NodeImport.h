//===- NodeImport.h - what an import rule sees of one ONNX node ---------------===//
//
// A rule builds nn (or kernel) operators for one node whose operands are already converted, so their
// element types and shapes are known:
//
//   INGOT_IMPORT("Softmax", 13) {
//     Value x = n.in(0);
//     n.out(0, nn::SoftmaxOp::create(n.b, n.loc, x.getType(), x, n.axis("axis", -1, rankOf(x)), false));
//     return success();
//   }
//
// The rule serves definitions of the operator since that version, up to the next rule's. To refuse a node, return
// n.refuse("what is not supported", "what the user can do").
//
//===----------------------------------------------------------------------===//
#ifndef INGOT_COMPILER_IMPORT_NODEIMPORT_H
#define INGOT_COMPILER_IMPORT_NODEIMPORT_H

#include "dialects/RegisterDialects.h"
#include "dialects/kernel/Builders.h"
#include "dialects/nn/Shape.h"
#include <functional>

namespace ingot {

class Converter;

class NodeImport {
public:
  NodeImport(Converter &converter, onnx_ir::NodeOp node, mlir::OpBuilder &b);

  mlir::OpBuilder &b;
  mlir::Location loc;
  onnx_ir::NodeOp node;
  int64_t since; // version of the operator's definition in force

  // Inputs. An omitted one is null.
  unsigned numInputs() const { return inputs.size(); }
  mlir::Value in(unsigned i) const { return i < inputs.size() ? inputs[i] : mlir::Value(); }
  bool has(unsigned i) const { return bool(in(i)); }
  Dims dims(unsigned i) const { return nn::dimsOf(in(i)); }
  mlir::Type element(unsigned i) const { return nn::elementOf(in(i)); }
  int64_t rank(unsigned i) const { return nn::rankOf(in(i)); }

  // Outputs. An unused one need not be set.
  unsigned numOutputs() const;
  bool wants(unsigned i) const; // is output i used by anything?
  void out(unsigned i, mlir::Value v) { // an optional output that the node leaves off is not wanted
    if (i < outputs.size())
      outputs[i] = v;
  }
  /// The type that the file (or shape inference) states for output i; null if it says nothing.
  mlir::RankedTensorType hint(unsigned i) const;
  /// The same for a value of any kind.
  mlir::Type stated(unsigned i) const;

  // Attributes.
  bool hasAttr(llvm::StringRef name) const;
  int64_t i(llvm::StringRef name, int64_t fallback = 0) const;
  double f(llvm::StringRef name, double fallback = 0) const;
  llvm::StringRef s(llvm::StringRef name, llvm::StringRef fallback = "") const;
  llvm::SmallVector<int64_t> ints(llvm::StringRef name, llvm::ArrayRef<int64_t> fallback = {}) const;
  llvm::SmallVector<double> floats(llvm::StringRef name, llvm::ArrayRef<double> fallback = {}) const;
  llvm::SmallVector<llvm::StringRef> strings(llvm::StringRef name) const;
  mlir::Type type(llvm::StringRef name) const;
  /// A tensor attribute as a value.
  mlir::Value tensor(llvm::StringRef name);
  mlir::Region *graph(llvm::StringRef name);

  // Axes, counted from the front. These refuse the node and return nothing where an axis is out of range: what indexes a shape
  // comes from here.
  std::optional<int64_t> axis(llvm::StringRef name, int64_t fallback, int64_t rank);
  std::optional<int64_t> axis(int64_t given, int64_t rank);
  /// Likewise for a list, which names no axis twice.
  std::optional<llvm::SmallVector<int64_t>> axes(llvm::ArrayRef<int64_t> given, int64_t rank);
  /// Whether there are as many as dimensions, each at least `least` (strides, dilations, kernel sizes, pads).
  bool perDimension(llvm::StringRef name, llvm::ArrayRef<int64_t> given, size_t count, int64_t least);

  // What an operator needs of the sizes of its operands. Refuses where the sizes are wrong for certain; where only the run can tell,
  // it checks (nn.require).
  mlir::LogicalResult requireEqual(const DimExpr &a, const DimExpr &b, const llvm::Twine &what);
  void requireAtMost(const DimExpr &a, const DimExpr &limit);
  mlir::LogicalResult requireShape(mlir::Value v, llvm::ArrayRef<DimExpr> dims, const llvm::Twine &what);
  /// numpy's broadcast of two shapes.
  std::optional<Dims> broadcastDims(llvm::ArrayRef<DimExpr> a, llvm::ArrayRef<DimExpr> b);
  /// `v` repeated to `dims`, which its own dimensions broadcast to, or with its elements in the shape `dims`. After a refusal the
  /// result is a placeholder of that type, so that a rule may go on.
  mlir::Value broadcastTo(mlir::Value v, llvm::ArrayRef<DimExpr> dims);
  mlir::Value reshapeTo(mlir::Value v, llvm::ArrayRef<DimExpr> dims);

  // Integer inputs (shapes, axes, pads, …).
  /// Elements of integer input k if they are known at compile time (dimension expressions).
  std::optional<Dims> known(unsigned k) const;
  std::optional<llvm::SmallVector<int64_t>> constants(unsigned k) const;
  /// Elements of small integer input k; those not known become symbols read at run time (nn.bind).
  /// Needs a static length; otherwise nothing.
  std::optional<Dims> runtime(unsigned k, llvm::StringRef what);
  /// A symbol bound to element `index` of `from`.
  DimExpr bind(mlir::Value from, int64_t index, llvm::StringRef what, std::optional<DimExpr> bound = {});
  std::string freshSymbol(llvm::StringRef what);
  /// Binds a symbol that results of the producer of `from` already mention to the size it wrote; `bound` is the capacity.
  void bindSlot(const DimExpr &symbol, mlir::Value from, const DimExpr &bound);

  // Subgraphs.
  /// Converts a graph attribute at the current insertion point; `arguments` replace its inputs. Returns its outputs, at least as
  /// many as asked for.
  mlir::FailureOr<llvm::SmallVector<mlir::Value>> inlineGraph(llvm::StringRef name, mlir::ValueRange arguments, size_t least);

  // Building.
  mlir::Value call(llvm::StringRef callee, mlir::ValueRange operands, mlir::Type result, mlir::DictionaryAttr params = {});
  /// Says what the template of an nn.call takes of the workspace's tail while it runs: blocks of these bytes (attribute `scratch`).
  void takes(mlir::Operation *call, llvm::ArrayRef<DimExpr> blocks);
  mlir::LogicalResult refuse(const llvm::Twine &what, const llvm::Twine &remedy = "");
  /// The node's name in the file, for messages of the generated library.
  std::string name() const;
  bool refused() const { return isRefused; }

  llvm::SmallVector<mlir::Value> inputs, outputs;

private:
  void require(const DimExpr &left, const DimExpr &right, std::optional<DimExpr> unit = {});

  Converter &converter;
  bool isRefused = false;
};

using ImportRule = mlir::LogicalResult (*)(NodeImport &);

/// Registers a rule at program start. Versions of one operator may have several rules.
struct ImportRegistration {
  ImportRegistration(llvm::StringRef domain, llvm::StringRef op, int64_t since, ImportRule rule);
};
/// The rule in force for a definition, or null.
ImportRule findImportRule(llvm::StringRef domain, llvm::StringRef op, int64_t since);

#define INGOT_CAT2(a, b) a##b
#define INGOT_CAT(a, b) INGOT_CAT2(a, b)
#define INGOT_IMPORT_IN(domain, op, since)                                                                   \
  static mlir::LogicalResult INGOT_CAT(importRule, __LINE__)(ingot::NodeImport & n);                         \
  static ingot::ImportRegistration INGOT_CAT(importRegistration, __LINE__)(domain, op, since,                \
                                                                           INGOT_CAT(importRule, __LINE__)); \
  static mlir::LogicalResult INGOT_CAT(importRule, __LINE__)([[maybe_unused]] ingot::NodeImport & n)
/// Defines and registers a rule for an operator of ONNX's own domain.
#define INGOT_IMPORT(op, since) INGOT_IMPORT_IN("", op, since)

} // namespace ingot
#endif
