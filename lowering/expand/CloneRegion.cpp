//===- CloneRegion.cpp - a scalar region at scalar or vector type ----------------------===//
#include "lowering/expand/Nest.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
namespace ingot::expand {

namespace {
struct Cloner {
  Nest &nest;
  const Point &p;
  Emitter &e;
  IRMapping map;
  DenseSet<Value> ramps; // mapped index of the vector dimension: lane i stands for value + i

  Value tableOf(Value argument) {
    unsigned first = nest.numIns;
    return nest.op.getTables()[cast<BlockArgument>(argument).getArgNumber() - first];
  }

  void clone(Block &block) {
    for (Operation &op : block.without_terminator())
      clone(op);
  }

  void clone(Operation &op) {
    if (auto index = dyn_cast<kernel::IndexOp>(op)) {
      map.map(index.getResult(), p.iv[index.getDim()]);
      if (int64_t(index.getDim()) == p.vectorDim && p.lanes > 1)
        ramps.insert(index.getResult());
      return;
    }
    if (auto dim = dyn_cast<kernel::DimOp>(op)) {
      map.map(dim.getResult(), e.dim(*DimExpr::parse(dim.getExpr())));
      return;
    }
    if (auto read = dyn_cast<kernel::ReadOp>(op)) {
      Value table = read.getTable();
      Place &place = e.places.find(isa<BlockArgument>(table) ? tableOf(table) : table)->second;
      SmallVector<Value> idx;
      bool varies = false;
      for (Value i : read.getIndices()) {
        idx.push_back(map.lookup(i));
        varies |= ramps.contains(i);
      }
      Value v = place.scalar ? place.scalar
                             : e.load(place.buffer, e.address(place, idx), varies ? p.lanes : 1, varies ? p.mask : Value());
      map.map(read.getResult(), v);
      return;
    }
    bool varies = false;
    for (Value v : op.getOperands())
      varies |= isa<VectorType>(map.lookupOrDefault(v).getType());
    if (!varies) {
      if (op.getNumRegions())
        return cloneWithRegions(op);
      e.b.clone(op, map);
      return;
    }
    // 0 or 1 from a mask: a choice of constants.
    if (isa<arith::ExtUIOp, arith::UIToFPOp>(op) && op.getOperand(0).getType().isInteger(1)) {
      Type t = op.getResult(0).getType();
      Value one = e.constant(cast<TypedAttr>(e.b.getOneAttr(t)), p.lanes), zero = e.constant(cast<TypedAttr>(e.b.getZeroAttr(t)), p.lanes);
      map.map(op.getResult(0), arith::SelectOp::create(e.b, e.loc, map.lookup(op.getOperand(0)), one, zero).getResult());
      return;
    }
    IRMapping wide;
    for (Value v : op.getOperands())
      wide.map(v, e.broadcast(map.lookupOrDefault(v), p.lanes));
    Operation *copy = op.cloneWithoutRegions(wide);
    for (Value r : copy->getResults())
      r.setType(lanesOf(r.getType(), p.lanes));
    e.b.insert(copy);
    map.map(op.getResults(), copy->getResults());
  }

  void cloneWithRegions(Operation &op) {
    Operation *copy = op.cloneWithoutRegions(map);
    e.b.insert(copy);
    for (auto [from, to] : llvm::zip(op.getRegions(), copy->getRegions()))
      for (Block &block : from) {
        OpBuilder::InsertionGuard guard(e.b);
        SmallVector<Location> locs(block.getNumArguments(), e.loc);
        Block *b = e.b.createBlock(&to, to.end(), block.getArgumentTypes(), locs);
        map.map(block.getArguments(), b->getArguments());
        clone(block);
        e.b.clone(*block.getTerminator(), map);
      }
    map.map(op.getResults(), copy->getResults());
  }
};
} // namespace

SmallVector<Value> Nest::clone(Region &region, ArrayRef<Value> ins, ArrayRef<Value> accs, const Point &p) {
  Cloner c{*this, p, e, {}, {}};
  Block &block = region.front();
  for (auto [i, v] : llvm::enumerate(ins))
    if (v)
      c.map.map(block.getArgument(i), v);
  for (auto [i, v] : llvm::enumerate(accs))
    c.map.map(block.getArgument(block.getNumArguments() - accs.size() + i), v);
  c.clone(block);
  SmallVector<Value> out;
  for (Value v : block.getTerminator()->getOperands())
    out.push_back(c.map.lookupOrDefault(v));
  return out;
}

} // namespace ingot::expand
