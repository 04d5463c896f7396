// Elementwise operators: one record each. `expr` is C++ on `s` (ScalarBuilder) and x[0], x[1], …; the
// ONNX name and versions make the import rule (multidirectional broadcast included).
#ifndef INGOT_NN_ELEMENTWISE
#define INGOT_NN_ELEMENTWISE
include "dialects/nn/NnBase.td"

// result: number of the operand whose element type the result has, or a name of the element-type table ("b1").
// dims: C++ on DimExpr x[0], x[1] for shape arithmetic; "" if the operator has no part in it.
class Nn_Elementwise<string mnemonic, int arity, string onnx, code expr, string result = "0", dag extra = (ins), code dims = "">
    : Nn_ComputeOp<mnemonic, [Elementwise, DeclareOpInterfaceMethods<Nn_ElementwiseInterface>,
                              DeclareOpInterfaceMethods<Nn_PermuteInterface>]
                             # !if(!empty(dims), []<Trait>, [DeclareOpInterfaceMethods<Nn_EvaluateInterface>])> {
  string onnxName = onnx;
  let arguments = !con((ins Variadic<Nn_AnyTensor>:$inputs), extra);
  let results = (outs Nn_AnyTensor:$result);
  let assemblyFormat = "$inputs attr-dict `:` functional-type($inputs, $result)";
  let extraClassDeclaration = [{
    static constexpr int arity = }] # !cast<string>(arity) # [{;
    static constexpr const char *onnxName = "}] # onnx # [{";
    static constexpr const char *resultElement = "}] # result # [{";
  }];
  let extraClassDefinition = [{
    ::mlir::Value $cppClass::buildScalar(::ingot::nn::ScalarBuilder &s, ::mlir::ValueRange x) { }] # expr # [{ }
    ::mlir::FailureOr<::llvm::SmallVector<::mlir::Value>> $cppClass::lower(::mlir::OpBuilder &b) {
      return ::ingot::nn::lowerElementwise(getOperation(), b);
    }
    std::optional<::llvm::SmallVector<::mlir::Value>> $cppClass::permuted(::mlir::OpBuilder &b, ::mlir::ValueRange operands,
                                                          ::llvm::ArrayRef<int64_t> perm) {
      return ::ingot::nn::permuteElementwise(getOperation(), b, operands, perm);
    }
  }] # !if(!empty(dims), "", [{
    std::optional<::ingot::Dims> $cppClass::evaluate(::llvm::ArrayRef<std::optional<::ingot::Dims>> operands) {
      return ::ingot::nn::evaluateElementwise(operands, [](::llvm::ArrayRef<::ingot::DimExpr> x) -> std::optional<::ingot::DimExpr> {
        using ::ingot::DimExpr;
        }] # dims # [{
      });
    }
  }]);
}
class Nn_Unary<string mnemonic, string onnx, code expr, string result = "0", dag extra = (ins), code dims = "">
    : Nn_Elementwise<mnemonic, 1, onnx, expr, result, extra, dims>;
class Nn_Binary<string mnemonic, string onnx, code expr, string result = "0", dag extra = (ins), code dims = "">
    : Nn_Elementwise<mnemonic, 2, onnx, expr, result, extra, dims>;

// Arithmetic
def Nn_AddOp : Nn_Binary<"add", "Add", [{ return s.add(x[0], x[1]); }], "0", (ins), [{ return x[0] + x[1]; }]>;
def Nn_SubOp : Nn_Binary<"sub", "Sub", [{ return s.sub(x[0], x[1]); }], "0", (ins), [{ return x[0] - x[1]; }]>;
def Nn_MulOp : Nn_Binary<"mul", "Mul", [{ return s.mul(x[0], x[1]); }], "0", (ins), [{ return x[0] * x[1]; }]>;
def Nn_DivOp : Nn_Binary<"div", "Div", [{ return s.div(x[0], x[1]); }], "0", (ins), [{
  if (!x[0].isNonNegative() || x[1].isConstant(0) || !x[1].isNonNegative()) // truncation and floor differ below zero
    return std::nullopt;
  return DimExpr::floorDiv(x[0], x[1]); }]>;
def Nn_NegOp : Nn_Unary<"neg", "Neg", [{ return s.neg(x[0]); }], "0", (ins), [{ return DimExpr(0) - x[0]; }]>;
def Nn_AbsOp : Nn_Unary<"abs", "Abs", [{ return s.abs(x[0]); }]>;
def Nn_SignOp : Nn_Unary<"sign", "Sign", [{ return s.sign(x[0]); }]>;
def Nn_ReciprocalOp : Nn_Unary<"reciprocal", "Reciprocal", [{ return s.div(s.constant(1), x[0]); }]>;
def Nn_SqrtOp : Nn_Unary<"sqrt", "Sqrt", [{ return s.sqrt(x[0]); }]>;
def Nn_PowOp : Nn_Binary<"pow", "Pow", [{
  // An exponent of another type is converted to the base's; integer powers of floats stay exact for 2.
  return s.pow(x[0], s.convert(x[1], ::ingot::nn::elementOfOperand(s, 1), s.element)); }]>;
// Order
def Nn_MaxOp : Nn_Binary<"max", "", [{ return s.max(x[0], x[1]); }], "0", (ins), [{ return DimExpr::max(x[0], x[1]); }]>;
def Nn_MinOp : Nn_Binary<"min", "", [{ return s.min(x[0], x[1]); }], "0", (ins), [{ return DimExpr::min(x[0], x[1]); }]>;
def Nn_EqualOp : Nn_Binary<"equal", "Equal", [{ return s.cmp(Cmp::EQ, x[0], x[1]); }], "b1", (ins), [{
  DimExpr d = x[0] - x[1];
  if (d.constant())
    return DimExpr(d.isConstant(0));
  if ((d - 1).isNonNegative() || (DimExpr(-1) - d).isNonNegative()) // a dimension is never negative, so never equals -1
    return DimExpr(0);
  return std::nullopt; }]>;
def Nn_LessOp : Nn_Binary<"less", "Less", [{ return s.cmp(Cmp::LT, x[0], x[1]); }], "b1">;
def Nn_GreaterOp : Nn_Binary<"greater", "Greater", [{ return s.cmp(Cmp::GT, x[0], x[1]); }], "b1">;
def Nn_LessOrEqualOp : Nn_Binary<"less_or_equal", "LessOrEqual", [{ return s.cmp(Cmp::LE, x[0], x[1]); }], "b1">;
def Nn_GreaterOrEqualOp : Nn_Binary<"greater_or_equal", "GreaterOrEqual", [{ return s.cmp(Cmp::GE, x[0], x[1]); }], "b1">;
def Nn_WhereOp : Nn_Elementwise<"where", 3, "Where", [{ return s.select(x[0], x[1], x[2]); }], "1", (ins), [{
  if (!x[0].constant())
    return std::nullopt;
  return x[0].isConstant(0) ? x[2] : x[1]; }]>;
// Activations and transcendental functions
def Nn_ReluOp : Nn_Unary<"relu", "Relu", [{ return s.max(x[0], s.constant(0)); }]>;
def Nn_SigmoidOp : Nn_Unary<"sigmoid", "Sigmoid", [{ return s.sigmoid(x[0]); }]>;
def Nn_TanhOp : Nn_Unary<"tanh", "Tanh", [{ return s.tanh(x[0]); }]>;
def Nn_ErfOp : Nn_Unary<"erf", "Erf", [{ return s.erf(x[0]); }]>;
def Nn_ExpOp : Nn_Unary<"exp", "Exp", [{ return s.exp(x[0]); }]>;
def Nn_LogOp : Nn_Unary<"log", "Log", [{ return s.log(x[0]); }]>;
def Nn_HardSigmoidOp : Nn_Unary<"hard_sigmoid", "HardSigmoid",
  [{ return s.clamp(s.add(s.mul(x[0], s.constant(s.f("alpha"))), s.constant(s.f("beta"))), s.constant(0), s.constant(1)); }],
  "0", (ins DefaultValuedAttr<F64Attr, "0.2">:$alpha, DefaultValuedAttr<F64Attr, "0.5">:$beta)>;
def Nn_LeakyReluOp : Nn_Unary<"leaky_relu", "LeakyRelu",
  [{ return s.select(s.cmp(Cmp::LT, x[0], s.constant(0)), s.mul(x[0], s.constant(s.f("alpha"))), x[0]); }],
  "0", (ins DefaultValuedAttr<F64Attr, "0.01">:$alpha)>;
// Logic
def Nn_NotOp : Nn_Unary<"not", "Not", [{ return s.logicalNot(x[0]); }]>;
def Nn_AndOp : Nn_Binary<"and", "And", [{ return s.bitAnd(x[0], x[1]); }]>;
def Nn_OrOp : Nn_Binary<"or", "Or", [{ return s.bitOr(x[0], x[1]); }]>;
def Nn_XorOp : Nn_Binary<"xor", "Xor", [{ return s.bitXor(x[0], x[1]); }]>;
#endif
