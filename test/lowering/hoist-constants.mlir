// RUN: ingot-opt %s --split-input-file --hoist-constants | FileCheck %s

// A transposed weight is made at compile time; the weight itself is needed no more.
// CHECK-NOT: nn.weight @w tensor
// CHECK: nn.weight @w.packed tensor<3x2xf32> "{{[0-9a-f]+}}" {from = ["w"], recipe = "elementwise over 3 x 2"}
// CHECK-LABEL: func.func @pack
// CHECK-NEXT: %[[W:.*]] = nn.get_weight @w.packed : tensor<3x2xf32>
// CHECK-NEXT: return %[[W]]
nn.weight @w tensor<2x3xf32> "" {fill = "iota"}
func.func @pack() -> tensor<3x2xf32> {
  %w = nn.get_weight @w : tensor<2x3xf32>
  %t = kernel.generic domain <"3", "2"> iterators "pp" ins(%w : tensor<2x3xf32>)
    maps [affine_map<(d0, d1) -> (d1, d0)>, affine_map<(d0, d1) -> (d0, d1)>] symbols <> padding [unit] init [unit] dest_of [-1]
    -> tensor<3x2xf32> {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  }
  return %t : tensor<3x2xf32>
}

// -----

// What depends on small constants alone is a constant again: the values are in the IR.
// CHECK-LABEL: func.func @constants
// CHECK-NEXT: nn.constant dense<{{\[}}[1.000000e+00, 3.000000e+00], [2.000000e+00, 4.000000e+00]]> : tensor<2x2xf32>
// CHECK-NEXT: nn.constant dense<[1.600000e+01, 3.600000e+01]> : tensor<2xf32>
// CHECK-NEXT: nn.constant dense<[1, 2, 3, -4]> : tensor<4xi8> : tensor<4xui8>
// CHECK-NEXT: return
func.func @constants() -> (tensor<2x2xf32>, tensor<2xf32>, tensor<4xui8>) {
  %c = nn.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32> : tensor<2x2xf32>
  %t = kernel.generic domain <"2", "2"> iterators "pp" ins(%c : tensor<2x2xf32>)
    maps [affine_map<(d0, d1) -> (d1, d0)>, affine_map<(d0, d1) -> (d0, d1)>] symbols <> padding [unit] init [unit] dest_of [-1]
    -> tensor<2x2xf32> {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  }
  // The square of the sum of each column.
  %s = kernel.generic domain <"2", "2"> iterators "pr" ins(%t : tensor<2x2xf32>)
    maps [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>] symbols <> padding [unit] init [0.0 : f32] dest_of [-1]
    -> tensor<2xf32> {
  ^bb0(%e: f32, %acc: f32):
    %a = arith.addf %acc, %e : f32
    kernel.yield %a : f32
  } epilogue {
  ^bb0(%e: f32, %acc: f32):
    %q = arith.mulf %acc, %acc : f32
    kernel.yield %q : f32
  }
  %u = nn.constant dense<[[1, 2], [3, 252]]> : tensor<2x2xi8> : tensor<2x2xui8>
  %v = kernel.view %u : tensor<2x2xui8> to tensor<4xui8>
  return %t, %s, %v : tensor<2x2xf32>, tensor<2xf32>, tensor<4xui8>
}

// -----

// BatchNorm's factor goes into the convolution's weight: named after the larger one.
// CHECK: nn.weight @conv.folded tensor<4x9xf32> "{{[0-9a-f]+}}" {from = ["conv", "gamma"], recipe = "elementwise over 4 x 9"}
// CHECK-NOT: nn.weight
// CHECK-LABEL: func.func @fold
// CHECK-NEXT: nn.get_weight @conv.folded
// CHECK-NEXT: return
nn.weight @conv tensor<4x9xf32> "" {fill = "random:1"}
nn.weight @gamma tensor<4xf32> "" {fill = "random:2"}
func.func @fold() -> tensor<4x9xf32> {
  %w = nn.get_weight @conv : tensor<4x9xf32>
  %g = nn.get_weight @gamma : tensor<4xf32>
  %y = kernel.generic domain <"4", "9"> iterators "pp" ins(%w, %g : tensor<4x9xf32>, tensor<4xf32>)
    maps [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>]
    symbols <> padding [unit, unit] init [unit] dest_of [-1] -> tensor<4x9xf32> {
  ^bb0(%e: f32, %s: f32):
    %p = arith.mulf %e, %s : f32
    kernel.yield %p : f32
  }
  return %y : tensor<4x9xf32>
}

// -----

// A broadcast of 2 MiB stays; what it reads is hoisted. With `hoist_always` it is hoisted, too.
// CHECK: nn.weight @bias.folded tensor<512xf32>
// CHECK: nn.weight @bias.expanded tensor<1024x512xf32>
// CHECK-LABEL: func.func @growth
// CHECK-NEXT: nn.get_weight @bias.folded
// CHECK-NEXT: kernel.generic domain <"1024", "512">
// CHECK: nn.get_weight @bias.expanded
// CHECK-NEXT: return
nn.weight @bias tensor<512xf32> "" {fill = "iota"}
func.func @growth() -> (tensor<1024x512xf32>, tensor<1024x512xf32>) {
  %b = nn.get_weight @bias : tensor<512xf32>
  %n = kernel.generic domain <"512"> iterators "p" ins(%b : tensor<512xf32>)
    maps [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>] symbols <> padding [unit] init [unit] dest_of [-1] -> tensor<512xf32> {
  ^bb0(%e: f32):
    %m = arith.negf %e : f32
    kernel.yield %m : f32
  }
  %y = kernel.generic domain <"1024", "512"> iterators "pp" ins(%n : tensor<512xf32>)
    maps [affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d0, d1)>] symbols <> padding [unit] init [unit] dest_of [-1]
    -> tensor<1024x512xf32> {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  }
  %z = kernel.generic domain <"1024", "512"> iterators "pp" ins(%n : tensor<512xf32>)
    maps [affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d0, d1)>] symbols <> padding [unit] init [unit] dest_of [-1]
    {hoist_always, hoist_as = "expanded"} -> tensor<1024x512xf32> {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  }
  return %y, %z : tensor<1024x512xf32>, tensor<1024x512xf32>
}

// -----

// Two transposes give the weight itself: equal bytes are one weight. A run-time reader keeps it.
// CHECK: nn.weight @v tensor<2x3xf32>
// CHECK-NOT: nn.weight
// CHECK-LABEL: func.func @same
// CHECK-NOT: kernel.generic
// CHECK: nn.get_weight @v :
// CHECK-NOT: kernel.generic
nn.weight @v tensor<2x3xf32> "" {fill = "iota"}
func.func @same() -> (tensor<2x3xf32>, tensor<2x3xf32>) {
  %w = nn.get_weight @v : tensor<2x3xf32>
  %t = kernel.generic domain <"3", "2"> iterators "pp" ins(%w : tensor<2x3xf32>)
    maps [affine_map<(d0, d1) -> (d1, d0)>, affine_map<(d0, d1) -> (d0, d1)>] symbols <> padding [unit] init [unit] dest_of [-1]
    -> tensor<3x2xf32> {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  }
  %u = kernel.generic domain <"2", "3"> iterators "pp" ins(%t : tensor<3x2xf32>)
    maps [affine_map<(d0, d1) -> (d1, d0)>, affine_map<(d0, d1) -> (d0, d1)>] symbols <> padding [unit] init [unit] dest_of [-1]
    -> tensor<2x3xf32> {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  }
  return %u, %w : tensor<2x3xf32>, tensor<2x3xf32>
}

// -----

// What the caller's data or size reaches stays.
// CHECK: nn.weight @k tensor<4xf32>
// CHECK-LABEL: func.func @runtime
// CHECK-COUNT-2: kernel.generic
nn.weight @k tensor<4xf32> "" {fill = "iota"}
func.func @runtime(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<?x4xf32, #nn.shape<"batch", "4">>) {
  %w = nn.get_weight @k : tensor<4xf32>
  %y = kernel.generic domain <"4"> iterators "p" ins(%x, %w : tensor<4xf32>, tensor<4xf32>)
    maps [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>]
    symbols <> padding [unit, unit] init [unit] dest_of [-1] -> tensor<4xf32> {
  ^bb0(%a: f32, %b: f32):
    %s = arith.addf %a, %b : f32
    kernel.yield %s : f32
  }
  %z = kernel.generic domain <"batch", "4"> iterators "pp" ins(%w : tensor<4xf32>)
    maps [affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d0, d1)>] symbols <> padding [unit] init [unit] dest_of [-1]
    -> tensor<?x4xf32, #nn.shape<"batch", "4">> {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  }
  return %y, %z : tensor<4xf32>, tensor<?x4xf32, #nn.shape<"batch", "4">>
}

// -----

// A step on the way to a small constant that is absurdly large itself is left to the run.
// CHECK-LABEL: func.func @absurd
// CHECK: kernel.generic domain <"68719476736">
// CHECK: kernel.generic domain <"68719476736"> iterators "r"
func.func @absurd() -> tensor<f32> {
  %range = kernel.generic domain <"68719476736"> iterators "p" ins() maps [affine_map<(d0) -> (d0)>] symbols <> padding [] init [unit] dest_of [-1]
    -> tensor<68719476736xf32> {
    %i = kernel.index 0
    %c = arith.index_cast %i : index to i32
    %f = arith.sitofp %c : i32 to f32
    kernel.yield %f : f32
  }
  %sum = kernel.generic domain <"68719476736"> iterators "r" ins(%range : tensor<68719476736xf32>)
    maps [affine_map<(d0) -> (d0)>, affine_map<(d0) -> ()>] symbols <> padding [unit] init [0.0 : f32] dest_of [-1]
    -> tensor<f32> {
  ^bb0(%e: f32, %acc: f32):
    %s = arith.addf %acc, %e : f32
    kernel.yield %s : f32
  }
  return %sum : tensor<f32>
}
