//===- Kernel.td - loop nests on tensors -----------------------------------===//
#ifndef INGOT_KERNEL
#define INGOT_KERNEL
include "dialects/nn/NnBase.td"
include "dialects/kernel/KernelInterfaces.td"

def Kernel_Dialect : Dialect {
  let name = "kernel";
  let cppNamespace = "::ingot::kernel";
  let summary = "One loop nest per operator, on tensors, with symbolic bounds.";
  let dependentDialects = ["::ingot::nn::NnDialect", "::mlir::arith::ArithDialect", "::mlir::math::MathDialect"];
  let useDefaultAttributePrinterParser = 1;
}

def Kernel_TileAttr : AttrDef<Kernel_Dialect, "Tile"> {
  let mnemonic = "tile";
  let summary = "register tile of a contraction";
  let description = [{ mr rows of m by nr columns of n, a multiple of the vector width. }];
  let parameters = (ins "int64_t":$mr, "int64_t":$nr);
  let assemblyFormat = "`<` $mr `x` $nr `>`";
}

class Kernel_Op<string mnemonic, list<Trait> traits = []> : Op<Kernel_Dialect, mnemonic, traits>;

class Kernel_LoopNestOp<string mnemonic, list<Trait> traits = []>
    : Kernel_Op<mnemonic, [Pure, AttrSizedOperandSegments,
                           DeclareOpInterfaceMethods<Kernel_LoopNestInterface, ["iteratorTypes", "bodyRegion"]>] # traits> {
  dag loopNestArguments = (ins Nn_ShapeAttr:$domain, Variadic<Nn_AnyTensor>:$ins, Variadic<Nn_AnyTensor>:$tables,
      Variadic<Nn_AnyTensor>:$dests, AffineMapArrayAttr:$maps, Nn_ShapeAttr:$symbols, ArrayAttr:$padding, ArrayAttr:$init,
      DenseI64ArrayAttr:$dest_of);
  let results = (outs Variadic<Nn_AnyTensor>:$results);
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

def Kernel_GenericOp : Kernel_LoopNestOp<"generic", [DeclareOpInterfaceMethods<Nn_PermuteInterface, ["permutes"]>]> {
  let summary = "a loop nest with a scalar body";
  let description = [{
    For every point of `domain` the body computes on the elements that `maps` select from `ins`; each result element is
    written once, after the reduction dimensions have run. See compiler/DESIGN.md for the full rules.
    `iterators` has a letter per dimension: p (parallel) or r (reduction). `maps` lists one map per ins, then one per
    result; its symbols stand for the expressions in `symbols`. `padding` has, per ins, the value of reads outside its bounds,
    or unit. `init` has, per result, the start of its reduction, or unit if there is no reduction dimension. `dest_of` has, per result, the
    index into `dests` of the tensor it updates in place, or -1 for a new one.
    Region arguments, both regions: ins elements, tables (tensors), accumulators (none without reduction).
    The epilogue is empty (no block) or maps final accumulators to result elements.
  }];
  let arguments = !con(loopNestArguments, (ins StrAttr:$iterators));
  let regions = (region SizedRegion<1>:$body, MaxSizedRegion<1>:$epilogue);
  let assemblyFormat = [{ `domain` $domain `iterators` $iterators `ins` `(` ($ins^ `:` type($ins))? `)` (`tables` `(` $tables^ `:` type($tables) `)`)?
    (`dests` `(` $dests^ `:` type($dests) `)`)? `maps` $maps `symbols` $symbols `padding` $padding `init` $init `dest_of` $dest_of
    attr-dict `->` type($results) $body (`epilogue` $epilogue^)? }];
}

def Kernel_ContractOp : Kernel_LoopNestOp<"contract"> {
  let summary = "sums of products: matrix product and direct convolution";
  let description = [{
    result[b, m, n] = epilogue(sum over k of ins0[…] * ins1[…], further ins). `kinds` has a letter per domain dimension:
    b (in ins 0, ins 1 and the result), m (ins 0 and result), n (ins 1 and result), k (ins 0 and ins 1, reduced). The order of
    dimensions is b, m, n, k. Products are formed in the type of `init`.
    kernel-schedule fills in the rest. `tiles` has a #kernel.tile for each target that uses one, under the target's id. With `panel`, ins 1 is
    laid out [batch…, n/panel, k…, panel], zero-padded as far as any tile reads; a tile is as wide as some adjacent panels or as a part of one.
    Without, ins 1 is read where it is, its columns side by side.
  }];
  let arguments = !con(loopNestArguments, (ins StrAttr:$kinds, OptionalAttr<DictionaryAttr>:$tiles, OptionalAttr<I64Attr>:$panel));
  let regions = (region MaxSizedRegion<1>:$epilogue);
  let extraClassDeclaration = [{
    /// The tile of the target of this id; null if it has none.
    TileAttr tileOf(::llvm::StringRef target) {
      return getTiles() ? getTilesAttr().getAs<TileAttr>(target) : TileAttr();
    }
  }];
  let assemblyFormat = [{ `domain` $domain `kinds` $kinds (`tiles` $tiles^)? (`panel` $panel^)? `ins` `(` ($ins^ `:` type($ins))? `)` (`tables` `(` $tables^ `:` type($tables) `)`)?
    (`dests` `(` $dests^ `:` type($dests) `)`)? `maps` $maps `symbols` $symbols `padding` $padding `init` $init `dest_of` $dest_of
    attr-dict `->` type($results) (`epilogue` $epilogue^)? }];
}

def Kernel_FusedOp : Kernel_Op<"fused", [Pure, SingleBlock]> {
  let summary = "loop nests that share their outer parallel dimensions, row by row";
  let description = [{
    Every nested kernel.generic has the same first `outer` domain dimensions, all parallel, and reads and writes the
    nested intermediates at exactly those indices there. The nest runs all nested operators for one row before the next row;
    intermediates that are not yielded live in a row buffer.
  }];
  let arguments = (ins I64Attr:$outer);
  let results = (outs Variadic<Nn_AnyTensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let hasCanonicalizer = 1;
  let hasVerifier = 1;
  let assemblyFormat = "`outer` $outer attr-dict `:` type($results) $body";
}

def Kernel_ViewOp : Kernel_Op<"view", [Pure]> {
  let summary = "the same contiguous elements under another shape; costs nothing";
  let arguments = (ins Nn_AnyTensor:$input);
  let results = (outs Nn_AnyTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `to` type($result)";
  let hasCanonicalizer = 1;
  let hasFolder = 1;
  let hasVerifier = 1;
}
def Kernel_YieldOp : Kernel_Op<"yield", [Pure, Terminator, ReturnLike]> {
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}
def Kernel_IndexOp : Kernel_Op<"index", [Pure]> {
  let summary = "the iteration index of a domain dimension";
  let arguments = (ins I64Attr:$dim);
  let results = (outs Index:$result);
  let assemblyFormat = "$dim attr-dict";
}
def Kernel_DimOp : Kernel_Op<"dim", [Pure]> {
  let summary = "the value of a dimension expression";
  let arguments = (ins StrAttr:$expr);
  let results = (outs Index:$result);
  let assemblyFormat = "$expr attr-dict";
}
def Kernel_ReadOp : Kernel_Op<"read", [Pure]> {
  let summary = "reads a table at any index; the index must be inside its bounds";
  let description = [{ The result has the table's element type, signless. }];
  let arguments = (ins Nn_AnyTensor:$table, Variadic<Index>:$indices);
  let results = (outs AnyType:$result);
  let assemblyFormat = "$table `[` $indices `]` attr-dict `:` type($table) `->` type($result)";
  let hasVerifier = 1;
}
#endif
