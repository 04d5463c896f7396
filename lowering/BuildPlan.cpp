//===- BuildPlan.cpp - tensors become buffers, kernel operators become launches ----===//
//
// One walk over the graph function. Every tensor gets a *home*: a flat buffer with strides and an offset. Homes are
// found backwards from what is fixed: outputs and states give theirs to the value that ends there, views and in-place
// updates share their operand's; the rest is plan.alloc, which plan-arena places.
//
//===----------------------------------------------------------------------===//
#include "dialects/nn/Shape.h"
#include "dialects/kernel/Builders.h"
#include "lowering/OutlineKernel.h"
#include "lowering/Passes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
namespace ingot {
#define GEN_PASS_DEF_BUILDPLAN
#include "lowering/Passes.h.inc"

namespace {

/// Where a tensor's elements are.
struct Home {
  Value buffer;
  BufferLayout layout;
};

/// Strides of a view of the same elements, or nothing if the elements do not lie on a grid under the new shape.
std::optional<Dims> viewStrides(ArrayRef<DimExpr> from, ArrayRef<DimExpr> strides, ArrayRef<DimExpr> to) {
  Dims out(to.size(), DimExpr(1));
  size_t i = 0, k = 0;
  while (i < from.size() || k < to.size()) {
    // A group of source dimensions and one of result dimensions with the same product.
    DimExpr a = i < from.size() ? from[i] : DimExpr(1), c = k < to.size() ? to[k] : DimExpr(1);
    size_t i0 = i++, k0 = k++;
    while (a != c) {
      bool growSource = DimExpr::divideExactly(c, a).has_value();
      if (growSource && i < from.size())
        a = a * from[i++];
      else if (DimExpr::divideExactly(a, c) && k < to.size())
        c = c * to[k++];
      else
        return std::nullopt;
    }
    i = std::min(i, from.size());
    k = std::min(k, to.size());
    // Within the group the source must be contiguous (unit dimensions aside).
    DimExpr inner(1);
    DimExpr expected;
    bool first = true;
    for (size_t s = i; s-- > i0;) {
      if (from[s].isConstant(1))
        continue;
      if (first) {
        inner = strides[s];
        expected = strides[s] * from[s];
        first = false;
      } else {
        if (strides[s] != expected)
          return std::nullopt;
        expected = expected * from[s];
      }
    }
    for (size_t r = k; r-- > k0;) {
      out[r] = inner;
      inner = inner * to[r];
    }
  }
  return out;
}

class PlanBuilder {
public:
  explicit PlanBuilder(MLIRContext *context) : context(context), kernels(context), b(context) {}
  LogicalResult build(ModuleOp module);

private:
  LogicalResult buildEntry(func::FuncOp function);
  LogicalResult buildBlock(Block &block);
  LogicalResult buildOp(Operation *op);
  LogicalResult buildKernel(Operation *op);
  LogicalResult buildIf(nn::IfOp op);
  LogicalResult buildLoop(nn::LoopOp op);
  LogicalResult buildCall(nn::CallOp op);

  /// The home of a value that must exist already.
  Home homeOf(Value v);
  /// The home of a value about to be written: one that was promised, or a new buffer.
  Home makeHome(Value v, std::optional<BufferLayout> layout = {});
  /// Promises the home of `v`'s elements to whatever produces them; false if it cannot be kept.
  bool promise(Value v, const Home &home);
  Value alloc(Location loc, Type element, const DimExpr &count);
  void copy(Value v, const Home &to, Location loc);
  void launch(Operation *op, const OutlinedKernel &k, function_ref<Home(const OutlinedKernel::Buffer &)> home);
  Value indexOf(StringRef symbol, Location loc);
  Value dim(const DimExpr &e, Location loc);
  DimExpr capacity(const DimExpr &e);
  std::string uniqueName(StringRef hint);
  Value weight(StringRef name, RankedTensorType type, Location loc);

  MLIRContext *context;
  plan::ModelOp model;
  OpBuilder kernels, b;
  llvm::DenseMap<Value, Home> homes, promised, savedHomes;
  /// Bytes of the handle of a sequence or optional (ingot_sequence, ingot_optional of runtime/include/ingot/ingot.h).
  static constexpr int64_t handleBytes = 64;
  llvm::StringMap<Value> symbols;       // bound so far in the current scope
  llvm::StringMap<DimExpr> slotBounds;  // size slots: capacity of a symbol that is bound later
  llvm::StringSet<> names;
};

/// A name for people: letters, digits and underscores.
std::string identifier(StringRef text) {
  std::string s;
  for (char c : text)
    s.push_back(llvm::isAlnum(c) ? c : '_');
  StringRef t = StringRef(s).ltrim('_').rtrim('_');
  s = t.empty() ? "k" : t.str();
  if (llvm::isDigit(s[0]))
    s = "k" + s;
  return s;
}

std::string PlanBuilder::uniqueName(StringRef hint) {
  std::string base = identifier(hint);
  if (base.size() > 60)
    base = base.substr(base.size() - 60);
  std::string name = base;
  for (unsigned i = 2; !names.insert(name).second; ++i)
    name = base + "_" + std::to_string(i);
  return name;
}

DimExpr PlanBuilder::capacity(const DimExpr &e) {
  return e.substitute([&](StringRef s) -> std::optional<DimExpr> {
    if (symbols.count(s))
      return std::nullopt;
    auto it = slotBounds.find(s);
    return it == slotBounds.end() ? std::nullopt : std::optional(it->second);
  });
}

Value PlanBuilder::dim(const DimExpr &e, Location loc) {
  if (auto c = e.constant())
    return arith::ConstantOp::create(b, loc, b.getIndexAttr(*c));
  return plan::DimOp::create(b, loc, b.getIndexType(), b.getStringAttr(e.str()));
}

Value PlanBuilder::alloc(Location loc, Type element, const DimExpr &count) {
  auto type = MemRefType::get({ShapedType::kDynamic}, storageType(element));
  return plan::AllocOp::create(b, loc, type, b.getStringAttr(capacity(count).str()), b.getStringAttr("host"), b.getI64IntegerAttr(0));
}

Value PlanBuilder::weight(StringRef name, RankedTensorType type, Location loc) {
  if (!model.lookupSymbol(name)) {
    OpBuilder at = OpBuilder::atBlockBegin(&model.getBody().front());
    auto w = plan::WeightOp::create(at, loc, at.getStringAttr(name), TypeAttr::get(type.getElementType()),
                                    at.getI64IntegerAttr(type.getNumElements()), IntegerAttr(), StringAttr());
    std::string shape;
    llvm::raw_string_ostream os(shape);
    os << type;
    w.setDoc(shape);
  }
  auto flat = MemRefType::get({ShapedType::kDynamic}, storageType(type.getElementType()));
  return plan::GetWeightOp::create(b, loc, flat, name);
}

Home PlanBuilder::homeOf(Value v) {
  auto it = homes.find(v);
  if (it == homes.end()) {
    v.getDefiningOp()->emitError("internal: no buffer for this value");
    llvm::report_fatal_error("build-plan: value without a buffer");
  }
  return it->second;
}

Home PlanBuilder::makeHome(Value v, std::optional<BufferLayout> layout) {
  if (auto it = promised.find(v); it != promised.end())
    return homes[v] = it->second;
  BufferLayout l = layout.value_or(BufferLayout::rowMajor(v));
  return homes[v] = {alloc(v.getLoc(), nn::elementOf(v), product(nn::dimsOf(v))), l};
}

bool PlanBuilder::promise(Value v, const Home &home) {
  if (homes.count(v) || promised.count(v))
    return false;
  auto result = dyn_cast<OpResult>(v);
  if (!result)
    return false;
  Operation *op = result.getOwner();
  if (auto view = dyn_cast<kernel::ViewOp>(op)) {
    auto s = viewStrides(nn::dimsOf(v), home.layout.strides, nn::dimsOf(view.getInput()));
    // Giving the operand this home must not disturb its other readers: they read the same elements, which is fine.
    if (!s || !promise(view.getInput(), {home.buffer, {*s, home.layout.offset}}))
      return false;
    return true; // the view's own home follows from its operand's
  }
  if (!isa<kernel::GenericOp, kernel::ContractOp, kernel::FusedOp, nn::CallOp, nn::IfOp, nn::LoopOp>(op))
    return false;
  if (Value dest = isa<nn::CallOp, nn::IfOp, nn::LoopOp>(op) ? Value() : tensorUpdated(op, result.getResultNumber()))
    return promise(dest, home);
  promised[v] = home;
  return true;
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

Value PlanBuilder::indexOf(StringRef symbol, Location loc) {
  auto it = symbols.find(symbol);
  if (it != symbols.end())
    return it->second;
  return dim(DimExpr::symbol(symbol), loc); // bound by plan.bind
}

void PlanBuilder::launch(Operation *op, const OutlinedKernel &k, function_ref<Home(const OutlinedKernel::Buffer &)> home) {
  plan::KernelOp kernel = k.kernel;
  SmallVector<Value> args;
  for (const std::string &s : k.symbols)
    args.push_back(dim(DimExpr::symbol(s), op->getLoc()));
  for (const OutlinedKernel::Buffer &buffer : k.buffers)
    args.push_back(home(buffer).buffer);
  for (auto [i, buffer] : llvm::enumerate(k.buffers)) {
    Value v = buffer.input ? buffer.input : Value(op->getResult(buffer.result));
    std::string name = "y";
    if (auto w = v.getDefiningOp<nn::GetWeightOp>())
      name = w.getWeight().str();
    else if (auto names = provenanceOf(v.getDefiningOp() ? v.getDefiningOp() : op); v.getDefiningOp() && !names.empty())
      name = names.back();
    else if (auto arg = dyn_cast<BlockArgument>(v))
      if (auto loc = dyn_cast<NameLoc>(arg.getLoc()))
        name = loc.getName().str();
    kernel.setArgAttr(k.symbols.size() + i, "plan.name", b.getStringAttr(name));
  }
  plan::LaunchOp::create(b, op->getLoc(), kernel.getSymName(), Value(), args);
}

/// Is this operation a copy of a tensor onto itself (the kept part of a state updated in place)?
static bool copiesOntoItself(Operation *op, const Home &from, const Home &to) {
  auto g = dyn_cast<kernel::GenericOp>(op);
  if (!g || g.getIns().size() != 1 || g.getNumResults() != 1 || g.hasReduction() || from.buffer != to.buffer)
    return false;
  Block &body = g.getBody().front();
  if (&body.front() != body.getTerminator() || body.getTerminator()->getOperand(0) != body.getArgument(0))
    return false;
  return g.insMap(0) == g.resultMap(0) && from.layout.strides == to.layout.strides && from.layout.offset == to.layout.offset;
}

LogicalResult PlanBuilder::buildKernel(Operation *op) {
  if (auto view = dyn_cast<kernel::ViewOp>(op)) {
    Home in = homeOf(view.getInput());
    Dims from = nn::dimsOf(view.getInput()), to = nn::dimsOf(view.getResult());
    bool contiguous = in.layout.strides == nn::rowMajorStrides(from);
    auto s = contiguous ? std::optional(nn::rowMajorStrides(to)) : viewStrides(from, in.layout.strides, to);
    if (!s) { // elements are not on a grid: bring them together first
      Home whole{alloc(op->getLoc(), nn::elementOf(view.getInput()), product(from)), BufferLayout::rowMajor(view.getInput())};
      copy(view.getInput(), whole, op->getLoc());
      in = whole;
      s = nn::rowMajorStrides(to);
    }
    homes[view.getResult()] = {in.buffer, {*s, in.layout.offset}};
    return success();
  }
  // Results in place: the updated tensor must not be needed afterwards; otherwise a copy is updated.
  for (OpResult r : op->getResults()) {
    Value dest = tensorUpdated(op, r.getResultNumber());
    if (!dest) {
      makeHome(r);
      continue;
    }
    bool lastUse = llvm::all_of(dest.getUsers(), [&](Operation *u) {
      return u == op || op->isAncestor(u) || (u->getBlock() == op->getBlock() && u->isBeforeInBlock(op));
    });
    bool fixed = dest.getDefiningOp<nn::GetWeightOp>() || dest.getDefiningOp<nn::ConstantOp>() || isa<BlockArgument>(dest);
    if (!lastUse || fixed) {
      Home fresh{alloc(op->getLoc(), nn::elementOf(dest), product(nn::dimsOf(dest))), BufferLayout::rowMajor(dest)};
      copy(dest, fresh, op->getLoc());
      homes[dest] = fresh;
    }
    homes[r] = homeOf(dest);
  }
  if (auto g = dyn_cast<kernel::GenericOp>(op))
    if (g.getIns().size() == 1 && copiesOntoItself(op, homeOf(g.getIns()[0]), homeOf(op->getResult(0))))
      return success();
  auto names = provenanceOf(op);
  auto k = outlineKernel(kernels, op, uniqueName(names.empty() ? StringRef("kernel") : StringRef(names.back())),
                         [&](Value v) { return homeOf(v).layout; });
  launch(op, k, [&](const OutlinedKernel::Buffer &buffer) {
    return homeOf(buffer.input ? buffer.input : Value(op->getResult(buffer.result)));
  });
  return success();
}

/// A copy is a loop nest as well, so that strides of any kind work.
void PlanBuilder::copy(Value v, const Home &to, Location loc) {
  OpBuilder::InsertionGuard guard(b);
  Dims dims = nn::dimsOf(v);
  kernel::GenericBuilder g(b, loc);
  auto d = g.parallels(dims);
  g.in(v, d);
  g.result(nn::elementOf(v), dims, d);
  Value result = g.build([](kernel::Scalars &r) -> SmallVector<Value> { return {r.in[0]}; })[0];
  Operation *op = result.getDefiningOp();
  homes[result] = to;
  auto k = outlineKernel(kernels, op, uniqueName("copy"), [&](Value x) { return x == result ? to.layout : homeOf(x).layout; });
  b.setInsertionPointAfter(op);
  launch(op, k, [&](const OutlinedKernel::Buffer &buffer) { return buffer.input ? homeOf(buffer.input) : to; });
  homes.erase(result);
  op->erase();
}

//===----------------------------------------------------------------------===//
// Other operators
//===----------------------------------------------------------------------===//

LogicalResult PlanBuilder::buildOp(Operation *op) {
  Location loc = op->getLoc();
  if (isa<kernel::GenericOp, kernel::ContractOp, kernel::FusedOp, kernel::ViewOp>(op))
    return buildKernel(op);
  if (auto w = dyn_cast<nn::GetWeightOp>(op)) {
    homes[w.getResult()] = {weight(w.getWeight(), cast<RankedTensorType>(w.getType()), loc), BufferLayout::rowMajor(w.getResult())};
    return success();
  }
  if (auto c = dyn_cast<nn::ConstantOp>(op)) {
    // Small constants are weights of their own; their elements travel as an attribute.
    std::string name = uniqueName("constant");
    Value flat = weight(name, cast<RankedTensorType>(c.getType()), loc);
    model.lookupSymbol(name)->setAttr("value", c.getValue());
    homes[c.getResult()] = {flat, BufferLayout::rowMajor(c.getResult())};
    return success();
  }
  if (auto bind = dyn_cast<nn::BindOp>(op)) {
    Home from = homeOf(bind.getFrom());
    Value v = plan::ReadOp::create(b, loc, b.getIndexType(), from.buffer, b.getI64IntegerAttr(bind.getIndex()));
    plan::BindOp::create(b, loc, bind.getSymbolAttr(), v, bind.getLowAttr(), bind.getHighAttr(), bind.getWhatAttr());
    symbols[bind.getSymbol()] = v;
    return success();
  }
  if (auto r = dyn_cast<nn::RequireOp>(op)) {
    plan::RequireOp::create(b, loc, r.getLeftAttr(), r.getRightAttr(), r.getUnitAttr(), r.getWhatAttr());
    return success();
  }
  if (auto call = dyn_cast<nn::CallOp>(op))
    return buildCall(call);
  if (auto i = dyn_cast<nn::IfOp>(op))
    return buildIf(i);
  if (auto l = dyn_cast<nn::LoopOp>(op))
    return buildLoop(l);
  return op->emitError("internal: build-plan does not know this operation");
}

LogicalResult PlanBuilder::buildCall(nn::CallOp op) {
  Location loc = op.getLoc();
  SmallVector<Value> args;
  SmallVector<Attribute> types;
  for (Value v : op.getInputs()) {
    Home h = homeOf(v);
    if (isa<RankedTensorType>(v.getType()) &&
        (h.layout.strides != nn::rowMajorStrides(nn::dimsOf(v)) || !h.layout.offset.isConstant(0))) {
      Home whole{alloc(loc, nn::elementOf(v), product(nn::dimsOf(v))), BufferLayout::rowMajor(v)};
      copy(v, whole, loc);
      h = whole;
    }
    args.push_back(h.buffer);
    types.push_back(TypeAttr::get(v.getType()));
  }
  for (Value r : op.getResults()) {
    if (isa<RankedTensorType>(r.getType())) {
      args.push_back(makeHome(r).buffer);
    } else {
      if (auto it = promised.find(r); it != promised.end())
        homes[r] = it->second;
      else // a handle; the template takes its elements from the workspace's tail
        homes[r] = {alloc(loc, b.getIntegerType(8), DimExpr(handleBytes)), {}};
      args.push_back(homes[r].buffer);
    }
    types.push_back(TypeAttr::get(r.getType()));
  }
  plan::CallOp::create(b, loc, op.getCalleeAttr(), args, b.getArrayAttr(types), b.getI64IntegerAttr(op.getInputs().size()), op.getParams());
  return success();
}

LogicalResult PlanBuilder::buildIf(nn::IfOp op) {
  Location loc = op.getLoc();
  if (!op.getSizeSymbols().empty())
    return op.emitError("branches whose shapes differ are not supported yet");
  Value condition = plan::ReadOp::create(b, loc, b.getI1Type(), homeOf(op.getCondition()).buffer, b.getI64IntegerAttr(0));
  for (Value r : op.getResults())
    makeHome(r);
  auto branch = scf::IfOp::create(b, loc, condition, /*withElseRegion=*/true);
  for (auto [region, block] : {std::pair(&op.getThenRegion(), branch.thenBlock()), {&op.getElseRegion(), branch.elseBlock()}}) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(block->getTerminator());
    auto outer = symbols;
    auto yield = cast<nn::YieldOp>(region->front().getTerminator());
    SmallVector<bool> direct;
    for (auto [v, r] : llvm::zip(yield.getValues(), op.getResults()))
      direct.push_back(v.getParentRegion() == region && v.getType() == r.getType() && promise(v, homes[r]));
    if (failed(buildBlock(region->front())))
      return failure();
    for (auto [v, r, d] : llvm::zip(yield.getValues(), op.getResults(), direct))
      if (!d)
        copy(v, homes[r], loc);
    symbols = outer;
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
    if (!isa<RankedTensorType>(init.getType()) || init.getType() != r.getType())
      return op.emitError("a carried value that changes its shape or is a sequence is not supported yet");
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
    // All new values exist before the first old one is overwritten, unless a value is only passed on.
    std::vector<std::pair<Value, Home>> moves;
    for (auto [k, v] : llvm::enumerate(values)) {
      if (k >= numCarried) {
        if (!direct[k])
          copy(v, next[k], loc);
      } else if (homeOf(v).buffer != homes[op.getResult(k)].buffer) {
        moves.push_back({v, homes[op.getResult(k)]});
      }
    }
    // A value that is another carried argument (a swap) must be saved before it is overwritten.
    for (auto &[v, to] : moves)
      if (isa<BlockArgument>(v) && moves.size() > 1) {
        Home saved{alloc(loc, nn::elementOf(v), product(nn::dimsOf(v))), BufferLayout::rowMajor(v)};
        copy(v, saved, loc);
        savedHomes[v] = saved;
      }
    for (auto &[v, to] : moves) {
      if (auto it = savedHomes.find(v); it != savedHomes.end()) {
        Home original = homes[v];
        homes[v] = it->second;
        copy(v, to, loc);
        homes[v] = original;
      } else {
        copy(v, to, loc);
      }
    }
    savedHomes.clear();
    Value more;
    if (op.getHasCondition())
      more = plan::ReadOp::create(b, loc, b.getI1Type(), homeOf(yield.getValues()[0]).buffer, b.getI64IntegerAttr(0));
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

//===----------------------------------------------------------------------===//
// Entries
//===----------------------------------------------------------------------===//

LogicalResult PlanBuilder::buildBlock(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(block.without_terminator()))
    if (failed(buildOp(&op)))
      return failure();
  return success();
}

LogicalResult PlanBuilder::buildEntry(func::FuncOp function) {
  MLIRContext *c = context;
  Location loc = function.getLoc();
  OpBuilder at = OpBuilder::atBlockEnd(&model.getBody().front());
  auto ret = cast<func::ReturnOp>(function.front().getTerminator());
  Type index = b.getIndexType();
  SmallVector<Type> types;
  SmallVector<Attribute> attrs;
  auto describe = [&](StringRef role, StringRef name, Type type, DictionaryAttr more = {}) {
    NamedAttrList list;
    if (more)
      list.append(more.begin(), more.end());
    list.set("plan.role", b.getStringAttr(role));
    list.set("plan.name", b.getStringAttr(name));
    if (type)
      list.set("plan.type", TypeAttr::get(type));
    attrs.push_back(list.getDictionary(c));
  };
  auto flat = [&](Type t) -> Type {
    auto tensor = dyn_cast<RankedTensorType>(t);
    return MemRefType::get({ShapedType::kDynamic}, tensor ? storageType(tensor.getElementType()) : b.getIntegerType(8));
  };
  // Symbols of the inputs, in order of appearance.
  SmallVector<std::string> order;
  for (Type t : function.getArgumentTypes())
    if (isa<RankedTensorType>(t))
      for (const DimExpr &d : nn::dimsOf(t))
        d.symbols([&](StringRef s) {
          if (!llvm::is_contained(order, s))
            order.push_back(s.str());
        });
  for (const std::string &s : order) {
    types.push_back(index);
    describe("symbol", s, {});
  }
  auto name = [&](DictionaryAttr d, StringRef fallback, unsigned i) {
    auto n = d ? dyn_cast_or_null<StringAttr>(d.get("onnx.name")) : StringAttr();
    return n ? n.getValue().str() : (fallback + Twine(i)).str();
  };
  // A state is an input whose attribute ingot.state names the output that replaces it.
  llvm::DenseSet<unsigned> stateOutputs;
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    auto state = function.getArgAttrOfType<DictionaryAttr>(i, "ingot.state");
    Type t = function.getArgument(i).getType();
    types.push_back(flat(t));
    if (state) {
      stateOutputs.insert(cast<IntegerAttr>(state.get("output")).getInt());
      NamedAttrList more(state);
      describe("state", name(function.getArgAttrDict(i), "input", i), t, more.getDictionary(c));
    } else {
      describe("input", name(function.getArgAttrDict(i), "input", i), t);
    }
  }
  for (unsigned i = 0; i < ret.getNumOperands(); ++i) {
    if (stateOutputs.count(i))
      continue;
    types.push_back(flat(ret.getOperand(i).getType()));
    auto names = function->getAttrOfType<ArrayAttr>("onnx.outputs");
    describe("output", names ? cast<StringAttr>(names[i]).getValue() : StringRef(name(function.getResultAttrDict(i), "output", i)), ret.getOperand(i).getType());
  }
  types.push_back(flat(b.getIntegerType(8)));
  describe("workspace", "workspace", {});

  auto entry = plan::EntryOp::create(at, loc, at.getStringAttr(function.getName() == "main" ? "run" : function.getName()),
                                     TypeAttr::get(b.getFunctionType(types, {})), at.getArrayAttr(attrs), ArrayAttr());
  Block *block = at.createBlock(&entry.getBody(), {}, types, SmallVector<Location>(types.size(), loc));
  b.setInsertionPointToStart(block);
  homes.clear();
  promised.clear();
  symbols.clear();
  slotBounds.clear();
  // Size slots are known before the values that mention them.
  function.walk([&](nn::BindOp bind) {
    if (bind.getBound())
      slotBounds[bind.getSymbol()] = *DimExpr::parse(*bind.getBound());
  });

  unsigned arg = 0;
  for (const std::string &s : order)
    symbols[s] = block->getArgument(arg++);
  // Inputs and states; then outputs are promised to what produces them.
  std::vector<std::pair<unsigned, Home>> results; // output number, home
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    Value v = function.getArgument(i);
    Home h{block->getArgument(arg++), {}};
    if (isa<RankedTensorType>(v.getType())) {
      h.layout = BufferLayout::rowMajor(v);
      if (auto state = function.getArgAttrOfType<DictionaryAttr>(i, "ingot.state"))
        if (auto capacity = dyn_cast_or_null<StringAttr>(state.get("capacity"))) {
          Dims dims = nn::dimsOf(v);
          dims[cast<IntegerAttr>(state.get("axis")).getInt()] = *DimExpr::parse(capacity.getValue());
          h.layout.strides = nn::rowMajorStrides(dims);
          results.push_back({cast<IntegerAttr>(state.get("output")).getInt(), h});
        } else {
          results.push_back({cast<IntegerAttr>(state.get("output")).getInt(), h});
        }
    }
    homes[v] = h;
  }
  for (unsigned i = 0; i < ret.getNumOperands(); ++i)
    if (!stateOutputs.count(i)) {
      Value v = ret.getOperand(i);
      Home h{block->getArgument(arg++), {}};
      if (isa<RankedTensorType>(v.getType()))
        h.layout = BufferLayout::rowMajor(v);
      results.push_back({i, h});
    }
  // An output whose size is found out while running lives in the workspace and is published at the end.
  auto isPublished = [&](Value v) {
    if (!isa<RankedTensorType>(v.getType()))
      return true;
    if (isa<nn::StringType>(nn::elementOf(v)))
      return true;
    bool known = true;
    for (const DimExpr &d : nn::dimsOf(v))
      d.symbols([&](StringRef s) { known &= llvm::is_contained(order, s); });
    return !known;
  };
  SmallVector<bool> direct;
  for (auto &[i, home] : results) {
    Value v = ret.getOperand(i);
    // A replaced state may be overwritten only when its old value is no longer read: through a copy at the end.
    bool isReplacedState = stateOutputs.count(i) && home.layout.strides == nn::rowMajorStrides(nn::dimsOf(v));
    direct.push_back(!isReplacedState && !isPublished(v) && promise(v, home));
  }
  if (failed(buildBlock(function.front())))
    return failure();
  for (auto [result, isDirect] : llvm::zip(results, direct)) {
    auto &[i, home] = result;
    Value v = ret.getOperand(i);
    if (isPublished(v)) {
      plan::PublishOp::create(b, loc, homeOf(v).buffer, home.buffer, TypeAttr::get(v.getType()));
      continue;
    }
    if (!isDirect)
      copy(v, home, loc);
  }
  plan::ReturnOp::create(b, loc);
  return success();
}

LogicalResult PlanBuilder::build(ModuleOp module) {
  SmallVector<func::FuncOp> functions(module.getOps<func::FuncOp>());
  if (functions.empty())
    return success();
  OpBuilder at = OpBuilder::atBlockEnd(module.getBody());
  auto modelName = module->getAttrOfType<StringAttr>("ingot.name");
  model = plan::ModelOp::create(at, module.getLoc(), modelName ? modelName : at.getStringAttr("model"));
  model.getBody().emplaceBlock();
  for (func::FuncOp f : functions) {
    kernels.setInsertionPointToEnd(&model.getBody().front());
    if (failed(buildEntry(f)))
      return failure();
    f.erase();
  }
  return success();
}

struct BuildPlan : impl::BuildPlanBase<BuildPlan> {
  void runOnOperation() override {
    if (failed(PlanBuilder(&getContext()).build(getOperation())))
      signalPassFailure();
  }
};

} // namespace
} // namespace ingot
