//===- MappedFile.h - A read-only file in memory --------------------------===//
#pragma once

#include "compiler/frontend/Diagnostics.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

namespace ingot {

class MappedFile {
public:
  /// Maps a regular file; null with a problem for anything else (folders, pipes, missing files).
  static std::shared_ptr<const MappedFile> open(const std::filesystem::path &path, Problem &problem);
  ~MappedFile();
  MappedFile(const MappedFile &) = delete;
  MappedFile &operator=(const MappedFile &) = delete;

  std::span<const uint8_t> bytes() const { return {data, size}; }
  const std::filesystem::path &path() const { return where; }

private:
  MappedFile() = default;
  std::filesystem::path where;
  const uint8_t *data = nullptr;
  size_t size = 0;
};

} // namespace ingot
