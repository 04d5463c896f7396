// RUN: ingot-opt %s --kernel-fuse-producers --canonicalize | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>
#tr = affine_map<(d0, d1) -> (d1, d0)>

// A transpose is only another way of reading.
// CHECK-DAG: #[[ID:.*]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-DAG: #[[TR:.*]] = affine_map<(d0, d1) -> (d1, d0)>
// CHECK-LABEL: func.func @transpose
// CHECK: kernel.generic domain <"8", "4"> iterators "pp" ins(%{{.*}} : tensor<4x8xf32>) maps [#[[TR]], #[[ID]]]
// CHECK: math.exp
// CHECK-NOT: kernel.generic
func.func @transpose(%x: tensor<4x8xf32>) -> tensor<8x4xf32> {
  %0 = kernel.generic domain <"8", "4"> iterators "pp" ins(%x : tensor<4x8xf32>) maps [#tr, #id] symbols <> padding [unit] init [unit] dest_of [-1] -> tensor<8x4xf32> {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  }
  %1 = kernel.generic domain <"8", "4"> iterators "pp" ins(%0 : tensor<8x4xf32>) maps [#id, #id] symbols <> padding [unit] init [unit] dest_of [-1] -> tensor<8x4xf32> {
  ^bb0(%e: f32):
    %2 = math.exp %e : f32
    kernel.yield %2 : f32
  }
  return %1 : tensor<8x4xf32>
}

// exp of the whole tensor is not repeated for each of 8 sums …
// CHECK-LABEL: func.func @expensive
// CHECK: math.exp
// CHECK: kernel.generic {{.*}} iterators "ppr"
// CHECK-NOT: math.exp
// CHECK: return
func.func @expensive(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = kernel.generic domain <"4", "8"> iterators "pp" ins(%x : tensor<4x8xf32>) maps [#id, #id] symbols <> padding [unit] init [unit] dest_of [-1] -> tensor<4x8xf32> {
  ^bb0(%e: f32):
    %2 = math.exp %e : f32
    kernel.yield %2 : f32
  }
  %1 = kernel.generic domain <"4", "8", "8"> iterators "ppr" ins(%0 : tensor<4x8xf32>)
      maps [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d0, d1)>]
      symbols <> padding [unit] init [0.0 : f32] dest_of [-1] -> tensor<4x8xf32> {
  ^bb0(%e: f32, %acc: f32):
    %2 = arith.addf %acc, %e : f32
    kernel.yield %2 : f32
  }
  return %1 : tensor<4x8xf32>
}

// A padded read of relu(x): relu of the padding would be 0, not -1, so the two stay apart; a transpose may still go.
// CHECK-LABEL: func.func @padded
// CHECK: arith.maximumf
// CHECK: kernel.generic domain <"10", "4">
// CHECK-SAME: padding [-1.000000e+00 : f32]
func.func @padded(%x: tensor<4x8xf32>) -> tensor<10x4xf32> {
  %0 = kernel.generic domain <"4", "8"> iterators "pp" ins(%x : tensor<4x8xf32>) maps [#id, #id] symbols <> padding [unit] init [unit] dest_of [-1] -> tensor<4x8xf32> {
  ^bb0(%e: f32):
    %c = arith.constant 0.0 : f32
    %2 = arith.maximumf %e, %c : f32
    kernel.yield %2 : f32
  }
  %1 = kernel.generic domain <"8", "4"> iterators "pp" ins(%0 : tensor<4x8xf32>) maps [#tr, #id] symbols <> padding [unit] init [unit] dest_of [-1] -> tensor<8x4xf32> {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  }
  %2 = kernel.generic domain <"10", "4"> iterators "pp" ins(%1 : tensor<8x4xf32>) maps [affine_map<(d0, d1) -> (d0 - 1, d1)>, #id] symbols <> padding [-1.0 : f32] init [unit] dest_of [-1] -> tensor<10x4xf32> {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  }
  return %2 : tensor<10x4xf32>
}

// Heads: reshape and transpose before a product vanish; k is cut into (head, feature).
// CHECK-LABEL: func.func @heads
// CHECK-NEXT: kernel.contract domain <"seq", "6", "2", "4"> kinds "mnkk" ins(%arg0, %arg1
// CHECK-NEXT: return
func.func @heads(%x: tensor<2x?x4xf32, #nn.shape<"2", "seq", "4">>, %w: tensor<8x6xf32>) -> tensor<?x6xf32, #nn.shape<"seq", "6">> {
  %0 = kernel.generic domain <"seq", "2", "4"> iterators "ppp" ins(%x : tensor<2x?x4xf32, #nn.shape<"2", "seq", "4">>)
      maps [affine_map<(d0, d1, d2) -> (d1, d0, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>]
      symbols <> padding [unit] init [unit] dest_of [-1] -> tensor<?x2x4xf32, #nn.shape<"seq", "2", "4">> {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  }
  %1 = kernel.view %0 : tensor<?x2x4xf32, #nn.shape<"seq", "2", "4">> to tensor<?x8xf32, #nn.shape<"seq", "8">>
  %2 = kernel.contract domain <"seq", "6", "8"> kinds "mnk" ins(%1, %w : tensor<?x8xf32, #nn.shape<"seq", "8">>, tensor<8x6xf32>)
      maps [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>]
      symbols <> padding [unit, unit] init [0.0 : f32] dest_of [-1] -> tensor<?x6xf32, #nn.shape<"seq", "6">>
  return %2 : tensor<?x6xf32, #nn.shape<"seq", "6">>
}

// The second factor transposed: one row, or a few, read it where it is, along k…
// CHECK-LABEL: func.func @keys_of_one_token
// CHECK-NEXT: kernel.contract {{.*}} ins(%arg0, %arg1 :
// CHECK-NEXT: return
func.func @keys_of_one_token(%q: tensor<2x1x8xf32>, %keys: tensor<2x?x8xf32, #nn.shape<"2", "n", "8">>) -> tensor<2x1x?xf32, #nn.shape<"2", "1", "n">> {
  %t = kernel.generic domain <"2", "8", "n"> iterators "ppp" ins(%keys : tensor<2x?x8xf32, #nn.shape<"2", "n", "8">>)
      maps [affine_map<(d0, d1, d2) -> (d0, d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>] symbols <> padding [unit] init [unit] dest_of [-1]
      -> tensor<2x8x?xf32, #nn.shape<"2", "8", "n">> {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  }
  %y = kernel.contract domain <"2", "1", "n", "8"> kinds "bmnk" ins(%q, %t : tensor<2x1x8xf32>, tensor<2x8x?xf32, #nn.shape<"2", "8", "n">>)
      maps [affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d3, d2)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>]
      symbols <> padding [unit, unit] init [0.0 : f32] dest_of [-1] -> tensor<2x1x?xf32, #nn.shape<"2", "1", "n">>
  return %y : tensor<2x1x?xf32, #nn.shape<"2", "1", "n">>
}

// …many rows get it transposed once.
// CHECK-LABEL: func.func @keys_of_many_tokens
// CHECK: kernel.generic
// CHECK: kernel.contract
func.func @keys_of_many_tokens(%q: tensor<2x32x8xf32>, %keys: tensor<2x?x8xf32, #nn.shape<"2", "n", "8">>) -> tensor<2x32x?xf32, #nn.shape<"2", "32", "n">> {
  %t = kernel.generic domain <"2", "8", "n"> iterators "ppp" ins(%keys : tensor<2x?x8xf32, #nn.shape<"2", "n", "8">>)
      maps [affine_map<(d0, d1, d2) -> (d0, d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>] symbols <> padding [unit] init [unit] dest_of [-1]
      -> tensor<2x8x?xf32, #nn.shape<"2", "8", "n">> {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  }
  %y = kernel.contract domain <"2", "32", "n", "8"> kinds "bmnk" ins(%q, %t : tensor<2x32x8xf32>, tensor<2x8x?xf32, #nn.shape<"2", "8", "n">>)
      maps [affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d3, d2)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>]
      symbols <> padding [unit, unit] init [0.0 : f32] dest_of [-1] -> tensor<2x32x?xf32, #nn.shape<"2", "32", "n">>
  return %y : tensor<2x32x?xf32, #nn.shape<"2", "32", "n">>
}
