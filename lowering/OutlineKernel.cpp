//===- OutlineKernel.cpp ----------------------------------------------------------===//
#include "lowering/OutlineKernel.h"
#include "dialects/nn/Shape.h"
#include "mlir/Interfaces/CastInterfaces.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
namespace ingot {

BufferLayout BufferLayout::rowMajor(Value tensor) { return {nn::rowMajorStrides(nn::dimsOf(tensor)), 0}; }

//===----------------------------------------------------------------------===//
// What an operation reads and writes
//===----------------------------------------------------------------------===//

SmallVector<Value> tensorsRead(Operation *op) {
  llvm::SetVector<Value> seen;
  op->walk<WalkOrder::PreOrder>([&](Operation *inner) {
    for (Value v : inner->getOperands())
      if (isa<RankedTensorType>(v.getType()) && !op->isAncestor(v.getParentBlock()->getParentOp()))
        seen.insert(v);
  });
  return seen.takeVector();
}

Value tensorUpdated(Operation *op, unsigned r) {
  if (auto nest = dyn_cast<kernel::LoopNestInterface>(op)) {
    int64_t d = nest.getDestOf()[r];
    return d < 0 ? Value() : nest.getDests()[d];
  }
  // A fused result is in place if the nested one is, down to a tensor from outside.
  if (auto fused = dyn_cast<kernel::FusedOp>(op)) {
    Value v = fused.getBody().front().getTerminator()->getOperand(r);
    while (v && op->isAncestor(v.getParentBlock()->getParentOp())) {
      auto result = dyn_cast<OpResult>(v);
      v = result ? tensorUpdated(result.getOwner(), result.getResultNumber()) : Value();
    }
    return v;
  }
  return {};
}

//===----------------------------------------------------------------------===//
// Comments
//===----------------------------------------------------------------------===//

static void namesIn(Location loc, llvm::SetVector<StringRef> &names) {
  if (auto name = dyn_cast<NameLoc>(loc))
    names.insert(name.getName().getValue());
  else if (auto fused = dyn_cast<FusedLoc>(loc))
    for (Location l : fused.getLocations())
      namesIn(l, names);
  else if (auto call = dyn_cast<CallSiteLoc>(loc))
    namesIn(call.getCallee(), names);
}

SmallVector<std::string> provenanceOf(Operation *op) {
  llvm::SetVector<StringRef> names;
  op->walk<WalkOrder::PreOrder>([&](Operation *inner) {
    if (inner != op && !isa<kernel::LoopNestInterface>(inner))
      return WalkResult::skip();
    if (auto origin = inner->getAttrOfType<ArrayAttr>("origin"))
      for (auto s : origin.getAsRange<StringAttr>())
        names.insert(s.getValue());
    else
      namesIn(inner->getLoc(), names);
    return isa<kernel::FusedOp>(inner) ? WalkResult::advance() : WalkResult::skip();
  });
  return llvm::map_to_vector(names, [](StringRef s) { return s.str(); });
}

static std::string extents(ArrayRef<StringAttr> dims) {
  if (dims.empty())
    return "1";
  return llvm::join(llvm::map_range(dims, [](StringAttr s) {
    bool compound = s.getValue().find_first_of("+- ") != StringRef::npos;
    return compound ? ("(" + s.getValue() + ")").str() : s.getValue().str();
  }), " x ");
}

/// "m = 1 x 56 x 56, n = 64" for the letters in `kinds` that have a title.
static std::string byKind(ArrayRef<StringAttr> dims, StringRef kinds, ArrayRef<std::pair<char, StringRef>> titles) {
  SmallVector<std::string> parts;
  for (auto [letter, title] : titles) {
    SmallVector<StringAttr> mine;
    for (auto [d, k] : llvm::zip(dims, kinds))
      if (k == letter)
        mine.push_back(d);
    if (!mine.empty())
      parts.push_back((title + extents(mine)).str());
  }
  return llvm::join(parts, ", ");
}

std::string describeKernel(Operation *op) {
  if (auto c = dyn_cast<kernel::ContractOp>(op))
    return "sums of products, " +
           byKind(c.getDomain().getDims(), c.getKinds(), {{'b', "batch = "}, {'m', "m = "}, {'n', "n = "}, {'k', "k = "}});
  if (auto g = dyn_cast<kernel::GenericOp>(op)) {
    auto dims = g.getDomain().getDims();
    if (g.getIterators().contains('r'))
      return "reduction, " + byKind(dims, g.getIterators(), {{'p', "over "}, {'r', "each of "}});
    return "elementwise over " + extents(dims);
  }
  if (auto f = dyn_cast<kernel::FusedOp>(op)) {
    unsigned nests = 0;
    ArrayRef<StringAttr> rows;
    f.getBody().walk([&](kernel::LoopNestInterface nest) {
      ++nests;
      rows = nest.getDomain().getDims().take_front(f.getOuter());
    });
    return std::to_string(nests) + " loop nests by row, rows = " + extents(rows);
  }
  return op->getName().getStringRef().str();
}

static int64_t flopsOfRegion(Region *region) {
  int64_t n = 0;
  if (region)
    region->walk([&](Operation *op) {
      StringRef dialect = op->getName().getDialectNamespace();
      if ((dialect != "arith" && dialect != "math" && dialect != "isa") || op->getNumResults() != 1 ||
          isa<CastOpInterface, arith::ConstantOp, arith::CmpFOp, arith::CmpIOp, arith::SelectOp>(op) ||
          op->getResult(0).getType().isIndex())
        return;
      n += isa<math::FmaOp>(op) ? 2 : 1;
    });
  return n;
}

DimExpr flopsOf(Operation *op) {
  if (auto nest = dyn_cast<kernel::LoopNestInterface>(op)) {
    Dims all = nest.getDomain().exprs(), outer;
    for (auto [d, k] : llvm::zip(all, nest.iteratorTypes()))
      if (k == 'p')
        outer.push_back(d);
    Region *body = nest.bodyRegion();
    return product(all) * DimExpr(body ? flopsOfRegion(body) : 2) + product(outer) * DimExpr(flopsOfRegion(&nest.getEpilogue()));
  }
  DimExpr sum = 0;
  if (auto fused = dyn_cast<kernel::FusedOp>(op))
    for (Operation &inner : fused.getBody().front())
      sum = sum + flopsOf(&inner);
  return sum;
}

/// Elements of `v`, an operand or result, that the loop nests of `op` can reach.
static DimExpr reached(Operation *op, Value v) {
  DimExpr all = product(nn::dimsOf(v));
  std::optional<DimExpr> most;
  op->walk([&](kernel::LoopNestInterface nest) {
    if (nest.getOperation() != op && !llvm::is_contained(nest->getOperands(), v))
      return;
    DimExpr points = product(nest.getDomain().exprs());
    most = most ? DimExpr::max(*most, points) : points;
  });
  return most ? DimExpr::min(all, *most) : all;
}

DimExpr bytesOf(Operation *op) {
  DimExpr sum = 0;
  auto add = [&](Value v, const DimExpr &elements) { sum = sum + storageBytes(nn::elementOf(v), elements); };
  llvm::SetVector<Value> read;
  for (Value v : tensorsRead(op))
    read.insert(v);
  for (OpResult r : op->getResults())
    if (Value dest = tensorUpdated(op, r.getResultNumber())) // a part of it is written, hardly more is read
      read.remove(dest);
  for (Value v : read)
    add(v, reached(op, v));
  for (OpResult r : op->getResults())
    add(r, reached(op, r));
  return sum;
}

/// The register tile of a scheduled contraction, "6x16"; empty for others.
static std::string tileOf(Operation *op) {
  auto contract = dyn_cast<kernel::ContractOp>(op);
  auto tile = contract ? contract.getTileAttr() : kernel::TileAttr();
  return tile ? std::to_string(tile.getMr()) + "x" + std::to_string(tile.getNr()) : "";
}

//===----------------------------------------------------------------------===//
// Outlining
//===----------------------------------------------------------------------===//

namespace {
/// Symbols in order of first use.
struct SymbolList {
  std::vector<std::string> names;
  void add(const DimExpr &e) {
    e.symbols([&](StringRef s) {
      if (!llvm::is_contained(names, s))
        names.push_back(s.str());
    });
  }
  void add(ArrayRef<DimExpr> dims) {
    for (const DimExpr &d : dims)
      add(d);
  }
  void addFrom(Operation *op) {
    op->walk<WalkOrder::PreOrder>([&](Operation *inner) {
      if (auto nest = dyn_cast<kernel::LoopNestInterface>(inner)) {
        add(nest.getDomain().exprs());
        add(nest.getSymbols().exprs());
      }
      if (auto dim = dyn_cast<kernel::DimOp>(inner))
        add(*DimExpr::parse(dim.getExpr()));
      // Padded reads and views compare with the tensors' own dimensions.
      for (Value v : inner->getOperands())
        if (isa<RankedTensorType>(v.getType()))
          add(nn::dimsOf(v));
      for (Value v : inner->getResults())
        if (isa<RankedTensorType>(v.getType()))
          add(nn::dimsOf(v));
    });
  }
};
} // namespace

OutlinedKernel outlineKernel(OpBuilder &b, Operation *op, StringRef name, llvm::function_ref<BufferLayout(Value)> layoutOf) {
  MLIRContext *c = op->getContext();
  Location loc = op->getLoc();
  OutlinedKernel out;

  SmallVector<BufferLayout> layouts; // per buffer
  for (Value v : tensorsRead(op)) {
    out.buffers.push_back({v, -1});
    layouts.push_back(layoutOf(v));
  }
  for (OpResult r : op->getResults()) {
    unsigned at = out.buffers.size();
    if (Value dest = tensorUpdated(op, r.getResultNumber())) {
      at = llvm::find_if(out.buffers, [&](auto &x) { return x.input == dest; }) - out.buffers.begin();
    } else {
      out.buffers.push_back({});
      layouts.push_back(layoutOf(r));
    }
    if (out.buffers[at].result < 0)
      out.buffers[at].result = r.getResultNumber();
    out.bufferOfResult.push_back(at);
  }

  SymbolList symbols;
  symbols.addFrom(op);
  for (const BufferLayout &l : layouts) {
    symbols.add(l.strides);
    symbols.add(l.offset);
  }
  out.symbols = symbols.names;

  SmallVector<Type> argTypes(out.symbols.size(), b.getIndexType());
  SmallVector<int64_t> writes;
  for (auto [i, buffer] : llvm::enumerate(out.buffers)) {
    Value v = buffer.input ? buffer.input : Value(op->getResult(buffer.result));
    if (buffer.result >= 0)
      writes.push_back(argTypes.size());
    argTypes.push_back(MemRefType::get({ShapedType::kDynamic}, storageType(nn::elementOf(v))));
  }

  SmallVector<std::string> doc;
  if (auto names = provenanceOf(op); !names.empty())
    doc.push_back(llvm::join(names, ", "));
  doc.push_back(describeKernel(op));
  auto strings = [&](auto &list) {
    return b.getStrArrayAttr(llvm::map_to_vector(list, [](const std::string &s) { return StringRef(s); }));
  };

  out.kernel = plan::KernelOp::create(b, loc, b.getStringAttr(name), TypeAttr::get(b.getFunctionType(argTypes, {})), ArrayAttr(),
                                      ArrayAttr());
  out.kernel->setAttr("symbols", strings(out.symbols));
  out.kernel->setAttr("writes", b.getI64ArrayAttr(writes));
  out.kernel->setAttr("doc", strings(doc));
  out.kernel->setAttr("flops", b.getStringAttr(flopsOf(op).str()));
  out.kernel->setAttr("bytes", b.getStringAttr(bytesOf(op).str()));
  if (std::string tile = tileOf(op); !tile.empty())
    out.kernel->setAttr("tile", b.getStringAttr(tile));

  OpBuilder::InsertionGuard guard(b);
  Block *block = b.createBlock(&out.kernel.getBody(), {}, argTypes, SmallVector<Location>(argTypes.size(), loc));
  auto argument = [&](unsigned buffer) { return block->getArgument(out.symbols.size() + buffer); };
  IRMapping map;
  for (auto [i, buffer] : llvm::enumerate(out.buffers))
    if (buffer.input)
      map.map(buffer.input, plan::TensorOp::create(b, buffer.input.getLoc(), buffer.input.getType(), argument(i),
                                                   nn::ShapeAttr::get(c, layouts[i].strides), layouts[i].offset.str()));
  Operation *copy = b.clone(*op, map);
  for (OpResult r : copy->getResults()) {
    unsigned at = out.bufferOfResult[r.getResultNumber()];
    plan::WriteOp::create(b, loc, r, argument(at), nn::ShapeAttr::get(c, layouts[at].strides), layouts[at].offset.str());
  }
  plan::ReturnOp::create(b, loc);
  return out;
}

//===----------------------------------------------------------------------===//
// Equality
//===----------------------------------------------------------------------===//

std::string structuralKey(plan::KernelOp kernel) {
  MLIRContext *c = kernel.getContext();
  OwningOpRef<plan::KernelOp> copy = kernel.clone();
  llvm::StringMap<DimExpr> renamed;
  if (auto symbols = kernel->getAttrOfType<ArrayAttr>("symbols"))
    for (auto [i, s] : llvm::enumerate(symbols.getAsRange<StringAttr>()))
      renamed[s.getValue()] = DimExpr::symbol("s" + std::to_string(i));
  auto rename = [&](StringRef text) {
    auto e = DimExpr::parse(text);
    return e->substitute([&](StringRef s) -> std::optional<DimExpr> {
      auto it = renamed.find(s);
      return it == renamed.end() ? std::nullopt : std::optional(it->second);
    }).str();
  };
  if (!renamed.empty()) {
    AttrTypeReplacer replacer;
    replacer.addReplacement([&](nn::ShapeAttr shape) -> std::optional<std::pair<Attribute, WalkResult>> {
      auto dims = llvm::map_to_vector(shape.getDims(), [&](StringAttr s) { return StringAttr::get(c, rename(s.getValue())); });
      return std::pair<Attribute, WalkResult>(nn::ShapeAttr::get(c, dims), WalkResult::skip());
    });
    replacer.recursivelyReplaceElementsIn(*copy, /*replaceAttrs=*/true, /*replaceLocs=*/false, /*replaceTypes=*/true);
    copy->walk([&](Operation *op) {
      for (StringRef name : {"expr", "offset"})
        if (auto s = op->getAttrOfType<StringAttr>(name))
          op->setAttr(name, StringAttr::get(c, rename(s.getValue())));
    });
  }
  for (StringRef name : {"doc", "symbols", "flops", "bytes"})
    (*copy)->removeAttr(name);
  copy->walk([](Operation *op) { op->removeAttr("origin"); });
  for (BlockArgument arg : copy->getBody().getArguments()) // what the first launch passes
    copy->removeArgAttr(arg.getArgNumber(), "plan.name");
  copy->setSymName("kernel");
  std::string key;
  llvm::raw_string_ostream os(key);
  (*copy)->print(os, OpPrintingFlags().useLocalScope().skipRegions(false));
  return key;
}

} // namespace ingot
