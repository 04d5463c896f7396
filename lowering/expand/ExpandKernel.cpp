//===- ExpandKernel.cpp - one plan.kernel --------------------------------------------------===//
#include "lowering/expand/Expand.h"
#include "dialects/nn/Shape.h"
#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/CSE.h"

using namespace mlir;
namespace ingot {
using namespace expand;

LogicalResult expandKernel(plan::KernelOp kernel, const Machine &machine) {
  Block &block = kernel.getBody().front();
  OpBuilder b(block.getTerminator());
  Operation *root = nullptr;
  SmallVector<Operation *> old;
  Emitter e(b, kernel.getLoc());
  if (auto names = kernel->getAttrOfType<ArrayAttr>("symbols"))
    for (auto [i, s] : llvm::enumerate(names.getAsRange<StringAttr>()))
      e.symbols[s.getValue()] = block.getArgument(i);
  auto placeOf = [](Value tensor, Value buffer, nn::ShapeAttr strides, StringRef offset) {
    return Place{buffer, nn::dimsOf(tensor), strides.exprs(), *DimExpr::parse(offset), nn::elementOf(tensor), {}, {}, false};
  };
  for (Operation &op : block.without_terminator()) {
    old.push_back(&op);
    if (auto t = dyn_cast<plan::TensorOp>(op))
      e.places[t.getResult()] = placeOf(t.getResult(), t.getBuffer(), t.getStrides(), t.getOffset());
    else if (auto w = dyn_cast<plan::WriteOp>(op))
      e.places[w.getValue()] = placeOf(w.getValue(), w.getBuffer(), w.getStrides(), w.getOffset());
    else if (!root && isa<kernel::LoopNestInterface, kernel::FusedOp>(op))
      root = &op;
    else
      return op.emitOpError("is not expected in an unexpanded plan.kernel of one loop nest");
  }
  if (!root)
    return kernel.emitOpError("has no loop nest to expand");
  e.loc = root->getLoc();

  if (auto fused = dyn_cast<kernel::FusedOp>(root)) {
    if (failed(expandFused(e, fused, machine)))
      return failure();
  } else {
    auto contract = dyn_cast<kernel::ContractOp>(root);
    if (!contract || !expandContract(e, contract, machine)) {
      if (contract) {
        OpBuilder at(root);
        auto g = contractToGeneric(at, contract);
        e.places[g.getResult(0)] = e.places[root->getResult(0)];
        old.push_back(g);
        root = g;
      }
      Nest nest(e, cast<kernel::LoopNestInterface>(root));
      expandGeneric(nest, machine);
    }
  }
  for (Operation *op : llvm::reverse(old))
    op->dropAllUses();
  for (Operation *op : old)
    op->erase();

  IRRewriter rewriter(kernel.getContext());
  DominanceInfo dominance(kernel);
  eliminateCommonSubExpressions(rewriter, dominance, kernel);
  kernel->setAttr("target", b.getStringAttr(machine.id));
  return success();
}

Value tileCount(OpBuilder &b, Location loc, plan::KernelOp kernel, ValueRange arguments) {
  auto forall = *kernel.getBody().getOps<scf::ForallOp>().begin();
  OpFoldResult n = forall.getMixedUpperBound()[0];
  if (auto a = dyn_cast<Attribute>(n))
    return arith::ConstantIndexOp::create(b, loc, cast<IntegerAttr>(a).getInt());
  Value v = cast<Value>(n);
  IRMapping map;
  map.map(kernel.getBody().getArguments(), arguments);
  if (Operation *def = v.getDefiningOp()) {
    SetVector<Operation *> slice;
    BackwardSliceOptions options;
    options.inclusive = true;
    (void)getBackwardSlice(def, &slice, options);
    for (Operation *op : slice) {
      Operation *copy = b.clone(*op, map);
      copy->setLoc(loc);
    }
  }
  return map.lookup(v);
}

} // namespace ingot
