//===- Kernel.cpp - verifiers of the kernel dialect ---------------------------------===//
#include "dialects/kernel/Nest.h"
#include "dialects/kernel/Kernel.h"
#include "dialects/nn/Shape.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/Interfaces/FoldInterfaces.h"
#include "llvm/ADT/TypeSwitch.h"

#include "dialects/kernel/KernelDialect.cpp.inc"
#include "dialects/kernel/KernelInterfaces.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/kernel/KernelAttrs.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/kernel/KernelOps.cpp.inc"

using namespace mlir;
namespace ingot::kernel {

/// Regions keep their constants: a loop nest refers to nothing outside but its operands.
struct KernelFoldInterface : DialectFoldInterface {
  using DialectFoldInterface::DialectFoldInterface;
  bool shouldMaterializeInto(Region *) const final { return true; }
};

void KernelDialect::initialize() {
  addInterfaces<KernelFoldInterface>();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/kernel/KernelAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/kernel/KernelOps.cpp.inc"
      >();
}

/// What kernel.generic and kernel.contract have in common.
static LogicalResult verifyLoopNest(LoopNestInterface op) {
  auto dims = op.getDomain().getDims().size();
  std::string kinds = op.iteratorTypes();
  size_t numIns = op.getIns().size(), numResults = op->getNumResults();
  if (kinds.find_first_not_of("pr") != std::string::npos)
    return op->emitOpError() << "has an iterator type other than p and r: " << kinds;
  if (kinds.size() != dims)
    return op->emitOpError() << "has " << dims << " domain dimensions and " << kinds.size() << " iterator types";
  if (op.getMaps().size() != numIns + numResults)
    return op->emitOpError("needs one map per ins and one per result");
  if (op.getPadding().size() != numIns || op.getInit().size() != numResults || op.getDestOf().size() != numResults)
    return op->emitOpError("needs one padding per ins, one init and one dest_of per result");
  for (size_t i = 0; i < numIns + numResults; ++i) {
    AffineMap m = op.insMap(i);
    Value v = i < numIns ? op.getIns()[i] : op->getResult(i - numIns);
    if (m.getNumDims() != dims || m.getNumSymbols() != op.getSymbols().getDims().size() ||
        m.getNumResults() != size_t(nn::rankOf(v)))
      return op->emitOpError() << "map " << i << " must take " << dims << " dimensions and give " << nn::rankOf(v) << " indices";
    if (i < numIns && op.paddingOf(i) && op.paddingOf(i).getType() != storageType(nn::elementOf(v)))
      return op->emitOpError() << "padding " << i << " must be of type " << storageType(nn::elementOf(v));
    if (i >= numIns)
      for (unsigned d = 0; d < dims; ++d)
        if (kinds[d] == 'r' && m.isFunctionOfDim(d))
          return op->emitOpError() << "result map " << i - numIns << " uses the reduction dimension " << d;
  }
  bool reduces = op.hasReduction();
  for (size_t r = 0; r < numResults; ++r) {
    if (bool(op.initOf(r)) != reduces)
      return op->emitOpError() << "init " << r << (reduces ? " is missing" : " is given without a reduction dimension");
    int64_t d = op.getDestOf()[r];
    if (d < -1 || d >= int64_t(op.getDests().size()))
      return op->emitOpError() << "dest_of " << r << " is out of range";
    if (d >= 0 && op.getDests()[d].getType() != op->getResult(r).getType())
      return op->emitOpError() << "result " << r << " has type " << op->getResult(r).getType() << ", its dest " << op.getDests()[d].getType();
  }
  for (Region *region : {op.bodyRegion(), &op.getEpilogue()}) {
    if (!region || region->empty())
      continue;
    Block &block = region->front();
    SmallVector<Type> expected;
    for (Value v : op.getIns())
      expected.push_back(storageType(nn::elementOf(v)));
    for (Value v : op.getTables())
      expected.push_back(v.getType());
    if (reduces)
      for (size_t r = 0; r < numResults; ++r)
        expected.push_back(op.initOf(r).getType());
    if (!llvm::equal(block.getArgumentTypes(), expected))
      return op->emitOpError("region arguments must be ins elements, tables, accumulators");
    auto yield = dyn_cast<YieldOp>(block.getTerminator());
    if (!yield || yield.getValues().size() != numResults)
      return op->emitOpError("a region yields one value per result");
    bool isEpilogue = region == &op.getEpilogue();
    for (size_t r = 0; r < numResults; ++r) {
      Type t = !isEpilogue && reduces ? op.initOf(r).getType() : storageType(nn::elementOf(op->getResult(r)));
      if (yield.getValues()[r].getType() != t)
        return op->emitOpError() << "region yields " << yield.getValues()[r].getType() << " for result " << r << ", expected " << t;
    }
    if (isEpilogue)
      for (size_t i = 0; i < numIns; ++i)
        if (!block.getArgument(i).use_empty())
          for (unsigned d = 0; d < dims; ++d)
            if (kinds[d] == 'r' && op.insMap(i).isFunctionOfDim(d))
              return op->emitOpError() << "the epilogue reads ins " << i << ", whose map uses reduction dimension " << d;
  }
  if (!op.getEpilogue().empty() && !reduces)
    return op->emitOpError("has an epilogue but no reduction");
  if (op.getEpilogue().empty() && reduces)
    for (size_t r = 0; r < numResults; ++r)
      if (op.initOf(r).getType() != storageType(nn::elementOf(op->getResult(r))))
        return op->emitOpError() << "accumulator of result " << r << " needs an epilogue that converts it";
  return success();
}

std::string GenericOp::iteratorTypes() { return getIterators().str(); }
Region *GenericOp::bodyRegion() { return &getBody(); }
LogicalResult GenericOp::verify() { return verifyLoopNest(cast<LoopNestInterface>(getOperation())); }

Region *ContractOp::bodyRegion() { return nullptr; }
std::string ContractOp::iteratorTypes() {
  std::string s;
  for (char c : getKinds())
    s.push_back(c == 'k' ? 'r' : 'p');
  return s;
}

LogicalResult ContractOp::verify() {
  if (getIns().size() < 2 || getNumResults() != 1)
    return emitOpError("has two factors and one result");
  StringRef order = "bmnk", kinds = getKinds();
  size_t at = 0;
  for (char c : kinds) {
    size_t p = order.find(c);
    if (p == StringRef::npos || p < at)
      return emitOpError("kinds must be b, m, n, k in this order");
    at = p;
  }
  int64_t panel = getPanel().value_or(0);
  if (getTiles())
    for (NamedAttribute named : getTilesAttr()) {
      auto tile = dyn_cast<TileAttr>(named.getValue());
      if (!tile || tile.getMr() < 1 || tile.getNr() < 1 || panel < 0 || (panel && tile.getNr() % panel && panel % tile.getNr()))
        return emitOpError() << "tile " << named.getName() << " does not fit panels of " << panel << " columns";
    }
  return verifyLoopNest(cast<LoopNestInterface>(getOperation()));
}

LogicalResult ReadOp::verify() {
  if (getIndices().size() != size_t(nn::rankOf(getTable())) || getType() != storageType(nn::elementOf(getTable())))
    return emitOpError("needs one index per dimension and gives the stored element");
  return success();
}

LogicalResult FusedOp::verify() {
  Block &block = getBody().front();
  auto yield = dyn_cast<YieldOp>(block.getTerminator());
  if (!yield || yield.getValues().getTypes() != getResultTypes())
    return emitOpError("must yield one value per result");
  std::optional<ArrayRef<StringAttr>> rows;
  size_t outer = getOuter();
  for (Operation &op : block.without_terminator()) {
    auto nest = dyn_cast<GenericOp>(op);
    if (!nest)
      return op.emitOpError("cannot be nested in kernel.fused");
    ArrayRef<StringAttr> dims = nest.getDomain().getDims();
    if (dims.size() < outer || nest.getIterators().take_front(outer).find('r') != StringRef::npos)
      return op.emitOpError("has fewer parallel dimensions than the rows around it");
    if (rows && *rows != dims.take_front(outer))
      return op.emitOpError("has other rows than the operators before it");
    rows = dims.take_front(outer);
  }
  return success();
}

LogicalResult ViewOp::verify() {
  // Sizes read at run time need not be provably equal.
  DimExpr before = product(nn::dimsOf(getInput())), after = product(nn::dimsOf(getResult()));
  if (before.constant() && after.constant() && before != after)
    return emitOpError("changes the number of elements");
  return success();
}
OpFoldResult ViewOp::fold(FoldAdaptor) {
  if (getInput().getType() == getType())
    return getInput();
  if (auto inner = getInput().getDefiningOp<ViewOp>()) {
    getInputMutable().assign(inner.getInput());
    return getResult();
  }
  return {};
}

//===----------------------------------------------------------------------===//
// Operands in another layout
//===----------------------------------------------------------------------===//

/// Tables are read at indices that the body computes, so they stay as they are.
bool GenericOp::permutes(unsigned operand) {
  unsigned tables = getIns().size(), dests = tables + getTables().size();
  return (operand < tables || operand >= dests) && getNumResults() == 1 &&
         nn::rankOf(getOperand(operand)) == nn::rankOf(getResult(0));
}

std::optional<SmallVector<Value>> GenericOp::permuted(OpBuilder &b, ValueRange operands, ArrayRef<int64_t> perm) {
  Nest n(cast<LoopNestInterface>(getOperation()));
  auto permute = [&](Nest::Index &index) {
    Nest::Index now;
    for (int64_t p : perm)
      now.push_back(index[p]);
    index = now;
  };
  for (unsigned i = 0; i < n.ins.size(); ++i)
    if (permutes(i)) {
      n.ins[i] = operands[i];
      permute(n.inIndex[i]);
    }
  for (auto [dest, now] : llvm::zip(n.dests, operands.take_back(n.dests.size())))
    dest = now;
  permute(n.resultIndex[0]);
  Dims out = nn::dimsOf(getResult(0)), to;
  for (int64_t p : perm)
    to.push_back(out[p]);
  n.resultTypes[0] = nn::tensorOf(to, nn::elementOf(getResult(0)));
  // The loops follow the result's new order, so that the innermost walks contiguous elements.
  SmallVector<unsigned> order;
  for (AffineExpr e : n.resultIndex[0])
    for (unsigned d = 0; d < n.domain.size(); ++d)
      if (n.uses(e, d) && !llvm::is_contained(order, d))
        order.push_back(d);
  for (unsigned d = 0; d < n.domain.size(); ++d)
    if (!llvm::is_contained(order, d))
      order.push_back(d);
  n.permuteDims(order);
  return SmallVector<Value>(n.build(b)->getResults());
}

} // namespace ingot::kernel
