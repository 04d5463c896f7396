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
#include "lowering/Passes.h"
#include "lowering/PlanBuilder.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
namespace ingot {
#define GEN_PASS_DEF_BUILDPLAN
#include "lowering/Passes.h.inc"

/// Strides of a view of the same elements, or nothing if the elements do not lie on a grid under the new shape.
static std::optional<Dims> viewStrides(ArrayRef<DimExpr> from, ArrayRef<DimExpr> strides, ArrayRef<DimExpr> to) {
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

/// A name for people: letters, digits and underscores.
static std::string identifier(StringRef text) {
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
  return plan::AllocOp::create(b, loc, type, b.getStringAttr(capacity(count).str()), StringAttr(), b.getStringAttr("host"),
                               b.getI64IntegerAttr(0));
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
  auto call = plan::CallOp::create(b, loc, op.getCalleeAttr(), args, b.getArrayAttr(types), b.getI64IntegerAttr(op.getInputs().size()), op.getParams());
  if (auto scratch = op->getAttrOfType<StringAttr>("scratch"))
    call->setAttr("scratch", scratch);
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

namespace {
struct BuildPlan : impl::BuildPlanBase<BuildPlan> {
  void runOnOperation() override {
    if (failed(PlanBuilder(&getContext()).build(getOperation())))
      signalPassFailure();
  }
};

} // namespace
} // namespace ingot
