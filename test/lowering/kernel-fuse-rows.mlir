// RUN: ingot-opt %s --convert-nn-to-kernel --canonicalize --kernel-fuse-producers --canonicalize --kernel-fuse-rows | FileCheck %s

// Softmax: maximum, exp, sum, quotient of one row before the next.
// CHECK-LABEL: func.func @softmax
// CHECK: %[[F:.*]] = kernel.fused outer 1 : tensor<4x16xf32> {
// CHECK: arith.maximumf
// CHECK: math.exp
// CHECK: arith.addf
// CHECK: arith.divf
// CHECK: kernel.yield
// CHECK: return %[[F]]
func.func @softmax(%x: tensor<4x16xf32>) -> tensor<4x16xf32> {
  %0 = nn.softmax %x axis 1 : tensor<4x16xf32> to tensor<4x16xf32>
  return %0 : tensor<4x16xf32>
}

// A row of unknown length has no row buffer, but the last reader of exp writes an output of its shape.
// CHECK-LABEL: func.func @dynamic_row
// CHECK: kernel.fused outer 1
// CHECK: math.exp
// CHECK: arith.divf
func.func @dynamic_row(%x: tensor<4x?xf32, #nn.shape<"4", "seq">>) -> tensor<4x?xf32, #nn.shape<"4", "seq">> {
  %0 = nn.softmax %x axis 1 : tensor<4x?xf32, #nn.shape<"4", "seq">> to tensor<4x?xf32, #nn.shape<"4", "seq">>
  return %0 : tensor<4x?xf32, #nn.shape<"4", "seq">>
}

// Along the first axis a "row" would be a strided column: left as it is.
// CHECK-LABEL: func.func @columns
// CHECK-NOT: kernel.fused
// CHECK: return
func.func @columns(%x: tensor<16x4xf32>) -> tensor<16x4xf32> {
  %0 = nn.softmax %x axis 0 : tensor<16x4xf32> to tensor<16x4xf32>
  return %0 : tensor<16x4xf32>
}

// A row that leaves in two shapes is copied for the second: a view has no place among the members.
// CHECK-LABEL: func.func @row_in_two_shapes
// CHECK: kernel.fused outer 2
// CHECK: math.exp
// CHECK: kernel.generic
// CHECK-NOT: kernel.view
// CHECK: return
func.func @row_in_two_shapes(%x: tensor<4x2x8xf32>) -> (tensor<4x2x8xf32>, tensor<8x8xf32>) {
  %0:2 = kernel.fused outer 2 : tensor<4x2x8xf32>, tensor<8x8xf32> {
    %1 = kernel.generic domain <"4", "2", "8"> iterators "ppp" ins(%x : tensor<4x2x8xf32>)
        maps [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>]
        symbols <> padding [unit] init [unit] dest_of [-1] -> tensor<4x2x8xf32> {
    ^bb0(%e: f32):
      %2 = math.exp %e : f32
      kernel.yield %2 : f32
    }
    %3 = kernel.generic domain <"4", "2", "8"> iterators "ppp" ins(%1 : tensor<4x2x8xf32>)
        maps [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0 * 2 + d1, d2)>]
        symbols <> padding [unit] init [unit] dest_of [-1] -> tensor<8x8xf32> {
    ^bb0(%e: f32):
      kernel.yield %e : f32
    }
    kernel.yield %1, %3 : tensor<4x2x8xf32>, tensor<8x8xf32>
  }
  return %0#0, %0#1 : tensor<4x2x8xf32>, tensor<8x8xf32>
}
