//===- ContractPrefetch.h - what a contraction fetches before it is used -----------------===//
//
// A large B comes from memory once. The blocks of a tile fetch the next part of the panel (the next panel, without parts) to L2 while
// they compute, each a share in the order in which it lies: a processor's own prefetcher then helps. A lone block, which uses each
// element once, fetches what it uses some steps later. How much is ContractBlocking's to say.
//
//===----------------------------------------------------------------------===//
#ifndef INGOT_LOWERING_EXPAND_CONTRACTPREFETCH_H
#define INGOT_LOWERING_EXPAND_CONTRACTPREFETCH_H

#include "lowering/expand/ContractBlocking.h"

namespace ingot::expand {

struct ContractPrefetch {
  Emitter &e;
  Nest &nest;
  const ContractForm &form;
  const ContractBlocking &blocking;

  /// A step of k that a block of registers takes.
  struct Step {
    mlir::Value inTile;              // number of the block in its tile
    mlir::Value panelBegin;          // where the block's panel begins in B
    llvm::ArrayRef<mlir::Value> kiv; // of the outer sums
    mlir::Value inRun;               // step of the run
    mlir::Value runBegin, runEnd;    // steps of the run in this part of the sums; null where they are formed in one go
    mlir::Value isLastPart;
  };
  /// The block's share of the next part in this step, a line or more. Blocks behind the last share fetch nothing.
  void share(const Step &at) const;
  /// What the block uses some steps later; `row` is where this step's elements lie.
  void ahead(mlir::Value row) const;

private:
  mlir::Value numberOfStep(llvm::ArrayRef<mlir::Value> kiv, unsigned firstOuter, unsigned endOuter) const;
};

} // namespace ingot::expand
#endif
