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

  /// A thread waits for each load of its sums unless many are under way.
  void unrollSums() {
    Builder b(&getContext());
    getOperation().walk([&](scf::ForOp loop) {
      bool innermost = !loop.getBody()->walk([](scf::ForOp) { return WalkResult::interrupt(); }).wasInterrupted();
      if (innermost && loop.getNumRegionIterArgs() && !loop->hasAttr("plan.unroll"))
        loop->setAttr("plan.unroll", b.getI64IntegerAttr(16));
    });
  }

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
    if (machine->kind == MachineKind::Cuda)
      unrollSums();
    getOperation().walk([&](plan::LaunchOp launch) {
      auto kernel = SymbolTable::lookupNearestSymbolFrom<plan::KernelOp>(launch, launch.getKernelAttr());
      if (!kernel || launch.getTiles())
        return;
      if (kernel.getBody().getOps<scf::ForallOp>().empty()) { // an empty tensor: nothing to write
        launch.erase();
        return;
      }
      OpBuilder b(launch);
      launch.getTilesMutable().assign(tileCount(b, launch.getLoc(), kernel, launch.getArgs()));
    });
    getOperation().walk([&](plan::KernelOp kernel) {
      if (kernel->hasAttr("target") && kernel.getBody().getOps<scf::ForallOp>().empty())
        kernel.erase();
    });
  }
};
} // namespace
} // namespace ingot
