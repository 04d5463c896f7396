//===- NodeWork.cpp -----------------------------------------------------------------===//
#include "lowering/NodeWork.h"
#include "lowering/DescribeKernel.h"
#include "lowering/Passes.h"

using namespace mlir;
namespace ingot {

namespace {
struct Watch : PassInstrumentation {
  NodeWork &work;
  explicit Watch(NodeWork &work) : work(work) {}
  void runAfterPass(Pass *pass, Operation *op) override {
    if (pass->getArgument() != "hoist-constants")
      return;
    op->walk<WalkOrder::PreOrder>([&](Operation *inner) {
      if (!isa<kernel::LoopNestInterface, kernel::FusedOp>(inner))
        return WalkResult::advance();
      DimExpr flops = flopsOf(inner);
      auto names = provenanceOf(inner);
      if (!names.empty() && !flops.isConstant(0))
        work[names.front()] = work[names.front()] + flops;
      return WalkResult::skip();
    });
  }
};
} // namespace

std::unique_ptr<PassInstrumentation> watchNodeWork(NodeWork &work) { return std::make_unique<Watch>(work); }

} // namespace ingot
