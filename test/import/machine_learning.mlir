// RUN: ingot-opt %s --convert-onnx-to-nn --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: func.func @features
// CHECK: nn.gather {{.*}} -> tensor<3x2xf32>
func.func @features(%x: tensor<3x4xf32>, %i: tensor<2xi64>) -> !onnx.value {
  %y = onnx.node "ArrayFeatureExtractor" since 1 (%x, %i) {} : (tensor<3x4xf32>, tensor<2xi64>) -> !onnx.value domain "ai.onnx.ml"
  onnx.yield %y : !onnx.value
}

// -----

// CHECK-LABEL: func.func @binarizer
// CHECK: nn.less
// CHECK: nn.cast {{.*}} tensor<3xf32>
func.func @binarizer(%x: tensor<3xf32>) -> !onnx.value {
  %y = onnx.node "Binarizer" since 1 (%x) {threshold = 1.0 : f32} : (tensor<3xf32>) -> !onnx.value domain "ai.onnx.ml"
  onnx.yield %y : !onnx.value
}

// -----

// One node, two leaves: feature 1, true goes to leaf 0, false to leaf 1.
// CHECK-LABEL: func.func @tree
// CHECK: nn.constant dense<[1, 0, 1, 1, 1, 0]> : tensor<6xi64>
// CHECK: nn.call "tree_ensemble"({{.*}}) params {aggregate = 1 : i64} {{.*}} -> tensor<4x2xf32>
// CHECK: nn.softmax
func.func @tree(%x: tensor<4x2xf32>) -> !onnx.value {
  %y = onnx.node "TreeEnsemble" since 5 (%x) {n_targets = 2 : i64, post_transform = 1 : i64,
    nodes_modes = dense<0> : tensor<1xi8>, nodes_modes.type = tensor<1xui8>, nodes_splits = dense<2.5> : tensor<1xf32>,
    nodes_featureids = array<i64: 1>, nodes_truenodeids = array<i64: 0>, nodes_trueleafs = array<i64: 1>,
    nodes_falsenodeids = array<i64: 1>, nodes_falseleafs = array<i64: 1>, tree_roots = array<i64: 0>,
    leaf_targetids = array<i64: 0, 1>, leaf_weights = dense<[5.0, 7.0]> : tensor<2xf32>} : (tensor<4x2xf32>) -> !onnx.value domain "ai.onnx.ml"
  onnx.yield %y : !onnx.value
}

// -----

func.func @leaf(%x: tensor<4x2xf32>) -> !onnx.value {
  // expected-error @+3 {{a node, leaf, target or feature that does not exist}}
  // expected-note @+2 {{operator: ai.onnx.ml.TreeEnsemble}}
  // expected-note @+1 {{on: f32[4,2]}}
  %y = onnx.node "TreeEnsemble" since 5 (%x) {nodes_modes = dense<0> : tensor<1xi8>, nodes_modes.type = tensor<1xui8>,
    nodes_splits = dense<2.5> : tensor<1xf32>, nodes_featureids = array<i64: 1>, nodes_truenodeids = array<i64: 0>,
    nodes_trueleafs = array<i64: 1>, nodes_falsenodeids = array<i64: 2>, nodes_falseleafs = array<i64: 1>,
    tree_roots = array<i64: 0>, leaf_targetids = array<i64: 0>, leaf_weights = dense<5.0> : tensor<1xf32>} : (tensor<4x2xf32>) -> !onnx.value domain "ai.onnx.ml"
  onnx.yield %y : !onnx.value
}
