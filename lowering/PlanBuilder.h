//===- PlanBuilder.h - build-plan while it runs ----------------------------------------===//
#ifndef INGOT_LOWERING_PLANBUILDER_H
#define INGOT_LOWERING_PLANBUILDER_H

#include "lowering/OutlineKernel.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

namespace ingot {

/// Where a tensor's elements are.
struct Home {
  mlir::Value buffer;
  BufferLayout layout;
  bool operator==(const Home &o) const {
    return buffer == o.buffer && layout.strides == o.layout.strides && layout.offset == o.layout.offset;
  }
};

/// One walk over a graph function: tensors become buffers, kernel operators launches, branches and loops those of the host.
class PlanBuilder {
public:
  explicit PlanBuilder(mlir::MLIRContext *context) : context(context), kernels(context), b(context) {}
  mlir::LogicalResult build(mlir::ModuleOp module);

private:
  mlir::LogicalResult buildEntry(mlir::func::FuncOp function);
  mlir::LogicalResult buildBlock(mlir::Block &block);
  mlir::LogicalResult buildOp(mlir::Operation *op);
  mlir::LogicalResult buildKernel(mlir::Operation *op);
  mlir::LogicalResult buildIf(nn::IfOp op);
  mlir::LogicalResult buildLoop(nn::LoopOp op);
  mlir::LogicalResult buildCall(nn::CallOp op);

  /// The home of a value that must exist already.
  Home homeOf(mlir::Value v);
  /// The home of a value about to be written: one that was promised, or a new buffer.
  Home makeHome(mlir::Value v, std::optional<BufferLayout> layout = {});
  /// Memory of its own.
  Home freshHome(mlir::Value v, mlir::Location loc, std::optional<BufferLayout> layout = std::nullopt);
  /// Promises the home of `v`'s elements to whatever produces them; false if it cannot be kept.
  bool promise(mlir::Value v, const Home &home);
  mlir::Value alloc(mlir::Location loc, mlir::Type element, const DimExpr &count);
  void copy(mlir::Value v, const Home &to, mlir::Location loc);
  Home copied(mlir::Value v, mlir::Location loc);
  /// The buffer of `v`, row by row from its beginning: a copy if that is not its layout.
  mlir::Value wholeBuffer(mlir::Value v, mlir::Location loc);
  /// A buffer of `v` in the workspace, which stays as it is until the next run.
  mlir::Value publishedBuffer(mlir::Value v, mlir::Location loc);
  mlir::Type flatType(mlir::Type type);
  void launch(mlir::Operation *op, const OutlinedKernel &k, llvm::function_ref<Home(const OutlinedKernel::Buffer &)> home);
  mlir::Value indexOf(llvm::StringRef symbol, mlir::Location loc);
  mlir::Value dim(const DimExpr &e, mlir::Location loc);
  DimExpr capacity(const DimExpr &e);
  std::string uniqueName(llvm::StringRef hint);
  mlir::Value weight(llvm::StringRef name, mlir::RankedTensorType type, mlir::Location loc);

  mlir::MLIRContext *context;
  plan::ModelOp model;
  mlir::OpBuilder kernels, b;
  llvm::DenseMap<mlir::Value, Home> homes, promised;
  llvm::StringMap<mlir::Value> symbols; // bound so far in the current scope
  llvm::StringMap<DimExpr> slotBounds;  // size slots: capacity of a symbol that is bound later
  llvm::StringSet<> names;
};

} // namespace ingot
#endif
