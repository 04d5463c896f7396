//===- ValidateModel.h - Everything that can be wrong with a model file ---===//
#pragma once

#include "compiler/frontend/CheckNode.h"

namespace ingot {

using OperatorFilter = std::function<bool(const std::string &domain, const std::string &op)>;

/// Removes types that exporters and ONNX's inference note inside a graph (value_info, subgraphs' inputs and
/// outputs) if they make no sense, such as negative sizes. They are hints: the model is no worse without
/// them.
void dropUnsoundHints(onnx::GraphProto &graph);

/// Writes the domain "ai.onnx" as "" everywhere and drops unsound hints and metadata that only the
/// front end may set.
void normalizeModel(onnx::ModelProto &model);

/// Reports all faults of a normalized model and puts its nodes in topological order. Without errors, later
/// stages may rely on: known operators with well-formed attributes, every name defined once and before its
/// use, tensors whose bytes fit their shapes, acyclic function calls, bounded nesting.
void validateModel(onnx::ModelProto &model, const ExternalData &external,
                   const OperatorFilter &isKnownOperator, Diagnostics &diagnostics);

} // namespace ingot
