// Quantisation: between real numbers and small integers (or fp8, fp4).
#ifndef INGOT_NN_QUANTIZE
#define INGOT_NN_QUANTIZE
include "dialects/nn/NnBase.td"

class Nn_QuantizationOp<string mnemonic> : Nn_ComputeOp<mnemonic> {
  dag quantisationArguments = (ins Nn_AnyTensor:$input, Nn_AnyTensor:$scale, Optional<Nn_AnyTensor>:$zero_point,
                                   DefaultValuedAttr<I64Attr, "0">:$axis, DefaultValuedAttr<I64Attr, "0">:$block);
  let results = (outs Nn_AnyTensor:$result);
  let assemblyFormat = "$input `scale` $scale (`zero` $zero_point^)? attr-dict `:` functional-type(operands, $result)";
}
def Nn_QuantizeOp : Nn_QuantizationOp<"quantize"> {
  let summary = "saturate(round(input / scale) + zero point)";
  let description = [{
    `scale` (and `zero_point`, 0 if absent) is one number, a vector along `axis`, or, with `block` > 0, a tensor of the input's
    rank with one number per `block` elements along `axis`. Rounds half to even. A result of floating type is converted, saturating if asked to.
  }];
  let arguments = !con(quantisationArguments, (ins DefaultValuedAttr<BoolAttr, "true">:$saturate));
}
def Nn_DequantizeOp : Nn_QuantizationOp<"dequantize"> {
  let summary = "(input - zero point) * scale";
  let description = [{ Operands as for nn.quantize. }];
  let arguments = quantisationArguments;
}
#endif
