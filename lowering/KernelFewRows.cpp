//===- KernelFewRows.cpp ----------------------------------------------------------===//
//
// A contraction whose second factor is moved before it (the keys of a cache, transposed) and whose rows the run counts: moving
// pays for many rows only. It becomes nn.if: few rows read the factor where it lies, their lanes along k; many rows as before.
//
//===----------------------------------------------------------------------===//
#include "dialects/kernel/Builders.h"
#include "lowering/KernelFusion.h"
#include "lowering/Passes.h"
#include "lowering/expand/TileCost.h"

using namespace mlir;
namespace ingot {
#define GEN_PASS_DEF_KERNELFEWROWS
#include "lowering/Passes.h.inc"

namespace {
using namespace kernel;

/// The operators from the one that moves ins 1 to the contraction; empty if that does not fit.
SmallVector<Operation *> movedFactor(ContractOp op) {
  SmallVector<Operation *> chain = {op};
  Value v = op.getIns()[1];
  while (auto view = v.getDefiningOp<ViewOp>()) {
    chain.push_back(view);
    v = view.getInput();
  }
  auto mover = v.getDefiningOp<GenericOp>();
  if (!mover || mover->getNumResults() != 1 || !mover.getDests().empty() || !movedIn(mover, 0))
    return {};
  chain.push_back(mover);
  return llvm::to_vector(llvm::reverse(chain));
}

DimExpr product(ContractOp op, char kind) {
  DimExpr size = 1;
  for (auto [d, k] : llvm::zip(op.getDomain().exprs(), op.getKinds()))
    if (k == kind)
      size = size * d;
  return size;
}

/// May there be many columns where there are few rows? Only then moving them costs.
bool isLopsided(const DimExpr &rows, const DimExpr &columns) {
  SmallVector<StringRef> counted;
  rows.symbols([&](StringRef s) { counted.push_back(s); });
  bool more = false;
  columns.symbols([&](StringRef s) { more |= !llvm::is_contained(counted, s); });
  return !counted.empty() && more;
}

/// A bool: are there fewer rows than it takes to move a factor?
Value areFew(OpBuilder &b, Location loc, const DimExpr &rows) {
  GenericBuilder g(b, NameLoc::get(b.getStringAttr("few_rows"), loc));
  g.result(b.getI1Type(), {}, {});
  return g.build([&](Scalars &r) -> SmallVector<Value> {
    return {arith::CmpIOp::create(r.b, r.loc, arith::CmpIPredicate::slt, r.dim(rows), r.indexConst(rowsWorthPacking))};
  })[0];
}

/// A region that holds copies of the chain and yields the last one's result.
void fill(OpBuilder &b, Region &region, ArrayRef<Operation *> chain) {
  OpBuilder::InsertionGuard guard(b);
  b.createBlock(&region);
  IRMapping map;
  Operation *last = nullptr;
  for (Operation *op : chain)
    last = b.clone(*op, map);
  nn::YieldOp::create(b, last->getLoc(), last->getResults());
}

void version(IRRewriter &rw, ContractOp op) {
  if (!op.getTiles() || op.getPanel() || op->getParentOfType<nn::IfOp>())
    return;
  DimExpr rows = product(op, 'm');
  SmallVector<Operation *> chain = movedFactor(op);
  if (chain.empty() || !op.getDests().empty() || !isLopsided(rows, product(op, 'n')))
    return;
  // Neither work twice nor a read that moves behind an update in place.
  auto mover = cast<GenericOp>(chain.front());
  if (llvm::any_of(mover.getIns(), [&](Value v) { return passesUpdate(v, mover, op); }) ||
      llvm::any_of(ArrayRef(chain).drop_back(), [](Operation *o) { return !o->hasOneUse(); }))
    return;
  rw.setInsertionPoint(op);
  auto branch = nn::IfOp::create(rw, op.getLoc(), op->getResultTypes(), areFew(rw, op.getLoc(), rows), rw.getArrayAttr({}),
                                 rw.getStringAttr(DimExpr::floorDiv(rows, rowsWorthPacking).str()));
  fill(rw, branch.getThenRegion(), chain);
  fill(rw, branch.getElseRegion(), chain);
  Block &few = branch.getThenRegion().front();
  cast<ContractOp>(few.getTerminator()->getOperand(0).getDefiningOp()).removeTilesAttr();
  if (!readUnmoved(rw, cast<GenericOp>(few.front()))) {
    rw.eraseOp(branch);
    return;
  }
  eraseDead(few);
  rw.replaceOp(op, branch.getResults());
}

struct KernelFewRows : impl::KernelFewRowsBase<KernelFewRows> {
  using Base::Base;

  void runOnOperation() override {
    SmallVector<ContractOp> work;
    getOperation().walk([&](ContractOp op) { work.push_back(op); });
    IRRewriter rw(&getContext());
    for (ContractOp op : work)
      version(rw, op);
    forEachFusibleBlock(getOperation(), eraseDead);
  }
};
} // namespace
} // namespace ingot
