//===- Window.h - kernels that slide: convolution and pooling -------------------===//
#ifndef INGOT_COMPILER_IMPORT_WINDOW_H
#define INGOT_COMPILER_IMPORT_WINDOW_H

#include "compiler/import/NodeImport.h"

namespace ingot {

/// The attributes of a window operator over the spatial dimensions, defaults and auto_pad resolved.
struct Window {
  llvm::SmallVector<int64_t> kernel, strides, dilations, pads; // pads: begins, then ends
  Dims out;                                                    // spatial dimensions of the result

  /// Refuses and returns nothing where the attributes do not fit or auto_pad needs a static size.
  static std::optional<Window> of(NodeImport &n, llvm::ArrayRef<DimExpr> spatial, llvm::ArrayRef<int64_t> kernel);
  int64_t extent(size_t i) const { return (kernel[i] - 1) * dilations[i] + 1; }
};

} // namespace ingot
#endif
