#ifndef INGOT_KERNEL_INTERFACES
#define INGOT_KERNEL_INTERFACES
include "mlir/IR/OpBase.td"

def Kernel_LoopNestInterface : OpInterface<"LoopNestInterface"> {
  let cppNamespace = "::ingot::kernel";
  let description = [{
    A perfect loop nest: what fusion, scheduling and expansion ask. The accessors are those of kernel.generic, which
    documents them; kernel.contract has the same arguments and an implied body.
  }];
  let methods = [
    InterfaceMethod<"", "::ingot::nn::ShapeAttr", "getDomain">,
    InterfaceMethod<"one letter per domain dimension: p or r", "std::string", "iteratorTypes">,
    InterfaceMethod<"", "::mlir::OperandRange", "getIns">,
    InterfaceMethod<"", "::mlir::MutableOperandRange", "getInsMutable">,
    InterfaceMethod<"", "::mlir::OperandRange", "getTables">,
    InterfaceMethod<"", "::mlir::OperandRange", "getDests">,
    InterfaceMethod<"", "::mlir::ArrayAttr", "getMaps">,
    InterfaceMethod<"", "::ingot::nn::ShapeAttr", "getSymbols">,
    InterfaceMethod<"", "::mlir::ArrayAttr", "getPadding">,
    InterfaceMethod<"", "::mlir::ArrayAttr", "getInit">,
    InterfaceMethod<"", "::llvm::ArrayRef<int64_t>", "getDestOf">,
    InterfaceMethod<"null if the body is implied", "::mlir::Region *", "bodyRegion">,
    InterfaceMethod<"", "::mlir::Region &", "getEpilogue">
  ];
  let extraSharedClassDeclaration = [{
    unsigned numLoops() { return $_op.iteratorTypes().size(); }
    ::mlir::AffineMap insMap(unsigned i) { return ::llvm::cast<::mlir::AffineMapAttr>($_op.getMaps()[i]).getValue(); }
    ::mlir::AffineMap resultMap(unsigned i) { return insMap($_op.getIns().size() + i); }
    bool hasReduction() { return $_op.iteratorTypes().find('r') != std::string::npos; }
    /// The value read outside the bounds of ins i, or null if every access is inside.
    ::mlir::TypedAttr paddingOf(unsigned i) { return ::llvm::dyn_cast<::mlir::TypedAttr>($_op.getPadding()[i]); }
    ::mlir::TypedAttr initOf(unsigned result) { return ::llvm::dyn_cast<::mlir::TypedAttr>($_op.getInit()[result]); }
  }];
}
#endif
