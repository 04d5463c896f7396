// RUN: ingot-opt %s --split-input-file --kernel-read-packed=small-bytes=0 | FileCheck %s
// RUN: ingot-opt %s --split-input-file --kernel-read-packed | FileCheck %s --check-prefix SMALL

// The embedding of a language model, which scores tokens, too: it is read from the panels.
// CHECK: affine_map<(d0, d1, d2) -> (d0 * 4 + d2, d1)>
// CHECK-LABEL: func.func @tied
// CHECK-NEXT: %[[W:.*]] = nn.get_weight @w : tensor<10x3xf32>
// CHECK-NEXT: %[[P:.*]] = kernel.generic domain <"3", "3", "4"> iterators "ppp" ins(%[[W]] :
// CHECK: kernel.generic domain <"5", "3"> iterators "pp" ins(%arg0 : tensor<5xi64>) tables(%[[P]] : tensor<3x3x4xf32>)
// CHECK-NEXT: ^bb0(%{{.*}}: i64, %[[T:.*]]: tensor<3x3x4xf32>):
// CHECK: %[[I:.*]] = arith.index_cast
// CHECK: %[[J:.*]] = kernel.index 1
// CHECK: %[[PANEL:.*]] = arith.divui %[[I]], %c4
// CHECK: %[[COLUMN:.*]] = arith.remui %[[I]], %c4
// CHECK: kernel.read %[[T]][%[[PANEL]], %[[J]], %[[COLUMN]]] : tensor<3x3x4xf32> -> f32
// CHECK: kernel.contract {{.*}} ins(%{{.*}}, %[[P]] : tensor<5x3xf32>, tensor<3x3x4xf32>)
// SMALL-LABEL: func.func @tied
// SMALL: tables(%{{.*}} : tensor<10x3xf32>)
#all = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
nn.weight @w tensor<10x3xf32> "" {fill = "iota"}
func.func @tied(%tokens: tensor<5xi64>) -> tensor<5x10xf32> {
  %w = nn.get_weight @w : tensor<10x3xf32>
  %e = kernel.generic domain <"5", "3"> iterators "pp" ins(%tokens : tensor<5xi64>) tables(%w : tensor<10x3xf32>)
      maps [affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>] symbols <> padding [unit] init [unit] dest_of [-1] -> tensor<5x3xf32> {
  ^bb0(%t: i64, %table: tensor<10x3xf32>):
    %i = arith.index_cast %t : i64 to index
    %j = kernel.index 1
    %x = kernel.read %table[%i, %j] : tensor<10x3xf32> -> f32
    kernel.yield %x : f32
  }
  %p = kernel.generic domain <"3", "3", "4"> iterators "ppp" ins(%w : tensor<10x3xf32>) maps [affine_map<(d0, d1, d2) -> (d0 * 4 + d2, d1)>, #all]
      symbols <> padding [0.0 : f32] init [unit] dest_of [-1] -> tensor<3x3x4xf32> {
  ^bb0(%x: f32):
    kernel.yield %x : f32
  }
  %y = kernel.contract domain <"5", "10", "3"> kinds "mnk" tiles {x86_64_v3 = #kernel.tile<4 x 16>} panel 4
      ins(%e, %p : tensor<5x3xf32>, tensor<3x3x4xf32>)
      maps [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d1 floordiv 4, d2, d1 mod 4)>, affine_map<(d0, d1, d2) -> (d0, d1)>]
      symbols <> padding [unit, unit] init [0.0 : f32] dest_of [-1] -> tensor<5x10xf32>
  return %y : tensor<5x10xf32>
}

// -----

// The file has the matrix twice, transposed for the contraction: one of them goes. (A row and a column of equal numbers.)
// CHECK-NOT: nn.weight @w tensor
// CHECK: nn.weight @wt tensor
// CHECK-LABEL: func.func @twice
// CHECK-NEXT: %[[W:.*]] = nn.get_weight @wt : tensor<1x10xf32>
// CHECK-NEXT: %[[P:.*]] = kernel.generic domain <"3", "1", "4"> iterators "ppp" ins(%[[W]] :
// CHECK: tables(%[[P]] : tensor<3x1x4xf32>)
// CHECK: kernel.read %{{.*}}[%{{.*}}, %c0, %{{.*}}]
#all = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
nn.weight @w tensor<10x1xf32> "" {fill = "iota"}
nn.weight @wt tensor<1x10xf32> "" {fill = "iota"}
func.func @twice(%tokens: tensor<5xi64>) -> tensor<5x10xf32> {
  %w = nn.get_weight @w : tensor<10x1xf32>
  %e = kernel.generic domain <"5", "1"> iterators "pp" ins(%tokens : tensor<5xi64>) tables(%w : tensor<10x1xf32>)
      maps [affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>] symbols <> padding [unit] init [unit] dest_of [-1] -> tensor<5x1xf32> {
  ^bb0(%t: i64, %table: tensor<10x1xf32>):
    %i = arith.index_cast %t : i64 to index
    %j = kernel.index 1
    %x = kernel.read %table[%i, %j] : tensor<10x1xf32> -> f32
    kernel.yield %x : f32
  }
  %v = nn.get_weight @wt : tensor<1x10xf32>
  %p = kernel.generic domain <"3", "1", "4"> iterators "ppp" ins(%v : tensor<1x10xf32>) maps [affine_map<(d0, d1, d2) -> (d1, d0 * 4 + d2)>, #all]
      symbols <> padding [0.0 : f32] init [unit] dest_of [-1] -> tensor<3x1x4xf32> {
  ^bb0(%x: f32):
    kernel.yield %x : f32
  }
  %y = kernel.contract domain <"5", "10", "1"> kinds "mnk" tiles {x86_64_v3 = #kernel.tile<4 x 16>} panel 4
      ins(%e, %p : tensor<5x1xf32>, tensor<3x1x4xf32>)
      maps [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d1 floordiv 4, d2, d1 mod 4)>, affine_map<(d0, d1, d2) -> (d0, d1)>]
      symbols <> padding [unit, unit] init [0.0 : f32] dest_of [-1] -> tensor<5x10xf32>
  return %y : tensor<5x10xf32>
}

// -----

// Another matrix stays what it is, and so does one that a loop nest reads element by element.
// CHECK-LABEL: func.func @apart
// CHECK: tables(%{{.*}} : tensor<2x10xf32>)
// CHECK-LABEL: func.func @streamed
// CHECK: ins(%{{.*}} : tensor<10x2xf32>)
// CHECK: tables(%{{.*}} : tensor<10x2xf32>)
#all = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
nn.weight @w tensor<10x2xf32> "" {fill = "iota"}
nn.weight @v tensor<2x10xf32> "" {fill = "iota"}
func.func @apart(%tokens: tensor<5xi64>, %a: tensor<5x2xf32>) -> (tensor<5x10xf32>, tensor<5x10xf32>) {
  %v = nn.get_weight @v : tensor<2x10xf32>
  %e = kernel.generic domain <"5", "10"> iterators "pp" ins(%tokens : tensor<5xi64>) tables(%v : tensor<2x10xf32>)
      maps [affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>] symbols <> padding [unit] init [unit] dest_of [-1] -> tensor<5x10xf32> {
  ^bb0(%t: i64, %table: tensor<2x10xf32>):
    %i = arith.index_cast %t : i64 to index
    %j = kernel.index 1
    %x = kernel.read %table[%i, %j] : tensor<2x10xf32> -> f32
    kernel.yield %x : f32
  }
  %w = nn.get_weight @w : tensor<10x2xf32>
  %p = kernel.generic domain <"3", "2", "4"> iterators "ppp" ins(%w : tensor<10x2xf32>) maps [affine_map<(d0, d1, d2) -> (d0 * 4 + d2, d1)>, #all]
      symbols <> padding [0.0 : f32] init [unit] dest_of [-1] -> tensor<3x2x4xf32> {
  ^bb0(%x: f32):
    kernel.yield %x : f32
  }
  %y = kernel.contract domain <"5", "10", "2"> kinds "mnk" tiles {x86_64_v3 = #kernel.tile<4 x 16>} panel 4
      ins(%a, %p : tensor<5x2xf32>, tensor<3x2x4xf32>)
      maps [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d1 floordiv 4, d2, d1 mod 4)>, affine_map<(d0, d1, d2) -> (d0, d1)>]
      symbols <> padding [unit, unit] init [0.0 : f32] dest_of [-1] -> tensor<5x10xf32>
  return %e, %y : tensor<5x10xf32>, tensor<5x10xf32>
}
func.func @streamed(%tokens: tensor<5xi64>, %a: tensor<5x2xf32>) -> (tensor<5x2xf32>, tensor<10x2xf32>, tensor<5x10xf32>) {
  %w = nn.get_weight @w : tensor<10x2xf32>
  %s = kernel.generic domain <"10", "2"> iterators "pp" ins(%w : tensor<10x2xf32>)
      maps [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>] symbols <> padding [unit] init [unit] dest_of [-1] -> tensor<10x2xf32> {
  ^bb0(%x: f32):
    %0 = math.exp %x : f32
    kernel.yield %0 : f32
  }
  %e = kernel.generic domain <"5", "2"> iterators "pp" ins(%tokens : tensor<5xi64>) tables(%w : tensor<10x2xf32>)
      maps [affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>] symbols <> padding [unit] init [unit] dest_of [-1] -> tensor<5x2xf32> {
  ^bb0(%t: i64, %table: tensor<10x2xf32>):
    %i = arith.index_cast %t : i64 to index
    %j = kernel.index 1
    %x = kernel.read %table[%i, %j] : tensor<10x2xf32> -> f32
    kernel.yield %x : f32
  }
  %p = kernel.generic domain <"3", "2", "4"> iterators "ppp" ins(%w : tensor<10x2xf32>) maps [affine_map<(d0, d1, d2) -> (d0 * 4 + d2, d1)>, #all]
      symbols <> padding [0.0 : f32] init [unit] dest_of [-1] -> tensor<3x2x4xf32> {
  ^bb0(%x: f32):
    kernel.yield %x : f32
  }
  %y = kernel.contract domain <"5", "10", "2"> kinds "mnk" tiles {x86_64_v3 = #kernel.tile<4 x 16>} panel 4
      ins(%a, %p : tensor<5x2xf32>, tensor<3x2x4xf32>)
      maps [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d1 floordiv 4, d2, d1 mod 4)>, affine_map<(d0, d1, d2) -> (d0, d1)>]
      symbols <> padding [unit, unit] init [0.0 : f32] dest_of [-1] -> tensor<5x10xf32>
  return %e, %s, %y : tensor<5x2xf32>, tensor<10x2xf32>, tensor<5x10xf32>
}
