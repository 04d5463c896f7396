//===- Emit.h - index arithmetic, addresses and loops of expanded kernels -----------===//
//
// Everything is folded where it is built, and grouped as one would write it: x[(n * 56 + h) * 64 + c].
//
//===----------------------------------------------------------------------===//
#ifndef INGOT_LOWERING_EXPAND_EMIT_H
#define INGOT_LOWERING_EXPAND_EMIT_H

#include "dialects/plan/Plan.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringMap.h"

namespace ingot::expand {

/// Where the elements of a tensor are.
struct Place {
  mlir::Value buffer; // flat memref
  Dims sizes, strides;
  DimExpr offset = 0;
  mlir::Type element;             // the tensor's, with its sign
  mlir::Value scalar;             // a value in a register instead of the buffer
  kernel::GenericOp recompute;    // an elementwise nest that is evaluated wherever the tensor is read
  bool keep = false;              // what is written stays in `scalar`, too
};

/// The size of an expression if every symbol is `symbol`: for heuristics only.
int64_t estimate(const DimExpr &e, int64_t symbol = 256);

class Emitter {
public:
  Emitter(mlir::OpBuilder &b, mlir::Location loc) : b(b), loc(loc) {}

  mlir::OpBuilder &b;
  mlir::Location loc;
  llvm::StringMap<mlir::Value> symbols;             // index arguments of the kernel
  llvm::DenseMap<mlir::Value, Place> places;        // of tensors
  mlir::Operation *top = nullptr;                   // sizes are computed once, in front of this

  // Index arithmetic.
  mlir::Value index(int64_t v);
  mlir::Value dim(const DimExpr &e);
  mlir::Value add(mlir::Value x, mlir::Value y);
  mlir::Value sub(mlir::Value x, mlir::Value y);
  mlir::Value mul(mlir::Value x, mlir::Value y);
  mlir::Value min(mlir::Value x, mlir::Value y);
  mlir::Value max(mlir::Value x, mlir::Value y);
  mlir::Value ceilDiv(mlir::Value x, mlir::Value y); // signed
  /// Quotient and remainder of values that are never negative.
  mlir::Value divPositive(mlir::Value x, mlir::Value y);
  mlir::Value modPositive(mlir::Value x, mlir::Value y);
  /// Both operands are in [0, 2^63): one unsigned comparison.
  mlir::Value inside(mlir::Value x, mlir::Value size);
  mlir::Value less(mlir::Value x, mlir::Value y);
  mlir::Value andBits(mlir::Value x, mlir::Value y); // either may be null: true
  /// `nonNegative` says whether the operand of a floordiv or mod is never negative.
  mlir::Value affine(mlir::AffineExpr e, llvm::ArrayRef<mlir::Value> dims, llvm::ArrayRef<DimExpr> symbols,
                     llvm::function_ref<bool(mlir::AffineExpr)> nonNegative);
  /// sum(indices[i] * strides[i]) + offset, with common factors taken out.
  mlir::Value address(llvm::ArrayRef<mlir::Value> indices, llvm::ArrayRef<DimExpr> strides, const DimExpr &offset);
  mlir::Value address(const Place &p, llvm::ArrayRef<mlir::Value> indices) { return address(indices, p.strides, p.offset); }
  /// The index of each of `sizes` in the row-major number `flat`.
  llvm::SmallVector<mlir::Value> delinearize(mlir::Value flat, llvm::ArrayRef<DimExpr> sizes);

  /// A comment in front of the next loop or condition, for whoever reads the generated code.
  void remark(llvm::StringRef text) { remarks = text.str(); }

  // Loops.
  using Body = llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value i, mlir::ValueRange carried)>;
  /// for (name = lo; name < hi; name += step), with carried values; a loop of at most one turn is not built.
  llvm::SmallVector<mlir::Value> loop(llvm::StringRef name, mlir::Value lo, mlir::Value hi, int64_t step, mlir::ValueRange init, Body body);
  /// A loop of fixed length to be unrolled by the C++ compiler; registers indexed by its variable stay registers.
  void unrolled(llvm::StringRef name, int64_t count, llvm::function_ref<void(mlir::Value)> body);
  /// The same with a count that is a constant where the body is compiled, at most `most`.
  void unrolled(llvm::StringRef name, mlir::Value count, int64_t most, llvm::function_ref<void(mlir::Value)> body);
  /// if (condition) body(); a null condition is true.
  void when(mlir::Value condition, llvm::function_ref<void()> body);
  /// if (condition) then(); else otherwise();
  void either(mlir::Value condition, llvm::function_ref<void()> then, llvm::function_ref<void()> otherwise);
  /// condition ? then() : else(); both give values of these types.
  llvm::SmallVector<mlir::Value> choose(mlir::Value condition, mlir::TypeRange types,
                                        llvm::function_ref<llvm::SmallVector<mlir::Value>()> then,
                                        llvm::function_ref<llvm::SmallVector<mlir::Value>()> otherwise);

  // Elements.
  mlir::Value constant(mlir::TypedAttr scalar, int64_t lanes = 1);
  /// The scalar in all lanes; a vector stays as it is.
  mlir::Value broadcast(mlir::Value v, int64_t lanes);
  /// buffer[at], or the `lanes` elements from there on; lanes beyond the mask are zero.
  mlir::Value load(mlir::Value buffer, mlir::Value at, int64_t lanes = 1, mlir::Value mask = {});
  void store(mlir::Value v, mlir::Value buffer, mlir::Value at, mlir::Value mask = {});
  /// Fetches the cache line of buffer[at], which may lie behind the buffer's end, to a level of the caches: 1 or 2.
  void prefetch(mlir::Value buffer, mlir::Value at, int64_t level);
  mlir::Value local(llvm::ArrayRef<int64_t> shape, mlir::Type element);
  /// Array element of a local buffer.
  mlir::Value get(mlir::Value array, mlir::ValueRange at);
  void set(mlir::Value v, mlir::Value array, mlir::ValueRange at);

  mlir::Location named(llvm::StringRef name);
  /// Says what a value is, for whoever reads the generated code; a constant or what has a name keeps it.
  mlir::Value name(llvm::StringRef name, mlir::Value v);

private:
  void annotate(mlir::Operation *op);
  std::string remarks;
  llvm::StringMap<mlir::Value> dims;
};

/// The constant behind an index value.
std::optional<int64_t> constantOf(mlir::Value v);
mlir::VectorType lanesOf(mlir::Type scalar, int64_t lanes);

} // namespace ingot::expand
#endif
