// RUN: ingot-opt %s --convert-onnx-to-nn --split-input-file | FileCheck %s

// What only the sizes of inputs decide is checked first, once, whoever needs it.
// CHECK-LABEL: func.func @inner
// CHECK-NEXT: nn.require "b" equals "c" for "first"
// CHECK-NEXT: nn.require "k" equals "8" for "third"
// CHECK-NEXT: nn.matmul
// CHECK-NOT: nn.require
func.func @inner(%x: tensor<4x?xf32, #nn.shape<"4", "b">>, %y: tensor<?x6xf32, #nn.shape<"c", "6">>,
                 %u: tensor<4x?xf32, #nn.shape<"4", "k">>, %v: tensor<8x6xf32>) -> () {
  %a = onnx.node "MatMul" since 13 (%x, %y) {} : (tensor<4x?xf32, #nn.shape<"4", "b">>, tensor<?x6xf32, #nn.shape<"c", "6">>) -> !onnx.value domain "" loc("first (MatMul)")
  %b = onnx.node "Gemm" since 13 (%x, %y) {} : (tensor<4x?xf32, #nn.shape<"4", "b">>, tensor<?x6xf32, #nn.shape<"c", "6">>) -> !onnx.value domain "" loc("second (Gemm)")
  %c = onnx.node "Gemm" since 13 (%u, %v) {} : (tensor<4x?xf32, #nn.shape<"4", "k">>, tensor<8x6xf32>) -> !onnx.value domain "" loc("third")
  onnx.yield %a, %b, %c : !onnx.value, !onnx.value, !onnx.value
}

// -----

// Unequal sizes broadcast where the smaller one is 1: of two symbols, or of a symbol beside a number.
// CHECK-LABEL: func.func @broadcast
// CHECK-NEXT: nn.require "a" equals "c" or_one "min(a, c)" for "Add"
// CHECK-NEXT: nn.require "a" equals "8" or_one "a" for "Add"
func.func @broadcast(%x: tensor<?xf32, #nn.shape<"a">>, %y: tensor<?xf32, #nn.shape<"c">>, %z: tensor<8xf32>) -> () {
  %a = onnx.node "Add" since 14 (%x, %y) {} : (tensor<?xf32, #nn.shape<"a">>, tensor<?xf32, #nn.shape<"c">>) -> !onnx.value domain ""
  %b = onnx.node "Add" since 14 (%x, %z) {} : (tensor<?xf32, #nn.shape<"a">>, tensor<8xf32>) -> !onnx.value domain ""
  onnx.yield %a, %b : !onnx.value, !onnx.value
}

// -----

// A branch needs what its operators need only where it runs.
// CHECK-LABEL: func.func @branch
// CHECK-NOT: nn.require
// CHECK: nn.if
// CHECK-NEXT: nn.require "a" equals "c"
func.func @branch(%p: tensor<i1>, %x: tensor<2x?xf32, #nn.shape<"2", "a">>, %y: tensor<?x3xf32, #nn.shape<"c", "3">>, %z: tensor<2x3xf32>) -> () {
  %r = onnx.node "If" since 21 (%p) {} {region_names = ["then_branch", "else_branch"]} : (tensor<i1>) -> !onnx.value {
    %m = onnx.node "MatMul" since 13 (%x, %y) {} : (tensor<2x?xf32, #nn.shape<"2", "a">>, tensor<?x3xf32, #nn.shape<"c", "3">>) -> !onnx.value domain ""
    onnx.yield %m : !onnx.value
  }, {
    onnx.yield %z : tensor<2x3xf32>
  } domain ""
  onnx.yield %r : !onnx.value
}

// -----

// A shape that keeps the number of elements only for some sizes, and parts that must add up.
// CHECK-LABEL: func.func @elements
// CHECK: nn.require "n" equals "4*floordiv(n, 4)"
// CHECK: nn.require "n" equals "7" for "Split"
func.func @elements(%x: tensor<?xf32, #nn.shape<"n">>) -> () {
  %s = nn.constant dense<[-1, 4]> : tensor<2xi64> : tensor<2xi64>
  %k = nn.constant dense<[3, 4]> : tensor<2xi64> : tensor<2xi64>
  %a = onnx.node "Reshape" since 14 (%x, %s) {} : (tensor<?xf32, #nn.shape<"n">>, tensor<2xi64>) -> !onnx.value domain ""
  %b:2 = onnx.node "Split" since 18 (%x, %k) {axis = 0 : i64} : (tensor<?xf32, #nn.shape<"n">>, tensor<2xi64>) -> (!onnx.value, !onnx.value) domain ""
  onnx.yield %a, %b#0, %b#1 : !onnx.value, !onnx.value, !onnx.value
}
