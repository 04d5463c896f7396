//===- PlanArena.cpp - one workspace, offsets valid for all sizes --------------------===//
//
// Buffers whose lifetimes do not overlap share memory. Sizes are expressions over the caller's symbols, so they
// cannot be ordered in general: buffers are grouped into *slots*; a slot is as large as the largest of its buffers (max), its offset the
// sum of the slots before it. Buffers of constant size are placed at byte offsets within one region instead,
// largest first, each at the lowest offset that is free during its lifetime (greedy by size; Pisarchyk and Lee, "Efficient
// Memory Management for Deep Neural Net Inference", 2020). Buffers of different branches of an scf.if always may share memory; one of a
// branch that sizes rule out (`if_positive`) takes none then. A buffer whose size depends on a symbol bound at run time
// becomes plan.tail: it is taken from behind the planned part when its size is known.
//
//===----------------------------------------------------------------------===//
#include "dialects/nn/Shape.h"
#include "dialects/support/BufferAlignment.h"
#include "lowering/Aliases.h"
#include "lowering/DescribeKernel.h"
#include "lowering/Passes.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
namespace ingot {
#define GEN_PASS_DEF_PLANARENA
#include "lowering/Passes.h.inc"

namespace {
struct Item {
  plan::AllocOp op;
  DimExpr used;           // bytes
  DimExpr bytes;          // aligned
  int64_t typical;        // bytes at representative sizes, to compare by
  unsigned first, last;   // positions of definition and last use, inclusive
  DimExpr offset;
};

struct PlanArena : impl::PlanArenaBase<PlanArena> {
  void runOnOperation() override {
    for (auto model : getOperation().getOps<plan::ModelOp>())
      for (auto entry : llvm::make_early_inc_range(model.getOps<plan::EntryOp>()))
        place(entry);
  }

  void place(plan::EntryOp entry);
};

/// Positions of operations in execution order; an operation with regions spans those inside it.
struct Order {
  llvm::DenseMap<Operation *, std::pair<unsigned, unsigned>> span;
  SmallVector<unsigned> steps; // positions of what a run does: launches and calls
  unsigned next = 0;
  void number(Operation *op) {
    unsigned begin = next++;
    if (isa<plan::LaunchOp, plan::CallOp>(op))
      steps.push_back(begin);
    for (Region &r : op->getRegions())
      for (Block &b : r)
        for (Operation &o : b)
          number(&o);
    span[op] = {begin, next++};
  }
};

/// What was decided, for reports: equal slices become one later. Nothing for a buffer that no step uses.
DictionaryAttr described(const Item &item, const Order &order, Builder &b) {
  int64_t first = llvm::lower_bound(order.steps, item.first) - order.steps.begin();
  int64_t last = llvm::upper_bound(order.steps, item.last) - order.steps.begin() - 1;
  if (last < first)
    return {};
  SmallVector<std::string> names = provenanceOf(item.op);
  return b.getDictionaryAttr({b.getNamedAttr("name", b.getStringAttr(names.empty() ? "" : names.front())),
                              b.getNamedAttr("offset", b.getStringAttr(item.offset.str())),
                              b.getNamedAttr("bytes", b.getStringAttr(item.used.str())),
                              b.getNamedAttr("first", b.getI64IntegerAttr(first)),
                              b.getNamedAttr("last", b.getI64IntegerAttr(last))});
}

/// Are these in different branches, of which a run takes one? What a branch hands over is then the only one, too.
bool excludeEachOther(Operation *a, Operation *b) {
  Region *common = a->getParentRegion(), *of = nullptr; // of: the region in `common` with a
  for (; !common->findAncestorOpInRegion(*b); common = common->getParentRegion())
    of = common;
  Operation *branch = common->findAncestorOpInRegion(*b);
  return of && isa<scf::IfOp>(branch) && of->getParentOp() == branch;
}

bool overlaps(const Item &a, const Item &b) { return a.first <= b.last && b.first <= a.last && !excludeEachOther(a.op, b.op); }

DimExpr nonNegative(const DimExpr &e) { return e.isNonNegative() ? e : DimExpr::max(0, e); }

/// What of so many bytes a buffer may need: none for sizes that keep a run from it. For such sizes the expressions of a branch or a loop
/// may be negative (a convolution's output, where the input is smaller than the window), which would move the buffers behind onto others.
DimExpr whereUsed(plan::AllocOp op, DimExpr bytes, llvm::function_ref<bool(const DimExpr &)> isKnown) {
  if (bytes.constant()) // is placed among constants
    return bytes;
  if (!isa<plan::EntryOp>(op->getParentOp()))
    bytes = nonNegative(bytes);
  if (auto text = op.getIfPositive())
    if (DimExpr where = *DimExpr::parse(*text); isKnown(where))
      bytes = bytes * nonNegative(DimExpr::min(1, where));
  return bytes;
}

/// Extends the lifetime of `item` by a use: inside a loop that does not contain the allocation the value must
/// survive until the loop ends.
void addUse(Item &item, Operation *user, const Order &order) {
  unsigned last = order.span.lookup(user).second;
  for (Operation *p = user->getParentOp(); p && !isa<plan::EntryOp>(p); p = p->getParentOp())
    if (isa<LoopLikeOpInterface>(p) && !p->isAncestor(item.op))
      last = std::max(last, order.span.lookup(p).second);
  item.last = std::max(item.last, last);
}

/// What an iteration takes from the tail is given back at its end: nothing in it outlives the iteration, since carried
/// values and scan outputs lie in buffers from outside. The items that a handle from outside leads to may, so then all stays.
void releaseTailOfLoops(plan::EntryOp entry) {
  entry.walk([](LoopLikeOpInterface loop) {
    Block &body = loop.getLoopRegions().back()->front();
    bool takes = false, keeps = false;
    body.walk([&](Operation *op) {
      takes |= isa<plan::TailOp, plan::CallOp>(op);
      for (Value v : op->getOperands())
        if (auto buffer = dyn_cast<MemRefType>(v.getType()))
          keeps |= nn::isHandle(buffer.getElementType()) && !loop->isAncestor(v.getParentRegion()->getParentOp());
    });
    if (!takes || keeps)
      return;
    OpBuilder b = OpBuilder::atBlockBegin(&body);
    Value mark = plan::MarkOp::create(b, loop.getLoc(), b.getIndexType());
    b.setInsertionPoint(body.getTerminator());
    plan::ReleaseOp::create(b, loop.getLoc(), mark);
  });
}

/// What calls take of the tail while they run, in bytes; `hasUnknown` says whether only a run can tell for some, such as texts.
DimExpr scratchOf(plan::EntryOp entry, llvm::function_ref<bool(const DimExpr &)> isKnown, bool &hasUnknown) {
  DimExpr most = 0;
  entry.walk([&](plan::CallOp call) {
    if (auto text = call->getAttrOfType<StringAttr>("scratch")) {
      DimExpr bytes = *DimExpr::parse(text.getValue());
      if (isKnown(bytes))
        most = DimExpr::max(most, bytes);
      else
        hasUnknown = true;
    }
    for (auto type : llvm::drop_begin(call.getTypes().getAsValueRange<TypeAttr>(), call.getNumInputs())) {
      Type element = getElementTypeOrSelf(type);
      hasUnknown |= isa<nn::StringType>(element) || nn::isHandle(type) || nn::isHandle(element);
    }
  });
  return most;
}

void PlanArena::place(plan::EntryOp entry) {
  Order order;
  for (Operation &op : entry.getBody().front())
    order.number(&op);
  // Symbols that the caller gives; all others are bound while running.
  llvm::StringSet<> given;
  Value workspace;
  for (unsigned i = 0; i < entry.getNumArguments(); ++i) {
    auto role = entry.getArgAttrOfType<StringAttr>(i, "plan.role").getValue();
    if (role == "symbol")
      given.insert(entry.getArgAttrOfType<StringAttr>(i, "plan.name").getValue());
    if (role == "workspace")
      workspace = entry.getArgument(i);
  }

  std::vector<Item> fixed, symbolic;
  SmallVector<plan::AllocOp> late;
  auto isKnown = [&](const DimExpr &size) {
    bool known = true;
    size.symbols([&](StringRef s) { known &= given.contains(s); });
    return known;
  };
  entry.walk([&](plan::AllocOp op) {
    DimExpr count = *DimExpr::parse(op.getCount());
    if (!isKnown(count)) {
      late.push_back(op);
      return;
    }
    Item item;
    item.op = op;
    DimExpr bytes = storageBytes(cast<MemRefType>(op.getType()).getElementType(), count);
    item.used = whereUsed(op, bytes, isKnown);
    item.bytes = whereUsed(op, aligned(bytes), isKnown);
    item.typical = item.bytes.evaluate([](StringRef) { return int64_t(64); }).value_or(0);
    item.first = item.last = order.span[op].first;
    for (Value v : valuesInMemoryOf(op.getResult()))
      for (Operation *user : v.getUsers())
        addUse(item, user, order);
    (item.bytes.constant() ? fixed : symbolic).push_back(item);
  });

  // Constant sizes: greedy by size.
  llvm::stable_sort(fixed, [](const Item &a, const Item &b) { return a.typical > b.typical; });
  int64_t fixedEnd = 0;
  SmallVector<Item *> placed;
  for (Item &item : fixed) {
    int64_t size = *item.bytes.constant(), at = 0;
    SmallVector<std::pair<int64_t, int64_t>> taken;
    for (Item *p : placed)
      if (overlaps(*p, item))
        taken.push_back({*p->offset.constant(), *p->offset.constant() + *p->bytes.constant()});
    llvm::sort(taken);
    for (auto [begin, end] : taken) {
      if (at + size <= begin)
        break;
      at = std::max(at, end);
    }
    item.offset = at;
    fixedEnd = std::max(fixedEnd, at + size);
    placed.push_back(&item);
  }

  // Symbolic sizes: slots. A buffer joins the free slot that it fills best.
  struct Slot {
    DimExpr bytes;
    int64_t typical;
    SmallVector<Item *> items;
  };
  std::vector<Slot> slots;
  llvm::stable_sort(symbolic, [](const Item &a, const Item &b) { return a.typical > b.typical; });
  for (Item &item : symbolic) {
    Slot *best = nullptr;
    auto cost = [&](const Slot &s) { // growth first, then waste
      if (s.bytes == item.bytes)
        return int64_t(-1);
      return std::max<int64_t>(0, item.typical - s.typical) * 4 + std::max<int64_t>(0, s.typical - item.typical);
    };
    for (Slot &s : slots) {
      if (llvm::any_of(s.items, [&](Item *i) { return overlaps(*i, item); }))
        continue;
      if (!best || cost(s) < cost(*best))
        best = &s;
    }
    if (best && best->bytes != item.bytes && cost(*best) > item.typical)
      best = nullptr; // a slot of its own wastes less
    if (!best) {
      slots.push_back({item.bytes, item.typical, {&item}});
      continue;
    }
    best->bytes = DimExpr::max(best->bytes, item.bytes);
    best->typical = std::max(best->typical, item.typical);
    best->items.push_back(&item);
  }
  DimExpr end = fixedEnd;
  for (Slot &s : slots) {
    for (Item *i : s.items)
      i->offset = end;
    end = end + s.bytes;
  }

  OpBuilder b(entry.getContext());
  SmallVector<Attribute> arena;
  for (auto *list : {&fixed, &symbolic})
    for (Item &item : *list) {
      if (DictionaryAttr buffer = described(item, order, b))
        arena.push_back(buffer);
      b.setInsertionPoint(item.op);
      Value slice = plan::SliceOp::create(b, item.op.getLoc(), item.op.getType(), workspace, item.offset.str(), item.op.getCount());
      item.op.replaceAllUsesWith(slice);
      item.op.erase();
    }
  for (plan::AllocOp op : late) {
    b.setInsertionPoint(op);
    Value tail = plan::TailOp::create(b, op.getLoc(), op.getType(), op.getCount());
    op.replaceAllUsesWith(tail);
    op.erase();
  }
  releaseTailOfLoops(entry);
  entry->setAttr("workspace_bytes", b.getStringAttr(end.str()));
  entry->setAttr("arena", b.getArrayAttr(arena));
  bool hasTail = !late.empty();
  if (DimExpr scratch = scratchOf(entry, isKnown, hasTail); !scratch.isConstant(0))
    entry->setAttr("scratch_bytes", b.getStringAttr(scratch.str()));
  if (hasTail)
    entry->setAttr("has_tail", b.getUnitAttr());
}

} // namespace
} // namespace ingot
