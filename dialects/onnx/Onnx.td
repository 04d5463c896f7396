//===- Onnx.td - what the file says -----------------------------------------===//
#ifndef INGOT_ONNX
#define INGOT_ONNX
include "dialects/nn/NnBase.td"

def Onnx_Dialect : Dialect {
  let name = "onnx";
  let cppNamespace = "::ingot::onnx_ir";
  let summary = "The model as the file has it: one carrier operator, so that nothing is unimportable.";
  let useDefaultTypePrinterParser = 1;
}
class Onnx_Op<string mnemonic, list<Trait> traits = []> : Op<Onnx_Dialect, mnemonic, traits>;

def Onnx_NoneType : TypeDef<Onnx_Dialect, "None"> {
  let mnemonic = "none";
  let summary = "an omitted optional input or output";
}
def Onnx_ValueType : TypeDef<Onnx_Dialect, "Value"> {
  let mnemonic = "value";
  let summary = "a value whose type the file does not state";
}
def Onnx_NodeOp : Onnx_Op<"node"> {
  let summary = "one ONNX node";
  let description = [{
    `since` is the version of the operator's definition in force (from the model's opset import). `attrs` are the node's attributes
    that are present: integers, floats, strings, lists of them, tensors (as elements or as a weight's symbol). A graph attribute is a region, in the
    order of `region_names`; it captures outer values, its block arguments are the subgraph's inputs and onnx.yield lists its outputs.
    Result types are hints from the file, `!onnx.value` where it says nothing.
  }];
  let arguments = (ins StrAttr:$op_type, StrAttr:$domain, I64Attr:$since, Variadic<AnyType>:$inputs, DictionaryAttr:$attrs,
                       DefaultValuedAttr<StrArrayAttr, "{}">:$region_names);
  let results = (outs Variadic<AnyType>:$outputs);
  let regions = (region VariadicRegion<SizedRegion<1>>:$graphs);
  let assemblyFormat = "$op_type `since` $since `(` $inputs `)` $attrs attr-dict `:` functional-type($inputs, $outputs) ($graphs^)? `domain` $domain";
}
def Onnx_NoneOp : Onnx_Op<"none", [Pure]> {
  let summary = "an omitted input";
  let results = (outs Onnx_NoneType:$result);
  let assemblyFormat = "attr-dict";
  let builders = [OpBuilder<(ins), [{ $_state.addTypes(::ingot::onnx_ir::NoneType::get($_builder.getContext())); }]>];
}
def Onnx_YieldOp : Onnx_Op<"yield", [Pure, Terminator]> {
  let summary = "outputs of a graph";
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}
#endif
