//===- Pipeline.cpp - the passes, in order: one flat list ------------------------------===//
#include "lowering/Pipeline.h"
#include "mlir/Transforms/Passes.h"

namespace ingot {

void addNnPasses(mlir::PassManager &pm, OperatorDefinitions *definitions) {
  pm.addPass(createConvertOnnxToNn(definitions));
  pm.addPass(mlir::createCanonicalizerPass());
  pm.addPass(mlir::createCSEPass());
  pm.addPass(createNnLayout());
  pm.addPass(mlir::createCanonicalizerPass());
  pm.addPass(mlir::createCSEPass());
}

void addKernelPasses(mlir::PassManager &pm, llvm::ArrayRef<Machine> machines, bool optimise, NodeWork *work) {
  pm.addPass(createConvertNnToKernel());
  pm.addPass(mlir::createCanonicalizerPass());
  pm.addPass(mlir::createCSEPass());
  if (optimise) {
    // Transposes and the like end in the factors' maps before those are laid out.
    pm.addPass(createKernelFuseProducers({/*movementOnly=*/true}));
    pm.addPass(createKernelSchedule({listOf(machines)}));
    pm.addPass(createKernelReadPacked());
  }
  pm.addPass(createHoistConstants());
  if (optimise && llvm::any_of(machines, [](const Machine &m) { return m.slowSubnormals; }))
    pm.addPass(createFlushSubnormals());
  if (work)
    pm.addPass(createNodeWork(*work));
  if (optimise) {
    pm.addPass(createKernelFuseProducers());
    pm.addPass(createKernelFuseEpilogues());
    if (machines.front().kind == MachineKind::Cpu) { // on CUDA a row would be one thread's
      pm.addPass(createKernelFuseRows());
      pm.addPass(createKernelFewRows());
    }
  }
  pm.addPass(mlir::createCanonicalizerPass());
  pm.addPass(mlir::createCSEPass());
}

void addPlanPasses(mlir::PassManager &pm) {
  pm.addPass(createBuildPlan());
  pm.addPass(createPlanDedupeKernels());
  pm.addPass(createPlanArena());
}

void addTargetPasses(mlir::PassManager &pm, const Machine &machine, bool optimise) {
  pm.addPass(createExpandKernels({optimise || machine.kind == MachineKind::Cuda ? machine.name : "x86-64-v2"}));
  // Upstream's canonicalisation would undo the form of expanded kernels (one-tile loops, masks).
  pm.addPass(mlir::createCSEPass());
}

} // namespace ingot
