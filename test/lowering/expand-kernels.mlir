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

// A contraction of 20 rows by 40 columns in blocks of 8 by 32: the rows and columns left over are cases of one body.
// V4: plan.kernel @product
// V4-SAME: tile = "a block of registers: 8 rows of m by a panel of 32 columns of n, 8 x 2 vectors of sums\0A20 rows: 2 blocks of 8 and one of 4; 40 columns: 1 panel of 32 and one of 8\0Aa tile: 3 blocks (24 rows) by 2 panels (64 columns)"
// V4: %[[ROWS:.*]] = arith.minsi
// V4: %[[WHOLE:.*]] = arith.cmpi sle
// V4: plan.variants "block"(%[[ROWS]], %[[WHOLE]]) arguments ["rows", "whole"]
// V4-SAME: {{\[}}[8, 1], [4, 1], [8, 0], [4, 0]] : index, i1
// V4: ^bb0(%[[R:.*]]: index, %[[W:.*]]: i1):
// V4: arith.select %[[W]], %c32, %c8 : index
// V4: %[[VECTORS:.*]] = arith.select %[[W]], %c2, %c1 : index
// V4: memref.alloca() : memref<8x2xvector<16xf32>>
// V4: scf.for %{{.*}} = %{{.*}} to %[[R]]
// V4: scf.for %{{.*}} = %{{.*}} to %[[VECTORS]]
// V4: vector.fma
// SCALAR-NOT: plan.variants
plan.model @contraction {
  plan.kernel @product(%x: memref<?xf32>, %w: memref<?xf32>, %y: memref<?xf32>)
      attributes {symbols = [], writes = [2], doc = ["fc"], flops = "25600"} {
    %0 = plan.tensor %x strides <"16", "1"> : memref<?xf32> as tensor<20x16xf32>
    %1 = plan.tensor %w strides <"512", "32", "1"> : memref<?xf32> as tensor<2x16x32xf32>
    %2 = kernel.contract domain <"20", "40", "16"> kinds "mnk" tiles {x86_64_v4 = #kernel.tile<8 x 32>} panel 32
      ins(%0, %1 : tensor<20x16xf32>, tensor<2x16x32xf32>)
      maps [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d1 floordiv 32, d2, d1 mod 32)>, affine_map<(d0, d1, d2) -> (d0, d1)>]
      symbols <> padding [unit, unit] init [0.0 : f32] dest_of [-1] -> tensor<20x40xf32>
    plan.write %2 to %y strides <"40", "1"> : tensor<20x40xf32>, memref<?xf32>
    plan.return
  }
}
