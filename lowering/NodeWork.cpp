//===- NodeWork.cpp -----------------------------------------------------------------===//
#include "lowering/NodeWork.h"
#include "dialects/support/LocationNames.h"
#include "lowering/DescribeKernel.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;
namespace ingot {

namespace {
struct CountNodeWork : PassWrapper<CountNodeWork, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(CountNodeWork)
  NodeWork &work;
  explicit CountNodeWork(NodeWork &work) : work(work) {}
  StringRef getArgument() const override { return "count-node-work"; }

  void runOnOperation() override {
    getOperation()->walk<WalkOrder::PreOrder>([&](Operation *inner) {
      if (!isa<kernel::LoopNestInterface, kernel::FusedOp>(inner))
        return WalkResult::advance();
      SmallVector<std::string> names = provenanceOf(inner);
      if (names.empty())
        return WalkResult::skip();
      forEachFlops(inner, [&](Operation *by, const DimExpr &flops) {
        std::string own = nameAt(by->getLoc()).str();
        DimExpr &sum = work[llvm::is_contained(names, own) ? own : names.front()];
        sum = sum + flops;
      });
      return WalkResult::skip();
    });
    markAllAnalysesPreserved();
  }
};
} // namespace

std::unique_ptr<Pass> createNodeWork(NodeWork &work) { return std::make_unique<CountNodeWork>(work); }

} // namespace ingot
