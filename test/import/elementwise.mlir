// RUN: ingot-opt %s --convert-onnx-to-nn --split-input-file | FileCheck %s
// RUN: ingot-opt %s --convert-onnx-to-nn --convert-nn-to-kernel --split-input-file | FileCheck %s --check-prefix=KERNEL

// Records take their attributes along, defaults included.
// CHECK-LABEL: func.func @records
// CHECK: nn.gelu %{{.*}} {approximate = "tanh"}
// CHECK: nn.elu %{{.*}} {alpha = 2.0
// CHECK: nn.mod %{{.*}} {fmod = 1 : i64}
// KERNEL-LABEL: func.func @records
// KERNEL: math.tanh
// KERNEL: math.expm1
// KERNEL: arith.remf
func.func @records(%x: tensor<4xf32>) -> tensor<4xf32> {
  %a = onnx.node "Gelu" since 20 (%x) {approximate = "tanh"} : (tensor<4xf32>) -> tensor<4xf32> domain ""
  %b = onnx.node "Elu" since 6 (%a) {alpha = 2.0 : f32} : (tensor<4xf32>) -> tensor<4xf32> domain ""
  %c = onnx.node "Mod" since 13 (%b, %x) {fmod = 1 : i64} : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> domain ""
  onnx.yield %c : tensor<4xf32>
}

// -----

// Operands are broadcast; an axis aligns the second one in old models.
// CHECK-LABEL: func.func @broadcast
// CHECK: nn.reshape %{{.*}} : tensor<3xf32> to tensor<3x1xf32>
// CHECK: nn.broadcast_to %{{.*}} : tensor<3x1xf32> to tensor<2x3x4xf32>
// CHECK: nn.add
func.func @broadcast(%x: tensor<2x3x4xf32>, %y: tensor<3xf32>) -> tensor<2x3x4xf32> {
  %a = onnx.node "Add" since 6 (%x, %y) {axis = 1 : i64, broadcast = 1 : i64} : (tensor<2x3x4xf32>, tensor<3xf32>) -> !onnx.value domain ""
  onnx.yield %a : !onnx.value
}

// -----

// A constant exponent of 2 is a product.
// CHECK-LABEL: func.func @square
// CHECK: nn.mul %[[X:.*]], %[[X]]
func.func @square(%x: tensor<4xf32>) -> tensor<4xf32> {
  %two = nn.constant dense<2.0> : tensor<f32> : tensor<f32>
  %a = onnx.node "Pow" since 15 (%x, %two) {} : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32> domain ""
  onnx.yield %a : tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func @clip
// CHECK: nn.clip %{{.*}} {max = 6.0{{.*}}, min = 0.0
// CHECK: %[[B:.*]] = nn.broadcast_to
// CHECK: nn.max %{{.*}}, %[[B]]
func.func @clip(%x: tensor<4xf32>, %lo: tensor<f32>) -> tensor<4xf32> {
  %a = onnx.node "Clip" since 6 (%x) {min = 0.0 : f32, max = 6.0 : f32} : (tensor<4xf32>) -> tensor<4xf32> domain ""
  %b = onnx.node "Clip" since 13 (%a, %lo) {} : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32> domain ""
  onnx.yield %b : tensor<4xf32>
}

// -----

// Arithmetic on small constants folds, floats included: ceil(cast(7) * 0.5) = 4.
// CHECK-LABEL: func.func @fold
// CHECK: %[[C:.*]] = nn.constant dense<4> : tensor<i64>
// CHECK: return %[[C]]
func.func @fold() -> tensor<i64> {
  %seven = nn.constant dense<7> : tensor<i64> : tensor<i64>
  %half = nn.constant dense<0.5> : tensor<f32> : tensor<f32>
  %f = onnx.node "Cast" since 13 (%seven) {to = 1 : i64} : (tensor<i64>) -> tensor<f32> domain ""
  %m = onnx.node "Mul" since 14 (%f, %half) {} : (tensor<f32>, tensor<f32>) -> tensor<f32> domain ""
  %c = onnx.node "Ceil" since 13 (%m) {} : (tensor<f32>) -> tensor<f32> domain ""
  %i = onnx.node "Cast" since 13 (%c) {to = 7 : i64} : (tensor<f32>) -> tensor<i64> domain ""
  onnx.yield %i : tensor<i64>
}

// -----

// Casts to fp8 saturate unless told otherwise; 464 is where e4m3fn's rounding leaves its range.
// KERNEL-LABEL: func.func @fp8
// KERNEL: arith.constant 4.480000e+02
// KERNEL: arith.minimumf
// KERNEL: arith.constant 4.640000e+02
// KERNEL: arith.select
func.func @fp8(%x: tensor<4xf32>) -> (tensor<4xf8E4M3FN>, tensor<4xf8E4M3FN>) {
  %a = onnx.node "Cast" since 19 (%x) {to = 17 : i64} : (tensor<4xf32>) -> tensor<4xf8E4M3FN> domain ""
  %b = onnx.node "Cast" since 19 (%x) {to = 17 : i64, saturate = 0 : i64} : (tensor<4xf32>) -> tensor<4xf8E4M3FN> domain ""
  onnx.yield %a, %b : tensor<4xf8E4M3FN>, tensor<4xf8E4M3FN>
}
