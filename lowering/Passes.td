//===- Passes.td - every pass: one record, one file of the same stem ---------===//
#ifndef INGOT_PASSES
#define INGOT_PASSES
include "mlir/Pass/PassBase.td"

// A pass may meet values of every level below its own.
class IngotPass<string flag, string op = "::mlir::ModuleOp"> : Pass<flag, op> {
  let dependentDialects = ["::ingot::nn::NnDialect", "::ingot::kernel::KernelDialect", "::ingot::plan::PlanDialect", "::ingot::isa_ir::IsaDialect",
    "::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::scf::SCFDialect", "::mlir::memref::MemRefDialect",
    "::mlir::vector::VectorDialect", "::mlir::func::FuncDialect"];
}

def ConvertNnToKernel : IngotPass<"convert-nn-to-kernel"> {
  let summary = "Rewrites every nn operator as kernel operators through its `lower` method";
  let description = [{
    Before:
    ```mlir
    %y = nn.relu %x : (tensor<4xf32>) -> tensor<4xf32>
    ```
    After:
    ```mlir
    %y = kernel.generic domain #nn.shape<"4"> iterators "p" ins(%x : tensor<4xf32>) ... {
    ^bb0(%e: f32):
      %zero = arith.constant 0.0 : f32
      %0 = arith.maximumf %e, %zero : f32
      kernel.yield %0 : f32
    }
    ```
    nn.get_weight, nn.constant, nn.bind, nn.call, nn.if and nn.loop stay for build-plan.
  }];
}

def HoistConstants : IngotPass<"hoist-constants"> {
  let summary = "Runs kernels that depend on weights and constants alone at compile time";
  let description = [{
    A kernel.generic, contract, fused or view of static shape whose operands are nn.get_weight, nn.constant or results of such
    operations is evaluated (through the JIT, on a fixed baseline CPU), straight into the WeightStore, and a new nn.weight replaces what the
    run-time graph reads of it. Operations that compute the same are compiled once. What grows stays for run time: a result is hoisted if it has at most `max-growth`
    times the bytes of the weights behind it, or at most `small-bytes`, or its operation has the unit attribute `hoist_always`.
    What depends on nn.constant alone and has at most 256 elements becomes nn.constant again.

    The new weight is named after the largest weight behind it; the suffix is the operation's `hoist_as`, else `packed` (elements only
    moved), `reshaped` or `folded`. `from` lists the weights behind it, `recipe` says what was computed last. Weights without
    further use leave the module and the store.

    Before:
    ```mlir
    nn.weight @w tensor<64x32xf32> "9f…"
    %w = nn.get_weight @w : tensor<64x32xf32>
    %t = kernel.generic … ins(%w) maps [(d0, d1) -> (d1, d0), (d0, d1) -> (d0, d1)] … { ^bb0(%e: f32): kernel.yield %e : f32 }
    %y = kernel.contract … ins(%x, %t) …
    ```
    After:
    ```mlir
    nn.weight @w.packed tensor<32x64xf32> "3c…" {from = ["w"], recipe = "elementwise over 32 x 64"}
    %t = nn.get_weight @w.packed : tensor<32x64xf32>
    %y = kernel.contract … ins(%x, %t) …
    ```
  }];
  let options = [
    Option<"maxGrowth", "max-growth", "double", "1.3", "largest ratio of hoisted bytes to the bytes of the weights behind them">,
    Option<"smallBytes", "small-bytes", "int64_t", "65536", "results of at most so many bytes may grow more">
  ];
  let statistics = [
    Statistic<"numEvaluated", "evaluated", "operations run at compile time">,
    Statistic<"numRecipes", "recipes", "distinct kernels compiled for it">
  ];
}

def PlanDedupeKernels : IngotPass<"plan-dedupe-kernels"> {
  let summary = "Merges kernels that compute the same";
  let description = [{
    Kernels that are equal up to their names, comments and the names of their symbols become one; launches are redirected, and the
    survivor (the first) says for whom it works.

    Before:
    ```mlir
    plan.kernel @relu_1(%batch: index, …) attributes {doc = ["a"], symbols = ["batch"]} { … }
    plan.kernel @relu_2(%rows: index, …) attributes {doc = ["b"], symbols = ["rows"]} { … }
    plan.entry … { plan.launch @relu_1(…) plan.launch @relu_2(…) }
    ```
    After:
    ```mlir
    plan.kernel @relu_1(%batch: index, …) attributes {doc = ["a", "b"], symbols = ["batch"]} { … }
    plan.entry … { plan.launch @relu_1(…) plan.launch @relu_1(…) }
    ```
  }];
}
#endif
