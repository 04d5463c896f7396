//===- Nest.h - a loop nest while it is expanded ------------------------------------===//
#ifndef INGOT_LOWERING_EXPAND_NEST_H
#define INGOT_LOWERING_EXPAND_NEST_H

#include "dialects/kernel/Nest.h"
#include "lowering/expand/Emit.h"
#include "llvm/ADT/BitVector.h"

namespace ingot::expand {

/// One iteration, or `lanes` consecutive ones along `vectorDim`.
struct Point {
  llvm::SmallVector<mlir::Value> iv; // per domain dimension; the first lane's for the vector dimension
  int vectorDim = -1;
  int64_t lanes = 1;
  mlir::Value mask; // of the lanes that exist, null if all do
  mlir::Value left; // their number
};

/// How an accumulator combines with a term: acc = combine(acc, term).
struct Combine {
  mlir::Operation *op = nullptr;  // the combining operation, null if the body is something else
  unsigned accOperand = 0;        // which of its operands is the accumulator
  mlir::TypedAttr neutral;        // of the accumulator's type
  mlir::vector::CombiningKind kind = mlir::vector::CombiningKind::ADD;
};

class Nest {
public:
  Nest(Emitter &e, kernel::LoopNestInterface op);

  Emitter &e;
  kernel::LoopNestInterface op;
  Dims sizes, symbols;
  std::string kinds; // p or r
  llvm::SmallVector<std::string> names; // of dimensions, as in the kernel's comment
  unsigned numIns, numResults;

  llvm::SmallVector<unsigned> dims(char kind) const;
  mlir::AffineMap map(unsigned operand) { return op.insMap(operand); }
  /// Place of an ins or (after them) of a result.
  Place &place(unsigned operand);
  mlir::Region *body() { return op.bodyRegion(); }
  mlir::Region *epilogue() { return op.getEpilogue().empty() ? nullptr : &op.getEpilogue(); }
  bool uses(mlir::Region *region, unsigned in) const;
  bool dependsOnReduction(unsigned operand);

  /// Elements by which the address moves per step of `dim`; nothing if that is not a fixed number.
  std::optional<DimExpr> coefficient(unsigned operand, unsigned dim);
  std::optional<DimExpr> slope(mlir::AffineExpr e, unsigned dim);
  struct Range {
    DimExpr low, high;
  };
  std::optional<Range> range(mlir::AffineExpr e);
  /// Whether the elements of an operand along `dim` are one after the other (1), all the same (0), or must be taken one by one (-1).
  int laneStep(unsigned operand, unsigned dim);
  /// Whether index `j` of ins `in` can leave the tensor, so that the read is padded.
  bool mayLeave(unsigned in, unsigned j);
  /// Whether the bounds of a reduction that skips padding depend on dimension `dim`, so that it cannot run in lanes.
  bool clipsAlong(unsigned dim) const;

  mlir::Value indexValue(mlir::AffineExpr e, llvm::ArrayRef<mlir::Value> iv);
  llvm::SmallVector<mlir::Value> indices(unsigned operand, llvm::ArrayRef<mlir::Value> iv);

  /// Element(s) of ins `in` at the point: a scalar if all lanes read the same, else a vector.
  mlir::Value read(unsigned in, const Point &p);
  void write(unsigned result, mlir::Value v, const Point &p);
  /// The region's yielded values for these elements and accumulators. Values that are the same in all lanes stay scalars.
  llvm::SmallVector<mlir::Value> clone(mlir::Region &region, llvm::ArrayRef<mlir::Value> ins, llvm::ArrayRef<mlir::Value> accs, const Point &p);

  Combine combineOf(unsigned result);
  /// Runs the reduction loops (those in `order`, outermost first) around `step`, with carried accumulators. Where a padded read
  /// would leave the accumulators as they are, the bounds leave it out.
  llvm::SmallVector<mlir::Value> reduce(llvm::ArrayRef<unsigned> order, Point &p, mlir::ValueRange init,
                                        llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::ValueRange)> step);
  /// Lower and upper bound of reduction dimension `dim` at this point.
  std::pair<mlir::Value, mlir::Value> bounds(unsigned dim, const Point &p);
  /// All of one output element or vector: reduction, epilogue, store.
  void element(Point p);

private:
  void planClipping();
  mlir::Value gather(unsigned in, const Point &p);
  void scatter(unsigned result, mlir::Value v, const Point &p);

  struct Clip {
    unsigned in, index; // index `index` of ins `in` is slope * dim + rest
    int64_t slope;
    mlir::AffineExpr rest;
  };
  llvm::DenseMap<unsigned, llvm::SmallVector<Clip, 1>> clips; // by reduction dimension
  llvm::DenseSet<std::pair<unsigned, unsigned>> clipped;      // (ins, index)
};

} // namespace ingot::expand
#endif
