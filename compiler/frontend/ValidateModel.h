//===- ValidateModel.h - Everything that can be wrong with a model file ---===//
#pragma once

#include "compiler/frontend/CheckNode.h"

namespace ingot {

using OperatorFilter = std::function<bool(const std::string &domain, const std::string &op)>;

/// Writes the domain "ai.onnx" as "" everywhere and drops metadata that only the front end may set.
void normalizeModel(onnx::ModelProto &model);

/// Reports all faults of a normalized model and puts its nodes in topological order. Without errors, later
/// stages may rely on: known operators with well-formed attributes, every name defined once and before its
/// use, tensors whose bytes fit their shapes, acyclic function calls, bounded nesting.
void validateModel(onnx::ModelProto &model, const ExternalData &external, const OperatorFilter &isKnownOperator,
                   Diagnostics &diagnostics);

} // namespace ingot
