// RUN: ingot-opt %s --convert-onnx-to-nn --split-input-file | FileCheck %s

// A transform is a product with a matrix that needs no inputs.
// CHECK-LABEL: func.func @dft
// CHECK: kernel.generic domain <"8", "1", "5", "2"> iterators "pppp" ins()
// CHECK: kernel.contract domain <"3", "1", "5", "2", "8", "1"> kinds "mmnnkk"
func.func @dft(%x: tensor<3x8x1xf32>) -> tensor<3x5x2xf32> {
  %y = onnx.node "DFT" since 17 (%x) {onesided = 1 : i64} : (tensor<3x8x1xf32>) -> !onnx.value domain ""
  onnx.yield %y : !onnx.value
}

// -----

// Frames are read where they lie.
// CHECK: #[[FRAMES:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1 * 2 + d4, d5)>
// CHECK-LABEL: func.func @stft
// CHECK: kernel.contract domain <"1", "7", "3", "2", "4", "1"> kinds "mmnnkk"
// CHECK-SAME: maps [#[[FRAMES]],
func.func @stft(%x: tensor<1x16x1xf32>, %window: tensor<4xf32>) -> tensor<1x7x3x2xf32> {
  %step = nn.constant dense<2> : tensor<i64> : tensor<i64>
  %y = onnx.node "STFT" since 17 (%x, %step, %window) {} : (tensor<1x16x1xf32>, tensor<i64>, tensor<4xf32>) -> !onnx.value domain ""
  onnx.yield %y : !onnx.value
}
