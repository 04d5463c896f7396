//===- LinearIndex.h - index expressions as sums of coefficient * dimension ------===//
#ifndef INGOT_DIALECTS_KERNEL_LINEARINDEX_H
#define INGOT_DIALECTS_KERNEL_LINEARINDEX_H

#include "dialects/support/DimExpr.h"
#include "mlir/IR/AffineExpr.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace ingot::kernel {

/// constant + sum over domain dimensions of coeffs[d] * d.
struct LinearIndex {
  Dims coeffs;
  DimExpr constant;

  explicit LinearIndex(unsigned dims = 0) : coeffs(dims) {}
  /// Nothing if `e` divides, or multiplies dimensions.
  static std::optional<LinearIndex> of(mlir::AffineExpr e, unsigned dims, llvm::ArrayRef<DimExpr> symbols);
  mlir::AffineExpr toAffine(mlir::MLIRContext *context, llvm::function_ref<mlir::AffineExpr(const DimExpr &)> symbol) const;

  /// Smallest and largest value over the domain (not empty), if the signs of all coefficients are known.
  std::optional<DimExpr> low(llvm::ArrayRef<DimExpr> domain) const;
  std::optional<DimExpr> high(llvm::ArrayRef<DimExpr> domain) const;
  /// Provably 0 <= value < size everywhere in the domain.
  bool isWithin(const DimExpr &size, llvm::ArrayRef<DimExpr> domain) const;
  /// The dimension if the index is exactly one dimension.
  std::optional<unsigned> plainDim() const;
  LinearIndex plus(const LinearIndex &o, const DimExpr &scale) const;
  bool operator==(const LinearIndex &o) const { return coeffs == o.coeffs && constant == o.constant; }
};

/// A domain dimension to be cut in two: d = outer * inner + rest, `inner` being the size of the new dimension d + 1.
struct DimSplit {
  unsigned dim;
  DimExpr inner;
};

/// Index arithmetic over a domain, which it may cut into more dimensions where that makes an index linear.
class IndexSpace {
public:
  IndexSpace(llvm::ArrayRef<DimExpr> domain, llvm::function_ref<bool(unsigned)> maySplit);
  using Indices = std::vector<LinearIndex>;

  /// The same element's indices in a tensor of shape `to`, given those in shape `from` (both row-major, same memory).
  /// `assumeBelow`: indices are within `from`, or out of it on the same side as the results then are out of `to`.
  std::optional<Indices> reshape(Indices index, llvm::ArrayRef<DimExpr> from, llvm::ArrayRef<DimExpr> to);
  /// The point (in a domain `producer`) that writes, through `written` (over the producer's dimensions, into a tensor of shape
  /// `shape`), the element at `index`.
  std::optional<Indices> solve(llvm::ArrayRef<LinearIndex> written, llvm::ArrayRef<DimExpr> producer,
                               llvm::ArrayRef<DimExpr> shape, Indices index);
  /// Adapts an index that was made before splits happened.
  LinearIndex adapt(LinearIndex i, size_t splitsSeen) const;

  Dims domain;
  llvm::SmallVector<DimSplit> splits; // made so far, in order
private:
  bool divide(LinearIndex &value, const DimExpr &by, LinearIndex &quotient, std::optional<DimSplit> &split);
  bool apply(const DimSplit &s);
  std::optional<Indices> delinearise(LinearIndex flat, llvm::ArrayRef<DimExpr> dims);
  llvm::SmallVector<bool> may;
};

} // namespace ingot::kernel
#endif
