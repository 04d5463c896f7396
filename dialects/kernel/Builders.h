//===- Builders.h - writing loop nests by hand --------------------------------===//
//
//   GenericBuilder g(b, loc);
//   auto n = g.parallel(N), c = g.reduce(C);
//   g.in(x, {n, c});
//   g.result(f32, {N}, {n}, g.zero(f32));
//   Value sum = g.build([&](Region r) { return {r.s.add(r.acc[0], r.in[0])}; })[0];
//
//===----------------------------------------------------------------------===//
#ifndef INGOT_DIALECTS_KERNEL_BUILDERS_H
#define INGOT_DIALECTS_KERNEL_BUILDERS_H

#include "dialects/kernel/Kernel.h"
#include "dialects/nn/ScalarBuilder.h"
#include "dialects/nn/Shape.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace ingot::kernel {

/// What a region builder sees: elements already converted to compute type.
struct Scalars {
  mlir::OpBuilder &b;
  mlir::Location loc;
  nn::ScalarBuilder s;                    // element type of ins 0, or of result 0 if there are no ins
  llvm::SmallVector<mlir::Value> in;      // one per ins, compute type
  llvm::SmallVector<mlir::Value> table;   // tensors, for read()
  llvm::SmallVector<mlir::Value> acc;     // one per result, if there is a reduction
  /// Iteration index of domain dimension d.
  mlir::Value index(mlir::AffineExpr d);
  mlir::Value dim(const DimExpr &e);
  /// table[indices] in compute type.
  mlir::Value read(mlir::Value table, mlir::ValueRange indices);
  mlir::Value indexConst(int64_t v);
  /// Says what a value is, for whoever reads the generated code.
  mlir::Value named(llvm::StringRef name, mlir::Value v);
  /// index <-> integer element
  mlir::Value toIndex(mlir::Value i);
  mlir::Value fromIndex(mlir::Value i, mlir::Type computeType);
};
/// Element `at` of a padded tensor: what nn.pad's modes mean, with the pads before each dimension as index values.
/// `value` is a scalar table or null for zero.
mlir::Value padElement(Scalars &r, mlir::Value table, mlir::Value value, llvm::ArrayRef<mlir::Value> at,
                       llvm::ArrayRef<mlir::Value> begins, llvm::ArrayRef<DimExpr> dims, llvm::StringRef mode);
using RegionFn = llvm::function_ref<llvm::SmallVector<mlir::Value>(Scalars &)>;

class GenericBuilder {
public:
  GenericBuilder(mlir::OpBuilder &b, mlir::Location loc) : b(b), loc(loc) {}
  mlir::AffineExpr parallel(const DimExpr &size) { return dim(size, 'p'); }
  mlir::AffineExpr reduce(const DimExpr &size) { return dim(size, 'r'); }
  /// One parallel dimension per entry.
  llvm::SmallVector<mlir::AffineExpr> parallels(llvm::ArrayRef<DimExpr> dims);
  /// A dimension expression for use inside maps.
  mlir::AffineExpr sym(const DimExpr &e);
  mlir::AffineExpr cst(int64_t v) { return mlir::getAffineConstantExpr(v, b.getContext()); }
  unsigned in(mlir::Value tensor, llvm::ArrayRef<mlir::AffineExpr> map, mlir::TypedAttr padding = {});
  unsigned table(mlir::Value tensor);
  /// A result of element type `element` and shape `dims`, written at `map`. `init` starts a reduction (its type is the
  /// accumulator's); `dest` is updated in place.
  unsigned result(mlir::Type element, llvm::ArrayRef<DimExpr> dims, llvm::ArrayRef<mlir::AffineExpr> map,
                  mlir::TypedAttr init = {}, mlir::Value dest = {});
  /// A number as an attribute of the compute type of `element`.
  mlir::TypedAttr number(double v, mlir::Type element);
  /// The body returns one value per result: in compute type of the result if there is no reduction, else of the accumulator's type.
  /// The epilogue (optional) maps accumulators to values in compute type of the results. Values are stored for you.
  llvm::SmallVector<mlir::Value> build(RegionFn body, RegionFn epilogue = nullptr);
  /// Builds kernel.contract: ins 0 and 1 are the factors; `kinds` has a letter per dimension (b, m, n, k in this order).
  mlir::Value contract(llvm::StringRef kinds, RegionFn epilogue = nullptr);

private:
  mlir::AffineExpr dim(const DimExpr &size, char kind);
  void fill(mlir::Region &region, RegionFn fn, bool isBody);
  void attributes(mlir::OperationState &state);

  mlir::OpBuilder &b;
  mlir::Location loc;
  Dims domain, symbols;
  std::string kinds;
  llvm::SmallVector<mlir::Value> ins, tables, dests;
  llvm::SmallVector<llvm::SmallVector<mlir::AffineExpr>> inMaps, resultMaps;
  llvm::SmallVector<mlir::Attribute> padding, init;
  llvm::SmallVector<mlir::RankedTensorType> resultTypes;
  llvm::SmallVector<int64_t> destOf;
};

/// A kernel.generic that reads every element of `v` and writes it at the same index of a new tensor.
mlir::Value buildCopy(mlir::OpBuilder &b, mlir::Location loc, mlir::Value v);

} // namespace ingot::kernel
#endif
