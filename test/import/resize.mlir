// RUN: ingot-opt %s --convert-onnx-to-nn --split-input-file | FileCheck %s

// Nearest is a gather along each axis that changes.
// CHECK-LABEL: func.func @nearest
// CHECK: nn.gather {{.*}} axis 2 {{.*}} -> tensor<1x1x4x?xf32
// CHECK: nn.gather {{.*}} axis 3 {{.*}} -> tensor<1x1x4x?xf32, #nn.shape<"1", "1", "4", "3*w">>
// CHECK-NOT: nn.gather
func.func @nearest(%x: tensor<1x1x2x?xf32, #nn.shape<"1", "1", "2", "w">>) -> tensor<1x1x4x?xf32, #nn.shape<"1", "1", "4", "3*w">> {
  %none = onnx.none
  %s = nn.constant dense<[1.0, 1.0, 2.0, 3.0]> : tensor<4xf32> : tensor<4xf32>
  %y = onnx.node "Resize" since 19 (%x, %none, %s) {mode = "nearest"} : (tensor<1x1x2x?xf32, #nn.shape<"1", "1", "2", "w">>, !onnx.none, tensor<4xf32>) -> !onnx.value domain ""
  onnx.yield %y : !onnx.value
}

// -----

// Sizes at run time; two taps of each axis, summed over a table of weights.
// CHECK-LABEL: func.func @linear
// CHECK: nn.bind "size0"
// CHECK: kernel.generic domain <"size0", "2"> iterators "pp"
// CHECK: kernel.generic domain <"4", "size0", "2"> iterators "ppr"
func.func @linear(%x: tensor<4x8xf32>, %sizes: tensor<1xi64>) -> tensor<4x?xf32, #nn.shape<"4", "n">> {
  %none = onnx.none
  %y = onnx.node "Resize" since 19 (%x, %none, %none, %sizes) {mode = "linear", axes = array<i64: 1>} : (tensor<4x8xf32>, !onnx.none, !onnx.none, tensor<1xi64>) -> !onnx.value domain ""
  onnx.yield %y : !onnx.value
}
