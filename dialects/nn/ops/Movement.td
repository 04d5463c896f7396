// Operators that move elements without computing.
#ifndef INGOT_NN_MOVEMENT
#define INGOT_NN_MOVEMENT
include "dialects/nn/NnBase.td"

def Nn_ReshapeOp : Nn_ComputeOp<"reshape", [DeclareOpInterfaceMethods<Nn_EvaluateInterface>]> {
  let summary = "the same elements in row-major order under another shape";
  let arguments = (ins Nn_AnyTensor:$input);
  let results = (outs Nn_AnyTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `to` type($result)";
  let hasFolder = 1;
}
def Nn_TransposeOp : Nn_ComputeOp<"transpose", [DeclareOpInterfaceMethods<Nn_EvaluateInterface>]> {
  let summary = "result dimension k is input dimension perm[k]";
  let arguments = (ins Nn_AnyTensor:$input, DenseI64ArrayAttr:$perm);
  let results = (outs Nn_AnyTensor:$result);
  let assemblyFormat = "$input $perm attr-dict `:` type($input) `to` type($result)";
  let hasFolder = 1;
  let builders = [OpBuilder<(ins "::mlir::Value":$input, "::llvm::ArrayRef<int64_t>":$perm)>];
  let hasVerifier = 1;
}
def Nn_BroadcastToOp : Nn_ComputeOp<"broadcast_to", [DeclareOpInterfaceMethods<Nn_EvaluateInterface>, DeclareOpInterfaceMethods<Nn_PermuteInterface>]> {
  let summary = "numpy broadcast to the result's shape";
  let description = [{ A dimension that is provably 1, or absent, is repeated. One that is neither provably 1 nor provably equal is decided
    at run time (index times (dim == 1 ? 0 : 1)). }];
  let arguments = (ins Nn_AnyTensor:$input);
  let results = (outs Nn_AnyTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `to` type($result)";
  let hasFolder = 1;
  let hasVerifier = 1;
}
def Nn_ConcatOp : Nn_ComputeOp<"concat", [DeclareOpInterfaceMethods<Nn_EvaluateInterface>, DeclareOpInterfaceMethods<Nn_PermuteInterface>]> {
  let summary = "joins tensors along one axis";
  let arguments = (ins Variadic<Nn_AnyTensor>:$inputs, I64Attr:$axis);
  let results = (outs Nn_AnyTensor:$result);
  let assemblyFormat = "$inputs `axis` $axis attr-dict `:` functional-type($inputs, $result)";
  let hasVerifier = 1;
}
def Nn_SliceOp : Nn_ComputeOp<"slice", [DeclareOpInterfaceMethods<Nn_EvaluateInterface>, DeclareOpInterfaceMethods<Nn_PermuteInterface>]> {
  let summary = "result index i on axis k reads start[k] + i * step[k]";
  let description = [{ `starts` are dimension expressions, already clamped to the input; steps are constants, possibly negative. }];
  let arguments = (ins Nn_AnyTensor:$input, Nn_ShapeAttr:$starts, DenseI64ArrayAttr:$steps);
  let results = (outs Nn_AnyTensor:$result);
  let assemblyFormat = "$input `from` $starts `step` $steps attr-dict `:` type($input) `to` type($result)";
  let hasFolder = 1;
  let hasVerifier = 1;
}
def Nn_GatherOp : Nn_ComputeOp<"gather", [DeclareOpInterfaceMethods<Nn_EvaluateInterface>,
                                          DeclareOpInterfaceMethods<Nn_PermuteInterface, ["permutes"]>]> {
  let summary = "numpy take along one axis; negative indices count from the end";
  let arguments = (ins Nn_AnyTensor:$input, Nn_AnyTensor:$indices, I64Attr:$axis);
  let results = (outs Nn_AnyTensor:$result);
  let assemblyFormat = "$input `[` $indices `]` `axis` $axis attr-dict `:` functional-type(operands, $result)";
  let hasVerifier = 1;
}
def Nn_CastOp : Nn_ComputeOp<"cast", [Elementwise, DeclareOpInterfaceMethods<Nn_ElementwiseInterface>, DeclareOpInterfaceMethods<Nn_EvaluateInterface>,
                                      DeclareOpInterfaceMethods<Nn_PermuteInterface>]> {
  let summary = "converts the element type with ONNX's rules";
  let arguments = (ins Nn_AnyTensor:$input, DefaultValuedAttr<BoolAttr, "true">:$saturate,
                       DefaultValuedAttr<StrAttr, "\"up\"">:$rounding);
  let results = (outs Nn_AnyTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `to` type($result)";
  let hasFolder = 1;
}
def Nn_PadOp : Nn_ComputeOp<"pad", [DeclareOpInterfaceMethods<Nn_EvaluateInterface>, DeclareOpInterfaceMethods<Nn_PermuteInterface>]> {
  let summary = "result index i on axis k reads input index i - begin[k]";
  let description = [{
    mode says what lies outside: constant (`value`, zero without), edge, reflect, wrap. A negative begin crops; the result's shape
    decides where the other end is.
  }];
  let arguments = (ins Nn_AnyTensor:$input, Optional<Nn_AnyTensor>:$value, Nn_ShapeAttr:$begins, StrAttr:$mode);
  let results = (outs Nn_AnyTensor:$result);
  let assemblyFormat = "$mode $input (`with` $value^ `:` type($value))? `from` $begins attr-dict `:` type($input) `to` type($result)";
  let hasFolder = 1;
}
#endif
