//===- Names.h - How the front end names nodes, operators and types -------===//
#pragma once

#include "compiler/frontend/Diagnostics.h"

#include <cstdint>
#include <map>
#include <onnx/onnx_pb.h>

namespace ingot {

/// Versions by domain; the domain of ONNX itself is "".
using Opsets = std::map<std::string, int64_t>;

template <typename Imports> Opsets opsetsOf(const Imports &imports) {
  Opsets opsets;
  for (const auto &import : imports)
    opsets[import.domain()] = import.version();
  return opsets;
}

/// The node's name, or, as names are optional, that of its first output.
std::string nodeName(const onnx::NodeProto &node);
/// The name with the operator behind it unless it says it: "/conv1/Conv", "y (Relu)". It stands in generated comments.
std::string nodeLabel(const onnx::NodeProto &node);
/// "Conv" or "com.microsoft.Gelu".
std::string operatorName(const onnx::NodeProto &node);
/// "f32[1,batch,?]", "seq(f32[…])", "i64" without a shape.
std::string typeText(const onnx::TypeProto &type);

/// A node of an inlined function whose opset differs from the model's carries its own under this key of
/// metadata_props.
inline constexpr const char *kNodeOpset = "ingot.opset";
/// The opset version by which a node is to be understood.
int64_t opsetVersion(const onnx::NodeProto &node, const Opsets &model);

} // namespace ingot
