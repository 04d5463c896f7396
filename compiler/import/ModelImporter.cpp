//===- ModelImporter.cpp -------------------------------------------------------------===//
#include "compiler/import/ModelImporter.h"
#include "codegen/package/Text.h"
#include "compiler/frontend/InferNode.h"
#include "compiler/frontend/LoadModel.h"
#include "compiler/frontend/Spelling.h"
#include "compiler/weights/WeightStore.h"
#include "llvm/ADT/StringExtras.h"
#include <onnx/defs/schema.h>

using namespace mlir;
namespace ingot {

/// Elements up to this many become nn.constant.
constexpr int64_t smallConstant = 256;

ModelImporter::ModelImporter(MLIRContext *context, std::shared_ptr<const LoadedModel> model, ImportOptions options,
                             Diagnostics &diagnostics)
    : context(context), model(std::move(model)), options(std::move(options)), diagnostics(diagnostics) {}

ModelImporter::~ModelImporter() = default;

//===----------------------------------------------------------------------===//
// Types and symbols
//===----------------------------------------------------------------------===//

/// "past_sequence_length + 1" as an expression over names as they stand in the file. Nothing for a plain name, and for text that only
/// looks like an expression: the hyphen of "batch-size" is part of the name.
static std::optional<DimExpr> parseParameter(StringRef text) {
  for (size_t i = 1; i + 1 < text.size(); ++i)
    if (text[i] == '-' && llvm::isAlpha(text[i - 1]) && llvm::isAlpha(text[i + 1]))
      return std::nullopt;
  if (text.find_first_of("+-*") == StringRef::npos)
    return std::nullopt;
  auto e = DimExpr::parse(text);
  return e && !e->constant() ? e : std::nullopt;
}

/// Whether the inputs have a dimension of each of these names, so that they get their values from there.
bool ModelImporter::areDimensions(const DimExpr &e) const {
  bool all = true;
  e.symbols([&](StringRef name) {
    all &= llvm::any_of(model->graph().input(), [&](const onnx::ValueInfoProto &input) {
      return llvm::any_of(input.type().tensor_type().shape().dim(), [&](const auto &dim) { return name == dim.dim_param(); });
    });
  });
  return all;
}

/// A name for a symbol that generated code can use as it is: an identifier that is unlike the code's own names.
std::string ModelImporter::symbolName(StringRef text) {
  std::string prefix = options.name + "_"; // of everything that the library declares
  std::string wanted = text.starts_with(prefix) ? "dim_" + text.str() : text.str();
  for (;;) {
    std::string name = package::makeIdentifier(wanted, usedNames);
    bool collides = llvm::any_of(symbolList, [&](const SymbolInfo &s) {
      auto derived = [&](StringRef a, StringRef b) { return a == (b + "_limit").str() || a == package::nextName(b); };
      return derived(s.name, name) || derived(name, s.name); // locals of the library's functions
    });
    if (!collides)
      return name;
  }
}

DimExpr ModelImporter::symbolFor(StringRef param, StringRef valueName, unsigned axis) {
  // A parameter without a letter ("?", "-1") names nothing: every such dimension is its own symbol.
  bool named = llvm::any_of(param, llvm::isAlpha);
  std::string onnxName = named ? param.str() : (valueName + "[" + Twine(axis) + "]").str();
  dimNameSet.insert(onnxName);
  int64_t low = 0, high = -1;
  bool isGiven = false;
  for (StringRef key : {param, StringRef(onnxName)})
    if (auto it = options.dims.find(key.str()); it != options.dims.end() && !key.empty()) {
      if (it->second.low == it->second.high)
        return it->second.low;
      low = it->second.low;
      high = it->second.high;
      isGiven = true;
    }
  for (const SymbolInfo &s : symbolList)
    if (s.onnxName == onnxName)
      return DimExpr::symbol(s.name);
  if (auto e = isGiven ? std::nullopt : parseParameter(param); e && areDimensions(*e))
    return e->substitute([&](StringRef name) { return symbolFor(name, valueName, axis); });
  std::string name = symbolName(named ? param.str() : (valueName + "_d" + Twine(axis)).str());
  symbolList.push_back({name, onnxName, low, high});
  return DimExpr::symbol(name);
}

Type ModelImporter::type(const onnx::TypeProto &proto, bool isInput, StringRef valueName) {
  if (proto.has_sequence_type()) {
    Type e = type(proto.sequence_type().elem_type(), false, valueName);
    return nn::SequenceType::get(context, nn::itemType(e));
  }
  if (proto.has_optional_type())
    return nn::OptionalType::get(context, nn::itemType(type(proto.optional_type().elem_type(), false, valueName)));
  if (!proto.has_tensor_type())
    return onnx_ir::ValueType::get(context);
  const auto &t = proto.tensor_type();
  const ElementType *element = elementTypeOfOnnx(t.elem_type());
  if (!element)
    return onnx_ir::ValueType::get(context);
  Type e = irType(context, *element);
  auto given = options.shapes.find(valueName.str());
  if (!t.has_shape() && !(isInput && given != options.shapes.end()))
    return UnrankedTensorType::get(e);
  Dims dims;
  size_t rank = t.has_shape() ? t.shape().dim_size() : given->second.size();
  for (size_t i = 0; i < rank; ++i) {
    if (isInput && given != options.shapes.end() && i < given->second.size() && given->second[i] >= 0) {
      dims.push_back(given->second[i]);
      continue;
    }
    if (i < size_t(t.shape().dim_size()) && t.shape().dim(i).has_dim_value())
      dims.push_back(t.shape().dim(i).dim_value());
    else if (isInput)
      dims.push_back(symbolFor(i < size_t(t.shape().dim_size()) ? StringRef(t.shape().dim(i).dim_param()) : StringRef(), valueName, i));
    else
      dims.push_back(DimExpr::symbol("unknown")); // a hint only: rules look at constants
  }
  return nn::tensorOf(dims, e);
}

//===----------------------------------------------------------------------===//
// Tensors and attributes
//===----------------------------------------------------------------------===//

/// Elements as an attribute; `t` is small.
static ElementsAttr elements(MLIRContext *context, const TensorView &t) {
  const ElementType *e = elementTypeOfOnnx(t.elementType);
  Type type = irType(context, *e);
  if (e->onnx == 8) {
    SmallVector<StringRef> strings;
    for (auto s : t.strings)
      strings.push_back(StringRef(s.data(), s.size()));
    return DenseStringElementsAttr::get(RankedTensorType::get(t.dims, type), strings);
  }
  auto shaped = RankedTensorType::get(t.dims, storageType(type));
  ArrayRef<char> raw(reinterpret_cast<const char *>(t.bytes.data()), t.bytes.size());
  if (e->bits >= 8 && e->onnx != 9 && !isa<ComplexType>(type))
    return DenseElementsAttr::getFromRawBuffer(shaped, raw);
  if (isa<ComplexType>(type))
    return DenseElementsAttr::getFromRawBuffer(shaped, raw);
  SmallVector<APInt> values;
  for (int64_t i = 0; i < t.elementCount; ++i) {
    unsigned bits = e->onnx == 9 ? 8 : e->bits, at = i * bits;
    unsigned v = (uint8_t(raw[at / 8]) >> (at % 8)) & ((1u << bits) - 1);
    values.push_back(APInt(e->onnx == 9 ? 1 : e->bits, e->onnx == 9 ? v != 0 : v));
  }
  if (auto f = dyn_cast<FloatType>(type)) {
    SmallVector<APFloat> floats;
    for (const APInt &v : values)
      floats.push_back(APFloat(f.getFloatSemantics(), v));
    return DenseElementsAttr::get(shaped, floats);
  }
  return DenseElementsAttr::get(shaped, values);
}

Value ModelImporter::tensor(const onnx::TensorProto &proto, StringRef name, OpBuilder &b, Location loc) {
  Problem problem;
  auto view = viewTensor(proto, model->external, problem);
  if (!view) {
    diagnostics.add({problem.message, problem.remedy, name.str()});
    return {};
  }
  Type element = irType(context, *elementTypeOfOnnx(view->elementType));
  auto type = RankedTensorType::get(view->dims, element);
  if (view->elementCount <= smallConstant || isa<nn::StringType>(element)) // strings are literals of the generated code
    return nn::ConstantOp::create(b, loc, type, elements(context, *view));
  WeightStore &store = WeightStore::of(context);
  std::string wanted = name.str();
  if (store.has(wanted))
    wanted = store.freeName(wanted);
  std::shared_ptr<const void> owner = view->owner ? view->owner : std::shared_ptr<const void>(model);
  ArrayRef<char> raw(reinterpret_cast<const char *>(view->bytes.data()), view->bytes.size());
  StringRef stored = store.add(wanted, type, WeightBytes::borrow(raw, owner, view->isExternal()));
  if (!module.lookupSymbol(stored)) {
    OpBuilder top = OpBuilder::atBlockBegin(module.getBody());
    store.declare(top, loc, stored);
  }
  return nn::GetWeightOp::create(b, loc, type, stored);
}

Attribute ModelImporter::attribute(const onnx::AttributeProto &a, StringRef owner, Type &attrType) {
  Builder b(context);
  switch (a.type()) {
  case onnx::AttributeProto::FLOAT:
    return b.getF32FloatAttr(a.f());
  case onnx::AttributeProto::INT:
    return b.getI64IntegerAttr(a.i());
  case onnx::AttributeProto::STRING:
    return b.getStringAttr(a.s());
  case onnx::AttributeProto::INTS:
    return b.getDenseI64ArrayAttr(SmallVector<int64_t>(a.ints().begin(), a.ints().end()));
  case onnx::AttributeProto::FLOATS:
    return b.getDenseF64ArrayAttr(SmallVector<double>(a.floats().begin(), a.floats().end()));
  case onnx::AttributeProto::STRINGS: {
    SmallVector<Attribute> list;
    for (auto &s : a.strings())
      list.push_back(b.getStringAttr(s));
    return b.getArrayAttr(list);
  }
  case onnx::AttributeProto::TYPE_PROTO:
    return TypeAttr::get(type(a.tp(), false, ""));
  case onnx::AttributeProto::TENSOR:
  case onnx::AttributeProto::SPARSE_TENSOR: {
    OpBuilder scratch(context);
    Block block;
    scratch.setInsertionPointToStart(&block);
    const onnx::TensorProto *proto = &a.t();
    std::optional<onnx::TensorProto> dense;
    Problem problem;
    if (a.type() == onnx::AttributeProto::SPARSE_TENSOR) {
      dense = makeDense(a.sparse_tensor(), model->external, problem);
      if (!dense) {
        diagnostics.add({problem.message, problem.remedy, owner.str()});
        return {};
      }
      keptTensors.push_back(std::make_shared<onnx::TensorProto>(std::move(*dense)));
      proto = keptTensors.back().get();
    }
    Value v = tensor(*proto, (owner + "." + a.name()).str(), scratch, NameLoc::get(b.getStringAttr(owner)));
    if (!v)
      return {};
    attrType = v.getType();
    if (auto c = v.getDefiningOp<nn::ConstantOp>())
      return c.getValue();
    return v.getDefiningOp<nn::GetWeightOp>().getWeightAttr();
  }
  default:
    return {};
  }
}

//===----------------------------------------------------------------------===//
// Graphs
//===----------------------------------------------------------------------===//

/// The version of the definition in force: the newest schema not after the opset.
static int64_t sinceVersion(const onnx::NodeProto &node, int64_t opset) {
  const onnx::OpSchema *schema = onnx::OpSchemaRegistry::Schema(node.op_type(), int(opset), node.domain());
  return schema ? schema->since_version() : opset;
}

onnx_ir::NodeOp ModelImporter::node(const onnx::NodeProto &proto, Scope &scope, OpBuilder &b) {
  std::string name = nodeName(proto);
  Location loc = NameLoc::get(b.getStringAttr(nodeLabel(proto)));
  SmallVector<Value> inputs;
  for (const std::string &in : proto.input())
    inputs.push_back(in.empty() ? onnx_ir::NoneOp::create(b, loc).getResult() : scope.at(in));
  SmallVector<Type> results;
  for (const std::string &out : proto.output()) {
    auto it = hints.find(out);
    results.push_back(it == hints.end() ? Type(onnx_ir::ValueType::get(context)) : it->second);
  }
  NamedAttrList attrs;
  SmallVector<Attribute> regionNames;
  SmallVector<const onnx::GraphProto *> graphs;
  for (const auto &a : proto.attribute()) {
    if (a.type() == onnx::AttributeProto::GRAPH) {
      regionNames.push_back(b.getStringAttr(a.name()));
      graphs.push_back(&a.g());
      continue;
    }
    Type t;
    if (Attribute v = attribute(a, name, t)) {
      attrs.set(a.name(), v);
      if (t)
        attrs.set(a.name() + ".type", TypeAttr::get(t));
    }
  }
  auto op = onnx_ir::NodeOp::create(b, loc, results, b.getStringAttr(proto.op_type()), b.getStringAttr(proto.domain()),
                                    b.getI64IntegerAttr(sinceVersion(proto, opsetVersion(proto, model->opsets))), inputs,
                                    attrs.getDictionary(context), b.getArrayAttr(regionNames), graphs.size());
  protos[op] = &proto;
  for (auto [i, out] : llvm::enumerate(proto.output()))
    if (!out.empty())
      scope[out] = op.getResult(i);
  for (auto [region, g] : llvm::zip(op.getGraphs(), graphs))
    graph(*g, scope, region.emplaceBlock(), false);
  return op;
}

void ModelImporter::graph(const onnx::GraphProto &proto, Scope scope, Block &block, bool isMain) {
  OpBuilder b = OpBuilder::atBlockEnd(&block);
  std::map<std::string, bool> initialised;
  for (const auto &t : proto.initializer())
    initialised[t.name()] = true;
  for (const auto &vi : proto.value_info())
    hints[vi.name()] = type(vi.type(), false, vi.name());
  for (const auto &vi : proto.output())
    hints[vi.name()] = type(vi.type(), false, vi.name());
  for (const auto &in : proto.input())
    if (!initialised.count(in.name()))
      scope[in.name()] = block.addArgument(type(in.type(), isMain, in.name()), NameLoc::get(b.getStringAttr(in.name())));
  for (const auto &t : proto.initializer())
    scope[t.name()] = tensor(t, t.name(), b, NameLoc::get(b.getStringAttr(t.name())));
  for (const auto &n : proto.node())
    node(n, scope, b);
  SmallVector<Value> results;
  for (const auto &out : proto.output())
    results.push_back(scope.at(out.name()));
  onnx_ir::YieldOp::create(b, b.getUnknownLoc(), results);
}

OwningOpRef<ModuleOp> ModelImporter::run() {
  const onnx::GraphProto &g = model->graph();
  Builder b(context);
  OwningOpRef<ModuleOp> owned = ModuleOp::create(NameLoc::get(b.getStringAttr(g.name().empty() ? "model" : g.name())));
  module = *owned;
  module->setAttr("ingot.name", b.getStringAttr(options.name));
  auto function = func::FuncOp::create(module.getLoc(), "main", b.getFunctionType({}, {}));
  module.push_back(function);
  Block *block = function.addEntryBlock();
  for (const auto &in : g.input())
    if (in.type().has_tensor_type() && !in.type().tensor_type().has_shape() && !options.shapes.count(in.name()))
      diagnostics.add({"the rank of this input is not stated", "give it with --shape " + in.name() + "=…", in.name()});
  for (const auto &[name, shape] : options.shapes) {
    auto it = llvm::find_if(g.input(), [&](auto &in) { return in.name() == name; });
    if (it == g.input().end())
    {
      std::vector<std::string> names;
      for (const auto &in : g.input())
        names.push_back(in.name());
      auto meant = nearest(name, names);
      diagnostics.add({"--shape names no input of the model", meant ? "did you mean '" + *meant + "'?" : "see the names with 'ingot inspect'", name});
    }
    else if (it->type().tensor_type().has_shape() && size_t(it->type().tensor_type().shape().dim_size()) != shape.size())
      diagnostics.add({"--shape gives " + std::to_string(shape.size()) + " dimensions, the input has " +
                           std::to_string(it->type().tensor_type().shape().dim_size()),
                       "give one size per dimension", name});
  }
  if (diagnostics.hasErrors())
    return {};
  graph(g, {}, *block, true);
  if (diagnostics.hasErrors())
    return {};
  SmallVector<Type> inputs(block->getArgumentTypes());
  function.setFunctionType(b.getFunctionType(inputs, {}));
  unsigned i = 0;
  for (const auto &in : g.input())
    if (llvm::none_of(g.initializer(), [&](auto &t) { return t.name() == in.name(); })) {
      importedTypes.inputs.push_back({in.name(), inputs[i]});
      function.setArgAttr(i++, "onnx.name", b.getStringAttr(in.name()));
    }
  SmallVector<Attribute> names, infos;
  for (const auto &out : g.output())
    names.push_back(b.getStringAttr(out.name()));
  function->setAttr("onnx.outputs", b.getArrayAttr(names));
  for (const SymbolInfo &s : symbolList)
    infos.push_back(b.getDictionaryAttr({b.getNamedAttr("name", b.getStringAttr(s.name)),
                                         b.getNamedAttr("onnx", b.getStringAttr(s.onnxName)),
                                         b.getNamedAttr("low", b.getI64IntegerAttr(s.low)),
                                         b.getNamedAttr("high", b.getI64IntegerAttr(s.high))}));
  module->setAttr("ingot.symbols", b.getArrayAttr(infos));
  return owned;
}

//===----------------------------------------------------------------------===//
// Schema functions
//===----------------------------------------------------------------------===//

/// The type of a converted value, for function bodies that depend on it.
static onnx::TypeProto protoOf(Type type) {
  onnx::TypeProto out;
  if (auto s = dyn_cast<nn::SequenceType>(type)) {
    *out.mutable_sequence_type()->mutable_elem_type() = protoOf(s.getElement());
  } else if (auto o = dyn_cast<nn::OptionalType>(type)) {
    *out.mutable_optional_type()->mutable_elem_type() = protoOf(o.getElement());
  } else if (auto t = dyn_cast<TensorType>(type)) {
    if (const ElementType *e = elementTypeOf(t.getElementType()))
      out.mutable_tensor_type()->set_elem_type(e->onnx);
    if (isa<RankedTensorType>(t)) {
      auto *shape = out.mutable_tensor_type()->mutable_shape();
      for (const DimExpr &d : nn::dimsOf(t)) {
        auto *dim = shape->add_dim();
        if (auto c = d.constant())
          dim->set_dim_value(*c);
        else
          dim->set_dim_param(d.str());
      }
    }
  }
  return out;
}

/// Whether no value has both types: other elements, another rank, another size. A dimension with a name or without any may have any size.
static bool contradict(const onnx::TypeProto &a, const onnx::TypeProto &b) {
  if (a.value_case() == onnx::TypeProto::VALUE_NOT_SET || b.value_case() == onnx::TypeProto::VALUE_NOT_SET)
    return false;
  if (a.value_case() != b.value_case())
    return true;
  if (a.has_sequence_type())
    return contradict(a.sequence_type().elem_type(), b.sequence_type().elem_type());
  if (a.has_optional_type())
    return contradict(a.optional_type().elem_type(), b.optional_type().elem_type());
  const auto &x = a.tensor_type(), &y = b.tensor_type();
  if (x.elem_type() && y.elem_type() && x.elem_type() != y.elem_type())
    return true;
  if (!x.has_shape() || !y.has_shape())
    return false;
  if (x.shape().dim_size() != y.shape().dim_size())
    return true;
  for (int i = 0; i < x.shape().dim_size(); ++i)
    if (const auto &m = x.shape().dim(i), &n = y.shape().dim(i); m.has_dim_value() && n.has_dim_value() && m.dim_value() != n.dim_value())
      return true;
  return false;
}

void ModelImporter::checkOutputs(func::FuncOp function) {
  if (!options.shapes.empty()) // then what the file says of sizes need not hold
    return;
  auto names = function->getAttrOfType<ArrayAttr>("onnx.outputs").getAsValueRange<StringAttr>();
  for (auto [name, type] : llvm::zip_equal(names, function.getResultTypes())) {
    auto declared = llvm::find_if(model->graph().output(), [&](auto &out) { return StringRef(out.name()) == name; });
    onnx::TypeProto computed = protoOf(type);
    if (declared != model->graph().output().end() && contradict(declared->type(), computed))
      diagnostics.add({"the file declares this output as " + typeText(declared->type()) + ", it is " + typeText(computed),
                       "correct the declaration, if that is what the model is to compute", name.str(), "", "", Severity::Warning});
  }
}

/// Small integers of a converted value, which inference may want to see.
static std::optional<onnx::TensorProto> constantProto(Value v) {
  auto numbers = nn::knownConstants(v);
  const ElementType *e = elementTypeOf(nn::elementOf(v));
  if (!numbers || !e || (e->onnx != onnx::TensorProto::INT64 && e->onnx != onnx::TensorProto::INT32))
    return std::nullopt;
  onnx::TensorProto out;
  out.set_data_type(e->onnx);
  for (const DimExpr &d : nn::dimsOf(v))
    out.add_dims(*d.constant());
  for (int64_t k : *numbers)
    if (e->onnx == onnx::TensorProto::INT64)
      out.add_int64_data(k);
    else
      out.add_int32_data(k);
  return out;
}

std::string ModelImporter::objection(onnx_ir::NodeOp op, ValueRange converted) {
  const onnx::NodeProto *proto = protos.lookup(op);
  if (!proto)
    return "";
  std::vector<KnownInput> inputs(proto->input_size());
  for (auto [known, v] : llvm::zip(inputs, converted)) // trailing operands may be absent
    if (v) {
      known.type = protoOf(v.getType());
      if (isa<RankedTensorType>(v.getType()))
        known.value = constantProto(v);
    }
  return objectionOfInference(*proto, inputs, opsetVersion(*proto, model->opsets));
}

void ModelImporter::converted(onnx_ir::NodeOp op, ArrayRef<Value> outputs) {
  const onnx::NodeProto *proto = protos.lookup(op);
  if (!proto)
    return;
  auto &types = importedTypes.results[proto];
  types.clear(); // a loop's body may be converted again
  for (Value v : outputs)
    types.push_back(v ? v.getType() : Type());
}

FailureOr<SmallVector<Value>> ModelImporter::expand(onnx_ir::NodeOp op, ValueRange converted, SmallVectorImpl<onnx_ir::NodeOp> &body,
                                                    std::string &reason) {
  const onnx::NodeProto *proto = protos.lookup(op);
  if (!proto) {
    reason = "operator is not supported";
    return failure();
  }
  std::vector<onnx::TypeProto> types;
  for (Value v : converted)
    types.push_back(v ? protoOf(v.getType()) : onnx::TypeProto());
  std::vector<onnx::NodeProto> nodes;
  if (!expandSchemaFunction(*proto, types, model->opsets, nodes, reason))
    return failure();
  Scope scope;
  for (auto [name, v] : llvm::zip(proto->input(), op.getInputs()))
    if (!name.empty())
      scope[name] = v;
  OpBuilder b(op);
  for (onnx::NodeProto &n : nodes) {
    expanded.push_back(std::make_unique<onnx::NodeProto>(std::move(n)));
    body.push_back(node(*expanded.back(), scope, b));
    body.back()->setLoc(op.getLoc());
  }
  SmallVector<Value> out;
  for (const std::string &name : proto->output()) {
    auto it = scope.find(name);
    out.push_back(it == scope.end() ? Value() : it->second);
  }
  return out;
}

} // namespace ingot
