//===- Pipeline.cpp - the passes, in order: one flat list ------------------------------===//
#include "lowering/Pipeline.h"
#include "mlir/Transforms/Passes.h"

namespace ingot {

void addNnPasses(mlir::PassManager &pm, FunctionExpander *expander) {
  pm.addPass(createConvertOnnxToNn(expander));
  pm.addPass(mlir::createCanonicalizerPass());
  pm.addPass(mlir::createCSEPass());
}

void addKernelPasses(mlir::PassManager &pm, const Machine &machine, bool optimise) {
  pm.addPass(createConvertNnToKernel());
  pm.addPass(mlir::createCanonicalizerPass());
  pm.addPass(mlir::createCSEPass());
}

void addPlanPasses(mlir::PassManager &pm, const Machine &machine, bool optimise) {
  pm.addPass(createBuildPlan());
  pm.addPass(createPlanArena());
  pm.addPass(mlir::createCanonicalizerPass());
}

} // namespace ingot
