//===- ValidateModel.cpp --------------------------------------------------===//
#include "compiler/frontend/ValidateModel.h"
#include "compiler/frontend/Functions.h"
#include "compiler/frontend/SortNodes.h"

#include <algorithm>
#include <onnx/defs/schema.h>
#include <unordered_map>
#include <unordered_set>

namespace ingot {

constexpr int kMaxGraphDepth = 32, kMaxTypeDepth = 16;
constexpr size_t kMaxDenseBytes = size_t(1) << 30;

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

static bool isSound(const onnx::TypeProto &type, Problem &problem, int depth = 0) {
  if (depth > kMaxTypeDepth) {
    problem = {"its type nests deeper than " + std::to_string(kMaxTypeDepth), "Use a simpler type"};
    return false;
  }
  switch (type.value_case()) {
  case onnx::TypeProto::kTensorType: {
    const auto &tensor = type.tensor_type();
    if (elementName(tensor.elem_type()) == std::string("?")) {
      problem = {"element type code " + std::to_string(tensor.elem_type()) + " is not one of ONNX",
                 "Export the model again with a known element type"};
      return false;
    }
    std::vector<int64_t> known;
    for (const auto &dim : tensor.shape().dim())
      if (dim.has_dim_value())
        known.push_back(dim.dim_value());
    if (countElements(known))
      return true;
    problem = {"its shape " + typeText(type) + " is negative or absurdly large",
               "Give dynamic dimensions a name (dim_param) instead of a negative size"};
    return false;
  }
  case onnx::TypeProto::kSequenceType:
    return isSound(type.sequence_type().elem_type(), problem, depth + 1);
  case onnx::TypeProto::kOptionalType:
    return isSound(type.optional_type().elem_type(), problem, depth + 1);
  case onnx::TypeProto::kMapType:
    return isSound(type.map_type().value_type(), problem, depth + 1);
  default:
    return true;
  }
}

static void dropUnsoundTypes(google::protobuf::RepeatedPtrField<onnx::ValueInfoProto> &values) {
  Problem problem;
  for (auto &value : values)
    if (!isSound(value.type(), problem))
      value.clear_type();
}

static void dropUnsoundHints(NodeList &nodes) {
  for (auto &node : nodes)
    for (auto &attribute : *node.mutable_attribute()) {
      auto drop = [](onnx::GraphProto &graph) {
        dropUnsoundTypes(*graph.mutable_input());
        dropUnsoundTypes(*graph.mutable_output());
        dropUnsoundHints(graph);
      };
      if (attribute.has_g())
        drop(*attribute.mutable_g());
      for (auto &graph : *attribute.mutable_graphs())
        drop(graph);
    }
}

void dropUnsoundHints(onnx::GraphProto &graph) {
  Problem problem;
  auto &infos = *graph.mutable_value_info();
  auto unsound = [&](const auto &info) { return !isSound(info.type(), problem); };
  infos.erase(std::remove_if(infos.begin(), infos.end(), unsound), infos.end());
  dropUnsoundHints(*graph.mutable_node());
}

//===----------------------------------------------------------------------===//
// Normal form
//===----------------------------------------------------------------------===//

static void normalizeDomain(std::string &domain) {
  if (domain == "ai.onnx")
    domain.clear();
}

static void normalizeNodes(NodeList &nodes) {
  for (auto &node : nodes) {
    if (node.domain() == "ai.onnx")
      node.clear_domain();
    auto &metadata = *node.mutable_metadata_props();
    metadata.erase(std::remove_if(metadata.begin(), metadata.end(),
                                  [](const auto &entry) { return entry.key() == kNodeOpset; }),
                   metadata.end());
    for (auto &attribute : *node.mutable_attribute()) {
      if (attribute.has_g())
        normalizeNodes(*attribute.mutable_g()->mutable_node());
      for (auto &graph : *attribute.mutable_graphs())
        normalizeNodes(*graph.mutable_node());
    }
  }
}

/// Some exporters (PaddlePaddle's) write -1 for a size that varies, where ONNX has a dimension without a value.
static void openDimensions(google::protobuf::RepeatedPtrField<onnx::ValueInfoProto> &values) {
  for (auto &value : values)
    if (value.type().tensor_type().has_shape())
      for (auto &dim : *value.mutable_type()->mutable_tensor_type()->mutable_shape()->mutable_dim())
        if (dim.has_dim_value() && dim.dim_value() == -1)
          dim.clear_dim_value();
}

void normalizeModel(onnx::ModelProto &model) {
  for (auto &import : *model.mutable_opset_import())
    normalizeDomain(*import.mutable_domain());
  if (model.has_graph()) {
    openDimensions(*model.mutable_graph()->mutable_input());
    openDimensions(*model.mutable_graph()->mutable_output());
    normalizeNodes(*model.mutable_graph()->mutable_node());
    dropUnsoundHints(*model.mutable_graph());
  }
  for (auto &function : *model.mutable_functions()) {
    normalizeDomain(*function.mutable_domain());
    for (auto &import : *function.mutable_opset_import())
      normalizeDomain(*import.mutable_domain());
    normalizeNodes(*function.mutable_node());
    dropUnsoundHints(*function.mutable_node());
  }
}

//===----------------------------------------------------------------------===//
// Graphs
//===----------------------------------------------------------------------===//

namespace {
/// The names visible in a graph: its own, then those of the graphs around it.
struct Scope {
  const Scope *outer = nullptr;
  std::unordered_map<std::string, std::string> types; // name to type text; empty where unknown
  std::unordered_map<std::string, std::string> noted; // type texts of values that nodes define

  bool has(const std::string &name) const { return types.count(name) || (outer && outer->has(name)); }
  std::string typeOf(const std::string &name) const {
    if (auto found = noted.find(name); found != noted.end())
      return found->second;
    auto found = types.find(name);
    return found != types.end() ? found->second : outer ? outer->typeOf(name) : "";
  }
};

class Validator {
public:
  Validator(const ExternalData &external, const OperatorFilter &isKnownOperator, Diagnostics &diagnostics)
      : external(external), isKnownOperator(isKnownOperator), diagnostics(diagnostics) {}

  void model(onnx::ModelProto &model);

private:
  template <typename Imports> void imports(const Imports &list, const std::string &owner);
  void functions(onnx::ModelProto &model);

  void graph(onnx::GraphProto &graph, const CheckContext &context, const Scope *outer, int depth);
  void interface(const onnx::ValueInfoProto &value, bool needsType, const std::string &kind);
  void nodes(NodeList &nodes, const CheckContext &context, Scope &scope, int depth);
  void error(std::string message, std::string remedy, std::string node = {}, std::string op = {},
             std::string shapes = {}) {
    diagnostics.add({std::move(message), std::move(remedy), std::move(node), std::move(op), std::move(shapes),
                     Severity::Error});
  }

  const ExternalData &external;
  const OperatorFilter &isKnownOperator;
  Diagnostics &diagnostics;
  FunctionTable table;
  size_t denseBytes = 0;
};
} // namespace

void Validator::interface(const onnx::ValueInfoProto &value, bool needsType, const std::string &kind) {
  Problem problem;
  bool typed = value.has_type() && value.type().value_case() != onnx::TypeProto::VALUE_NOT_SET;
  if (typed && !isSound(value.type(), problem))
    error("the " + kind + ": " + problem.message, problem.remedy, value.name());
  else if (!typed && needsType)
    error("the " + kind + " has no type", "Declare its element type and shape", value.name());
}

void Validator::nodes(NodeList &nodes, const CheckContext &context, Scope &scope, int depth) {
  for (const auto &node : nodes)
    for (const std::string &output : node.output())
      if (!output.empty() && !scope.types.emplace(output, "").second)
        error("the value '" + output + "' is defined more than once", "Give every value a name of its own",
              nodeName(node), operatorName(node));

  for (auto &node : nodes) {
    std::string name = nodeName(node), op = operatorName(node);
    auto report = [&](std::string message, std::string remedy) {
      std::string shapes;
      for (const std::string &input : node.input()) {
        std::string type = scope.typeOf(input);
        shapes += (shapes.empty() ? "" : ", ") + (input.empty() ? "none" : input) +
                  (type.empty() ? "" : ": " + type);
      }
      error(std::move(message), std::move(remedy), name, op, shapes);
    };
    for (const std::string &input : node.input())
      if (!input.empty() && !scope.has(input))
        report("its input '" + input + "' is defined nowhere",
               "Add the missing initializer, graph input or producing node");
    checkNode(node, context, report);
    for (auto &attribute : *node.mutable_attribute()) {
      if (attribute.has_g())
        graph(*attribute.mutable_g(), context, &scope, depth + 1);
      for (auto &inner : *attribute.mutable_graphs())
        graph(inner, context, &scope, depth + 1);
    }
  }

  std::vector<int> cycle = sortNodes(nodes);
  if (cycle.empty())
    return;
  std::string path;
  for (size_t i = 0; i < cycle.size() && i < 20; ++i)
    path += nodeName(nodes[cycle[i]]) + " → ";
  path += cycle.size() > 20 ? "…" : nodeName(nodes[cycle[0]]);
  error("the nodes form a cycle: " + path, "Break the cycle; a recurrence is written as Loop or Scan",
        nodeName(nodes[cycle[0]]), operatorName(nodes[cycle[0]]));
}

void Validator::graph(onnx::GraphProto &graph, const CheckContext &context, const Scope *outer, int depth) {
  std::string place = depth ? "subgraph '" + graph.name() + "'" : "graph";
  if (depth > kMaxGraphDepth) {
    error("subgraphs nest deeper than " + std::to_string(kMaxGraphDepth),
          "Flatten the nested If, Loop or Scan nodes", graph.name());
    graph.Clear();
    return;
  }
  Scope scope{outer, {}, {}};
  for (const auto &input : graph.input()) {
    if (input.name().empty())
      error("an input of the " + place + " has no name", "Name every graph input", place);
    else if (!scope.types.emplace(input.name(), "").second)
      error("the " + place + " has two inputs of this name", "Give every value a name of its own",
            input.name());
    interface(input, depth == 0, place + " input");
    Problem problem;
    if (input.has_type() && isSound(input.type(), problem))
      scope.types[input.name()] = typeText(input.type());
  }

  std::unordered_set<std::string> initializers;
  auto initializer = [&](const std::string &name, const onnx::TensorProto &tensor) {
    if (name.empty())
      error("an initializer of the " + place + " has no name", "Name every initializer", place);
    else if (!initializers.insert(name).second)
      error("two initializers have this name", "Give every value a name of its own", name);
    onnx::TypeProto type;
    type.mutable_tensor_type()->set_elem_type(tensor.data_type());
    for (int64_t dim : tensor.dims())
      type.mutable_tensor_type()->mutable_shape()->add_dim()->set_dim_value(dim);
    scope.types[name] = typeText(type);
  };
  Problem problem;
  for (const auto &tensor : graph.initializer()) {
    initializer(tensor.name(), tensor);
    if (!viewTensor(tensor, external, problem))
      error("initializer: " + problem.message, problem.remedy, tensor.name(), "", scope.types[tensor.name()]);
  }
  for (auto &sparse : *graph.mutable_sparse_initializer()) {
    initializer(sparse.values().name(), sparse.values());
    auto dense = makeDense(sparse, external, problem);
    if (dense && (denseBytes += dense->raw_data().size()) > kMaxDenseBytes) {
      problem = {"the sparse initializers need more than 1 GiB in dense form", "Store large tensors densely"};
      dense.reset();
    }
    if (dense)
      graph.add_initializer()->Swap(&*dense);
    else
      error("sparse initializer: " + problem.message, problem.remedy, sparse.values().name());
  }
  graph.clear_sparse_initializer();

  for (const auto &info : graph.value_info())
    scope.noted[info.name()] = typeText(info.type());
  nodes(*graph.mutable_node(), context, scope, depth);

  if (depth == 0 && graph.output().empty())
    error("the graph has no outputs", "Name the values that the model computes as graph outputs");
  std::unordered_set<std::string> outputs;
  for (const auto &output : graph.output()) {
    interface(output, false, place + " output");
    if (!scope.has(output.name()))
      error("the " + place + " output is defined nowhere", "Add the node that produces it", output.name());
    else if (!outputs.insert(output.name()).second && depth == 0)
      error("the graph has two outputs of this name", "Give every output a name of its own", output.name());
  }
}

//===----------------------------------------------------------------------===//
// Functions and the model
//===----------------------------------------------------------------------===//

template <typename Imports> void Validator::imports(const Imports &list, const std::string &owner) {
  const auto &known = onnx::OpSchemaRegistry::DomainToVersionRange::Instance().Map();
  std::unordered_set<std::string> domains;
  for (const auto &import : list) {
    std::string name = import.domain().empty() ? "ai.onnx" : import.domain();
    if (!domains.insert(import.domain()).second)
      error("the operator set '" + name + "' is imported twice", "Keep one of the two imports", owner);
    auto range = known.find(import.domain());
    if (range == known.end())
      continue;
    auto [oldest, newest] = range->second;
    if (import.version() > newest)
      error("operator set " + name + " " + std::to_string(import.version()) + " is newer than " +
                std::to_string(newest) + ", the newest known",
            "Export for operator set " + std::to_string(newest) + " or older", owner);
    else if (import.version() < oldest)
      error("operator set " + name + " has the version " + std::to_string(import.version()) +
                ", which never existed",
            "Import a version from " + std::to_string(oldest) + " to " + std::to_string(newest), owner);
  }
}

void Validator::functions(onnx::ModelProto &model) {
  for (const auto &function : model.functions())
    if (!table.emplace(functionKey(function), &function).second)
      error("the function is defined twice", "Remove one of the two, or give them different overload names",
            function.name(), function.domain() + "." + function.name());
  for (auto &function : *model.mutable_functions()) {
    imports(function.opset_import(), function.name());
    Opsets opsets = opsetsOf(function.opset_import());
    Scope scope;
    for (const std::string &input : function.input())
      if (!scope.types.emplace(input, "").second)
        error("the function has two inputs '" + input + "'", "Give every value a name of its own",
              function.name());
    nodes(*function.mutable_node(), {opsets, table, external, isKnownOperator, &function}, scope, 0);
    for (const std::string &output : function.output())
      if (!scope.has(output))
        error("the function's output '" + output + "' is defined nowhere", "Add the node that produces it",
              function.name());
  }
  for (const onnx::FunctionProto *function : orderFunctions(model, table).recursive)
    error("the function calls itself, directly or through others",
          "Remove the recursion; ONNX functions are expanded where they are called", function->name(),
          function->domain() + "." + function->name());
}

void Validator::model(onnx::ModelProto &model) {
  if (!model.has_graph()) {
    error("the file contains no graph", "Check that it is a .onnx model and copy or export it again");
    return;
  }
  if (model.ir_version() > onnx::Version::IR_VERSION)
    error("IR version " + std::to_string(model.ir_version()) + " is newer than " +
              std::to_string(onnx::Version::IR_VERSION) + ", the newest known",
          "Export with an older onnx package, or set ir_version to " +
              std::to_string(onnx::Version::IR_VERSION));
  if (model.opset_import().empty()) {
    if (model.ir_version() >= 3)
      error("the model imports no operator set",
            "Add opset_import with the version that the model was made for");
    else
      model.add_opset_import()->set_version(1); // what files older than imports mean
  }
  imports(model.opset_import(), "");
  functions(model);
  Opsets opsets = opsetsOf(model.opset_import());
  if (opsets.empty()) // reported; judge the nodes by the newest
    opsets[""] = onnx::OpSchemaRegistry::DomainToVersionRange::Instance().Map().at("").second;
  graph(*model.mutable_graph(), {opsets, table, external, isKnownOperator, nullptr}, nullptr, 0);
}

void validateModel(onnx::ModelProto &model, const ExternalData &external,
                   const OperatorFilter &isKnownOperator, Diagnostics &diagnostics) {
  Validator(external, isKnownOperator, diagnostics).model(model);
}

} // namespace ingot
