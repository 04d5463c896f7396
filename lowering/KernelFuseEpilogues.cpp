//===- KernelFuseEpilogues.cpp ---------------------------------------------------===//
//
// An anchor is a loop nest with a reduction. What follows it element by element moves into its epilogue; the anchor then
// writes where the follower wrote, an in-place update of a larger tensor included.
//
//===----------------------------------------------------------------------===//
#include "lowering/KernelFusion.h"
#include "lowering/Passes.h"

using namespace mlir;
namespace ingot {
#define GEN_PASS_DEF_KERNELFUSEEPILOGUES
#include "lowering/Passes.h.inc"

namespace {
using namespace kernel;

/// The follower's point over the anchor's dimensions, from one of its reads.
std::optional<Alignment> align(Nest &a, const Read &read) {
  Nest e(read.consumer);
  auto index = a.linear(a.resultIndex[0]), reads = e.linear(e.inIndex[read.in]);
  if (!index || !reads)
    return std::nullopt;
  IndexSpace space(a.domain, [&](unsigned d) { return !a.isReduction(d) && maySplit(a, d); });
  IndexSpace::Indices at = *index;
  for (ViewOp view : read.path) {
    auto outer = space.reshape(at, nn::dimsOf(view.getInput()), nn::dimsOf(view.getResult()));
    if (!outer)
      return std::nullopt;
    at = *outer;
  }
  auto point = space.solve(*reads, e.domain, nn::dimsOf(e.ins[read.in]), at);
  if (!point)
    return std::nullopt;
  return Alignment{space.splits, *point};
}

bool sameAlignment(const Alignment &x, const Alignment &y) {
  return x.point == y.point && llvm::equal(x.splits, y.splits, [](const DimSplit &s, const DimSplit &t) {
           return s.dim == t.dim && s.inner == t.inner;
         });
}

/// Does a contraction keep the contiguous writes along n that it has?
bool keepsStride(Nest &a, Nest &e, const Alignment &at) {
  size_t last = StringRef(a.kinds).rfind('n');
  auto before = a.linear(a.resultIndex[0]), written = e.linear(e.resultIndex[0]);
  if (!before || !written)
    return false;
  if (last == StringRef::npos || !addressStride(*before, nn::dimsOf(a.resultTypes[0]), last)->isConstant(1))
    return true;
  unsigned now = last;
  for (const DimSplit &s : at.splits)
    now += s.dim <= now;
  DimExpr stride;
  for (auto [w, s] : llvm::zip(*written, nn::rowMajorStrides(nn::dimsOf(e.resultTypes[0]))))
    for (auto [coeff, p] : llvm::zip(w.coeffs, at.point))
      stride = stride + coeff * s * p.coeffs[now];
  return stride.isConstant(1);
}

bool fuse(IRRewriter &rw, LoopNestInterface anchor) {
  if (!anchor.hasReduction() || anchor->getNumResults() != 1 || anchor.getDestOf()[0] >= 0)
    return false;
  bool escapes;
  SmallVector<Read> reads = readsOf(anchor->getResult(0), escapes);
  if (escapes || reads.empty())
    return false;
  auto follower = dyn_cast<GenericOp>(reads[0].consumer.getOperation());
  for (Read &r : reads)
    if (r.consumer.getOperation() != follower.getOperation())
      return false;
  if (!follower || cast<LoopNestInterface>(follower.getOperation()).hasReduction() || follower->getNumResults() != 1)
    return false;
  Nest a(anchor), e(cast<LoopNestInterface>(follower.getOperation()));
  if (a.ins.size() + e.ins.size() > 20)
    return false;
  for (auto &list : {a.ins, a.tables})
    for (Value v : list)
      if (passesUpdate(v, anchor, follower))
        return false;
  // The anchor must write its whole result once, and the follower must have as many points.
  Dims parallel;
  for (unsigned d = 0; d < a.domain.size(); ++d)
    if (!a.isReduction(d))
      parallel.push_back(a.domain[d]);
  if (product(parallel) != product(nn::dimsOf(a.resultTypes[0])) || product(parallel) != product(e.domain))
    return false;
  std::optional<Alignment> at;
  for (const Read &r : reads) {
    auto x = align(a, r);
    if (!x || (at && !sameAlignment(*at, *x)))
      return false;
    at = x;
  }
  if (a.isContract() && !keepsStride(a, e, *at))
    return false;

  for (const DimSplit &s : at->splits)
    a.split(s);
  Nest::Index point = a.affine(at->point);
  a.loc = fuseLocs(a.loc, e.loc);
  Block *epilogue = a.makeEpilogue();
  Block &body = follower.getBody().front();
  IRMapping map;
  Operation *yield = epilogue->getTerminator();
  llvm::SmallDenseSet<unsigned> fromAnchor;
  for (const Read &r : reads)
    fromAnchor.insert(r.in);
  SmallVector<unsigned> newTable;
  for (unsigned i = 0; i < e.ins.size(); ++i)
    if (fromAnchor.contains(i))
      map.map(body.getArgument(i), yield->getOperand(0));
    else
      map.map(body.getArgument(i), epilogue->getArgument(a.addIn(e.ins[i], a.import(e.inIndex[i], point, e.symbols), e.padding[i])));
  for (unsigned t = 0; t < e.tables.size(); ++t)
    newTable.push_back(a.addTable(e.tables[t]));
  for (auto [t, now] : llvm::enumerate(newTable))
    map.map(body.getArgument(e.tableArg(t)), epilogue->getArgument(a.tableArg(now)));
  OpBuilder b(yield);
  yield->setOperands(cloneBody(b, a, body, map, point));
  a.resultTypes = e.resultTypes;
  a.resultIndex = {a.import(e.resultIndex[0], point, e.symbols)};
  a.dests = e.dests;
  a.destOf = e.destOf;
  rw.setInsertionPoint(follower);
  Operation *fresh = a.build(rw);
  rw.replaceOp(follower, fresh->getResults());
  for (const Read &r : reads)
    for (ViewOp v : llvm::reverse(r.path))
      if (v->use_empty())
        rw.eraseOp(v);
  rw.eraseOp(anchor);
  return true;
}

struct KernelFuseEpilogues : impl::KernelFuseEpiloguesBase<KernelFuseEpilogues> {
  void runOnOperation() override {
    IRRewriter rw(&getContext());
    forEachFusibleBlock(getOperation(), [&](Block &block) {
      // A fused anchor stands where its follower stood, so it comes up again. Later anchors first: of two that meet in one
      // follower, the one whose result would live shortest takes it.
      for (bool changed = true; changed;) {
        changed = false;
        SmallVector<LoopNestInterface> anchors;
        for (Operation &op : llvm::reverse(block))
          if (auto nest = dyn_cast<LoopNestInterface>(op))
            anchors.push_back(nest);
        llvm::SmallPtrSet<Operation *, 16> gone;
        for (LoopNestInterface nest : anchors) {
          if (gone.contains(nest))
            continue;
          Operation *user = nullptr;
          bool escapes;
          for (Value r : nest->getResults())
            for (const Read &read : readsOf(r, escapes))
              user = read.consumer;
          if (fuse(rw, nest)) {
            gone.insert(user);
            changed = true;
          }
        }
        eraseDead(block);
      }
    });
  }
};
} // namespace
} // namespace ingot
