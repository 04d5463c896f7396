// RUN: ingot-opt %s --expand-kernels=target=x86-64-v4 | FileCheck %s --check-prefixes CHECK,V4
// RUN: ingot-opt %s --expand-kernels=target=x86-64-v2 | FileCheck %s --check-prefixes CHECK,SCALAR

// One vector at a time, the rest under a mask; scalar targets one element at a time. Every address is explicit, no tensor is left.
// CHECK-LABEL: plan.kernel @relu
// V4-SAME: target = "x86_64_v4"
// CHECK-NOT: tensor<
// CHECK: scf.forall
// V4: vector.load %{{.*}} : memref<?xf32>, vector<16xf32>
// V4: arith.maximumf %{{.*}} : vector<16xf32>
// V4: vector.store
// V4: vector.maskedload
// SCALAR: scf.for
// SCALAR: memref.load
// SCALAR: arith.maximumf %{{.*}} : f32
// SCALAR: memref.store
// CHECK: plan.return
plan.model @m {
  plan.kernel @relu(%n: index, %x: memref<?xf32>, %y: memref<?xf32>)
      attributes {symbols = ["n"], writes = [2], doc = ["a"], flops = "n"} {
    %0 = plan.tensor %x strides <"1"> : memref<?xf32> as tensor<?xf32, #nn.shape<"n">>
    %1 = kernel.generic domain <"n"> iterators "p" ins(%0 : tensor<?xf32, #nn.shape<"n">>)
      maps [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>] symbols <> padding [unit] init [unit] dest_of [-1]
      -> tensor<?xf32, #nn.shape<"n">> {
    ^bb0(%e: f32):
      %zero = arith.constant 0.0 : f32
      %m = arith.maximumf %e, %zero : f32
      kernel.yield %m : f32
    }
    plan.write %1 to %y strides <"1"> : tensor<?xf32, #nn.shape<"n">>, memref<?xf32>
    plan.return
  }
}
