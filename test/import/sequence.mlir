// RUN: ingot-opt %s --convert-onnx-to-nn --canonicalize --split-input-file --verify-diagnostics | FileCheck %s

// A sequence whose items are known never exists at run time.
// CHECK-LABEL: func.func @known
// CHECK-NOT: nn.call
// CHECK-DAG: %[[N:.*]] = nn.neg %arg1
// CHECK-DAG: %[[L:.*]] = nn.constant dense<3> : tensor<i64>
// CHECK: return %[[N]], %[[L]]
func.func @known(%a: tensor<2xf32>, %b: tensor<3xf32>) -> (!onnx.value, !onnx.value) {
  %zero = nn.constant dense<0> : tensor<i64> : tensor<i64>
  %back = nn.constant dense<-2> : tensor<i64> : tensor<i64>
  %s = onnx.node "SequenceConstruct" since 11 (%a, %a, %a) {} : (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> !onnx.value domain ""
  %t = onnx.node "SequenceInsert" since 11 (%s, %b, %back) {} : (!onnx.value, tensor<3xf32>, tensor<i64>) -> !onnx.value domain ""
  %u = onnx.node "SequenceErase" since 11 (%t, %zero) {} : (!onnx.value, tensor<i64>) -> !onnx.value domain ""
  %x = onnx.node "SequenceAt" since 11 (%u, %zero) {} : (!onnx.value, tensor<i64>) -> !onnx.value domain ""
  %y = onnx.node "Neg" since 13 (%x) {} : (!onnx.value) -> !onnx.value domain ""
  %n = onnx.node "SequenceLength" since 11 (%u) {} : (!onnx.value) -> !onnx.value domain ""
  onnx.yield %y, %n : !onnx.value, !onnx.value
}

// -----

// Parts of known sizes are slices.
// CHECK-LABEL: func.func @split
// CHECK: nn.slice %arg0 {{.*}} to tensor<3x1xf32>
// CHECK-NOT: nn.call
// CHECK: nn.concat {{.*}} -> tensor<3x5xf32>
func.func @split(%x: tensor<3x5xf32>) -> !onnx.value {
  %two = nn.constant dense<2> : tensor<i64> : tensor<i64>
  %s = onnx.node "SplitToSequence" since 24 (%x, %two) {axis = 1 : i64} : (tensor<3x5xf32>, tensor<i64>) -> !onnx.value domain ""
  %y = onnx.node "ConcatFromSequence" since 11 (%s) {axis = -1 : i64} : (!onnx.value) -> !onnx.value domain ""
  onnx.yield %y : !onnx.value
}

// -----

// Items of sizes that only the run knows: those are bound before the elements are read.
// CHECK-LABEL: func.func @handle
// CHECK: %[[S:.*]] = nn.call "sequence_append"(%arg0, %arg1) {{.*}} -> !nn.sequence<tensor<?xf32>>
// CHECK: %[[D:.*]] = nn.call "sequence_shape"(%[[S]], %arg2) {{.*}} -> tensor<1xi64>
// CHECK: nn.bind "item_size0" = %[[D]][0]
// CHECK: nn.call "sequence_at"(%[[S]], %arg2) {{.*}} -> tensor<?xf32, #nn.shape<"item_size0">>
func.func @handle(%s: !nn.sequence<tensor<?xf32>>, %x: tensor<4xf32>, %i: tensor<i64>) -> !onnx.value {
  %t = onnx.node "SequenceInsert" since 11 (%s, %x) {} : (!nn.sequence<tensor<?xf32>>, tensor<4xf32>) -> !onnx.value domain ""
  %y = onnx.node "SequenceAt" since 11 (%t, %i) {} : (!onnx.value, tensor<i64>) -> !onnx.value domain ""
  onnx.yield %y : !onnx.value
}

// -----

// A loop over a known sequence is unrolled, so that its items stay values.
// CHECK-LABEL: func.func @unrolled
// CHECK-NOT: nn.loop
// CHECK-NOT: nn.call
// CHECK: nn.concat {{.*}} -> tensor<6xf32>
func.func @unrolled(%x: tensor<2xf32>) -> !onnx.value {
  %n = nn.constant dense<3> : tensor<i64> : tensor<i64>
  %none = onnx.none
  %e = onnx.node "SequenceEmpty" since 11 () {dtype = 1 : i64} : () -> !onnx.value domain ""
  %s = onnx.node "Loop" since 16 (%n, %none, %e) {} {region_names = ["body"]} : (tensor<i64>, !onnx.none, !onnx.value) -> !onnx.value {
  ^bb0(%i: tensor<i64>, %go: tensor<i1>, %v: !onnx.value):
    %w = onnx.node "SequenceInsert" since 11 (%v, %x) {} : (!onnx.value, tensor<2xf32>) -> !onnx.value domain ""
    onnx.yield %go, %w : tensor<i1>, !onnx.value
  } domain ""
  %y = onnx.node "ConcatFromSequence" since 11 (%s) {axis = 0 : i64} : (!onnx.value) -> !onnx.value domain ""
  onnx.yield %y : !onnx.value
}

// -----

// Carried, the sequence is what its items have in common over all iterations.
// CHECK-LABEL: func.func @carried
// CHECK: nn.loop {{.*}} init(%arg0 : !nn.sequence<tensor<2xf32>>) -> (!nn.sequence<tensor<?xf32>>)
// CHECK: ^bb0(%{{.*}}: tensor<i64>, %[[V:.*]]: !nn.sequence<tensor<?xf32>>):
// CHECK: nn.call "sequence_append"(%[[V]], %arg1)
func.func @carried(%s: !nn.sequence<tensor<2xf32>>, %x: tensor<3xf32>, %n: tensor<i64>) -> !onnx.value {
  %none = onnx.none
  %y = onnx.node "Loop" since 16 (%n, %none, %s) {} {region_names = ["body"]} : (tensor<i64>, !onnx.none, !nn.sequence<tensor<2xf32>>) -> !onnx.value {
  ^bb0(%i: tensor<i64>, %go: tensor<i1>, %v: !onnx.value):
    %w = onnx.node "SequenceInsert" since 11 (%v, %x) {} : (!onnx.value, tensor<3xf32>) -> !onnx.value domain ""
    onnx.yield %go, %w : tensor<i1>, !onnx.value
  } domain ""
  onnx.yield %y : !onnx.value
}

// -----

func.func @outside(%a: tensor<2xf32>) -> !onnx.value {
  %two = nn.constant dense<2> : tensor<i64> : tensor<i64>
  %s = onnx.node "SequenceConstruct" since 11 (%a, %a) {} : (tensor<2xf32>, tensor<2xf32>) -> !onnx.value domain ""
  // expected-error @+3 {{position 2 is outside a sequence of 2}}
  // expected-note @+2 {{operator: SequenceAt}}
  // expected-note @+1 {{on: }}
  %x = onnx.node "SequenceAt" since 11 (%s, %two) {} : (!onnx.value, tensor<i64>) -> !onnx.value domain ""
  onnx.yield %x : !onnx.value
}

// -----

func.func @rank(%s: !nn.sequence<tensor<*xf32>>, %i: tensor<i64>) -> !onnx.value {
  // expected-error @+4 {{the rank of the items of this sequence is not known}}
  // expected-note @+3 {{state the type of this output}}
  // expected-note @+2 {{operator: SequenceAt}}
  // expected-note @+1 {{on: }}
  %x = onnx.node "SequenceAt" since 11 (%s, %i) {} : (!nn.sequence<tensor<*xf32>>, tensor<i64>) -> !onnx.value domain ""
  onnx.yield %x : !onnx.value
}

// -----

// Outputs beside the model's own (verify --keep) are none after all where they are no tensors of numbers: the sequence still never exists.
// CHECK-LABEL: func.func @kept
// CHECK-SAME: -> (tensor<2xf32>, tensor<2xf32>)
// CHECK-SAME: onnx.outputs = ["y", "n"]
// CHECK-NOT: nn.call
// CHECK: return
func.func @kept(%a: tensor<2xf32>) -> (!onnx.value, !onnx.value, !onnx.value)
    attributes {onnx.outputs = ["y", "s", "n"], ingot.kept = ["s", "n"]} {
  %zero = nn.constant dense<0> : tensor<i64> : tensor<i64>
  %n = onnx.node "Neg" since 13 (%a) {} : (tensor<2xf32>) -> !onnx.value domain ""
  %s = onnx.node "SequenceConstruct" since 11 (%n) {} : (!onnx.value) -> !onnx.value domain ""
  %x = onnx.node "SequenceAt" since 11 (%s, %zero) {} : (!onnx.value, tensor<i64>) -> !onnx.value domain ""
  %y = onnx.node "Exp" since 13 (%x) {} : (!onnx.value) -> !onnx.value domain ""
  onnx.yield %y, %s, %n : !onnx.value, !onnx.value, !onnx.value
}
