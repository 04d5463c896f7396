// RUN: ingot-opt %s --convert-onnx-to-nn --split-input-file | FileCheck %s

// The products with the input are one matrix product; a step is a product and one nest for all gates.
// CHECK-LABEL: func.func @lstm
// CHECK: nn.matmul {{.*}} -> tensor<20x12xf32>
// CHECK: nn.loop
// CHECK: nn.matmul {{.*}} -> tensor<2x12xf32>
// CHECK: kernel.generic domain <"2", "3"> iterators "pp"
// CHECK: nn.yield
// CHECK: trip = "10"
func.func @lstm(%x: tensor<10x2x4xf32>, %w: tensor<1x12x4xf32>, %r: tensor<1x12x3xf32>) -> tensor<10x1x2x3xf32> {
  %y = onnx.node "LSTM" since 14 (%x, %w, %r) {hidden_size = 3 : i64} : (tensor<10x2x4xf32>, tensor<1x12x4xf32>, tensor<1x12x3xf32>) -> !onnx.value domain ""
  onnx.yield %y : !onnx.value
}

// -----

// A single step needs no loop.
// CHECK-LABEL: func.func @gru
// CHECK-NOT: nn.loop
// CHECK: nn.concat
func.func @gru(%x: tensor<1x2x4xf32>, %w: tensor<2x9x4xf32>, %r: tensor<2x9x3xf32>) -> tensor<1x2x2x3xf32> {
  %y = onnx.node "GRU" since 14 (%x, %w, %r) {hidden_size = 3 : i64, direction = "bidirectional"} : (tensor<1x2x4xf32>, tensor<2x9x4xf32>, tensor<2x9x3xf32>) -> !onnx.value domain ""
  onnx.yield %y : !onnx.value
}
