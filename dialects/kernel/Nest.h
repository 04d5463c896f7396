//===- Nest.h - a loop nest taken apart, for passes that rewrite it -------------===//
//
//   Nest n(op);             // the pieces of a kernel.generic or kernel.contract; regions stay in the op
//   n.splitDim(0, 8); …     // edits the pieces and, in place, the op's regions
//   auto fresh = n.build(b) // a new op with the regions moved over; the caller replaces and erases the old one
//
// Once an edit has begun the old op is invalid until build().
//
//===----------------------------------------------------------------------===//
#ifndef INGOT_DIALECTS_KERNEL_NEST_H
#define INGOT_DIALECTS_KERNEL_NEST_H

#include "dialects/kernel/Kernel.h"
#include "dialects/kernel/LinearIndex.h"
#include "dialects/nn/Shape.h"

namespace ingot::kernel {

class Nest {
public:
  using Index = llvm::SmallVector<mlir::AffineExpr, 4>;

  explicit Nest(LoopNestInterface op);

  LoopNestInterface op;
  mlir::Location loc;
  Dims domain, symbols;
  std::string kinds; // p, r; of a contraction b, m, n, k
  llvm::SmallVector<mlir::Value> ins, tables, dests;
  llvm::SmallVector<Index> inIndex, resultIndex;
  llvm::SmallVector<mlir::Attribute> padding, init;
  llvm::SmallVector<int64_t> destOf;
  llvm::SmallVector<mlir::Type> resultTypes;

  mlir::MLIRContext *context() const { return loc.getContext(); }
  bool isContract() { return llvm::isa<ContractOp>(op.getOperation()); }
  bool isPacked();
  bool isReduction(unsigned d) const { return kinds[d] == 'r' || kinds[d] == 'k'; }
  bool reduces() const { return kinds.find_first_of("rk") != std::string::npos; }
  mlir::Block *body();     // null if implied
  mlir::Block *epilogue(); // null if empty
  /// The region blocks that exist.
  llvm::SmallVector<mlir::Block *, 2> blocks();
  /// Makes the epilogue that stands for "the accumulator is the result", if there is none.
  mlir::Block *makeEpilogue();

  mlir::AffineExpr dimExpr(unsigned d) { return mlir::getAffineDimExpr(d, context()); }
  mlir::AffineExpr sym(const DimExpr &e);
  /// An expression over another nest's dimensions (which `dims` replaces) and symbols, as one of ours.
  mlir::AffineExpr import(mlir::AffineExpr e, llvm::ArrayRef<mlir::AffineExpr> dims, llvm::ArrayRef<DimExpr> otherSymbols);
  Index import(llvm::ArrayRef<mlir::AffineExpr> e, llvm::ArrayRef<mlir::AffineExpr> dims, llvm::ArrayRef<DimExpr> otherSymbols);
  std::optional<LinearIndex> linear(mlir::AffineExpr e) const { return LinearIndex::of(e, domain.size(), symbols); }
  std::optional<IndexSpace::Indices> linear(llvm::ArrayRef<mlir::AffineExpr> e) const;
  mlir::AffineExpr affine(const LinearIndex &i);
  Index affine(llvm::ArrayRef<LinearIndex> i);
  /// Replaces dimension d by exprs[d] in every index.
  void replaceDims(llvm::ArrayRef<mlir::AffineExpr> exprs);
  bool uses(mlir::AffineExpr e, unsigned d) const { return e.isFunctionOfDim(d); }

  unsigned addIn(mlir::Value v, Index index, mlir::Attribute padding); // returns its number; adds region arguments
  void removeIn(unsigned i);                                           // its region arguments must be unused
  unsigned addTable(mlir::Value v);
  void removeTable(unsigned i);
  void removeResult(unsigned i); // also drops it from the yields
  /// Region argument numbers.
  unsigned tableArg(unsigned i) const { return ins.size() + i; }
  unsigned accArg(unsigned i) const { return ins.size() + tables.size() + i; }

  void split(const DimSplit &s);
  /// Dimension `d` of the result is old dimension order[d].
  void permuteDims(llvm::ArrayRef<unsigned> order);
  /// Removes a dimension of size 1 (a reduction only if another one remains).
  void dropUnitDim(unsigned d);

  /// Provably in bounds at every point.
  bool isInBounds(unsigned i) const;
  /// SSA index arithmetic for an index expression, inside a region.
  mlir::Value materialise(mlir::OpBuilder &b, mlir::Location at, mlir::AffineExpr e);

  LoopNestInterface build(mlir::OpBuilder &b);

private:
  void forEachIndexOp(llvm::function_ref<void(IndexOp)> visit);
};

/// If the nest's result `r` is computed without arithmetic: the ins argument that the body yields.
std::optional<unsigned> movedIn(GenericOp op, unsigned result = 0);
/// Names of the domain's dimensions, for people: by kind b, m, n, k of a contraction, i and k otherwise, numbered where there are several;
/// what a fused operator shares is `row`. A dimension of size 1, over which nothing runs, is "0".
/// The attribute `dim_names` overrides them.
llvm::SmallVector<std::string> dimNames(LoopNestInterface op);
/// What a fused operator's intermediate is called: the nested operation's attribute `names`, else `value`.
llvm::StringRef resultName(mlir::OpResult result);
/// A location for an operator made of several.
mlir::Location fuseLocs(mlir::Location a, mlir::Location b);

} // namespace ingot::kernel
#endif
