// RUN: ingot-opt %s --convert-onnx-to-nn --split-input-file | FileCheck %s

// auto_pad puts the odd element where it is told to.
// CHECK-LABEL: func.func @same
// CHECK: nn.pool "max" %{{.*}} "channels_first" {{.*}}pads = array<i64: 0, 0, 1, 1>{{.*}}tensor<1x3x5x5xf32> to tensor<1x3x3x3xf32>
// CHECK: nn.pool "average" %{{.*}}pads = array<i64: 1, 1, 0, 0>
func.func @same(%x: tensor<1x3x5x5xf32>) -> tensor<1x3x3x3xf32> {
  %a = onnx.node "MaxPool" since 12 (%x) {auto_pad = "SAME_UPPER", kernel_shape = array<i64: 2, 2>, strides = array<i64: 2, 2>} : (tensor<1x3x5x5xf32>) -> !onnx.value domain ""
  %b = onnx.node "AveragePool" since 22 (%x) {auto_pad = "SAME_LOWER", kernel_shape = array<i64: 2, 2>, strides = array<i64: 2, 2>} : (tensor<1x3x5x5xf32>) -> !onnx.value domain ""
  %c = onnx.node "Add" since 14 (%a, %b) {} : (!onnx.value, !onnx.value) -> !onnx.value domain ""
  onnx.yield %c : !onnx.value
}

// -----

// ceil_mode leaves out a window that begins in the padding.
// CHECK-LABEL: func.func @ceil
// CHECK: nn.pool "max" {{.*}} to tensor<1x1x2xf32>
// CHECK: nn.pool "average_include_pad" {{.*}} to tensor<?x1x?xf32, #nn.shape<"n", "1", "floordiv(l, 2)">>
func.func @ceil(%x: tensor<1x1x3xf32>, %y: tensor<?x1x?xf32, #nn.shape<"n", "1", "l">>) -> tensor<1x1x2xf32> {
  %a = onnx.node "MaxPool" since 12 (%x) {ceil_mode = 1 : i64, kernel_shape = array<i64: 1>, strides = array<i64: 2>, pads = array<i64: 0, 1>} : (tensor<1x1x3xf32>) -> !onnx.value domain ""
  %b = onnx.node "AveragePool" since 22 (%y) {count_include_pad = 1 : i64, kernel_shape = array<i64: 2>, strides = array<i64: 2>} : (tensor<?x1x?xf32, #nn.shape<"n", "1", "l">>) -> !onnx.value domain ""
  onnx.yield %a, %b : !onnx.value, !onnx.value
}

// -----

// Positions come from a second accumulator of the same nest.
// CHECK-LABEL: func.func @indices
// CHECK: kernel.generic {{.*}}iterators "pppprr"{{.*}}init [0.000000e+00 : f32, -1]
func.func @indices(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x2x2xi64> {
  %a:2 = onnx.node "MaxPool" since 12 (%x) {kernel_shape = array<i64: 2, 2>, strides = array<i64: 2, 2>} : (tensor<1x1x4x4xf32>) -> (!onnx.value, !onnx.value) domain ""
  onnx.yield %a#1 : !onnx.value
}
