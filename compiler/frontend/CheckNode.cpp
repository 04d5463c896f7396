//===- CheckNode.cpp ------------------------------------------------------===//
#include "compiler/frontend/CheckNode.h"
#include "compiler/frontend/Spelling.h"

#include <algorithm>
#include <climits>
#include <onnx/defs/schema.h>
#include <set>

namespace ingot {
using onnx::AttributeProto;
using onnx::OpSchema;
using Report = std::function<void(std::string, std::string)>;

static std::string attributeTypeName(int type) {
  return AttributeProto::AttributeType_IsValid(type)
             ? AttributeProto::AttributeType_Name(static_cast<AttributeProto::AttributeType>(type))
             : "type code " + std::to_string(type);
}

/// Whether the field that the attribute's type announces is there. Numbers, strings and lists may be default.
static bool hasValue(const AttributeProto &attribute) {
  switch (attribute.type()) {
  case AttributeProto::TENSOR:
    return attribute.has_t();
  case AttributeProto::GRAPH:
    return attribute.has_g();
  case AttributeProto::SPARSE_TENSOR:
    return attribute.has_sparse_tensor();
  case AttributeProto::TYPE_PROTO:
    return attribute.has_tp();
  default:
    return true;
  }
}

static void checkAttributeValues(const onnx::NodeProto &node, const CheckContext &context,
                                 const Report &report) {
  std::set<std::string> seen;
  for (const AttributeProto &attribute : node.attribute()) {
    std::string name = "attribute '" + attribute.name() + "'";
    if (!seen.insert(attribute.name()).second)
      report(name + " is given twice", "Remove one of the two");
    if (!attribute.ref_attr_name().empty()) {
      if (!context.function)
        report(name + " refers to a function's attribute outside a function", "Give the attribute a value");
      continue;
    }
    if (!hasValue(attribute))
      report(name + " announces a " + attributeTypeName(attribute.type()) + " but has none",
             "Give the attribute a value of its type");
    Problem problem;
    auto check = [&](const onnx::TensorProto &tensor) {
      if (!viewTensor(tensor, context.external, problem))
        report(name + ": " + problem.message, problem.remedy);
    };
    if (attribute.has_t())
      check(attribute.t());
    for (const auto &tensor : attribute.tensors())
      check(tensor);
    if (attribute.has_sparse_tensor() && !makeDense(attribute.sparse_tensor(), context.external, problem))
      report(name + ": " + problem.message, problem.remedy);
  }
}

static void checkAttributeNames(const onnx::NodeProto &node, const OpSchema &schema, const Report &report) {
  std::set<std::string> given;
  for (const AttributeProto &attribute : node.attribute()) {
    given.insert(attribute.name());
    auto known = schema.attributes().find(attribute.name());
    if (known == schema.attributes().end()) {
      // ONNX ignores these; LayerNormalization alone says so in a flag that has no getter.
      bool ignored = attribute.name().starts_with("__") || schema.Name() == "LayerNormalization";
      if (ignored)
        continue;
      std::vector<std::string> names;
      for (const auto &[name, attributeSchema] : schema.attributes())
        names.push_back(name);
      auto meant = misspelt(attribute.name(), names);
      report("attribute '" + attribute.name() + "' is unknown in version " + std::to_string(schema.since_version()) +
                 " of this operator" + (meant ? "; did you mean '" + *meant + "'?" : ""),
             "Remove the attribute, or export for the operator set that has it");
    } else if (attribute.type() != known->second.type) {
      report("attribute '" + attribute.name() + "' is a " + attributeTypeName(attribute.type()) +
                 ", the operator wants a " + attributeTypeName(known->second.type),
             "Export the model again with the attribute's right type");
    }
  }
  for (const auto &[name, attribute] : schema.attributes())
    if (attribute.required && !given.count(name))
      report("required attribute '" + name + "' is missing",
             "Add it as a " + attributeTypeName(attribute.type) + " attribute");
}

static std::string range(int least, int most) {
  if (most == INT_MAX)
    return "at least " + std::to_string(least);
  return least == most ? std::to_string(least) : std::to_string(least) + " to " + std::to_string(most);
}

/// Inputs or outputs: how many there are, and that no mandatory one is left out.
template <typename Names>
static void checkArity(const Names &names, const std::vector<OpSchema::FormalParameter> &formals, int least,
                       int most, const std::string &kind, const Report &report) {
  if (names.size() < least || names.size() > most)
    report("has " + std::to_string(names.size()) + " " + kind + "s, the operator takes " + range(least, most),
           "Connect the " + kind + "s that the operator's definition names");
  for (int i = 0; i < names.size() && i < static_cast<int>(formals.size()); ++i)
    if (names.Get(i).empty() && formals[i].GetOption() == OpSchema::Single)
      report(kind + " " + std::to_string(i) + " ('" + formals[i].GetName() +
                 "') is left out but not optional",
             "Connect it");
}

static void checkCall(const onnx::NodeProto &node, const onnx::FunctionProto &function,
                      const Report &report) {
  if (node.input_size() > function.input_size() || node.output_size() > function.output_size())
    report("has more inputs or outputs than its function, which has " +
               std::to_string(function.input_size()) + " and " + std::to_string(function.output_size()),
           "Make the call match the function's definition");
  auto given = [&](const std::string &name) {
    return std::any_of(node.attribute().begin(), node.attribute().end(),
                       [&](const AttributeProto &attribute) { return attribute.name() == name; });
  };
  for (const std::string &name : function.attribute())
    if (!given(name))
      report("required attribute '" + name + "' of the function is missing", "Give it in the call");
}

/// ONNX's operators by domain. Made once: the registry hands out copies of all its schemas.
static const std::map<std::string, std::vector<std::string>> &operatorsByDomain() {
  static const std::map<std::string, std::vector<std::string>> names = [] {
    std::map<std::string, std::vector<std::string>> result;
    for (const OpSchema &schema : onnx::OpSchemaRegistry::get_all_schemas())
      result[schema.domain()].push_back(schema.Name());
    return result;
  }();
  return names;
}

/// The operator that was meant, best one of the same domain: "Relu", "ai.onnx.ml.Scaler".
static std::optional<std::string> meantOperator(const onnx::NodeProto &node) {
  const auto &operators = operatorsByDomain();
  if (auto own = operators.find(node.domain()); own != operators.end())
    if (auto name = misspelt(node.op_type(), own->second))
      return name;
  for (const auto &[domain, names] : operators)
    if (auto name = misspelt(node.op_type(), names))
      return (domain.empty() ? "" : domain + ".") + *name;
  return std::nullopt;
}

/// The domain is foreign, or the operator is too new or a slip of the pen.
static void reportUnknown(const onnx::NodeProto &node, const CheckContext &context, const Report &report) {
  const auto &domains = onnx::OpSchemaRegistry::DomainToVersionRange::Instance().Map();
  if (!domains.count(node.domain())) {
    report("operator domain '" + node.domain() + "' is unknown",
           "Export without custom operators, or define the operator as a function in the model");
    return;
  }
  const OpSchema *newest = onnx::OpSchemaRegistry::Schema(node.op_type(), node.domain());
  if (newest) {
    report("the operator exists only from version " + std::to_string(newest->since_version()) +
               " of its domain on; the model imports version " +
               std::to_string(opsetVersion(node, context.opsets)),
           "Export for a newer operator set");
    return;
  }
  auto meant = meantOperator(node);
  report("unknown operator" + (meant ? "; did you mean '" + *meant + "'?" : std::string()),
         "Express it by ONNX operators, or define it as a function in the model");
}

void checkNode(const onnx::NodeProto &node, const CheckContext &context, const Report &report) {
  checkAttributeValues(node, context, report);
  if (auto function = context.functions.find(functionKey(node)); function != context.functions.end()) {
    checkCall(node, *function->second, report);
    return;
  }
  auto isKnown = [&] { return context.isKnownOperator && context.isKnownOperator(node.domain(), node.op_type()); };
  auto import = context.opsets.find(node.domain());
  if (import == context.opsets.end()) {
    if (isKnown())
      return;
    report("no operator set is imported for its domain '" +
               (node.domain().empty() ? "ai.onnx" : node.domain()) + "'",
           std::string("Add the domain to opset_import of the ") + (context.function ? "function" : "model"));
    return;
  }
  int version = static_cast<int>(std::clamp<int64_t>(import->second, 0, INT_MAX));
  const OpSchema *schema = onnx::OpSchemaRegistry::Schema(node.op_type(), version, node.domain());
  if (!schema) {
    if (isKnown())
      return;
    reportUnknown(node, context, report);
    return;
  }
  if (schema->Deprecated()) {
    report("the operator was withdrawn in version " + std::to_string(schema->since_version()) +
               " of its domain",
           "Export with a newer exporter, or for an older operator set");
    return;
  }
  checkAttributeNames(node, *schema, report);
  checkArity(node.input(), schema->inputs(), schema->min_input(), schema->max_input(), "input", report);
  checkArity(node.output(), schema->outputs(), schema->min_output(), schema->max_output(), "output", report);
}

} // namespace ingot
