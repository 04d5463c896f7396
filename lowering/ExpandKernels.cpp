//===- ExpandKernels.cpp ----------------------------------------------------------===//
#include "lowering/Passes.h"
#include "lowering/expand/Expand.h"

using namespace mlir;
namespace ingot {
#define GEN_PASS_DEF_EXPANDKERNELS
#include "lowering/Passes.h.inc"

namespace {
struct ExpandKernels : impl::ExpandKernelsBase<ExpandKernels> {
  using Base::Base;

  void runOnOperation() override {
    auto machine = findMachine(target);
    if (!machine) {
      getOperation().emitError() << "there is no target '" << target << "'; one of " << llvm::join(machineNames(), ", ");
      return signalPassFailure();
    }
    bool ok = true;
    getOperation().walk([&](plan::KernelOp kernel) {
      if (!kernel->hasAttr("target"))
        ok &= succeeded(expandKernel(kernel, *machine));
    });
    if (!ok)
      return signalPassFailure();
    getOperation().walk([&](plan::LaunchOp launch) {
      auto kernel = SymbolTable::lookupNearestSymbolFrom<plan::KernelOp>(launch, launch.getKernelAttr());
      if (!kernel || launch.getTiles())
        return;
      OpBuilder b(launch);
      launch.getTilesMutable().assign(tileCount(b, launch.getLoc(), kernel, launch.getArgs()));
    });
  }
};
} // namespace
} // namespace ingot
