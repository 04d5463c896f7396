//===- Tiling.cpp ------------------------------------------------------------------===//
#include "lowering/expand/Tiling.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
namespace ingot::expand {

Tiling Tiling::one(ArrayRef<DimExpr> sizes) {
  Tiling t;
  t.sizes.assign(sizes.begin(), sizes.end());
  return t;
}

Tiling Tiling::perElement(ArrayRef<DimExpr> sizes) {
  Tiling t = one(sizes);
  t.full = sizes.size();
  return t;
}

Tiling Tiling::choose(ArrayRef<DimExpr> sizes, int64_t work, int64_t align) {
  Tiling t = one(sizes);
  for (unsigned d = 0; d < sizes.size(); ++d) {
    int64_t inner = std::max<int64_t>(1, work);
    for (const DimExpr &s : sizes.drop_front(d + 1))
      inner *= std::max<int64_t>(1, estimate(s));
    if (inner >= tileWork) {
      t.full = d + 1;
      continue;
    }
    int64_t chunk = llvm::divideCeil(tileWork, inner);
    if (auto n = sizes[d].constant(); n && *n > 0) // equal shares
      chunk = llvm::divideCeil(*n, llvm::divideCeil(*n, chunk));
    if (d + 1 == sizes.size())
      chunk = llvm::alignTo(chunk, align);
    t.chunk = chunk;
    break;
  }
  return t;
}

DimExpr Tiling::count() const {
  DimExpr n = product(ArrayRef(sizes).take_front(full));
  return chunk ? n * DimExpr::ceilDiv(sizes[full], chunk) : n;
}

Tiling::Part Tiling::part(Emitter &e, Value tile, ArrayRef<std::string> names) const {
  Part p;
  Dims cut(sizes.begin(), sizes.begin() + full);
  if (chunk)
    cut.push_back(DimExpr::ceilDiv(sizes[full], chunk));
  p.at = e.delinearize(tile, cut);
  for (auto [name, v] : llvm::zip(names, ArrayRef(p.at).take_front(full)))
    e.name(name, v);
  if (!chunk)
    return p;
  Value first = p.at.pop_back_val();
  p.low = e.mul(first, e.index(chunk));
  Value end = e.add(p.low, e.index(chunk));
  auto n = sizes[full].constant();
  p.high = n && *n % chunk == 0 ? end : e.min(end, e.dim(sizes[full]));
  if (n && *n <= chunk) {
    p.low = e.index(0);
    p.high = e.index(*n);
  }
  return p;
}

std::string Tiling::text(ArrayRef<std::string> names) const {
  std::string text;
  for (unsigned d = 0; d < sizes.size(); ++d) {
    if (sizes[d].isConstant(1))
      continue;
    auto n = sizes[d].constant();
    bool whole = d > full || !chunk || (d == full && n && *n <= chunk);
    std::string part = d < full ? "one " + names[d] : whole ? "all of " + names[d] : std::to_string(chunk) + " of " + names[d];
    if (!whole && d == full && n && *n % chunk)
      part += " (" + std::to_string(*n % chunk) + " in the last)";
    text += (text.empty() ? "" : " by ") + part;
  }
  return text;
}

void forall(Emitter &e, const Tiling &tiling, ArrayRef<std::string> names, llvm::function_ref<void(const Tiling::Part &)> body) {
  std::string text = tiling.text(names);
  forall(e, tiling.count(), text.empty() ? "" : "a tile: " + text, [&](Value tile) {
    // A tile is an index of the only dimension that tells them apart.
    SmallVector<unsigned> cut;
    for (unsigned d = 0; d < tiling.full; ++d)
      if (!tiling.sizes[d].isConstant(1))
        cut.push_back(d);
    bool chunks = tiling.chunk && !DimExpr::ceilDiv(tiling.sizes[tiling.full], tiling.chunk).isConstant(1);
    if (cut.size() == 1 && !chunks && isa<BlockArgument>(tile))
      tile.setLoc(e.named(names[cut[0]]));
    body(tiling.part(e, tile, names));
  });
}

void forall(Emitter &e, const DimExpr &count, StringRef about, llvm::function_ref<void(Value)> body) {
  if (!about.empty())
    e.b.getInsertionBlock()->getParentOp()->setAttr("tile", e.b.getStringAttr(about));
  OpFoldResult n;
  if (auto c = count.constant())
    n = e.b.getIndexAttr(*c);
  else
    n = e.dim(count);
  auto op = scf::ForallOp::create(e.b, e.loc, ArrayRef(n), ValueRange(), std::nullopt);
  op.getInductionVars()[0].setLoc(e.named("tile"));
  OpBuilder::InsertionGuard guard(e.b);
  e.top = op;
  e.b.setInsertionPoint(op.getTerminator());
  body(count.isConstant(1) ? e.index(0) : Value(op.getInductionVars()[0]));
}

} // namespace ingot::expand
