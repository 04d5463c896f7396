//===- Functions.cpp ------------------------------------------------------===//
#include "compiler/frontend/Functions.h"
#include "compiler/frontend/SortNodes.h"

#include <exception>
#include <onnx/defs/schema.h>
#include <optional>
#include <unordered_map>
#include <unordered_set>

namespace ingot {
using onnx::AttributeProto;
using onnx::FunctionProto;
using onnx::NodeProto;

// What calls may grow a model to. Real ones call each function a few hundred times.
constexpr size_t kMaxNodes = 1'000'000, kMaxBytes = size_t(4) << 30;

template <typename Node, typename Visit> static void forEachSubgraph(Node &node, Visit visit) {
  if constexpr (std::is_const_v<Node>) {
    for (const auto &attribute : node.attribute()) {
      if (attribute.has_g())
        visit(attribute.g());
      for (const auto &graph : attribute.graphs())
        visit(graph);
    }
  } else {
    for (auto &attribute : *node.mutable_attribute()) {
      if (attribute.has_g())
        visit(*attribute.mutable_g());
      for (auto &graph : *attribute.mutable_graphs())
        visit(graph);
    }
  }
}

//===----------------------------------------------------------------------===//
// Opsets
//===----------------------------------------------------------------------===//

/// Whether an operator means the same in two versions of its domain.
static bool sameMeaning(const NodeProto &node, int64_t a, int64_t b) {
  using Registry = onnx::OpSchemaRegistry;
  return a == b || (b != 0 && Registry::Schema(node.op_type(), static_cast<int>(a), node.domain()) ==
                                  Registry::Schema(node.op_type(), static_cast<int>(b), node.domain()));
}

/// Notes the version of a node from a body with imports `own`, unless the model's imports say the same.
static void tagOpset(NodeProto &node, const Opsets &own, const Opsets &model) {
  forEachSubgraph(node, [&](onnx::GraphProto &graph) {
    for (auto &inner : *graph.mutable_node())
      tagOpset(inner, own, model);
  });
  auto ours = own.find(node.domain()), theirs = model.find(node.domain());
  if (ours == own.end() || sameMeaning(node, ours->second, theirs == model.end() ? 0 : theirs->second))
    return;
  auto *entry = node.add_metadata_props();
  entry->set_key(kNodeOpset);
  entry->set_value(std::to_string(ours->second));
}

//===----------------------------------------------------------------------===//
// One call
//===----------------------------------------------------------------------===//

namespace {
/// Copies a body's nodes for one call: formals become actuals, other names become unique, references to
/// attributes become attributes.
class Instance {
public:
  using MakeUnique = std::function<std::string(const std::string &)>;

  Instance(const FunctionProto &function, const NodeProto &call, MakeUnique unique)
      : function(function), call(call), unique(std::move(unique)) {
    for (const auto &attribute : function.attribute_proto())
      values[attribute.name()] = &attribute;
    for (const auto &attribute : call.attribute())
      values[attribute.name()] = &attribute;
  }
  /// Lets an attribute that the call does not give have a default.
  void addDefault(const AttributeProto &attribute) { values.emplace(attribute.name(), &attribute); }

  /// Calls `emit` with each node of the expansion.
  void expand(const std::function<void(NodeProto &&)> &emit) {
    auto &names = scopes.emplace_back();
    for (int i = 0; i < function.input_size(); ++i)
      names[function.input(i)] = i < call.input_size() ? call.input(i) : "";
    // Outputs that are also inputs, or named twice, need a node of their own.
    std::vector<std::pair<std::string, std::string>> copies;
    for (int i = 0; i < function.output_size() && i < call.output_size(); ++i)
      if (!call.output(i).empty() && !names.emplace(function.output(i), call.output(i)).second)
        copies.emplace_back(names[function.output(i)], call.output(i));
    for (const NodeProto &node : function.node())
      defineOutputs(node);
    for (NodeProto node : function.node()) {
      rename(node);
      node.set_name(nodeName(call) + "/" + (node.name().empty() ? node.op_type() : node.name()));
      emit(std::move(node));
    }
    for (const auto &[from, to] : copies) {
      NodeProto copy;
      copy.set_op_type("Identity");
      copy.set_name(nodeName(call) + "/Identity");
      copy.add_input(from);
      copy.add_output(to);
      emit(std::move(copy));
    }
  }

private:
  void define(const std::string &name) {
    if (!name.empty() && !scopes.back().count(name))
      scopes.back()[name] = unique(name);
  }
  void defineOutputs(const NodeProto &node) {
    for (const std::string &output : node.output())
      define(output);
  }
  std::string lookUp(const std::string &name) const {
    for (auto scope = scopes.rbegin(); scope != scopes.rend(); ++scope)
      if (auto found = scope->find(name); found != scope->end())
        return found->second;
    return name;
  }

  void rename(NodeProto &node) {
    for (std::string &input : *node.mutable_input())
      input = lookUp(input);
    for (std::string &output : *node.mutable_output())
      output = lookUp(output);
    resolveAttributes(node);
    forEachSubgraph(node, [&](onnx::GraphProto &graph) { rename(graph); });
  }

  void rename(onnx::GraphProto &graph) {
    scopes.emplace_back();
    auto own = [&](std::string &name) {
      define(name);
      name = lookUp(name);
    };
    for (auto &input : *graph.mutable_input())
      own(*input.mutable_name());
    for (auto &initializer : *graph.mutable_initializer())
      own(*initializer.mutable_name());
    for (const auto &node : graph.node())
      defineOutputs(node);
    for (auto &node : *graph.mutable_node())
      rename(node);
    for (auto &output : *graph.mutable_output())
      *output.mutable_name() = lookUp(output.name());
    for (auto &info : *graph.mutable_value_info())
      *info.mutable_name() = lookUp(info.name());
    scopes.pop_back();
  }

  /// An attribute that refers to one that the call leaves out is left out too.
  void resolveAttributes(NodeProto &node) {
    google::protobuf::RepeatedPtrField<AttributeProto> resolved;
    for (auto &attribute : *node.mutable_attribute()) {
      if (attribute.ref_attr_name().empty()) {
        resolved.Add()->Swap(&attribute);
      } else if (auto value = values.find(attribute.ref_attr_name()); value != values.end()) {
        auto *copy = resolved.Add();
        *copy = *value->second;
        copy->set_name(attribute.name());
      }
    }
    node.mutable_attribute()->Swap(&resolved);
  }

  const FunctionProto &function;
  const NodeProto &call;
  MakeUnique unique;
  std::unordered_map<std::string, const AttributeProto *> values;
  std::vector<std::unordered_map<std::string, std::string>> scopes;
};
} // namespace

//===----------------------------------------------------------------------===//
// Functions of the model
//===----------------------------------------------------------------------===//

static void addCalls(const NodeList &nodes, const FunctionTable &functions,
                     std::vector<const FunctionProto *> &calls) {
  for (const NodeProto &node : nodes) {
    if (auto callee = functions.find(functionKey(node)); callee != functions.end())
      calls.push_back(callee->second);
    forEachSubgraph(node, [&](const onnx::GraphProto &graph) { addCalls(graph.node(), functions, calls); });
  }
}

CallOrder orderFunctions(const onnx::ModelProto &model, const FunctionTable &functions) {
  std::unordered_map<const FunctionProto *, std::vector<const FunctionProto *>> callers;
  std::unordered_map<const FunctionProto *, size_t> pending;
  CallOrder order;
  auto &done = order.calleesFirst;
  for (const FunctionProto &function : model.functions()) {
    std::vector<const FunctionProto *> calls;
    addCalls(function.node(), functions, calls);
    pending[&function] = calls.size();
    for (const FunctionProto *callee : calls)
      callers[callee].push_back(&function);
    if (calls.empty())
      done.push_back(&function);
  }
  for (size_t i = 0; i < done.size(); ++i)
    for (const FunctionProto *caller : callers[done[i]])
      if (--pending[caller] == 0)
        done.push_back(caller);
  for (const FunctionProto &function : model.functions())
    if (pending[&function] > 0)
      order.recursive.push_back(&function);
  return order;
}

namespace {
using NameSet = std::unordered_set<std::string>;

/// Inlines into one list of nodes and its subgraphs; callees are free of calls themselves.
class Inliner {
public:
  Inliner(const FunctionTable &functions, NameSet &used) : functions(functions), used(used) {}

  void run(NodeList &nodes) {
    NodeList result;
    for (NodeProto &node : nodes) {
      forEachSubgraph(node, [&](onnx::GraphProto &graph) { run(*graph.mutable_node()); });
      auto callee = functions.find(functionKey(node));
      if (callee == functions.end()) {
        result.Add()->Swap(&node);
        continue;
      }
      auto name = [&](const std::string &own) { return unique(nodeName(node) + "/" + own); };
      Instance(*callee->second, node, name).expand([&](NodeProto &&inlined) {
        *result.Add() = std::move(inlined);
      });
    }
    nodes.Swap(&result);
  }

private:
  std::string unique(const std::string &wanted) {
    std::string name = wanted;
    for (int i = 1; !used.insert(name).second; ++i)
      name = wanted + "_" + std::to_string(i);
    return name;
  }

  const FunctionTable &functions;
  NameSet &used;
};
} // namespace

static void addNames(const NodeList &nodes, NameSet &names) {
  for (const NodeProto &node : nodes) {
    names.insert(node.input().begin(), node.input().end());
    names.insert(node.output().begin(), node.output().end());
    forEachSubgraph(node, [&](const onnx::GraphProto &graph) {
      for (const auto &input : graph.input())
        names.insert(input.name());
      for (const auto &initializer : graph.initializer())
        names.insert(initializer.name());
      for (const auto &output : graph.output())
        names.insert(output.name());
      addNames(graph.node(), names);
    });
  }
}

namespace {
/// What calls expand to. Doubles, as forty functions can ask for 2^40 nodes.
struct Growth {
  double nodes = 0, bytes = 0;
  void add(const Growth &other) {
    nodes += other.nodes;
    bytes += other.bytes;
  }
};
} // namespace

/// The functions that the graph needs, callees first; nothing if expanding them would grow beyond all
/// measure.
static std::optional<std::vector<const FunctionProto *>> functionsToInline(const onnx::ModelProto &model,
                                                                           const FunctionTable &functions) {
  std::vector<const FunctionProto *> order = orderFunctions(model, functions).calleesFirst, calls, needed;
  addCalls(model.graph().node(), functions, calls);
  std::unordered_set<const FunctionProto *> reached(calls.begin(), calls.end());
  for (auto function = order.rbegin(); function != order.rend(); ++function)
    if (reached.count(*function)) {
      std::vector<const FunctionProto *> callees;
      addCalls((*function)->node(), functions, callees);
      reached.insert(callees.begin(), callees.end());
    }

  std::unordered_map<const FunctionProto *, Growth> growth;
  Growth total; // of the graph and of every body on the way
  for (const FunctionProto *function : order) {
    if (!reached.count(function))
      continue;
    needed.push_back(function);
    Growth &own = growth[function];
    own = {double(function->node_size()) + 1, double(function->ByteSizeLong())};
    std::vector<const FunctionProto *> callees;
    addCalls(function->node(), functions, callees);
    for (const FunctionProto *callee : callees)
      own.add(growth[callee]);
    total.add(own);
  }
  for (const FunctionProto *callee : calls)
    total.add(growth[callee]);
  if (total.nodes > kMaxNodes || total.bytes > kMaxBytes)
    return std::nullopt;
  return needed;
}

bool inlineFunctions(onnx::ModelProto &model, Problem &problem) {
  if (model.functions().empty())
    return true;
  FunctionTable functions;
  for (const FunctionProto &function : model.functions())
    functions.emplace(functionKey(function), &function);
  auto needed = functionsToInline(model, functions);
  if (!needed) {
    problem = {"the calls of the model's functions expand to more than " + std::to_string(kMaxNodes) +
                   " nodes or " + std::to_string(kMaxBytes >> 30) + " GiB",
               "Check the functions: such growth is rarely meant"};
    return false;
  }
  Opsets opsets = opsetsOf(model.opset_import());

  // The table points into the model, whose functions are changed in place.
  for (const FunctionProto *constant : *needed) {
    auto *function = const_cast<FunctionProto *>(constant);
    Opsets own = opsetsOf(function->opset_import());
    for (NodeProto &node : *function->mutable_node())
      if (!functions.count(functionKey(node)))
        tagOpset(node, own, opsets);
    NameSet used(function->input().begin(), function->input().end());
    used.insert(function->output().begin(), function->output().end());
    addNames(function->node(), used);
    Inliner(functions, used).run(*function->mutable_node());
  }
  onnx::GraphProto &graph = *model.mutable_graph();
  NameSet used;
  for (const auto &input : graph.input())
    used.insert(input.name());
  for (const auto &initializer : graph.initializer())
    used.insert(initializer.name());
  for (const auto &info : graph.value_info())
    used.insert(info.name());
  addNames(graph.node(), used);
  Inliner(functions, used).run(*graph.mutable_node());
  model.clear_functions();
  return true;
}

//===----------------------------------------------------------------------===//
// Functions of schemas
//===----------------------------------------------------------------------===//

/// The newest of `versions` that is not newer than the wanted one, else the oldest: bodies mean the same as
/// long as the schema is, whatever opset they are written for. 0 if there is none.
static int versionFor(const std::vector<int> &versions, int wanted) {
  int best = 0;
  for (int version : versions) { // ascending
    if (version > wanted && best)
      break;
    best = version;
  }
  return best;
}

/// The body for the wanted version, with the opset that it is written for.
static bool schemaFunction(const onnx::OpSchema &schema, const NodeProto &node,
                           const std::vector<onnx::TypeProto> &inputTypes, int version, FunctionProto &body) {
  if (int fixed = versionFor(schema.function_opset_versions(), version)) {
    body = *schema.GetFunction(fixed, /*validate=*/false);
    return true;
  }
  int builder = versionFor(schema.context_dependent_function_opset_versions(), version);
  if (!builder)
    return false;
  onnx::FunctionBodyBuildContextImpl context(node, inputTypes);
  return schema.BuildContextDependentFunction(context, body, builder);
}

bool expandSchemaFunction(const NodeProto &node, const std::vector<onnx::TypeProto> &inputTypes,
                          const Opsets &model, std::vector<NodeProto> &nodes, std::string &reason) {
  int version = static_cast<int>(opsetVersion(node, model));
  const auto *schema = onnx::OpSchemaRegistry::Schema(node.op_type(), version, node.domain());
  if (!schema || !(schema->HasFunction() || schema->HasContextDependentFunction())) {
    reason = "ONNX does not define this operator by a function";
    return false;
  }
  FunctionProto body;
  try {
    if (!schemaFunction(*schema, node, inputTypes, version, body)) {
      reason = "ONNX's function for this operator does not apply to these inputs and attributes";
      return false;
    }
  } catch (const std::exception &error) {
    reason = std::string("ONNX's function for this operator cannot be built: ") + error.what();
    return false;
  }

  std::string prefix;
  for (const std::string &output : node.output())
    if (prefix.empty())
      prefix = output + "::";
  Instance instance(body, node, [&](const std::string &name) { return prefix + name; });
  for (const auto &[name, attribute] : schema->attributes())
    if (attribute.default_value.type() != AttributeProto::UNDEFINED)
      instance.addDefault(attribute.default_value);
  Opsets own = opsetsOf(body.opset_import());
  instance.expand([&](NodeProto &&expanded) {
    tagOpset(expanded, own, model);
    nodes.push_back(std::move(expanded));
  });
  return true;
}

} // namespace ingot
