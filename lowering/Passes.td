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

def KernelSchedule : IngotPass<"kernel-schedule"> {
  let summary = "Chooses register tiles for contractions and lays their second factor out in panels";
  let description = [{
    One cost function over the machine row (registers, lanes, caches) and the sizes. A factor that is a weight is packed at compile time
    (hoist-constants evaluates the packing), another one where many rows use it and its columns are not contiguous. An image with few
    channels, or with padding other than zero, gets its border in a copy.

    Before:
    ```mlir
    %y = kernel.contract domain <"196", "256", "1024"> kinds "mnk" ins(%x, %w : tensor<196x1024xf32>, tensor<1024x256xf32>) …
    ```
    After, with target=x86-64-v4:
    ```mlir
    %p = kernel.generic domain <"4", "1024", "64"> iterators "ppp" ins(%w : tensor<1024x256xf32>)
           maps [affine_map<(d0, d1, d2) -> (d1, d0 * 64 + d2)>, …] … -> tensor<4x1024x64xf32> { … }
    %y = kernel.contract domain <"196", "256", "1024"> kinds "mnk" tile <6 x 64, packed = true> ins(%x, %p : …)
           maps [(m, n, k) -> (m, k), (m, n, k) -> (n floordiv 64, k, n mod 64), …] …
    ```
  }];
  let options = [Option<"target", "target", "std::string", "\"x86-64-v3\"", "machine row, with +features">];
}

def ExpandKernels : IngotPass<"expand-kernels"> {
  let summary = "Kernels become loops over flat buffers, scalar or at the target's vector width";
  let description = [{
    Each plan.kernel of one kernel.generic, kernel.contract or kernel.fused becomes a loop over tiles with explicit addresses. Launches get
    the number of tiles, computed from the kernel's index arguments.

    Before:
    ```mlir
    plan.kernel @relu(%x: memref<?xf32>, %y: memref<?xf32>) attributes {writes = [1]} {
      %0 = plan.tensor %x strides <"1"> : memref<?xf32> as tensor<4096xf32>
      %1 = kernel.generic domain <"4096"> iterators "p" ins(%0 : tensor<4096xf32>) … { … arith.maximumf … }
      plan.write %1 to %y strides <"1"> : tensor<4096xf32>, memref<?xf32>
      plan.return
    }
    ```
    After, with target=x86-64-v4:
    ```mlir
    plan.kernel @relu(%x: memref<?xf32>, %y: memref<?xf32>) attributes {target = "x86_64_v4", writes = [1]} {
      %zero = arith.constant dense<0.0> : vector<16xf32>
      scf.forall (%tile) in (1) {
        scf.for %i0 = %c0 to %c4096 step %c16 {
          %v = vector.load %x[%i0] : memref<?xf32>, vector<16xf32>
          %r = arith.maximumf %v, %zero : vector<16xf32>
          vector.store %r, %y[%i0] : memref<?xf32>, vector<16xf32>
        }
      }
      plan.return
    }
    ```
  }];
  let options = [Option<"target", "target", "std::string", "\"x86-64-v3\"", "machine row, with +features; x86-64-v2 is scalar code">];
}
#endif
