// RUN: ingot-opt %s --convert-onnx-to-nn --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: func.func @bitcast
// CHECK: arith.bitcast %{{.*}} : f32 to i32
// CHECK: return %{{.*}} : tensor<3xi32>
func.func @bitcast(%x: tensor<3xf32>) -> !onnx.value {
  %a = onnx.node "BitCast" since 26 (%x) {to = 6 : i64} : (tensor<3xf32>) -> !onnx.value domain ""
  onnx.yield %a : !onnx.value
}

// -----

func.func @bitcast_size(%x: tensor<3xf32>) -> !onnx.value {
  // expected-error @+4 {{a BitCast between element types of different sizes}}
  // expected-note @+3 {{a type of the same size}}
  // expected-note @+2 {{operator: BitCast}}
  // expected-note @+1 {{on: f32[3]}}
  %a = onnx.node "BitCast" since 26 (%x) {to = 7 : i64} : (tensor<3xf32>) -> !onnx.value domain ""
  onnx.yield %a : !onnx.value
}
