//===- Plan.td - what is emitted --------------------------------------------===//
#ifndef INGOT_PLAN
#define INGOT_PLAN
include "dialects/nn/NnBase.td"
include "mlir/Interfaces/FunctionInterfaces.td"
include "mlir/IR/RegionKindInterface.td"

def Plan_Dialect : Dialect {
  let name = "plan";
  let cppNamespace = "::ingot::plan";
  let summary = "Buffers, launches and kernels: what the printers print.";
  let dependentDialects = ["::ingot::nn::NnDialect", "::ingot::kernel::KernelDialect", "::ingot::isa_ir::IsaDialect", "::mlir::scf::SCFDialect",
      "::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect", "::mlir::vector::VectorDialect"];
  let useDefaultTypePrinterParser = 1;
}

class Plan_Op<string mnemonic, list<Trait> traits = []> : Op<Plan_Dialect, mnemonic, traits>;

def Plan_PtrType : TypeDef<Plan_Dialect, "Ptr", [MemRefElementTypeInterface]> {
  let mnemonic = "ptr";
  let summary = "the address of a run of elements; C's `const T *`";
  let description = [{ For row tables of convolutions: memref<6x!plan.ptr<f32>> prints as `const float *row[6]`. }];
  let parameters = (ins "::mlir::Type":$element);
  let assemblyFormat = "`<` $element `>`";
}

def Plan_Flat : Type<CPred<"::llvm::isa<::mlir::MemRefType>($_self) && ::llvm::cast<::mlir::MemRefType>($_self).getRank() == 1">,
                     "flat memref", "::mlir::MemRefType">;

def Plan_ModelOp : Plan_Op<"model", [IsolatedFromAbove, SymbolTable, Symbol, NoTerminator, SingleBlock, NoRegionArguments]> {
  let summary = "a whole model: weights, kernels, entries";
  let description = [{ `symbols`: per symbol {name, low, high}: what the caller passes as dims. `io`: what the header declares (see `plan.entry`). }];
  let arguments = (ins SymbolNameAttr:$sym_name);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name attr-dict-with-keyword $body";
}
def Plan_WeightOp : Plan_Op<"weight", [Symbol]> {
  let summary = "a weight of the model; the bytes are in the WeightStore under this name";
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttr:$element, I64Attr:$count, OptionalAttr<I64Attr>:$offset, OptionalAttr<StrAttr>:$doc);
  let assemblyFormat = "$sym_name $element `x` $count (`at` $offset^)? attr-dict";
}

class Plan_FunctionOp<string mnemonic> : Plan_Op<mnemonic, [IsolatedFromAbove, FunctionOpInterface, AffineScope, AutomaticAllocationScope]> {
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<FunctionType>:$function_type, OptionalAttr<DictArrayAttr>:$arg_attrs,
                       OptionalAttr<DictArrayAttr>:$res_attrs);
  let regions = (region AnyRegion:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::llvm::ArrayRef<::mlir::Type> getArgumentTypes() { return getFunctionType().getInputs(); }
    ::llvm::ArrayRef<::mlir::Type> getResultTypes() { return getFunctionType().getResults(); }
    ::mlir::Region *getCallableRegion() { return &getBody(); }
  }];
}
def Plan_KernelOp : Plan_FunctionOp<"kernel"> {
  let summary = "one kernel";
  let description = [{
    Arguments: index values first (attribute `symbols` gives the symbol each stands for), then flat memrefs. No results.
    Discardable attributes: `symbols` (strings), `writes` (argument numbers written), `flops` and `bytes` (arithmetic and memory of one run,
    dimension expressions), `registers` (of a contraction, "6x16"); for comments `doc` (ONNX nodes, a line per launch), `about` (what it
    computes; "{2}" is the name of argument 2), `tile` (what a tile of the launch is). A launch's `origin` names its ONNX nodes, `names` its buffers.
    *Unexpanded*, the body is plan.tensor, kernel.*, plan.write. *Expanded* (attribute `target`), it holds one top-level scf.forall and
    only the operations that compiler/DESIGN.md lists; the verifier checks both.
  }];
}
def Plan_EntryOp : Plan_FunctionOp<"entry"> {
  let summary = "a function of the generated library";
  let description = [{
    Arguments: index values of the symbols, then one flat memref per input, per state and per output, last the workspace
    (memref<?xi8>). Argument attributes: `plan.role` ("symbol", "input", "state", "output", "workspace"), `plan.name` (ONNX name), `plan.type` (the tensor
    type with its shape). A state's `plan.output` is the ONNX output that it becomes; one that grows in place has `plan.axis`,
    `plan.capacity` (its size there) and `plan.next` (what is used of it after a run, an expression over symbols).
    `workspace_bytes` is the planned size of the workspace, `arena` its buffers: `name`, `offset`, `bytes` and the `first` and `last`
    launch or call between which each lives.
  }];
}
def Plan_ReturnOp : Plan_Op<"return", [Pure, Terminator, ReturnLike]> {
  let summary = "ends a kernel or an entry";
  let assemblyFormat = "attr-dict";
}

// ---- in an unexpanded kernel
def Plan_TensorOp : Plan_Op<"tensor", [Pure]> {
  let summary = "the tensor stored in a flat buffer with these strides (elements) and offset";
  let arguments = (ins Plan_Flat:$buffer, Nn_ShapeAttr:$strides, DefaultValuedAttr<StrAttr, "\"0\"">:$offset);
  let results = (outs Nn_AnyTensor:$result);
  let assemblyFormat = "$buffer `strides` $strides attr-dict `:` type($buffer) `as` type($result)";
}
def Plan_WriteOp : Plan_Op<"write", [MemoryEffects<[MemWrite]>]> {
  let summary = "where a result goes";
  let arguments = (ins Nn_AnyTensor:$value, Plan_Flat:$buffer, Nn_ShapeAttr:$strides, DefaultValuedAttr<StrAttr, "\"0\"">:$offset);
  let assemblyFormat = "$value `to` $buffer `strides` $strides attr-dict `:` type($value) `,` type($buffer)";
}

// ---- in an entry
def Plan_GetWeightOp : Plan_Op<"get_weight", [Pure]> {
  let arguments = (ins FlatSymbolRefAttr:$weight);
  let results = (outs Plan_Flat:$result);
  let assemblyFormat = "$weight attr-dict `:` type($result)";
}
def Plan_AllocOp : Plan_Op<"alloc", [MemoryEffects<[MemAlloc]>]> {
  let summary = "a buffer of `count` elements; plan-arena turns it into plan.slice or plan.tail";
  let description = [{ `if_positive` is an expression that is positive in every run that uses the buffer. }];
  let arguments = (ins StrAttr:$count, OptionalAttr<Nn_DimExprAttr>:$if_positive, DefaultValuedAttr<StrAttr, "\"host\"">:$space,
                       DefaultValuedAttr<I64Attr, "0">:$device);
  let results = (outs Plan_Flat:$result);
  let assemblyFormat = "$count (`if_positive` $if_positive^)? attr-dict `:` type($result)";
}
def Plan_SliceOp : Plan_Op<"slice", [Pure]> {
  let summary = "part of the workspace at a byte offset (an expression valid for all sizes)";
  let arguments = (ins Plan_Flat:$workspace, StrAttr:$offset, StrAttr:$count);
  let results = (outs Plan_Flat:$result);
  let assemblyFormat = "$workspace `[` $offset `]` `count` $count attr-dict `:` type($workspace) `to` type($result)";
}
def Plan_TailOp : Plan_Op<"tail", [MemoryEffects<[MemAlloc]>]> {
  let summary = "bump allocation behind the planned part of the workspace; too little room ends run() with NEED_WORKSPACE";
  let arguments = (ins StrAttr:$count);
  let results = (outs Plan_Flat:$result);
  let assemblyFormat = "$count attr-dict `:` type($result)";
}
def Plan_MarkOp : Plan_Op<"mark", [MemoryEffects<[MemRead]>]> {
  let summary = "where the tail ends now";
  let results = (outs Index:$result);
  let assemblyFormat = "attr-dict";
}
def Plan_ReleaseOp : Plan_Op<"release", [MemoryEffects<[MemFree]>]> {
  let summary = "gives back what was taken from the tail since the mark";
  let arguments = (ins Index:$mark);
  let assemblyFormat = "$mark attr-dict";
}
def Plan_LaunchOp : Plan_Op<"launch", [AttrSizedOperandSegments]> {
  let summary = "runs a kernel over its tiles";
  let arguments = (ins FlatSymbolRefAttr:$kernel, Optional<Index>:$tiles, Variadic<AnyType>:$args);
  let assemblyFormat = "$kernel (`tiles` $tiles^)? `(` $args `)` attr-dict `:` type($args)";
}
def Plan_CallOp : Plan_Op<"call"> {
  let summary = "calls a template of runtime/ops on the host";
  let description = [{ Operands: flat memrefs, inputs first, then outputs; `shapes` and `elements` give each operand's dimensions and element type. }];
  let arguments = (ins StrAttr:$callee, Variadic<AnyType>:$args, ArrayAttr:$types, I64Attr:$num_inputs, DictionaryAttr:$params);
  let assemblyFormat = "$callee `(` $args `)` $types `inputs` $num_inputs `params` $params attr-dict `:` type($args)";
}
def Plan_CopyOp : Plan_Op<"copy", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "copies `count` elements; the memory spaces may differ";
  let arguments = (ins Plan_Flat:$source, Plan_Flat:$target, StrAttr:$count);
  let assemblyFormat = "$source `to` $target `count` $count attr-dict `:` type($source) `,` type($target)";
}
def Plan_ReadOp : Plan_Op<"read", [MemoryEffects<[MemRead]>]> {
  let summary = "host read of one integer or bool element; an explicit synchronisation on a device";
  let arguments = (ins Plan_Flat:$buffer, I64Attr:$index);
  let results = (outs AnyTypeOf<[Index, I1]>:$result);
  let assemblyFormat = "$buffer `[` $index `]` attr-dict `:` type($buffer) `->` type($result)";
}
def Plan_SetOp : Plan_Op<"set", [MemoryEffects<[MemWrite]>]> {
  let summary = "writes an index value as the only element of an i64 buffer";
  let arguments = (ins Plan_Flat:$buffer, Index:$value);
  let assemblyFormat = "$buffer `=` $value attr-dict `:` type($buffer)";
}
def Plan_PublishOp : Plan_Op<"publish"> {
  let summary = "an output that stays in the workspace: gives the caller its address and true shape";
  let arguments = (ins Plan_Flat:$buffer, Plan_Flat:$output, TypeAttr:$type);
  let assemblyFormat = "$buffer `as` $output $type attr-dict `:` type($buffer) `,` type($output)";
}
def Plan_DimOp : Plan_Op<"dim", [Pure]> {
  let summary = "the value of a dimension expression over the symbols bound so far";
  let arguments = (ins StrAttr:$expr);
  let results = (outs Index:$result);
  let assemblyFormat = "$expr attr-dict";
}
def Plan_BindOp : Plan_Op<"bind", [MemoryEffects<[MemWrite]>]> {
  let summary = "names a run-time value as a symbol, after checking low <= value <= high";
  let arguments = (ins StrAttr:$symbol, Index:$value, OptionalAttr<StrAttr>:$low, OptionalAttr<StrAttr>:$high, OptionalAttr<StrAttr>:$what);
  let assemblyFormat = "$symbol `=` $value (`low` $low^)? (`high` $high^)? attr-dict";
}

def Plan_RequireOp : Plan_Op<"require", [MemoryEffects<[MemWrite]>]> {
  let summary = "fails the run unless two dimension expressions are equal (or `unit` is 1); `what` names the operator";
  let arguments = (ins StrAttr:$left, StrAttr:$right, OptionalAttr<StrAttr>:$unit, StrAttr:$what);
  let assemblyFormat = "$left `equals` $right (`or_one` $unit^)? `for` $what attr-dict";
}

// ---- in an expanded kernel
def Plan_PtrToOp : Plan_Op<"ptr_to", [Pure]> {
  let summary = "address of element `offset` of a buffer: `buffer + offset`";
  let arguments = (ins AnyMemRef:$buffer, Index:$offset);
  let results = (outs Plan_PtrType:$result);
  let assemblyFormat = "$buffer `[` $offset `]` attr-dict `:` type($buffer) `->` type($result)";
}
def Plan_PtrLoadOp : Plan_Op<"ptr_load", [MemoryEffects<[MemRead]>]> {
  let summary = "element at `pointer[offset]`; vectors load from there on";
  let arguments = (ins Plan_PtrType:$pointer, Index:$offset);
  let results = (outs AnyType:$result);
  let assemblyFormat = "$pointer `[` $offset `]` attr-dict `:` type($pointer) `->` type($result)";
}
def Plan_VariantsOp : Plan_Op<"variants", [SingleBlock, NoTerminator, RecursiveMemoryEffects]> {
  let summary = "a body that is compiled once for each case of its arguments, which are constants there";
  let description = [{
    Runs the body with the case that the operands equal; they must equal one, so the last is taken without a question. The body's
    arguments are the case's numbers: loops that they bound unroll, conditions on them vanish. It refers to values around it, but
    declares its own local buffers and gives no results. `name` is what the body makes, `arguments` the names of its arguments, `doc`
    (discardable) a comment. Printed as a function template and a call for each case; the JIT clones the body.

    ```mlir
    plan.variants "block" (%rows, %whole) arguments ["rows", "whole"] cases [[6, 1], [2, 1], [6, 0], [2, 0]] : index, i1 {
    ^bb0(%r: index, %w: i1):
      scf.for %i = %c0 to %r step %c1 { … }
    }
    ```
  }];
  let arguments = (ins StrAttr:$name, Variadic<AnyTypeOf<[Index, I1]>>:$values, StrArrayAttr:$arguments, ArrayAttr:$cases);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$name `(` $values `)` `arguments` $arguments `cases` $cases `:` type($values) attr-dict-with-keyword $body";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The numbers of a case.
    ::llvm::SmallVector<int64_t> getCase(unsigned i);
    /// Puts a copy of the body for each case, under its condition, in the place of the operation.
    void expand();
  }];
}
def Plan_ZerosOp : Plan_Op<"zeros", [Pure]> {
  let summary = "address of at least `count` zero elements (a constant of the unit)";
  let arguments = (ins I64Attr:$count);
  let results = (outs Plan_PtrType:$result);
  let assemblyFormat = "$count attr-dict `:` type($result)";
}
#endif
