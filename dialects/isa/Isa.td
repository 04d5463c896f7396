//===- Isa.td - instructions that no upstream dialect has -------------------===//
#ifndef INGOT_ISA
#define INGOT_ISA
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Isa_Dialect : Dialect {
  let name = "isa";
  let cppNamespace = "::ingot::isa_ir";
  let summary = "Target instructions: one record each with C spelling, feature and portable meaning.";
}
// spelling: function of the simd headers (runtime/simd) that the printer calls with the operands in order.
// feature: machine-row feature that makes it one instruction; without it the header's portable version is used.
class Isa_Op<string mnemonic, string spelling, string feature, list<Trait> traits = [Pure]> : Op<Isa_Dialect, mnemonic, traits> {
  let extraClassDeclaration = [{
    static constexpr const char *spelling = "}] # spelling # [{";
    static constexpr const char *feature = "}] # feature # [{";
  }];
}
def Isa_SigmoidOp : Isa_Op<"sigmoid", "sigmoid", "", [Pure, AllTypesMatch<["x", "result"]>]> {
  let summary = "1 / (1 + exp(-x)), on scalars and vectors";
  let arguments = (ins AnyType:$x);
  let results = (outs AnyType:$result);
  let assemblyFormat = "$x attr-dict `:` type($result)";
}
def Isa_PrefetchOp : Isa_Op<"prefetch", "ingot_prefetch", "", []> {
  let summary = "a hint that the cache line at buffer[offset] is read soon: fetch it to this level of the caches, 1 or 2";
  let description = "The offset may lie behind the buffer's end.";
  let arguments = (ins AnyMemRef:$buffer, Index:$offset, ConfinedAttr<I64Attr, [IntMinValue<1>, IntMaxValue<2>]>:$level);
  let assemblyFormat = "$buffer `[` $offset `]` `to` `level` $level attr-dict `:` type($buffer)";
}
#endif
