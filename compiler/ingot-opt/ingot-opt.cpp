//===- ingot-opt.cpp - runs Ingot's passes on IR files, for tests and study ----===//
#include "dialects/RegisterDialects.h"
#include "lowering/Passes.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  ingot::registerDialects(registry);
  ingot::registerPasses();
  mlir::registerTransformsPasses();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "Ingot's optimiser driver\n", registry));
}
