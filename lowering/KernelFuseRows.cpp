//===- KernelFuseRows.cpp ---------------------------------------------------------===//
//
// Grows a group from each reduction: loop nests that read or write the group's tensors row by row join it, where a row
// is a point of the reduction's parallel dimensions. One kernel.fused then runs all of them for a row before the next.
//
//===----------------------------------------------------------------------===//
#include "lowering/KernelFusion.h"
#include "lowering/Passes.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;
namespace ingot {
#define GEN_PASS_DEF_KERNELFUSEROWS
#include "lowering/Passes.h.inc"

namespace {
using namespace kernel;

constexpr int64_t kRowBytes = 32 << 10; // of all intermediates: what expansion gives to row buffers
constexpr int64_t kSingleRow = 8192;    // elements; more are better spread over threads
constexpr size_t kMostMembers = 24;      // of a group: a kernel that a reader can follow, and a bound on the search

using RowDims = SmallVector<unsigned, 4>;

struct Group {
  Dims rows;
  llvm::MapVector<Operation *, RowDims> members; // for each row dimension, the member's domain dimension
};

/// Where a plain dimension stands in an index.
std::optional<unsigned> positionOf(const Nest::Index &index, unsigned dim) {
  for (auto [t, e] : llvm::enumerate(index))
    if (auto d = dyn_cast<AffineDimExpr>(e); d && d.getPosition() == dim)
      return t;
  return std::nullopt;
}

/// The dimensions of `to` that meet `dims` of `from` at the same tensor positions.
std::optional<RowDims> carry(const Nest::Index &from, ArrayRef<unsigned> dims, const Nest::Index &to, Nest &target, ArrayRef<DimExpr> rows) {
  RowDims out;
  for (auto [dim, size] : llvm::zip(dims, rows)) {
    auto t = positionOf(from, dim);
    if (!t)
      return std::nullopt;
    auto d = dyn_cast<AffineDimExpr>(to[*t]);
    if (!d || target.isReduction(d.getPosition()) || target.domain[d.getPosition()] != size || llvm::is_contained(out, d.getPosition()))
      return std::nullopt;
    out.push_back(d.getPosition());
  }
  return out;
}

/// Rows of `op` if it joined the group, from every tensor that it shares with members; null if some disagree.
std::optional<RowDims> alignWith(Group &group, GenericOp op) {
  Nest n(cast<LoopNestInterface>(op.getOperation()));
  std::optional<RowDims> rows;
  auto agree = [&](std::optional<RowDims> r) {
    if (!r || (rows && *rows != *r))
      return false;
    rows = r;
    return true;
  };
  for (auto &list : {n.tables, n.dests})
    for (Value v : list)
      if (group.members.count(v.getDefiningOp()))
        return std::nullopt;
  for (unsigned i = 0; i < n.ins.size(); ++i) {
    Operation *def = n.ins[i].getDefiningOp();
    auto it = group.members.find(def);
    if (!def || it == group.members.end())
      continue;
    Nest p(cast<LoopNestInterface>(def));
    unsigned r = cast<OpResult>(n.ins[i]).getResultNumber();
    if (p.destOf[r] >= 0 || !isa<UnitAttr>(n.padding[i]) || !agree(carry(p.resultIndex[r], it->second, n.inIndex[i], n, group.rows)))
      return std::nullopt;
  }
  for (OpResult result : op->getResults())
    for (OpOperand &use : result.getUses()) {
      auto it = group.members.find(use.getOwner());
      if (it == group.members.end())
        continue;
      Nest c(cast<LoopNestInterface>(use.getOwner()));
      unsigned in = use.getOperandNumber();
      if (n.destOf[result.getResultNumber()] >= 0 || in >= c.ins.size() || !isa<UnitAttr>(c.padding[in]) ||
          !agree(carry(c.inIndex[in], it->second, n.resultIndex[result.getResultNumber()], n, group.rows)))
        return std::nullopt;
    }
  return rows;
}

/// Members in block order, and what stands between them and depends on them. Null if a member depends on that.
std::optional<SmallVector<Operation *>> between(ArrayRef<Operation *> ordered) {
  llvm::SmallPtrSet<Operation *, 16> in(ordered.begin(), ordered.end()), tainted;
  SmallVector<Operation *> out;
  for (Operation *op = ordered.front(); op != ordered.back()->getNextNode(); op = op->getNextNode()) {
    bool onMember = false, onTainted = false;
    op->walk([&](Operation *inner) {
      for (Value v : inner->getOperands())
        if (Operation *def = v.getDefiningOp()) {
          onMember |= in.contains(def) && def != op;
          onTainted |= tainted.contains(def);
        }
    });
    if (in.contains(op)) {
      if (onTainted)
        return std::nullopt;
    } else if (onMember || onTainted) {
      if (!isMemoryEffectFree(op)) // a symbol is bound here
        return std::nullopt;
      tainted.insert(op);
      out.push_back(op);
    }
  }
  return out;
}

SmallVector<Operation *> inOrder(Group &group) {
  SmallVector<Operation *> ops;
  for (auto &m : group.members)
    ops.push_back(m.first);
  llvm::sort(ops, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  return ops;
}

/// May the members run where the last one stands?
bool canMove(ArrayRef<Operation *> ordered) {
  if (!between(ordered))
    return false;
  for (Operation *op : ordered)
    for (Value v : op->getOperands())
      if (op != ordered.back() && passesUpdate(v, op, ordered.back()))
        return false;
  // A size that is bound between members must not be needed before: members only move down, so it cannot be.
  return true;
}

/// Rows of `x` that `group.rows` counts, in elements; nothing if not exact.
std::optional<DimExpr> elementsPerRow(Value v, Group &group) {
  return DimExpr::divideExactly(product(nn::dimsOf(v)), product(group.rows));
}

/// The last reader of `v`, if it can write its result over it: then `v` lives in the result's memory.
GenericOp overwriter(Value v, ArrayRef<Operation *> ordered) {
  GenericOp last;
  for (Operation *op : ordered)
    if (llvm::is_contained(op->getOperands(), v))
      last = cast<GenericOp>(op);
  if (!last || last->getNumResults() != 1 || !last.getDests().empty() || last->getResult(0).getType() != v.getType())
    return {};
  Nest n(cast<LoopNestInterface>(last.getOperation()));
  if (n.reduces() || llvm::count(n.ins, v) != 1)
    return {};
  for (unsigned i = 0; i < n.ins.size(); ++i)
    if (n.ins[i] == v && n.inIndex[i] != n.resultIndex[0])
      return {};
  bool leaves = llvm::any_of(last->getUsers(), [&](Operation *u) { return !llvm::is_contained(ordered, u); });
  return leaves ? last : GenericOp();
}

/// Merges two independent loop nests of one domain, b into a's place or a into b's.
bool mergeSiblings(IRRewriter &rw, GenericOp a, GenericOp b) {
  if (a.getDomain() != b.getDomain() || a.getIterators() != b.getIterators() || !a.getDests().empty() || !b.getDests().empty() ||
      !a.hasReduction() || a.getIns().size() + b.getIns().size() > 12)
    return false;
  Block *block = a->getBlock();
  auto before = [&](Value v, Operation *op) {
    Operation *def = v.getDefiningOp();
    return !def || def->getBlock() != block || def->isBeforeInBlock(op);
  };
  bool atA = llvm::all_of(b->getOperands(), [&](Value v) { return before(v, a); });
  bool atB = llvm::all_of(a->getUsers(), [&](Operation *u) { return b->isBeforeInBlock(u); });
  if (!atA && !atB)
    return false;
  Nest x(cast<LoopNestInterface>(a.getOperation())), y(cast<LoopNestInterface>(b.getOperation()));
  if (x.epilogue() || y.epilogue()) {
    x.makeEpilogue();
    y.makeEpilogue();
  }
  SmallVector<AffineExpr> same;
  for (unsigned d = 0; d < x.domain.size(); ++d)
    same.push_back(x.dimExpr(d));
  SmallVector<unsigned> ins, tables;
  for (unsigned i = 0; i < y.ins.size(); ++i)
    ins.push_back(x.addIn(y.ins[i], x.import(y.inIndex[i], same, y.symbols), y.padding[i]));
  for (Value t : y.tables)
    tables.push_back(x.addTable(t));
  for (auto [to, from] : llvm::zip(x.blocks(), y.blocks())) {
    IRMapping map;
    for (auto [i, now] : llvm::enumerate(ins))
      map.map(from->getArgument(i), to->getArgument(now));
    for (auto [t, now] : llvm::enumerate(tables))
      map.map(from->getArgument(y.tableArg(t)), to->getArgument(x.tableArg(now)));
    for (unsigned r = 0; r < y.resultTypes.size(); ++r)
      map.map(from->getArgument(y.accArg(r)), to->addArgument(from->getArgument(y.accArg(r)).getType(), y.loc));
    Operation *yield = to->getTerminator();
    OpBuilder at(yield);
    SmallVector<Value> out = cloneBody(at, x, *from, map, same);
    SmallVector<Value> all(yield->getOperands());
    all.append(out);
    yield->setOperands(all);
  }
  for (unsigned r = 0; r < y.resultTypes.size(); ++r) {
    x.resultTypes.push_back(y.resultTypes[r]);
    x.resultIndex.push_back(x.import(y.resultIndex[r], same, y.symbols));
    x.init.push_back(y.init[r]);
    x.destOf.push_back(-1);
  }
  x.loc = fuseLocs(x.loc, y.loc);
  rw.setInsertionPoint(atA ? a : b);
  Operation *fresh = x.build(rw);
  rw.replaceOp(a, fresh->getResults().take_front(a->getNumResults()));
  rw.replaceOp(b, fresh->getResults().take_back(b->getNumResults()));
  return true;
}

struct KernelFuseRows : impl::KernelFuseRowsBase<KernelFuseRows> {
  bool grow(Group &group, GenericOp candidate, Block *block) {
    if (!candidate || candidate->getBlock() != block || group.members.size() >= kMostMembers || group.members.count(candidate) ||
        !candidate.getDests().empty())
      return false;
    auto rows = alignWith(group, candidate);
    if (!rows)
      return false;
    group.members.insert({candidate, *rows});
    if (canMove(inOrder(group)))
      return true;
    group.members.erase(candidate);
    return false;
  }

  bool fuseFrom(IRRewriter &rw, GenericOp seed) {
    Nest s(cast<LoopNestInterface>(seed.getOperation()));
    if (!s.reduces() || !s.dests.empty() || s.ins.empty())
      return false;
    Group group;
    RowDims rows;
    for (unsigned d = 0; d < s.domain.size(); ++d)
      if (!s.isReduction(d) && !s.domain[d].isConstant(1)) {
        rows.push_back(d);
        group.rows.push_back(s.domain[d]);
      }
    if (rows.empty() && typicalSize(s.domain) > kSingleRow)
      return false;
    // Rows must be runs of memory: along some dimension inside the row the widest operand is contiguous.
    unsigned widest = 0;
    for (unsigned i = 1; i < s.ins.size(); ++i)
      if (typicalSize(nn::dimsOf(s.ins[i])) > typicalSize(nn::dimsOf(s.ins[widest])))
        widest = i;
    auto index = s.linear(s.inIndex[widest]);
    bool contiguous = false;
    for (unsigned d = 0; index && d < s.domain.size(); ++d)
      contiguous |= s.isReduction(d) && addressStride(*index, nn::dimsOf(s.ins[widest]), d)->isConstant(1);
    if (!contiguous)
      return false;
    group.members.insert({seed, rows});
    Block *block = seed->getBlock();
    for (bool changed = true; changed;) {
      changed = false;
      for (unsigned m = 0; m < group.members.size(); ++m) {
        Operation *op = group.members.begin()[m].first;
        for (Value v : cast<LoopNestInterface>(op).getIns())
          changed |= grow(group, v.getDefiningOp<GenericOp>(), block);
        SmallVector<Operation *> users(op->getUsers());
        for (Operation *u : users)
          changed |= grow(group, dyn_cast<GenericOp>(u), block);
      }
    }
    if (group.members.size() < 2)
      return false;

    SmallVector<Operation *> ordered = inOrder(group);
    llvm::SmallPtrSet<Operation *, 16> in(ordered.begin(), ordered.end());
    SmallVector<Value> yielded;
    llvm::SmallPtrSet<Operation *, 4> overwriters;
    int64_t buffered = 0;
    for (Operation *op : ordered)
      for (Value v : op->getResults()) {
        bool leaves = llvm::any_of(v.getUsers(), [&](Operation *u) { return !in.contains(u); });
        if (leaves) {
          yielded.push_back(v);
          continue;
        }
        auto elements = elementsPerRow(v, group);
        auto bytes = elements ? storageBytes(nn::elementOf(v), *elements).constant() : std::nullopt;
        if (bytes && buffered + *bytes <= kRowBytes) {
          buffered += *bytes;
          continue;
        }
        // Too long, or of unknown length: expansion keeps it in the row of the output that overwrites it.
        GenericOp by = overwriter(v, ordered);
        if (!by || !overwriters.insert(by).second)
          return false;
      }
    if (yielded.empty())
      return false;

    SmallVector<Operation *> after = *between(ordered);
    Location loc = ordered[0]->getLoc();
    for (Operation *op : ordered)
      loc = fuseLocs(loc, op->getLoc());
    rw.setInsertionPointAfter(ordered.back());
    auto fused = FusedOp::create(rw, loc, TypeRange(ValueRange(yielded)), rows.size());
    Operation *at = fused;
    for (Operation *op : after) {
      op->moveAfter(at);
      at = op;
    }
    Block *body = new Block;
    fused.getBody().push_back(body);
    rw.setInsertionPointToStart(body);
    YieldOp::create(rw, loc, yielded);
    for (Operation *op : ordered)
      op->moveBefore(body->getTerminator());
    for (auto [result, v] : llvm::zip(fused.getResults(), yielded))
      v.replaceUsesWithIf(result, [&](OpOperand &use) { return use.getOwner()->getBlock() != body; });
    for (Operation *op : ordered) {
      Nest n(cast<LoopNestInterface>(op));
      SmallVector<unsigned> order(group.members.lookup(op));
      for (unsigned d = 0; d < n.domain.size(); ++d)
        if (!llvm::is_contained(order, d))
          order.push_back(d);
      n.permuteDims(order);
      rw.setInsertionPoint(op);
      Operation *fresh = n.build(rw);
      rw.replaceOp(op, fresh->getResults());
    }
    for (bool merged = true; merged;) {
      merged = false;
      SmallVector<GenericOp> nested(body->getOps<GenericOp>());
      for (unsigned i = 0; i < nested.size() && !merged; ++i)
        for (unsigned k = i + 1; k < nested.size() && !merged; ++k)
          merged = mergeSiblings(rw, nested[i], nested[k]);
    }
    return true;
  }

  void runOnOperation() override {
    IRRewriter rw(&getContext());
    forEachFusibleBlock(getOperation(), [&](Block &block) {
      for (bool changed = true; changed;) {
        changed = false;
        for (GenericOp op : SmallVector<GenericOp>(block.getOps<GenericOp>()))
          if (fuseFrom(rw, op)) {
            changed = true;
            break; // operators have moved
          }
      }
    });
  }
};
} // namespace
} // namespace ingot
