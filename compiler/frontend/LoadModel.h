//===- LoadModel.h - From a file to a model that later stages may trust ---===//
#pragma once

#include "compiler/frontend/Functions.h"
#include "compiler/frontend/ValidateModel.h"

namespace ingot {

struct LoadOptions {
  /// Operators outside the standard domains that the importer knows. All others are refused.
  OperatorFilter isKnownOperator;
  /// Initializers larger than this stay in the mapped file.
  size_t inlineBytes = 4096;
  /// Let ONNX's shape inference add value_info where it can. They are hints: nothing may depend on them.
  bool inferHints = true;
};

/// A valid model: sorted, without functions of its own, without sparse initializers, in normal form.
struct LoadedModel {
  onnx::ModelProto proto;
  Opsets opsets;
  std::shared_ptr<const MappedFile> file; // the model file's bytes; null for a model made in memory
  ExternalData external;                  // what viewTensor needs for the model's tensors

  const onnx::GraphProto &graph() const { return proto.graph(); }
};

/// Null if the diagnostics have errors. Throws nothing.
std::unique_ptr<LoadedModel> loadModel(const std::filesystem::path &path, const LoadOptions &options,
                                       Diagnostics &diagnostics);

/// The same for a model in memory, whose external data lies in `folder`.
std::unique_ptr<LoadedModel> loadModel(onnx::ModelProto proto, const std::filesystem::path &folder,
                                       const LoadOptions &options, Diagnostics &diagnostics);

} // namespace ingot
