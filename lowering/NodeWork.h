//===- NodeWork.h - arithmetic of a model's nodes, seen before fusion ---------------===//
#ifndef INGOT_LOWERING_NODEWORK_H
#define INGOT_LOWERING_NODEWORK_H

#include "dialects/support/DimExpr.h"
#include "mlir/Pass/Pass.h"
#include <map>
#include <memory>

namespace ingot {

/// FLOP of one run by the names of nodes: of a loop nest that several share, each has that of the scalars that came from it. Within a
/// loop: of one iteration.
using NodeWork = std::map<std::string, DimExpr>;

/// An analysis that fills `work`. It belongs where each kernel still belongs to one node, and what depends on constants alone is
/// gone: behind hoist-constants.
std::unique_ptr<mlir::Pass> createNodeWork(NodeWork &work);

} // namespace ingot
#endif
