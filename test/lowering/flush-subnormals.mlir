// RUN: ingot-opt %s --split-input-file --hoist-constants --flush-subnormals | FileCheck %s

// From 0 by steps of 1e-38, and 1: made at compile time; the first one above zero is subnormal and becomes zero.
// CHECK-NOT: nn.weight
// CHECK: nn.weight @w.folded.flushed tensor<3x4xf32> "{{[0-9a-f]+}}" {from = ["w"], recipe = "subnormal numbers as zeros"}
// CHECK-NOT: nn.weight
// CHECK-LABEL: func.func @subnormal
// CHECK-NEXT: %[[F:.*]] = nn.get_weight @w.folded.flushed :
// CHECK-NEXT: kernel.contract {{.*}} ins(%arg0, %[[F]] :
nn.weight @w tensor<3x4xf32> "" {fill = "iota"}
func.func @subnormal(%x: tensor<2x3xf32>) -> tensor<2x4xf32> {
  %w = nn.get_weight @w : tensor<3x4xf32>
  %t = kernel.generic domain <"3", "4"> iterators "pp" ins(%w : tensor<3x4xf32>)
    maps [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>] symbols <> padding [unit] init [unit] dest_of [-1]
    -> tensor<3x4xf32> {
  ^bb0(%e: f32):
    %c = arith.constant 1.0e-38 : f32
    %one = arith.constant 1.0 : f32
    %eleven = arith.constant 11.0 : f32
    %p = arith.mulf %e, %c : f32
    %is_last = arith.cmpf oeq, %e, %eleven : f32
    %v = arith.select %is_last, %one, %p : f32
    kernel.yield %v : f32
  }
  %y = kernel.contract domain <"2", "4", "3"> kinds "mnk" ins(%x, %t : tensor<2x3xf32>, tensor<3x4xf32>)
      maps [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>]
      symbols <> padding [unit, unit] init [0.0 : f32] dest_of [-1] -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// -----

// CHECK-LABEL: func.func @normal
// CHECK-NEXT: %[[W:.*]] = nn.get_weight @v :
// CHECK-NEXT: kernel.contract {{.*}} ins(%arg0, %[[W]] :
nn.weight @v tensor<3x4xf32> "" {fill = "iota"}
func.func @normal(%x: tensor<2x3xf32>) -> tensor<2x4xf32> {
  %w = nn.get_weight @v : tensor<3x4xf32>
  %y = kernel.contract domain <"2", "4", "3"> kinds "mnk" ins(%x, %w : tensor<2x3xf32>, tensor<3x4xf32>)
      maps [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>]
      symbols <> padding [unit, unit] init [0.0 : f32] dest_of [-1] -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}
