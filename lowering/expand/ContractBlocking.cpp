//===- ContractBlocking.cpp --------------------------------------------------------------===//
#include "lowering/expand/ContractBlocking.h"
#include "lowering/expand/Tiling.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
namespace ingot::expand {

//===----------------------------------------------------------------------===//
// Choice
//===----------------------------------------------------------------------===//

namespace {
/// A choice while it is made.
struct Choice {
  const ContractForm &f;
  Nest &nest;
  const Machine &machine;
  ContractBlocking c;

  int64_t rowBytes(int64_t rows, int64_t depth);
  void parts(int64_t depth);
  void prefetch(int64_t depth);
  ContractBlocking tiles();
};
} // namespace

/// Bytes of ins 0 that one more row brings in: rows of a convolution share most of what they read.
int64_t Choice::rowBytes(int64_t rows, int64_t depth) {
  const Place &a = nest.place(0);
  int64_t whole = 4, alone = depth * 4;
  for (const DimExpr &d : a.sizes)
    whole *= std::max<int64_t>(1, estimate(d));
  for (unsigned d : f.outer)
    if (nest.map(0).isFunctionOfDim(d))
      whole /= std::max<int64_t>(1, estimate(nest.sizes[d]));
  return std::clamp<int64_t>(whole / rows, 1, alone);
}

/// Parts pay where a panel is larger than L1 and several blocks go over it. Each block's rows are found anew in every part, which
/// divisions by sizes of the run would make dear.
void Choice::parts(int64_t depth) {
  int64_t stepBytes = f.nr * 4, l1 = machine.l1Bytes, room = 24 << 10; // of the stack
  bool fixed = llvm::all_of(f.k, [&](unsigned d) { return nest.sizes[d].constant().has_value(); });
  int64_t most = room / (f.mr * f.nr * 4);
  if (!f.packing || !fixed || f.run.empty() || (!f.affineRows && !f.rowCount.constant()) || depth * stepBytes <= l1 ||
      std::min(c.blocksPerTile, most) < 4)
    return;
  int64_t aim = l1 * 3 / 4 / stepBytes, length = *f.runLength.constant();
  c.blocksPerTile = std::min(c.blocksPerTile, most);
  c.partDims = f.kOuter.size();
  c.partSteps = length;
  // Short runs: several to a part.
  for (int64_t steps = length; c.partDims; --c.partDims) {
    steps *= *nest.sizes[f.kOuter[c.partDims - 1]].constant();
    if (steps * 2 > aim * 3)
      break;
  }
  // Long runs: equal parts of one, as near to the aim as they divide it.
  auto distance = [&](int64_t steps) { return steps > aim ? double(steps) / aim : double(aim) / steps; };
  if (c.partDims == f.kOuter.size() && length > aim)
    for (int64_t parts = 2; length / parts >= 16; ++parts)
      if (int64_t steps = llvm::divideCeil(length, parts); distance(steps) < distance(c.partSteps))
        c.partSteps = steps;
  if (!c.partDims && c.partSteps == length) // one part is the whole
    c.partSteps = 0;
}

ContractBlocking Choice::tiles() {
  int64_t depth = 1;
  for (unsigned d : f.k)
    depth *= std::max<int64_t>(1, estimate(nest.sizes[d]));
  int64_t rows = std::max<int64_t>(1, estimate(f.rowCount));
  int64_t blocks = llvm::divideCeil(rows, f.mr), panels = llvm::divideCeil(std::max<int64_t>(1, estimate(f.columns)), f.nr);
  // Rows of A that stay in half of L2 while panels go by; if all do, consecutive tiles share a panel instead.
  int64_t fit = std::max<int64_t>(1, machine.l2Bytes / 2 / (f.mr * rowBytes(rows, depth)));
  int64_t work = f.mr * f.nr * depth, enough = 16 * tileWork;
  c.blocksPerTile = std::min(blocks, fit);
  c.panelsInside = c.blocksPerTile < blocks;
  parts(depth);
  // A tile in parts reads its panel from L2 once: it keeps at least as many blocks as pay for that.
  int64_t least = c.partSteps ? 8 : 1;
  auto tiles = [&] { return panels * llvm::divideCeil(blocks, c.blocksPerTile); };
  while (tiles() < 32 && c.blocksPerTile > 1 && (c.blocksPerTile >= 2 * least || tiles() < 8) && c.blocksPerTile * work / 2 >= enough)
    c.blocksPerTile = llvm::divideCeil(c.blocksPerTile, 2);
  c.blocksPerTile = llvm::divideCeil(blocks, llvm::divideCeil(blocks, c.blocksPerTile));
  if (c.blocksPerTile == 1) // no other block shares a part
    c.partSteps = c.partDims = 0;
  c.panelsPerTile = std::clamp<int64_t>(enough / std::max<int64_t>(1, c.blocksPerTile * work), 1, panels);
  c.panelsPerTile = llvm::divideCeil(panels, llvm::divideCeil(panels, c.panelsPerTile));
  prefetch(depth);
  return c;
}

/// Only what lies in order is fetched: packed panels, all of whose sizes are known. Little factors stay in L2 anyway.
void Choice::prefetch(int64_t depth) {
  int64_t bytes = nest.place(1).element.getIntOrFloatBitWidth() / 8;
  if (!f.packing || f.nr < f.packing || f.packing * bytes % c.cacheLine || f.run.empty() ||
      depth * std::max<int64_t>(1, estimate(f.columns)) * bytes < machine.l2Bytes / 4)
    return;
  DimExpr steps = 1;
  for (unsigned d : llvm::reverse(f.k)) {
    if (!nest.sizes[d].constant() || *nest.coefficient(1, d) != steps * f.packing)
      return;
    if (llvm::is_contained(f.kOuter, d))
      c.stepsOfOuter.insert(c.stepsOfOuter.begin(), steps);
    steps = steps * nest.sizes[d];
  }
  c.linesPerStep = f.nr * bytes / c.cacheLine;
  // A lone block has none to share with, and behind a lone panel in one part comes nothing.
  bool isAlone = !c.partSteps && f.columns.constant() && *f.columns.constant() <= f.nr;
  if (c.blocksPerTile > 1 && isAlone)
    c.linesPerStep = 0;
  if (c.blocksPerTile == 1 || isAlone)
    return;
  c.linesOfBlock = llvm::divideCeil(c.linesPerStep, c.blocksPerTile);
  c.stepsOfPart = c.partSteps ? c.partSteps : *f.runLength.constant();
  for (unsigned d : ArrayRef(f.kOuter).drop_front(c.partDims))
    c.stepsOfPart *= *nest.sizes[d].constant();
}

ContractBlocking ContractBlocking::choose(const ContractForm &form, Nest &nest, const Machine &machine) {
  return Choice{form, nest, machine, {}}.tiles();
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

/// What a part of the sums is over: "one k0 and 86 of k1".
static std::string partName(const ContractForm &f, const ContractBlocking &c, const Nest &nest) {
  std::string one = llvm::join(llvm::map_range(ArrayRef(f.kOuter).take_front(c.partDims), [&](unsigned d) { return nest.names[d]; }), ", ");
  SmallVector<std::string> rest = llvm::map_to_vector(ArrayRef(f.k).drop_front(c.partDims), [&](unsigned d) { return nest.names[d]; });
  std::string all = llvm::join(rest, ", "), of = one.empty() ? all : "all of " + all;
  if (c.partSteps < *f.runLength.constant())
    of = std::to_string(c.partSteps) + " of " + all;
  return one.empty() ? of : "one " + one + " and " + of;
}

/// Bytes of a panel that a part of the sums reads.
static int64_t partBytes(const ContractForm &f, const ContractBlocking &c, Nest &nest) {
  int64_t steps = c.partSteps;
  for (unsigned d : ArrayRef(f.kOuter).drop_front(c.partDims))
    steps *= *nest.sizes[d].constant();
  return *storageBytes(nest.place(1).element, DimExpr(steps * f.nr)).constant();
}

/// " of m = m0 * 56 + m1" where rows have several indices.
static std::string rowsName(const ContractForm &f, const Nest &nest) {
  if (f.m.empty())
    return "";
  std::string text;
  for (unsigned d : f.m) {
    if (d != f.m.front())
      text = (d == f.m[1] ? text : "(" + text + ")") + "*" + (nest.sizes[d].constant() ? nest.sizes[d].str() : nest.names[d] + "_size") + " + ";
    text += nest.names[d];
  }
  return f.m.size() == 1 ? " of " + text : " of m = " + text;
}

std::string ContractBlocking::text(const ContractForm &f, Nest &nest, const Machine &machine) const {
  auto plural = [](int64_t count, StringRef what) { return std::to_string(count) + " " + what.str() + (count == 1 ? "" : "s"); };
  std::string text = "a block of registers: " + plural(f.mr, "row") + rowsName(f, nest) + " by a panel of " + std::to_string(f.nr) +
                     " columns of n, " + std::to_string(f.mr) + " x " + std::to_string(f.nr / f.lanes) + " vectors of sums";
  // "3136 rows: 522 blocks of 6 and one of 4", for a size that is known.
  auto division = [&](const DimExpr &size, int64_t per, StringRef items, StringRef groups) -> std::string {
    auto total = size.constant();
    if (!total || *total < 1)
      return "";
    int64_t whole = *total / per, rest = *total % per;
    std::string divided = plural(whole, groups) + " of " + std::to_string(per), last = std::to_string(rest);
    return plural(*total, items) + ": " + (!rest ? divided : whole ? divided + " and one of " + last : "one " + groups.str() + " of " + last);
  };
  std::string rows = division(f.rowCount, f.mr, "row", "block"), columnsOf = division(f.columns, f.nr, "column", "panel");
  if (!rows.empty() || !columnsOf.empty())
    text += "\n" + rows + (rows.empty() || columnsOf.empty() ? "" : "; ") + columnsOf;
  // What the last tile has, if that is not as much as the others.
  auto last = [&](const DimExpr &size, int64_t per, int64_t perTile, StringRef groups) -> std::string {
    auto total = size.constant();
    int64_t count = total ? llvm::divideCeil(*total, per) : 0, rest = count % perTile;
    return rest && count > perTile ? "; " + plural(rest, groups) + " in the last" : "";
  };
  text += "\na tile: " + plural(blocksPerTile, "block") + " (" + plural(blocksPerTile * f.mr, "row") +
          last(f.rowCount, f.mr, blocksPerTile, "block") + ") by " + plural(panelsPerTile, "panel") + " (" +
          plural(panelsPerTile * f.nr, "column") + last(f.columns, f.nr, panelsPerTile, "panel") + ")";
  if (partSteps)
    text += "\nsums in parts, each of " + partName(f, *this, nest) + ": the tile's blocks all go over a part of the panel, " +
            plural(partBytes(f, *this, nest), "byte") + " that stay in an L1 of " + std::to_string(machine.l1Bytes) + ", before the next";
  if (linesOfBlock)
    text += partSteps ? ", which they fetch to L2 meanwhile" : "\nthe blocks of a tile fetch the next panel to L2 meanwhile";
  return text;
}

} // namespace ingot::expand
