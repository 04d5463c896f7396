//===- ingot-reduce.cpp - makes an IR file small that shows a fault ----===//
#include "compiler/ingot-opt/ReductionPatterns.h"
#include "dialects/RegisterDialects.h"
#include "lowering/Passes.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Tools/mlir-reduce/MlirReduceMain.h"
#include "mlir/Transforms/Passes.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  ingot::registerDialects(registry);
  ingot::registerReductionPatterns(registry);
  ingot::registerPasses();
  mlir::registerTransformsPasses();
  mlir::MLIRContext context(registry);
  return mlir::failed(mlir::mlirReduceMain(argc, argv, context));
}
