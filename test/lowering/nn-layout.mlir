// RUN: ingot-opt %s --nn-layout --canonicalize | FileCheck %s

// Two convolutions with an activation between them: one transpose in, one out.
// CHECK-LABEL: func.func @chain
// CHECK: nn.transpose %{{.*}} [0, 2, 3, 1]
// CHECK: nn.conv {{.*}} "channels_last"
// CHECK-NOT: nn.transpose %{{.*}} [0, 3, 1, 2]
// CHECK: nn.relu
// CHECK: nn.conv {{.*}} "channels_last"
// CHECK: nn.transpose %{{.*}} [0, 3, 1, 2]
// CHECK: return
func.func @chain(%x: tensor<1x8x4x4xf32>, %w: tensor<16x8x3x3xf32>, %v: tensor<8x16x1x1xf32>) -> tensor<1x8x4x4xf32> {
  %0 = nn.conv %x, %w "channels_first" {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, group = 1 : i64}
     : (tensor<1x8x4x4xf32>, tensor<16x8x3x3xf32>) -> tensor<1x16x4x4xf32>
  %1 = nn.relu %0 : (tensor<1x16x4x4xf32>) -> tensor<1x16x4x4xf32>
  %2 = nn.conv %1, %v "channels_first" {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, group = 1 : i64}
     : (tensor<1x16x4x4xf32>, tensor<8x16x1x1xf32>) -> tensor<1x8x4x4xf32>
  return %2 : tensor<1x8x4x4xf32>
}

// Two constants: the transpose stays where it is.
// CHECK-LABEL: func.func @constants
// CHECK: nn.transpose %{{.*}} [1, 0]
// CHECK: nn.add
// CHECK-NOT: nn.transpose
func.func @constants() -> tensor<2x3xf32> {
  %v = nn.get_weight @v : tensor<3x2xf32>
  %w = nn.get_weight @w : tensor<2x3xf32>
  %0 = nn.transpose %v [1, 0] : tensor<3x2xf32> to tensor<2x3xf32>
  %1 = nn.add %0, %w : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return %1 : tensor<2x3xf32>
}

// An upsampled image stays channels-last: the index list of a gather is not transposed, its axis moves.
// CHECK-LABEL: func.func @upsample
// CHECK: nn.transpose %{{.*}} [0, 2, 3, 1]
// CHECK: %[[Y:.*]] = nn.conv {{.*}} "channels_last"
// CHECK: nn.gather %[[Y]][%{{.*}}] axis 1 : (tensor<1x4x4x16xf32>, tensor<8xi64>) -> tensor<1x8x4x16xf32>
// CHECK-NEXT: nn.transpose %{{.*}} [0, 3, 1, 2]
// CHECK-NEXT: return
func.func @upsample(%x: tensor<1x8x4x4xf32>, %w: tensor<16x8x1x1xf32>, %rows: tensor<8xi64>) -> tensor<1x16x8x4xf32> {
  %0 = nn.conv %x, %w "channels_first" {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, group = 1 : i64}
     : (tensor<1x8x4x4xf32>, tensor<16x8x1x1xf32>) -> tensor<1x16x4x4xf32>
  %1 = nn.gather %0[%rows] axis 2 : (tensor<1x16x4x4xf32>, tensor<8xi64>) -> tensor<1x16x8x4xf32>
  return %1 : tensor<1x16x8x4xf32>
}

// A loop nest reads and writes in the other layout, its loops in the order of its result (every second row of a wider image here).
// CHECK-LABEL: func.func @nest
// CHECK: %[[Y:.*]] = nn.conv {{.*}} "channels_last"
// CHECK: kernel.generic domain <"4", "4", "16"> iterators "ppp" ins(%[[Y]] : tensor<1x4x4x16xf32>)
// CHECK-SAME: -> tensor<1x8x4x16xf32>
// CHECK: nn.transpose %{{.*}} [0, 3, 1, 2]
// CHECK-NEXT: return
func.func @nest(%x: tensor<1x8x4x4xf32>, %w: tensor<16x8x1x1xf32>) -> tensor<1x16x8x4xf32> {
  %0 = nn.conv %x, %w "channels_first" {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, group = 1 : i64}
     : (tensor<1x8x4x4xf32>, tensor<16x8x1x1xf32>) -> tensor<1x16x4x4xf32>
  %1 = kernel.generic domain <"16", "4", "4"> iterators "ppp" ins(%0 : tensor<1x16x4x4xf32>)
      maps [affine_map<(d0, d1, d2) -> (0, d0, d1, d2)>, affine_map<(d0, d1, d2) -> (0, d0, d1 * 2, d2)>] symbols <> padding [unit] init [unit]
      dest_of [-1] -> tensor<1x16x8x4xf32> {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  }
  return %1 : tensor<1x16x8x4xf32>
}
