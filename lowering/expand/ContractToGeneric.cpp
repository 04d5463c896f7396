//===- ContractToGeneric.cpp - the naive meaning of kernel.contract -----------------------===//
#include "lowering/expand/Expand.h"
#include "dialects/nn/ScalarBuilder.h"
#include "dialects/nn/Shape.h"

using namespace mlir;
namespace ingot {

kernel::GenericOp contractToGeneric(OpBuilder &b, kernel::ContractOp op) {
  Location loc = op.getLoc();
  auto nest = cast<kernel::LoopNestInterface>(op.getOperation());
  auto g = kernel::GenericOp::create(b, loc, op->getResultTypes(), op.getDomain(), op.getIns(), op.getTables(), op.getDests(),
                                     op.getMaps(), op.getSymbols(), op.getPadding(), op.getInit(), op.getDestOf(),
                                     nest.iteratorTypes());
  SmallVector<std::string> names = kernel::dimNames(nest); // as the comment says
  g->setAttr("dim_names", b.getStrArrayAttr(llvm::to_vector_of<StringRef>(names)));
  OpBuilder::InsertionGuard guard(b);
  Block *body = b.createBlock(&g.getBody());
  for (Value v : op.getIns())
    body->addArgument(storageType(nn::elementOf(v)), loc);
  for (Value v : op.getTables())
    body->addArgument(v.getType(), loc);
  Type type = nest.initOf(0).getType();
  Value acc = body->addArgument(type, loc);
  auto factor = [&](unsigned i) {
    Type element = nn::elementOf(op.getIns()[i]);
    nn::ScalarBuilder s(b, loc, element);
    Value v = s.load(body->getArgument(i), element);
    return s.convert(v, element, type);
  };
  nn::ScalarBuilder s(b, loc, type);
  kernel::YieldOp::create(b, loc, s.fma(factor(0), factor(1), acc));
  if (!op.getEpilogue().empty()) {
    IRMapping map;
    op.getEpilogue().cloneInto(&g.getEpilogue(), map);
  }
  return g;
}

} // namespace ingot
