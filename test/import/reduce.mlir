// RUN: ingot-opt %s --convert-onnx-to-nn --split-input-file | FileCheck %s

// Axes are an attribute or an input, by opset; none are all.
// CHECK-LABEL: func.func @axes
// CHECK: nn.reduce "mean" %{{.*}} over [1]
// CHECK: nn.reduce "sum" %{{.*}} over [0, 1]
// CHECK: nn.reshape %{{.*}} to tensor<f32>
func.func @axes(%x: tensor<2x3xf32>) -> tensor<f32> {
  %a = onnx.node "ReduceMean" since 13 (%x) {axes = array<i64: -1>} : (tensor<2x3xf32>) -> !onnx.value domain ""
  %b = onnx.node "ReduceSum" since 13 (%a) {keepdims = 0 : i64} : (!onnx.value) -> !onnx.value domain ""
  onnx.yield %b : !onnx.value
}

// -----

// Axes known at run time: what is reduced is bound; of both copies of a dimension one is 1.
// CHECK-LABEL: func.func @runtime
// CHECK: nn.bind "reduces0"
// CHECK: nn.bind "reduces1"
// CHECK: kernel.generic domain <"-reduces0 + 2", "-2*reduces1 + 3", "reduces0 + 1", "2*reduces1 + 1">
// CHECK: nn.reduce "max" %{{.*}} over [2, 3]
// CHECK: nn.reshape {{.*}} to tensor<?x?xf32, #nn.shape<"-reduces0 + 2", "-2*reduces1 + 3">>
func.func @runtime(%x: tensor<2x3xf32>, %axes: tensor<1xi64>) -> tensor<?x?xf32, #nn.shape<"a", "b">> {
  %a = onnx.node "ReduceMax" since 18 (%x, %axes) {} : (tensor<2x3xf32>, tensor<1xi64>) -> !onnx.value domain ""
  onnx.yield %a : !onnx.value
}

// -----

// Before opset 13 softmax takes all dimensions from the axis on as one.
// CHECK-LABEL: func.func @flattened
// CHECK: nn.softmax %{{.*}} axis 1 {{.*}}tensor<2x12xf32>
// CHECK: nn.softmax %{{.*}} axis 1 {{.*}}tensor<2x3x4xf32>
func.func @flattened(%x: tensor<2x3x4xf32>) -> tensor<2x3x4xf32> {
  %a = onnx.node "Softmax" since 11 (%x) {axis = 1 : i64} : (tensor<2x3x4xf32>) -> !onnx.value domain ""
  %b = onnx.node "Softmax" since 13 (%a) {axis = 1 : i64} : (!onnx.value) -> !onnx.value domain ""
  onnx.yield %b : !onnx.value
}
