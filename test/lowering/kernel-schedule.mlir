// RUN: ingot-opt %s --split-input-file --kernel-schedule=targets=x86-64-v4 | FileCheck %s --check-prefixes CHECK,V4
// RUN: ingot-opt %s --split-input-file --kernel-schedule=targets=x86-64-v3 | FileCheck %s --check-prefixes CHECK,V3
// RUN: ingot-opt %s --split-input-file --kernel-schedule=targets=x86-64-v2 | FileCheck %s --check-prefix V2
// RUN: ingot-opt %s --split-input-file --kernel-schedule=targets=x86-64-v2,x86-64-v3,x86-64-v4 | FileCheck %s --check-prefixes CHECK,ALL

// A weight is laid out in panels as wide as the tile; scalar targets keep it. Several targets share panels of which the tile of each consists.
// CHECK-LABEL: func.func @weight
// V4: %[[P:.*]] = kernel.generic domain <"[[PANELS:[0-9]+]]", "1024", "[[NR:[0-9]+]]">
// V3: %[[P:.*]] = kernel.generic domain <"[[PANELS:[0-9]+]]", "1024", "[[NR:[0-9]+]]">
// V4: kernel.contract {{.*}} tiles {x86_64_v4 = #kernel.tile<{{[0-9]+}} x [[NR]]>} panel [[NR]] ins(%arg0, %[[P]] : tensor<196x1024xf32>, tensor<[[PANELS]]x1024x[[NR]]xf32>)
// V3: kernel.contract {{.*}} tiles {x86_64_v3 = #kernel.tile<{{[0-9]+}} x [[NR]]>} panel [[NR]] ins(%arg0, %[[P]] : tensor<196x1024xf32>, tensor<[[PANELS]]x1024x[[NR]]xf32>)
// ALL: %[[P:.*]] = kernel.generic domain <"16", "1024", "16">
// ALL: kernel.contract {{.*}} tiles {x86_64_v3 = #kernel.tile<6 x 16>, x86_64_v4 = #kernel.tile<{{[0-9]+}} x {{32|48|64}}>} panel 16 ins(%arg0, %[[P]] : tensor<196x1024xf32>, tensor<16x1024x16xf32>)
// V2-LABEL: func.func @weight
// V2-NOT: kernel.generic
// V2: kernel.contract
// V2-NOT: tile
nn.weight @w tensor<1024x256xf32> "0"
func.func @weight(%x: tensor<196x1024xf32>) -> tensor<196x256xf32> {
  %w = nn.get_weight @w : tensor<1024x256xf32>
  %y = kernel.contract domain <"196", "256", "1024"> kinds "mnk" ins(%x, %w : tensor<196x1024xf32>, tensor<1024x256xf32>)
      maps [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>]
      symbols <> padding [unit, unit] init [0.0 : f32] dest_of [-1] -> tensor<196x256xf32>
  return %y : tensor<196x256xf32>
}

// -----

// Columns that lie side by side are read where they are.
// CHECK-LABEL: func.func @direct
// CHECK-NOT: kernel.generic
// CHECK: kernel.contract {{.*}} tiles {{{.*}}>} ins(%arg0, %arg1 :
// V2-LABEL: func.func @direct
func.func @direct(%x: tensor<64x32xf32>, %z: tensor<32x48xf32>) -> tensor<64x48xf32> {
  %y = kernel.contract domain <"64", "48", "32"> kinds "mnk" ins(%x, %z : tensor<64x32xf32>, tensor<32x48xf32>)
      maps [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>]
      symbols <> padding [unit, unit] init [0.0 : f32] dest_of [-1] -> tensor<64x48xf32>
  return %y : tensor<64x48xf32>
}

// -----

// Columns apart: laid out while running for many rows…
// CHECK-LABEL: func.func @many_rows
// CHECK: %[[P:.*]] = kernel.generic {{.*}} ins(%arg1 : tensor<48x32xf32>)
// CHECK: kernel.contract {{.*}} panel {{[0-9]+}} ins(%arg0, %[[P]] :
// …and read as they are for few: the keys of a cache, by one new token.
// CHECK-LABEL: func.func @one_row
// CHECK-NOT: kernel.generic
// CHECK: kernel.contract
// CHECK-NOT: tiles
// CHECK-SAME: ins(%arg0, %arg1 :
// V2-LABEL: func.func @one_row
#a = affine_map<(d0, d1, d2) -> (d0, d2)>
#transposed = affine_map<(d0, d1, d2) -> (d1, d2)>
#c = affine_map<(d0, d1, d2) -> (d0, d1)>
func.func @many_rows(%x: tensor<64x32xf32>, %z: tensor<48x32xf32>) -> tensor<64x48xf32> {
  %y = kernel.contract domain <"64", "48", "32"> kinds "mnk" ins(%x, %z : tensor<64x32xf32>, tensor<48x32xf32>) maps [#a, #transposed, #c]
      symbols <> padding [unit, unit] init [0.0 : f32] dest_of [-1] -> tensor<64x48xf32>
  return %y : tensor<64x48xf32>
}
func.func @one_row(%x: tensor<1x32xf32>, %z: tensor<48x32xf32>) -> tensor<1x48xf32> {
  %y = kernel.contract domain <"1", "48", "32"> kinds "mnk" ins(%x, %z : tensor<1x32xf32>, tensor<48x32xf32>) maps [#a, #transposed, #c]
      symbols <> padding [unit, unit] init [0.0 : f32] dest_of [-1] -> tensor<1x48xf32>
  return %y : tensor<1x48xf32>
}

// -----

// Few columns: a narrow tile is a part of a panel. Panels go as far as the widest tile reads.
// ALL-LABEL: func.func @few_columns
// ALL: kernel.generic domain <"1", "64", "16">
// ALL: kernel.contract {{.*}} tiles {x86_64_v3 = #kernel.tile<{{[0-9]+}} x 8>, x86_64_v4 = #kernel.tile<{{[0-9]+}} x 16>} panel 16
nn.weight @w tensor<64x7xf32> "0"
func.func @few_columns(%x: tensor<32x64xf32>) -> tensor<32x7xf32> {
  %w = nn.get_weight @w : tensor<64x7xf32>
  %y = kernel.contract domain <"32", "7", "64"> kinds "mnk" ins(%x, %w : tensor<32x64xf32>, tensor<64x7xf32>)
      maps [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>]
      symbols <> padding [unit, unit] init [0.0 : f32] dest_of [-1] -> tensor<32x7xf32>
  return %y : tensor<32x7xf32>
}

// -----

// Rows that may lie outside the image are read through pointers, each along the channels: channels-first images are turned once.
// CHECK-LABEL: func.func @channels_first
// CHECK: %[[T:.*]] = kernel.generic domain <"1", "h", "v", "16">
// CHECK-SAME: -> tensor<1x?x?x16xf32
// CHECK: kernel.contract {{.*}} ins(%[[T]],
nn.weight @w tensor<3x3x16x32xf32> "0"
func.func @channels_first(%x: tensor<1x16x?x?xf32, #nn.shape<"1", "16", "h", "v">>) -> tensor<1x?x?x32xf32, #nn.shape<"1", "h", "v", "32">> {
  %w = nn.get_weight @w : tensor<3x3x16x32xf32>
  %y = kernel.contract domain <"h", "v", "32", "3", "3", "16"> kinds "mmnkkk"
      ins(%x, %w : tensor<1x16x?x?xf32, #nn.shape<"1", "16", "h", "v">>, tensor<3x3x16x32xf32>)
      maps [affine_map<(d0, d1, d2, d3, d4, d5) -> (0, d5, d0 + d3 - 1, d1 + d4 - 1)>,
            affine_map<(d0, d1, d2, d3, d4, d5) -> (d3, d4, d5, d2)>, affine_map<(d0, d1, d2, d3, d4, d5) -> (0, d0, d1, d2)>]
      symbols <> padding [0.0 : f32, unit] init [0.0 : f32] dest_of [-1] -> tensor<1x?x?x32xf32, #nn.shape<"1", "h", "v", "32">>
  return %y : tensor<1x?x?x32xf32, #nn.shape<"1", "h", "v", "32">>
}
