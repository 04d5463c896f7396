#ifndef INGOT_NN_BASE
#define INGOT_NN_BASE
include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/TensorEncoding.td"
include "mlir/IR/BuiltinTypeInterfaces.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "dialects/nn/NnInterfaces.td"

def Nn_Dialect : Dialect {
  let name = "nn";
  let cppNamespace = "::ingot::nn";
  let summary = "What the network means: named operators on value-semantic tensors.";
  let description = [{
    All graph work happens here: folding, simplification, layout. Shapes are exact: a dynamic dimension is an
    expression over symbols in the type's `#nn.shape` encoding, and operators that need equal shapes
    require equal types; broadcasts are explicit.
  }];
  let useDefaultTypePrinterParser = 1;
  let hasConstantMaterializer = 1;
  let useDefaultAttributePrinterParser = 1;
}

def Nn_ShapeAttr : AttrDef<Nn_Dialect, "Shape", [DeclareAttrInterfaceMethods<VerifiableTensorEncoding>]> {
  let mnemonic = "shape";
  let summary = "dimensions as canonical expressions over symbols";
  let description = [{ `#nn.shape<"batch", "2*seq + 1", "768">`. As a tensor encoding it gives every dimension. }];
  let parameters = (ins OptionalArrayRefParameter<"::mlir::StringAttr">:$dims);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let builders = [AttrBuilder<(ins "::llvm::ArrayRef<::ingot::DimExpr>":$dims)>];
  let extraClassDeclaration = [{ ::ingot::Dims exprs() const; }];
}

def Nn_StringType : TypeDef<Nn_Dialect, "String", [MemRefElementTypeInterface]> {
  let mnemonic = "string";
  let summary = "a UTF-8 string, as an element type";
}
def Nn_SequenceType : TypeDef<Nn_Dialect, "Sequence", [MemRefElementTypeInterface]> {
  let mnemonic = "sequence";
  let summary = "a list of tensors of one element type, each with its own shape";
  let description = [{ `element` is what all items have in common: `?` (without #nn.shape) is each item's own size, an unranked tensor has
    items of any rank. At run time a handle, ingot_sequence: the value may take any type of the same element type. }];
  let parameters = (ins "::mlir::Type":$element);
  let assemblyFormat = "`<` $element `>`";
}
def Nn_OptionalType : TypeDef<Nn_Dialect, "Optional", [MemRefElementTypeInterface]> {
  let mnemonic = "optional";
  let summary = "a tensor or a sequence, or nothing";
  let description = [{ `element` is a sequence or a tensor type as in !nn.sequence. At run time a handle, ingot_optional. }];
  let parameters = (ins "::mlir::Type":$element);
  let assemblyFormat = "`<` $element `>`";
}

/// A dimension expression by its text, see dialects/support/DimExpr.h.
def Nn_DimExprAttr : Attr<CPred<"::llvm::isa<::mlir::StringAttr>($_self) && ::ingot::DimExpr::parse(::llvm::cast<::mlir::StringAttr>($_self).getValue())">,
                          "dimension expression"> {
  let storageType = "::mlir::StringAttr";
  let returnType = "::llvm::StringRef";
  let convertFromStorage = "$_self.getValue()";
  let constBuilderCall = "$_builder.getStringAttr($0)";
  let valueType = NoneType;
}

def Nn_AnyTensor : Type<CPred<"::llvm::isa<::mlir::RankedTensorType>($_self)">, "ranked tensor", "::mlir::RankedTensorType">;
def Nn_AnyValue : AnyTypeOf<[Nn_AnyTensor, Nn_SequenceType, Nn_OptionalType]>;

class Nn_Op<string mnemonic, list<Trait> traits = []> : Op<Nn_Dialect, mnemonic, traits>;

// An operator that computes: pure, and it knows its kernel form.
class Nn_ComputeOp<string mnemonic, list<Trait> traits = []>
    : Nn_Op<mnemonic, [Pure, DeclareOpInterfaceMethods<Nn_LowerInterface>] # traits>;
#endif
