//===- TileCost.cpp ------------------------------------------------------------------===//
//
// A step of k loads `vectors` registers of B, broadcasts `rows` elements of A and multiplies all pairs. Two multiply-adds and
// two loads start in a cycle; a multiply-add takes four, so fewer than eight accumulators wait for each other. The
// accumulators, a step's B and one element of A must fit the registers, one of which the compiler may want.
//
//===----------------------------------------------------------------------===//
#include "lowering/expand/TileCost.h"
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

RegisterTile chooseTile(const ContractSizes &s, const Machine &machine) {
  RegisterTile best;
  int64_t lanes = machine.lanes(4);
  // More than 8 rows need more addresses than there are integer registers.
  for (int64_t vectors = 8; vectors >= 1; --vectors)
    for (int64_t rows = 8; rows >= 1; --rows) {
      if (rows * vectors + vectors + 1 > machine.vectorRegisters - 1)
        continue;
      if (rows > 1 && s.m == 1 && s.fixedRows)
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

} // namespace ingot
