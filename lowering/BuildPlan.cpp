//===- BuildPlan.cpp - tensors become buffers, kernel operators become launches ----===//
//
// One walk over the graph function. Every tensor gets a *home*: a flat buffer with strides and an offset. Homes are
// found backwards from what is fixed: outputs and states give theirs to the value that ends there, views and in-place
// updates share their operand's; the rest is plan.alloc, which plan-arena places.
//
//===----------------------------------------------------------------------===//
#include "dialects/nn/Shape.h"
#include "dialects/kernel/Builders.h"
#include "dialects/kernel/Nest.h"
#include "lowering/Aliases.h"
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
  bool operator==(const Home &o) const {
    return buffer == o.buffer && layout.strides == o.layout.strides && layout.offset == o.layout.offset;
  }
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
  /// Memory of its own.
  Home freshHome(Value v, Location loc, std::optional<BufferLayout> layout = std::nullopt);
  /// Promises the home of `v`'s elements to whatever produces them; false if it cannot be kept.
  bool promise(Value v, const Home &home);
  Value alloc(Location loc, Type element, const DimExpr &count);
  void copy(Value v, const Home &to, Location loc);
  Home copied(Value v, Location loc);
  /// The buffer of `v`, row by row from its beginning: a copy if that is not its layout.
  Value wholeBuffer(Value v, Location loc);
  /// A buffer of `v` in the workspace, which stays as it is until the next run.
  Value publishedBuffer(Value v, Location loc);
  Type flatType(Type type);
  void launch(Operation *op, const OutlinedKernel &k, function_ref<Home(const OutlinedKernel::Buffer &)> home);
  Value indexOf(StringRef symbol, Location loc);
  Value dim(const DimExpr &e, Location loc);
  DimExpr capacity(const DimExpr &e);
  std::string uniqueName(StringRef hint);
  Value weight(StringRef name, RankedTensorType type, Location loc);

  MLIRContext *context;
  plan::ModelOp model;
  OpBuilder kernels, b;
  llvm::DenseMap<Value, Home> homes, promised;
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

Type PlanBuilder::flatType(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  Type element = tensor ? storageType(tensor.getElementType()) : nn::isHandle(type) ? type : b.getIntegerType(8);
  return MemRefType::get({ShapedType::kDynamic}, element);
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
  return homes[v] = freshHome(v, v.getLoc(), layout);
}

Home PlanBuilder::freshHome(Value v, Location loc, std::optional<BufferLayout> layout) {
  if (nn::isHandle(v.getType())) // what it leads to lies in the workspace's tail
    return {alloc(loc, v.getType(), DimExpr(1)), {}};
  return {alloc(loc, nn::elementOf(v), product(nn::dimsOf(v))), layout.value_or(BufferLayout::rowMajor(v))};
}

bool PlanBuilder::promise(Value v, const Home &home) {
  if (homes.count(v) || promised.count(v))
    return false;
  auto result = dyn_cast<OpResult>(v);
  if (!result)
    return false;
  Operation *op = result.getOwner();
  if (auto view = dyn_cast<kernel::ViewOp>(op)) {
    // The view's own home follows from its operand's.
    Dims from = nn::dimsOf(view.getInput()), to = nn::dimsOf(v);
    auto s = viewStrides(to, home.layout.strides, from);
    return s && viewStrides(from, *s, to) && promise(view.getInput(), {home.buffer, {*s, home.layout.offset}});
  }
  if (!isa<kernel::GenericOp, kernel::ContractOp, kernel::FusedOp, nn::CallOp, nn::IfOp, nn::LoopOp>(op))
    return false;
  if (Value dest = tensorUpdated(op, result.getResultNumber()))
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
  SmallVector<std::string> buffers;
  for (auto [i, buffer] : llvm::enumerate(k.buffers)) {
    Value v = buffer.input ? buffer.input : Value(op->getResult(buffer.result));
    std::string &name = buffers.emplace_back("y");
    if (auto w = v.getDefiningOp<nn::GetWeightOp>())
      name = w.getWeight().str();
    else if (auto names = provenanceOf(v.getDefiningOp() ? v.getDefiningOp() : op); v.getDefiningOp() && !names.empty())
      name = names.back();
    else if (auto arg = dyn_cast<BlockArgument>(v))
      if (auto loc = dyn_cast<NameLoc>(arg.getLoc()))
        name = loc.getName().str();
    kernel.setArgAttr(k.symbols.size() + i, "plan.name", b.getStringAttr(name));
  }
  auto launch = plan::LaunchOp::create(b, op->getLoc(), kernel.getSymName(), Value(), args);
  // Equal kernels become one; whose nodes a launch computes and what its buffers are called is the launch's own.
  auto strings = [&](ArrayRef<std::string> list) {
    return b.getStrArrayAttr(llvm::map_to_vector(list, [](const std::string &s) { return StringRef(s); }));
  };
  launch->setAttr("origin", strings(provenanceOf(op)));
  launch->setAttr("names", strings(buffers));
}

/// Does the operation write the elements of its only input where they are in that input?
static bool copiesToTheSameIndex(Operation *op) {
  auto g = dyn_cast<kernel::GenericOp>(op);
  return g && g.getIns().size() == 1 && g.getNumResults() == 1 && kernel::movedIn(g) && !g.paddingOf(0) && g.insMap(0) == g.resultMap(0);
}

/// Is `out` the tensor `in` with more written behind it on this axis? Then `in` may stay where it is.
static bool appends(Value out, Value in, unsigned axis) {
  auto length = nn::dimsOf(in)[axis];
  while (auto r = dyn_cast<OpResult>(out)) {
    auto nest = dyn_cast<kernel::LoopNestInterface>(r.getOwner());
    if (!nest)
      return false;
    Value dest = tensorUpdated(nest, r.getResultNumber());
    if (!dest)
      return copiesToTheSameIndex(nest) && nest.getIns()[0] == in;
    kernel::Nest n(nest);
    auto at = n.linear(n.resultIndex[r.getResultNumber()][axis]);
    auto low = at ? at->low(n.domain) : std::nullopt;
    if (!low || !(*low - length).isNonNegative())
      return false;
    out = dest;
  }
  return false;
}

LogicalResult PlanBuilder::buildKernel(Operation *op) {
  if (auto view = dyn_cast<kernel::ViewOp>(op)) {
    Home in = homeOf(view.getInput());
    Dims from = nn::dimsOf(view.getInput()), to = nn::dimsOf(view.getResult());
    bool contiguous = in.layout.strides == nn::rowMajorStrides(from);
    auto s = contiguous ? std::optional(nn::rowMajorStrides(to)) : viewStrides(from, in.layout.strides, to);
    if (!s) { // elements are not on a grid: bring them together first
      in = copied(view.getInput(), op->getLoc());
      s = nn::rowMajorStrides(to);
    }
    homes[view.getResult()] = {in.buffer, {*s, in.layout.offset}};
    return success();
  }
  for (OpResult r : op->getResults()) {
    if (Value dest = tensorUpdated(op, r.getResultNumber()))
      homes[r] = homeOf(dest);
    else
      makeHome(r);
  }
  if (copiesToTheSameIndex(op) && homeOf(op->getOperand(0)) == homeOf(op->getResult(0)))
    return success(); // the kept part of a state
  auto names = provenanceOf(op);
  auto k = outlineKernel(kernels, op, uniqueName(names.empty() ? StringRef("kernel") : StringRef(names.back())),
                         [&](Value v) { return homeOf(v).layout; });
  launch(op, k, [&](const OutlinedKernel::Buffer &buffer) {
    return homeOf(buffer.input ? buffer.input : Value(op->getResult(buffer.result)));
  });
  return success();
}

/// A copy of a tensor is a loop nest as well, so that strides of any kind work; that of a handle leads to the same items.
void PlanBuilder::copy(Value v, const Home &to, Location loc) {
  if (nn::isHandle(v.getType())) {
    Attribute type = TypeAttr::get(v.getType());
    plan::CallOp::create(b, loc, b.getStringAttr("assign"), ValueRange{homeOf(v).buffer, to.buffer}, b.getArrayAttr({type, type}),
                         b.getI64IntegerAttr(1), b.getDictionaryAttr({}));
    return;
  }
  OpBuilder::InsertionGuard guard(b);
  Value result = kernel::buildCopy(b, loc, v);
  Operation *op = result.getDefiningOp();
  homes[result] = to;
  auto k = outlineKernel(kernels, op, uniqueName("copy"), [&](Value x) { return x == result ? to.layout : homeOf(x).layout; });
  b.setInsertionPointAfter(op);
  launch(op, k, [&](const OutlinedKernel::Buffer &buffer) { return buffer.input ? homeOf(buffer.input) : to; });
  homes.erase(result);
  op->erase();
}

Home PlanBuilder::copied(Value v, Location loc) {
  Home fresh = freshHome(v, loc);
  copy(v, fresh, loc);
  return fresh;
}

Value PlanBuilder::publishedBuffer(Value v, Location loc) {
  auto isCallers = [](Value o) { return isa<BlockArgument>(o) || isa<nn::GetWeightOp, nn::ConstantOp>(o.getDefiningOp()); };
  bool isNumbers = isa<RankedTensorType>(v.getType()) && !isa<nn::StringType>(nn::elementOf(v));
  return isNumbers && llvm::any_of(originsOf(v), isCallers) ? copied(v, loc).buffer : wholeBuffer(v, loc);
}

Value PlanBuilder::wholeBuffer(Value v, Location loc) {
  Home h = homeOf(v);
  bool isWhole = !isa<RankedTensorType>(v.getType()) ||
                 (h.layout.strides == nn::rowMajorStrides(nn::dimsOf(v)) && h.layout.offset.isConstant(0));
  return isWhole ? h.buffer : copied(v, loc).buffer;
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
    args.push_back(wholeBuffer(v, loc));
    types.push_back(TypeAttr::get(v.getType()));
  }
  for (Value r : op.getResults()) {
    args.push_back(makeHome(r).buffer);
    types.push_back(TypeAttr::get(r.getType()));
  }
  plan::CallOp::create(b, loc, op.getCalleeAttr(), args, b.getArrayAttr(types), b.getI64IntegerAttr(op.getInputs().size()), op.getParams());
  return success();
}

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

//===----------------------------------------------------------------------===//
// Entries
//===----------------------------------------------------------------------===//

LogicalResult PlanBuilder::buildBlock(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(block.without_terminator()))
    if (failed(buildOp(&op)))
      return failure();
  return success();
}

/// Why `next`, the type of an output, cannot replace the state of type `now`, or an empty text. `axis`: where it grows.
static std::string stateProblem(Type now, Type next, std::optional<int64_t> axis, ArrayRef<std::string> symbols) {
  auto tensor = dyn_cast<RankedTensorType>(next);
  if (!tensor || tensor.getElementType() != cast<RankedTensorType>(now).getElementType() ||
      tensor.getRank() != cast<RankedTensorType>(now).getRank())
    return "the output has another element type or rank";
  Dims from = nn::dimsOf(now), to = nn::dimsOf(next);
  for (auto [i, f, t] : llvm::enumerate(from, to)) {
    bool known = true;
    t.symbols([&](StringRef s) { known &= llvm::is_contained(symbols, s); });
    if (!known)
      return "the output's size on axis " + std::to_string(i) + " is found out by the run";
    if (axis != int64_t(i) && f != t)
      return "axis " + std::to_string(i) + " is " + f.str() + ", " + t.str() + " in the output";
  }
  return "";
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
  auto outputName = [&](unsigned i) {
    auto names = function->getAttrOfType<ArrayAttr>("onnx.outputs");
    return names ? cast<StringAttr>(names[i]).getValue().str() : name(function.getResultAttrDict(i), "output", i);
  };
  // A state is an input whose attribute ingot.state names the output that replaces it.
  llvm::DenseSet<unsigned> stateOutputs;
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    auto state = function.getArgAttrOfType<DictionaryAttr>(i, "ingot.state");
    Type t = function.getArgument(i).getType();
    types.push_back(flatType(t));
    if (state) {
      unsigned output = cast<IntegerAttr>(state.get("output")).getInt();
      stateOutputs.insert(output);
      auto axis = dyn_cast_or_null<IntegerAttr>(state.get("axis"));
      Value next = ret.getOperand(output);
      if (std::string problem = stateProblem(t, next.getType(), axis ? std::optional(axis.getInt()) : std::nullopt, order); !problem.empty()) {
        auto error = emitError(function.getArgument(i).getLoc(), "cannot be a state: ") << problem;
        error.attachNote() << "change or leave out its --state";
        return error;
      }
      NamedAttrList more;
      more.set("plan.output", b.getStringAttr(outputName(output)));
      if (axis) {
        more.set("plan.axis", axis);
        more.set("plan.capacity", state.get("capacity"));
        more.set("plan.next", b.getStringAttr(nn::dimsOf(next)[axis.getInt()].str()));
      }
      describe("state", name(function.getArgAttrDict(i), "input", i), t, more.getDictionary(c));
    } else {
      describe("input", name(function.getArgAttrDict(i), "input", i), t);
    }
  }
  for (unsigned i = 0; i < ret.getNumOperands(); ++i) {
    if (stateOutputs.count(i))
      continue;
    types.push_back(flatType(ret.getOperand(i).getType()));
    describe("output", outputName(i), ret.getOperand(i).getType());
  }
  types.push_back(flatType(b.getIntegerType(8)));
  describe("workspace", "workspace", {});

  auto entry = plan::EntryOp::create(at, loc, at.getStringAttr(function.getName() == "main" ? "run" : function.getName()),
                                     TypeAttr::get(b.getFunctionType(types, {})), at.getArrayAttr(attrs), ArrayAttr());
  Block *block = at.createBlock(&entry.getBody(), {}, types, SmallVector<Location>(types.size(), loc));
  b.setInsertionPointToStart(block);
  copyBeforeUpdates(function);
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
  struct Result {
    unsigned output;
    Home home;
    Value state;                  // the old value, or null
    std::optional<unsigned> axis; // on which it grows
  };
  std::vector<Result> outputs, states;
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    Value v = function.getArgument(i);
    Home h{block->getArgument(arg++), {}};
    if (isa<RankedTensorType>(v.getType())) {
      h.layout = BufferLayout::rowMajor(v);
      if (auto state = function.getArgAttrOfType<DictionaryAttr>(i, "ingot.state")) {
        Result result{unsigned(cast<IntegerAttr>(state.get("output")).getInt()), h, v, {}};
        if (auto capacity = dyn_cast_or_null<StringAttr>(state.get("capacity"))) {
          result.axis = cast<IntegerAttr>(state.get("axis")).getInt();
          Dims dims = nn::dimsOf(v);
          dims[*result.axis] = *DimExpr::parse(capacity.getValue());
          result.home.layout.strides = h.layout.strides = nn::rowMajorStrides(dims);
        }
        states.push_back(result);
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
      outputs.push_back({i, h, {}, {}});
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
  SmallVector<bool> direct, inPlace;
  for (const Result &r : states) {
    Value v = ret.getOperand(r.output);
    inPlace.push_back(r.axis && appends(v, r.state, *r.axis) && promise(v, r.home));
  }
  for (const Result &r : outputs) {
    Value v = ret.getOperand(r.output);
    direct.push_back(!isPublished(v) && promise(v, r.home));
  }
  if (failed(buildBlock(function.front())))
    return failure();
  for (auto [result, isDirect] : llvm::zip(outputs, direct)) {
    Value v = ret.getOperand(result.output);
    if (isPublished(v))
      plan::PublishOp::create(b, loc, publishedBuffer(v, loc), result.home.buffer, TypeAttr::get(v.getType()));
    else if (!isDirect)
      copy(v, result.home, loc);
  }
  // Old states are overwritten when everything has been read. One that becomes another (a swap) is saved first.
  for (auto [state, done] : llvm::zip(states, inPlace)) {
    Value v = ret.getOperand(state.output);
    if (!done && state.axis && llvm::any_of(originsOf(v), llvm::IsaPred<BlockArgument>))
      homes[v] = copied(v, loc);
  }
  for (auto [state, done] : llvm::zip(states, inPlace))
    if (!done)
      copy(ret.getOperand(state.output), state.home, loc);
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
