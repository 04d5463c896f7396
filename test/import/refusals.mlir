// RUN: not ingot-opt %s --convert-onnx-to-nn 2>&1 | FileCheck %s
// Attributes and sizes that would index beyond a shape, or that fit no run. All refusals of a function make one report.

func.func @refused(%x: tensor<2x3xf32>, %w: tensor<8x4xf32>, %i: tensor<1x2x5x5xf32>, %k: tensor<4x3x3x3xf32>, %b: tensor<7xf32>,
                   %j: tensor<2x1xi64>, %s: tensor<f32>) -> () {
  // CHECK: error: axis 7 is out of range for rank 2
  // CHECK: note: use an axis from -2 to 1
  %0 = onnx.node "Softmax" since 13 (%x) {axis = 7 : i64} : (tensor<2x3xf32>) -> !onnx.value domain ""
  // CHECK: error: axis -3 is out of range
  %1 = onnx.node "Concat" since 13 (%x, %x) {axis = -3 : i64} : (tensor<2x3xf32>, tensor<2x3xf32>) -> !onnx.value domain ""
  // CHECK: error: axis 0 is named twice
  %2 = onnx.node "Transpose" since 13 (%x) {perm = array<i64: 0, 0>} : (tensor<2x3xf32>) -> !onnx.value domain ""
  // CHECK: error: perm has 1 axes, the input 2
  %3 = onnx.node "Transpose" since 13 (%x) {perm = array<i64: 0>} : (tensor<2x3xf32>) -> !onnx.value domain ""
  // CHECK: error: axis 9 is out of range
  %4 = onnx.node "ArgMax" since 13 (%x) {axis = 9 : i64} : (tensor<2x3xf32>) -> !onnx.value domain ""
  // CHECK: error: axis 5 is out of range
  %5 = onnx.node "Flatten" since 13 (%x) {axis = 5 : i64} : (tensor<2x3xf32>) -> !onnx.value domain ""
  // CHECK: error: batch_dims is 5
  %6 = onnx.node "GatherND" since 13 (%x, %j) {batch_dims = 5 : i64} : (tensor<2x3xf32>, tensor<2x1xi64>) -> !onnx.value domain ""
  // CHECK: error: axis -1 is out of range for rank 0
  // CHECK: note: a scalar has no axis: give it a dimension
  %7 = onnx.node "Softmax" since 13 (%s) {} : (tensor<f32>) -> !onnx.value domain ""
  // CHECK: error: the inner dimensions of the matrix product: 3 and 8 must be equal
  // CHECK: note: correct the model, or the sizes given by --dim and --shape
  %8 = onnx.node "Gemm" since 13 (%x, %w) {} : (tensor<2x3xf32>, tensor<8x4xf32>) -> !onnx.value domain ""
  // CHECK: error: input channels and what the weight takes: 2 and 3 must be equal
  %9 = onnx.node "Conv" since 11 (%i, %k) {} : (tensor<1x2x5x5xf32>, tensor<4x3x3x3xf32>) -> !onnx.value domain ""
  // CHECK: error: group is 0
  %10 = onnx.node "Conv" since 11 (%i, %k) {group = 0 : i64} : (tensor<1x2x5x5xf32>, tensor<4x3x3x3xf32>) -> !onnx.value domain ""
  // CHECK: error: strides has 0, expected at least 1
  %11 = onnx.node "MaxPool" since 12 (%i) {kernel_shape = array<i64: 2, 2>, strides = array<i64: 0, 1>} : (tensor<1x2x5x5xf32>) -> !onnx.value domain ""
  // CHECK: error: auto_pad 'FOO' is not known
  %12 = onnx.node "MaxPool" since 12 (%i) {kernel_shape = array<i64: 2, 2>, auto_pad = "FOO"} : (tensor<1x2x5x5xf32>) -> !onnx.value domain ""
  // CHECK: error: a dimension of 7 cannot be repeated to 4
  %13 = onnx.node "Gemm" since 13 (%w, %w, %b) {transA = 1 : i64} : (tensor<8x4xf32>, tensor<8x4xf32>, tensor<7xf32>) -> !onnx.value domain ""
  // CHECK: error: its result would have a dimension of -2
  %14 = onnx.node "MaxPool" since 12 (%i) {kernel_shape = array<i64: 8, 8>} : (tensor<1x2x5x5xf32>) -> !onnx.value domain ""
  // CHECK: error: squeezed dimension 1: 3 and 1 must be equal
  %15 = onnx.node "Squeeze" since 11 (%x) {axes = array<i64: 1>} : (tensor<2x3xf32>) -> !onnx.value domain ""
  // CHECK: error: blocksize is 0
  %16 = onnx.node "DepthToSpace" since 13 (%i) {blocksize = 0 : i64} : (tensor<1x2x5x5xf32>) -> !onnx.value domain ""
  // CHECK: error: its result has elements of f32, the file declares i64
  %17 = onnx.node "Relu" since 14 (%x) {} : (tensor<2x3xf32>) -> tensor<2x3xi64> domain ""
  onnx.yield %x : tensor<2x3xf32>
}
