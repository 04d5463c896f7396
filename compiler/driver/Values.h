//===- Values.h - tensors, sequences and optionals outside a library --------------===//
#ifndef INGOT_COMPILER_DRIVER_VALUES_H
#define INGOT_COMPILER_DRIVER_VALUES_H

#include "codegen/package/LibrarySpec.h"
#include <optional>
#include <string>
#include <vector>

namespace ingot {

struct Tensor {
  int type = 0; // TensorProto.DataType
  std::vector<int64_t> dims;
  std::string bytes; // raw little-endian elements, packed below 8 bits
  std::vector<std::string> strings;
  int64_t count() const;
};
/// "f32[2,4]".
std::string describe(const Tensor &t);

/// One input or output.
struct TensorValue {
  package::ValueKind kind = package::ValueKind::Tensor;
  bool present = true;          // optionals
  std::vector<Tensor> items;    // one, or those of a sequence
};

/// Reads a TensorProto, SequenceProto or OptionalProto, as `kind` says; or a .npy file. On failure says why.
std::optional<TensorValue> readValue(const std::string &path, package::ValueKind kind, std::string &problem);
bool writeProto(const std::string &path, const TensorValue &value, const std::string &name);
bool writeNpy(const std::string &path, const Tensor &tensor);
/// The runner's own format (runtime/runner/runner.cpp).
bool writeRaw(const std::string &path, const TensorValue &value);
std::optional<TensorValue> readRaw(const std::string &path, package::ValueKind kind, int type, const std::string &shape);

/// A seeded input: floats normal, integers small, bools mixed. The same for equal (seed, type, dims).
Tensor seededTensor(uint64_t seed, int type, const std::vector<int64_t> &dims);

/// How an output compares with what is expected.
struct Match {
  bool ok = false;
  double maxAbs = 0, maxRel = 0, tolerance = 0;
  double maxUlp = 0;
  std::string problem; // shape or type differs, where
};
/// api.md: floats within 1e-4 of the largest finite expected value (1e-6 if all are zero); others exact; NaN equals NaN.
Match compare(const Tensor &actual, const Tensor &expected, double relative = 1e-4);

} // namespace ingot
#endif
