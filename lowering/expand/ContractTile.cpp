//===- ContractTile.cpp - kernel.contract as register tiles ------------------------------===//
//
//   for panel: for block of mr rows:                        (tiles: a range of each)
//     acc[mr][nr / lanes] = init
//     for outer k: [row pointers]                           rows of A outside the image point to zeros
//       for k in the contiguous run:
//         b[] = B[panel][k][…]; acc[i][] += A[row i][k] * b[]
//     C[row i][panel] = epilogue(acc[i][])
//
// Where a panel is larger than L1, k is divided into parts, and a loop over them stands around the blocks (inParts).
//
// ContractForm says which contractions have this form, ContractBlocking how large tiles and parts are, ContractPrefetch what is fetched
// before it is used.
//
// Rows of A are an affine function of the row number, or a table of pointers (convolution). B is packed in panels of a
// width that all targets share (one or more make the nr columns of this one's tile, or a part of one does), or read where
// it is, n contiguous.
//
//===----------------------------------------------------------------------===//
#include "lowering/expand/ContractPrefetch.h"
#include "lowering/expand/Expand.h"
#include "dialects/nn/ScalarBuilder.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
namespace ingot::expand {

namespace {
class ContractTile : ContractForm {
public:
  ContractTile(Emitter &e, kernel::ContractOp op, const Machine &machine)
      : e(e), op(op), machine(machine), nest(e, cast<kernel::LoopNestInterface>(op.getOperation())) {}
  bool analyse() {
    if (!ContractForm::analyse(op, nest, machine))
      return false;
    blocking = ContractBlocking::choose(*this, nest, machine);
    return true;
  }
  void emit();

private:
  struct RegisterBlock;
  void inParts(Value panel, Value blockBegin, Value blockEnd);
  void block(const RegisterBlock &at);
  void micro(const RegisterBlock &at);
  void eachRow(const RegisterBlock &at, llvm::function_ref<void(Value i)> body);
  void eachVector(const RegisterBlock &at, llvm::function_ref<void(Value j)> body);
  void rowTable(const RegisterBlock &at);
  void setRow(SmallVector<Value> &iv, Value row, bool flat);
  void outerSums(unsigned depth, const RegisterBlock &at, SmallVector<Value> kiv);
  void pointRows(const RegisterBlock &at, ArrayRef<Value> kiv);
  void sumRun(const RegisterBlock &at, ArrayRef<Value> kiv);
  std::string runName();
  std::string windowName(StringRef what, unsigned j);
  void finish(const RegisterBlock &at);
  Value factor(Value stored, unsigned in);
  Value isOne(Value x);
  /// Of an unknown number of rows one is a case of its own, a token at a time, where it reads a large factor.
  bool hasOneRowCase() const { return !rowCount.constant() && mr > 1 && blocking.linesPerStep; }
  Value panelBase(Value panel, ArrayRef<Value> kiv);
  Value firstColumn(Value panel) { return e.name("column", e.mul(panel, e.index(nr))); }

  Emitter &e;
  kernel::ContractOp op;
  const Machine &machine;
  Nest nest;

  ContractBlocking blocking;
  // A block of registers: its rows, and how many of its columns there are.
  struct RegisterBlock {
    Value firstRow, panel;
    Value rows;    // constant, or an argument of plan.variants
    Value whole;   // whether all columns exist: the same, or null if they always do
    Value vectors; // of columns that exist, constant when compiled
    Value columns; // that exist
    // A part of the sums; absent where they are formed in one go.
    struct Part {
      Value slot;             // where this block's sums wait
      Value isFirst, isLast;  // among the parts
      SmallVector<Value> kiv; // indices of the outer sums
      Value runBegin, runEnd; // of the run's steps
    };
    std::optional<Part> part;
    Value inTile; // number of the block in its tile; null where no block fetches for the others
  };
  bool table = false;       // rows of A are a table of pointers
  bool unevenRows = false;  // a last block of unknown rows: it repeats the last one
  bool unevenPanel = false; // a last panel of fewer columns
  Value partial; // sums that wait for the next part

  SmallVector<Value> iv; // of the outer dimensions
  Value acc, bRegs, rowPtr, rowBase, masks;
  SmallVector<Value> rowIndex; // per guarded index
};

//===----------------------------------------------------------------------===//
// Code
//===----------------------------------------------------------------------===//

void ContractTile::emit() {
  DimExpr panels = DimExpr::ceilDiv(columns, nr), blocks = DimExpr::ceilDiv(rowCount, mr);
  DimExpr panelTiles = DimExpr::ceilDiv(panels, blocking.panelsPerTile), blockTiles = DimExpr::ceilDiv(blocks, blocking.blocksPerTile);
  Dims grid;
  for (unsigned d : outer)
    grid.push_back(nest.sizes[d]);
  grid.push_back(blocking.panelsInside ? blockTiles : panelTiles);
  grid.push_back(blocking.panelsInside ? panelTiles : blockTiles);
  unevenRows = !rowCount.constant();
  unevenPanel = !columns.constant() || *columns.constant() % nr;
  table = !affineRows || unevenRows;

  std::string about = blocking.text(*this, nest, machine);
  e.b.getInsertionBlock()->getParentOp()->setAttr("registers", e.b.getStringAttr(std::to_string(mr) + "x" + std::to_string(nr)));
  // Sizes are named where they are computed first.
  auto named = [&](const Twine &name, const DimExpr &size) {
    if (!size.constant())
      e.name(name.str(), e.dim(size));
  };
  if (table && !affineRows)
    for (unsigned d : ArrayRef(m).drop_front(m.empty() ? 0 : 1))
      named(nest.names[d] + "_size", nest.sizes[d]);
  named("row_count", rowCount);
  if (blocking.blocksPerTile > 1)
    named("block_count", blocks);
  if (grid.size() > 1)
    named(blocking.panelsInside ? "panel_tiles" : "block_tiles", grid.back());
  forall(e, product(grid), about, [&](Value tile) {
    SmallVector<Value> at = e.delinearize(tile, grid);
    iv.assign(nest.kinds.size(), {});
    for (unsigned d = 0; d < iv.size(); ++d)
      if (op.getKinds()[d] == 'm' || op.getKinds()[d] == 'k')
        iv[d] = e.index(0);
    for (auto [d, v] : llvm::zip(outer, at))
      iv[d] = e.name(nest.names[d], v);
    Value panelTile = at[outer.size() + (blocking.panelsInside ? 1 : 0)], blockTile = at[outer.size() + (blocking.panelsInside ? 0 : 1)];
    auto range = [&](StringRef name, Value tile, int64_t per, const DimExpr &total) -> std::pair<Value, Value> {
      if (per == 1 && !total.isConstant(1)) {
        if (isa<BlockArgument>(tile)) // nothing else tells tiles apart
          tile.setLoc(e.named(name));
        return {e.name(name, tile), Value()};
      }
      if (total.constant() && *total.constant() <= per)
        return {e.index(0), e.dim(total)};
      Value low = e.mul(tile, e.index(per)), high = e.add(low, e.index(per));
      if (!total.constant() || *total.constant() % per)
        high = e.min(high, e.dim(total));
      return {low, high};
    };
    auto each = [&](StringRef name, Value low, Value high, llvm::function_ref<void(Value)> body) {
      if (!high) // just one
        return body(low);
      e.loop(name, low, high, 1, {}, [&](Value i, ValueRange) {
        body(i);
        return SmallVector<Value>();
      });
    };
    auto [p0, p1] = range("panel", panelTile, blocking.panelsPerTile, panels);
    auto [b0, b1] = range("block", blockTile, blocking.blocksPerTile, blocks);
    each("panel", p0, p1, [&, b0 = b0, b1 = b1](Value panel) {
      if (blocking.partSteps)
        return inParts(panel, b0, b1);
      each("block", b0, b1, [&, b0 = b0](Value i) {
        RegisterBlock at;
        at.firstRow = e.name("row", e.mul(i, e.index(mr)));
        at.panel = panel;
        if (blocking.linesOfBlock)
          at.inTile = e.name("block_in_tile", e.sub(i, b0));
        block(at);
      });
    });
  });
}

/// for part of the sums: for block of the tile: the block's sums, taken up where the last part left them.
void ContractTile::inParts(Value panel, Value blockBegin, Value blockEnd) {
  int64_t length = *runLength.constant(), runParts = llvm::divideCeil(length, blocking.partSteps), parts = runParts;
  Dims grid;
  for (unsigned d : ArrayRef(kOuter).take_front(blocking.partDims)) {
    grid.push_back(nest.sizes[d]);
    parts *= *nest.sizes[d].constant();
  }
  grid.push_back(runParts);
  partial = e.name("partial", e.local({blocking.blocksPerTile, mr, nr / lanes}, lanesOf(accType, lanes)));
  e.remark("Between the parts the sums of the blocks wait in `partial`.");
  e.loop("part", e.index(0), e.index(parts), 1, {}, [&](Value part, ValueRange) {
    RegisterBlock at;
    at.panel = panel;
    RegisterBlock::Part &p = at.part.emplace();
    p.kiv = iv;
    SmallVector<Value> position = e.delinearize(part, grid);
    for (auto [d, v] : llvm::zip(ArrayRef(kOuter).take_front(blocking.partDims), position))
      p.kiv[d] = e.name(nest.names[d], v);
    p.runBegin = e.name(runName() + "_begin", e.mul(position.back(), e.index(blocking.partSteps)));
    p.runEnd = e.add(p.runBegin, e.index(blocking.partSteps));
    p.runEnd = e.name(runName() + "_end", length % blocking.partSteps ? e.min(p.runEnd, e.index(length)) : p.runEnd);
    auto equals = [&](int64_t n) { return e.b.createOrFold<arith::CmpIOp>(e.loc, arith::CmpIPredicate::eq, part, e.index(n)); };
    p.isFirst = e.name("is_first", equals(0));
    p.isLast = e.name("is_last", equals(parts - 1));
    e.loop("block", blockBegin, blockEnd, 1, {}, [&](Value i, ValueRange) {
      RegisterBlock here = at;
      here.firstRow = e.name("row", e.mul(i, e.index(mr)));
      here.part->slot = here.inTile = e.name("block_in_tile", e.sub(i, blockBegin));
      block(here);
      return SmallVector<Value>();
    });
    return SmallVector<Value>();
  });
}

/// A block of rows in a panel. Rows left over and a last panel that is not full are variants of the same code.
void ContractTile::block(const RegisterBlock &given) {
  Value firstRow = given.firstRow, panel = given.panel;
  auto fixedRows = rowCount.constant(), fixedColumns = columns.constant();
  int64_t rest = fixedRows ? *fixedRows % mr : 0;
  bool mixedRows = fixedRows ? rest && *fixedRows > mr : hasOneRowCase(), mixedPanels = unevenPanel && (!fixedColumns || *fixedColumns > nr);
  RegisterBlock at = given;
  at.rows = e.index(rest && !mixedRows ? rest : mr);
  if (unevenPanel && !mixedPanels)
    at.whole = e.constant(e.b.getIntegerAttr(e.b.getI1Type(), 0));
  if (!mixedRows && !mixedPanels)
    return micro(at);

  SmallVector<Value> values;
  SmallVector<StringRef> arguments;
  SmallVector<SmallVector<int64_t>> cases = {{}};
  auto vary = [&](StringRef name, Value value, ArrayRef<int64_t> numbers) {
    values.push_back(e.name(name, value));
    arguments.push_back(name);
    SmallVector<SmallVector<int64_t>> all;
    for (int64_t n : numbers)
      for (const SmallVector<int64_t> &known : cases) {
        all.push_back(known);
        all.back().push_back(n);
      }
    cases = all;
  };
  Value left = mixedRows ? e.sub(e.dim(rowCount), firstRow) : Value();
  if (mixedRows && fixedRows)
    vary("rows", e.min(left, e.index(mr)), {mr, rest});
  else if (mixedRows)
    vary("rows", arith::SelectOp::create(e.b, e.loc, isOne(left), e.index(1), e.index(mr)), {mr, 1});
  if (mixedPanels) {
    Value end = e.mul(e.add(panel, e.index(1)), e.index(nr));
    vary("whole", e.b.createOrFold<arith::CmpIOp>(e.loc, arith::CmpIPredicate::sle, end, e.dim(columns)), {1, 0});
  }
  SmallVector<Attribute> lists = llvm::map_to_vector(cases, [&](auto &c) -> Attribute { return e.b.getI64ArrayAttr(c); });
  auto variants = plan::VariantsOp::create(e.b, e.loc, "block", values, e.b.getStrArrayAttr(arguments), e.b.getArrayAttr(lists));
  int64_t fixed = *constantOf(at.rows ? at.rows : e.index(mr));
  std::string doc = "A block of registers: " + (mixedRows ? "`rows` rows" : std::to_string(fixed) + (fixed == 1 ? " row" : " rows"));
  if (!constantOf(firstRow))
    doc += " of m from `row` on";
  doc += constantOf(panel) ? "" : ", the columns of `panel`";
  if (mixedPanels)
    doc += ", of which the last panel has fewer";
  if (at.part)
    doc += "\nA part goes on with the sums that the part before it left in `partial`; the last one writes the results.";
  variants->setAttr("doc", e.b.getStringAttr(doc));
  OpBuilder::InsertionGuard guard(e.b);
  Block *body = e.b.createBlock(&variants.getBody());
  for (auto [value, name] : llvm::zip(values, arguments)) {
    Value argument = body->addArgument(value.getType(), e.named(name));
    (name == "rows" ? at.rows : at.whole) = argument;
  }
  micro(at);
}

Value ContractTile::isOne(Value x) { return e.b.createOrFold<arith::CmpIOp>(e.loc, arith::CmpIPredicate::eq, x, e.index(1)); }

void ContractTile::eachRow(const RegisterBlock &at, llvm::function_ref<void(Value)> body) { e.unrolled("i", at.rows, mr, body); }
void ContractTile::eachVector(const RegisterBlock &at, llvm::function_ref<void(Value)> body) { e.unrolled("j", at.vectors, nr / lanes, body); }

/// Sets the m dimensions of `at` to row number `row`. Where all addresses are affine in it, the last dimension carries it whole.
void ContractTile::setRow(SmallVector<Value> &at, Value row, bool flat) {
  if (m.empty())
    return;
  if (flat) {
    at[m.back()] = row;
    return;
  }
  Dims sizes;
  for (unsigned d : m)
    sizes.push_back(nest.sizes[d]);
  for (auto [d, v] : llvm::zip(m, e.delinearize(e.name("m", row), sizes)))
    at[d] = e.name(nest.names[d], v);
}

/// "origin_m0": where a row's window begins along index `j` of A.
std::string ContractTile::windowName(StringRef what, unsigned j) {
  std::string name = what.str();
  for (unsigned d : m)
    if (nest.map(0).getResult(j).isFunctionOfDim(d))
      name += "_" + nest.names[d];
  return name;
}

void ContractTile::rowTable(const RegisterBlock &at) {
  eachRow(at, [&](Value i) {
    SmallVector<Value> point(iv);
    Value row = e.add(at.firstRow, i);
    setRow(point, unevenRows ? e.min(row, e.sub(e.dim(rowCount), e.index(1))) : row, affineRows);
    Place &a = nest.place(0);
    SmallVector<Value> idx = nest.indices(0, point);
    for (unsigned j : guarded)
      e.name(windowName("start", j), idx[j]);
    Value base = e.address(a, idx);
    if (guarded.empty()) {
      Value p = plan::PtrToOp::create(e.b, e.loc, cast<MemRefType>(rowPtr.getType()).getElementType(), a.buffer, base);
      return e.set(p, rowPtr, i);
    }
    e.set(base, rowBase, i);
    for (auto [j, array] : llvm::zip(guarded, rowIndex))
      e.set(idx[j], array, i);
  });
}

/// Row pointers at these outer k: into the image, or to zeros.
void ContractTile::pointRows(const RegisterBlock &block, ArrayRef<Value> kiv) {
  Place &a = nest.place(0);
  Type ptr = cast<MemRefType>(rowPtr.getType()).getElementType();
  SmallVector<Value> steps;
  Dims strides;
  for (unsigned d : kOuter) {
    steps.push_back(kiv[d]);
    strides.push_back(*nest.coefficient(0, d));
  }
  Value offset = e.name("step", e.address(steps, strides, 0));
  int64_t zeros = *((runLength - 1) * aStep).constant() + 1;
  e.remark("What each row reads: a place in its window, or zeros outside the tensor.");
  eachRow(block, [&](Value i) {
    Value inside;
    for (auto [j, array] : llvm::zip(guarded, rowIndex)) {
      Value at = e.get(array, i);
      for (unsigned d : kOuter) {
        DimExpr s = *nest.slope(nest.map(0).getResult(j), d);
        if (!s.isConstant(0))
          at = e.add(at, e.mul(kiv[d], e.dim(s)));
      }
      inside = e.andBits(inside, e.inside(at, e.dim(a.sizes[j])));
    }
    auto p = e.choose(inside, ptr, [&] {
      return SmallVector<Value>{plan::PtrToOp::create(e.b, e.loc, ptr, a.buffer, e.add(e.get(rowBase, i), offset))};
    }, [&] { return SmallVector<Value>{plan::ZerosOp::create(e.b, e.loc, ptr, zeros)}; });
    e.set(e.name("window", p[0]), rowPtr, i);
  });
}

/// A factor's element(s) in the accumulator's type.
Value ContractTile::factor(Value stored, unsigned in) {
  Type element = nest.place(in).element, type = stored.getType();
  if (getElementTypeOrSelf(type) == accType)
    return stored;
  Type to = isa<VectorType>(type) ? Type(lanesOf(accType, lanes)) : accType;
  if (isa<FloatType>(accType))
    return arith::ExtFOp::create(e.b, e.loc, to, stored);
  if (isUnsigned(element))
    return arith::ExtUIOp::create(e.b, e.loc, to, stored);
  return arith::ExtSIOp::create(e.b, e.loc, to, stored);
}

Value ContractTile::panelBase(Value panel, ArrayRef<Value> kiv) {
  SmallVector<Value> at(kiv);
  if (!packing) {
    at[n] = firstColumn(panel);
    return e.name("panel_offset", e.address(nest.place(1), nest.indices(1, at)));
  }
  // Where the tile's columns begin: a packed panel, and the column in it.
  Value first, column = e.index(0);
  if (nr >= packing) {
    first = e.mul(panel, e.index(nr / packing));
  } else {
    Value parts = e.index(packing / nr);
    first = e.divPositive(panel, parts);
    column = e.mul(e.modPositive(panel, parts), e.index(nr));
  }
  SmallVector<Value> idx;
  for (AffineExpr x : nest.map(1).getResults()) {
    if (!x.isFunctionOfDim(n))
      idx.push_back(nest.indexValue(x, at));
    else
      idx.push_back(x.getKind() == AffineExprKind::Mod ? column : first);
  }
  return e.name("panel_offset", e.address(nest.place(1), idx));
}

/// "k2", or "k1_k2" for dimensions that run as one.
std::string ContractTile::runName() {
  return run.empty() ? "k" : llvm::join(llvm::map_range(run, [&](unsigned d) { return nest.names[d]; }), "_");
}

void ContractTile::sumRun(const RegisterBlock &block, ArrayRef<Value> kiv) {
  Place &a = nest.place(0), &b = nest.place(1);
  Value bBase = panelBase(block.panel, kiv), bPanel, aBase = e.index(0); // of a row's pointer
  if (blocking.linesOfBlock) {
    SmallVector<Value> start(kiv);
    for (unsigned d : k)
      start[d] = e.index(0);
    bPanel = panelBase(block.panel, start);
  }
  if (table && guarded.empty()) {
    SmallVector<Value> steps;
    Dims strides;
    for (unsigned d : kOuter) {
      steps.push_back(kiv[d]);
      strides.push_back(*nest.coefficient(0, d));
    }
    aBase = e.address(steps, strides, 0);
  }
  Value begin = block.part ? block.part->runBegin : e.index(0), end = block.part ? block.part->runEnd : e.dim(runLength);
  e.loop(runName(), begin, end, 1, {}, [&](Value kk, ValueRange) {
    Value bRow = e.add(bBase, e.mul(kk, e.dim(bStep))), aColumn = e.mul(kk, e.dim(aStep));
    ContractPrefetch fetch{e, nest, *this, blocking};
    auto share = [&] {
      if (!blocking.linesOfBlock)
        return;
      ContractPrefetch::Step step{block.inTile, bPanel, kiv, kk, {}, {}, {}};
      if (block.part)
        std::tie(step.runBegin, step.runEnd, step.isLastPart) = std::tie(block.part->runBegin, block.part->runEnd, block.part->isLast);
      fetch.share(step);
    };
    if (blocking.linesPerStep && !blocking.linesOfBlock)
      fetch.ahead(bRow);
    else if (hasOneRowCase())
      e.either(isOne(block.rows), [&] { fetch.ahead(bRow); }, share);
    else
      share();
    eachVector(block, [&](Value j) {
      Value at = e.add(bRow, columnOffset(e, j, lanes));
      Type type = lanesOf(cast<MemRefType>(b.buffer.getType()).getElementType(), lanes);
      auto whole = [&] { return SmallVector<Value>{e.load(b.buffer, at, lanes)}; };
      auto masked = [&] { return SmallVector<Value>{e.load(b.buffer, at, lanes, e.get(masks, j))}; };
      e.set(factor(masks ? e.choose(block.whole, type, whole, masked)[0] : whole()[0], 1), bRegs, j);
    });
    eachRow(block, [&](Value i) {
      Value x;
      if (table) {
        Value row = e.get(rowPtr, i);
        x = plan::PtrLoadOp::create(e.b, e.loc, cast<plan::PtrType>(row.getType()).getElement(), row, e.add(aBase, aColumn));
      } else {
        SmallVector<Value> at(kiv);
        setRow(at, e.add(block.firstRow, i), true);
        x = e.load(a.buffer, e.add(e.address(a, nest.indices(0, at)), aColumn));
      }
      x = e.broadcast(factor(x, 0), lanes);
      eachVector(block, [&](Value j) {
        Value sum = e.get(acc, {i, j}), y = e.get(bRegs, j);
        if (isa<FloatType>(accType))
          sum = vector::FMAOp::create(e.b, e.loc, x, y, sum);
        else
          sum = arith::AddIOp::create(e.b, e.loc, sum, arith::MulIOp::create(e.b, e.loc, x, y));
        e.set(sum, acc, {i, j});
      });
    });
    return SmallVector<Value>();
  });
}

void ContractTile::outerSums(unsigned depth, const RegisterBlock &at, SmallVector<Value> kiv) {
  if (depth == kOuter.size()) {
    if (!guarded.empty())
      pointRows(at, kiv);
    return sumRun(at, kiv);
  }
  unsigned d = kOuter[depth];
  e.loop(nest.names[d], e.index(0), e.dim(nest.sizes[d]), 1, {}, [&](Value i, ValueRange) {
    kiv[d] = i;
    outerSums(depth + 1, at, kiv);
    return SmallVector<Value>();
  });
}

void ContractTile::finish(const RegisterBlock &at) {
  Value column = firstColumn(at.panel);
  bool wholeVectors = columns.constant() && *columns.constant() % lanes == 0;
  eachRow(at, [&](Value i) {
    Value row = e.name("m", e.add(at.firstRow, i));
    e.when(unevenRows ? e.less(row, e.dim(rowCount)) : Value(), [&] {
      Point p;
      p.iv = iv;
      setRow(p.iv, row, flatOutput);
      p.vectorDim = n;
      p.lanes = lanes;
      eachVector(at, [&](Value j) {
        Point q = p;
        Value first = e.mul(j, e.index(lanes)), left = at.whole ? e.sub(at.columns, first) : Value();
        q.iv[n] = e.name(nest.names[n], e.add(column, first));
        e.when(left && !columns.constant() ? e.less(e.index(0), left) : Value(), [&] {
          if (left && !wholeVectors) {
            q.left = left;
            q.mask = vector::CreateMaskOp::create(e.b, e.loc, lanesOf(e.b.getI1Type(), lanes), left);
          }
          Value v = e.get(acc, {i, j});
          if (nest.epilogue()) {
            SmallVector<Value> ins(nest.numIns);
            for (unsigned x = 2; x < nest.numIns; ++x)
              if (nest.uses(nest.epilogue(), x))
                ins[x] = nest.read(x, q);
            v = nest.clone(*nest.epilogue(), ins, v, q)[0];
          }
          nest.write(0, v, q);
        });
      });
    });
  });
}

void ContractTile::micro(const RegisterBlock &block) {
  RegisterBlock at = block;
  int64_t most = nr / lanes;
  at.vectors = e.index(most);
  at.columns = e.index(nr);
  if (at.whole) {
    Value left = columns.constant() ? e.index(*columns.constant() % nr) : e.sub(e.dim(columns), firstColumn(at.panel));
    auto choose = [&](Value whole, Value partial) { return e.b.createOrFold<arith::SelectOp>(e.loc, at.whole, whole, partial); };
    at.columns = e.name("columns", choose(at.columns, left));
    if (auto fixed = constantOf(left))
      if (int64_t some = llvm::divideCeil(*fixed, lanes); some < most)
        at.vectors = e.name("vectors", choose(at.vectors, e.index(some)));
  }
  acc = e.name("acc", e.local({mr, most}, lanesOf(accType, lanes)));
  bRegs = e.name("b", e.local({most}, lanesOf(accType, lanes)));
  masks = !packing && at.whole ? e.local({most}, lanesOf(e.b.getI1Type(), lanes)) : Value();
  if (table) {
    Type element = cast<MemRefType>(nest.place(0).buffer.getType()).getElementType();
    rowPtr = e.name("a_row", e.local({mr}, plan::PtrType::get(element.getContext(), element)));
    rowIndex.clear();
    if (!guarded.empty())
      rowBase = e.name("origin", e.local({mr}, e.b.getIndexType())); // of a row's window
    for (unsigned j : guarded)
      rowIndex.push_back(e.name(windowName("origin", j), e.local({mr}, e.b.getIndexType())));
    rowTable(at);
  }
  auto eachSum = [&](llvm::function_ref<void(Value i, Value j)> body) {
    eachRow(at, [&](Value i) { eachVector(at, [&](Value j) { body(i, j); }); });
  };
  auto begin = [&] { eachSum([&](Value i, Value j) { e.set(e.constant(nest.op.initOf(0), lanes), acc, {i, j}); }); };
  if (masks)
    eachVector(at, [&](Value j) {
      Value left = e.sub(at.columns, e.mul(j, e.index(lanes)));
      e.set(vector::CreateMaskOp::create(e.b, e.loc, lanesOf(e.b.getI1Type(), lanes), left), masks, j);
    });
  if (!at.part) {
    begin();
    outerSums(0, at, SmallVector<Value>(iv));
    e.remark(nest.epilogue() ? "What the sums come to." : "");
    return finish(at);
  }
  e.remark("The sums so far.");
  const RegisterBlock::Part &part = *at.part;
  e.either(part.isFirst, begin, [&] { eachSum([&](Value i, Value j) { e.set(e.get(partial, {part.slot, i, j}), acc, {i, j}); }); });
  outerSums(blocking.partDims, at, part.kiv);
  e.remark("Results, or sums for the next part.");
  e.either(part.isLast, [&] { finish(at); },
           [&] { eachSum([&](Value i, Value j) { e.set(e.get(acc, {i, j}), partial, {part.slot, i, j}); }); });
}
} // namespace

bool expandContract(Emitter &e, kernel::ContractOp op, const Machine &machine) {
  ContractTile tile(e, op, machine);
  if (!tile.analyse())
    return false;
  tile.emit();
  return true;
}

} // namespace ingot::expand
