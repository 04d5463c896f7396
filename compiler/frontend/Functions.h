//===- Functions.h - Calls of functions become the nodes of their bodies --===//
//
// A model may define functions of its own; they are inlined once, when it is loaded. ONNX defines many
// operators by a function as well; the importer expands those it does not know, one node at a time.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/frontend/CheckNode.h"

namespace ingot {

/// The functions that finish (callees before callers), and those that call themselves somehow.
struct CallOrder {
  std::vector<const onnx::FunctionProto *> calleesFirst, recursive;
};
CallOrder orderFunctions(const onnx::ModelProto &model, const FunctionTable &functions);

/// Replaces all calls of the model's own functions, subgraphs included, and removes the functions.
/// New nodes are called "call/node", new values "call/value"; where a function's opset differs in meaning
/// from the model's, its nodes carry kNodeOpset. Requires a valid model; refuses absurd growth.
bool inlineFunctions(onnx::ModelProto &model, Problem &problem);

/// Expands `node` by the function that its operator's schema defines for the opset in force.
/// `inputTypes` has one type per input (an empty TypeProto where unknown): bodies may depend on them.
/// The nodes refer to the node's own input and output names; other values are called "output::value", and
/// nodes carry kNodeOpset where the body is written for another opset than `model`'s. Returns false with a
/// reason if there is no function or it does not apply to these types.
bool expandSchemaFunction(const onnx::NodeProto &node, const std::vector<onnx::TypeProto> &inputTypes,
                          const Opsets &model, std::vector<onnx::NodeProto> &nodes, std::string &reason);

} // namespace ingot
