nn.weight @w tensor<2x3xf32> "" {fill = "iota"}
nn.weight @unused tensor<2x3xf32> "" {fill = "iota"}
func.func @unrelated(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = nn.relu %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
func.func @network(%x: tensor<2x3xf32>) -> tensor<3x2xf32> {
  %w = nn.get_weight @w : tensor<2x3xf32>
  %0 = nn.relu %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %1 = nn.add %0, %w : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %2 = nn.transpose %1 [1, 0] : tensor<2x3xf32> to tensor<3x2xf32>
  %3 = nn.exp %2 : (tensor<3x2xf32>) -> tensor<3x2xf32>
  %4 = nn.mul %3, %3 : (tensor<3x2xf32>, tensor<3x2xf32>) -> tensor<3x2xf32>
  %5 = nn.sigmoid %4 : (tensor<3x2xf32>) -> tensor<3x2xf32>
  return %5 : tensor<3x2xf32>
}
