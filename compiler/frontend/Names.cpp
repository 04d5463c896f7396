//===- Names.cpp ----------------------------------------------------------===//
#include "compiler/frontend/Names.h"
#include "compiler/frontend/TensorView.h"

namespace ingot {

std::string nodeName(const onnx::NodeProto &node) {
  if (!node.name().empty())
    return node.name();
  for (const std::string &output : node.output())
    if (!output.empty())
      return output;
  return "unnamed node";
}

std::string nodeLabel(const onnx::NodeProto &node) {
  std::string name = nodeName(node);
  return name.find(node.op_type()) != std::string::npos ? name : name + " (" + node.op_type() + ")";
}

std::string operatorName(const onnx::NodeProto &node) {
  return node.domain().empty() ? node.op_type() : node.domain() + "." + node.op_type();
}

static std::string shapeText(const onnx::TensorShapeProto &shape) {
  std::string text;
  for (const auto &dim : shape.dim()) {
    text += text.empty() ? "" : ",";
    text += dim.has_dim_value()   ? std::to_string(dim.dim_value())
            : dim.has_dim_param() ? dim.dim_param()
                                  : "?";
  }
  return "[" + text + "]";
}

std::string typeText(const onnx::TypeProto &type) {
  switch (type.value_case()) {
  case onnx::TypeProto::kTensorType:
    return elementName(type.tensor_type().elem_type()) +
           (type.tensor_type().has_shape() ? shapeText(type.tensor_type().shape()) : "");
  case onnx::TypeProto::kSparseTensorType:
    return std::string("sparse ") + elementName(type.sparse_tensor_type().elem_type());
  case onnx::TypeProto::kSequenceType:
    return "seq(" + typeText(type.sequence_type().elem_type()) + ")";
  case onnx::TypeProto::kOptionalType:
    return "optional(" + typeText(type.optional_type().elem_type()) + ")";
  case onnx::TypeProto::kMapType:
    return std::string("map(") + elementName(type.map_type().key_type()) + "," +
           typeText(type.map_type().value_type()) + ")";
  default:
    return "?";
  }
}

int64_t opsetVersion(const onnx::NodeProto &node, const Opsets &model) {
  for (const auto &entry : node.metadata_props())
    if (entry.key() == kNodeOpset)
      return std::strtoll(entry.value().c_str(), nullptr, 10);
  auto found = model.find(node.domain());
  return found == model.end() ? 0 : found->second;
}

} // namespace ingot
