//===- NodeImport.cpp --------------------------------------------------------------===//
#include "compiler/import/NodeImport.h"
#include "compiler/import/Converter.h"
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

DimExpr NodeImport::bind(Value from, int64_t index, StringRef what, std::optional<DimExpr> bound) {
  std::string name = freshSymbol(what);
  nn::BindOp::create(b, loc, b.getStringAttr(name), from, b.getI64IntegerAttr(index),
                     bound ? b.getStringAttr(bound->str()) : StringAttr(), StringAttr(), StringAttr(), StringAttr());
  return DimExpr::symbol(name);
}

void NodeImport::bindSlot(const DimExpr &symbol, Value from, const DimExpr &bound) {
  nn::BindOp::create(b, loc, b.getStringAttr(symbol.str()), from, b.getI64IntegerAttr(0), b.getStringAttr(bound.str()),
                     StringAttr(), StringAttr(), StringAttr());
}

std::optional<Dims> NodeImport::runtime(unsigned k, StringRef what) {
  if (auto v = known(k))
    return v;
  auto type = has(k) ? dyn_cast<RankedTensorType>(in(k).getType()) : RankedTensorType();
  if (!type || !type.hasStaticShape() || type.getNumElements() > 256 || !type.getElementType().isIntOrIndex())
    return std::nullopt;
  Dims out;
  for (int64_t i = 0; i < type.getNumElements(); ++i)
    out.push_back(bind(in(k), i, what));
  return out;
}

FailureOr<SmallVector<Value>> NodeImport::inlineGraph(StringRef name, ValueRange arguments) {
  Region *region = graph(name);
  if (!region)
    return failure();
  for (auto [from, to] : llvm::zip(region->getArguments(), arguments))
    converter.map(from, to);
  return converter.convertBlock(region->front(), b);
}

Value NodeImport::call(StringRef callee, ValueRange operands, Type result, DictionaryAttr params) {
  return nn::CallOp::create(b, loc, TypeRange(result), b.getStringAttr(callee), operands,
                            params ? params : b.getDictionaryAttr({}))
      .getResult(0);
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

LogicalResult NodeImport::refuse(const Twine &what, const Twine &remedy) {
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
