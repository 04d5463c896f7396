// Anchors: convolution and matrix products.
#ifndef INGOT_NN_CONTRACT
#define INGOT_NN_CONTRACT
include "dialects/nn/NnBase.td"

def Nn_ConvOp : Nn_ComputeOp<"conv"> {
  let summary = "convolution, cross-correlation as ONNX has it, without bias";
  let description = [{
    Spatial rank n = rank - 2. Layouts: "channels_first" input N C S1…Sn, weight M C/g K1…Kn, result N M O1…On;
    "channels_last" input N S1…Sn C, weight K1…Kn C/g M, result N O1…On M. pads = begins then ends.
  }];
  let arguments = (ins Nn_AnyTensor:$input, Nn_AnyTensor:$weight, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads,
                       DenseI64ArrayAttr:$dilations, I64Attr:$group, StrAttr:$layout);
  let results = (outs Nn_AnyTensor:$result);
  let assemblyFormat = "$input `,` $weight $layout attr-dict `:` functional-type(operands, $result)";
  let hasVerifier = 1;
}
def Nn_MatMulOp : Nn_ComputeOp<"matmul"> {
  let summary = "batched matrix product";
  let description = [{ lhs [B…, M, K] (or [B…, K, M] if transpose_lhs), rhs likewise; batch dimensions of equal rank, equal or provably 1.
    `result = alpha * lhs rhs`. }];
  let arguments = (ins Nn_AnyTensor:$lhs, Nn_AnyTensor:$rhs, DefaultValuedAttr<BoolAttr, "false">:$transpose_lhs,
                       DefaultValuedAttr<BoolAttr, "false">:$transpose_rhs);
  let results = (outs Nn_AnyTensor:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` functional-type(operands, $result)";
  let hasVerifier = 1;
}
#endif
