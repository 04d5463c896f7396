// RUN: ingot-opt %s --convert-onnx-to-nn --split-input-file | FileCheck %s

// For inference one multiplication and one addition per element; the rest depends on weights only.
// CHECK-LABEL: func.func @batch_norm
// CHECK-DAG: nn.mul {{.*}} -> tensor<1x3x1xf32>
// CHECK-DAG: nn.sub {{.*}} -> tensor<1x3x1xf32>
// CHECK-DAG: nn.mul {{.*}} -> tensor<2x3x4xf32>
// CHECK: nn.add {{.*}} -> tensor<2x3x4xf32>
// CHECK-NEXT: return
func.func @batch_norm(%x: tensor<2x3x4xf32>, %s: tensor<3xf32>, %b: tensor<3xf32>, %m: tensor<3xf32>, %v: tensor<3xf32>) -> tensor<2x3x4xf32> {
  %y = onnx.node "BatchNormalization" since 15 (%x, %s, %b, %m, %v) {} : (tensor<2x3x4xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> !onnx.value domain ""
  onnx.yield %y : !onnx.value
}

// -----

// Half-precision networks are normalised in f32.
// CHECK-LABEL: func.func @layer_norm
// CHECK: nn.cast {{.*}} to tensor<2x8xf32>
// CHECK: nn.reduce "mean" %{{.*}} over [1] {{.*}}tensor<2x8xf32>
// CHECK: nn.cast {{.*}} to tensor<2x8xf16>
func.func @layer_norm(%x: tensor<2x8xf16>, %s: tensor<8xf16>, %b: tensor<8xf16>) -> tensor<2x8xf16> {
  %y = onnx.node "LayerNormalization" since 17 (%x, %s, %b) {} : (tensor<2x8xf16>, tensor<8xf16>, tensor<8xf16>) -> !onnx.value domain ""
  onnx.yield %y : !onnx.value
}

// -----

// CHECK-LABEL: func.func @lrn
// CHECK: kernel.generic {{.*}}iterators "ppppr"
// CHECK: epilogue
// CHECK: math.powf
func.func @lrn(%x: tensor<1x4x2x2xf32>) -> tensor<1x4x2x2xf32> {
  %y = onnx.node "LRN" since 13 (%x) {size = 3 : i64} : (tensor<1x4x2x2xf32>) -> !onnx.value domain ""
  onnx.yield %y : !onnx.value
}
