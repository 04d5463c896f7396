//===- OutlineKernel.cpp ----------------------------------------------------------===//
#include "lowering/OutlineKernel.h"
#include "dialects/kernel/Nest.h"
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

/// Lines on what `copy`, the kernel's operation, computes, and the shapes of its buffers. "{2}" stands for the name of argument 2.
static SmallVector<std::string> explain(Operation *copy, const OutlinedKernel &out, ArrayRef<BufferLayout> layouts) {
  plan::KernelOp kernel = out.kernel;
  unsigned symbols = out.symbols.size();
  auto number = [&](unsigned buffer) { return "{" + std::to_string(symbols + buffer) + "}"; };
  auto nameOf = [&](Value v) -> std::string {
    if (auto tensor = v.getDefiningOp<plan::TensorOp>())
      return "{" + std::to_string(cast<BlockArgument>(tensor.getBuffer()).getArgNumber()) + "}";
    auto result = cast<OpResult>(v);
    if (result.getOwner() == copy)
      return number(out.bufferOfResult[result.getResultNumber()]);
    for (OpOperand &use : v.getUses())
      if (isa<kernel::YieldOp>(use.getOwner()))
        return number(out.bufferOfResult[use.getOperandNumber()]);
    return kernel::resultName(result).str();
  };
  SmallVector<std::string> lines = explainKernel(copy, nameOf), shapes;
  for (auto [i, buffer] : llvm::enumerate(out.buffers)) {
    Value v;
    for (Operation *user : kernel.getBody().front().getArgument(symbols + i).getUsers())
      v = isa<plan::TensorOp>(user) ? Value(user->getResult(0)) : Value(cast<plan::WriteOp>(user).getValue());
    auto list = [](ArrayRef<DimExpr> dims) { return "[" + llvm::join(llvm::map_range(dims, [](const DimExpr &d) { return d.str(); }), ", ") + "]"; };
    std::string shape = list(nn::dimsOf(v)), text = number(i) + " " + shape;
    kernel.setArgAttr(symbols + i, "plan.shape", StringAttr::get(copy->getContext(), shape));
    if (layouts[i].strides != nn::rowMajorStrides(nn::dimsOf(v)))
      text += " with strides " + list(layouts[i].strides);
    if (!layouts[i].offset.isConstant(0))
      text += " from element " + layouts[i].offset.str();
    shapes.push_back(text);
  }
  lines.push_back(llvm::join(shapes, ", "));
  return lines;
}

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
  if (auto fused = dyn_cast<kernel::FusedOp>(copy))
    nameIntermediates(fused);
  SmallVector<std::string> about = explain(copy, out, layouts);
  out.kernel->setAttr("about", strings(about));
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
  for (StringRef name : {"doc", "about", "symbols", "flops", "bytes"})
    (*copy)->removeAttr(name);
  copy->walk([](Operation *op) { op->removeAttr("origin"); });
  for (BlockArgument arg : copy->getBody().getArguments()) { // what the first launch passes
    copy->removeArgAttr(arg.getArgNumber(), "plan.name");
    copy->removeArgAttr(arg.getArgNumber(), "plan.shape");
  }
  copy->setSymName("kernel");
  std::string key;
  llvm::raw_string_ostream os(key);
  (*copy)->print(os, OpPrintingFlags().useLocalScope().skipRegions(false));
  return key;
}

} // namespace ingot
