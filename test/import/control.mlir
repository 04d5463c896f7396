// RUN: ingot-opt %s --convert-onnx-to-nn --split-input-file -verify-diagnostics | FileCheck %s

// A condition that shapes decide chooses its branch.
// CHECK-LABEL: func.func @known
// CHECK-NOT: nn.if
// CHECK: nn.neg
func.func @known(%x: tensor<4xf32>) -> tensor<4xf32> {
  %s = onnx.node "Size" since 13 (%x) {} : (tensor<4xf32>) -> !onnx.value domain ""
  %c = onnx.node "Equal" since 13 (%s, %s) {} : (!onnx.value, !onnx.value) -> !onnx.value domain ""
  %y = onnx.node "If" since 16 (%c) {} {region_names = ["then_branch", "else_branch"]} : (!onnx.value) -> !onnx.value {
    %a = onnx.node "Neg" since 13 (%x) {} : (tensor<4xf32>) -> !onnx.value domain ""
    onnx.yield %a : !onnx.value
  }, {
    onnx.yield %x : tensor<4xf32>
  } domain ""
  onnx.yield %y : !onnx.value
}

// -----

// Branches of different rank on a test of sizes: the run checks the size for which the model was compiled.
// CHECK-LABEL: func.func @squeeze
// CHECK: nn.require "n" equals "1" for "If"
// CHECK: nn.reshape {{.*}} to tensor<4xf32>
// CHECK-NOT: nn.if
func.func @squeeze(%x: tensor<4x?xf32, #nn.shape<"4", "n">>) -> tensor<4xf32> {
  %one = nn.constant dense<1> : tensor<1xi64> : tensor<1xi64>
  %shape = onnx.node "Shape" since 15 (%x) {start = 1 : i64} : (tensor<4x?xf32, #nn.shape<"4", "n">>) -> !onnx.value domain ""
  %c = onnx.node "Equal" since 13 (%shape, %one) {} : (!onnx.value, tensor<1xi64>) -> !onnx.value domain ""
  %y = onnx.node "If" since 16 (%c) {} {region_names = ["then_branch", "else_branch"]} : (!onnx.value) -> !onnx.value {
    %a = onnx.node "Squeeze" since 13 (%x, %one) {} : (tensor<4x?xf32, #nn.shape<"4", "n">>, tensor<1xi64>) -> !onnx.value domain ""
    onnx.yield %a : !onnx.value
  }, {
    onnx.yield %x : tensor<4x?xf32, #nn.shape<"4", "n">>
  } domain ""
  onnx.yield %y : !onnx.value
}

// -----

// Carried values that keep their shape make a loop; its scan output has the trip count in front.
// CHECK-LABEL: func.func @loop
// CHECK: nn.loop
// CHECK: -> (tensor<2xf32>, tensor<5x2xf32>)
// CHECK: nn.yield
// CHECK: trip = "5"
func.func @loop(%x: tensor<2xf32>) -> tensor<5x2xf32> {
  %n = nn.constant dense<5> : tensor<i64> : tensor<i64>
  %none = onnx.none
  %y:2 = onnx.node "Loop" since 16 (%n, %none, %x) {} {region_names = ["body"]} : (tensor<i64>, !onnx.none, tensor<2xf32>) -> (!onnx.value, !onnx.value) {
  ^bb0(%i: tensor<i64>, %go: tensor<i1>, %v: tensor<2xf32>):
    %a = onnx.node "Add" since 14 (%v, %v) {} : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32> domain ""
    onnx.yield %go, %a, %a : tensor<i1>, tensor<2xf32>, tensor<2xf32>
  } domain ""
  onnx.yield %y#1 : !onnx.value
}

// -----

// A carried value that grows: unrolled where the count is known.
// CHECK-LABEL: func.func @unrolled
// CHECK-NOT: nn.loop
// CHECK: nn.concat {{.*}} -> tensor<16xf32>
func.func @unrolled(%x: tensor<2xf32>) -> tensor<16xf32> {
  %n = nn.constant dense<3> : tensor<i64> : tensor<i64>
  %none = onnx.none
  %y = onnx.node "Loop" since 16 (%n, %none, %x) {} {region_names = ["body"]} : (tensor<i64>, !onnx.none, tensor<2xf32>) -> !onnx.value {
  ^bb0(%i: tensor<i64>, %go: tensor<i1>, %v: !onnx.value):
    %a = onnx.node "Concat" since 13 (%v, %v) {axis = 0 : i64} : (!onnx.value, !onnx.value) -> !onnx.value domain ""
    onnx.yield %go, %a : tensor<i1>, !onnx.value
  } domain ""
  onnx.yield %y : !onnx.value
}

// -----

func.func @grows(%x: tensor<2xf32>, %n: tensor<i64>) -> tensor<2xf32> {
  %none = onnx.none
  // expected-error @+4 {{changes its type or shape}}
  // expected-note @+3 {{fixed, small number of iterations}}
  // expected-note @+2 {{operator: Loop}}
  // expected-note @+1 {{on: i64[], f32[2]}}
  %y = onnx.node "Loop" since 16 (%n, %none, %x) {} {region_names = ["body"]} : (tensor<i64>, !onnx.none, tensor<2xf32>) -> !onnx.value {
  ^bb0(%i: tensor<i64>, %go: tensor<i1>, %v: !onnx.value):
    %a = onnx.node "Concat" since 13 (%v, %v) {axis = 0 : i64} : (!onnx.value, !onnx.value) -> !onnx.value domain ""
    onnx.yield %go, %a : tensor<i1>, !onnx.value
  } domain ""
  onnx.yield %y : !onnx.value
}
