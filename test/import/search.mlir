// RUN: ingot-opt %s --convert-onnx-to-nn --split-input-file --verify-diagnostics | FileCheck %s

// Sizes that the data decides are size slots: the template writes the count, nn.bind names it and gives the capacity.
// CHECK-LABEL: func.func @nonzero
// CHECK: %[[C:.*]]:2 = nn.call "nonzero"(%arg0) {{.*}} -> (tensor<2x?xi64, #nn.shape<"2", "nonzero0">>, tensor<1xi64>)
// CHECK: nn.bind "nonzero0" = %[[C]]#1[0] bound "12"
func.func @nonzero(%x: tensor<3x4xf32>) -> !onnx.value {
  %a = onnx.node "NonZero" since 13 (%x) {} : (tensor<3x4xf32>) -> !onnx.value domain ""
  onnx.yield %a : !onnx.value
}

// -----

// CHECK-LABEL: func.func @topk
// CHECK: nn.call "topk"(%arg0) params {axis = 1 : i64, largest = 0 : i64}
// CHECK-SAME: -> (tensor<3x2xf32>, tensor<3x2xi64>)
func.func @topk(%x: tensor<3x4xf32>) -> (!onnx.value, !onnx.value) {
  %k = nn.constant dense<2> : tensor<1xi64> : tensor<1xi64>
  %v, %i = onnx.node "TopK" since 11 (%x, %k) {axis = 1 : i64, largest = 0 : i64} : (tensor<3x4xf32>, tensor<1xi64>) -> (!onnx.value, !onnx.value) domain ""
  onnx.yield %v, %i : !onnx.value, !onnx.value
}

// -----

// The extreme, then its first index: two plain reductions.
// CHECK-LABEL: func.func @argmax
// CHECK: nn.reduce "max" %arg0 over [1]
// CHECK: kernel.generic domain <"3", "4"> iterators "pr"
// CHECK: arith.minsi
func.func @argmax(%x: tensor<3x4xf32>) -> !onnx.value {
  %a = onnx.node "ArgMax" since 13 (%x) {axis = 1 : i64, keepdims = 0 : i64} : (tensor<3x4xf32>) -> !onnx.value domain ""
  onnx.yield %a : !onnx.value
}

// -----

// A short running sum is a loop nest, a long one a template.
// CHECK-LABEL: func.func @cumsum
// CHECK: kernel.generic domain <"8", "8"> iterators "pr"
// CHECK: nn.call "cumulate"
func.func @cumsum(%x: tensor<8xf32>, %long: tensor<100000xf32>) -> (!onnx.value, !onnx.value) {
  %axis = nn.constant dense<0> : tensor<i64> : tensor<i64>
  %a = onnx.node "CumSum" since 14 (%x, %axis) {} : (tensor<8xf32>, tensor<i64>) -> !onnx.value domain ""
  %b = onnx.node "CumSum" since 14 (%long, %axis) {} : (tensor<100000xf32>, tensor<i64>) -> !onnx.value domain ""
  onnx.yield %a, %b : !onnx.value, !onnx.value
}

// -----

func.func @refused(%x: tensor<4xi4>, %i: tensor<2xi64>, %u: tensor<2xi4>) -> !onnx.value {
  // expected-error @+4 {{packed elements cannot be scattered}}
  // expected-note @+3 {{operator: ScatterElements}}
  // expected-note @+2 {{on: i4[4], i64[2], i4[2]}}
  // expected-note @+1 {{cast to an 8-bit type before and back after}}
  %a = onnx.node "ScatterElements" since 18 (%x, %i, %u) {} : (tensor<4xi4>, tensor<2xi64>, tensor<2xi4>) -> !onnx.value domain ""
  onnx.yield %a : !onnx.value
}
