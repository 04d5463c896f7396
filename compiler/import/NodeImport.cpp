//===- NodeImport.cpp --------------------------------------------------------------===//
#include "compiler/import/NodeImport.h"
#include "compiler/import/Converter.h"
#include "dialects/support/BufferAlignment.h"
#include <map>

using namespace mlir;
namespace ingot {

//===----------------------------------------------------------------------===//
// Registry
//===----------------------------------------------------------------------===//

using RuleTable = std::map<std::pair<std::string, std::string>, std::map<int64_t, ImportRule>>;
static RuleTable &ruleTable() {
  static RuleTable table;
  return table;
}

ImportRegistration::ImportRegistration(StringRef domain, StringRef op, int64_t since, ImportRule rule) {
  auto &versions = ruleTable()[{domain.str(), op.str()}];
  assert(!versions.count(since) && "two import rules for one definition");
  versions[since] = rule;
}

ImportRule findImportRule(StringRef domain, StringRef op, int64_t since) {
  auto it = ruleTable().find({domain.str(), op.str()});
  if (it == ruleTable().end())
    return nullptr;
  auto v = it->second.upper_bound(since);
  return v == it->second.begin() ? nullptr : std::prev(v)->second;
}

//===----------------------------------------------------------------------===//
// NodeImport
//===----------------------------------------------------------------------===//

NodeImport::NodeImport(Converter &converter, onnx_ir::NodeOp node, OpBuilder &b)
    : b(b), loc(node.getLoc()), node(node), since(node.getSince()), converter(converter) {
  for (Value v : node.getInputs())
    inputs.push_back(isa<onnx_ir::NoneType>(v.getType()) ? Value() : converter.lookup(v));
  while (!inputs.empty() && !inputs.back())
    inputs.pop_back();
  outputs.resize(node.getNumResults());
}

unsigned NodeImport::numOutputs() const { return outputs.size(); }
bool NodeImport::wants(unsigned i) const {
  return i < outputs.size() && !onnx_ir::NodeOp(node)->getResult(i).use_empty();
}
Type NodeImport::stated(unsigned i) const { return onnx_ir::NodeOp(node)->getResult(i).getType(); }
RankedTensorType NodeImport::hint(unsigned i) const { return dyn_cast<RankedTensorType>(stated(i)); }

static Attribute find(onnx_ir::NodeOp node, StringRef name) { return node.getAttrs().get(name); }

bool NodeImport::hasAttr(StringRef name) const { return bool(find(node, name)); }
int64_t NodeImport::i(StringRef name, int64_t fallback) const {
  auto a = dyn_cast_or_null<IntegerAttr>(find(node, name));
  return a ? a.getInt() : fallback;
}
double NodeImport::f(StringRef name, double fallback) const {
  auto a = dyn_cast_or_null<FloatAttr>(find(node, name));
  return a ? a.getValueAsDouble() : fallback;
}
StringRef NodeImport::s(StringRef name, StringRef fallback) const {
  auto a = dyn_cast_or_null<StringAttr>(find(node, name));
  return a ? a.getValue() : fallback;
}
Type NodeImport::type(StringRef name) const {
  auto a = dyn_cast_or_null<TypeAttr>(find(node, name));
  return a ? a.getValue() : Type();
}
SmallVector<int64_t> NodeImport::ints(StringRef name, ArrayRef<int64_t> fallback) const {
  if (auto a = dyn_cast_or_null<DenseI64ArrayAttr>(find(node, name)))
    return SmallVector<int64_t>(a.asArrayRef());
  return SmallVector<int64_t>(fallback);
}
SmallVector<double> NodeImport::floats(StringRef name, ArrayRef<double> fallback) const {
  if (auto a = dyn_cast_or_null<DenseF64ArrayAttr>(find(node, name)))
    return SmallVector<double>(a.asArrayRef());
  return SmallVector<double>(fallback);
}
SmallVector<StringRef> NodeImport::strings(StringRef name) const {
  SmallVector<StringRef> out;
  if (auto a = dyn_cast_or_null<ArrayAttr>(find(node, name)))
    for (Attribute e : a)
      out.push_back(cast<StringAttr>(e).getValue());
  return out;
}

//===----------------------------------------------------------------------===//
// Axes and sizes
//===----------------------------------------------------------------------===//

static constexpr const char *fixShapes = "correct the model, or the sizes given by --dim and --shape";

std::optional<int64_t> NodeImport::axis(int64_t given, int64_t rank) {
  if (given >= -rank && given < rank)
    return given < 0 ? given + rank : given;
  (void)refuse("axis " + Twine(given) + " is out of range for rank " + Twine(rank),
               rank ? "use an axis from " + Twine(-rank) + " to " + Twine(rank - 1) : Twine("a scalar has no axis: give it a dimension"));
  return std::nullopt;
}
std::optional<int64_t> NodeImport::axis(StringRef name, int64_t fallback, int64_t rank) { return axis(i(name, fallback), rank); }

std::optional<SmallVector<int64_t>> NodeImport::axes(ArrayRef<int64_t> given, int64_t rank) {
  SmallVector<int64_t> out;
  for (int64_t g : given) {
    auto a = axis(g, rank);
    if (!a)
      return std::nullopt;
    if (llvm::is_contained(out, *a)) {
      (void)refuse("axis " + Twine(g) + " is named twice", "name every axis once");
      return std::nullopt;
    }
    out.push_back(*a);
  }
  return out;
}

bool NodeImport::perDimension(StringRef name, ArrayRef<int64_t> given, size_t count, int64_t least) {
  if (given.size() != count)
    return (void)refuse(name + " has " + Twine(given.size()) + " numbers, expected " + Twine(count), "give one number for each dimension"),
           false;
  for (int64_t v : given)
    if (v < least)
      return (void)refuse(name + " has " + Twine(v) + ", expected at least " + Twine(least), "correct the attribute"), false;
  return true;
}

void NodeImport::require(const DimExpr &left, const DimExpr &right, std::optional<DimExpr> unit) {
  if (left.constant() && !right.constant()) // the number last: "k = 20 must be 8"
    return require(right, left, unit);
  if (converter.resolve(left) != converter.resolve(right))
    converter.require(b, loc, {left, right, unit, name()});
}

LogicalResult NodeImport::requireEqual(const DimExpr &a, const DimExpr &b, const Twine &what) {
  if (a == b)
    return success();
  if (nn::differ(converter.resolve(a), converter.resolve(b)))
    return refuse(what + ": " + a.str() + " and " + b.str() + " must be equal", fixShapes);
  require(a, b);
  return success();
}

void NodeImport::requireAtMost(const DimExpr &a, const DimExpr &limit) {
  if (a == limit || (limit - a).isNonNegative() || converter.isRequired(a, limit))
    return;
  if (auto excess = (a - limit).constant(); excess && *excess > 0)
    return (void)refuse("reads " + a.str() + " elements along a dimension of " + limit.str(), fixShapes);
  require(DimExpr::min(a, limit), a);
}

LogicalResult NodeImport::requireShape(Value v, ArrayRef<DimExpr> dims, const Twine &what) {
  Dims have = nn::dimsOf(v);
  if (have.size() != dims.size())
    return refuse(what + " has rank " + Twine(have.size()) + ", expected " + Twine(dims.size()), fixShapes);
  for (auto [h, d] : llvm::zip(have, dims))
    if (failed(requireEqual(h, d, what)))
      return failure();
  return success();
}

std::optional<Dims> NodeImport::broadcastDims(ArrayRef<DimExpr> a, ArrayRef<DimExpr> given) {
  Dims b(given); // where a requirement says that sizes are equal, they are one
  for (size_t i = 0, shared = std::min(a.size(), b.size()); i < shared; ++i)
    if (const DimExpr &x = a[a.size() - 1 - i]; converter.isRequired(x, b[b.size() - 1 - i]))
      b[b.size() - 1 - i] = x;
  auto out = nn::broadcastDims(a, b);
  if (!out) {
    (void)refuse("operands cannot be broadcast to one shape", fixShapes);
    return std::nullopt;
  }
  for (size_t i = 0, shared = std::min(a.size(), b.size()); i < shared; ++i) {
    DimExpr x = a[a.size() - 1 - i], y = b[b.size() - 1 - i];
    if (x == y || x.isConstant(1) || y.isConstant(1))
      continue;
    // Unequal sizes where the smaller one is 1; beside a number that is not 1, the other size.
    require(x, y, x.constant() ? y : y.constant() ? x : DimExpr::min(x, y));
  }
  return out;
}

static Value placeholder(NodeImport &n, Value v, ArrayRef<DimExpr> dims) {
  return UnrealizedConversionCastOp::create(n.b, n.loc, nn::tensorOf(dims, nn::elementOf(v)), v).getResult(0);
}

Value NodeImport::broadcastTo(Value v, ArrayRef<DimExpr> dims) {
  Dims have = nn::dimsOf(v);
  if (have.size() > dims.size()) {
    (void)refuse("an operand of rank " + Twine(have.size()) + " cannot be repeated to rank " + Twine(dims.size()), fixShapes);
    return placeholder(*this, v, dims);
  }
  for (auto [h, d] : llvm::zip(have, dims.take_back(have.size()))) {
    if (h == d || h.isConstant(1))
      continue;
    if (nn::differ(h, d) && nn::differ(h, 1)) {
      (void)refuse("a dimension of " + h.str() + " cannot be repeated to " + d.str(), fixShapes);
      return placeholder(*this, v, dims);
    }
    require(h, d, h.constant() ? std::nullopt : std::optional(h));
  }
  return nn::broadcastTo(b, loc, v, dims);
}

Value NodeImport::reshapeTo(Value v, ArrayRef<DimExpr> dims) {
  DimExpr before = product(nn::dimsOf(v)), after = product(dims);
  if (nn::differ(before, after)) {
    (void)refuse(before.str() + " elements cannot have a shape of " + after.str(), fixShapes);
    return placeholder(*this, v, dims);
  }
  if (before != after)
    require(before, after);
  return nn::reshapeTo(b, loc, v, dims);
}

//===----------------------------------------------------------------------===//
// Tensors, integers, subgraphs
//===----------------------------------------------------------------------===//

/// Tensor attributes are elements (small) or the symbol of a weight; their type is given by a TypeAttr beside them.
Value NodeImport::tensor(StringRef name) {
  Attribute a = find(node, name);
  if (!a)
    return {};
  if (auto sym = dyn_cast<FlatSymbolRefAttr>(a)) {
    auto w = converter.module.lookupSymbol<nn::WeightOp>(sym.getValue());
    return nn::GetWeightOp::create(b, loc, cast<RankedTensorType>(w.getType()), sym);
  }
  auto elements = cast<ElementsAttr>(a);
  auto type = dyn_cast_or_null<TypeAttr>(find(node, (name + ".type").str()));
  return nn::ConstantOp::create(b, loc, type ? cast<RankedTensorType>(type.getValue()) : cast<RankedTensorType>(elements.getType()),
                                elements);
}

Region *NodeImport::graph(StringRef name) {
  for (auto [region, n] : llvm::zip(node.getGraphs(), node.getRegionNames()))
    if (cast<StringAttr>(n).getValue() == name)
      return &region;
  return nullptr;
}

std::optional<Dims> NodeImport::known(unsigned k) const {
  if (!has(k) || !isa<RankedTensorType>(in(k).getType()))
    return std::nullopt;
  return nn::knownInts(in(k));
}
std::optional<SmallVector<int64_t>> NodeImport::constants(unsigned k) const {
  if (!has(k) || !isa<RankedTensorType>(in(k).getType()))
    return std::nullopt;
  return nn::knownConstants(in(k));
}

std::string NodeImport::freshSymbol(StringRef what) { return converter.freshSymbol(what); }

/// Names element `index` of `from`. `bound`: the capacity of what it sizes; `low`: the least value that the run takes.
static DimExpr bindAs(NodeImport &n, const DimExpr &symbol, Value from, int64_t index, std::optional<DimExpr> bound = {},
                      std::optional<DimExpr> low = {}) {
  auto text = [&](const std::optional<DimExpr> &e) { return e ? n.b.getStringAttr(e->str()) : StringAttr(); };
  nn::BindOp::create(n.b, n.loc, n.b.getStringAttr(symbol.str()), from, n.b.getI64IntegerAttr(index), text(bound), text(low), StringAttr(),
                     StringAttr());
  return symbol;
}

DimExpr NodeImport::bind(Value from, int64_t index, StringRef what, std::optional<DimExpr> bound) {
  return bindAs(*this, DimExpr::symbol(freshSymbol(what)), from, index, bound);
}

void NodeImport::bindSlot(const DimExpr &symbol, Value from, const DimExpr &bound) { bindAs(*this, symbol, from, 0, bound); }

std::optional<Dims> NodeImport::runtime(unsigned k, StringRef what) {
  if (auto v = known(k))
    return v;
  auto type = has(k) ? dyn_cast<RankedTensorType>(in(k).getType()) : RankedTensorType();
  if (!type || !type.hasStaticShape() || type.getNumElements() > 256 || !type.getElementType().isIntOrIndex())
    return std::nullopt;
  Dims out;
  for (int64_t i = 0; i < type.getNumElements(); ++i) // the data decides: symbols are never negative
    out.push_back(bindAs(*this, DimExpr::symbol(freshSymbol(what)), in(k), i, {}, DimExpr(0)));
  return out;
}

FailureOr<SmallVector<Value>> NodeImport::inlineGraph(StringRef name, ValueRange arguments, size_t least) {
  Region *region = graph(name);
  if (!region)
    return refuse("has no " + name, "give the operator its subgraph");
  if (region->getNumArguments() != arguments.size())
    return refuse(name + " takes " + Twine(region->getNumArguments()) + " inputs, the operator gives " + Twine(arguments.size()),
                  "correct the subgraph's inputs");
  size_t given = region->front().getTerminator()->getNumOperands();
  if (given < least)
    return refuse(name + " gives " + Twine(given) + " values, the operator needs " + Twine(least), "correct the subgraph's outputs");
  for (auto [from, to] : llvm::zip(region->getArguments(), arguments))
    converter.map(from, to);
  return converter.convertBlock(region->front(), b);
}

Value NodeImport::call(StringRef callee, ValueRange operands, Type result, DictionaryAttr params) {
  return nn::CallOp::create(b, loc, TypeRange(result), b.getStringAttr(callee), operands,
                            params ? params : b.getDictionaryAttr({}))
      .getResult(0);
}

std::string NodeImport::name() const {
  auto l = dyn_cast<NameLoc>(loc);
  StringRef text = l ? l.getName().getValue() : StringRef();
  text.consume_back((" (" + onnx_ir::NodeOp(node).getOpType() + ")").str());
  return (text.empty() ? onnx_ir::NodeOp(node).getOpType() : text).str();
}

/// "f32[1,batch,768]", as the front end writes types.
static std::string typeText(Type type) {
  auto t = dyn_cast<RankedTensorType>(type);
  if (!t) {
    std::string s;
    llvm::raw_string_ostream(s) << type;
    return s;
  }
  const ElementType *e = elementTypeOf(t.getElementType());
  std::string s = std::string(e ? e->name : "?") + "[";
  for (auto [i, d] : llvm::enumerate(nn::dimsOf(t)))
    s += (i ? "," : "") + d.str();
  return s + "]";
}

void NodeImport::takes(Operation *call, ArrayRef<DimExpr> blocks) {
  DimExpr bytes = 0;
  for (const DimExpr &block : blocks)
    bytes = bytes + aligned(block);
  call->setAttr("scratch", b.getStringAttr(bytes.str()));
}

LogicalResult NodeImport::refuse(const Twine &what, const Twine &remedy) {
  isRefused = true;
  InFlightDiagnostic d = node.emitError();
  d << what;
  if (!remedy.isTriviallyEmpty())
    d.attachNote() << remedy;
  // The driver's report has a field for each of these.
  d.attachNote() << "operator: " << (node.getDomain().empty() ? "" : node.getDomain() + ".") << node.getOpType();
  std::string shapes;
  for (Value v : inputs)
    if (v)
      shapes += (shapes.empty() ? "" : ", ") + typeText(v.getType());
  if (!shapes.empty())
    d.attachNote() << "on: " << shapes;
  return d;
}

} // namespace ingot
