// RUN: ingot-opt %s --convert-onnx-to-nn --canonicalize --split-input-file --verify-diagnostics | FileCheck %s

// Whether there is a value is known from what made it, or from the type.
// CHECK-LABEL: func.func @known
// CHECK-NOT: nn.call
// CHECK-DAG: %[[T:.*]] = nn.constant dense<true>
// CHECK-DAG: %[[F:.*]] = nn.constant dense<false>
// CHECK: return %arg0, %[[T]], %[[T]], %[[F]], %[[F]]
func.func @known(%x: tensor<4xf32>) -> (!onnx.value, !onnx.value, !onnx.value, !onnx.value, !onnx.value) {
  %none = onnx.none
  %some = onnx.node "Optional" since 15 (%x) {} : (tensor<4xf32>) -> !onnx.value domain ""
  %empty = onnx.node "Optional" since 15 () {type = tensor<4xf32>} : () -> !onnx.value domain ""
  %v = onnx.node "OptionalGetElement" since 18 (%some) {} : (!onnx.value) -> !onnx.value domain ""
  %a = onnx.node "OptionalHasElement" since 18 (%some) {} : (!onnx.value) -> !onnx.value domain ""
  %b = onnx.node "OptionalHasElement" since 18 (%x) {} : (tensor<4xf32>) -> !onnx.value domain ""
  %c = onnx.node "OptionalHasElement" since 18 (%empty) {} : (!onnx.value) -> !onnx.value domain ""
  %d = onnx.node "OptionalHasElement" since 18 (%none) {} : (!onnx.none) -> !onnx.value domain ""
  onnx.yield %v, %a, %b, %c, %d : !onnx.value, !onnx.value, !onnx.value, !onnx.value, !onnx.value
}

// -----

// An input: the run knows. Sizes that the type states need not be read.
// CHECK-LABEL: func.func @input
// CHECK: nn.call "optional_has"(%arg0)
// CHECK: %[[S:.*]] = nn.call "optional_value"(%arg0) {{.*}} -> !nn.sequence<tensor<4xf32>>
// CHECK-NOT: sequence_shape
// CHECK: nn.call "sequence_at"(%[[S]], %{{.*}}) {{.*}} -> tensor<4xf32>
func.func @input(%x: !nn.optional<tensor<4xf32>>) -> (!onnx.value, !onnx.value) {
  %a = onnx.node "OptionalHasElement" since 18 (%x) {} : (!nn.optional<tensor<4xf32>>) -> !onnx.value domain ""
  %v = onnx.node "OptionalGetElement" since 18 (%x) {} : (!nn.optional<tensor<4xf32>>) -> !onnx.value domain ""
  onnx.yield %a, %v : !onnx.value, !onnx.value
}

// -----

// One branch gives an optional, the other a value: both give optionals.
// CHECK-LABEL: func.func @branches
// CHECK: nn.if %arg0 {{.*}} -> !nn.optional<!nn.sequence<tensor<?xf32>>>
// CHECK: nn.yield %arg1
// CHECK: %[[O:.*]] = nn.call "optional_of"
// CHECK: nn.yield %[[O]]
func.func @branches(%c: tensor<i1>, %o: !nn.optional<!nn.sequence<tensor<3xf32>>>, %x: tensor<5xf32>) -> !onnx.value {
  %y = onnx.node "If" since 16 (%c) {} {region_names = ["then_branch", "else_branch"]} : (tensor<i1>) -> !onnx.value {
    onnx.yield %o : !nn.optional<!nn.sequence<tensor<3xf32>>>
  }, {
    %s = onnx.node "SequenceConstruct" since 11 (%x) {} : (tensor<5xf32>) -> !onnx.value domain ""
    onnx.yield %s : !onnx.value
  } domain ""
  onnx.yield %y : !onnx.value
}

// -----

func.func @empty() -> !onnx.value {
  %empty = onnx.node "Optional" since 15 () {type = tensor<4xf32>} : () -> !onnx.value domain ""
  // expected-error @+3 {{the optional has no value}}
  // expected-note @+2 {{operator: OptionalGetElement}}
  // expected-note @+1 {{on: }}
  %v = onnx.node "OptionalGetElement" since 18 (%empty) {} : (!onnx.value) -> !onnx.value domain ""
  onnx.yield %v : !onnx.value
}
