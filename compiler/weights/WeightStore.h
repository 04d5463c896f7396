//===- WeightStore.h - the bytes behind nn.weight ---------------------------------===//
//
// Every nn.weight names bytes in the WeightStore of its MLIRContext; the IR shows only their SHA-256. Equal
// bytes are kept once. Bytes of a weight leave memory when nobody reads them, and leave the store with the last
// name that stands for them.
//
// In textual IR (tests) a weight may say how to make its bytes instead:
//   nn.weight @w tensor<4x8xf32> "" {fill = "iota"}         0, 1, 2, …
//   nn.weight @v tensor<4x8xf32> "" {fill = "random:7"}     floats in [-1, 1), integers of 8 values around 0 (unsigned: from 0)
//
//===----------------------------------------------------------------------===//
#ifndef INGOT_COMPILER_WEIGHTS_WEIGHTSTORE_H
#define INGOT_COMPILER_WEIGHTS_WEIGHTSTORE_H

#include "compiler/weights/WeightBytes.h"
#include "dialects/nn/Nn.h"
#include "llvm/ADT/StringMap.h"

namespace ingot {

class WeightStore {
public:
  WeightStore() = default;
  WeightStore(const WeightStore &) = delete;
  /// The store of this context; made on first call.
  static WeightStore &of(mlir::MLIRContext *context);

  /// Adds a weight of `type` (static shape; dense, row-major, little-endian) under `name`, which must be free. Returns the
  /// name to use: that of an earlier weight of the same type and bytes, if there is one, else `name`.
  llvm::StringRef add(llvm::StringRef name, mlir::RankedTensorType type, WeightBytes bytes);
  /// Likewise from an element type and dimensions.
  llvm::StringRef add(llvm::StringRef name, mlir::Type element, llvm::ArrayRef<int64_t> dims, WeightBytes bytes);
  bool has(llvm::StringRef name) const { return weights.contains(name); }
  /// A name, derived from `base`, that no weight has.
  std::string freeName(llvm::StringRef base) const;

  mlir::RankedTensorType type(llvm::StringRef name) const;
  llvm::ArrayRef<char> bytes(llvm::StringRef name) const;
  /// The bytes with their owner: they outlive the name.
  WeightBytes share(llvm::StringRef name) const;
  /// SHA-256 of the bytes, 64 hexadecimal digits.
  llvm::StringRef contentHash(llvm::StringRef name) const;
  /// The caller has read this weight and will not soon again: file-backed pages may leave memory.
  void dropPages(llvm::StringRef name) const;
  /// Nobody will ask for this name again. Its bytes go if no other name stands for them.
  void release(llvm::StringRef name);

  /// Makes the bytes of a weight with `fill` if they are not there yet. Fails with a diagnostic if there are none.
  mlir::LogicalResult require(nn::WeightOp weight);
  /// Creates the nn.weight of a stored name at `b`.
  nn::WeightOp declare(mlir::OpBuilder &b, mlir::Location loc, llvm::StringRef name) const;

  size_t size() const { return weights.size(); }
  /// Bytes held, each content once.
  uint64_t heldBytes() const;

private:
  struct Content {
    WeightBytes bytes;
    std::string hash;
    llvm::SmallVector<std::string, 1> names;
  };
  struct Weight {
    mlir::RankedTensorType type;
    std::shared_ptr<Content> content;
  };
  const Weight &get(llvm::StringRef name) const;
  llvm::StringMap<Weight> weights;
  llvm::StringMap<std::shared_ptr<Content>> contents; // by hash
};

} // namespace ingot
#endif
