// RUN: ingot-opt %s --convert-onnx-to-nn --split-input-file | FileCheck %s
// RUN: ingot-opt %s --convert-onnx-to-nn --convert-nn-to-kernel --split-input-file | FileCheck %s --check-prefix=KERNEL

// CHECK-LABEL: func.func @reshape
// CHECK: to tensor<?x6xf32, #nn.shape<"4*n", "6">>
// CHECK: to tensor<?x24xf32, #nn.shape<"n", "24">>
func.func @reshape(%x: tensor<?x4x6xf32, #nn.shape<"n", "4", "6">>) -> (!onnx.value, !onnx.value) {
  %s = nn.constant dense<[-1, 6]> : tensor<2xi64> : tensor<2xi64>
  %a = onnx.node "Reshape" since 14 (%x, %s) {} : (tensor<?x4x6xf32, #nn.shape<"n", "4", "6">>, tensor<2xi64>) -> !onnx.value domain ""
  %b = onnx.node "Flatten" since 13 (%x) {axis = 1 : i64} : (tensor<?x4x6xf32, #nn.shape<"n", "4", "6">>) -> !onnx.value domain ""
  onnx.yield %a, %b : !onnx.value, !onnx.value
}

// -----

// A shape that the run computes: -1 is resolved by a kernel, each dimension is bound.
// CHECK-LABEL: func.func @reshape_at_run_time
// CHECK: %[[D:.*]] = kernel.generic domain <"2">
// CHECK: nn.bind "shape0" = %[[D]][0]
// CHECK: nn.bind "shape1" = %[[D]][1]
// CHECK: to tensor<?x?xf32, #nn.shape<"shape0", "shape1">>
func.func @reshape_at_run_time(%x: tensor<4x6xf32>, %s: tensor<2xi64>) -> !onnx.value {
  %a = onnx.node "Reshape" since 14 (%x, %s) {} : (tensor<4x6xf32>, tensor<2xi64>) -> !onnx.value domain ""
  onnx.yield %a : !onnx.value
}

// -----

// Python's slices: clamped, negative, backwards.
// CHECK-LABEL: func.func @slice
// CHECK: nn.slice %arg0 from <"0", "9"> step [1, -2] : tensor<?x10xf32, #nn.shape<"n", "10">> to tensor<?x5xf32, #nn.shape<"max(0, n - 1)", "5">>
func.func @slice(%x: tensor<?x10xf32, #nn.shape<"n", "10">>) -> !onnx.value {
  %from = nn.constant dense<[0, 100]> : tensor<2xi64> : tensor<2xi64>
  %to = nn.constant dense<[-1, -100]> : tensor<2xi64> : tensor<2xi64>
  %axes = nn.constant dense<[0, -1]> : tensor<2xi64> : tensor<2xi64>
  %steps = nn.constant dense<[1, -2]> : tensor<2xi64> : tensor<2xi64>
  %a = onnx.node "Slice" since 13 (%x, %from, %to, %axes, %steps) {} : (tensor<?x10xf32, #nn.shape<"n", "10">>, tensor<2xi64>, tensor<2xi64>, tensor<2xi64>, tensor<2xi64>) -> !onnx.value domain ""
  onnx.yield %a : !onnx.value
}

// -----

// CHECK-LABEL: func.func @split
// CHECK: nn.slice %arg0 from <"0", "0"> {{.*}} to tensor<2x3xf32>
// CHECK: nn.slice %arg0 from <"0", "3"> {{.*}} to tensor<2x3xf32>
// CHECK: nn.slice %arg0 from <"0", "6"> {{.*}} to tensor<2x1xf32>
func.func @split(%x: tensor<2x7xf32>) -> (!onnx.value, !onnx.value, !onnx.value) {
  %a:3 = onnx.node "Split" since 18 (%x) {axis = 1 : i64, num_outputs = 3 : i64} : (tensor<2x7xf32>) -> (!onnx.value, !onnx.value, !onnx.value) domain ""
  onnx.yield %a#0, %a#1, %a#2 : !onnx.value, !onnx.value, !onnx.value
}

// -----

// CHECK-LABEL: func.func @pad
// CHECK: nn.pad "reflect" %arg0 from <"0", "2"> : tensor<2x5xf32> to tensor<2x8xf32>
// KERNEL-LABEL: func.func @pad
// KERNEL: arith.remsi
// A number outside is the loop nest's own padding.
// KERNEL: kernel.generic {{.*}} padding [7.000000e+00 : f32]
func.func @pad(%x: tensor<2x5xf32>) -> (!onnx.value, !onnx.value) {
  %p = nn.constant dense<[2, 1]> : tensor<2xi64> : tensor<2xi64>
  %axes = nn.constant dense<1> : tensor<1xi64> : tensor<1xi64>
  %seven = nn.constant dense<7.0> : tensor<f32> : tensor<f32>
  %none = onnx.none
  %a = onnx.node "Pad" since 18 (%x, %p, %none, %axes) {mode = "reflect"} : (tensor<2x5xf32>, tensor<2xi64>, !onnx.none, tensor<1xi64>) -> !onnx.value domain ""
  %b = onnx.node "Pad" since 18 (%x, %p, %seven, %axes) {} : (tensor<2x5xf32>, tensor<2xi64>, tensor<f32>, tensor<1xi64>) -> !onnx.value domain ""
  onnx.yield %a, %b : !onnx.value, !onnx.value
}

// -----

// Tile is a broadcast between two reshapes.
// CHECK-LABEL: func.func @tile
// CHECK: nn.reshape %arg0 : tensor<2x3xf32> to tensor<2x1x3xf32>
// CHECK: nn.broadcast_to %{{.*}} : tensor<2x1x3xf32> to tensor<2x4x3xf32>
// CHECK: nn.reshape %{{.*}} : tensor<2x4x3xf32> to tensor<2x12xf32>
func.func @tile(%x: tensor<2x3xf32>) -> !onnx.value {
  %r = nn.constant dense<[1, 4]> : tensor<2xi64> : tensor<2xi64>
  %a = onnx.node "Tile" since 13 (%x, %r) {} : (tensor<2x3xf32>, tensor<2xi64>) -> !onnx.value domain ""
  onnx.yield %a : !onnx.value
}

// -----

// One known index is a slice; an index that data decides is checked against the bounds.
// CHECK-LABEL: func.func @gather
// CHECK: nn.slice %arg0 from <"0", "0", "0">
// CHECK: nn.reshape %{{.*}} to tensor<2x8xf32>
// CHECK: nn.gather %arg0[%arg1] axis 1
// KERNEL-LABEL: func.func @gather
// KERNEL: kernel.read
func.func @gather(%x: tensor<2x5x8xf32>, %i: tensor<3xi64>) -> (!onnx.value, !onnx.value) {
  %zero = nn.constant dense<0> : tensor<i64> : tensor<i64>
  %a = onnx.node "Gather" since 13 (%x, %zero) {axis = 1 : i64} : (tensor<2x5x8xf32>, tensor<i64>) -> !onnx.value domain ""
  %b = onnx.node "Gather" since 13 (%x, %i) {axis = 1 : i64} : (tensor<2x5x8xf32>, tensor<3xi64>) -> !onnx.value domain ""
  onnx.yield %a, %b : !onnx.value, !onnx.value
}

// -----

// An element of the cache is the update's if it lies within it: no data-dependent write, so it fuses and runs in parallel.
// CHECK-LABEL: func.func @tensor_scatter
// CHECK: kernel.generic domain <"2", "8", "4"> iterators "ppp"
// CHECK-SAME: tables(%arg0, %arg1, %arg2
// CHECK: arith.select
func.func @tensor_scatter(%cache: tensor<2x8x4xf32>, %update: tensor<2x3x4xf32>, %at: tensor<2xi64>) -> !onnx.value {
  %a = onnx.node "TensorScatter" since 24 (%cache, %update, %at) {mode = "circular"} : (tensor<2x8x4xf32>, tensor<2x3x4xf32>, tensor<2xi64>) -> !onnx.value domain ""
  onnx.yield %a : !onnx.value
}
