#ifndef INGOT_TEST_LOWERING_WEIGHTPASSTEST_H
#define INGOT_TEST_LOWERING_WEIGHTPASSTEST_H

#include "compiler/weights/WeightStore.h"
#include "dialects/RegisterDialects.h"
#include "lowering/Passes.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include <gtest/gtest.h>

/// A pass that changes weights: a module and the store behind it.
struct WeightPassTest : testing::Test {
  mlir::DialectRegistry registry;
  mlir::MLIRContext context{(ingot::registerDialects(registry), registry)};
  ingot::WeightStore &store = ingot::WeightStore::of(&context);
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::string diagnostics;
  mlir::ScopedDiagnosticHandler handler{&context, [&](mlir::Diagnostic &d) { diagnostics += d.str() + "\n"; }};

  void run(const std::string &text, std::unique_ptr<mlir::Pass> pass) {
    module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    ASSERT_TRUE(bool(module)) << diagnostics;
    mlir::PassManager pm(&context);
    pm.addPass(std::move(pass));
    ASSERT_TRUE(succeeded(pm.run(*module))) << diagnostics;
    ASSERT_EQ(diagnostics, "");
  }
};

#endif
