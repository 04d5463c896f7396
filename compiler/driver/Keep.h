//===- Keep.h - intermediate values as outputs (verify --keep) ----------------------===//
#ifndef INGOT_COMPILER_DRIVER_KEEP_H
#define INGOT_COMPILER_DRIVER_KEEP_H

#include "compiler/import/ModelImporter.h"

namespace ingot {

/// A value that a node of the main graph computes.
struct KeptValue {
  std::string name, node, op;
  bool isNamed; // on the command line, not by 'all' alone
};

struct KeptValues {
  std::vector<KeptValue>
      values; // in the order of the nodes; the model's own outputs are among them where they are asked for
  std::set<std::string> added;           // those of them that are no outputs by the model's own word
  std::map<std::string, size_t> leftOut; // what 'all' does not reach: "sequence" to how many
};

/// Makes the values that `names` asks for ("all": every one) outputs of the graph, behind the model's own:
/// whatever comes later sees a model with more outputs. Names that stand for no such value are errors, all of
/// them in one report. `model` is valid, its nodes are in topological order.
KeptValues keepValues(LoadedModel &model, const std::vector<std::string> &names, Diagnostics &diagnostics);

/// Tells conversion (attribute `ingot.kept`) which outputs may be dropped because they are no tensors of
/// numbers.
void markKept(const KeptValues &kept, mlir::func::FuncOp function);
/// Takes what conversion dropped out of `kept` and counts it in leftOut; where the command line names it,
/// that is an error.
void takeOutDropped(KeptValues &kept, const LoadedModel &model, const ImportedTypes &types,
                    mlir::func::FuncOp function, Diagnostics &diagnostics);

} // namespace ingot
#endif
