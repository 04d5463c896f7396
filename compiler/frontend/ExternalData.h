//===- ExternalData.h - Tensor bytes that lie outside the protobuf message ===//
//
// Two kinds: ONNX's own external data, in files beside the model, and large initializers of the model file
// itself, which ParseModel leaves where they are. Both become slices of mapped files; nothing is copied.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/frontend/MappedFile.h"

#include <map>
#include <onnx/onnx_pb.h>
#include <optional>
#include <vector>

namespace ingot {

struct ExternalSlice {
  std::shared_ptr<const MappedFile> file;
  uint64_t offset = 0, length = 0;

  std::span<const uint8_t> bytes() const { return file->bytes().subspan(offset, length); }
};

class ExternalData {
public:
  /// `folder` is the model's; no data is read from outside it. `model` may be null (a model made in memory).
  explicit ExternalData(std::filesystem::path folder = {}, std::shared_ptr<const MappedFile> model = nullptr)
      : folder(std::move(folder)), model(std::move(model)) {}

  /// Finds the `expected` bytes of a tensor whose data_location is EXTERNAL.
  std::optional<ExternalSlice> resolve(const onnx::TensorProto &tensor, uint64_t expected,
                                       Problem &problem) const;

  /// The files beside the model that have been opened.
  std::vector<std::filesystem::path> files() const;

private:
  std::shared_ptr<const MappedFile> open(const std::string &location, Problem &problem) const;

  std::filesystem::path folder;
  std::shared_ptr<const MappedFile> model;
  mutable std::map<std::string, std::shared_ptr<const MappedFile>> opened;
};

/// The key of external_data that, with value "1", stands for the model file itself instead of a location.
inline constexpr const char *kInModelFile = "ingot.in_model_file";

} // namespace ingot
