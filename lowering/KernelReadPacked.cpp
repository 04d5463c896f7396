//===- KernelReadPacked.cpp -----------------------------------------------------------===//
//
// A weight that a contraction reads in panels, and that other loop nests read as a table, by indices that the run finds (the embedding of
// a language model, which scores the next token, too). They read the panels, and the weight itself is not kept. It may be in the file
// twice, transposed for the contraction: contents are compared.
//
//===----------------------------------------------------------------------===//
#include "compiler/weights/WeightStore.h"
#include "dialects/kernel/Nest.h"
#include "lowering/Passes.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
namespace ingot {
#define GEN_PASS_DEF_KERNELREADPACKED
#include "lowering/Passes.h.inc"

namespace {
using namespace kernel;

/// A weight that is laid out anew.
struct Packing {
  GenericOp op;
  nn::GetWeightOp weight;
  SmallVector<AffineExpr> place; // in the new layout, by the indices of an element of the weight
};

/// The dimensions of `op`, over the indices of the elements that it reads: the inverse of sums like d0 * 96 + d2, d2 < 96. Empty if
/// an element has not one place.
SmallVector<AffineExpr> placesOf(GenericOp op) {
  auto nest = cast<LoopNestInterface>(op.getOperation());
  SmallVector<int64_t> sizes; // 0: the run finds it
  for (const DimExpr &size : nest.getDomain().exprs())
    sizes.push_back(size.constant().value_or(0));
  SmallVector<AffineExpr> place(sizes.size());
  for (auto [j, x, length] : llvm::enumerate(nest.insMap(0).getResults(), cast<RankedTensorType>(op.getIns()[0].getType()).getShape())) {
    auto index = LinearIndex::of(x, sizes.size(), nest.getSymbols().exprs());
    if (!index || !index->constant.isConstant(0))
      return {};
    int64_t step = 1;
    AffineExpr rest = getAffineDimExpr(j, op.getContext());
    for (bool found = true; found && step < length;) {
      found = false;
      for (unsigned d = 0; d < sizes.size() && !found; ++d)
        if (index->coeffs[d].isConstant(step) && sizes[d] > 1 && !place[d]) {
          found = true;
          place[d] = step * sizes[d] < length ? rest % sizes[d] : rest;
          rest = rest.floorDiv(sizes[d]);
          step *= sizes[d];
          index->coeffs[d] = 0;
        }
    }
    auto isLeft = [&](unsigned d) { return sizes[d] != 1 && !index->coeffs[d].isConstant(0); };
    if (step < length || llvm::any_of(llvm::seq<unsigned>(0, sizes.size()), isLeft))
      return {};
  }
  for (auto [p, size] : llvm::zip(place, sizes))
    if (!p && size == 1)
      p = getAffineConstantExpr(0, op.getContext());
  return llvm::all_of(place, [](AffineExpr p) { return bool(p); }) ? place : SmallVector<AffineExpr>();
}

struct KernelReadPacked : impl::KernelReadPackedBase<KernelReadPacked> {
  using Base::Base;

  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>())
      share(function);
    if (isUnreadable)
      signalPassFailure();
  }
  bool isUnreadable = false; // a weight; reported

  void share(func::FuncOp function) {
    SmallVector<Packing> packings;
    SmallVector<nn::GetWeightOp> weights;
    function.walk([&](Operation *op) {
      if (auto get = dyn_cast<nn::GetWeightOp>(op))
        weights.push_back(get);
      auto mover = dyn_cast<GenericOp>(op);
      if (!mover || mover->getNumResults() != 1 || mover.getIns().size() != 1 || !mover.getDests().empty() || !movedIn(mover, 0) ||
          !cast<LoopNestInterface>(op).resultMap(0).isIdentity() ||
          !llvm::all_of(mover->getUsers(), [](Operation *user) { return isa<ContractOp>(user); }))
        return;
      if (auto weight = mover.getIns()[0].getDefiningOp<nn::GetWeightOp>())
        if (auto place = placesOf(mover); !place.empty())
          packings.push_back({mover, weight, place});
    });
    for (nn::GetWeightOp weight : weights)
      if (auto readers = readersOf(weight, packings); !readers.empty())
        for (Packing &p : packings)
          if (auto place = placeIn(p, weight)) {
            // What depends on a weight alone may stand in front of everything.
            p.op->moveBefore(&function.front(), function.front().begin());
            p.weight->moveBefore(p.op);
            readFrom(p, *place, weight, readers);
            break;
          }
  }

  /// Loop nests that read a weight as a table; none if something else at run time reads it.
  llvm::SetVector<GenericOp> readersOf(nn::GetWeightOp weight, MutableArrayRef<Packing> packings) {
    llvm::SetVector<GenericOp> readers;
    RankedTensorType type = weight.getType();
    if (!type.getElementType().isIntOrFloat() || type.getElementTypeBitWidth() % 8 ||
        type.getNumElements() * (type.getElementTypeBitWidth() / 8) < smallBytes)
      return readers;
    for (OpOperand &use : weight->getUses()) {
      auto reader = dyn_cast<GenericOp>(use.getOwner());
      if (llvm::any_of(packings, [&](const Packing &p) { return p.op == reader; }))
        continue;
      if (!reader || !llvm::is_contained(reader.getTables(), weight.getResult()) || llvm::is_contained(reader.getIns(), weight.getResult()) ||
          llvm::is_contained(reader.getDests(), weight.getResult()))
        return {};
      readers.insert(reader);
    }
    return readers;
  }

  /// Where the elements of a weight are in a packing of the same matrix; nothing if it is of another.
  std::optional<SmallVector<AffineExpr>> placeIn(Packing &p, nn::GetWeightOp weight) {
    if (p.weight.getWeight() == weight.getWeight())
      return p.place;
    RankedTensorType a = weight.getType(), b = p.weight.getType();
    if (a.getRank() != 2 || b.getRank() != 2 || a.getElementType() != b.getElementType() || a.getDimSize(0) != b.getDimSize(1) ||
        a.getDimSize(1) != b.getDimSize(0) || !isTransposed(weight, p.weight))
      return {};
    AffineExpr row = getAffineDimExpr(0, &getContext()), column = getAffineDimExpr(1, &getContext());
    return llvm::map_to_vector(p.place, [&](AffineExpr e) { return e.replaceDims({column, row}); });
  }

  bool isTransposed(nn::GetWeightOp one, nn::GetWeightOp other) {
    WeightStore &store = WeightStore::of(&getContext());
    for (nn::GetWeightOp get : {one, other})
      if (auto weight = SymbolTable::lookupNearestSymbolFrom<nn::WeightOp>(get, get.getWeightAttr()); !weight || failed(store.require(weight))) {
        isUnreadable = true;
        return false;
      }
    auto drop = llvm::make_scope_exit([&] {
      store.dropPages(one.getWeight());
      store.dropPages(other.getWeight());
    });
    const char *a = store.bytes(one.getWeight()).data(), *b = store.bytes(other.getWeight()).data();
    int64_t rows = one.getType().getDimSize(0), columns = one.getType().getDimSize(1), size = one.getType().getElementTypeBitWidth() / 8;
    constexpr int64_t block = 64; // of rows and columns: what is read of both stays in the caches
    for (int64_t i0 = 0; i0 < rows; i0 += block)
      for (int64_t j0 = 0; j0 < columns; j0 += block)
        for (int64_t i = i0; i < std::min(i0 + block, rows); ++i)
          for (int64_t j = j0; j < std::min(j0 + block, columns); ++j)
            if (std::memcmp(a + (i * columns + j) * size, b + (j * rows + i) * size, size))
              return false;
    return true;
  }

  void readFrom(Packing &p, ArrayRef<AffineExpr> place, nn::GetWeightOp weight, const llvm::SetVector<GenericOp> &readers) {
    Value packed = p.op->getResult(0);
    for (GenericOp reader : readers)
      for (auto [t, table] : llvm::enumerate(reader.getTables()))
        if (table == weight.getResult())
          for (Region *region : {&reader.getBody(), &reader.getEpilogue()})
            if (!region->empty())
              readThere(region->front().getArgument(reader.getIns().size() + t), place, packed.getType());
    weight->replaceUsesWithIf(ValueRange(packed), [&](OpOperand &use) { return readers.contains(dyn_cast<GenericOp>(use.getOwner())); });
    if (!weight->use_empty())
      return;
    auto symbol = SymbolTable::lookupNearestSymbolFrom<nn::WeightOp>(weight, weight.getWeightAttr());
    weight.erase();
    if (symbol && SymbolTable::symbolKnownUseEmpty(symbol, getOperation())) {
      WeightStore::of(&getContext()).release(symbol.getSymName());
      symbol.erase();
    }
  }

  /// A table's argument becomes one of the packed layout.
  static void readThere(BlockArgument table, ArrayRef<AffineExpr> place, Type packed) {
    table.setType(packed);
    for (Operation *user : llvm::to_vector(table.getUsers())) {
      auto read = cast<ReadOp>(user);
      OpBuilder b(read);
      auto indices = llvm::map_to_vector(place, [&](AffineExpr e) { return indexAt(b, read.getLoc(), e, read.getIndices()); });
      read.getIndicesMutable().assign(indices);
    }
  }

  /// No index is negative.
  static Value indexAt(OpBuilder &b, Location loc, AffineExpr e, ValueRange indices) {
    if (auto d = dyn_cast<AffineDimExpr>(e))
      return indices[d.getPosition()];
    if (auto c = dyn_cast<AffineConstantExpr>(e))
      return arith::ConstantIndexOp::create(b, loc, c.getValue());
    auto both = cast<AffineBinaryOpExpr>(e);
    Value l = indexAt(b, loc, both.getLHS(), indices), r = indexAt(b, loc, both.getRHS(), indices);
    if (e.getKind() == AffineExprKind::FloorDiv)
      return arith::DivUIOp::create(b, loc, l, r);
    return arith::RemUIOp::create(b, loc, l, r);
  }
};
} // namespace
} // namespace ingot
