//===- Canonicalize.cpp - canonicalisation patterns of the kernel dialect ---------===//
#include "dialects/kernel/Nest.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
namespace ingot::kernel {

namespace {

/// Values of a block that what it yields, `except` aside, depends on.
llvm::SmallDenseSet<Value> neededBy(Block &block, llvm::function_ref<bool(unsigned)> except) {
  llvm::SmallDenseSet<Value> needed;
  SmallVector<Value> work;
  for (auto [i, v] : llvm::enumerate(block.getTerminator()->getOperands()))
    if (!except(i))
      work.push_back(v);
  while (!work.empty()) {
    Value v = work.pop_back_val();
    if (needed.insert(v).second && v.getDefiningOp())
      llvm::append_range(work, v.getDefiningOp()->getOperands());
  }
  return needed;
}

/// Removes what a loop nest has and does not need: dead results, unused or repeated ins and tables, padding of reads that
/// are in bounds; spells every index in one way.
template <typename Op> struct TidyNest : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op, PatternRewriter &rw) const override {
    auto nest = cast<LoopNestInterface>(op.getOperation());
    Nest n(nest);
    SmallVector<Block *, 2> blocks = n.blocks();

    SmallVector<unsigned> deadResults;
    for (unsigned r = 0; r < n.resultTypes.size() && n.resultTypes.size() > 1; ++r) {
      if (!op->getResult(r).use_empty() || deadResults.size() + 1 == n.resultTypes.size())
        continue;
      bool used = false;
      if (n.reduces())
        for (Block *b : blocks)
          used |= neededBy(*b, [&](unsigned i) { return i == r; }).contains(b->getArgument(n.accArg(r)));
      if (!used)
        deadResults.push_back(r);
    }
    auto unused = [&](unsigned arg) {
      return llvm::all_of(blocks, [&](Block *b) { return b->getArgument(arg).use_empty(); });
    };
    unsigned firstIn = n.isContract() ? 2 : 0;
    SmallVector<unsigned> inBounds, goneIns, goneTables;
    SmallVector<std::pair<unsigned, unsigned>> sameIns, sameTables; // later, earlier
    for (unsigned i = 0; i < n.ins.size(); ++i)
      if (!isa<UnitAttr>(n.padding[i]) && n.isInBounds(i)) {
        inBounds.push_back(i);
        n.padding[i] = rw.getUnitAttr();
      }
    bool respelled = false;
    for (auto *list : {&n.inIndex, &n.resultIndex})
      for (Nest::Index &index : *list)
        for (AffineExpr &e : index)
          if (auto l = n.linear(e)) {
            AffineExpr now = n.affine(*l);
            respelled |= now != e;
            e = now;
          }
    for (unsigned i = firstIn; i < n.ins.size(); ++i) {
      if (unused(i)) {
        goneIns.push_back(i);
        continue;
      }
      for (unsigned k = firstIn; k < i; ++k)
        if (n.ins[k] == n.ins[i] && n.inIndex[k] == n.inIndex[i] && n.padding[k] == n.padding[i] && !llvm::is_contained(goneIns, k)) {
          sameIns.push_back({i, k});
          goneIns.push_back(i);
          break;
        }
    }
    for (unsigned t = 0; t < n.tables.size(); ++t) {
      if (unused(n.tableArg(t))) {
        goneTables.push_back(t);
        continue;
      }
      for (unsigned k = 0; k < t; ++k)
        if (n.tables[k] == n.tables[t]) {
          sameTables.push_back({t, k});
          goneTables.push_back(t);
          break;
        }
    }
    // Symbols are renumbered by build(): more or fewer than before is a change too.
    llvm::SmallDenseSet<unsigned> usedSymbols;
    for (auto *list : {&n.inIndex, &n.resultIndex})
      for (Nest::Index &index : *list)
        for (AffineExpr e : index)
          e.walk([&](AffineExpr x) {
            if (auto s = dyn_cast<AffineSymbolExpr>(x))
              usedSymbols.insert(s.getPosition());
          });
    bool symbolsChange = usedSymbols.size() != nest.getSymbols().getDims().size();
    if (deadResults.empty() && goneIns.empty() && goneTables.empty() && inBounds.empty() && !respelled && !symbolsChange)
      return failure();

    for (Block *b : blocks) {
      for (auto [later, earlier] : sameIns)
        b->getArgument(later).replaceAllUsesWith(b->getArgument(earlier));
      for (auto [later, earlier] : sameTables)
        b->getArgument(n.tableArg(later)).replaceAllUsesWith(b->getArgument(n.tableArg(earlier)));
    }
    SmallVector<Value> kept;
    for (unsigned r = 0; r < op->getNumResults(); ++r)
      if (!llvm::is_contained(deadResults, r))
        kept.push_back(op->getResult(r));
    for (unsigned r : llvm::reverse(deadResults)) {
      // What only the dead result needs goes with it; its accumulator is then unused.
      for (Block *b : blocks) {
        auto needed = neededBy(*b, [&](unsigned i) { return i == r; });
        Operation *yield = b->getTerminator();
        yield->eraseOperand(r);
        SmallVector<Operation *> dead;
        for (Operation &o : b->without_terminator())
          if (llvm::none_of(o.getResults(), [&](Value v) { return needed.contains(v); }))
            dead.push_back(&o);
        for (Operation *o : llvm::reverse(dead))
          o->erase();
      }
      bool hasAcc = n.reduces();
      if (hasAcc)
        for (Block *b : blocks)
          b->eraseArgument(n.accArg(r));
      n.resultTypes.erase(n.resultTypes.begin() + r);
      n.resultIndex.erase(n.resultIndex.begin() + r);
      n.init.erase(n.init.begin() + r);
      n.destOf.erase(n.destOf.begin() + r);
    }
    for (unsigned t : llvm::reverse(goneTables))
      n.removeTable(t);
    for (unsigned i : llvm::reverse(goneIns))
      n.removeIn(i);
    Operation *fresh = n.build(rw);
    for (auto [old, now] : llvm::zip(kept, fresh->getResults()))
      rw.replaceAllUsesWith(old, now);
    rw.eraseOp(op);
    return success();
  }
};

/// A copy whose elements lie in memory as they did before is a view.
struct MoveToView : OpRewritePattern<GenericOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(GenericOp op, PatternRewriter &rw) const override {
    auto moved = movedIn(op);
    if (!moved || op->getNumResults() != 1 || !op.getDests().empty() || isa<FusedOp>(op->getParentOp())) // a row is copied, it has no view
      return failure();
    Nest n(cast<LoopNestInterface>(op.getOperation()));
    Value in = n.ins[*moved];
    Dims from = nn::dimsOf(in), to = nn::dimsOf(op->getResult(0));
    if (nn::elementOf(in) != nn::elementOf(op->getResult(0)) || product(from) != product(to) || product(n.domain) != product(to) ||
        (!isa<UnitAttr>(n.padding[*moved]) && !n.isInBounds(*moved)))
      return failure();
    auto read = n.linear(n.inIndex[*moved]), written = n.linear(n.resultIndex[0]);
    if (!read || !written)
      return failure();
    auto flat = [&](const IndexSpace::Indices &index, ArrayRef<DimExpr> dims) {
      LinearIndex f(n.domain.size());
      for (auto [i, s] : llvm::zip(index, nn::rowMajorStrides(dims)))
        f = f.plus(i, s);
      for (auto [c, size] : llvm::zip(f.coeffs, n.domain))
        if (size.isConstant(1))
          c = 0;
      return f;
    };
    if (!(flat(*read, from) == flat(*written, to)))
      return failure();
    rw.replaceOpWithNewOp<ViewOp>(op, op->getResult(0).getType(), in);
    return success();
  }
};

struct ViewOfConstant : OpRewritePattern<ViewOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ViewOp op, PatternRewriter &rw) const override {
    auto constant = op.getInput().getDefiningOp<nn::ConstantOp>();
    auto dense = constant ? dyn_cast<DenseIntOrFPElementsAttr>(constant.getValue()) : nullptr;
    auto type = cast<RankedTensorType>(op.getType());
    if (!dense || !type.hasStaticShape())
      return failure();
    rw.replaceOpWithNewOp<nn::ConstantOp>(op, type, dense.reshape(RankedTensorType::get(type.getShape(), dense.getElementType())));
    return success();
  }
};

/// A batch dimension that the second factor does not have widens the product instead.
struct BatchToM : OpRewritePattern<ContractOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ContractOp op, PatternRewriter &rw) const override {
    if (op.getTiles())
      return failure();
    Nest n(cast<LoopNestInterface>(op.getOperation()));
    SmallVector<unsigned> batch, wide, rest;
    for (unsigned d = 0; d < n.domain.size(); ++d) {
      bool inB = llvm::any_of(n.inIndex[1], [&](AffineExpr e) { return e.isFunctionOfDim(d); });
      (n.kinds[d] != 'b' ? rest : inB ? batch : wide).push_back(d);
    }
    if (wide.empty())
      return failure();
    for (unsigned d : wide)
      n.kinds[d] = 'm';
    SmallVector<unsigned> order(batch);
    order.append(wide);
    order.append(rest);
    n.permuteDims(order);
    rw.replaceOp(op, n.build(rw)->getResults());
    return success();
  }
};

/// Results of kernel.fused that nobody reads, and nested operators that then are dead.
struct TidyFused : OpRewritePattern<FusedOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(FusedOp op, PatternRewriter &rw) const override {
    Operation *yield = op.getBody().front().getTerminator();
    SmallVector<Value> kept, yielded;
    for (auto [r, v] : llvm::zip(op.getResults(), yield->getOperands()))
      if (!r.use_empty()) {
        kept.push_back(r);
        yielded.push_back(v);
      }
    if (kept.size() == op.getNumResults() || kept.empty())
      return failure();
    rw.modifyOpInPlace(yield, [&] { yield->setOperands(yielded); });
    auto fresh = FusedOp::create(rw, op.getLoc(), TypeRange(ValueRange(kept)), op.getOuter());
    fresh->setDiscardableAttrs(op->getDiscardableAttrDictionary());
    rw.inlineRegionBefore(op.getBody(), fresh.getBody(), fresh.getBody().end());
    for (auto [old, now] : llvm::zip(kept, fresh.getResults()))
      rw.replaceAllUsesWith(old, now);
    rw.eraseOp(op);
    return success();
  }
};
} // namespace

void GenericOp::getCanonicalizationPatterns(RewritePatternSet &set, MLIRContext *c) { set.add<TidyNest<GenericOp>, MoveToView>(c); }
void ContractOp::getCanonicalizationPatterns(RewritePatternSet &set, MLIRContext *c) { set.add<TidyNest<ContractOp>, BatchToM>(c); }
void ViewOp::getCanonicalizationPatterns(RewritePatternSet &set, MLIRContext *c) { set.add<ViewOfConstant>(c); }
void FusedOp::getCanonicalizationPatterns(RewritePatternSet &set, MLIRContext *c) { set.add<TidyFused>(c); }

} // namespace ingot::kernel
