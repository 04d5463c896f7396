// Weights, constants, symbols and the escape hatch to runtime templates.
#ifndef INGOT_NN_CORE
#define INGOT_NN_CORE
include "dialects/nn/NnBase.td"

def Nn_WeightOp : Nn_Op<"weight", [Symbol]> {
  let summary = "declares a weight; its bytes are in the WeightStore under this name";
  let description = [{ `content` is the SHA-256 of the bytes: equal weights have equal content. }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttr:$type, StrAttr:$content);
  let assemblyFormat = "$sym_name $type $content attr-dict";
}
def Nn_GetWeightOp : Nn_Op<"get_weight", [Pure]> {
  let summary = "a weight as an SSA value";
  let arguments = (ins FlatSymbolRefAttr:$weight);
  let results = (outs Nn_AnyTensor:$result);
  let assemblyFormat = "$weight attr-dict `:` type($result)";
}
def Nn_ConstantOp : Nn_Op<"constant", [Pure, ConstantLike, DeclareOpInterfaceMethods<Nn_EvaluateInterface>]> {
  let summary = "a small constant (at most 256 elements)";
  let description = [{ Elements of strings use dense string elements. `value`'s type is the storage type; the result's may be unsigned. }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs Nn_AnyTensor:$result);
  let assemblyFormat = "$value attr-dict `:` type($result)";
  let hasFolder = 1;
}
def Nn_DimsOp : Nn_Op<"dims", [Pure, DeclareOpInterfaceMethods<Nn_EvaluateInterface>, DeclareOpInterfaceMethods<Nn_LowerInterface>]> {
  let summary = "an integer tensor whose elements are dimension expressions";
  let description = [{ What ONNX's Shape and the arithmetic on it fold to. Rank 0 or 1. }];
  let arguments = (ins Nn_ShapeAttr:$dims);
  let results = (outs Nn_AnyTensor:$result);
  let assemblyFormat = "$dims attr-dict `:` type($result)";
}
def Nn_BindOp : Nn_Op<"bind", [MemoryEffects<[MemWrite]>]> {
  let summary = "binds a symbol to an element of a small integer tensor, read on the host";
  let description = [{
    From here on `symbol` may occur in shapes. If `bound` is present the symbol is a size slot: the tensors whose shapes
    mention it may be defined before this operator and are allocated with `bound` in its place.
    `low` and `high` are checked at run time (an error status names `what`).
  }];
  let arguments = (ins StrAttr:$symbol, Nn_AnyTensor:$from, I64Attr:$index, OptionalAttr<StrAttr>:$bound,
                       OptionalAttr<StrAttr>:$low, OptionalAttr<StrAttr>:$high, OptionalAttr<StrAttr>:$what);
  let assemblyFormat = "$symbol `=` $from `[` $index `]` (`bound` $bound^)? (`low` $low^)? (`high` $high^)? attr-dict `:` type($from)";
}
def Nn_RequireOp : Nn_Op<"require", [MemoryEffects<[MemWrite]>]> {
  let summary = "the run fails unless two sizes are equal";
  let description = [{
    What an operator needs of the shapes of its operands and only the run can tell. `left` and `right` are dimension expressions; unequal
    ones are allowed where `unit`, if given, is 1 (a broadcast). `what` names the operator in the error. In the body of an entry
    the check comes before all computation if its symbols are sizes of inputs; in a branch it holds where the branch runs.
  }];
  let arguments = (ins StrAttr:$left, StrAttr:$right, OptionalAttr<StrAttr>:$unit, StrAttr:$what);
  let assemblyFormat = "$left `equals` $right (`or_one` $unit^)? `for` $what attr-dict";
  let hasVerifier = 1;
}
def Nn_CallOp : Nn_Op<"call", [Pure]> {
  let summary = "calls a reviewed C++ template of runtime/ops on the host";
  let description = [{
    For algorithms with data-dependent control flow. `callee` names runtime/ops/<callee>.hpp and the function in it; the template gets
    (params..., operands as ingot_view, results as ingot_view). The mechanism of custom operators too.
  }];
  let arguments = (ins StrAttr:$callee, Variadic<Nn_AnyValue>:$inputs, DefaultValuedAttr<DictionaryAttr, "{}">:$params);
  let results = (outs Variadic<Nn_AnyValue>:$results);
  let assemblyFormat = "$callee `(` $inputs `)` (`params` $params^)? attr-dict `:` functional-type($inputs, $results)";
}
#endif
