//===- KernelFusion.cpp --------------------------------------------------------===//
#include "lowering/KernelFusion.h"

using namespace mlir;
namespace ingot::kernel {

static void collect(Value v, SmallVector<ViewOp> path, Block *block, SmallVectorImpl<Read> &out, bool &escapes) {
  for (OpOperand &use : v.getUses()) {
    Operation *user = use.getOwner();
    if (user->getBlock() != block) {
      escapes = true;
      continue;
    }
    if (auto view = dyn_cast<ViewOp>(user)) {
      SmallVector<ViewOp> longer = path;
      longer.push_back(view);
      collect(view.getResult(), longer, block, out, escapes);
      continue;
    }
    auto nest = dyn_cast<LoopNestInterface>(user);
    if (nest && use.getOperandNumber() < nest.getIns().size())
      out.push_back({nest, use.getOperandNumber(), path});
    else
      escapes = true;
  }
}
SmallVector<Read> readsOf(Value v, bool &escapes) {
  SmallVector<Read> out;
  escapes = false;
  collect(v, {}, v.getParentBlock(), out, escapes);
  return out;
}

double typicalSize(ArrayRef<DimExpr> dims) {
  double n = 1;
  for (const DimExpr &d : dims)
    n *= std::max<double>(1, double(d.evaluate([](StringRef) { return std::optional<int64_t>(64); }).value_or(64)));
  return n;
}

double regionCost(Region &region) {
  double cost = 0;
  region.walk([&](Operation *op) {
    StringRef dialect = op->getName().getDialectNamespace();
    if (op->hasTrait<OpTrait::ConstantLike>() || isa<IndexOp, DimOp, YieldOp>(op))
      return;
    if (isa<ReadOp>(op))
      cost += 3;
    else if (isa<math::AbsFOp, math::AbsIOp, math::FmaOp, math::FloorOp, math::CeilOp, math::RoundEvenOp, math::TruncOp,
                 math::CopySignOp>(op))
      cost += 1;
    else if (isa<math::SqrtOp, arith::DivFOp>(op))
      cost += 4;
    else if (isa<arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp, arith::FloorDivSIOp, arith::CeilDivSIOp>(op))
      cost += 6;
    else if (dialect == "math" || dialect == "isa")
      cost += 12;
    else
      cost += 1;
  });
  return cost;
}

bool maySplit(Nest &nest, unsigned d) {
  return !nest.isPacked() || nest.kinds[d] == 'b' || nest.kinds[d] == 'm';
}

std::optional<DimExpr> addressStride(const IndexSpace::Indices &index, ArrayRef<DimExpr> shape, unsigned d) {
  DimExpr stride;
  Dims strides = nn::rowMajorStrides(shape);
  for (auto [i, s] : llvm::zip(index, strides))
    stride = stride + i.coeffs[d] * s;
  return stride;
}

SmallVector<Value> cloneBody(OpBuilder &b, Nest &to, Block &body, IRMapping &map, ArrayRef<AffineExpr> point) {
  for (Operation &op : body.without_terminator()) {
    if (auto index = dyn_cast<IndexOp>(op))
      map.map(index.getResult(), to.materialise(b, op.getLoc(), point[index.getDim()]));
    else
      b.clone(op, map);
  }
  SmallVector<Value> out;
  for (Value v : body.getTerminator()->getOperands())
    out.push_back(map.lookupOrDefault(v));
  return out;
}

bool passesUpdate(Value v, Operation *from, Operation *to) {
  while (auto view = v.getDefiningOp<ViewOp>())
    v = view.getInput();
  SmallVector<Value> work{v};
  while (!work.empty()) {
    Value x = work.pop_back_val();
    for (Operation *user : x.getUsers()) {
      if (auto view = dyn_cast<ViewOp>(user))
        work.push_back(view.getResult());
      auto nest = dyn_cast<LoopNestInterface>(user);
      if (!nest || !llvm::is_contained(nest.getDests(), x))
        continue;
      if (user == to || (user->getBlock() == to->getBlock() && from->isBeforeInBlock(user) && user->isBeforeInBlock(to)))
        return true;
    }
  }
  return false;
}

void forEachFusibleBlock(Operation *root, function_ref<void(Block &)> visit) {
  SmallVector<Block *> blocks;
  root->walk([&](Block *block) {
    Operation *parent = block->getParentOp();
    if (!isa<FusedOp, LoopNestInterface>(parent) && !block->empty())
      blocks.push_back(block);
  });
  for (Block *b : blocks)
    visit(*b);
}

void eraseDead(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isOpTriviallyDead(&op))
      op.erase();
}

} // namespace ingot::kernel
