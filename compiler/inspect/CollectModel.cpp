//===- CollectModel.cpp -------------------------------------------------------------------===//
#include "compiler/frontend/Names.h"
#include "compiler/frontend/TensorView.h"
#include "compiler/inspect/Collect.h"
#include "dialects/nn/Shape.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <onnx/defs/schema.h>

namespace ingot::inspect {
namespace {

TypeFacts typeOf(mlir::Type type) {
  TypeFacts out;
  if (auto t = mlir::dyn_cast<mlir::TensorType>(type)) {
    const ElementType *e = elementTypeOf(t.getElementType());
    out.element = e ? e->name : "?";
    if (mlir::isa<mlir::RankedTensorType>(t)) {
      out.dims.emplace();
      for (const DimExpr &d : nn::dimsOf(t))
        out.dims->push_back(d.str());
    }
  } else if (auto s = mlir::dyn_cast<nn::SequenceType>(type)) {
    out.element = "seq(" + typeOf(s.getElement()).text() + ")";
  } else if (auto o = mlir::dyn_cast<nn::OptionalType>(type)) {
    out.element = "optional(" + typeOf(o.getElement()).text() + ")";
  } else {
    out.element = "?";
  }
  return out;
}

/// What the file or ONNX's inference says.
TypeFacts typeOf(const onnx::TypeProto &type) {
  if (!type.has_tensor_type())
    return {typeText(type), std::nullopt};
  TypeFacts out{elementName(type.tensor_type().elem_type()), std::nullopt};
  if (type.tensor_type().has_shape()) {
    out.dims.emplace();
    for (const auto &d : type.tensor_type().shape().dim())
      out.dims->push_back(d.has_dim_value()   ? std::to_string(d.dim_value())
                          : d.has_dim_param() ? d.dim_param()
                                              : "?");
  }
  return out;
}

int64_t countOf(const onnx::TensorProto &t) {
  return countElements(std::vector<int64_t>(t.dims().begin(), t.dims().end())).value_or(0);
}

/// What is no longer than this says how an operator works: shapes, axes and the like, if it is of integers.
constexpr int64_t smallList = 256;

/// Numbers that training may have found.
uint64_t parametersOf(const onnx::TensorProto &t) {
  const ElementType *e = elementTypeOfOnnx(t.data_type());
  bool isFloat =
      e && (llvm::StringRef(e->name).starts_with("f") || llvm::StringRef(e->name).starts_with("bf"));
  int64_t count = countOf(t);
  return t.data_type() != onnx::TensorProto::STRING && (isFloat || count > smallList) ? uint64_t(count) : 0;
}

/// Of an attribute: one of a Constant is what an initialiser is; elsewhere small numbers say how an operator works.
uint64_t parametersOf(const onnx::AttributeProto &a, bool ofConstant) {
  if (a.type() == onnx::AttributeProto::TENSOR)
    return ofConstant || countOf(a.t()) > smallList ? parametersOf(a.t()) : 0;
  if (!ofConstant)
    return 0;
  switch (a.type()) {
  case onnx::AttributeProto::SPARSE_TENSOR:
    return parametersOf(a.sparse_tensor().values());
  case onnx::AttributeProto::FLOATS:
    return a.floats_size();
  case onnx::AttributeProto::FLOAT:
    return 1;
  case onnx::AttributeProto::INTS:
    return a.ints_size() > smallList ? a.ints_size() : 0;
  default: // one integer (INT) is fewer than smallList
    return 0;
  }
}

template <typename List> std::string listText(const List &list) {
  constexpr int most = 32;
  std::string text = "[";
  int i = 0;
  for (const auto &v : list) {
    if (i++ == most) {
      text += ", … " + std::to_string(list.size()) + " in all";
      break;
    }
    if constexpr (std::is_same_v<std::decay_t<decltype(v)>, std::string>)
      text += (i > 1 ? ", \"" : "\"") + v + "\"";
    else
      llvm::raw_string_ostream(text) << (i > 1 ? ", " : "") << v;
  }
  return text + "]";
}

struct Collector {
  const LoadedModel &model;
  const ImportedTypes &types;
  const NodeWork &work;
  ModelFacts out;
  std::map<std::string, TypeFacts> inputTypes, hints;

  using Scope = std::map<std::string, int>;

  int value(Scope &scope, const std::string &name, TypeFacts type) {
    out.values.push_back({name, std::move(type), false, 0});
    return scope[name] = int(out.values.size()) - 1;
  }
  TypeFacts hintOf(const std::string &name) const {
    auto it = hints.find(name);
    return it == hints.end() ? TypeFacts{"?", std::nullopt} : it->second;
  }
  std::string numbers(const onnx::TensorProto &t) const;
  std::string attribute(const onnx::AttributeProto &a) const;
  int graph(const onnx::GraphProto &g, Scope scope, int parent);
  void node(const onnx::NodeProto &n, Scope &scope, int graph);
};

/// The elements of a small tensor.
std::string Collector::numbers(const onnx::TensorProto &t) const {
  constexpr int64_t most = 16;
  Problem problem;
  auto view = countOf(t) <= most ? viewTensor(t, model.external, problem) : std::nullopt;
  if (!view)
    return "";
  std::vector<std::string> texts;
  auto put = [&]<typename T>(T) {
    for (int64_t i = 0; i < view->elementCount; ++i) {
      T x;
      std::memcpy(&x, view->bytes.data() + i * sizeof(T), sizeof(T));
      if constexpr (std::is_floating_point_v<T>) {
        char text[40];
        std::snprintf(text, sizeof text, "%.7g", double(x));
        texts.push_back(text);
      } else {
        texts.push_back(std::to_string(x));
      }
    }
  };
  switch (t.data_type()) {
  case onnx::TensorProto::FLOAT:
    put(float());
    break;
  case onnx::TensorProto::DOUBLE:
    put(double());
    break;
  case onnx::TensorProto::INT64:
    put(int64_t());
    break;
  case onnx::TensorProto::INT32:
    put(int32_t());
    break;
  case onnx::TensorProto::INT8:
    put(int8_t());
    break;
  case onnx::TensorProto::UINT8:
  case onnx::TensorProto::BOOL:
    put(uint8_t());
    break;
  case onnx::TensorProto::STRING:
    for (auto s : view->strings)
      texts.push_back("\"" + std::string(s) + "\"");
    break;
  default:
    return "";
  }
  return " = " + llvm::join(texts, ", ");
}

std::string Collector::attribute(const onnx::AttributeProto &a) const {
  std::string text;
  llvm::raw_string_ostream os(text);
  switch (a.type()) {
  case onnx::AttributeProto::FLOAT:
    os << a.f();
    break;
  case onnx::AttributeProto::INT:
    os << a.i();
    break;
  case onnx::AttributeProto::STRING:
    os << '"' << (a.s().size() > 400 ? a.s().substr(0, 400) + "…" : a.s()) << '"';
    break;
  case onnx::AttributeProto::FLOATS:
    os << listText(a.floats());
    break;
  case onnx::AttributeProto::INTS:
    os << listText(a.ints());
    break;
  case onnx::AttributeProto::STRINGS:
    os << listText(a.strings());
    break;
  case onnx::AttributeProto::TENSOR: {
    TypeFacts type{elementName(a.t().data_type()), std::vector<std::string>()};
    for (int64_t d : a.t().dims())
      type.dims->push_back(std::to_string(d));
    os << type.text() << numbers(a.t());
    break;
  }
  case onnx::AttributeProto::TYPE_PROTO:
    os << typeText(a.tp());
    break;
  default:
    os << "(" << onnx::AttributeProto::AttributeType_Name(a.type()) << ")";
    break;
  }
  return text;
}

void Collector::node(const onnx::NodeProto &n, Scope &scope, int graphIndex) {
  int index = int(out.nodes.size());
  out.nodes.emplace_back();
  out.graphs[graphIndex].nodes.push_back(index);
  NodeFacts f;
  f.graph = graphIndex;
  f.name = nodeName(n);
  f.label = nodeLabel(n);
  f.op = n.op_type();
  f.domain = n.domain();
  int64_t opset = opsetVersion(n, model.opsets);
  const onnx::OpSchema *schema = onnx::OpSchemaRegistry::Schema(n.op_type(), int(opset), n.domain());
  f.since = schema ? schema->since_version() : opset;
  for (const std::string &in : n.input()) {
    auto it = scope.find(in);
    f.inputs.push_back(in.empty() || it == scope.end() ? -1 : it->second);
  }
  for (const auto &a : n.attribute()) {
    if (a.type() == onnx::AttributeProto::GRAPH)
      continue;
    f.attributes.push_back({a.name(), attribute(a)});
    f.parameters += parametersOf(a, n.op_type() == "Constant" && n.domain().empty());
  }
  out.parameters += f.parameters;
  if (auto it = work.find(f.label); it != work.end())
    f.flops = it->second.str();
  auto known = types.results.find(&n);
  for (int i = 0; i < n.output_size(); ++i) {
    const std::string &name = n.output(i);
    mlir::Type type =
        known != types.results.end() && size_t(i) < known->second.size() ? known->second[i] : mlir::Type();
    f.outputs.push_back(name.empty() ? -1 : value(scope, name, type ? typeOf(type) : hintOf(name)));
  }
  for (const auto &a : n.attribute())
    if (a.type() == onnx::AttributeProto::GRAPH)
      f.graphs.push_back({a.name(), graph(a.g(), scope, index)});
  out.nodes[index] = std::move(f);
}

int Collector::graph(const onnx::GraphProto &g, Scope scope, int parent) {
  int index = int(out.graphs.size());
  out.graphs.emplace_back();
  out.graphs[index].name = g.name();
  out.graphs[index].parent = parent;
  for (const auto *list : {&g.value_info(), &g.output()})
    for (const auto &v : *list)
      hints[v.name()] = typeOf(v.type());
  std::map<int, uint64_t> parameters; // by value
  for (const auto &t : g.initializer()) {
    TypeFacts type{elementName(t.data_type()), std::vector<std::string>()};
    for (int64_t d : t.dims())
      type.dims->push_back(std::to_string(d));
    int v = value(scope, t.name(), type);
    out.values[v].isInitialiser = true;
    out.values[v].bytes = storageBytes(t.data_type(), countOf(t));
    parameters[v] = parametersOf(t);
    out.parameters += parameters[v];
  }
  for (const auto &in : g.input()) {
    auto at = scope.find(in.name());
    if (at != scope.end() && out.values[at->second].isInitialiser)
      continue;
    auto known = inputTypes.find(in.name());
    out.graphs[index].inputs.push_back(
        value(scope, in.name(), parent < 0 && known != inputTypes.end() ? known->second : typeOf(in.type())));
  }
  for (const auto &n : g.node())
    node(n, scope, index);
  for (int i : out.graphs[index].nodes)
    for (int v : out.nodes[i].inputs)
      if (auto it = parameters.find(v); it != parameters.end())
        out.nodes[i].parameters += it->second;
  for (const auto &o : g.output())
    if (auto it = scope.find(o.name()); it != scope.end())
      out.graphs[index].outputs.push_back(it->second);
  return index;
}

/// A size to show numbers for: the largest one, a batch of 1, a length of 64.
int64_t assumedSize(const SymbolFacts &s, const ModelFacts &model) {
  if (s.high)
    return *s.high;
  bool isFirst = true;
  for (int v : model.inputs)
    if (auto &dims = model.values[v].type.dims)
      for (size_t i = 1; i < dims->size(); ++i)
        isFirst &= (*dims)[i] != s.name;
  return std::max<int64_t>(s.low, isFirst ? 1 : 64);
}

} // namespace

ModelFacts collectModel(const LoadedModel &model, const ImportedTypes &types, const NodeWork &work,
                        mlir::ArrayAttr symbols) {
  Collector c{model, types, work, {}, {}, {}};
  for (auto &[name, type] : types.inputs)
    c.inputTypes[name] = typeOf(type);
  ModelFacts &out = c.out;
  out.name = model.graph().name();
  out.producer = model.proto.producer_name() +
                 (model.proto.producer_version().empty() ? "" : " " + model.proto.producer_version());
  out.irVersion = model.proto.ir_version();
  for (auto &[domain, version] : model.opsets)
    out.opsets.push_back({domain, version});
  c.graph(model.graph(), {}, -1);
  out.inputs = out.graphs[0].inputs;
  out.outputs = out.graphs[0].outputs;
  if (symbols)
    for (auto d : symbols.getAsRange<mlir::DictionaryAttr>()) {
      SymbolFacts s;
      s.name = mlir::cast<mlir::StringAttr>(d.get("name")).str();
      s.onnxName = mlir::cast<mlir::StringAttr>(d.get("onnx")).str();
      s.low = mlir::cast<mlir::IntegerAttr>(d.get("low")).getInt();
      if (int64_t high = mlir::cast<mlir::IntegerAttr>(d.get("high")).getInt(); high >= 0)
        s.high = high;
      s.assumed = assumedSize(s, out);
      out.symbols.push_back(s);
    }
  return std::move(c.out);
}

} // namespace ingot::inspect
