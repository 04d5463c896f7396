//===- InferNode.h - ONNX's type and shape inference of one node ----------===//
#pragma once

#include "compiler/frontend/Names.h"

#include <optional>
#include <vector>

namespace ingot {

/// What is known of a node's input. An input that is left out has no type.
struct KnownInput {
  onnx::TypeProto type;
  std::optional<onnx::TensorProto> value; // of small integer tensors
};

/// What ONNX's definition of the operator has against a node with these inputs: element types that it does not take or
/// that do not go together, and what its inference refuses (axes out of range, sizes that do not fit). Empty where nothing, and for
/// nodes that inference cannot judge alone: those with subgraphs or large attributes, and operators outside ONNX.
std::string objectionOfInference(const onnx::NodeProto &node, const std::vector<KnownInput> &inputs, int64_t opset);

} // namespace ingot
