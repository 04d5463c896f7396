//===- Control.cpp - If, Loop, Scan -------------------------------------------------------===//
//
// A condition that is known chooses its branch here. A loop becomes nn.loop where carried values keep their
// types; one whose values change shape is unrolled if its trip count is a small constant.
//
//===----------------------------------------------------------------------===//
#include "compiler/import/Compose.h"
#include "compiler/import/rules/Sequence.h"

using namespace mlir;
using namespace ingot;
using namespace ingot::nn;

static constexpr int64_t maxUnrolled = 64;      // iterations
static constexpr int64_t maxUnrolledNodes = 512; // where unrolling is a choice

/// A fresh block at whose end the node's builder stands while this lives.
namespace {
struct InBlock {
  InBlock(NodeImport &n, Region &region, ArrayRef<Type> arguments) : guard(n.b) {
    block = n.b.createBlock(&region, {}, arguments, SmallVector<Location>(arguments.size(), n.loc));
  }
  OpBuilder::InsertionGuard guard;
  Block *block;
};
} // namespace

static bool isTensor(Type t) { return isa<RankedTensorType>(t); }

/// Does the type mention a symbol that exists only inside `region`?
static bool mentionsInner(Type type, Region &region) {
  bool inner = false;
  if (!isTensor(type))
    return false;
  Dims dims = dimsOf(type);
  auto check = [&](StringRef symbol) {
    for (const DimExpr &d : dims)
      inner |= d.mentions(symbol);
  };
  region.walk([&](Operation *op) {
    if (auto bind = dyn_cast<BindOp>(op))
      check(bind.getSymbol());
    if (auto loop = dyn_cast<LoopOp>(op); loop && loop.getTripBound())
      check(loop.getTrip());
    if (auto branch = dyn_cast<IfOp>(op))
      for (StringRef s : branch.getSizeSymbols().getAsValueRange<StringAttr>())
        check(s);
  });
  return inner;
}

//===----------------------------------------------------------------------===//
// If
//===----------------------------------------------------------------------===//

static Value asBool(NodeImport &n, Value v) {
  if (elementOf(v).isInteger(1) && rankOf(v) == 0)
    return v;
  return n.reshapeTo(castTo(n.b, n.loc, v, n.b.getI1Type()), {});
}

namespace {
struct SizeTest {
  DimExpr left, right;
  bool negated;
};
} // namespace

/// Two sizes whose equality the condition tests, and whether the test is negated.
static std::optional<SizeTest> equalityOfSizes(Value condition) {
  bool negated = false;
  for (Operation *op = condition.getDefiningOp(); op; op = op->getOperand(0).getDefiningOp()) {
    if (isa<CastOp, ReshapeOp>(op))
      continue;
    if (isa<NotOp>(op)) {
      negated = !negated;
      continue;
    }
    if (!isa<EqualOp>(op))
      break;
    auto x = knownInts(op->getOperand(0)), y = knownInts(op->getOperand(1));
    if (!x || !y || x->size() != 1 || y->size() != 1)
      break;
    return SizeTest{(*x)[0], (*y)[0], negated};
  }
  return std::nullopt;
}

/// Branches of different rank cannot be one value. What exporters write for "squeeze if the size is 1" tests sizes: the
/// model is compiled for equal sizes, and the run checks that they are.
static LogicalResult assumeEqual(NodeImport &n, const SizeTest &test) {
  if (failed(n.requireEqual(test.left, test.right, "sizes that the condition compares")))
    return failure();
  auto results = n.inlineGraph(test.negated ? "else_branch" : "then_branch", {}, n.numOutputs());
  if (failed(results))
    return failure();
  for (auto [i, v] : llvm::enumerate(*results))
    n.out(i, v);
  return success();
}

/// Where one branch gives an optional and the other a value, both give optionals.
static bool alignKinds(NodeImport &n, Region (&branches)[2], SmallVector<Value> (&values)[2]) {
  OpBuilder::InsertionGuard guard(n.b);
  for (auto [i, v] : llvm::enumerate(values[0]))
    for (int k = 0; k < 2; ++k) {
      Type other = values[1 - k][i].getType();
      if (!isa<OptionalType>(other))
        continue;
      n.b.setInsertionPointToEnd(&branches[k].front());
      if (!(values[k][i] = rules::asKind(n, values[k][i], other)))
        return false;
    }
  return true;
}

INGOT_IMPORT("If", 1) {
  if (auto known = n.constants(0); known && known->size() == 1) {
    auto results = n.inlineGraph((*known)[0] ? "then_branch" : "else_branch", {}, n.numOutputs());
    if (failed(results))
      return failure();
    for (auto [i, v] : llvm::enumerate(*results))
      n.out(i, v);
    return success();
  }
  Value condition = asBool(n, n.in(0));
  Region branches[2];
  SmallVector<Value> values[2];
  const char *names[2] = {"then_branch", "else_branch"};
  for (int k = 0; k < 2; ++k) {
    InBlock in(n, branches[k], {});
    auto results = n.inlineGraph(names[k], {}, n.numOutputs());
    if (failed(results))
      return failure();
    values[k] = *results;
  }
  if (!alignKinds(n, branches, values))
    return n.refuse("the branches give optionals of different element types");
  // Where the branches' shapes differ the result's is a fresh symbol, whose value each branch yields.
  SmallVector<Type> types;
  SmallVector<Attribute> symbols;
  SmallVector<DimExpr> sizes[2];
  for (auto [v0, v1] : llvm::zip(values[0], values[1])) {
    Type a = v0.getType(), c = v1.getType();
    if (a == c && !mentionsInner(a, branches[0]) && !mentionsInner(c, branches[1])) {
      types.push_back(a);
      continue;
    }
    if (Type common = isHandle(a) ? commonItemType(a, c) : Type()) {
      types.push_back(common);
      continue;
    }
    if (!isTensor(a) || !isTensor(c) || elementOf(v0) != elementOf(v1) || rankOf(v0) != rankOf(v1)) {
      if (auto test = equalityOfSizes(condition))
        return assumeEqual(n, *test);
      return n.refuse("the branches give values of different element type or rank",
                      "fix the condition's inputs with --dim or --shape, so that the branch is known");
    }
    Dims da = dimsOf(a), dc = dimsOf(c), dims;
    for (auto [x, y] : llvm::zip(da, dc)) {
      if (x == y && !mentionsInner(tensorOf({x}, elementOf(v0)), branches[0]) &&
          !mentionsInner(tensorOf({y}, elementOf(v1)), branches[1])) {
        dims.push_back(x);
        continue;
      }
      std::string name = n.freshSymbol("size");
      symbols.push_back(n.b.getStringAttr(name));
      sizes[0].push_back(x);
      sizes[1].push_back(y);
      dims.push_back(DimExpr::symbol(name));
    }
    types.push_back(tensorOf(dims, elementOf(v0)));
  }
  for (int k = 0; k < 2; ++k) {
    OpBuilder::InsertionGuard guard(n.b);
    n.b.setInsertionPointToEnd(&branches[k].front());
    for (const DimExpr &e : sizes[k])
      values[k].push_back(intTensor(n.b, n.loc, {e}, 0));
    YieldOp::create(n.b, n.loc, values[k]);
  }
  auto op = IfOp::create(n.b, n.loc, types, condition, n.b.getArrayAttr(symbols), StringAttr());
  op.getThenRegion().takeBody(branches[0]);
  op.getElseRegion().takeBody(branches[1]);
  for (auto [i, v] : llvm::enumerate(op.getResults()))
    n.out(i, v);
  return success();
}

//===----------------------------------------------------------------------===//
// Loop
//===----------------------------------------------------------------------===//

namespace {
struct Trip {
  DimExpr count;
  std::optional<DimExpr> bound; // where `count` is a symbol that the loop binds
};
} // namespace

static Value unstacked(NodeImport &n, Value v) { // [1, …] for one scan element
  Dims d = dimsOf(v);
  d.insert(d.begin(), DimExpr(1));
  return n.reshapeTo(v, d);
}

/// `v` as a value of that type. Sizes that the run finds out are checked there; nothing if they differ for certain.
static Value asType(NodeImport &n, Value v, Type type) {
  if (v.getType() == type)
    return v;
  if (!isTensor(v.getType()) || !isTensor(type) || elementOf(v) != cast<RankedTensorType>(type).getElementType() ||
      rankOf(v) != cast<RankedTensorType>(type).getRank())
    return {};
  Dims have = dimsOf(v), want = dimsOf(type);
  for (auto [h, w] : llvm::zip(have, want))
    if (differ(h, w))
      return {};
  for (auto [h, w] : llvm::zip(have, want))
    if (failed(n.requireEqual(h, w, "sizes of a value that an iteration passes on")))
      return {};
  return n.reshapeTo(v, want);
}

/// Carried value k at the end of a loop, of the kind that the file states.
static bool outCarried(NodeImport &n, unsigned k, Value v) {
  if (isa<SequenceType, OptionalType, TensorType>(n.stated(k)))
    v = rules::asKind(n, v, n.stated(k));
  n.out(k, v);
  return bool(v);
}

/// Does unrolling keep sequences whose items are known from becoming lists at run time?
static bool prefersUnrolled(NodeImport &n, int64_t count, ArrayRef<Value> carried) {
  int64_t nodes = 0;
  n.graph("body")->walk([&](onnx_ir::NodeOp) { ++nodes; });
  return count * nodes <= maxUnrolledNodes && llvm::any_of(carried, [](Value v) { return rules::knownLength(v).has_value(); });
}

/// Runs the body `count` times in place, or until its condition is known to be false.
static LogicalResult unrollLoop(NodeImport &n, int64_t count, SmallVector<Value> carried) {
  Compose c(n);
  size_t scans = std::max(n.numOutputs(), unsigned(carried.size())) - carried.size();
  SmallVector<SmallVector<Value>> stacked(scans);
  Value yes = splat(n.b, n.loc, 1, n.b.getI1Type());
  for (int64_t i = 0; i < count; ++i) {
    SmallVector<Value> arguments{intTensor(n.b, n.loc, {DimExpr(i)}, 0), yes};
    arguments.append(carried);
    auto results = n.inlineGraph("body", arguments, 1 + n.numOutputs());
    if (failed(results))
      return failure();
    for (size_t k = 0; k < carried.size(); ++k)
      carried[k] = (*results)[k + 1];
    for (size_t k = 0; k < scans; ++k)
      stacked[k].push_back(unstacked(n, (*results)[1 + carried.size() + k]));
    auto go = knownConstants((*results)[0]);
    if (!go)
      return n.refuse("a loop that changes the shape of a carried value ends on a condition that only the run knows",
                      "export the model with a fixed number of iterations");
    if (!(*go)[0])
      break;
  }
  for (auto [k, v] : llvm::enumerate(carried))
    if (!outCarried(n, k, v))
      return failure();
  for (size_t k = 0; k < scans; ++k) {
    if (!stacked[k].empty()) {
      n.out(carried.size() + k, c.concat(stacked[k], 0));
      continue;
    }
    auto hint = n.hint(carried.size() + k);
    if (!hint)
      return n.refuse("a loop without iterations leaves the shape of a scan output open");
    Dims d = dimsOf(Type(hint));
    d[0] = 0;
    n.out(carried.size() + k, c.splat(0, hint.getElementType(), d));
  }
  return success();
}

INGOT_IMPORT("Loop", 1) {
  SmallVector<Value> carried(n.inputs.begin() + std::min<size_t>(2, n.numInputs()), n.inputs.end());
  Value maxTrip = n.in(0), condition = n.has(1) ? asBool(n, n.in(1)) : Value();
  auto knownTrip = n.known(0);
  auto startsTrue = condition ? knownConstants(condition) : std::optional(SmallVector<int64_t>{1});
  if (startsTrue && !(*startsTrue)[0])
    return unrollLoop(n, 0, carried);

  // The body once, in a block of its own. Its condition argument is true whenever it runs.
  std::unique_ptr<Region> body;
  SmallVector<Type> arguments{RankedTensorType::get({}, n.b.getI64Type())};
  for (Value v : carried)
    arguments.push_back(v.getType());
  SmallVector<Value> values;
  bool keepsTypes;
  for (bool widened = true; widened;) { // a handle is carried as what all iterations give have in common
    widened = false;
    keepsTypes = true;
    body = std::make_unique<Region>();
    InBlock in(n, *body, arguments);
    SmallVector<Value> inner{in.block->getArgument(0), splat(n.b, n.loc, 1, n.b.getI1Type())};
    for (BlockArgument a : in.block->getArguments().drop_front())
      inner.push_back(a);
    auto results = n.inlineGraph("body", inner, 1 + std::max<size_t>(carried.size(), n.numOutputs()));
    if (failed(results))
      return failure();
    values = *results;
    // Where the body finds a size out that the carried value, or the file for a scan output, states, the run checks it.
    Operation *yield = n.graph("body")->front().getTerminator();
    for (size_t k = 1; k < values.size(); ++k) {
      bool isCarried = k <= carried.size();
      Type type = isCarried ? arguments[k] : yield->getOperand(k).getType();
      if (isCarried && isHandle(type)) {
        values[k] = rules::asKind(n, values[k], type);
        if (!values[k])
          return n.refuse("a carried sequence or optional changes its element type");
        arguments[k] = commonItemType(type, values[k].getType());
        widened |= arguments[k] != type;
      } else if (isCarried || mentionsInner(values[k].getType(), *body)) {
        Value v = isTensor(type) && (isCarried || cast<RankedTensorType>(type).hasStaticShape()) ? asType(n, values[k], type) : Value();
        keepsTypes &= bool(v);
        if (v)
          values[k] = v;
      }
    }
  }
  auto constantTrip = knownTrip ? (*knownTrip)[0].constant() : std::nullopt;
  bool unrollable = startsTrue && constantTrip && *constantTrip <= maxUnrolled;
  auto goesOn = knownConstants(values[0]);
  bool hasCondition = !goesOn || !(*goesOn)[0];
  if (unrollable && !hasCondition && prefersUnrolled(n, *constantTrip, carried))
    return unrollLoop(n, *constantTrip, carried);
  if (!keepsTypes) {
    if (!unrollable)
      return n.refuse("a carried value of this loop changes its type or shape, or a scan output its shape, from iteration to iteration",
                      "export the model with a fixed, small number of iterations");
    return unrollLoop(n, *constantTrip, carried);
  }

  Trip trip;
  std::optional<DimExpr> limit;
  if (maxTrip) {
    if (knownTrip)
      limit = (*knownTrip)[0].isNonNegative() ? (*knownTrip)[0] : DimExpr::max((*knownTrip)[0], 0);
    else
      limit = DimExpr::max(n.bind(maxTrip, 0, "iterations"), 0);
  }
  if (!hasCondition && startsTrue && limit) {
    trip.count = *limit;
  } else {
    trip.count = DimExpr::symbol(n.freshSymbol("trip"));
    trip.bound = limit;
    if (!limit && values.size() > 1 + carried.size())
      return n.refuse("a loop with scan outputs has no upper limit of its iterations", "give Loop a trip count");
  }
  {
    OpBuilder::InsertionGuard guard(n.b);
    n.b.setInsertionPointToEnd(&body->front());
    YieldOp::create(n.b, n.loc, ArrayRef<Value>(values).drop_front(hasCondition ? 0 : 1));
  }
  SmallVector<Type> types(ArrayRef<Type>(arguments).drop_front());
  for (Value v : ArrayRef<Value>(values).drop_front(1 + carried.size())) {
    Dims d = dimsOf(v);
    d.insert(d.begin(), trip.count);
    types.push_back(tensorOf(d, elementOf(v)));
  }
  bool needsInitial = condition && !startsTrue;
  auto loop = LoopOp::create(n.b, n.loc, types, limit ? intTensor(n.b, n.loc, {*limit}, 0) : Value(), needsInitial ? condition : Value(),
                             carried, n.b.getBoolAttr(hasCondition), n.b.getStringAttr(trip.count.str()),
                             trip.bound ? n.b.getStringAttr(trip.bound->str()) : StringAttr());
  loop.getBody().takeBody(*body);
  for (auto [i, v] : llvm::enumerate(loop.getResults()))
    if (i >= carried.size())
      n.out(i, v);
    else if (!outCarried(n, i, v))
      return failure();
  return success();
}

//===----------------------------------------------------------------------===//
// Scan
//===----------------------------------------------------------------------===//

namespace {
struct ScanShape {
  SmallVector<int64_t> inputAxes, outputAxes; // where slices are taken and stacked
  SmallVector<bool> inputBackward, outputBackward;
};
} // namespace

/// States and scan inputs in, states and stacked outputs (axis 0, in input order) out.
static FailureOr<SmallVector<Value>> scan(NodeImport &n, ArrayRef<Value> states, ArrayRef<Value> inputs, const ScanShape &shape) {
  Compose c(n);
  DimExpr steps = dimsOf(inputs[0])[shape.inputAxes[0]];
  for (auto [k, v] : llvm::enumerate(inputs))
    if (failed(n.requireEqual(dimsOf(v)[shape.inputAxes[k]], steps, "steps of the scan inputs")))
      return failure();
  SmallVector<Type> arguments{RankedTensorType::get({}, n.b.getI64Type())};
  for (Value v : states)
    arguments.push_back(v.getType());
  Region body;
  SmallVector<Value> values;
  {
    InBlock in(n, body, arguments);
    SmallVector<Value> inner(in.block->getArguments().drop_front());
    Value t = in.block->getArgument(0);
    for (auto [k, v] : llvm::enumerate(inputs)) {
      Value at = shape.inputBackward[k] ? c.sub(intTensor(n.b, n.loc, {steps - 1}, 0), t) : t;
      inner.push_back(c.gather(v, at, shape.inputAxes[k]));
    }
    auto results = n.inlineGraph("body", inner, std::max<size_t>(states.size(), n.numOutputs()));
    if (failed(results))
      return failure();
    values = *results;
    for (size_t k = 0; k < states.size(); ++k) {
      values[k] = asType(n, values[k], states[k].getType());
      if (!values[k]) {
        (void)n.refuse("a state of Scan changes its type or shape from step to step");
        return failure();
      }
    }
    YieldOp::create(n.b, n.loc, values);
  }
  SmallVector<Type> types;
  for (auto [k, v] : llvm::enumerate(values)) {
    Dims d = dimsOf(v);
    if (k >= states.size())
      d.insert(d.begin(), steps);
    types.push_back(tensorOf(d, elementOf(v)));
  }
  auto loop = LoopOp::create(n.b, n.loc, types, intTensor(n.b, n.loc, {steps}, 0), Value(), states, n.b.getBoolAttr(false),
                             n.b.getStringAttr(steps.str()), StringAttr());
  loop.getBody().takeBody(body);
  SmallVector<Value> results(loop.getResults());
  for (size_t k = states.size(); k < results.size(); ++k) {
    size_t o = k - states.size();
    if (shape.outputBackward[o])
      results[k] = c.reverse(results[k], 0);
    int64_t rank = rankOf(results[k]);
    auto place = n.axis(shape.outputAxes[o], rank);
    if (!place)
      return failure();
    int64_t axis = *place;
    SmallVector<int64_t> perm; // result dimension `axis` is the stacked one
    for (int64_t i = 0; i < rank; ++i)
      perm.push_back(i < axis ? i + 1 : i == axis ? 0 : i);
    results[k] = c.transpose(results[k], perm);
  }
  return results;
}

INGOT_IMPORT("Scan", 9) {
  size_t numInputs = n.i("num_scan_inputs"), numStates = n.numInputs() - numInputs, numOutputs = n.numOutputs() - numStates;
  if (n.i("num_scan_inputs") < 1 || numInputs > n.numInputs() || n.numOutputs() < numStates)
    return n.refuse("num_scan_inputs is " + Twine(n.i("num_scan_inputs")) + " for " + Twine(n.numInputs()) + " inputs and " +
                        Twine(n.numOutputs()) + " outputs",
                    "correct the attribute");
  ScanShape shape;
  shape.inputAxes = n.ints("scan_input_axes", SmallVector<int64_t>(numInputs, 0));
  shape.outputAxes = n.ints("scan_output_axes", SmallVector<int64_t>(numOutputs, 0));
  for (int64_t d : n.ints("scan_input_directions", SmallVector<int64_t>(numInputs, 0)))
    shape.inputBackward.push_back(d);
  for (int64_t d : n.ints("scan_output_directions", SmallVector<int64_t>(numOutputs, 0)))
    shape.outputBackward.push_back(d);
  if (shape.inputAxes.size() != numInputs || shape.inputBackward.size() != numInputs || shape.outputAxes.size() != numOutputs ||
      shape.outputBackward.size() != numOutputs)
    return n.refuse("axes or directions are not as many as scan inputs and outputs", "give one for each, or leave the attribute off");
  for (size_t k = 0; k < numInputs; ++k) {
    auto axis = n.axis(shape.inputAxes[k], n.rank(numStates + k));
    if (!axis)
      return failure();
    shape.inputAxes[k] = *axis;
  }
  ArrayRef<Value> inputs(n.inputs);
  auto results = scan(n, inputs.take_front(numStates), inputs.drop_front(numStates), shape);
  if (failed(results))
    return failure();
  for (auto [i, v] : llvm::enumerate(*results))
    n.out(i, v);
  return success();
}

/// Opset 8: dimension 0 of everything is a batch, dimension 1 of scan inputs and outputs the sequence. One loop in another.
INGOT_IMPORT("Scan", 8) {
  if (n.has(0))
    return n.refuse("sequence_lens of opset 8 is not supported", "export the model with opset 9 or later");
  Compose c(n);
  size_t numInputs = n.i("num_scan_inputs"), numStates = n.numInputs() - 1 - numInputs, numOutputs = n.numOutputs() - numStates;
  auto directions = n.ints("directions", SmallVector<int64_t>(n.numInputs(), 0));
  if (!numInputs || numInputs >= n.numInputs() || n.numOutputs() < numStates || directions.size() < numInputs)
    return n.refuse("num_scan_inputs or directions do not fit the inputs and outputs", "correct the attributes");
  ScanShape shape;
  shape.inputAxes.assign(numInputs, 0);
  shape.outputAxes.assign(numOutputs, 0);
  for (int64_t d : ArrayRef(directions).take_front(numInputs))
    shape.inputBackward.push_back(d);
  shape.outputBackward.assign(numOutputs, false);
  for (unsigned k = 1; k < n.numInputs(); ++k)
    if (n.rank(k) < (k > numStates ? 2 : 1))
      return n.refuse("input " + Twine(k) + " has no batch or no sequence dimension", "export the model with opset 9 or later");
  DimExpr batch = n.dims(1)[0];
  Region body;
  SmallVector<Type> types;
  {
    InBlock in(n, body, {RankedTensorType::get({}, n.b.getI64Type())});
    SmallVector<Value> one;
    for (Value v : ArrayRef<Value>(n.inputs).drop_front())
      one.push_back(c.gather(v, in.block->getArgument(0), 0));
    auto results = scan(n, ArrayRef<Value>(one).take_front(numStates), ArrayRef<Value>(one).drop_front(numStates), shape);
    if (failed(results))
      return failure();
    for (Value v : *results) {
      Dims d = dimsOf(v);
      d.insert(d.begin(), batch);
      types.push_back(tensorOf(d, elementOf(v)));
    }
    YieldOp::create(n.b, n.loc, *results);
  }
  auto loop = LoopOp::create(n.b, n.loc, types, intTensor(n.b, n.loc, {batch}, 0), Value(), ValueRange(), n.b.getBoolAttr(false),
                             n.b.getStringAttr(batch.str()), StringAttr());
  loop.getBody().takeBody(body);
  for (auto [i, v] : llvm::enumerate(loop.getResults()))
    n.out(i, v);
  return success();
}
