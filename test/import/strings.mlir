// RUN: ingot-opt %s --convert-onnx-to-nn --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: func.func @concat
// CHECK: nn.broadcast_to %arg1 {{.*}} tensor<3x!nn.string>
// CHECK: nn.call "concat_strings"
func.func @concat(%x: tensor<3x!nn.string>, %y: tensor<1x!nn.string>) -> !onnx.value {
  %z = onnx.node "StringConcat" since 20 (%x, %y) {} : (tensor<3x!nn.string>, tensor<1x!nn.string>) -> !onnx.value domain ""
  onnx.yield %z : !onnx.value
}

// -----

// The number of parts is found out first.
// CHECK-LABEL: func.func @split
// CHECK: %[[C:.*]]:2 = nn.call "count_substrings"(%arg0) params {delimiter = ".", maxsplit = -1 : i64}
// CHECK: nn.bind "substrings0" = %[[C]]#1[0]
// CHECK: nn.call "split_strings"(%arg0) {{.*}} -> tensor<2x?x!nn.string, #nn.shape<"2", "substrings0">>
func.func @split(%x: tensor<2x!nn.string>) -> (!onnx.value, !onnx.value) {
  %y, %n = onnx.node "StringSplit" since 20 (%x) {delimiter = "."} : (tensor<2x!nn.string>) -> (!onnx.value, !onnx.value) domain ""
  onnx.yield %y, %n : !onnx.value, !onnx.value
}

// -----

// CHECK-LABEL: func.func @normalize
// CHECK: %[[Y:.*]]:2 = nn.call "normalize_strings"(%arg0, %{{.*}}) params {case_sensitive = 0 : i64, change = 2 : i64}
// CHECK: nn.bind "kept0" = %[[Y]]#1[0] bound "4"
func.func @normalize(%x: tensor<4x!nn.string>) -> !onnx.value {
  %y = onnx.node "StringNormalizer" since 10 (%x) {case_change_action = "UPPER", stopwords = ["monday"]} : (tensor<4x!nn.string>) -> !onnx.value domain ""
  onnx.yield %y : !onnx.value
}

// -----

// The automaton of the pattern is a constant.
// CHECK-LABEL: func.func @regex
// CHECK: nn.call "match_regex"(%arg0, %{{.*}}, %{{.*}}) params {start = {{[0-9]+}} : i64} {scratch = "384"} : (tensor<2x!nn.string>, tensor<12xi64>, tensor<6xi64>) -> tensor<2xi1>
func.func @regex(%x: tensor<2x!nn.string>) -> !onnx.value {
  %y = onnx.node "RegexFullMatch" since 20 (%x) {pattern = "a[bc]"} : (tensor<2x!nn.string>) -> !onnx.value domain ""
  onnx.yield %y : !onnx.value
}

// -----

func.func @pattern(%x: tensor<2x!nn.string>) -> !onnx.value {
  // expected-error @+4 {{the pattern has a '(' without its ')'}}
  // expected-note @+3 {{RE2's syntax}}
  // expected-note @+2 {{operator: RegexFullMatch}}
  // expected-note @+1 {{on: }}
  %y = onnx.node "RegexFullMatch" since 20 (%x) {pattern = "(a"} : (tensor<2x!nn.string>) -> !onnx.value domain ""
  onnx.yield %y : !onnx.value
}

// -----

// Keys ascend, their values follow them.
// CHECK-LABEL: func.func @labels
// CHECK-DAG: %[[K:.*]] = nn.constant dense<["a", "b", "c"]>
// CHECK-DAG: %[[V:.*]] = nn.constant dense<[20, 30, 10]>
// CHECK: nn.call "look_up"(%arg0, %[[K]], %[[V]], %{{.*}}) {{.*}} -> tensor<5xi64>
func.func @labels(%x: tensor<5x!nn.string>) -> !onnx.value {
  %y = onnx.node "LabelEncoder" since 4 (%x) {keys_strings = ["c", "a", "b"], values_int64s = array<i64: 10, 20, 30>} : (tensor<5x!nn.string>) -> !onnx.value domain "ai.onnx.ml"
  onnx.yield %y : !onnx.value
}

// -----

// N-grams of one length ascend: of the pairs (7 8) (2 3) the second comes first, in its own column.
// CHECK-LABEL: func.func @ngrams
// CHECK-DAG: nn.constant dense<[5, 2, 3, 7, 8]>
// CHECK-DAG: nn.constant dense<[1, 2]>
// CHECK-DAG: nn.constant dense<[0, 2, 1]>
// CHECK: nn.call "count_ngrams"(%{{.*}}) params {max_length = 2 : i64, max_skip = 0 : i64, min_length = 1 : i64} {{.*}} -> tensor<3xf32>
func.func @ngrams(%x: tensor<12xi32>) -> !onnx.value {
  %y = onnx.node "TfIdfVectorizer" since 9 (%x) {max_gram_length = 2 : i64, max_skip_count = 0 : i64, min_gram_length = 1 : i64, mode = "TF",
    ngram_counts = array<i64: 0, 1>, ngram_indexes = array<i64: 0, 1, 2>, pool_int64s = array<i64: 5, 7, 8, 2, 3>} : (tensor<12xi32>) -> !onnx.value domain ""
  onnx.yield %y : !onnx.value
}
