// RUN: ingot-opt %s --convert-onnx-to-nn --canonicalize --split-input-file | FileCheck %s

// What exporters compute from Shape folds to dimension expressions while the model is imported.

// BERT: Reshape(x, Concat(Shape(x)[0], Shape(x)[1], 12, 64)).
// CHECK-LABEL: func.func @heads
// CHECK: nn.reshape %arg0 : tensor<?x?x768xf32, #nn.shape<"batch", "seq", "768">> to tensor<?x?x12x64xf32, #nn.shape<"batch", "seq", "12", "64">>
func.func @heads(%x: tensor<?x?x768xf32, #nn.shape<"batch", "seq", "768">>) -> !onnx.value {
  %zero = nn.constant dense<0> : tensor<i64> : tensor<i64>
  %axes = nn.constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %rest = nn.constant dense<[12, 64]> : tensor<2xi64> : tensor<2xi64>
  %from = nn.constant dense<1> : tensor<1xi64> : tensor<1xi64>
  %to = nn.constant dense<2> : tensor<1xi64> : tensor<1xi64>
  %s = onnx.node "Shape" since 15 (%x) {} : (tensor<?x?x768xf32, #nn.shape<"batch", "seq", "768">>) -> !onnx.value domain ""
  %b0 = onnx.node "Gather" since 13 (%s, %zero) {axis = 0 : i64} : (!onnx.value, tensor<i64>) -> !onnx.value domain ""
  %b = onnx.node "Unsqueeze" since 13 (%b0, %axes) {} : (!onnx.value, tensor<1xi64>) -> !onnx.value domain ""
  %q = onnx.node "Slice" since 13 (%s, %from, %to) {} : (!onnx.value, tensor<1xi64>, tensor<1xi64>) -> !onnx.value domain ""
  %t = onnx.node "Concat" since 13 (%b, %q, %rest) {axis = 0 : i64} : (!onnx.value, !onnx.value, tensor<2xi64>) -> !onnx.value domain ""
  %y = onnx.node "Reshape" since 14 (%x, %t) {} : (tensor<?x?x768xf32, #nn.shape<"batch", "seq", "768">>, !onnx.value) -> !onnx.value domain ""
  onnx.yield %y : !onnx.value
}

// -----

// Expand by the Where(Equal(shape, -1), ones, shape) idiom.
// CHECK-LABEL: func.func @expand
// CHECK-NOT: nn.where
// CHECK: nn.broadcast_to %arg0 : tensor<1x1xf32> to tensor<?x4xf32, #nn.shape<"n", "4">>
func.func @expand(%x: tensor<1x1xf32>, %like: tensor<?xf32, #nn.shape<"n">>) -> !onnx.value {
  %four = nn.constant dense<4> : tensor<1xi64> : tensor<1xi64>
  %two = nn.constant dense<2> : tensor<1xi64> : tensor<1xi64>
  %minus = nn.constant dense<-1> : tensor<i64> : tensor<i64>
  %n = onnx.node "Shape" since 15 (%like) {} : (tensor<?xf32, #nn.shape<"n">>) -> !onnx.value domain ""
  %s = onnx.node "Concat" since 13 (%n, %four) {axis = 0 : i64} : (!onnx.value, tensor<1xi64>) -> !onnx.value domain ""
  %one = nn.constant dense<1> : tensor<1xi64> : tensor<1xi64>
  %ones = onnx.node "ConstantOfShape" since 9 (%two) {value = dense<1> : tensor<1xi64>} : (tensor<1xi64>) -> !onnx.value domain ""
  %all = onnx.node "Mul" since 14 (%ones, %minus) {} : (!onnx.value, tensor<i64>) -> !onnx.value domain ""
  %is = onnx.node "Equal" since 13 (%s, %all) {} : (!onnx.value, !onnx.value) -> !onnx.value domain ""
  %t = onnx.node "Where" since 16 (%is, %ones, %s) {} : (!onnx.value, !onnx.value, !onnx.value) -> !onnx.value domain ""
  %y = onnx.node "Expand" since 13 (%x, %t) {} : (tensor<1x1xf32>, !onnx.value) -> !onnx.value domain ""
  onnx.yield %y : !onnx.value
}

// -----

// PyTorch's Pad: the pads are reversed as a matrix of rank 2.
// CHECK-LABEL: func.func @torch_pad
// CHECK: nn.pad "constant" %arg0 from <"0", "3", "1"> : tensor<2x5x5xf32> to tensor<2x12x8xf32>
func.func @torch_pad(%x: tensor<2x5x5xf32>) -> !onnx.value {
  %given = nn.constant dense<[1, 2, 3, 4]> : tensor<4xi64> : tensor<4xi64>
  %two = nn.constant dense<2> : tensor<1xi64> : tensor<1xi64>
  %pairs = nn.constant dense<[-1, 2]> : tensor<2xi64> : tensor<2xi64>
  %minus = nn.constant dense<-1> : tensor<1xi64> : tensor<1xi64>
  %least = nn.constant dense<-9223372036854775807> : tensor<1xi64> : tensor<1xi64>
  %zero = nn.constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %none = onnx.node "ConstantOfShape" since 9 (%two) {value = dense<0> : tensor<1xi64>} : (tensor<1xi64>) -> !onnx.value domain ""
  %all = onnx.node "Concat" since 13 (%given, %none) {axis = 0 : i64} : (tensor<4xi64>, !onnx.value) -> !onnx.value domain ""
  %m = onnx.node "Reshape" since 14 (%all, %pairs) {} : (!onnx.value, tensor<2xi64>) -> !onnx.value domain ""
  %r = onnx.node "Slice" since 13 (%m, %minus, %least, %zero, %minus) {} : (!onnx.value, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> !onnx.value domain ""
  %t = onnx.node "Transpose" since 13 (%r) {perm = array<i64: 1, 0>} : (!onnx.value) -> !onnx.value domain ""
  %f = onnx.node "Reshape" since 14 (%t, %minus) {} : (!onnx.value, tensor<1xi64>) -> !onnx.value domain ""
  %p = onnx.node "Cast" since 13 (%f) {to = 7 : i64} : (!onnx.value) -> !onnx.value domain ""
  %y = onnx.node "Pad" since 13 (%x, %p) {mode = "constant"} : (tensor<2x5x5xf32>, !onnx.value) -> !onnx.value domain ""
  onnx.yield %y : !onnx.value
}

// -----

// GPT-2's causal mask: slices of a constant by sizes, and a Range over the sequence.
// CHECK-LABEL: func.func @mask
// CHECK: nn.slice %{{.*}} from <"0", "min(1024, past)"> step
// CHECK: kernel.generic domain <"seq">
func.func @mask(%mask: tensor<1024x1024xi1>, %past: tensor<?xf32, #nn.shape<"past">>, %now: tensor<?xf32, #nn.shape<"seq">>) -> (!onnx.value, !onnx.value) {
  %one = nn.constant dense<1> : tensor<1xi64> : tensor<1xi64>
  %unit = nn.constant dense<1> : tensor<i64> : tensor<i64>
  %zero = nn.constant dense<0> : tensor<i64> : tensor<i64>
  %first = nn.constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %p = onnx.node "Shape" since 15 (%past) {} : (tensor<?xf32, #nn.shape<"past">>) -> !onnx.value domain ""
  %s = onnx.node "Shape" since 15 (%now) {} : (tensor<?xf32, #nn.shape<"seq">>) -> !onnx.value domain ""
  %e = onnx.node "Add" since 14 (%p, %s) {} : (!onnx.value, !onnx.value) -> !onnx.value domain ""
  %m = onnx.node "Slice" since 13 (%mask, %p, %e, %one) {} : (tensor<1024x1024xi1>, !onnx.value, !onnx.value, tensor<1xi64>) -> !onnx.value domain ""
  %l = onnx.node "Squeeze" since 13 (%s, %first) {} : (!onnx.value, tensor<1xi64>) -> !onnx.value domain ""
  %r = onnx.node "Range" since 11 (%zero, %l, %unit) {} : (tensor<i64>, !onnx.value, tensor<i64>) -> !onnx.value domain ""
  onnx.yield %m, %r : !onnx.value, !onnx.value
}
