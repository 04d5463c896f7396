// Elementwise operators: one record each. `expr` is C++ on `s` (ScalarBuilder) and x[0], x[1], …; the
// ONNX name and versions make the import rule (multidirectional broadcast included).
#ifndef INGOT_NN_ELEMENTWISE
#define INGOT_NN_ELEMENTWISE
include "dialects/nn/NnBase.td"

// result: "=" same element type as operand 0, "b1" bool.
class Nn_Elementwise<string mnemonic, int arity, string onnx, code expr, string result = "=", dag extra = (ins)>
    : Nn_ComputeOp<mnemonic, [Elementwise, DeclareOpInterfaceMethods<Nn_ElementwiseInterface>,
                              DeclareOpInterfaceMethods<Nn_PermuteInterface>]> {
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
  }];
}
class Nn_Unary<string mnemonic, string onnx, code expr, string result = "=", dag extra = (ins)>
    : Nn_Elementwise<mnemonic, 1, onnx, expr, result, extra>;
class Nn_Binary<string mnemonic, string onnx, code expr, string result = "=", dag extra = (ins)>
    : Nn_Elementwise<mnemonic, 2, onnx, expr, result, extra>;

def Nn_AddOp : Nn_Binary<"add", "Add", [{ return s.add(x[0], x[1]); }]>;
def Nn_SubOp : Nn_Binary<"sub", "Sub", [{ return s.sub(x[0], x[1]); }]>;
def Nn_MulOp : Nn_Binary<"mul", "Mul", [{ return s.mul(x[0], x[1]); }]>;
def Nn_DivOp : Nn_Binary<"div", "Div", [{ return s.div(x[0], x[1]); }]>;
def Nn_ReluOp : Nn_Unary<"relu", "Relu", [{ return s.max(x[0], s.constant(0)); }]>;
def Nn_SigmoidOp : Nn_Unary<"sigmoid", "Sigmoid", [{ return s.sigmoid(x[0]); }]>;
def Nn_TanhOp : Nn_Unary<"tanh", "Tanh", [{ return s.tanh(x[0]); }]>;
def Nn_ErfOp : Nn_Unary<"erf", "Erf", [{ return s.erf(x[0]); }]>;
def Nn_ExpOp : Nn_Unary<"exp", "Exp", [{ return s.exp(x[0]); }]>;
def Nn_LogOp : Nn_Unary<"log", "Log", [{ return s.log(x[0]); }]>;
def Nn_SqrtOp : Nn_Unary<"sqrt", "Sqrt", [{ return s.sqrt(x[0]); }]>;
def Nn_PowOp : Nn_Binary<"pow", "Pow", [{ return s.pow(x[0], x[1]); }]>;
#endif
