//===- KernelFuseProducers.cpp ----------------------------------------------------===//
//
// A producer is a kernel.generic without reductions and dests. Its element is recomputed where a consumer reads it.
// Pure movement (the body yields an element that it read) costs nothing and goes everywhere, views on the way included;
// arithmetic goes where recomputing it costs less than writing and rereading a tensor.
//
//===----------------------------------------------------------------------===//
#include "lowering/KernelFusion.h"
#include "lowering/Passes.h"
#include "lowering/expand/TileCost.h"

using namespace mlir;
namespace ingot {
#define GEN_PASS_DEF_KERNELFUSEPRODUCERS
#include "lowering/Passes.h.inc"

namespace {
using namespace kernel;

/// What a tensor element written and read again costs, in scalar operations.
constexpr double kRoundTrip = 8;
constexpr size_t kMostIns = 14, kMostOps = 300;

struct Plan {
  Read read;
  Alignment at;
  Nest::Index plainPoint; // instead of `at`, for indices that are not linear
  Attribute padding;      // of the moved element, if the read may be out of bounds
};

/// Is every element that the consumer pads also out of the producer's input?
bool padsAlike(Nest &c, Nest &p, const Plan &plan, IndexSpace &space, ArrayRef<LinearIndex> index, ArrayRef<DimExpr> shape,
               std::optional<unsigned> moved, Attribute pad) {
  if (!moved || (!isa<UnitAttr>(p.padding[*moved]) && p.padding[*moved] != pad))
    return false;
  auto inner = p.linear(p.inIndex[*moved]);
  if (!inner)
    return false;
  IndexSpace::Indices composed;
  for (const LinearIndex &i : *inner) {
    LinearIndex g(space.domain.size());
    g.constant = i.constant;
    for (auto [coeff, at] : llvm::zip(i.coeffs, plan.at.point))
      g = g.plus(at, coeff);
    composed.push_back(g);
  }
  Dims sizes = nn::dimsOf(p.ins[*moved]);
  for (auto [raw, size] : llvm::zip(index, shape)) {
    LinearIndex t = space.adapt(raw, 0);
    if (t.isWithin(size, space.domain))
      continue;
    bool found = false;
    for (auto [g, m] : llvm::zip(composed, sizes)) {
      DimExpr shift = g.constant - t.constant;
      found |= g.coeffs == t.coeffs && (DimExpr(0) - shift).isNonNegative() && (size + shift - m).isNonNegative();
    }
    if (!found)
      return false;
  }
  return true;
}

/// `fewRows`: a contraction has so few of them that the columns of its second factor may be apart.
std::optional<Plan> planRead(Read read, GenericOp producer, unsigned result, bool fewRows = false) {
  Nest c(read.consumer), p(cast<LoopNestInterface>(producer.getOperation()));
  std::optional<unsigned> moved = movedIn(producer, result);
  bool isFactor = c.isContract() && read.in < 2;
  if (isFactor && (c.isPacked() || !moved || nn::elementOf(p.ins[*moved]) != nn::elementOf(c.ins[read.in])))
    return std::nullopt;
  if (c.ins.size() + p.ins.size() > kMostIns + 1)
    return std::nullopt;
  for (auto &list : {p.ins, p.tables})
    for (Value v : list)
      if (passesUpdate(v, producer, read.consumer))
        return std::nullopt;
  Plan plan{read, {}, {}, {}};
  auto written = p.linear(p.resultIndex[result]);
  auto index = c.linear(c.inIndex[read.in]);
  if (!index && read.path.empty() && !isFactor && isa<UnitAttr>(c.padding[read.in])) {
    // Not linear: only through a plain permutation.
    plan.plainPoint.assign(p.domain.size(), getAffineConstantExpr(0, c.context()));
    SmallVector<bool> known(p.domain.size());
    for (auto [e, to] : llvm::zip(p.resultIndex[result], c.inIndex[read.in]))
      if (auto d = dyn_cast<AffineDimExpr>(e)) {
        known[d.getPosition()] = true;
        plan.plainPoint[d.getPosition()] = to;
      } else if (e != getAffineConstantExpr(0, c.context())) {
        return std::nullopt;
      }
    for (auto [k, size] : llvm::zip(known, p.domain))
      if (!k && !size.isConstant(1))
        return std::nullopt;
    return plan;
  }
  if (!written || !index)
    return std::nullopt;
  IndexSpace space(c.domain, [&](unsigned d) { return maySplit(c, d); });
  Dims shape = nn::dimsOf(c.ins[read.in]);
  IndexSpace::Indices at = *index;
  for (ViewOp view : llvm::reverse(read.path)) {
    auto inner = space.reshape(at, nn::dimsOf(view.getResult()), nn::dimsOf(view.getInput()));
    if (!inner)
      return std::nullopt;
    at = *inner;
  }
  auto point = space.solve(*written, p.domain, nn::dimsOf(producer->getResult(result)), at);
  if (!point)
    return std::nullopt;
  plan.at = {space.splits, *point};
  if (Attribute pad = c.padding[read.in]; !isa<UnitAttr>(pad) && !c.isInBounds(read.in)) {
    if (!padsAlike(c, p, plan, space, *index, shape, moved, pad))
      return std::nullopt;
    plan.padding = pad;
  }
  if (isFactor) {
    // The access must stay linear, and along n as contiguous as it was, unless the factor is packed at compile time.
    Nest after(read.consumer);
    auto inner = p.linear(p.inIndex[*moved]);
    if (!inner)
      return std::nullopt;
    size_t last = StringRef(c.kinds).rfind(read.in == 1 ? 'n' : 'k');
    if (last != StringRef::npos) {
      auto before = addressStride(*index, shape, last);
      LinearIndex flat(space.domain.size());
      Dims strides = nn::rowMajorStrides(nn::dimsOf(p.ins[*moved]));
      for (auto [i, s] : llvm::zip(*inner, strides))
        for (auto [coeff, to] : llvm::zip(i.coeffs, *point))
          flat = flat.plus(to, coeff * s);
      auto strideNow = [&](unsigned d) { // splits before it shift it; a split of itself leaves its inner part last
        for (const DimSplit &s : space.splits)
          d += s.dim <= d;
        return flat.coeffs[d];
      };
      bool isConstant = isa_and_nonnull<nn::GetWeightOp>(p.ins[*moved].getDefiningOp());
      size_t n = StringRef(c.kinds).rfind('n'); // a dot product has none
      bool wide = read.in == 1 || (n != StringRef::npos && typicalSize(SmallVector<DimExpr>{c.domain[n]}) > 64);
      if (before->isConstant(1) && !strideNow(last).isConstant(1) && wide && !isConstant) {
        // Few rows read it once, and just as well along k: the keys of a cache are not transposed for one new token.
        size_t k = StringRef(c.kinds).rfind('k');
        Dims rows;
        for (auto [size, kind] : llvm::zip(c.domain, c.kinds))
          if (kind == 'm')
            rows.push_back(size);
        fewRows |= typicalSize(rows) < rowsWorthPacking;
        if (read.in != 1 || !fewRows || k == StringRef::npos || !strideNow(k).isConstant(1))
          return std::nullopt;
      }
    }
  }
  return plan;
}

void applyPlan(IRRewriter &rw, const Plan &plan, GenericOp producer, unsigned result) {
  LoopNestInterface consumer = plan.read.consumer;
  unsigned in = plan.read.in;
  Nest c(consumer), p(cast<LoopNestInterface>(producer.getOperation()));
  for (const DimSplit &s : plan.at.splits)
    c.split(s);
  Nest::Index point = plan.plainPoint.empty() ? c.affine(plan.at.point) : plan.plainPoint;
  // Sums of products are called after their first node, the rest after the last, which the result is.
  c.loc = c.isContract() ? fuseLocs(c.loc, p.loc) : fuseLocs(p.loc, c.loc);
  auto padOf = [&](unsigned q) { return plan.padding ? plan.padding : p.padding[q]; };
  if (c.isContract() && in < 2) {
    unsigned q = *movedIn(producer, result);
    c.ins[in] = p.ins[q];
    c.inIndex[in] = c.import(p.inIndex[q], point, p.symbols);
    c.padding[in] = padOf(q);
  } else {
    Block &body = producer.getBody().front();
    // Elements that this result does not need stay away.
    llvm::SmallDenseSet<Value> needed;
    SmallVector<Value> work{body.getTerminator()->getOperand(result)};
    while (!work.empty()) {
      Value v = work.pop_back_val();
      if (needed.insert(v).second && v.getDefiningOp())
        llvm::append_range(work, v.getDefiningOp()->getOperands());
    }
    SmallVector<unsigned> newIn(p.ins.size()), newTable(p.tables.size());
    for (unsigned q = 0; q < p.ins.size(); ++q)
      if (needed.contains(body.getArgument(q)))
        newIn[q] = c.addIn(p.ins[q], c.import(p.inIndex[q], point, p.symbols), padOf(q));
    for (unsigned q = 0; q < p.tables.size(); ++q)
      if (needed.contains(body.getArgument(p.tableArg(q))))
        newTable[q] = c.addTable(p.tables[q]);
    for (Block *block : c.blocks()) {
      BlockArgument arg = block->getArgument(in);
      if (arg.use_empty())
        continue;
      OpBuilder b = OpBuilder::atBlockBegin(block);
      IRMapping map;
      for (unsigned q = 0; q < p.ins.size(); ++q)
        map.map(body.getArgument(q), block->getArgument(newIn[q]));
      for (unsigned q = 0; q < p.tables.size(); ++q)
        map.map(body.getArgument(p.tableArg(q)), block->getArgument(c.tableArg(newTable[q])));
      for (Operation &op : body.without_terminator()) {
        if (!llvm::any_of(op.getResults(), [&](Value v) { return needed.contains(v); }))
          continue;
        if (auto index = dyn_cast<IndexOp>(op))
          map.map(index.getResult(), c.materialise(b, op.getLoc(), point[index.getDim()]));
        else
          b.clone(op, map);
      }
      arg.replaceAllUsesWith(map.lookup(body.getTerminator()->getOperand(result)));
    }
    c.removeIn(in);
  }
  rw.setInsertionPoint(consumer);
  Operation *fresh = c.build(rw);
  rw.replaceOp(consumer, fresh->getResults());
}

/// Does the producer sit right behind an anchor, so that kernel-fuse-epilogues will take it?
bool followsAnchor(GenericOp producer) {
  double size = typicalSize(producer.getDomain().exprs());
  for (Value v : producer.getIns()) {
    while (auto view = v.getDefiningOp<ViewOp>())
      v = view.getInput();
    auto anchor = v.getDefiningOp<LoopNestInterface>();
    if (anchor && anchor.hasReduction() && typicalSize(nn::dimsOf(v)) == size)
      return true;
  }
  return false;
}

struct KernelFuseProducers : impl::KernelFuseProducersBase<KernelFuseProducers> {
  using Base::Base;

  bool worthwhile(GenericOp producer, ArrayRef<Read> reads, bool escapes) {
    double size = typicalSize(producer.getDomain().exprs()), body = regionCost(producer.getBody());
    double evaluations = 0;
    bool behindAnchor = followsAnchor(producer);
    for (const Read &read : reads) {
      Nest c(read.consumer);
      Dims points;
      bool inBody = !c.isContract() && !c.body()->getArgument(read.in).use_empty();
      for (unsigned d = 0; d < c.domain.size(); ++d)
        if (inBody || !c.isReduction(d))
          points.push_back(c.domain[d]);
      double ratio = typicalSize(points) / size;
      evaluations += ratio;
      if (behindAnchor && (c.reduces() || ratio > 1))
        return false;
    }
    unsigned big = 0;
    for (Value v : producer.getIns())
      big += typicalSize(nn::dimsOf(v)) * 4 >= size;
    llvm::SmallDenseSet<Operation *> consumers;
    for (const Read &read : reads)
      consumers.insert(read.consumer);
    if (escapes)
      return big == 0 && body * evaluations <= kRoundTrip / 2;
    return (evaluations - 1) * body <= kRoundTrip && (consumers.size() == 1 || big <= 1);
  }

  /// Replaces reads of constants with one value by that value.
  bool inlineConstants(IRRewriter &rw, LoopNestInterface op) {
    Nest c(op);
    bool changed = false;
    for (int i = int(c.ins.size()) - 1; i >= (c.isContract() ? 2 : 0); --i) {
      Value v = c.ins[i];
      while (auto view = v.getDefiningOp<ViewOp>())
        v = view.getInput();
      auto constant = v.getDefiningOp<nn::ConstantOp>();
      auto dense = constant ? dyn_cast<DenseElementsAttr>(constant.getValue()) : nullptr;
      if (!dense || !dense.isSplat() || isa<nn::StringType>(nn::elementOf(v)))
        continue;
      auto value = dyn_cast<TypedAttr>(dense.getSplatValue<Attribute>());
      if (!value || value.getType() != storageType(nn::elementOf(c.ins[i])))
        continue;
      if (!isa<UnitAttr>(c.padding[i]) && c.padding[i] != value && !c.isInBounds(i))
        continue;
      for (Block *block : c.blocks()) {
        BlockArgument arg = block->getArgument(i);
        if (arg.use_empty())
          continue;
        OpBuilder b = OpBuilder::atBlockBegin(block);
        arg.replaceAllUsesWith(arith::ConstantOp::create(b, constant.getLoc(), value).getResult());
      }
      c.removeIn(i);
      changed = true;
    }
    if (!changed)
      return false;
    rw.setInsertionPoint(op);
    rw.replaceOp(op, c.build(rw)->getResults());
    return true;
  }

  bool fuseProducer(IRRewriter &rw, GenericOp producer) {
    auto nest = cast<LoopNestInterface>(producer.getOperation());
    if (nest.hasReduction() || !producer.getDests().empty())
      return false;
    bool changed = false;
    for (unsigned r = 0; r < producer->getNumResults(); ++r) {
      bool moves = movedIn(producer, r).has_value() || regionCost(producer.getBody()) == 0;
      bool escapes;
      SmallVector<Read> reads = readsOf(producer->getResult(r), escapes);
      if (reads.empty() || (movementOnly && !moves))
        continue;
      if (!moves) {
        // Arithmetic: all or nothing, since a producer that stays is computed anyway.
        bool all = worthwhile(producer, reads, escapes || producer->getNumResults() > 1);
        for (Read &read : reads) {
          Region *body = read.consumer.bodyRegion();
          all = all && planRead(read, producer, r) && (!body || body->front().getOperations().size() < kMostOps);
        }
        if (!all)
          continue;
      }
      // A rewritten consumer is a new operator: look the remaining reads up again each time.
      llvm::SmallDenseSet<std::pair<Operation *, unsigned>> refused;
      for (bool again = true; again;) {
        again = false;
        for (const Read &read : readsOf(producer->getResult(r), escapes)) {
          if (refused.contains({read.consumer, read.in}))
            continue;
          auto plan = planRead(read, producer, r);
          if (!plan) {
            refused.insert({read.consumer, read.in});
            continue;
          }
          applyPlan(rw, *plan, producer, r);
          changed = again = true;
          break;
        }
      }
    }
    return changed;
  }

  void runOnOperation() override {
    struct Erased : RewriterBase::Listener {
      llvm::SmallPtrSet<Operation *, 16> ops;
      void notifyOperationErased(Operation *op) override { ops.insert(op); }
    } erased;
    IRRewriter rw(&getContext(), &erased);
    forEachFusibleBlock(getOperation(), [&](Block &block) {
      for (bool changed = true; changed;) {
        changed = false;
        for (Operation &op : llvm::make_early_inc_range(block))
          if (auto nest = dyn_cast<LoopNestInterface>(op))
            changed |= inlineConstants(rw, nest);
        erased.ops.clear(); // of this round; a new operator at an old address waits for the next one
        for (GenericOp p : SmallVector<GenericOp>(block.getOps<GenericOp>()))
          if (!erased.ops.contains(p))
            changed |= fuseProducer(rw, p);
        eraseDead(block);
      }
    });
  }
};
} // namespace

bool kernel::readUnmoved(IRRewriter &rw, GenericOp mover) {
  bool escapes;
  SmallVector<Read> reads = readsOf(mover->getResult(0), escapes);
  auto plan = reads.size() == 1 ? planRead(reads[0], mover, 0, /*fewRows=*/true) : std::nullopt;
  if (plan)
    applyPlan(rw, *plan, mover, 0);
  return plan.has_value();
}
} // namespace ingot
