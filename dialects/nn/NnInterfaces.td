//===- NnInterfaces.td - what generic passes may ask an nn operator -------===//
#ifndef INGOT_NN_INTERFACES
#define INGOT_NN_INTERFACES
include "mlir/IR/OpBase.td"

def Nn_LowerInterface : OpInterface<"LowerInterface"> {
  let cppNamespace = "::ingot::nn";
  let description = [{ Every nn operator that computes: it rewrites itself as kernel-dialect operators. }];
  let methods = [
    InterfaceMethod<[{ Builds the kernel form at `b` and returns one value per result. Fails with a diagnostic emitted. }],
      "::mlir::FailureOr<::llvm::SmallVector<::mlir::Value>>", "lower", (ins "::mlir::OpBuilder &":$b)>
  ];
}

def Nn_EvaluateInterface : OpInterface<"EvaluateInterface"> {
  let cppNamespace = "::ingot::nn";
  let description = [{ Evaluation of small integer tensors as dimension expressions (shape arithmetic). }];
  let methods = [
    InterfaceMethod<[{ Elements of the only result, row-major, given those of the operands (empty: unknown). }],
      "std::optional<::ingot::Dims>", "evaluate", (ins "::llvm::ArrayRef<std::optional<::ingot::Dims>>":$operands)>
  ];
}

def Nn_ElementwiseInterface : OpInterface<"ElementwiseInterface"> {
  let cppNamespace = "::ingot::nn";
  let description = [{ One result element depends on the elements of the operands at the same index; all shapes are equal. }];
  let methods = [
    InterfaceMethod<[{ The scalar expression; operands arrive in compute type. }],
      "::mlir::Value", "buildScalar", (ins "::ingot::nn::ScalarBuilder &":$s, "::mlir::ValueRange":$x)>
  ];
}

def Nn_PermuteInterface : OpInterface<"PermuteInterface"> {
  let cppNamespace = "::ingot::nn";
  let description = [{ Operators that can work on operands whose dimensions are permuted. Used by nn-layout. }];
  let methods = [
    InterfaceMethod<[{ Whether operand i comes permuted; an index list, say, does not. }],
      "bool", "permutes", (ins "unsigned":$operand), "", "return true;">,
    InterfaceMethod<[{ Rebuilds the operator on permuted operands: `operands[i]` is the transpose of operand i by `perm`
      (result dim k = old dim perm[k]), or operand i itself if it is not permuted. Returns results in the permuted layout, or nothing if
      it cannot. }],
      "std::optional<::llvm::SmallVector<::mlir::Value>>", "permuted",
      (ins "::mlir::OpBuilder &":$b, "::mlir::ValueRange":$operands, "::llvm::ArrayRef<int64_t>":$perm)>
  ];
}
#endif
