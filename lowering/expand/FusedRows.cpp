//===- FusedRows.cpp - kernel.fused: all its nests for one row, then the next row -----------===//
//
// Where a nested result that nobody else reads lives during its row:
//   one element          a register
//   a row of fixed size  a local buffer, up to a limit
//   otherwise            the row of the output that its last reader writes element by element, or nowhere: it is
//                        computed again where it is read
//
//===----------------------------------------------------------------------===//
#include "lowering/expand/Expand.h"
#include "dialects/nn/Shape.h"
#include "dialects/support/ElementType.h"

using namespace mlir;
namespace ingot::expand {

namespace {
class FusedRows {
public:
  FusedRows(Emitter &e, kernel::FusedOp op, const Machine &machine) : e(e), op(op), machine(machine) {
    for (Operation &inner : op.getBody().front().without_terminator())
      nests.push_back(cast<kernel::LoopNestInterface>(inner));
    // A stack of 64 KiB is all a thread may need; threads of a GPU have next to none.
    localLeft = machine.kind == MachineKind::Cuda ? 256 : 32 << 10;
  }
  LogicalResult run();

private:
  unsigned outer() { return op.getOuter(); }
  LogicalResult placeResults();
  LogicalResult placeIntermediate(kernel::LoopNestInterface nest, unsigned result);
  bool shareWithReader(Value v, kernel::LoopNestInterface reader, bool outputs);
  bool recompute(kernel::LoopNestInterface nest, unsigned result);
  DimExpr rowSize(kernel::LoopNestInterface nest, unsigned result, SmallVectorImpl<bool> &inside);

  Emitter &e;
  kernel::FusedOp op;
  const Machine &machine;
  SmallVector<kernel::LoopNestInterface> nests;
  DenseSet<Value> shared;                               // results whose place an earlier value uses too
  SmallVector<std::pair<Value, int64_t>> locals;        // values with a buffer of their own
  SmallVector<std::pair<Value, Value>> sharers;         // value, whose place it takes
  DenseSet<Operation *> recomputed;
  int64_t localLeft;
};

/// Elements of a result in one row; `inside` marks the tensor dimensions that vary within it.
DimExpr FusedRows::rowSize(kernel::LoopNestInterface nest, unsigned result, SmallVectorImpl<bool> &inside) {
  Dims dims = nn::dimsOf(nest->getResult(result));
  DimExpr size = 1;
  for (auto [x, d] : llvm::zip(nest.resultMap(result).getResults(), dims)) {
    auto dim = dyn_cast<AffineDimExpr>(x);
    bool fixed = (dim && dim.getPosition() < outer()) || isa<AffineConstantExpr>(x);
    inside.push_back(!fixed);
    if (!fixed)
      size = size * d;
  }
  return size;
}

/// `reader` is the last to read `v`, element by element where it writes one of its results: `v` may lie there.
bool FusedRows::shareWithReader(Value v, kernel::LoopNestInterface reader, bool outputs) {
  if (reader.hasReduction() || recomputed.contains(reader))
    return false;
  unsigned numIns = reader.getIns().size();
  for (unsigned i = 0; i < numIns; ++i) {
    if (reader.getIns()[i] != v)
      continue;
    for (unsigned r = 0; r < reader->getNumResults(); ++r) {
      Value to = reader->getResult(r);
      auto it = e.places.find(to);
      bool isOutput = it != e.places.end();
      if (reader.insMap(i) != reader.resultMap(r) || reader.getDestOf()[r] >= 0 || shared.contains(to) || nn::dimsOf(to) != nn::dimsOf(v) ||
          storageType(nn::elementOf(to)) != storageType(nn::elementOf(v)) || isOutput != outputs)
        continue;
      // Every read of v must be this one.
      if (llvm::count(reader.getIns(), v) != 1 || llvm::is_contained(reader.getTables(), v))
        return false;
      bool hasPlace = isOutput || llvm::any_of(locals, [&](auto &l) { return l.first == to; }) ||
                      llvm::any_of(sharers, [&](auto &s) { return s.first == to; });
      if (!hasPlace)
        continue;
      shared.insert(to);
      sharers.push_back({v, to});
      return true;
    }
  }
  return false;
}

bool FusedRows::recompute(kernel::LoopNestInterface nest, unsigned result) {
  auto generic = dyn_cast<kernel::GenericOp>(nest.getOperation());
  if (!generic || nest.hasReduction())
    return false;
  // The index of an element gives the iteration that computed it.
  llvm::SmallBitVector known(nest.numLoops());
  for (AffineExpr x : nest.resultMap(result).getResults()) {
    if (auto d = dyn_cast<AffineDimExpr>(x))
      known.set(d.getPosition());
    else if (!isa<AffineConstantExpr>(x))
      return false;
  }
  Dims sizes = nest.getDomain().exprs();
  for (unsigned d = 0; d < sizes.size(); ++d)
    if (!known[d] && !sizes[d].isConstant(1))
      return false;
  for (Operation *user : nest->getUsers())
    if (auto reader = dyn_cast<kernel::LoopNestInterface>(user))
      if (llvm::is_contained(reader.getTables(), nest->getResult(result)))
        return false;
  recomputed.insert(nest);
  return true;
}

LogicalResult FusedRows::placeIntermediate(kernel::LoopNestInterface nest, unsigned result) {
  Value v = nest->getResult(result);
  SmallVector<bool> inside;
  DimExpr size = rowSize(nest, result, inside);
  if (size.isConstant(1))
    return success(); // a register, once it is computed
  kernel::LoopNestInterface last;
  bool again = false; // a reader is computed again later on
  for (kernel::LoopNestInterface reader : nests)
    if (llvm::is_contained(reader->getOperands(), v)) {
      last = reader;
      again |= recomputed.contains(reader);
    }
  if (!last)
    return success();
  if (!again && shareWithReader(v, last, false))
    return success();
  Type storage = storageType(nn::elementOf(v));
  auto bytes = storageBytes(nn::elementOf(v), size).constant();
  if (bytes && *bytes <= localLeft && storage.isIntOrFloat()) {
    localLeft -= *bytes;
    locals.push_back({v, *size.constant()});
    return success();
  }
  if (!again && shareWithReader(v, last, true))
    return success();
  if (recompute(nest, result))
    return success();
  return nest->emitOpError() << "has rows of " << size.str() << " elements that find no place";
}

LogicalResult FusedRows::placeResults() {
  Operation *yield = op.getBody().front().getTerminator();
  for (auto [inner, result] : llvm::zip(yield->getOperands(), op.getResults()))
    e.places[inner] = e.places[result];
  // Last first, so that a value's reader has its place already.
  for (kernel::LoopNestInterface nest : llvm::reverse(nests))
    for (unsigned r = 0; r < nest->getNumResults(); ++r)
      if (!e.places.count(nest->getResult(r)) && failed(placeIntermediate(nest, r)))
        return failure();
  return success();
}

LogicalResult FusedRows::run() {
  if (failed(placeResults()))
    return failure();
  Dims sizes;
  int64_t work = 0;
  for (auto [i, op] : llvm::enumerate(nests)) {
    Dims domain = op.getDomain().exprs();
    if (!i)
      sizes.assign(domain.begin(), domain.begin() + outer());
    int64_t n = workOf(op.bodyRegion());
    for (const DimExpr &d : ArrayRef(domain).drop_front(outer()))
      n *= std::max<int64_t>(1, estimate(d));
    work += n;
  }
  work = work / std::max(1, machine.lanes(4)) + 1;
  Tiling tiling = machine.kind == MachineKind::Cuda ? Tiling::perElement(sizes) : Tiling::choose(sizes, work, 1);
  SmallVector<std::string> names = kernel::dimNames(nests.front());
  names.truncate(outer());
  forall(e, tiling, names, [&](const Tiling::Part &part) {
    for (auto [v, count] : locals) {
      auto nest = cast<kernel::LoopNestInterface>(v.getDefiningOp());
      SmallVector<bool> inside;
      rowSize(nest, cast<OpResult>(v).getResultNumber(), inside);
      Dims dims = nn::dimsOf(v), strides(dims.size());
      DimExpr stride = 1;
      for (size_t j = dims.size(); j-- > 0;)
        if (inside[j]) {
          strides[j] = stride;
          stride = stride * dims[j];
        }
      Value buffer = e.local({count}, storageType(nn::elementOf(v)));
      e.name(kernel::resultName(cast<OpResult>(v)), buffer);
      e.places[v] = {buffer, dims, strides, 0, nn::elementOf(v), {}, {}, false};
    }
    for (auto [v, to] : sharers) {
      Place p = e.places[to];
      p.element = nn::elementOf(v);
      e.places[v] = p;
    }
    for (kernel::LoopNestInterface nest : nests)
      for (Value v : nest->getResults()) {
        Place p{{}, nn::dimsOf(v), {}, 0, nn::elementOf(v), {}, {}, false};
        if (recomputed.contains(nest))
          p.recompute = cast<kernel::GenericOp>(nest.getOperation());
        e.places.try_emplace(v, p);
        // Later nests take a row value from its register, even if it is an output too.
        SmallVector<bool> inside;
        e.places[v].keep = rowSize(nest, cast<OpResult>(v).getResultNumber(), inside).isConstant(1);
      }
    std::function<void(SmallVector<Value>)> rows = [&](SmallVector<Value> at) {
      if (at.size() < outer()) {
        bool chunk = at.size() == tiling.full && part.low;
        Value low = chunk ? part.low : e.index(0), high = chunk ? part.high : e.dim(sizes[at.size()]);
        e.loop(names[at.size()], low, high, 1, {}, [&](Value i, ValueRange) {
          SmallVector<Value> next(at);
          next.push_back(i);
          rows(next);
          return SmallVector<Value>();
        });
        return;
      }
      for (kernel::LoopNestInterface inner : nests) {
        if (recomputed.contains(inner))
          continue;
        Nest nest(e, inner);
        e.loc = inner.getLoc();
        Point p;
        p.iv = at;
        p.iv.resize(nest.kinds.size());
        emitNest(nest, planVector(nest, machine), p);
      }
      e.loc = op.getLoc();
    };
    rows(part.at);
  });
  return success();
}
} // namespace

LogicalResult expandFused(Emitter &e, kernel::FusedOp op, const Machine &machine) { return FusedRows(e, op, machine).run(); }

} // namespace ingot::expand
