//===- ConvertNnToKernel.cpp ------------------------------------------------------===//
#include "lowering/Passes.h"
#include "dialects/nn/Shape.h"

using namespace mlir;
namespace ingot {
#define GEN_PASS_DEF_CONVERTNNTOKERNEL
#include "lowering/Passes.h.inc"

namespace {
struct ConvertNnToKernel : impl::ConvertNnToKernelBase<ConvertNnToKernel> {
  void runOnOperation() override {
    // A lowering may build further nn operators (softmax does): repeat until none is left.
    for (bool changed = true; changed;) {
      changed = false;
      SmallVector<Operation *> work;
      getOperation().walk([&](nn::LowerInterface op) { work.push_back(op); });
      for (Operation *op : work) {
        OpBuilder b(op);
        auto results = cast<nn::LowerInterface>(op).lower(b);
        if (failed(results))
          return signalPassFailure();
        op->replaceAllUsesWith(*results);
        op->erase();
        changed = true;
      }
    }
  }
};
} // namespace
} // namespace ingot
