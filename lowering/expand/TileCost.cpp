//===- TileCost.cpp ------------------------------------------------------------------===//
//
// A step of k loads `vectors` registers of B, broadcasts `rows` elements of A and multiplies all pairs. Two multiply-adds and
// two loads start in a cycle; a multiply-add takes four, so fewer than eight accumulators wait for each other. The
// accumulators, a step's B and one element of A must fit the registers, one of which the compiler may want.
//
//===----------------------------------------------------------------------===//
#include "lowering/expand/TileCost.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>

namespace ingot {

double tileCycles(int64_t rows, int64_t vectors, const ContractSizes &s, const Machine &machine) {
  double multiply = rows * vectors / 2.0, load = (rows + vectors) / 2.0, latency = 4;
  // B streams from L2 if a panel does not stay in L1.
  double bytes = double(s.k) * vectors * machine.vectorBytes;
  double stream = bytes > machine.l1Bytes / 2 ? vectors * machine.vectorBytes / 32.0 : 0;
  double step = std::max({multiply, load, latency, stream}) + 0.25;
  double ends = 2.0 * rows * vectors + 10; // clearing, epilogue, stores, addresses
  return s.k * step + ends;
}

static bool suits(int64_t columns, int64_t panel) { return columns % panel == 0 || panel % columns == 0; }

RegisterTile chooseTile(const ContractSizes &s, const Machine &machine, int64_t panel) {
  RegisterTile best;
  int64_t lanes = machine.lanes(4);
  // More than 8 rows need more addresses than there are integer registers.
  for (int64_t vectors = 8; vectors >= 1; --vectors)
    for (int64_t rows = 8; rows >= 1; --rows) {
      if (rows * vectors + vectors + 1 > machine.vectorRegisters - 1)
        continue;
      if ((rows > 1 && s.m == 1 && s.fixedRows) || (panel && !suits(vectors * lanes, panel)))
        continue;
      int64_t whole = s.m / rows, rest = s.m % rows;
      double column = whole * tileCycles(rows, vectors, s, machine);
      if (rest)
        column += tileCycles(s.fixedRows ? rest : rows, vectors, s, machine);
      double cycles = column * llvm::divideCeil(s.n, vectors * lanes);
      if (!best.mr || cycles < best.cycles)
        best = {rows, vectors * lanes, cycles};
    }
  return best;
}

TileChoice chooseTiles(const ContractSizes &s, llvm::ArrayRef<Machine> machines) {
  TileChoice choice;
  int64_t widest = 0;
  for (const Machine &machine : machines) {
    choice.tiles.push_back(chooseTile(s, machine));
    widest = std::max<int64_t>(widest, machine.lanes(4));
  }
  if (!s.packed)
    return choice;
  // The narrowest tile, if the others consist of it; else the widest vector, of which every wide tile consists.
  choice.panel = llvm::min_element(choice.tiles, [](auto &a, auto &b) { return a.nr < b.nr; })->nr;
  auto fits = [&](const RegisterTile &t) { return suits(t.nr, choice.panel); };
  if (choice.panel % widest || !llvm::all_of(choice.tiles, fits)) {
    choice.panel = widest;
    for (auto [tile, machine] : llvm::zip(choice.tiles, machines))
      if (!fits(tile))
        tile = chooseTile(s, machine, choice.panel);
  }
  return choice;
}

} // namespace ingot
