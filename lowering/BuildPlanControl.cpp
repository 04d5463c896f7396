//===- BuildPlanControl.cpp - branches and loops of build-plan --------------------------===//
#include "dialects/nn/Shape.h"
#include "lowering/Aliases.h"
#include "lowering/PlanBuilder.h"

using namespace mlir;
namespace ingot {

/// Must the branches hand over their buffers? There is none before them for a tensor whose size only they know.
static bool isHandedOver(nn::IfOp op, Value result) {
  if (!isa<RankedTensorType>(result.getType()))
    return false;
  auto isSize = [&](StringRef s) { return llvm::is_contained(op.getSizeSymbols().getAsValueRange<StringAttr>(), s); };
  bool found = false;
  for (const DimExpr &d : nn::dimsOf(result))
    d.symbols([&](StringRef s) { found |= isSize(s); });
  return found;
}

LogicalResult PlanBuilder::buildIf(nn::IfOp op) {
  Location loc = op.getLoc();
  Value condition = plan::ReadOp::create(b, op.getCondition().getLoc(), b.getI1Type(), homeOf(op.getCondition()).buffer, b.getI64IntegerAttr(0));
  // The branch gives the buffers that are handed over, then the sizes.
  SmallVector<Type> types;
  for (Value r : op.getResults()) {
    if (isHandedOver(op, r))
      types.push_back(flatType(r.getType()));
    else
      makeHome(r);
  }
  types.append(op.getSizeSymbols().size(), b.getIndexType());
  auto branch = scf::IfOp::create(b, loc, types, condition, /*addThenBlock=*/true, /*addElseBlock=*/true);
  for (auto [region, block] : {std::pair(&op.getThenRegion(), branch.thenBlock()), {&op.getElseRegion(), branch.elseBlock()}}) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(block);
    auto outer = symbols;
    auto yield = cast<nn::YieldOp>(region->front().getTerminator());
    SmallVector<bool> direct;
    for (auto [v, r] : llvm::zip(yield.getValues(), op.getResults()))
      direct.push_back(!isHandedOver(op, r) && v.getParentRegion() == region &&
                       (v.getType() == r.getType() || nn::isHandle(r.getType())) && promise(v, homes[r]));
    if (failed(buildBlock(region->front())))
      return failure();
    SmallVector<Value> given;
    for (auto [v, r, d] : llvm::zip(yield.getValues(), op.getResults(), direct)) {
      if (isHandedOver(op, r))
        given.push_back(wholeBuffer(v, loc));
      else if (!d)
        copy(v, homes[r], loc);
    }
    for (Value size : yield.getValues().drop_front(op.getNumResults()))
      given.push_back(plan::ReadOp::create(b, loc, b.getIndexType(), homeOf(size).buffer, b.getI64IntegerAttr(0)));
    scf::YieldOp::create(b, loc, given);
    symbols = outer;
  }
  if (auto text = op.getElseIfPositive())
    branch.getElseRegion().walk([&](plan::AllocOp alloc) {
      DimExpr where = *DimExpr::parse(*text);
      if (auto inner = alloc.getIfPositive())
        where = DimExpr::min(where, *DimExpr::parse(*inner));
      alloc.setIfPositive(where.str());
    });
  auto given = branch.getResults();
  unsigned next = 0;
  for (Value r : op.getResults())
    if (isHandedOver(op, r))
      homes[r] = {given[next++], BufferLayout::rowMajor(r)};
  for (StringRef s : op.getSizeSymbols().getAsValueRange<StringAttr>()) {
    symbols[s] = given[next++];
    plan::BindOp::create(b, loc, b.getStringAttr(s), symbols[s], StringAttr(), StringAttr(), StringAttr());
  }
  return success();
}

LogicalResult PlanBuilder::buildLoop(nn::LoopOp op) {
  Location loc = op.getLoc();
  Block &body = op.getBody().front();
  auto yield = cast<nn::YieldOp>(body.getTerminator());
  size_t numCarried = op.getInits().size(), at = op.getHasCondition() ? 1 : 0;
  DimExpr trip = *DimExpr::parse(op.getTrip());
  bool tripKnown = true;
  trip.symbols([&](StringRef s) { tripKnown &= symbols.count(s) != 0; });
  if (!tripKnown && op.getTripBound())
    slotBounds[op.getTrip()] = *DimExpr::parse(*op.getTripBound());

  // Carried values live in the result's buffer; the body writes a second one, which is copied back.
  for (auto [init, r] : llvm::zip(op.getInits(), op.getResults())) {
    if (init.getType() != r.getType() && !nn::isHandle(r.getType()))
      return op.emitError("a carried value that changes its shape is not supported yet");
    Home h = makeHome(r);
    copy(init, h, loc);
  }
  for (Value r : op.getResults().drop_front(numCarried))
    makeHome(r);
  for (auto [i, r] : llvm::enumerate(op.getResults().take_front(numCarried)))
    homes[body.getArgument(i + 1)] = homes[r];
  Value counter = alloc(loc, b.getI64Type(), DimExpr(1));
  homes[body.getArgument(0)] = {counter, {}};

  // for i in 0..trip, or while (i < max && condition)
  std::string name = uniqueName("iteration");
  Value zero = dim(DimExpr(0), loc), one = dim(DimExpr(1), loc), limit;
  if (tripKnown)
    limit = dim(trip, loc);
  else if (op.getMaxTrip())
    limit = plan::ReadOp::create(b, loc, b.getIndexType(), homeOf(op.getMaxTrip()).buffer, b.getI64IntegerAttr(0));
  else
    limit = dim(DimExpr(std::numeric_limits<int64_t>::max()), loc);
  auto emitBody = [&](Value i) -> FailureOr<Value> {
    auto outer = symbols;
    symbols[name] = i;
    plan::BindOp::create(b, loc, b.getStringAttr(name), i, StringAttr(), StringAttr(), StringAttr());
    plan::SetOp::create(b, loc, counter, i);
    SmallVector<bool> direct;
    auto values = yield.getValues().drop_front(at);
    std::vector<Home> next;
    for (auto [v, r] : llvm::zip(values, op.getResults())) {
      size_t k = direct.size();
      if (k < numCarried) {
        next.push_back({});
        direct.push_back(false);
      } else {
        Dims dims = nn::dimsOf(v);
        Home slot = homes[r];
        slot.layout = BufferLayout::rowMajor(v);
        slot.layout.offset = DimExpr::symbol(name) * product(dims);
        next.push_back(slot);
        direct.push_back(v.getParentBlock() == &body && promise(v, slot));
      }
    }
    if (failed(buildBlock(body)))
      return failure();
    // All new values exist, and all old ones are read, before the first old one is overwritten.
    Value more;
    if (op.getHasCondition())
      more = plan::ReadOp::create(b, loc, b.getI1Type(), homeOf(yield.getValues()[0]).buffer, b.getI64IntegerAttr(0));
    std::vector<std::pair<Value, Home>> moves;
    for (auto [k, v] : llvm::enumerate(values)) {
      if (k >= numCarried) {
        if (!direct[k])
          copy(v, next[k], loc);
      } else if (homeOf(v).buffer != homes[op.getResult(k)].buffer) {
        moves.push_back({v, homes[op.getResult(k)]});
      }
    }
    // A new value that lies in the memory of another old one (a swap) is saved first.
    std::vector<std::optional<Home>> saved;
    for (auto &[v, to] : moves) {
      bool isOld = moves.size() > 1 && llvm::any_of(originsOf(v), [&](Value o) { return isa<BlockArgument>(o) && o.getParentBlock() == &body; });
      saved.push_back(isOld ? std::optional(copied(v, loc)) : std::nullopt);
    }
    for (auto [move, from] : llvm::zip(moves, saved)) {
      auto &[v, to] = move;
      Home original = homeOf(v);
      homes[v] = from.value_or(original);
      copy(v, to, loc);
      homes[v] = original;
    }
    symbols = outer;
    return more;
  };

  if (!op.getHasCondition() && !op.getInitialCondition()) {
    auto loop = scf::ForOp::create(b, loc, zero, limit, one);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    if (failed(emitBody(loop.getInductionVar())))
      return failure();
  } else {
    Value go = arith::ConstantOp::create(b, loc, b.getBoolAttr(true));
    if (op.getInitialCondition())
      go = plan::ReadOp::create(b, loc, b.getI1Type(), homeOf(op.getInitialCondition()).buffer, b.getI64IntegerAttr(0));
    auto loop = scf::WhileOp::create(b, loc, TypeRange{b.getIndexType(), b.getI1Type()}, ValueRange{zero, go});
    SmallVector<Location> locs(2, loc);
    {
      OpBuilder::InsertionGuard guard(b);
      Block *before = b.createBlock(&loop.getBefore(), {}, loop.getResultTypes(), locs);
      Value inRange = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, before->getArgument(0), limit);
      Value run = arith::AndIOp::create(b, loc, inRange, before->getArgument(1));
      scf::ConditionOp::create(b, loc, run, before->getArguments());
      Block *after = b.createBlock(&loop.getAfter(), {}, loop.getResultTypes(), locs);
      auto more = emitBody(after->getArgument(0));
      if (failed(more))
        return failure();
      Value next = arith::AddIOp::create(b, loc, after->getArgument(0), one);
      Value again = *more ? *more : after->getArgument(1);
      scf::YieldOp::create(b, loc, ValueRange{next, again});
    }
    if (!tripKnown) {
      Value count = loop.getResult(0);
      plan::BindOp::create(b, loc, b.getStringAttr(op.getTrip()), count, StringAttr(), StringAttr(), StringAttr());
      symbols[op.getTrip()] = count;
    }
  }
  return success();
}

} // namespace ingot
