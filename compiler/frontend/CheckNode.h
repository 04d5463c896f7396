//===- CheckNode.h - One node against its operator's schema ---------------===//
//
// onnx::checker stops at the first fault; these checks report every one.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/frontend/Names.h"
#include "compiler/frontend/TensorView.h"

#include <functional>
#include <tuple>

namespace ingot {

/// Model-local functions by domain, name and overload.
using FunctionKey = std::tuple<std::string, std::string, std::string>;
using FunctionTable = std::map<FunctionKey, const onnx::FunctionProto *>;
inline FunctionKey functionKey(const onnx::FunctionProto &f) { return {f.domain(), f.name(), f.overload()}; }
inline FunctionKey functionKey(const onnx::NodeProto &n) { return {n.domain(), n.op_type(), n.overload()}; }

struct CheckContext {
  const Opsets &opsets;
  const FunctionTable &functions;
  const ExternalData &external;
  /// Operators outside ONNX that the importer knows; their attributes are its business.
  const std::function<bool(const std::string &domain, const std::string &op)> &isKnownOperator;
  const onnx::FunctionProto *function; // whose body the node belongs to, or null
};

/// Reports what is wrong with the operator, its version, attributes and numbers of inputs and outputs.
/// Names, types and subgraphs are the caller's.
void checkNode(const onnx::NodeProto &node, const CheckContext &context,
               const std::function<void(std::string message, std::string remedy)> &report);

} // namespace ingot
