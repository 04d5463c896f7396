//===- TileCost.h - the register tile of a contraction, by one cost function -------------===//
#ifndef INGOT_LOWERING_EXPAND_TILECOST_H
#define INGOT_LOWERING_EXPAND_TILECOST_H

#include "codegen/targets/Machine.h"
#include "llvm/ADT/ArrayRef.h"

namespace ingot {

/// Rows from which on it pays to lay the second factor out anew while running.
constexpr int64_t rowsWorthPacking = 16;

struct ContractSizes {
  int64_t m, n, k;      // dynamic ones estimated
  bool fixedRows;       // m is exact: the rest of its rows gets a smaller tile; else it costs a whole one
  bool packed;          // B in panels
};
struct RegisterTile {
  int64_t mr = 0, nr = 0;
  double cycles = 0;    // of the whole contraction
};

/// Cycles of one tile of `rows` by `vectors` registers over k steps.
double tileCycles(int64_t rows, int64_t vectors, const ContractSizes &s, const Machine &machine);
/// The cheapest tile that fits the registers; on a tie the larger one. `panel`: only those that are as wide as some panels of so many
/// columns, or as a part of one.
RegisterTile chooseTile(const ContractSizes &s, const Machine &machine, int64_t panel = 0);

/// The tile of each target, and one width of packed panels that suits them all.
struct TileChoice {
  int64_t panel = 0;
  std::vector<RegisterTile> tiles;
};
TileChoice chooseTiles(const ContractSizes &s, llvm::ArrayRef<Machine> machines);

} // namespace ingot
#endif
