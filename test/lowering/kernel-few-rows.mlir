// RUN: ingot-opt %s --split-input-file --kernel-few-rows | FileCheck %s

// Keys of a cache, transposed for many new tokens, read where they lie for a few.
// CHECK: #[[KEYS:[a-z0-9]+]] = affine_map<(d0, d1, d2) -> (d1, d2)>
// CHECK-LABEL: func.func @cache
// CHECK: %[[FEW:.*]] = kernel.generic domain <>
// CHECK: %[[ROWS:.*]] = kernel.dim "new"
// CHECK: arith.cmpi slt, %[[ROWS]]
// CHECK: nn.if %[[FEW]]
// CHECK-SAME: else_if_positive = "floordiv(new, 16)"
// CHECK-NOT: tiles
// CHECK: kernel.contract domain <"new", "total", "64"> kinds "mnk" ins(%arg0, %arg1 :
// CHECK-SAME: maps [#{{[a-z0-9]+}}, #[[KEYS]], #
// CHECK: } else {
// CHECK: %[[T:.*]] = kernel.generic domain <"64", "total">
// CHECK: kernel.contract {{.*}} tiles {x86_64_v3 = #kernel.tile<4 x 16>} ins(%arg0, %[[T]] :
func.func @cache(%q: tensor<?x64xf32, #nn.shape<"new", "64">>, %keys: tensor<?x64xf32, #nn.shape<"total", "64">>) -> tensor<?x?xf32, #nn.shape<"new", "total">> {
  %t = kernel.generic domain <"64", "total"> iterators "pp" ins(%keys : tensor<?x64xf32, #nn.shape<"total", "64">>)
      maps [affine_map<(d0, d1) -> (d1, d0)>, affine_map<(d0, d1) -> (d0, d1)>]
      symbols <> padding [unit] init [unit] dest_of [-1] -> tensor<64x?xf32, #nn.shape<"64", "total">> {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  }
  %y = kernel.contract domain <"new", "total", "64"> kinds "mnk" tiles {x86_64_v3 = #kernel.tile<4 x 16>}
      ins(%q, %t : tensor<?x64xf32, #nn.shape<"new", "64">>, tensor<64x?xf32, #nn.shape<"64", "total">>)
      maps [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>]
      symbols <> padding [unit, unit] init [0.0 : f32] dest_of [-1] -> tensor<?x?xf32, #nn.shape<"new", "total">>
  return %y : tensor<?x?xf32, #nn.shape<"new", "total">>
}

// -----

// As many columns as rows: moving few of them costs little.
// CHECK-LABEL: func.func @itself
// CHECK-NOT: nn.if
func.func @itself(%q: tensor<?x64xf32, #nn.shape<"new", "64">>, %keys: tensor<?x64xf32, #nn.shape<"new", "64">>) -> tensor<?x?xf32, #nn.shape<"new", "new">> {
  %t = kernel.generic domain <"64", "new"> iterators "pp" ins(%keys : tensor<?x64xf32, #nn.shape<"new", "64">>)
      maps [affine_map<(d0, d1) -> (d1, d0)>, affine_map<(d0, d1) -> (d0, d1)>]
      symbols <> padding [unit] init [unit] dest_of [-1] -> tensor<64x?xf32, #nn.shape<"64", "new">> {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  }
  %y = kernel.contract domain <"new", "new", "64"> kinds "mnk" tiles {x86_64_v3 = #kernel.tile<4 x 16>}
      ins(%q, %t : tensor<?x64xf32, #nn.shape<"new", "64">>, tensor<64x?xf32, #nn.shape<"64", "new">>)
      maps [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>]
      symbols <> padding [unit, unit] init [0.0 : f32] dest_of [-1] -> tensor<?x?xf32, #nn.shape<"new", "new">>
  return %y : tensor<?x?xf32, #nn.shape<"new", "new">>
}

// -----

// The number of rows is known: kernel-fuse-producers has decided.
// CHECK-LABEL: func.func @known
// CHECK-NOT: nn.if
func.func @known(%q: tensor<32x64xf32>, %keys: tensor<?x64xf32, #nn.shape<"total", "64">>) -> tensor<32x?xf32, #nn.shape<"32", "total">> {
  %t = kernel.generic domain <"64", "total"> iterators "pp" ins(%keys : tensor<?x64xf32, #nn.shape<"total", "64">>)
      maps [affine_map<(d0, d1) -> (d1, d0)>, affine_map<(d0, d1) -> (d0, d1)>]
      symbols <> padding [unit] init [unit] dest_of [-1] -> tensor<64x?xf32, #nn.shape<"64", "total">> {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  }
  %y = kernel.contract domain <"32", "total", "64"> kinds "mnk" tiles {x86_64_v3 = #kernel.tile<4 x 16>}
      ins(%q, %t : tensor<32x64xf32>, tensor<64x?xf32, #nn.shape<"64", "total">>)
      maps [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>]
      symbols <> padding [unit, unit] init [0.0 : f32] dest_of [-1] -> tensor<32x?xf32, #nn.shape<"32", "total">>
  return %y : tensor<32x?xf32, #nn.shape<"32", "total">>
}
