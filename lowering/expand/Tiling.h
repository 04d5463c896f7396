//===- Tiling.h - how a loop nest is cut into tiles ------------------------------------===//
#ifndef INGOT_LOWERING_EXPAND_TILING_H
#define INGOT_LOWERING_EXPAND_TILING_H

#include "lowering/expand/Emit.h"

namespace ingot::expand {

/// Scalar operations worth a tile: some microseconds.
constexpr int64_t tileWork = 16384;

/// The first `full` dimensions have one tile per index; the next one, if any, is cut into chunks; the rest runs inside a tile.
/// Depends on sizes alone, never on the number of threads.
struct Tiling {
  Dims sizes;
  unsigned full = 0;
  int64_t chunk = 0; // of dimension `full`; 0 if there is none

  /// `work`: operations per innermost element; chunks are multiples of `align` if the chunked dimension is the last.
  static Tiling choose(llvm::ArrayRef<DimExpr> sizes, int64_t work, int64_t align);
  static Tiling one(llvm::ArrayRef<DimExpr> sizes);         // a single tile
  static Tiling perElement(llvm::ArrayRef<DimExpr> sizes);  // a tile for each element

  DimExpr count() const;
  struct Part {
    llvm::SmallVector<mlir::Value> at; // of the full dimensions
    mlir::Value low, high;             // of the chunked one
  };
  Part part(Emitter &e, mlir::Value tile, llvm::ArrayRef<std::string> names) const;
  /// "one i0 by 16 of i1 by all of i2"; empty if nothing has a size.
  std::string text(llvm::ArrayRef<std::string> names) const;
};

/// The kernel's top-level loop over the tiles; `names` are those of the dimensions.
void forall(Emitter &e, const Tiling &tiling, llvm::ArrayRef<std::string> names, llvm::function_ref<void(const Tiling::Part &)> body);
/// The same over `count` tiles; `about` says in the kernel's comment what one is.
void forall(Emitter &e, const DimExpr &count, llvm::StringRef about, llvm::function_ref<void(mlir::Value)> body);

} // namespace ingot::expand
#endif
