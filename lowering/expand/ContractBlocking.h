//===- ContractBlocking.h - tiles of a contraction, and the parts of its sums -----------===//
#ifndef INGOT_LOWERING_EXPAND_CONTRACTBLOCKING_H
#define INGOT_LOWERING_EXPAND_CONTRACTBLOCKING_H

#include "lowering/expand/ContractForm.h"

namespace ingot::expand {

/// Tiles: a range of blocks of `mr` rows by a range of panels of `nr` columns. Sums may be formed in parts: all blocks of a tile go over a
/// part of the panel that stays in L1 before the next.
struct ContractBlocking {
  int64_t blocksPerTile = 1, panelsPerTile = 1;
  bool panelsInside = false; // consecutive tiles share rows, not columns
  unsigned partDims = 0; // leading kOuter that run over parts
  int64_t partSteps = 0; // of the run in a part; 0: the sums are formed in one go
  // What is fetched before it is used (ContractPrefetch).
  static constexpr int64_t cacheLine = 64, streamAhead = 1024; // bytes; `streamAhead` between what is used and what is fetched
  int64_t linesPerStep = 0; // cache lines of a panel in a step of k; 0: nothing is fetched
  int64_t linesOfBlock = 0; // those that a block fetches in a step for the next part; 0: no block has others to share with
  int64_t stepsOfPart = 0;  // of k, in a part (in a panel, without parts)
  Dims stepsOfOuter;        // steps of k in one iteration of each outer loop over k, outermost first

  static ContractBlocking choose(const ContractForm &form, Nest &nest, const Machine &machine);
  /// Lines for the kernel's comment.
  std::string text(const ContractForm &form, Nest &nest, const Machine &machine) const;
};

} // namespace ingot::expand
#endif
