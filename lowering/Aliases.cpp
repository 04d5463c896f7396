//===- Aliases.cpp ------------------------------------------------------------------===//
#include "lowering/Aliases.h"
#include "dialects/kernel/Builders.h"
#include "lowering/OutlineKernel.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
namespace ingot {

//===----------------------------------------------------------------------===//
// Who shares memory
//===----------------------------------------------------------------------===//

/// The kernel operation that `user` is, or is a part of.
static Operation *wholeKernel(Operation *user) {
  auto fused = user->getParentOfType<kernel::FusedOp>();
  return fused ? fused.getOperation() : user;
}

/// The branch whose results a terminator's operands become, or null.
static Operation *branchOf(Operation *terminator) {
  Operation *parent = terminator->getParentOp();
  return isa<nn::YieldOp, scf::YieldOp>(terminator) && isa<nn::IfOp, scf::IfOp>(parent) ? parent : nullptr;
}

/// Results to which `use` passes its value's memory.
static void forEachReceiver(OpOperand &use, function_ref<void(OpResult)> visit) {
  Operation *op = use.getOwner();
  if (isa<kernel::ViewOp>(op))
    return visit(op->getResult(0));
  if (Operation *branch = branchOf(op)) {
    if (use.getOperandNumber() < branch->getNumResults())
      visit(branch->getResult(use.getOperandNumber()));
    return;
  }
  Operation *kernel = wholeKernel(op);
  for (OpResult r : kernel->getResults())
    if (tensorUpdated(kernel, r.getResultNumber()) == use.get())
      visit(r);
}

/// Values that pass their memory to `v`.
static SmallVector<Value> giversOf(Value v) {
  auto r = dyn_cast<OpResult>(v);
  if (!r)
    return {};
  Operation *op = r.getOwner();
  if (auto view = dyn_cast<kernel::ViewOp>(op))
    return {view.getInput()};
  if (Value dest = tensorUpdated(op, r.getResultNumber()))
    return {dest};
  SmallVector<Value> givers;
  for (Region &region : op->getRegions())
    if (!region.empty() && branchOf(&region.back().back()) == op)
      givers.push_back(region.back().back().getOperand(r.getResultNumber()));
  return givers;
}

SmallVector<Value> valuesInMemoryOf(Value v, Operation *without) {
  llvm::SetVector<Value> found;
  found.insert(v);
  for (size_t i = 0; i < found.size(); ++i)
    for (OpOperand &use : found[i].getUses())
      forEachReceiver(use, [&](OpResult r) {
        if (r.getOwner() != without)
          found.insert(r);
      });
  return found.takeVector();
}

SmallVector<Value> originsOf(Value v) {
  llvm::SetVector<Value> seen;
  SmallVector<Value> origins;
  seen.insert(v);
  for (size_t i = 0; i < seen.size(); ++i) {
    SmallVector<Value> givers = giversOf(seen[i]);
    seen.insert_range(givers);
    if (givers.empty())
      origins.push_back(seen[i]);
  }
  return origins;
}

//===----------------------------------------------------------------------===//
// Updates in place
//===----------------------------------------------------------------------===//

/// Is this an operand that `kernel` updates?
static bool isDestOf(OpOperand &use, Operation *kernel) {
  auto nest = dyn_cast<kernel::LoopNestInterface>(use.getOwner());
  if (!nest || wholeKernel(nest) != kernel || nest.getDests().empty())
    return false;
  unsigned first = nest.getDests().getBeginOperandIndex();
  return use.getOperandNumber() >= first && use.getOperandNumber() < first + nest.getDests().size();
}

/// May `op` write its result over `dest`?
static bool mayOverwrite(Operation *op, Value dest) {
  for (Value origin : originsOf(dest)) {
    // Memory from around this block may be read again, by the next iteration for instance.
    auto made = dyn_cast<OpResult>(origin);
    if (!made || made.getOwner()->getBlock() != op->getBlock() || isa<nn::GetWeightOp, nn::ConstantOp>(made.getOwner()))
      return false;
    unsigned updates = 0;
    for (Value v : valuesInMemoryOf(origin, op))
      for (OpOperand &use : v.getUses()) {
        if (isDestOf(use, op)) {
          ++updates;
          continue;
        }
        Operation *reader = op->getBlock()->findAncestorOpInBlock(*use.getOwner());
        if (!isa<kernel::ViewOp>(use.getOwner()) && (!reader || !reader->isBeforeInBlock(op)))
          return false;
      }
    if (updates > 1) // two results cannot both have the memory
      return false;
  }
  return true;
}

static Value copyOf(Value v, Operation *before) {
  OpBuilder b(before);
  Value copy = kernel::buildCopy(b, v.getLoc(), v);
  SmallVector<std::string> names;
  if (Operation *producer = v.getDefiningOp())
    names = provenanceOf(producer);
  std::string origin = names.empty() ? "copy" : "copy of " + names.back();
  copy.getDefiningOp()->setAttr("origin", b.getStrArrayAttr({origin}));
  return copy;
}

void copyBeforeUpdates(Operation *function) {
  function->walk<WalkOrder::PreOrder>([](Operation *op) {
    for (OpResult r : op->getResults()) {
      Value dest = tensorUpdated(op, r.getResultNumber());
      if (!dest || mayOverwrite(op, dest))
        continue;
      auto update = llvm::find_if(dest.getUses(), [&](OpOperand &use) { return isDestOf(use, op); });
      update->set(copyOf(dest, op));
    }
    return isa<kernel::LoopNestInterface, kernel::FusedOp>(op) ? WalkResult::skip() : WalkResult::advance();
  });
}

} // namespace ingot
