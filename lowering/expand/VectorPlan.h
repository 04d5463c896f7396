//===- VectorPlan.h - which dimension of a nest the lanes run along --------------------===//
#ifndef INGOT_LOWERING_EXPAND_VECTORPLAN_H
#define INGOT_LOWERING_EXPAND_VECTORPLAN_H

#include "codegen/targets/Machine.h"
#include "lowering/expand/Nest.h"

namespace ingot::expand {

struct VectorPlan {
  int dim = -1;           // -1: scalar code
  int64_t lanes = 1;
  bool reduction = false; // the lanes hold partial results of a reduction
  unsigned chains = 1;    // independent accumulators of a reduction, for latency
};

VectorPlan planVector(Nest &nest, const Machine &machine);
/// Lanes with which the regions can run along `dim`, or 0. `accumulators`: whether accumulators differ between lanes. `mayGather`:
/// whether lanes that are not contiguous in memory may be read one by one.
int64_t lanesAlong(Nest &nest, llvm::ArrayRef<mlir::Region *> regions, unsigned dim, bool accumulators, const Machine &machine,
                   bool mayGather = false);
/// Scalar operations per turn of the body, roughly.
int64_t workOf(mlir::Region *region);

} // namespace ingot::expand
#endif
