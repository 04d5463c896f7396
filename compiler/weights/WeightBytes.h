//===- WeightBytes.h - bytes and what keeps them alive --------------------------===//
#ifndef INGOT_COMPILER_WEIGHTS_WEIGHTBYTES_H
#define INGOT_COMPILER_WEIGHTS_WEIGHTBYTES_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <memory>

namespace ingot {

/// A run of bytes with shared ownership; copies of a WeightBytes are views of the same memory.
class WeightBytes {
public:
  WeightBytes() = default;
  /// A copy on the heap.
  static WeightBytes copy(llvm::ArrayRef<char> bytes);
  /// Memory that somebody else owns and `owner` keeps alive, such as a protobuf message. `inMappedFile` says that its pages
  /// are those of a file, mapped read-only: only then may they leave memory.
  static WeightBytes borrow(llvm::ArrayRef<char> bytes, std::shared_ptr<const void> owner, bool inMappedFile = false);
  /// A part of a file, mapped read-only. Fails if the file is shorter.
  static llvm::Expected<WeightBytes> mapFile(llvm::StringRef path, uint64_t offset, uint64_t size);
  /// Zeros to be written once: on the heap, or, from 1 MiB on, in an unlinked temporary file, so that finished results
  /// can leave memory.
  static WeightBytes scratch(uint64_t size);
  /// A part of these bytes; keeps the whole alive.
  WeightBytes slice(uint64_t offset, uint64_t size) const;

  llvm::ArrayRef<char> data() const { return {begin, size}; }
  uint64_t bytes() const { return size; }
  /// Only for what scratch() gave.
  llvm::MutableArrayRef<char> writable() { return {const_cast<char *>(begin), size}; }
  /// Tells the system that file-backed pages may leave memory; they come back when they are read.
  void dropPages() const;

private:
  std::shared_ptr<const void> owner;
  const char *begin = nullptr;
  uint64_t size = 0;
  bool mapped = false;
};

} // namespace ingot
#endif
