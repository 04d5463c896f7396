//===- VectorPlan.cpp ------------------------------------------------------------===//
#include "lowering/expand/VectorPlan.h"

using namespace mlir;
namespace ingot::expand {

int64_t workOf(Region *region) {
  int64_t n = 1;
  if (region)
    region->walk([&](Operation *op) {
      StringRef d = op->getName().getDialectNamespace();
      if (d == "math" || d == "isa")
        n += isa<math::FmaOp, math::AbsFOp, math::SqrtOp>(op) ? 1 : 12;
      else if (d == "arith" && !isa<arith::ConstantOp>(op))
        n += isa<arith::DivFOp, arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp, arith::RemFOp>(op) ? 6 : 1;
    });
  return n;
}

namespace {
/// Follows what differs between lanes through the regions and collects the element sizes.
struct LaneCheck {
  Nest &nest;
  unsigned dim;
  const Machine &machine;
  DenseSet<Value> varying, ramps;
  bool mayGather;
  bool ok = true, wide = false, narrow = false; // 64-bit and up to 32-bit values

  void see(Type t, bool isArithmetic) {
    if (t.isInteger(1))
      return;
    bool plain = t.isF32() || t.isInteger(32) || t.isF64() || t.isInteger(64);
    bool storage = t.isF16() || t.isBF16() || t.isInteger(8) || t.isInteger(16);
    ok &= plain || (storage && !isArithmetic);
    if (ok)
      (t.getIntOrFloatBitWidth() == 64 ? wide : narrow) = true;
  }

  bool varies(Operation &op) {
    bool v = false;
    op.walk([&](Operation *inner) {
      for (Value x : inner->getOperands())
        v |= varying.contains(x) || ramps.contains(x);
    });
    return v;
  }

  void region(Region *r, bool accumulators) {
    Block &block = r->front();
    for (unsigned i = 0; i < nest.numIns; ++i) {
      Value arg = block.getArgument(i);
      if (arg.use_empty() || !reads(i))
        continue;
      varying.insert(arg);
      ok &= !arg.getType().isInteger(1);
      see(arg.getType(), false);
    }
    if (accumulators && nest.kinds.find('r') != std::string::npos)
      for (unsigned i = 0; i < nest.numResults; ++i) {
        Value acc = block.getArgument(block.getNumArguments() - nest.numResults + i);
        varying.insert(acc);
        see(acc.getType(), true);
      }
    for (Operation &op : block.without_terminator())
      if (ok)
        visit(op);
    for (Value v : block.getTerminator()->getOperands()) {
      ok &= !ramps.contains(v) && (!varying.contains(v) || !v.getType().isInteger(1));
      if (!varying.contains(v)) // stored to all lanes
        see(v.getType(), true);
    }
  }

  void visit(Operation &op) {
    if (auto index = dyn_cast<kernel::IndexOp>(op)) {
      if (index.getDim() == dim)
        ramps.insert(index.getResult());
      return;
    }
    if (!varies(op))
      return;
    if (auto read = dyn_cast<kernel::ReadOp>(op)) {
      Value table = read.getTable();
      if (auto arg = dyn_cast<BlockArgument>(table))
        table = nest.op.getTables()[arg.getArgNumber() - nest.numIns];
      auto it = nest.e.places.find(table);
      unsigned contiguous = 0;
      for (auto [j, i] : llvm::enumerate(read.getIndices())) {
        ok &= !varying.contains(i);
        if (ramps.contains(i)) {
          ++contiguous;
          ok &= it != nest.e.places.end() && it->second.buffer && it->second.strides[j].isConstant(1);
        }
      }
      ok &= contiguous == 1 && !read.getType().isInteger(1);
      see(read.getType(), false);
      varying.insert(read.getResult());
      return;
    }
    for (Value v : op.getOperands())
      ok &= !ramps.contains(v);
    StringRef d = op.getName().getDialectNamespace();
    ok &= !op.getNumRegions() && op.getNumResults() == 1 && (d == "arith" || d == "math" || d == "isa") &&
          !isa<arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp, arith::CeilDivSIOp, arith::FloorDivSIOp, arith::CeilDivUIOp,
               arith::IndexCastOp, arith::IndexCastUIOp, arith::RemFOp, math::IPowIOp, math::FPowIOp>(op);
    if (!ok)
      return;
    bool widens = isa<arith::ExtFOp, arith::ExtSIOp, arith::ExtUIOp, arith::SIToFPOp, arith::UIToFPOp>(op);
    bool narrows = isa<arith::TruncFOp, arith::TruncIOp>(op);
    for (Value v : op.getOperands())
      see(v.getType(), !widens);
    Type r = op.getResult(0).getType();
    see(r, !narrows);
    // A mask becomes a number only through the unsigned conversions, and never the other way.
    ok &= !(r.isInteger(1) && (narrows || widens));
    ok &= !(op.getOperand(0).getType().isInteger(1) && isa<arith::ExtSIOp, arith::SIToFPOp>(op));
    varying.insert(op.getResult(0));
  }

  /// Whether ins `i` differs between lanes; clears `ok` if it cannot be read as a vector.
  bool reads(unsigned i) {
    AffineMap m = nest.map(i);
    Place &place = nest.place(i);
    if (place.scalar || !m.isFunctionOfDim(dim))
      return false;
    if (kernel::GenericOp producer = place.recompute) {
      Nest inner(nest.e, cast<kernel::LoopNestInterface>(producer.getOperation()));
      unsigned r = cast<OpResult>(nest.op.getIns()[i]).getResultNumber();
      for (unsigned j = 0; j < m.getNumResults(); ++j)
        if (m.getResult(j).isFunctionOfDim(dim)) {
          auto d = dyn_cast<AffineDimExpr>(inner.map(inner.numIns + r).getResult(j));
          ok &= d && isa<AffineDimExpr>(m.getResult(j)) && !nest.mayLeave(i, j);
          if (!ok)
            return false;
          LaneCheck check{inner, d.getPosition(), machine, {}, {}, mayGather};
          check.region(inner.body(), false);
          ok &= check.ok;
          wide |= check.wide;
          narrow |= check.narrow;
        }
      return true;
    }
    int lanes = nest.laneStep(i, dim);
    ok &= mayGather || lanes >= 0;
    return lanes != 0;
  }
};
} // namespace

int64_t lanesAlong(Nest &nest, ArrayRef<Region *> regions, unsigned dim, bool accumulators, const Machine &machine,
                   bool mayGather) {
  LaneCheck check{nest, dim, machine, {}, {}, mayGather};
  check.ok = !nest.clipsAlong(dim);
  for (Region *r : regions)
    if (r && check.ok)
      check.region(r, accumulators);
  if (!check.ok || (check.wide && check.narrow))
    return 0;
  return machine.lanes(check.wide ? 8 : 4);
}

VectorPlan planVector(Nest &nest, const Machine &machine) {
  VectorPlan none, lane, fold;
  SmallVector<unsigned> parallel = nest.dims('p'), reduction = nest.dims('r');
  if (!machine.vectorBytes || !nest.body())
    return none;
  for (unsigned r = 0; r < nest.numResults; ++r) {
    Type t = nest.place(nest.numIns + r).element;
    if (t && !t.isIntOrFloat())
      return none;
  }
  auto enough = [&](unsigned d, int64_t lanes) { return lanes > 1 && estimate(nest.sizes[d]) * 2 >= lanes; };
  for (unsigned d : llvm::reverse(parallel)) {
    bool contiguous = true;
    for (unsigned r = 0; r < nest.numResults && contiguous; ++r) {
      Place &p = nest.place(nest.numIns + r);
      auto c = p.buffer ? nest.coefficient(nest.numIns + r, d) : std::nullopt;
      contiguous = c && c->isConstant(1) && !storageType(p.element).isInteger(1);
    }
    if (!contiguous)
      continue;
    int64_t lanes = lanesAlong(nest, {nest.body(), nest.epilogue()}, d, true, machine);
    if (enough(d, lanes)) {
      lane.dim = d;
      lane.lanes = lanes;
      break;
    }
  }
  bool combines = !reduction.empty();
  for (unsigned r = 0; r < nest.numResults && combines; ++r)
    combines = nest.combineOf(r).op;
  if (combines)
    for (unsigned d : llvm::reverse(reduction)) {
      bool reads = false; // something must be contiguous along the lanes
      for (unsigned i = 0; i < nest.numIns; ++i)
        if (nest.uses(nest.body(), i))
          if (auto c = nest.coefficient(i, d); (c && c->isConstant(1)) || nest.place(i).recompute)
            reads = true;
      int64_t lanes = reads ? lanesAlong(nest, {nest.body()}, d, true, machine) : 0;
      if (!enough(d, lanes))
        continue;
      fold.dim = d;
      fold.lanes = lanes;
      fold.reduction = true;
      if (workOf(nest.body()) <= 4) {
        int64_t turns = estimate(nest.sizes[d]) / lanes;
        fold.chains = turns >= 8 ? 4 : turns >= 4 ? 2 : 1;
      }
      break;
    }
  // Lanes taken one by one cost about as much as scalar code, but functions gain.
  bool heavy = workOf(nest.body()) + workOf(nest.epilogue()) > 12;
  for (unsigned d : llvm::reverse(parallel)) {
    if (lane.dim >= 0 || fold.dim >= 0 || !heavy)
      break;
    int64_t lanes = lanesAlong(nest, {nest.body(), nest.epilogue()}, d, true, machine, true);
    bool stores = true;
    for (unsigned r = 0; r < nest.numResults; ++r)
      stores &= nest.place(nest.numIns + r).buffer && nest.laneStep(nest.numIns + r, d) == 1 &&
                !storageType(nest.place(nest.numIns + r).element).isInteger(1);
    if (stores && enough(d, lanes)) {
      lane.dim = d;
      lane.lanes = lanes;
    }
  }
  if (lane.dim < 0)
    return fold;
  bool full = estimate(nest.sizes[lane.dim]) >= lane.lanes;
  return full || fold.dim < 0 ? lane : fold;
}

} // namespace ingot::expand
