//===- KernelSchedule.cpp ---------------------------------------------------------===//
#include "lowering/Passes.h"
#include "dialects/kernel/Builders.h"
#include "lowering/expand/Expand.h"
#include "lowering/expand/TileCost.h"
#include <set>

using namespace mlir;
namespace ingot {
#define GEN_PASS_DEF_KERNELSCHEDULE
#include "lowering/Passes.h.inc"

using kernel::ContractOp;
using kernel::LoopNestInterface;

namespace {
/// The values that depend on weights and constants alone, so that hoist-constants evaluates them. One walk finds them: operands
/// come before their users.
class ConstantValues {
  llvm::DenseSet<Operation *> known;
  bool follows(Operation *op) const {
    return isa<nn::GetWeightOp, nn::ConstantOp>(op) ||
           (isa<kernel::ViewOp, kernel::GenericOp, kernel::ContractOp>(op) &&
            llvm::all_of(op->getOperands(), [&](Value v) { return known.contains(v.getDefiningOp()); }));
  }

public:
  explicit ConstantValues(Operation *root) {
    root->walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (follows(op))
        known.insert(op);
    });
  }
  /// Of the values of that time, and of what has been built on them since.
  bool contains(Value v) const {
    Operation *op = v.getDefiningOp();
    return op && (known.contains(op) || follows(op));
  }
};

/// A loop nest seen with row-major tensors.
struct RowMajor {
  LoopNestInterface nestOp;
  OpBuilder b;
  expand::Emitter e;

  explicit RowMajor(LoopNestInterface op) : nestOp(op), b(op), e(b, op->getLoc()) {
    for (auto list : {ValueRange(op.getIns()), ValueRange(op->getResults())})
      for (Value v : list)
        place(v);
  }
  void place(Value v) {
    Dims dims = nn::dimsOf(v);
    e.places[v] = {v, dims, nn::rowMajorStrides(dims), 0, nn::elementOf(v), {}, {}, false};
  }
  void setMap(unsigned operand, AffineMap map) {
    SmallVector<Attribute> maps(nestOp.getMaps().getValue());
    maps[operand] = AffineMapAttr::get(map);
    nestOp->setAttr("maps", b.getArrayAttr(maps));
  }
};

struct Contraction : RowMajor {
  ContractOp op;
  unsigned n = 0;
  SmallVector<unsigned> outer, m, k;

  explicit Contraction(ContractOp op) : RowMajor(cast<LoopNestInterface>(op.getOperation())), op(op) {
    StringRef kinds = op.getKinds();
    n = kinds.rfind('n');
    for (unsigned d = 0; d < kinds.size(); ++d)
      if (d != n)
        (kinds[d] == 'm' ? m : kinds[d] == 'k' ? k : outer).push_back(d);
  }
  DimExpr size(ArrayRef<unsigned> dims) {
    DimExpr s = 1;
    for (unsigned d : dims)
      s = s * op.getDomain().exprs()[d];
    return s;
  }
  bool columnsContiguous(unsigned operand) {
    expand::Nest nest(e, nestOp);
    auto c = nest.coefficient(operand, n);
    return c && c->isConstant(1);
  }
  void alignInput();
  void padInput();
  void packFactor(int64_t width, std::optional<DimExpr> panels);
};

/// Reads of ins 0 that may leave the image go through a pointer per row, along the innermost sums: where those lie apart (channels before
/// the image's dimensions), a copy brings them together.
void Contraction::alignInput() {
  expand::Nest nest(e, nestOp);
  AffineMap map = nest.map(0);
  auto results = llvm::to_vector(map.getResults());
  if (k.empty() || llvm::none_of(llvm::seq<unsigned>(0, results.size()), [&](unsigned j) { return nest.mayLeave(0, j); }))
    return;
  auto step = nest.coefficient(0, k.back());
  auto found = llvm::find(results, b.getAffineDimExpr(k.back()));
  if (found == results.end() || (step && step->isConstant(1)))
    return;
  Value x = op.getIns()[0];
  Dims dims = nn::dimsOf(x);
  SmallVector<int64_t> order; // of x's dimensions, the run's last
  for (size_t j = 0; j < results.size(); ++j)
    if (results.begin() + j != found)
      order.push_back(j);
  order.push_back(found - results.begin());
  kernel::GenericBuilder g(b, op.getLoc());
  SmallVector<AffineExpr> from(dims.size()), all, now;
  Dims to;
  for (int64_t j : order) {
    to.push_back(dims[j]);
    from[j] = g.parallel(dims[j]);
    all.push_back(from[j]);
    now.push_back(results[j]);
  }
  g.in(x, from);
  g.result(nn::elementOf(x), to, all);
  Value copy = g.build([](kernel::Scalars &r) -> SmallVector<Value> { return {r.in[0]}; })[0];
  place(copy);
  op.getInsMutable()[0].assign(copy);
  setMap(0, AffineMap::get(map.getNumDims(), map.getNumSymbols(), now, b.getContext()));
}

/// Reads of ins 0 that leave the image, where the innermost run of sums is short (few channels) or the padding is not zero: the image
/// gets its border once, and the sums over window and channels become one run.
void Contraction::padInput() {
  expand::Nest nest(e, nestOp);
  TypedAttr pad = nestOp.paddingOf(0);
  if (!pad || k.empty())
    return;
  AffineMap map = nest.map(0);
  SmallVector<std::optional<expand::Nest::Range>> ranges;
  bool leaves = false;
  for (AffineExpr x : map.getResults()) {
    ranges.push_back(nest.range(x));
    leaves |= nest.mayLeave(0, ranges.size() - 1);
  }
  bool isZero = pad == b.getZeroAttr(pad.getType());
  unsigned last = k.back();
  bool isShort = size(last).constant().value_or(64) < 8;
  if (!leaves || (isZero && !isShort))
    return;
  for (auto [j, r] : llvm::enumerate(ranges))
    if (nest.mayLeave(0, j) && !r)
      return;
  Value x = op.getIns()[0];
  Dims dims = nn::dimsOf(x);
  auto whole = dyn_cast<NameLoc>(op.getLoc()); // the contraction keeps the name, this is its input, in words: no value of the model
  kernel::GenericBuilder g(b, whole ? Location(NameLoc::get(b.getStringAttr(whole.getName().str() + ": padded input"), whole.getChildLoc())) : op.getLoc());
  SmallVector<AffineExpr> from, to(map.getResults());
  SmallVector<Attribute> symbols(nestOp.getSymbols().getDims().begin(), nestOp.getSymbols().getDims().end());
  for (unsigned j = 0; j < dims.size(); ++j) {
    if (!nest.mayLeave(0, j)) {
      from.push_back(g.parallel(dims[j]));
      continue;
    }
    DimExpr low = ranges[j]->low;
    if (!low.constant())
      return;
    dims[j] = ranges[j]->high - low + 1;
    from.push_back(g.parallel(dims[j]) + *low.constant());
    to[j] = to[j] - *low.constant();
  }
  g.in(x, from, pad);
  SmallVector<AffineExpr> all;
  for (unsigned j = 0; j < dims.size(); ++j)
    all.push_back(getAffineDimExpr(j, b.getContext()));
  g.result(nn::elementOf(x), dims, all);
  Value padded = g.build([](kernel::Scalars &r) -> SmallVector<Value> { return {r.in[0]}; })[0];
  op.getInsMutable()[0].assign(padded);
  setMap(0, simplifyAffineMap(AffineMap::get(map.getNumDims(), map.getNumSymbols(), to, b.getContext())));
  SmallVector<Attribute> padding(op.getPadding().getValue());
  padding[0] = b.getUnitAttr();
  op.setPaddingAttr(b.getArrayAttr(padding));
}

/// Lays ins 1 out in panels of `width` columns, [outer…, panels, k…, width]; without `panels`: as [outer…, k…, width].
void Contraction::packFactor(int64_t width, std::optional<DimExpr> panels) {
  Value w = op.getIns()[1];
  AffineMap map = nestOp.insMap(1);
  Dims domain = op.getDomain().exprs(), symbols = op.getSymbols().exprs();
  kernel::GenericBuilder g(b, op.getLoc());
  SmallVector<AffineExpr> value(domain.size(), b.getAffineConstantExpr(0)), packedMap, all;
  Dims dims;
  auto add = [&](const DimExpr &size, AffineExpr inContract) {
    dims.push_back(size);
    packedMap.push_back(inContract);
    all.push_back(g.parallel(size));
    return all.back();
  };
  auto dim = [&](unsigned d) { return b.getAffineDimExpr(d); };
  for (unsigned d : outer)
    if (map.isFunctionOfDim(d))
      value[d] = add(domain[d], dim(d));
  AffineExpr panel = panels ? add(*panels, dim(n).floorDiv(width)) : b.getAffineConstantExpr(0);
  for (unsigned d : k)
    value[d] = add(domain[d], dim(d));
  value[n] = panel * width + add(width, panels ? dim(n) % width : dim(n));
  SmallVector<AffineExpr> syms;
  for (const DimExpr &s : symbols)
    syms.push_back(g.sym(s));
  AffineMap from = map.replaceDimsAndSymbols(value, syms, all.size(), symbols.size());
  Type element = nn::elementOf(w);
  bool whole = domain[n] == panels.value_or(1) * width;
  g.in(w, from.getResults(), whole ? TypedAttr() : cast<TypedAttr>(b.getZeroAttr(storageType(element))));
  g.result(element, dims, all);
  Value packed = g.build([](kernel::Scalars &r) -> SmallVector<Value> { return {r.in[0]}; })[0];
  op.getInsMutable()[1].assign(packed);
  setMap(1, AffineMap::get(domain.size(), map.getNumSymbols(), packedMap, b.getContext()));
}

/// Constant operands of a nest whose elements are apart along the contiguous dimension of its result (a depthwise convolution's weight):
/// that dimension becomes their last.
void alignConstants(kernel::GenericOp op, const ConstantValues &constants) {
  RowMajor r(cast<LoopNestInterface>(op.getOperation()));
  expand::Nest nest(r.e, r.nestOp);
  if (constants.contains(op.getResult(0)))
    return;
  std::optional<unsigned> lanes;
  for (unsigned d : nest.dims('p'))
    if (auto c = nest.coefficient(nest.numIns, d); c && c->isConstant(1) && !nest.sizes[d].isConstant(1))
      lanes = d;
  if (!lanes)
    return;
  for (unsigned i = 0; i < nest.numIns; ++i) {
    Value w = op.getIns()[i];
    AffineMap map = nest.map(i);
    if (!constants.contains(w) || !map.isFunctionOfDim(*lanes) || nest.laneStep(i, *lanes) >= 0 || r.nestOp.paddingOf(i))
      continue;
    SmallVector<unsigned> order; // of the loops it depends on, the lanes' last
    bool plain = true;
    for (AffineExpr x : map.getResults()) {
      auto d = dyn_cast<AffineDimExpr>(x);
      plain &= d ? !llvm::is_contained(order, d.getPosition()) : isa<AffineConstantExpr>(x);
      if (d && d.getPosition() != *lanes)
        order.push_back(d.getPosition());
    }
    if (!plain)
      continue;
    llvm::sort(order);
    order.push_back(*lanes);
    kernel::GenericBuilder g(r.b, op.getLoc());
    SmallVector<AffineExpr> value(nest.sizes.size(), r.b.getAffineConstantExpr(0)), all, now;
    Dims dims;
    for (unsigned d : order) {
      dims.push_back(nest.sizes[d]);
      value[d] = g.parallel(nest.sizes[d]);
      all.push_back(value[d]);
      now.push_back(r.b.getAffineDimExpr(d));
    }
    g.in(w, map.replaceDimsAndSymbols(value, {}, all.size(), 0).getResults());
    g.result(nn::elementOf(w), dims, all);
    op.getInsMutable()[i].assign(g.build([](kernel::Scalars &s) -> SmallVector<Value> { return {s.in[0]}; })[0]);
    r.setMap(i, AffineMap::get(map.getNumDims(), map.getNumSymbols(), now, r.b.getContext()));
  }
}

struct KernelSchedule : impl::KernelScheduleBase<KernelSchedule> {
  using Base::Base;

  void runOnOperation() override {
    std::string problem;
    std::vector<Machine> machines = findMachines(targets, problem);
    if (machines.empty()) {
      getOperation().emitError() << problem;
      return signalPassFailure();
    }
    scheduleContracts(getOperation(), machines);
    ConstantValues constants(getOperation());
    SmallVector<kernel::GenericOp> nests;
    getOperation().walk([&](kernel::GenericOp op) { nests.push_back(op); });
    if (llvm::any_of(machines, [](const Machine &m) { return m.vectorBytes > 0; }))
      for (kernel::GenericOp op : nests)
        alignConstants(op, constants);
  }
};
} // namespace

/// One thread computes one element and its neighbours the next columns: the columns of constant factors become innermost.
static void layOutForThreads(ContractOp op, const ConstantValues &constants) {
  if (op.getTiles() || !op.getKinds().contains('n') || !constants.contains(op.getIns()[1]))
    return;
  Contraction c(op);
  auto n = c.op.getDomain().exprs()[c.n].constant();
  if (n && *n > 1 && c.columnsContiguous(op.getIns().size()) && !c.columnsContiguous(1))
    c.packFactor(*n, std::nullopt);
}

/// As many panels as the tiles read: the last tile of a target may go beyond the last column.
static DimExpr panelCount(const DimExpr &columns, const TileChoice &choice) {
  std::set<int64_t> steps; // panels of a tile
  for (const RegisterTile &tile : choice.tiles)
    steps.insert(std::max<int64_t>(1, tile.nr / choice.panel));
  std::optional<DimExpr> most;
  for (int64_t step : steps) {
    if (llvm::any_of(steps, [&](int64_t larger) { return larger > step && larger % step == 0; }))
      continue; // that one reads as far
    DimExpr count = DimExpr::ceilDiv(columns, step * choice.panel) * step;
    most = most ? DimExpr::max(*most, count) : count;
  }
  return *most;
}

static void scheduleContract(ContractOp op, const ConstantValues &constants, ArrayRef<Machine> machines) {
  if (machines.front().kind == MachineKind::Cuda)
    return layOutForThreads(op, constants);
  std::vector<Machine> vectors; // scalar code takes any layout
  llvm::copy_if(machines, std::back_inserter(vectors), [](const Machine &m) { return m.vectorBytes > 0; });
  Type acc = cast<TypedAttr>(op.getInit()[0]).getType();
  if (op.getTiles() || vectors.empty() || !op.getKinds().contains('n') || !(acc.isF32() || acc.isInteger(32)))
    return;
  Contraction c(op);
  DimExpr m = c.size(c.m), n = c.size(c.n), k = c.size(c.k);
  // Hardly a vector of columns: the lanes run along k instead.
  if (n.constant() && *n.constant() * 4 <= vectors.front().lanes(4))
    return;
  bool constant = constants.contains(op.getIns()[1]), direct = c.columnsContiguous(1);
  // Packing at run time pays if many rows use the panels.
  bool pack = constant || (!direct && expand::estimate(m) >= rowsWorthPacking);
  if (!pack && !direct)
    return;
  ContractSizes sizes{expand::estimate(m), expand::estimate(n), expand::estimate(k), m.constant().has_value(), pack};
  TileChoice choice = chooseTiles(sizes, vectors);
  c.alignInput();
  c.padInput();
  if (pack) {
    c.packFactor(choice.panel, panelCount(n, choice));
    op.setPanel(choice.panel);
  }
  NamedAttrList tiles;
  for (auto [machine, tile] : llvm::zip(vectors, choice.tiles))
    tiles.set(machine.id, kernel::TileAttr::get(op.getContext(), tile.mr, tile.nr));
  op.setTilesAttr(tiles.getDictionary(op.getContext()));
}

void scheduleContracts(Operation *root, ArrayRef<Machine> machines) {
  ConstantValues constants(root);
  SmallVector<ContractOp> work;
  root->walk([&](ContractOp op) { work.push_back(op); });
  for (ContractOp op : work)
    scheduleContract(op, constants, machines);
}

} // namespace ingot
