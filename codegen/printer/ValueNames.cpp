//===- ValueNames.cpp - what values are called that the plan has no name for ---------------===//
#include "codegen/printer/BodyPrinter.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
namespace ingot::printer {

/// Whether a name was given to a value, or is the ONNX node's that many operations carry.
static bool isOwnName(NameLoc name) { return isa<NameLoc, FusedLoc>(name.getChildLoc()); }

std::string BodyPrinter::nameHint(Value v) {
  if (Operation *op = v.getDefiningOp()) {
    if (auto name = op->getAttrOfType<StringAttr>("plan.name"); name && !isa<scf::ForOp>(op)) // a loop's names its index
      return name.str();
    if (auto name = dyn_cast<NameLoc>(op->getLoc()); name && isOwnName(name))
      return name.getName().str();
    return "";
  }
  auto name = dyn_cast<NameLoc>(v.getLoc());
  bool carried = isa<LoopLikeOpInterface>(v.getParentBlock()->getParentOp()) && !v.getType().isIndex();
  return name && (!carried || isOwnName(name)) ? name.getName().str() : "";
}

std::string BodyPrinter::loopName(scf::ForOp loop) {
  if (auto name = loop->getAttrOfType<StringAttr>("plan.name"))
    return name.str();
  return nameHint(loop.getInductionVar());
}

/// Whether a value serves only to address memory.
static bool onlyAddresses(Value v) {
  return !v.use_empty() && llvm::all_of(v.getUses(), [](OpOperand &use) {
    Operation *user = use.getOwner();
    if (isa<arith::AddIOp, arith::SubIOp, arith::MulIOp>(user))
      return onlyAddresses(user->getResult(0));
    if (auto store = dyn_cast<memref::StoreOp>(user))
      return use.getOperandNumber() > 0;
    return isa<memref::LoadOp, isa_ir::PrefetchOp, vector::LoadOp, vector::StoreOp, vector::MaskedLoadOp, vector::MaskedStoreOp, plan::PtrToOp,
               plan::PtrLoadOp>(user);
  });
}

/// The buffers that an index addresses.
static void addressed(Value v, llvm::SmallSetVector<Value, 2> &buffers) {
  for (Operation *user : v.getUsers()) {
    if (isa<arith::AddIOp, arith::SubIOp, arith::MulIOp>(user))
      addressed(user->getResult(0), buffers);
    else // stores have the value first, loads, masked stores and plan.ptr_to the buffer
      buffers.insert(user->getOperand(isa<memref::StoreOp, vector::StoreOp>(user) ? 1 : 0));
  }
}

/// What an index is for: the bounds of a loop, a part of the tile's number, an address.
std::string BodyPrinter::indexName(Operation *op) {
  Value v = op->getResult(0);
  for (Operation *user : v.getUsers()) {
    auto loop = dyn_cast<scf::ForOp>(user);
    if (auto least = dyn_cast<arith::MinSIOp>(user)) { // the bound of a loop's first part
      for (Operation *next : least->getUsers())
        if (auto bounded = dyn_cast<scf::ForOp>(next); bounded && bounded.getUpperBound() == least.getResult() && isa<arith::MinSIOp>(op))
          return (loopName(bounded).empty() ? "loop" : loopName(bounded)) + "_limit";
    }
    if (!loop || loopName(loop).empty())
      continue;
    if (runsOnce(loop))
      return loopName(loop);
    if (loop.getLowerBound() == v)
      return loopName(loop) + "_begin";
    if (loop.getUpperBound() == v)
      return loopName(loop) + "_end";
  }
  if (llvm::any_of(v.getUsers(), [](Operation *user) { return isa<vector::CreateMaskOp>(user); })) // the last lanes
    return "rest";
  if (onlyAddresses(v) && !isa<arith::RemUIOp, arith::DivUIOp, arith::RemSIOp, arith::DivSIOp>(op)) {
    llvm::SmallSetVector<Value, 2> buffers;
    addressed(v, buffers);
    std::string base = buffers.size() == 1 && bindings.contains(buffers[0]) ? bindings[buffers[0]].expr.text : "";
    if (!isIdentifier(base))
      return placeName(op);
    bool stride = op->getParentOp() == function && llvm::all_of(v.getUsers(), [](Operation *user) { return isa<arith::MulIOp>(user); });
    return base + (stride ? "_stride" : "_offset");
  }
  if (op->getParentOp() == function)
    return "extent";
  bool bounds = llvm::any_of(v.getUsers(), [](Operation *user) { return isa<scf::ForOp, arith::SubIOp, arith::CmpIOp>(user); });
  if (isa<arith::MinSIOp>(op) && bounds)
    return "limit";
  if (isa<arith::MulIOp>(op) && !nameHint(op->getOperand(0)).empty() && matchPattern(op->getOperand(1), m_Constant()))
    return nameHint(op->getOperand(0)) + "_start";
  if (isa<arith::IndexCastOp, arith::IndexCastUIOp>(op) && isa_and_nonnull<memref::LoadOp>(op->getOperand(0).getDefiningOp()))
    return fallbackName(op->getOperand(0).getDefiningOp());
  bool divided = isa<arith::DivUIOp>(op) && llvm::all_of(v.getUsers(), [](Operation *user) { return isa<arith::RemUIOp, arith::DivUIOp>(user); });
  if (divided)
    return "outer";
  return llvm::TypeSwitch<Operation *, std::string>(op)
      .Case<arith::RemUIOp, arith::RemSIOp>([](auto) { return "modulo"; })
      .Case<arith::MinSIOp, arith::MaxSIOp>([](auto) { return "clamped"; })
      .Case<arith::SelectOp>([](auto) { return "chosen"; })
      .Default([](auto) { return "index"; });
}

/// An address in several buffers, by the loops that it depends on: "i0_i1_offset"; "i_plus_8".
std::string BodyPrinter::placeName(Operation *op) {
  SmallVector<std::string> words;
  auto collect = [&](auto &self, Value v) -> void {
    Operation *def = v.getDefiningOp();
    auto arg = dyn_cast<BlockArgument>(v);
    if (def ? def->getParentOp() == function : arg.getOwner()->getParentOp() == function)
      return; // a size
    std::string name = bindings.contains(v) ? bindings[v].expr.text : "";
    if (isIdentifier(name)) {
      StringRef word = name;
      word.consume_back("_offset");
      if (!llvm::is_contained(words, word))
        words.push_back(word.str());
    } else if (isa_and_nonnull<arith::AddIOp, arith::SubIOp, arith::MulIOp>(def)) {
      for (Value o : def->getOperands())
        self(self, o);
    }
  };
  for (Value v : op->getOperands())
    collect(collect, v);
  if (words.empty())
    return "offset";
  std::string name = llvm::join(words, "_");
  if (name.size() > 16)
    name = words.back();
  bool shifted = isa<arith::AddIOp>(op) && bindings.contains(op->getOperand(0)) && bindings[op->getOperand(0)].expr.text == name;
  auto constant = shifted ? getConstantIntValue(op->getOperand(1)) : std::nullopt;
  return constant && *constant > 0 ? name + "_plus_" + std::to_string(*constant) : name + "_offset";
}

/// What an operation of floating point makes, in a word.
static StringRef resultName(Operation *op) {
  return llvm::TypeSwitch<Operation *, StringRef>(op)
      .Case<arith::AddFOp, arith::AddIOp, vector::FMAOp, math::FmaOp>([](auto) { return "sum"; })
      .Case<arith::SubFOp, arith::SubIOp>([](auto) { return "difference"; })
      .Case<arith::MulFOp, arith::MulIOp>([](auto) { return "product"; })
      .Case<arith::DivFOp>([](auto) { return "quotient"; })
      .Case<arith::MaximumFOp, arith::MaxNumFOp, arith::MaxSIOp, arith::MaxUIOp>([](auto) { return "largest"; })
      .Case<arith::MinimumFOp, arith::MinNumFOp, arith::MinSIOp, arith::MinUIOp>([](auto) { return "smallest"; })
      .Case([](vector::ReductionOp r) {
        using K = vector::CombiningKind;
        return r.getKind() == K::ADD ? "total" : llvm::is_contained({K::MAXIMUMF, K::MAXNUMF, K::MAXSI, K::MAXUI}, r.getKind()) ? "largest" : "reduced";
      })
      .Default([](auto) { return "value"; });
}

/// A local buffer by what it holds.
static std::string bufferName(memref::AllocaOp local) {
  Type element = local.getType().getElementType();
  if (isa<plan::PtrType>(element))
    return "row";
  auto loads = llvm::make_filter_range(local->getUsers(), [](Operation *user) { return isa<memref::LoadOp>(user); });
  if (auto vector = dyn_cast<VectorType>(element)) {
    if (vector.getElementType().isInteger(1))
      return "mask";
    bool factor = !loads.empty() && llvm::all_of(loads, [](Operation *load) {
      return llvm::all_of(load->getUses(), [](OpOperand &use) { return isa<vector::FMAOp>(use.getOwner()) && use.getOperandNumber() < 2; });
    });
    return factor ? "b" : "acc";
  }
  if (element.isIndex())
    return llvm::all_of(loads, [](Operation *load) { return onlyAddresses(load->getResult(0)); }) ? "offset" : "index";
  return local.getType().getRank() ? "line" : "value";
}

std::string BodyPrinter::fallbackName(Operation *op) {
  if (auto local = dyn_cast<memref::AllocaOp>(op))
    return bufferName(local);
  Value v = op->getResult(0);
  Type type = v.getType();
  if (type.isIndex())
    return indexName(op);
  if (isa<memref::LoadOp, vector::LoadOp, vector::MaskedLoadOp, plan::PtrLoadOp>(op)) {
    std::string base = get(op->getOperand(0)).text;
    return isIdentifier(base) ? base + "_value" : "value";
  }
  if (isa<plan::PtrToOp, plan::ZerosOp>(op))
    return "p";
  if (isa<vector::CreateMaskOp>(op))
    return "mask";
  if (auto compare = dyn_cast<arith::CmpIOp>(op))
    if (std::string left = get(compare.getLhs()).text;
        isIdentifier(left) && compare.getPredicate() == arith::CmpIPredicate::ne && getConstantIntValue(compare.getRhs()) == 0)
      return "has_" + left;
  if (isa<arith::CmpIOp, arith::CmpFOp>(op) || type.isInteger(1))
    return "condition";
  if (isa<vector::BroadcastOp>(op)) {
    if (llvm::all_of(v.getUsers(), [](Operation *user) { return isa<vector::FMAOp>(user); }))
      return "a";
    std::string base = get(op->getOperand(0)).text;
    return isIdentifier(base) ? base + "_v" : "value";
  }
  if (llvm::all_of(v.getUsers(), [](Operation *user) { return isa<memref::StoreOp, vector::StoreOp, vector::MaskedStoreOp>(user); }))
    return "result";
  return resultName(op).str();
}

} // namespace ingot::printer
