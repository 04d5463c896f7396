//===- Converter.cpp -----------------------------------------------------------------===//
#include "compiler/import/Converter.h"
#include "runtime/include/ingot/ingot.h"

using namespace mlir;
namespace ingot {

std::string Converter::freshSymbol(StringRef what) {
  for (unsigned k = 0;; ++k) {
    std::string name = (what + Twine(k)).str();
    if (usedSymbols.insert(name).second)
      return name;
  }
}

DimExpr Converter::resolve(const DimExpr &e) const {
  return e.substitute([&](StringRef s) -> std::optional<DimExpr> {
    auto it = fixed.find(s);
    return it == fixed.end() ? std::nullopt : std::optional(DimExpr(it->second));
  });
}

/// A symbol that must be a number gets it as its bound, which the library checks with all others and takes as its limit.
bool Converter::fix(const SizeRequirement &needed) {
  auto symbols = module->getAttrOfType<ArrayAttr>("ingot.symbols");
  auto value = needed.right.constant();
  if (!symbols || !value || needed.unit)
    return false;
  SmallVector<Attribute> bounds;
  bool found = false;
  Builder b(module.getContext());
  for (auto symbol : symbols.getAsRange<DictionaryAttr>()) {
    StringRef name = cast<StringAttr>(symbol.get("name")).getValue();
    int64_t low = cast<IntegerAttr>(symbol.get("low")).getInt(), high = cast<IntegerAttr>(symbol.get("high")).getInt();
    if (DimExpr::symbol(name) == needed.left && *value >= low && (high < 0 || *value <= high)) {
      NamedAttrList narrow(symbol);
      narrow.set("low", b.getI64IntegerAttr(*value));
      narrow.set("high", b.getI64IntegerAttr(*value));
      symbol = narrow.getDictionary(b.getContext());
      fixed[name] = *value;
      found = true;
    }
    bounds.push_back(symbol);
  }
  module->setAttr("ingot.symbols", b.getArrayAttr(bounds));
  return found;
}

bool Converter::isRequired(const DimExpr &a, const DimExpr &b) const {
  return required.contains(a.str() + " = " + b.str()) || required.contains(b.str() + " = " + a.str());
}

void Converter::require(OpBuilder &b, Location loc, const SizeRequirement &needed) {
  auto create = [&] {
    return nn::RequireOp::create(b, loc, b.getStringAttr(needed.left.str()), b.getStringAttr(needed.right.str()),
                                 needed.unit ? b.getStringAttr(needed.unit->str()) : StringAttr(), b.getStringAttr(needed.what));
  };
  bool ofInputs = true;
  for (const DimExpr *e : {&needed.left, &needed.right})
    e->symbols([&](StringRef s) { ofInputs &= inputSymbols.contains(s); });
  std::string key = needed.left.str() + " = " + needed.right.str() + (needed.unit ? " or 1 = " + needed.unit->str() : "");
  if (isRequired(needed.left, needed.right) || required.contains(key)) // many operators need the same
    return;
  if (b.getInsertionBlock() != top) { // may not run
    create();
    return;
  }
  required.insert(key);
  if (!ofInputs) {
    create();
    return;
  }
  OpBuilder::InsertionGuard guard(b);
  if (fix(needed))
    return;
  if (lastRequired)
    b.setInsertionPointAfter(lastRequired);
  else
    b.setInsertionPointToStart(top);
  lastRequired = create();
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

/// A loop nest that reads an operand by one of its loops, without padding, must not run further than the operand reaches. This finds
/// what a rule did not ask for by itself.
void Converter::checkReads(NodeImport &n, Operation *after) {
  Block *block = n.b.getInsertionBlock();
  for (auto it = after ? std::next(after->getIterator()) : block->begin(); it != n.b.getInsertionPoint(); ++it) {
    if (auto call = dyn_cast<nn::CallOp>(*it))
      for (Type t : llvm::concat<const Type>(llvm::to_vector(call->getOperandTypes()), llvm::to_vector(call->getResultTypes())))
        if (auto tensor = dyn_cast<RankedTensorType>(t); tensor && tensor.getRank() > INGOT_MAX_RANK)
          return (void)n.refuse("is computed by a template for at most " + Twine(INGOT_MAX_RANK) + " dimensions, not " + Twine(tensor.getRank()),
                                "reshape its operands to a lower rank before and back after");
    auto nest = dyn_cast<kernel::LoopNestInterface>(*it);
    if (!nest)
      continue;
    Dims domain = nest.getDomain().exprs();
    for (auto [i, v] : llvm::enumerate(nest.getIns())) {
      if (nest.paddingOf(i))
        continue;
      for (auto [at, size] : llvm::zip(nest.insMap(i).getResults(), nn::dimsOf(v)))
        if (auto d = dyn_cast<AffineDimExpr>(at))
          n.requireAtMost(domain[d.getPosition()], size);
    }
  }
}

/// What no rule needs to check: the results are tensors that can exist, of the element types that the file declares.
LogicalResult Converter::checkResults(NodeImport &n) {
  constexpr int64_t most = int64_t(1) << 47; // elements; more than any memory holds
  for (auto [i, v] : llvm::enumerate(n.outputs)) {
    auto type = v ? dyn_cast<RankedTensorType>(v.getType()) : RankedTensorType();
    if (!type)
      continue;
    int64_t elements = 1;
    for (const DimExpr &d : nn::dimsOf(type)) {
      int64_t size = d.constant().value_or(1);
      if (size < 0)
        return n.refuse("its result would have a dimension of " + Twine(size), "correct the attributes or the shapes of the operands");
      if (size > most || (size && elements > most / size))
        return n.refuse("its result would have a dimension of " + Twine(size) + ", too large for any memory", "correct the attributes or the shapes of the operands");
      elements *= std::max<int64_t>(size, 1);
    }
    auto declared = dyn_cast<TensorType>(n.node->getResult(i).getType());
    if (declared && declared.getElementType() != type.getElementType()) {
      auto name = [](Type t) { return elementTypeOf(t) ? elementTypeOf(t)->name : "?"; };
      return n.refuse(Twine("its result has elements of ") + name(type.getElementType()) + ", the file declares " + name(declared.getElementType()),
                      "correct the declared type, or cast the result");
    }
  }
  return success();
}

void Converter::convertNode(onnx_ir::NodeOp node, OpBuilder &b) {
  auto poison = [&] {
    for (Value r : node.getOutputs())
      values[r] = Value();
    fail();
  };
  auto announce = [&] {
    if (definitions)
      definitions->converted(node, llvm::map_to_vector(node.getOutputs(), [&](Value v) { return lookup(v); }));
  };
  // What depends on a refused node is not reported again. Captures of subgraphs are checked by the rules' own look-ups.
  for (Value v : node.getInputs())
    if (!isa<onnx_ir::NoneType>(v.getType()) && !lookup(v))
      return poison();
  ImportRule rule = findImportRule(node.getDomain(), node.getOpType(), node.getSince());
  NodeImport n(*this, node, b);
  if (definitions)
    if (std::string objection = definitions->objection(node, n.inputs); !objection.empty()) {
      (void)n.refuse(objection, "correct the model; onnx.checker.check_model(model, full_check=True) says more");
      return poison();
    }
  if (!rule) {
    // Operators that ONNX defines by a function become its nodes.
    std::string reason = "operator is not supported";
    SmallVector<onnx_ir::NodeOp> body;
    auto outputs = definitions ? definitions->expand(node, n.inputs, body, reason) : FailureOr<SmallVector<Value>>(failure());
    if (::mlir::failed(outputs)) {
      (void)n.refuse("operator is not supported",
                     "rewrite the model without it, or define it as a function in the model");
      return poison();
    }
    for (onnx_ir::NodeOp inner : body)
      convertNode(inner, b);
    for (auto [from, to] : llvm::zip(node.getOutputs(), *outputs))
      values[from] = to ? lookup(to) : Value();
    return announce();
  }
  Operation *before = b.getInsertionPoint() == b.getInsertionBlock()->begin() ? nullptr : &*std::prev(b.getInsertionPoint());
  if (::mlir::failed(rule(n)) || n.refused() || ::mlir::failed(checkResults(n)))
    return poison();
  checkReads(n, before);
  if (n.refused())
    return poison();
  for (auto [from, to] : llvm::zip(node.getOutputs(), n.outputs)) {
    if (!to && !from.use_empty()) {
      (void)n.refuse("an output that the model uses is not supported", "");
      return poison();
    }
    values[from] = to ? foldShape(b, to) : to;
  }
  announce();
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

/// Whether a program can compare two values element by element.
static bool isTensorOfNumbers(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.getElementType().isIntOrFloat();
}

/// Outputs that the user asked for beside the model's own (`ingot.kept`) are none after all where their types, known only now, are
/// sequences and the like: as a result such a value would have to be made, while conversion mostly looks through it.
static void dropKept(func::FuncOp function, SmallVector<Value> &results) {
  auto kept = function->getAttrOfType<ArrayAttr>("ingot.kept");
  auto names = function->getAttrOfType<ArrayAttr>("onnx.outputs");
  if (!kept || !names)
    return;
  llvm::DenseSet<Attribute> mayGo(kept.begin(), kept.end());
  SmallVector<Value> left;
  SmallVector<Attribute> leftNames;
  for (auto [value, name] : llvm::zip_equal(results, names))
    if (isTensorOfNumbers(value.getType()) || !mayGo.contains(name)) {
      left.push_back(value);
      leftNames.push_back(name);
    }
  results = left;
  function->setAttr("onnx.outputs", ArrayAttr::get(function.getContext(), leftNames));
  function->removeAttr("ingot.kept");
}

LogicalResult Converter::convertFunction(func::FuncOp function) {
  for (Type t : function.getArgumentTypes())
    if (auto tensor = dyn_cast<RankedTensorType>(t))
      for (const DimExpr &d : nn::dimsOf(tensor))
        d.symbols([&](StringRef s) {
          reserveSymbol(s);
          inputSymbols.insert(s);
        });
  Block *old = &function.front();
  Block *fresh = top = new Block;
  function.getBody().push_back(fresh);
  for (BlockArgument a : old->getArguments())
    map(a, fresh->addArgument(a.getType(), a.getLoc()));
  OpBuilder b = OpBuilder::atBlockEnd(fresh);
  auto results = convertBlock(*old, b);
  if (::mlir::failed(results) || failed()) {
    fresh->erase();
    return failure();
  }
  dropKept(function, *results);
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
