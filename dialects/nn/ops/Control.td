// Control flow. Regions capture values from above; build-plan turns them into scf.
#ifndef INGOT_NN_CONTROL
#define INGOT_NN_CONTROL
include "dialects/nn/NnBase.td"

def Nn_YieldOp : Nn_Op<"yield", [Pure, Terminator, ReturnLike]> {
  let summary = "ends a region of nn.if or nn.loop";
  let arguments = (ins Variadic<Nn_AnyValue>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}
def Nn_IfOp : Nn_Op<"if", [SingleBlock, RecursiveMemoryEffects]> {
  let summary = "one of two regions, by a bool scalar";
  let description = [{ A result whose shape differs between the branches has fresh symbols in its type, which `size_symbols`
    names; each branch then yields, after the values, one i64 scalar tensor per size symbol. `else_if_positive` is an expression that
    is positive in every run that takes the else branch; where it is not, nothing needs memory there. }];
  let arguments = (ins Nn_AnyTensor:$condition, DefaultValuedAttr<StrArrayAttr, "{}">:$size_symbols, OptionalAttr<Nn_DimExprAttr>:$else_if_positive);
  let results = (outs Variadic<Nn_AnyValue>:$results);
  let regions = (region SizedRegion<1>:$then_region, SizedRegion<1>:$else_region);
  let assemblyFormat = "$condition attr-dict `:` type($condition) `->` type($results) $then_region `else` $else_region";
}
def Nn_LoopOp : Nn_Op<"loop", [AttrSizedOperandSegments, RecursiveMemoryEffects]> {
  let summary = "ONNX's Loop: carried values and stacked scan outputs";
  let description = [{
    Operands: optional trip count (i64 scalar tensor), optional initial condition (bool scalar tensor), carried initial values.
    Body arguments: iteration number (i64 scalar tensor), carried values. The body yields: condition (bool scalar; only if
    `has_condition`), carried values, scan elements. Results: final carried values, then one tensor [trip…] per scan output.
    `trip` is the number of iterations as a dimension expression where it is known, else the symbol it binds (with
    `trip_bound` as capacity expression if there is one).
  }];
  let arguments = (ins Optional<Nn_AnyTensor>:$max_trip, Optional<Nn_AnyTensor>:$initial_condition, Variadic<Nn_AnyValue>:$inits,
                       BoolAttr:$has_condition, StrAttr:$trip, OptionalAttr<StrAttr>:$trip_bound);
  let results = (outs Variadic<Nn_AnyValue>:$results);
  let regions = (region SizedRegion<1>:$body);
  let extraClassDeclaration = [{ unsigned getNumScans() { return getNumResults() - getInits().size(); } }];
  let hasVerifier = 1;
  let assemblyFormat = [{ (`max_trip` $max_trip^ `:` type($max_trip))? (`while` $initial_condition^ `:` type($initial_condition))?
    `init` `(` ($inits^ `:` type($inits))? `)` `->` `(` type($results) `)` $body attr-dict }];
}
#endif
