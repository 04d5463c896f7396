// RUN: ingot-opt %s --convert-onnx-to-nn --split-input-file | FileCheck %s

// Stride 2: two phases, each an ordinary convolution with every other element of the flipped kernel, written interleaved.
// CHECK-DAG: affine_map<(d0, d1, d2) -> (d0, d1, d2 * 2)>
// CHECK-DAG: affine_map<(d0, d1, d2) -> (d0, d1, d2 * 2 + 1)>
// CHECK-LABEL: func.func @conv_transpose
// CHECK: nn.slice {{.*}} from <"0", "0", "2"> step [1, 1, -2]
// CHECK: nn.conv {{.*}} -> tensor<1x1x4xf32>
// CHECK: nn.conv {{.*}} -> tensor<1x1x3xf32>
// CHECK: kernel.generic {{.*}}dests
func.func @conv_transpose(%x: tensor<1x2x3xf32>, %w: tensor<2x1x3xf32>) -> tensor<1x1x7xf32> {
  %y = onnx.node "ConvTranspose" since 22 (%x, %w) {strides = array<i64: 2>} : (tensor<1x2x3xf32>, tensor<2x1x3xf32>) -> !onnx.value domain ""
  onnx.yield %y : !onnx.value
}

// -----

// CHECK-LABEL: func.func @einsum
// CHECK: kernel.contract domain <"2", "3", "5", "4"> kinds "bmnk"
// CHECK-SAME: ins(%arg0, %arg1
// CHECK: kernel.generic domain <"2"> iterators "r"
func.func @einsum(%a: tensor<2x3x4xf32>, %b: tensor<2x4x5xf32>, %c: tensor<2x2xf32>) -> (tensor<2x3x5xf32>, tensor<f32>) {
  %y = onnx.node "Einsum" since 12 (%a, %b) {equation = "...ij,...jk"} : (tensor<2x3x4xf32>, tensor<2x4x5xf32>) -> !onnx.value domain ""
  %t = onnx.node "Einsum" since 12 (%c) {equation = "ii->"} : (tensor<2x2xf32>) -> !onnx.value domain ""
  onnx.yield %y, %t : !onnx.value, !onnx.value
}

// -----

// The large product keeps its 8-bit factors; zero points are sums beside it.
// CHECK-LABEL: func.func @integers
// CHECK: nn.matmul {{.*}}(tensor<2x4xui8>, tensor<4x3xi8>) -> tensor<2x3xi32>
// CHECK: nn.reduce "sum" %{{.*}} over [0] {{.*}} to tensor<1x3xi32>
func.func @integers(%a: tensor<2x4xui8>, %b: tensor<4x3xi8>, %z: tensor<ui8>) -> tensor<2x3xi32> {
  %y = onnx.node "MatMulInteger" since 10 (%a, %b, %z) {} : (tensor<2x4xui8>, tensor<4x3xi8>, tensor<ui8>) -> !onnx.value domain ""
  onnx.yield %y : !onnx.value
}

// -----

// CHECK-LABEL: func.func @quantize
// CHECK: nn.quantize %{{.*}} scale %{{.*}} zero %{{.*}} {axis = 1 : i64} : {{.*}} -> tensor<2x4xi8>
// CHECK: nn.dequantize %{{.*}} scale %{{.*}} {axis = 1 : i64, block = 2 : i64}
func.func @quantize(%x: tensor<2x4xf32>, %s: tensor<4xf32>, %z: tensor<4xi8>, %blocks: tensor<2x2xf32>) -> tensor<2x4xf32> {
  %q = onnx.node "QuantizeLinear" since 21 (%x, %s, %z) {} : (tensor<2x4xf32>, tensor<4xf32>, tensor<4xi8>) -> !onnx.value domain ""
  %y = onnx.node "DequantizeLinear" since 21 (%q, %blocks) {block_size = 2 : i64} : (!onnx.value, tensor<2x2xf32>) -> !onnx.value domain ""
  onnx.yield %y : !onnx.value
}
