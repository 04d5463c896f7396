//===- ContractForm.h - what a contraction's operands look like to register tiles ---------===//
#ifndef INGOT_LOWERING_EXPAND_CONTRACTFORM_H
#define INGOT_LOWERING_EXPAND_CONTRACTFORM_H

#include "codegen/targets/Machine.h"
#include "lowering/expand/Nest.h"

namespace ingot::expand {

/// A contraction as tiles of `mr` rows by `nr` columns.
struct ContractForm {
  int64_t mr = 0, nr = 0, lanes = 1;
  int64_t packing = 0; // width of packed panels; 0: B is read where it is
  DimExpr packingStep = 0; // from one packed panel to the next
  llvm::SmallVector<unsigned> outer, m, k; // dimensions; `outer`: batch and all n but the last
  unsigned n = 0;
  DimExpr rowCount = 1, columns;
  llvm::SmallVector<unsigned> kOuter, run; // of k: loops around the run, and the run
  DimExpr runLength = 1;
  DimExpr aStep = 0, bStep = 0; // of the run
  bool affineRows = false; // addresses in A are affine in the row's number
  bool flatOutput = false; // so are those of the result and of what the epilogue reads
  llvm::SmallVector<unsigned> guarded; // indices of A that can leave the tensor
  mlir::Type accType;

  /// Fills this in; false if the contraction asks for a generic nest.
  bool analyse(kernel::ContractOp op, Nest &nest, const Machine &machine);
  /// Where unit `j` of a tile's columns lies, from the first one; `unit` columns each. A tile may be several packed panels wide.
  mlir::Value columnOffset(Emitter &e, mlir::Value j, int64_t unit) const;

private:
  void chooseRun(Nest &nest);
};

} // namespace ingot::expand
#endif
