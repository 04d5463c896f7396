//===- ContractForm.cpp ------------------------------------------------------------------===//
#include "lowering/expand/ContractForm.h"
#include "lowering/expand/Expand.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
namespace ingot::expand {

/// Whether factor `in` converts to the accumulator's type lane by lane.
static bool sumsInto(Type accType, unsigned in, Nest &nest) {
  Type t = nest.place(in).buffer ? storageType(nest.place(in).element) : Type();
  if (!t)
    return false;
  if (accType.isF32())
    return t.isF32() || t.isF16() || t.isBF16();
  return accType.isInteger(32) && (t.isInteger(8) || t.isInteger(16) || t.isInteger(32));
}

/// Whether the addresses of all these operands depend on the rows' number alone, not on its parts.
static bool flatRows(ArrayRef<unsigned> operands, ArrayRef<unsigned> m, Nest &nest) {
  for (unsigned o : operands)
    for (auto [i, d] : llvm::enumerate(m)) {
      auto c = nest.coefficient(o, d);
      if (!c)
        return false;
      if (i + 1 < m.size()) {
        auto next = nest.coefficient(o, m[i + 1]);
        if (!next || *c != *next * nest.sizes[m[i + 1]])
          return false;
      }
    }
  return true;
}

bool ContractForm::analyse(kernel::ContractOp op, Nest &nest, const Machine &machine) {
  kernel::TileAttr tile = op.tileOf(machine.id);
  lanes = machine.lanes(4);
  if (!tile || lanes == 1 || tile.getNr() % lanes)
    return false;
  mr = tile.getMr();
  nr = tile.getNr();
  packing = op.getPanel().value_or(0);
  accType = nest.op.initOf(0).getType();
  if (!sumsInto(accType, 0, nest) || !sumsInto(accType, 1, nest))
    return false;
  for (auto [d, kind] : llvm::enumerate(op.getKinds())) {
    if (kind == 'm' && !nest.sizes[d].isConstant(1))
      m.push_back(d);
    else if (kind == 'k' && !nest.sizes[d].isConstant(1))
      k.push_back(d);
    else if (kind == 'b' || kind == 'n')
      outer.push_back(d);
  }
  StringRef kinds = op.getKinds();
  size_t last = kinds.rfind('n');
  if (last == StringRef::npos)
    return false;
  n = last;
  llvm::erase(outer, n);
  columns = nest.sizes[n];
  for (unsigned d : m)
    rowCount = rowCount * nest.sizes[d];

  // A: linear in rows and sums; padding is zero.
  for (ArrayRef<unsigned> list : {ArrayRef(m), ArrayRef(k)})
    for (unsigned d : list)
      if (!nest.coefficient(0, d) || !nest.coefficient(1, d))
        return false;
  for (unsigned j = 0; j < nest.map(0).getNumResults(); ++j)
    if (nest.mayLeave(0, j))
      guarded.push_back(j);
  if (!guarded.empty() && !matchPattern(Attribute(nest.op.paddingOf(0)), m_AnyZeroFloat()) &&
      !matchPattern(Attribute(nest.op.paddingOf(0)), m_Zero()))
    return false;
  for (unsigned j : guarded)
    for (ArrayRef<unsigned> list : {ArrayRef(m), ArrayRef(k)})
      for (unsigned d : list)
        if (!nest.slope(nest.map(0).getResult(j), d))
          return false;
  // B: panels, or contiguous columns.
  for (unsigned j = 0; j < nest.map(1).getNumResults(); ++j)
    if (nest.mayLeave(1, j))
      return false;
  if (!packing)
    if (auto c = nest.coefficient(1, n); !c || !c->isConstant(1))
      return false;
  if (packing)
    for (auto [x, step] : llvm::zip(nest.map(1).getResults(), nest.place(1).strides))
      if (x.isFunctionOfDim(n) && x.getKind() != AffineExprKind::Mod)
        packingStep = step;
  // The result and what the epilogue reads.
  if (storageType(nest.place(nest.numIns).element).isInteger(1))
    return false;
  SmallVector<unsigned> output = {nest.numIns};
  bool flat = true;
  if (Region *r = nest.epilogue()) {
    if (nest.uses(r, 0) || nest.uses(r, 1) || lanesAlong(nest, {r}, n, true, machine, /*mayGather=*/true) != lanes)
      return false;
    for (unsigned i = 2; i < nest.numIns; ++i)
      if (nest.uses(r, i))
        output.push_back(i);
    r->walk([&](kernel::IndexOp index) { flat &= !llvm::is_contained(m, unsigned(index.getDim())); });
  }
  for (unsigned o : output)
    if (o < nest.numIns)
      for (unsigned j = 0; j < nest.map(o).getNumResults(); ++j)
        flat &= !nest.mayLeave(o, j);
  flatOutput = flat && flatRows(output, m, nest);
  affineRows = guarded.empty() && flatRows({0}, m, nest);
  chooseRun(nest);
  // Rows outside the image are read from a block of zeros.
  if (!guarded.empty()) {
    auto span = ((runLength - 1) * aStep).constant();
    if (!span || *span >= 16384)
      return false;
  }
  return true;
}

/// The innermost k dimensions that are one run with a fixed step, in A as in B.
void ContractForm::chooseRun(Nest &nest) {
  auto isGuarded = [&](unsigned d) {
    return llvm::any_of(guarded, [&](unsigned j) { return nest.map(0).getResult(j).isFunctionOfDim(d); });
  };
  kOuter = k;
  while (!kOuter.empty() && !isGuarded(kOuter.back())) {
    unsigned d = kOuter.back();
    DimExpr a = *nest.coefficient(0, d), b = *nest.coefficient(1, d);
    if (run.empty()) {
      aStep = a;
      bStep = b;
    } else if (a != aStep * runLength || b != bStep * runLength) {
      break;
    }
    run.insert(run.begin(), d);
    runLength = runLength * nest.sizes[d];
    kOuter.pop_back();
  }
}

Value ContractForm::columnOffset(Emitter &e, Value j, int64_t unit) const {
  int64_t width = packing ? std::min(nr, packing) : nr; // of what lies side by side
  if (nr == width)
    return e.mul(j, e.index(unit));
  Value perPanel = e.index(width / unit);
  return e.add(e.mul(e.divPositive(j, perPanel), e.dim(packingStep)), e.mul(e.modPositive(j, perPanel), e.index(unit)));
}

} // namespace ingot::expand
