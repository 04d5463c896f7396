// Elementwise operators: one record each. `expr` is C++ on `s` (ScalarBuilder) and x[0], x[1], …; the
// ONNX name makes the import rule (multidirectional broadcast included): "Relu", "com.example.Op" in another domain, "" for none.
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
def Nn_AbsOp : Nn_Unary<"abs", "Abs", [{ return s.abs(x[0]); }], "0", (ins), [{
  if (x[0].isNonNegative())
    return x[0];
  if (auto c = x[0].constant())
    return DimExpr(-*c);
  return std::nullopt; }]>;
def Nn_SignOp : Nn_Unary<"sign", "Sign", [{ return s.sign(x[0]); }], "0", (ins), [{
  if ((x[0] - 1).isNonNegative())
    return DimExpr(1);
  if (auto c = x[0].constant())
    return DimExpr(*c < 0 ? -1 : 0);
  return std::nullopt; }]>;
def Nn_ModOp : Nn_Binary<"mod", "Mod", [{ return s.i("fmod") ? s.rem(x[0], x[1]) : s.mod(x[0], x[1]); }], "0",
  (ins DefaultValuedAttr<I64Attr, "0">:$fmod), [{
  if (!x[0].isNonNegative() || x[1].isConstant(0) || !x[1].isNonNegative()) // the two kinds of remainder differ below zero
    return std::nullopt;
  return DimExpr::mod(x[0], x[1]); }]>;
def Nn_ReciprocalOp : Nn_Unary<"reciprocal", "Reciprocal", [{ return s.div(s.constant(1), x[0]); }]>;
def Nn_FloorOp : Nn_Unary<"floor", "Floor", [{ return s.floor(x[0]); }]>;
def Nn_CeilOp : Nn_Unary<"ceil", "Ceil", [{ return s.ceil(x[0]); }]>;
def Nn_RoundOp : Nn_Unary<"round", "Round", [{ return s.roundEven(x[0]); }]>;
def Nn_SqrtOp : Nn_Unary<"sqrt", "Sqrt", [{ return s.sqrt(x[0]); }]>;
def Nn_PowOp : Nn_Binary<"pow", "", [{
  // The exponent may have another type; integers with a real exponent go through f64.
  ::mlir::Type e = ::ingot::nn::elementOfOperand(s, 1);
  if (::mlir::isa<::mlir::FloatType>(e) && !s.isFloat()) {
    ::mlir::Type f64 = s.b.getF64Type();
    return s.convert(s.pow(s.convert(x[0], s.element, f64), s.convert(x[1], e, f64)), f64, s.element);
  }
  return s.pow(x[0], s.convert(x[1], e, s.element)); }]>;
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
def Nn_LessOp : Nn_Binary<"less", "Less", [{ return s.cmp(Cmp::LT, x[0], x[1]); }], "b1", (ins),
  [{ return ::ingot::nn::provable((x[1] - x[0] - 1), (x[0] - x[1])); }]>;
def Nn_GreaterOp : Nn_Binary<"greater", "Greater", [{ return s.cmp(Cmp::GT, x[0], x[1]); }], "b1", (ins),
  [{ return ::ingot::nn::provable((x[0] - x[1] - 1), (x[1] - x[0])); }]>;
def Nn_LessOrEqualOp : Nn_Binary<"less_or_equal", "LessOrEqual", [{ return s.cmp(Cmp::LE, x[0], x[1]); }], "b1", (ins),
  [{ return ::ingot::nn::provable((x[1] - x[0]), (x[0] - x[1] - 1)); }]>;
def Nn_GreaterOrEqualOp : Nn_Binary<"greater_or_equal", "GreaterOrEqual", [{ return s.cmp(Cmp::GE, x[0], x[1]); }], "b1", (ins),
  [{ return ::ingot::nn::provable((x[0] - x[1]), (x[1] - x[0] - 1)); }]>;
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
// Clipping to bounds that are numbers; bounds that are tensors are max and min.
def Nn_ClipOp : Nn_Unary<"clip", "", [{
    ::mlir::Value y = x[0];
    if (s.op->hasAttr("min"))
      y = s.max(y, s.constant(s.f("min")));
    if (s.op->hasAttr("max"))
      y = s.min(y, s.constant(s.f("max")));
    return y; }], "0", (ins OptionalAttr<F64Attr>:$min, OptionalAttr<F64Attr>:$max)>;
def Nn_EluOp : Nn_Unary<"elu", "Elu",
  [{ return s.select(s.cmp(Cmp::LT, x[0], s.constant(0)), s.mul(s.constant(s.f("alpha")), s.expm1(x[0])), x[0]); }],
  "0", (ins DefaultValuedAttr<F64Attr, "1.0">:$alpha)>;
def Nn_CeluOp : Nn_Unary<"celu", "Celu", [{
    double alpha = s.f("alpha");
    ::mlir::Value zero = s.constant(0), below = s.mul(s.constant(alpha), s.expm1(s.div(x[0], s.constant(alpha))));
    return s.add(s.max(zero, x[0]), s.min(zero, below)); }],
  "0", (ins DefaultValuedAttr<F64Attr, "1.0">:$alpha)>;
def Nn_SeluOp : Nn_Unary<"selu", "Selu", [{
    double alpha = s.f("alpha"), gamma = s.f("gamma");
    return s.select(s.cmp(Cmp::GT, x[0], s.constant(0)), s.mul(s.constant(gamma), x[0]),
                    s.mul(s.constant(gamma * alpha), s.expm1(x[0]))); }],
  "0", (ins DefaultValuedAttr<F64Attr, "1.67326319217681884765625">:$alpha, DefaultValuedAttr<F64Attr, "1.05070102214813232421875">:$gamma)>;
def Nn_GeluOp : Nn_Unary<"gelu", "Gelu", [{
    ::mlir::Value half = s.mul(s.constant(0.5), x[0]), inner;
    if (s.text("approximate") == "tanh") // sqrt(2/pi) * (x + 0.044715 x^3)
      inner = s.tanh(s.mul(s.constant(0.7978845608028654), s.add(x[0], s.mul(s.constant(0.044715), s.mul(x[0], s.mul(x[0], x[0]))))));
    else
      inner = s.erf(s.mul(x[0], s.constant(0.7071067811865476)));
    return s.mul(half, s.add(s.constant(1), inner)); }],
  "0", (ins DefaultValuedAttr<StrAttr, "\"none\"">:$approximate)>;
def Nn_HardSwishOp : Nn_Unary<"hard_swish", "HardSwish", [{
    ::mlir::Value gate = s.add(s.mul(x[0], s.constant(1.0 / 6)), s.constant(0.5));
    return s.mul(x[0], s.clamp(gate, s.constant(0), s.constant(1))); }]>;
def Nn_MishOp : Nn_Unary<"mish", "Mish", [{ return s.mul(x[0], s.tanh(s.softplus(x[0]))); }]>;
def Nn_SoftplusOp : Nn_Unary<"softplus", "Softplus", [{ return s.softplus(x[0]); }]>;
def Nn_SoftsignOp : Nn_Unary<"softsign", "Softsign", [{ return s.div(x[0], s.add(s.constant(1), s.abs(x[0]))); }]>;
def Nn_SwishOp : Nn_Unary<"swish", "Swish", [{ return s.mul(x[0], s.sigmoid(s.mul(s.constant(s.f("alpha")), x[0]))); }],
  "0", (ins DefaultValuedAttr<F64Attr, "1.0">:$alpha)>;
def Nn_ThresholdedReluOp : Nn_Unary<"thresholded_relu", "ThresholdedRelu",
  [{ return s.select(s.cmp(Cmp::GT, x[0], s.constant(s.f("alpha"))), x[0], s.constant(0)); }],
  "0", (ins DefaultValuedAttr<F64Attr, "1.0">:$alpha)>;
def Nn_ShrinkOp : Nn_Unary<"shrink", "Shrink", [{
    double lambd = s.f("lambd");
    ::mlir::Value zero = s.constant(0), bias = s.constant(s.f("bias"));
    ::mlir::Value y = s.select(s.cmp(Cmp::GT, x[0], s.constant(lambd)), s.sub(x[0], bias), zero);
    if (!s.isFloat() && s.isUnsignedInt()) // nothing lies below -lambd
      return y;
    return s.select(s.cmp(Cmp::LT, x[0], s.constant(-lambd)), s.add(x[0], bias), y); }],
  "0", (ins DefaultValuedAttr<F64Attr, "0.0">:$bias, DefaultValuedAttr<F64Attr, "0.5">:$lambd)>;
def Nn_PReluOp : Nn_Binary<"prelu", "", [{ return s.select(s.cmp(Cmp::LT, x[0], s.constant(0)), s.mul(x[0], x[1]), x[0]); }]>;
// Trigonometry
def Nn_SinOp : Nn_Unary<"sin", "Sin", [{ return s.sin(x[0]); }]>;
def Nn_CosOp : Nn_Unary<"cos", "Cos", [{ return s.cos(x[0]); }]>;
def Nn_TanOp : Nn_Unary<"tan", "Tan", [{ return s.tan(x[0]); }]>;
def Nn_AsinOp : Nn_Unary<"asin", "Asin", [{ return s.asin(x[0]); }]>;
def Nn_AcosOp : Nn_Unary<"acos", "Acos", [{ return s.acos(x[0]); }]>;
def Nn_AtanOp : Nn_Unary<"atan", "Atan", [{ return s.atan(x[0]); }]>;
def Nn_SinhOp : Nn_Unary<"sinh", "Sinh", [{ return s.sinh(x[0]); }]>;
def Nn_CoshOp : Nn_Unary<"cosh", "Cosh", [{ return s.cosh(x[0]); }]>;
def Nn_AsinhOp : Nn_Unary<"asinh", "Asinh", [{ return s.asinh(x[0]); }]>;
def Nn_AcoshOp : Nn_Unary<"acosh", "Acosh", [{ return s.acosh(x[0]); }]>;
def Nn_AtanhOp : Nn_Unary<"atanh", "Atanh", [{ return s.atanh(x[0]); }]>;
// Logic
def Nn_NotOp : Nn_Unary<"not", "Not", [{ return s.logicalNot(x[0]); }], "0", (ins),
  [{ return x[0].constant() ? std::optional<DimExpr>(DimExpr(x[0].isConstant(0))) : std::nullopt; }]>;
def Nn_AndOp : Nn_Binary<"and", "And", [{ return s.bitAnd(x[0], x[1]); }], "0", (ins), [{
  return x[0].constant() && x[1].constant() ? std::optional<DimExpr>(DimExpr(*x[0].constant() & *x[1].constant())) : std::nullopt; }]>;
def Nn_OrOp : Nn_Binary<"or", "Or", [{ return s.bitOr(x[0], x[1]); }], "0", (ins), [{
  return x[0].constant() && x[1].constant() ? std::optional<DimExpr>(DimExpr(*x[0].constant() | *x[1].constant())) : std::nullopt; }]>;
def Nn_XorOp : Nn_Binary<"xor", "Xor", [{ return s.bitXor(x[0], x[1]); }], "0", (ins), [{
  return x[0].constant() && x[1].constant() ? std::optional<DimExpr>(DimExpr(*x[0].constant() ^ *x[1].constant())) : std::nullopt; }]>;
def Nn_IsNanOp : Nn_Unary<"is_nan", "IsNaN", [{ return s.isNan(x[0]); }], "b1">;
def Nn_IsInfOp : Nn_Unary<"is_inf", "IsInf", [{
    bool negative = s.i("detect_negative"), positive = s.i("detect_positive");
    if (negative && positive)
      return s.isInf(x[0]);
    if (!negative && !positive)
      return s.constant(0, s.b.getI1Type());
    double inf = std::numeric_limits<double>::infinity();
    return s.cmp(Cmp::EQ, x[0], s.constant(positive ? inf : -inf)); }], "b1",
  (ins DefaultValuedAttr<I64Attr, "1">:$detect_negative, DefaultValuedAttr<I64Attr, "1">:$detect_positive)>;
// Bits
def Nn_BitwiseNotOp : Nn_Unary<"bitwise_not", "BitwiseNot", [{ return s.bitNot(x[0]); }]>;
def Nn_BitwiseAndOp : Nn_Binary<"bitwise_and", "BitwiseAnd", [{ return s.bitAnd(x[0], x[1]); }]>;
def Nn_BitwiseOrOp : Nn_Binary<"bitwise_or", "BitwiseOr", [{ return s.bitOr(x[0], x[1]); }]>;
def Nn_BitwiseXorOp : Nn_Binary<"bitwise_xor", "BitwiseXor", [{ return s.bitXor(x[0], x[1]); }]>;
def Nn_BitShiftOp : Nn_Binary<"bit_shift", "BitShift", [{
    // Shifting by the width or more leaves nothing, or the sign.
    ::mlir::Value width = s.constant(x[0].getType().getIntOrFloatBitWidth()), last = s.constant(x[0].getType().getIntOrFloatBitWidth() - 1);
    bool left = s.text("direction") == "LEFT";
    if (!left && !s.isUnsignedInt())
      return s.shr(x[0], s.select(s.cmp(Cmp::LT, x[1], width), x[1], last));
    ::mlir::Value y = left ? s.shl(x[0], x[1]) : s.shr(x[0], x[1]);
    return s.select(s.cmp(Cmp::LT, x[1], width), y, s.constant(0)); }],
  "0", (ins DefaultValuedAttr<StrAttr, "\"LEFT\"">:$direction)>;
#endif
