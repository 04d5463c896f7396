//===- Sequence.h - sequences and optionals at import -------------------------------===//
//
// A sequence whose items are known never exists at run time: rules look through the call that made it, and the call dies when
// nothing else needs it. What is left works on handles, by templates of runtime/ops. Optionals likewise.
//
//===----------------------------------------------------------------------===//
#ifndef INGOT_COMPILER_IMPORT_RULES_SEQUENCE_H
#define INGOT_COMPILER_IMPORT_RULES_SEQUENCE_H

#include "compiler/import/NodeImport.h"

namespace ingot::rules {

/// The number of items, if it is known at compile time. Then `knownItem` gives each as a tensor.
std::optional<int64_t> knownLength(mlir::Value sequence);
mlir::Value knownItem(NodeImport &n, mlir::Value sequence, int64_t k);

/// The item at a position that is known or a small integer tensor; null after a refusal.
mlir::Value itemAt(NodeImport &n, mlir::Value sequence, mlir::Value position);

/// `v` where a value of kind `type` is expected: a value becomes an optional that has it, and the reverse. Null if it cannot.
mlir::Value asKind(NodeImport &n, mlir::Value v, mlir::Type type);

} // namespace ingot::rules
#endif
