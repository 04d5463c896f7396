// Reductions, pooling, softmax and norms.
#ifndef INGOT_NN_REDUCE
#define INGOT_NN_REDUCE
include "dialects/nn/NnBase.td"

def Nn_ReduceOp : Nn_ComputeOp<"reduce", [DeclareOpInterfaceMethods<Nn_PermuteInterface>]> {
  let summary = "reduces over axes, which stay as dimensions of size 1";
  let description = [{ kind: sum, mean, max, min, prod, sum_square, l1, l2, log_sum, log_sum_exp. }];
  let arguments = (ins Nn_AnyTensor:$input, StrAttr:$kind, DenseI64ArrayAttr:$axes);
  let results = (outs Nn_AnyTensor:$result);
  let assemblyFormat = "$kind $input `over` $axes attr-dict `:` type($input) `to` type($result)";
  let hasVerifier = 1;
}
def Nn_PoolOp : Nn_ComputeOp<"pool"> {
  let summary = "max, average or Lp pooling";
  let description = [{ kind: max, average, average_include_pad, lp. Layouts as nn.conv. pads = begins then ends. }];
  let arguments = (ins Nn_AnyTensor:$input, StrAttr:$kind, DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads,
                       DenseI64ArrayAttr:$dilations, StrAttr:$layout, DefaultValuedAttr<I64Attr, "2">:$p);
  let results = (outs Nn_AnyTensor:$result);
  let assemblyFormat = "$kind $input $layout attr-dict `:` type($input) `to` type($result)";
  let hasVerifier = 1;
}
def Nn_SoftmaxOp : Nn_ComputeOp<"softmax", [DeclareOpInterfaceMethods<Nn_PermuteInterface>]> {
  let summary = "softmax (or its logarithm) along one axis";
  let arguments = (ins Nn_AnyTensor:$input, I64Attr:$axis, DefaultValuedAttr<BoolAttr, "false">:$log);
  let results = (outs Nn_AnyTensor:$result);
  let assemblyFormat = "$input `axis` $axis attr-dict `:` type($input) `to` type($result)";
  let hasVerifier = 1;
}
#endif
