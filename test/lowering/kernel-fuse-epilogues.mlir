// RUN: ingot-opt %s --kernel-fuse-epilogues --canonicalize | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>
#a = affine_map<(d0, d1, d2) -> (d0, d2)>
#b = affine_map<(d0, d1, d2) -> (d2, d1)>
#c = affine_map<(d0, d1, d2) -> (d0, d1)>

// Bias and ReLU end up in the product's epilogue.
// CHECK-LABEL: func.func @bias_relu
// CHECK-NEXT: kernel.contract domain <"4", "8", "16"> kinds "mnk" ins(%arg0, %arg1, %arg2
// CHECK-NEXT: ^bb0(%{{.*}}: f32, %{{.*}}: f32, %[[V:.*]]: f32, %[[ACC:.*]]: f32)
// CHECK: arith.addf %[[ACC]], %[[V]]
// CHECK: arith.maximumf
// CHECK-NOT: kernel.generic
func.func @bias_relu(%x: tensor<4x16xf32>, %w: tensor<16x8xf32>, %bias: tensor<8xf32>) -> tensor<4x8xf32> {
  %0 = kernel.contract domain <"4", "8", "16"> kinds "mnk" ins(%x, %w : tensor<4x16xf32>, tensor<16x8xf32>)
      maps [#a, #b, #c] symbols <> padding [unit, unit] init [0.0 : f32] dest_of [-1] -> tensor<4x8xf32>
  %1 = kernel.generic domain <"4", "8"> iterators "pp" ins(%0, %bias : tensor<4x8xf32>, tensor<8xf32>) maps [#id, affine_map<(d0, d1) -> (d1)>, #id]
      symbols <> padding [unit, unit] init [unit] dest_of [-1] -> tensor<4x8xf32> {
  ^bb0(%e: f32, %v: f32):
    %s = arith.addf %e, %v : f32
    kernel.yield %s : f32
  }
  %2 = kernel.generic domain <"4", "8"> iterators "pp" ins(%1 : tensor<4x8xf32>) maps [#id, #id] symbols <> padding [unit] init [unit] dest_of [-1] -> tensor<4x8xf32> {
  ^bb0(%e: f32):
    %z = arith.constant 0.0 : f32
    %s = arith.maximumf %e, %z : f32
    kernel.yield %s : f32
  }
  return %2 : tensor<4x8xf32>
}

// Reshape to heads and transpose: n is cut, rows stay contiguous.
// CHECK-LABEL: func.func @heads
// CHECK-NEXT: kernel.contract domain <"4", "2", "4", "16"> kinds "mnnk"
// CHECK-NEXT: ^bb0
// CHECK-NEXT: kernel.yield
// CHECK-NEXT: }
// CHECK-NEXT: return
func.func @heads(%x: tensor<4x16xf32>, %w: tensor<16x8xf32>) -> tensor<2x4x4xf32> {
  %0 = kernel.contract domain <"4", "8", "16"> kinds "mnk" ins(%x, %w : tensor<4x16xf32>, tensor<16x8xf32>)
      maps [#a, #b, #c] symbols <> padding [unit, unit] init [0.0 : f32] dest_of [-1] -> tensor<4x8xf32>
  %1 = kernel.view %0 : tensor<4x8xf32> to tensor<4x2x4xf32>
  %2 = kernel.generic domain <"2", "4", "4"> iterators "ppp" ins(%1 : tensor<4x2x4xf32>)
      maps [affine_map<(d0, d1, d2) -> (d1, d0, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>]
      symbols <> padding [unit] init [unit] dest_of [-1] -> tensor<2x4x4xf32> {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  }
  return %2 : tensor<2x4x4xf32>
}

// A part of a concatenation is written in place.
// CHECK-LABEL: func.func @concat_part
// CHECK: kernel.contract {{.*}} dests(%arg2 : tensor<4x12xf32>)
// CHECK-NOT: kernel.generic
func.func @concat_part(%x: tensor<4x16xf32>, %w: tensor<16x8xf32>, %whole: tensor<4x12xf32>) -> tensor<4x12xf32> {
  %0 = kernel.contract domain <"4", "8", "16"> kinds "mnk" ins(%x, %w : tensor<4x16xf32>, tensor<16x8xf32>)
      maps [#a, #b, #c] symbols <> padding [unit, unit] init [0.0 : f32] dest_of [-1] -> tensor<4x8xf32>
  %1 = kernel.generic domain <"4", "8"> iterators "pp" ins(%0 : tensor<4x8xf32>) dests(%whole : tensor<4x12xf32>)
      maps [#id, affine_map<(d0, d1) -> (d0, d1 + 4)>] symbols <> padding [unit] init [unit] dest_of [0] -> tensor<4x12xf32> {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  }
  return %1 : tensor<4x12xf32>
}

// Two readers: the product stays as it is.
// CHECK-LABEL: func.func @two_readers
// CHECK: kernel.contract
// CHECK: kernel.generic
// CHECK: return
func.func @two_readers(%x: tensor<4x16xf32>, %w: tensor<16x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %0 = kernel.contract domain <"4", "8", "16"> kinds "mnk" ins(%x, %w : tensor<4x16xf32>, tensor<16x8xf32>)
      maps [#a, #b, #c] symbols <> padding [unit, unit] init [0.0 : f32] dest_of [-1] -> tensor<4x8xf32>
  %1 = kernel.generic domain <"4", "8"> iterators "pp" ins(%0 : tensor<4x8xf32>) maps [#id, #id] symbols <> padding [unit] init [unit] dest_of [-1] -> tensor<4x8xf32> {
  ^bb0(%e: f32):
    %s = math.tanh %e : f32
    kernel.yield %s : f32
  }
  return %0, %1 : tensor<4x8xf32>, tensor<4x8xf32>
}
