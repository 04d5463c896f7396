// RUN: not ingot-opt %s --split-input-file --convert-onnx-to-nn 2> %t.err | FileCheck %s
// RUN: FileCheck %s --check-prefix REFUSED < %t.err

// Result types are inferred from what the rule builds, and dimensions with them.
// CHECK-LABEL: func.func @chain
// CHECK-NEXT: %[[R:.*]] = nn.relu %arg0 : (tensor<?x4xf32, #nn.shape<"batch", "4">>) -> tensor<?x4xf32, #nn.shape<"batch", "4">>
// CHECK-NEXT: nn.transpose %[[R]] {{.*}} to tensor<4x?xf32, #nn.shape<"4", "batch">>
// CHECK-NOT: onnx.node
func.func @chain(%x: tensor<?x4xf32, #nn.shape<"batch", "4">>) -> tensor<4x?xf32, #nn.shape<"4", "batch">> {
  %r = onnx.node "Relu" since 14 (%x) {} : (tensor<?x4xf32, #nn.shape<"batch", "4">>) -> !onnx.value domain ""
  %t = onnx.node "Transpose" since 21 (%r) {} : (!onnx.value) -> !onnx.value domain ""
  onnx.yield %t : !onnx.value
}

// -----

// One run reports all nodes that no rule takes, each with its operator, shapes and the remedy.
// REFUSED: error: operator is not supported
// REFUSED: operator: example.Foo
// REFUSED: on: f32[4]
// REFUSED: error: operator is not supported
// REFUSED: operator: example.Bar
func.func @refused(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %a = onnx.node "Foo" since 1 (%x) {} : (tensor<4xf32>) -> tensor<4xf32> domain "example"
  %b = onnx.node "Bar" since 1 (%x) {} : (tensor<4xf32>) -> tensor<4xf32> domain "example"
  onnx.yield %a, %b : tensor<4xf32>, tensor<4xf32>
}
