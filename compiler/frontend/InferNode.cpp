//===- InferNode.cpp ------------------------------------------------------===//
#include "compiler/frontend/InferNode.h"

#include <algorithm>
#include <climits>
#include <onnx/defs/data_type_utils.h>
#include <onnx/shape_inference/implementation.h>

namespace ingot {
using onnx::AttributeProto;
using onnx::OpSchema;

static bool isSelfContained(const onnx::NodeProto &node) {
  return std::all_of(node.attribute().begin(), node.attribute().end(), [](const AttributeProto &a) {
    return !a.has_g() && !a.graphs_size() && !a.has_t() && !a.has_sparse_tensor();
  });
}

/// Element types against the operator's type parameters, which inputs may share.
static std::string typeObjection(const OpSchema &schema, const std::vector<KnownInput> &inputs) {
  const auto &formals = schema.inputs();
  std::map<std::string, onnx::DataType> bound;
  for (size_t i = 0; i < inputs.size() && !formals.empty(); ++i) {
    const auto &formal = formals[std::min(i, formals.size() - 1)];
    if (inputs[i].type.value_case() == onnx::TypeProto::VALUE_NOT_SET)
      continue;
    onnx::DataType type = onnx::Utils::DataTypeUtils::ToType(inputs[i].type);
    if (!formal.GetTypes().count(type))
      return "input " + std::to_string(i) + " ('" + formal.GetName() + "') is a " + *type + ", which the operator does not take";
    if (i >= formals.size() - 1 && formal.GetOption() == OpSchema::Variadic && !formal.GetIsHomogeneous())
      continue;
    auto [other, fresh] = bound.try_emplace(formal.GetTypeStr(), type);
    if (!fresh && other->second != type)
      return "input " + std::to_string(i) + " ('" + formal.GetName() + "') is a " + *type + ", another input of the same type parameter is a " +
             *other->second;
  }
  return "";
}

static std::string shapeObjection(const OpSchema &schema, const onnx::NodeProto &node, const std::vector<KnownInput> &inputs) {
  onnx::NodeProto copy = node;
  std::unordered_map<std::string, onnx::TypeProto *> types;
  std::unordered_map<std::string, const onnx::TensorProto *> values;
  std::vector<onnx::TypeProto> ownTypes;
  ownTypes.reserve(inputs.size());
  for (int i = 0; i < node.input_size() && i < static_cast<int>(inputs.size()); ++i) {
    if (inputs[i].type.value_case() == onnx::TypeProto::VALUE_NOT_SET)
      continue;
    types[node.input(i)] = &ownTypes.emplace_back(inputs[i].type);
    if (inputs[i].value)
      values[node.input(i)] = &*inputs[i].value;
  }
  try {
    onnx::shape_inference::InferenceContextImpl context(copy, types, values, {}, onnx::ShapeInferenceOptions());
    schema.GetTypeAndShapeInferenceFunction()(context);
  } catch (const std::exception &error) {
    std::string text = error.what();
    for (const char *prefix : {"[ShapeInferenceError] ", "[TypeInferenceError] "})
      if (text.starts_with(prefix))
        text.erase(0, std::string(prefix).size());
    return text;
  }
  return "";
}

/// Makes scalars of vectors of one; false if there is none.
static bool scalarsForVectorsOfOne(std::vector<KnownInput> &inputs) {
  bool found = false;
  for (KnownInput &input : inputs) {
    if (!input.type.tensor_type().has_shape())
      continue;
    auto &shape = *input.type.mutable_tensor_type()->mutable_shape();
    if (shape.dim_size() != 1 || shape.dim(0).dim_value() != 1)
      continue;
    found = true;
    shape.clear_dim();
    if (input.value)
      input.value->clear_dims();
  }
  return found;
}

std::string objectionOfInference(const onnx::NodeProto &node, const std::vector<KnownInput> &inputs, int64_t opset) {
  const auto *schema =
      onnx::OpSchemaRegistry::Schema(node.op_type(), static_cast<int>(std::clamp<int64_t>(opset, 0, INT_MAX)), node.domain());
  if (!schema)
    return "";
  if (std::string objection = typeObjection(*schema, inputs); !objection.empty())
    return objection;
  if (!schema->has_type_and_shape_inference_function() || !isSelfContained(node))
    return "";
  std::string objection = shapeObjection(*schema, node, inputs);
  // Where a scalar is asked for, the bodies of ONNX's own functions pass vectors of one (Range in AffineGrid's).
  std::vector<KnownInput> scalars = inputs;
  if (!objection.empty() && scalarsForVectorsOfOne(scalars) && shapeObjection(*schema, node, scalars).empty())
    return "";
  return objection;
}

} // namespace ingot
