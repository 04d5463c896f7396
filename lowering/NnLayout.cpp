//===- NnLayout.cpp - channels last ----------------------------------------------------===//
//
// Kernels want the channels innermost. Every channels-first convolution and pooling becomes channels-last between two
// transposes; then transposes sink: an operator whose operands are all transposed alike (constants and broadcasts
// of smaller values adapt for free) works on the untransposed operands and its result is transposed instead. A transpose that meets its
// inverse cancels. What is left at the end stands where the layout really changes.
//
//===----------------------------------------------------------------------===//
#include "dialects/nn/Shape.h"
#include "lowering/Passes.h"

using namespace mlir;
namespace ingot {
#define GEN_PASS_DEF_NNLAYOUT
#include "lowering/Passes.h.inc"

namespace {
using namespace nn;

SmallVector<int64_t> inverse(ArrayRef<int64_t> perm) {
  SmallVector<int64_t> out(perm.size());
  for (auto [i, p] : llvm::enumerate(perm))
    out[p] = i;
  return out;
}

/// N C S… → N S… C.
SmallVector<int64_t> toLast(int64_t rank) {
  SmallVector<int64_t> perm{0};
  for (int64_t i = 2; i < rank; ++i)
    perm.push_back(i);
  perm.push_back(1);
  return perm;
}

bool isConstant(Value v) {
  while (auto t = v.getDefiningOp<TransposeOp>())
    v = t.getInput();
  return v.getDefiningOp<GetWeightOp>() || v.getDefiningOp<ConstantOp>();
}

/// `v` with dimension k = old dimension perm[k], if that costs nothing at run time; else null.
Value freelyPermuted(OpBuilder &b, Value v, ArrayRef<int64_t> perm) {
  if (auto t = v.getDefiningOp<TransposeOp>())
    if (llvm::equal(t.getPerm(), inverse(perm)))
      return t.getInput();
  // Constants move at compile time, broadcasts with their small operand, and unit dimensions are a reshape.
  if (isConstant(v))
    return transposeBy(b, v.getLoc(), v, perm);
  Dims dims = dimsOf(v), to;
  for (int64_t p : perm)
    to.push_back(dims[p]);
  if (llvm::count_if(dims, [](const DimExpr &d) { return !d.isConstant(1); }) <= 1)
    return reshapeTo(b, v.getLoc(), v, to);
  if (auto broadcast = v.getDefiningOp<BroadcastToOp>()) {
    Value in = broadcast.getInput();
    Dims d(dims.size() - rankOf(in), DimExpr(1));
    llvm::append_range(d, dimsOf(in));
    in = reshapeTo(b, v.getLoc(), in, d);
    if (Value p = freelyPermuted(b, in, perm))
      return broadcastTo(b, v.getLoc(), p, to);
  }
  return {};
}

struct NnLayout : impl::NnLayoutBase<NnLayout> {
  void runOnOperation() override {
    getOperation().walk([&](Operation *op) {
      if (auto conv = dyn_cast<ConvOp>(op))
        channelsLast(conv);
      else if (auto pool = dyn_cast<PoolOp>(op))
        channelsLast(pool);
    });
    for (bool changed = true; changed;) {
      changed = false;
      SmallVector<Operation *> work;
      getOperation().walk([&](PermuteInterface op) { work.push_back(op); });
      for (Operation *op : work)
        changed |= sink(op);
    }
  }

  void channelsLast(ConvOp op) {
    if (op.getLayout() != "channels_first")
      return;
    OpBuilder b(op);
    int64_t rank = rankOf(op.getInput());
    auto perm = toLast(rank);
    SmallVector<int64_t> weightPerm;
    for (int64_t i = 2; i < rank; ++i)
      weightPerm.push_back(i);
    weightPerm.append({1, 0});
    Value x = transposeBy(b, op.getLoc(), op.getInput(), perm), w = transposeBy(b, op.getLoc(), op.getWeight(), weightPerm);
    Value y = ConvOp::create(b, op.getLoc(), permutedType(op.getResult(), perm), x, w, op.getStrides(), op.getPads(), op.getDilations(),
                             op.getGroup(), "channels_last");
    op.replaceAllUsesWith(transposeBy(b, op.getLoc(), y, inverse(perm)));
    op.erase();
  }

  void channelsLast(PoolOp op) {
    if (op.getLayout() != "channels_first")
      return;
    OpBuilder b(op);
    auto perm = toLast(rankOf(op.getInput()));
    Value x = transposeBy(b, op.getLoc(), op.getInput(), perm);
    Operation *copy = b.clone(*op);
    copy->setOperand(0, x);
    copy->setAttr("layout", b.getStringAttr("channels_last"));
    copy->getResult(0).setType(permutedType(op.getResult(), perm));
    op.replaceAllUsesWith(transposeBy(b, op.getLoc(), copy->getResult(0), inverse(perm)));
    op.erase();
  }

  static RankedTensorType permutedType(Value v, ArrayRef<int64_t> perm) {
    Dims dims = dimsOf(v), to;
    for (int64_t p : perm)
      to.push_back(dims[p]);
    return tensorOf(to, elementOf(v));
  }

  /// Moves a transpose of the operands behind the operator. One of a constant happens in the compiler: it is no reason to move,
  /// or two constants would hand their transpose to each other for ever.
  bool sink(Operation *op) {
    auto permutes = [&](OpOperand &o) { return cast<PermuteInterface>(op).permutes(o.getOperandNumber()); };
    TransposeOp lead;
    for (OpOperand &o : op->getOpOperands())
      if (auto t = o.get().getDefiningOp<TransposeOp>(); t && !lead && permutes(o) && !isConstant(t))
        lead = t;
    if (!lead || op->getNumResults() != 1 || op->use_empty())
      return false;
    auto perm = inverse(lead.getPerm());
    OpBuilder b(op);
    SmallVector<Value> operands;
    for (OpOperand &o : op->getOpOperands()) {
      Value v = o.get();
      if (!permutes(o)) {
        operands.push_back(v);
        continue;
      }
      if (rankOf(v) != int64_t(perm.size()))
        return false;
      Value p = freelyPermuted(b, v, perm);
      if (!p)
        return false;
      operands.push_back(p);
    }
    auto results = cast<PermuteInterface>(op).permuted(b, operands, perm);
    if (!results)
      return false;
    Value back = transposeBy(b, op->getLoc(), (*results)[0], inverse(perm));
    assert(back.getType() == op->getResult(0).getType() && "permuted() gives the permuted type");
    op->getResult(0).replaceAllUsesWith(back);
    op->erase();
    // Users may now hold transpose pairs.
    for (Operation *user : llvm::make_early_inc_range(back.getUsers()))
      if (auto t = dyn_cast<TransposeOp>(user)) {
        SmallVector<Value> folded;
        OpBuilder at(t);
        if (succeeded(at.tryFold(t, folded)) && !folded.empty()) {
          t.replaceAllUsesWith(folded[0]);
          t.erase();
        }
      }
    return true;
  }
};
} // namespace
} // namespace ingot
