//===- Converter.cpp -----------------------------------------------------------------===//
#include "compiler/import/Converter.h"

using namespace mlir;
namespace ingot {

std::string Converter::freshSymbol(StringRef what) {
  for (unsigned k = 0;; ++k) {
    std::string name = (what + Twine(k)).str();
    if (usedSymbols.insert(name).second)
      return name;
  }
}

/// Shape arithmetic folds as it is built: a small integer tensor whose elements are known becomes nn.constant or nn.dims.
static Value foldShape(OpBuilder &b, Value v) {
  Operation *op = v.getDefiningOp();
  if (!op || isa<nn::ConstantOp, nn::DimsOp>(op))
    return v;
  auto ints = nn::knownInts(v);
  if (!ints)
    return v;
  if (nn::rankOf(v) <= 1)
    return nn::intTensor(b, op->getLoc(), *ints, nn::rankOf(v), nn::elementOf(v));
  auto numbers = nn::knownConstants(v);
  if (!numbers)
    return v;
  auto type = cast<RankedTensorType>(v.getType());
  Type storage = storageType(type.getElementType());
  SmallVector<Attribute> elements;
  for (int64_t k : *numbers)
    elements.push_back(IntegerAttr::get(storage, APInt(storage.getIntOrFloatBitWidth(), k, true, true)));
  auto value = DenseElementsAttr::get(RankedTensorType::get(type.getShape(), storage), elements);
  return nn::ConstantOp::create(b, op->getLoc(), type, value);
}

void Converter::convertNode(onnx_ir::NodeOp node, OpBuilder &b) {
  auto poison = [&] {
    for (Value r : node.getOutputs())
      values[r] = Value();
    fail();
  };
  // What depends on a refused node is not reported again. Captures of subgraphs are checked by the rules' own look-ups.
  for (Value v : node.getInputs())
    if (!isa<onnx_ir::NoneType>(v.getType()) && !lookup(v))
      return poison();
  ImportRule rule = findImportRule(node.getDomain(), node.getOpType(), node.getSince());
  NodeImport n(*this, node, b);
  if (!rule) {
    // Operators that ONNX defines by a function become its nodes.
    std::string reason = "operator is not supported";
    SmallVector<onnx_ir::NodeOp> body;
    auto outputs = expander ? expander->expand(node, n.inputs, body, reason) : FailureOr<SmallVector<Value>>(failure());
    if (::mlir::failed(outputs)) {
      (void)n.refuse("operator is not supported",
                     "rewrite the model without it; test/conformance/SUPPORT.md of Ingot's sources lists what runs");
      return poison();
    }
    for (onnx_ir::NodeOp inner : body)
      convertNode(inner, b);
    for (auto [from, to] : llvm::zip(node.getOutputs(), *outputs))
      values[from] = to ? lookup(to) : Value();
    return;
  }
  if (::mlir::failed(rule(n)))
    return poison();
  for (auto [from, to] : llvm::zip(node.getOutputs(), n.outputs)) {
    if (!to && !from.use_empty()) {
      (void)n.refuse("an output that the model uses is not supported", "");
      return poison();
    }
    values[from] = to ? foldShape(b, to) : to;
  }
}

FailureOr<SmallVector<Value>> Converter::convertBlock(Block &block, OpBuilder &b) {
  for (Operation &op : block) {
    if (auto node = dyn_cast<onnx_ir::NodeOp>(op)) {
      convertNode(node, b);
    } else if (isa<onnx_ir::NoneOp>(op)) {
    } else if (auto yield = dyn_cast<onnx_ir::YieldOp>(op)) {
      SmallVector<Value> out;
      for (Value v : yield.getValues()) {
        Value c = lookup(v);
        if (!c)
          return failure();
        out.push_back(c);
      }
      return out;
    } else { // nn.get_weight, nn.constant and the like pass through
      Operation *copy = b.clone(op);
      for (auto [from, to] : llvm::zip(op.getResults(), copy->getResults()))
        values[from] = to;
    }
  }
  return failure();
}

LogicalResult Converter::convertFunction(func::FuncOp function) {
  for (Type t : function.getArgumentTypes())
    if (auto tensor = dyn_cast<RankedTensorType>(t))
      for (const DimExpr &d : nn::dimsOf(tensor))
        d.symbols([&](StringRef s) { reserveSymbol(s); });
  Block *old = &function.front();
  Block *fresh = new Block;
  function.getBody().push_back(fresh);
  for (BlockArgument a : old->getArguments())
    map(a, fresh->addArgument(a.getType(), a.getLoc()));
  OpBuilder b = OpBuilder::atBlockEnd(fresh);
  auto results = convertBlock(*old, b);
  if (::mlir::failed(results) || failed()) {
    fresh->erase();
    return failure();
  }
  func::ReturnOp::create(b, function.getLoc(), *results);
  old->dropAllDefinedValueUses();
  for (Operation &op : *old)
    op.dropAllReferences();
  old->erase();
  SmallVector<Type> types;
  for (Value v : *results)
    types.push_back(v.getType());
  function.setFunctionType(FunctionType::get(function.getContext(), function.getArgumentTypes(), types));
  return success();
}

} // namespace ingot
