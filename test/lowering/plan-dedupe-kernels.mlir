// RUN: ingot-opt %s --plan-dedupe-kernels | FileCheck %s

// Equal up to names, comments and the names of symbols: merged, with the comments of both.
// CHECK: plan.kernel @double_a
// CHECK-SAME: doc = ["a", "elementwise", "b"]
// CHECK-NOT: plan.kernel @double_b
// Another constant: another kernel.
// CHECK: plan.kernel @triple
// CHECK: plan.launch @double_a(%arg0, %arg1, %arg2)
// CHECK: plan.launch @double_a(%arg0, %arg2, %arg1)
// CHECK: plan.launch @triple(%arg0, %arg1, %arg2)
plan.model @m {
  plan.kernel @double_a(%n: index, %x: memref<?xf32>, %y: memref<?xf32>)
      attributes {symbols = ["batch"], writes = [2], doc = ["a", "elementwise"], flops = "batch"} {
    %0 = plan.tensor %x strides <"1"> : memref<?xf32> as tensor<?xf32, #nn.shape<"batch">>
    %1 = kernel.generic domain <"batch"> iterators "p" ins(%0 : tensor<?xf32, #nn.shape<"batch">>)
      maps [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>] symbols <> padding [unit] init [unit] dest_of [-1]
      -> tensor<?xf32, #nn.shape<"batch">> {
    ^bb0(%e: f32):
      %c = arith.constant 2.0 : f32
      %m = arith.mulf %e, %c : f32
      kernel.yield %m : f32
    }
    plan.write %1 to %y strides <"1"> : tensor<?xf32, #nn.shape<"batch">>, memref<?xf32>
    plan.return
  }
  plan.kernel @double_b(%n: index, %x: memref<?xf32>, %y: memref<?xf32>)
      attributes {symbols = ["rows"], writes = [2], doc = ["b", "elementwise"], flops = "rows"} {
    %0 = plan.tensor %x strides <"1"> : memref<?xf32> as tensor<?xf32, #nn.shape<"rows">>
    %1 = kernel.generic domain <"rows"> iterators "p" ins(%0 : tensor<?xf32, #nn.shape<"rows">>)
      maps [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>] symbols <> padding [unit] init [unit] dest_of [-1]
      -> tensor<?xf32, #nn.shape<"rows">> {
    ^bb0(%e: f32):
      %c = arith.constant 2.0 : f32
      %m = arith.mulf %e, %c : f32
      kernel.yield %m : f32
    }
    plan.write %1 to %y strides <"1"> : tensor<?xf32, #nn.shape<"rows">>, memref<?xf32>
    plan.return
  }
  plan.kernel @triple(%n: index, %x: memref<?xf32>, %y: memref<?xf32>)
      attributes {symbols = ["batch"], writes = [2], doc = ["c", "elementwise"], flops = "batch"} {
    %0 = plan.tensor %x strides <"1"> : memref<?xf32> as tensor<?xf32, #nn.shape<"batch">>
    %1 = kernel.generic domain <"batch"> iterators "p" ins(%0 : tensor<?xf32, #nn.shape<"batch">>)
      maps [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>] symbols <> padding [unit] init [unit] dest_of [-1]
      -> tensor<?xf32, #nn.shape<"batch">> {
    ^bb0(%e: f32):
      %c = arith.constant 3.0 : f32
      %m = arith.mulf %e, %c : f32
      kernel.yield %m : f32
    }
    plan.write %1 to %y strides <"1"> : tensor<?xf32, #nn.shape<"batch">>, memref<?xf32>
    plan.return
  }
  plan.entry @run(%batch: index, %a: memref<?xf32>, %b: memref<?xf32>) {
    plan.launch @double_a(%batch, %a, %b) : index, memref<?xf32>, memref<?xf32>
    plan.launch @double_b(%batch, %b, %a) : index, memref<?xf32>, memref<?xf32>
    plan.launch @triple(%batch, %a, %b) : index, memref<?xf32>, memref<?xf32>
    plan.return
  }
}
