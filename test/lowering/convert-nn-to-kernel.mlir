// RUN: ingot-opt %s --convert-nn-to-kernel | FileCheck %s

// A named operator becomes one loop nest; a dynamic dimension keeps its symbol.
// CHECK-LABEL: func.func @add_relu
// CHECK: kernel.generic domain <"batch", "8"> iterators "pp"
// CHECK: arith.addf
// CHECK: kernel.generic
// CHECK: arith.maximumf
func.func @add_relu(%x: tensor<?x8xf32, #nn.shape<"batch", "8">>, %y: tensor<?x8xf32, #nn.shape<"batch", "8">>)
    -> tensor<?x8xf32, #nn.shape<"batch", "8">> {
  %0 = nn.add %x, %y : (tensor<?x8xf32, #nn.shape<"batch", "8">>, tensor<?x8xf32, #nn.shape<"batch", "8">>) -> tensor<?x8xf32, #nn.shape<"batch", "8">>
  %1 = nn.relu %0 : (tensor<?x8xf32, #nn.shape<"batch", "8">>) -> tensor<?x8xf32, #nn.shape<"batch", "8">>
  return %1 : tensor<?x8xf32, #nn.shape<"batch", "8">>
}

// Softmax is four loop nests; the reduction's start is -inf.
// CHECK-LABEL: func.func @softmax
// CHECK-COUNT-5: kernel.generic
func.func @softmax(%x: tensor<4x16xf32>) -> tensor<4x16xf32> {
  %0 = nn.softmax %x axis 1 : tensor<4x16xf32> to tensor<4x16xf32>
  return %0 : tensor<4x16xf32>
}

// CHECK-LABEL: func.func @conv
// CHECK: kernel.contract domain <"1", "4", "4", "16", "3", "3", "8"> kinds "mmmnkkk"
func.func @conv(%x: tensor<1x8x8x8xf32>, %w: tensor<3x3x8x16xf32>) -> tensor<1x4x4x16xf32> {
  %0 = nn.conv %x, %w "channels_last" {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, group = 1 : i64}
     : (tensor<1x8x8x8xf32>, tensor<3x3x8x16xf32>) -> tensor<1x4x4x16xf32>
  return %0 : tensor<1x4x4x16xf32>
}
