//===- EntryBuffers.cpp --------------------------------------------------------------------===//
#include "codegen/printer/EntryBuffers.h"
#include "codegen/printer/DimText.h"
#include "dialects/nn/Shape.h"
#include "dialects/support/ElementType.h"
#include "dialects/support/LocationNames.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
namespace ingot::printer {

//===----------------------------------------------------------------------===//
// Names and types
//===----------------------------------------------------------------------===//

StringRef EntryBuffers::attr(unsigned argument, StringRef name) {
  auto a = entry.getArgAttrOfType<StringAttr>(argument, name);
  return a ? a.getValue() : StringRef();
}

std::string EntryBuffers::symbolName(StringRef symbol) {
  auto it = symbols.find(symbol);
  return it == symbols.end() ? identifier(symbol) : it->second;
}

std::string EntryBuffers::dim(StringRef text, Operation *op, int precedence) {
  std::optional<DimExpr> e = DimExpr::parse(text);
  if (!e) {
    (void)failed(op, "bad dimension expression");
    return "0";
  }
  e = abbreviate(withoutRepetition(*e));
  std::string c = dimText(*e, [&](StringRef s) { return symbolName(s); });
  return precedence > Sum && !isFactor(*e) ? "(" + c + ")" : c;
}

bool EntryBuffers::isReplacedState(BlockArgument arg) {
  return attr(arg.getArgNumber(), "plan.role") == "state" && !entry.getArgAttr(arg.getArgNumber(), "plan.capacity");
}

bool EntryBuffers::isConst(Value v) {
  if (auto arg = dyn_cast<BlockArgument>(v)) {
    if (arg.getOwner()->getParentOp() == entry)
      return isReplacedState(arg) || (attr(arg.getArgNumber(), "plan.role") == "input" && !cuda);
    if (auto loop = dyn_cast<scf::ForOp>(arg.getOwner()->getParentOp()))
      return arg.getArgNumber() > 0 && isConst(loop.getInitArgs()[arg.getArgNumber() - 1]);
    return false;
  }
  if (isa<plan::GetWeightOp>(v.getDefiningOp()))
    return true;
  unsigned i = cast<OpResult>(v).getResultNumber();
  if (auto select = dyn_cast<scf::IfOp>(v.getDefiningOp()))
    return isConst(select.thenYield().getOperand(i)) || isConst(select.elseYield().getOperand(i));
  if (auto loop = dyn_cast<scf::ForOp>(v.getDefiningOp()))
    return isConst(loop.getInitArgs()[i]);
  return false;
}

std::string EntryBuffers::element(Value v) {
  auto m = cast<MemRefType>(v.getType());
  if (auto arg = dyn_cast<BlockArgument>(v); arg && arg.getOwner()->getParentOp() == entry)
    return attr(arg.getArgNumber(), "plan.role") == "workspace" ? "unsigned char" : elementType(v);
  // As the first kernel sees it.
  for (OpOperand &use : v.getUses())
    if (auto launch = dyn_cast<plan::LaunchOp>(use.getOwner()))
      if (std::string type = parameterElement(launch, use.getOperandNumber()); !type.empty())
        return type;
  return cStorage(m.getElementType());
}

std::string EntryBuffers::valueType(Value v) {
  if (isa<MemRefType>(v.getType()))
    return (isConst(v) ? "const " : "") + element(v) + " *";
  return BodyPrinter::valueType(v);
}

std::string EntryBuffers::fallbackName(Operation *op) {
  if (isa<plan::ReadOp>(op))
    return "host_value";
  if (isa<plan::MarkOp>(op))
    return "tail_mark";
  Value v = op->getResult(0);
  return isa<MemRefType>(v.getType()) ? "buffer" : v.getType().isIndex() ? fallbackIndexName(v) : BodyPrinter::fallbackName(op);
}

std::string EntryBuffers::fallbackIndexName(Value v) {
  bool counts = llvm::any_of(v.getUsers(), [&](Operation *user) {
    auto launch = dyn_cast<plan::LaunchOp>(user);
    return launch && launch.getTiles() == v;
  });
  return counts ? "tile_count" : "extent";
}

std::string EntryBuffers::freshName(Operation *op) {
  std::string hint = nameHint(op->getResult(0));
  if (hint.empty())
    hint = nameAt(op->getLoc()).str();
  return names.fresh(hint.empty() ? fallbackName(op) : shortName(hint));
}

const PrintedKernel *EntryBuffers::kernelOf(plan::LaunchOp launch) {
  if (!options.kernels)
    return nullptr;
  auto it = options.kernels->find(launch.getKernel().str());
  return it == options.kernels->end() ? nullptr : &it->second;
}

unsigned EntryBuffers::firstArgument(plan::LaunchOp launch) { return launch.getTiles() ? 1 : 0; }

std::string EntryBuffers::parameterElement(plan::LaunchOp launch, unsigned operand) {
  const PrintedKernel *k = kernelOf(launch);
  if (!k || operand < firstArgument(launch))
    return "";
  for (auto [i, argument] : llvm::enumerate(k->used))
    if (argument == operand - firstArgument(launch) && StringRef(k->params[i]).contains('*')) {
      StringRef type = StringRef(k->params[i]).split(" *").first;
      type.consume_front("const ");
      return type.str();
    }
  return "";
}

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

DimExpr EntryBuffers::abbreviate(const DimExpr &e) {
  return rebuild(e, [&](const DimExpr::Atom &atom) {
    auto it = extents.find(atom.text);
    return it != extents.end() ? DimExpr::symbol(it->second)
                               : combine(atom.kind, abbreviate(atom.args->first), abbreviate(atom.args->second));
  });
}

void EntryBuffers::nameExtents() {
  llvm::StringMap<unsigned> count;
  std::vector<DimExpr::Atom> inner; // operands before what they are part of
  auto visit = [&](auto &self, const DimExpr &e) -> void {
    for (auto &[monomial, coefficient] : e.terms())
      for (const DimExpr::Atom &atom : monomial) {
        if (atom.kind == DimExpr::Kind::Symbol || ++count[atom.text] > 1)
          continue;
        self(self, atom.args->first);
        self(self, atom.args->second);
        inner.push_back(atom);
      }
  };
  entry.walk([&](Operation *op) {
    StringRef text;
    if (auto slice = dyn_cast<plan::SliceOp>(op))
      text = slice.getOffset();
    else if (auto dimension = dyn_cast<plan::DimOp>(op); dimension && isLive(op))
      text = dimension.getExpr();
    else if (auto launch = dyn_cast<plan::LaunchOp>(op))
      if (auto kernel = SymbolTable::lookupNearestSymbolFrom<plan::KernelOp>(launch, launch.getKernelAttr()))
        if (auto flops = kernel->getAttrOfType<StringAttr>("flops"))
          text = flops.getValue();
    if (std::optional<DimExpr> e = DimExpr::parse(text); e && !text.empty())
      visit(visit, withoutRepetition(*e));
  });
  for (const DimExpr::Atom &atom : inner) {
    DimExpr whole = combine(atom.kind, atom.args->first, atom.args->second);
    bool known = whole.isNonNegative(); // as symbols are
    whole.symbols([&](StringRef s) { known &= symbols.contains(s); });
    DimExpr shorter = abbreviate(whole);
    std::string text = dimText(shorter, [&](StringRef s) { return symbolName(s); });
    if (!known || count[atom.text] < 2 || text.size() <= 24)
      continue;
    if (extents.empty())
      raw(comment("Sizes that come up again.", indent), Kind::Declaration);
    std::string name = names.fresh("extent");
    statement("const int64_t " + name + " = " + text + ";", Kind::Declaration);
    extents[atom.text] = name;
  }
}

//===----------------------------------------------------------------------===//
// Pointers
//===----------------------------------------------------------------------===//

Operation *EntryBuffers::firstStep(Operation *op, ArrayRef<Operation *> users) {
  Block *block = op->getBlock();
  for (;;) {
    Operation *first = nullptr;
    llvm::SetVector<Block *> inside;
    for (Operation *user : users) {
      Operation *here = block->findAncestorOpInBlock(*user);
      if (!first || here->isBeforeInBlock(first))
        first = here;
      Region *region = user == here ? nullptr : user->getParentRegion();
      while (region && region->getParentOp() != here)
        region = region->getParentOp()->getParentRegion();
      inside.insert(region ? &region->front() : nullptr);
    }
    if (isa_and_nonnull<plan::LaunchOp, plan::CallOp, plan::CopyOp>(first))
      return first;
    if (inside.size() != 1 || !inside.front() || !isa<scf::IfOp>(inside.front()->getParentOp()))
      return nullptr;
    block = inside.front();
  }
}

bool EntryBuffers::pointer(Operation *op) {
  SmallVector<Operation *> users;
  for (OpOperand &use : op->getUses())
    if (auto launch = dyn_cast<plan::LaunchOp>(use.getOwner()); !launch || passes(launch, use.getOperandNumber()))
      users.push_back(use.getOwner());
  if (Operation *step = firstStep(op, users))
    due[step].push_back(op);
  else if (!users.empty())
    declarePointer(op, "", {});
  return true;
}

bool EntryBuffers::passes(plan::LaunchOp launch, unsigned operand) {
  const PrintedKernel *kernel = kernelOf(launch);
  return !kernel || llvm::is_contained(kernel->used, operand - firstArgument(launch));
}

void EntryBuffers::declarePointers(Operation *step) {
  auto launch = dyn_cast<plan::LaunchOp>(step);
  for (Operation *op : due.lookup(step))
    declarePointer(op, launch ? nameFor(op->getResult(0), launch) : "", launch);
  if (!launch)
    return;
  // A buffer that holds something else from now on is called so.
  for (Value v : launch.getArgs()) {
    auto slice = v.getDefiningOp<plan::SliceOp>();
    if (!slice || slice->getBlock() != launch->getBlock() || !writes(launch, v))
      continue;
    std::string name = nameFor(v, launch);
    if (!name.empty() && holds[v] != name)
      declarePointer(slice, name, launch);
  }
}

bool EntryBuffers::writes(plan::LaunchOp launch, Value v) {
  auto kernel = SymbolTable::lookupNearestSymbolFrom<plan::KernelOp>(launch, launch.getKernelAttr());
  auto list = kernel ? kernel->getAttrOfType<ArrayAttr>("writes") : ArrayAttr();
  return list && llvm::any_of(list.getAsRange<IntegerAttr>(), [&](IntegerAttr i) { return launch.getArgs()[i.getInt()] == v; });
}

std::string EntryBuffers::nameFor(Value v, plan::LaunchOp launch) {
  llvm::SetVector<StringRef> nodes = namesAt(launch.getLoc());
  const PrintedKernel *kernel = kernelOf(launch);
  if (nodes.empty() || !kernel || v.getDefiningOp()->hasAttr("plan.name"))
    return "";
  std::string step = shortName(kernel->sumOfProducts ? nodes.front() : nodes.back());
  auto weight = v.getDefiningOp<plan::GetWeightOp>();
  if (!weight)
    return writes(launch, v) ? step : "";
  auto symbol = SymbolTable::lookupNearestSymbolFrom<plan::WeightOp>(weight, weight.getWeightAttr());
  if (!symbol || !symbol->hasAttr("value"))
    return "";
  // The constant's own node, which may be another path's, and its role there.
  StringRef node = nameAt(weight.getLoc());
  std::string owner = node.empty() ? step : shortName(node);
  for (auto [argument, parameter] : llvm::zip(kernel->used, kernel->params))
    if (launch.getArgs()[argument] == v) {
      StringRef role = StringRef(parameter).substr(parameter.find_last_of(" *") + 1);
      if (owner != step)
        role.consume_front("residual_");
      return owner + "_" + role.str();
    }
  return "";
}

std::string EntryBuffers::shapeAt(Value v, plan::LaunchOp launch) {
  auto kernel = launch ? SymbolTable::lookupNearestSymbolFrom<plan::KernelOp>(launch, launch.getKernelAttr()) : plan::KernelOp();
  for (unsigned i = 0; kernel && i < launch.getArgs().size(); ++i)
    if (auto shape = kernel.getArgAttrOfType<StringAttr>(i, "plan.shape"); shape && launch.getArgs()[i] == v)
      return llvm::any_of(shape.getValue(), llvm::isAlpha) ? "" : shape.str();
  return "";
}

std::string EntryBuffers::replaced(Operation *op, StringRef name, plan::LaunchOp launch) {
  auto slice = dyn_cast<plan::SliceOp>(op);
  std::optional<DimExpr> offset = slice ? DimExpr::parse(slice.getOffset()) : std::nullopt;
  std::optional<DimExpr> count = slice ? DimExpr::parse(slice.getCount()) : std::nullopt;
  bool inBranch = launch && launch->getParentOp() != entry; // the other one may not come here
  if (!offset || !count || !offset->constant() || op->getParentOp() != entry || inBranch)
    return places.clear(), "";
  auto bytes = storageBytes(cast<MemRefType>(slice.getType()).getElementType(), *count).constant();
  if (!bytes)
    return places.clear(), "";
  Place own = {*offset->constant(), *offset->constant() + *bytes, name.str()};
  std::vector<std::string> before;
  llvm::erase_if(places, [&](const Place &p) {
    bool gone = p.begin < own.end && own.begin < p.end;
    if (gone)
      before.push_back(p.name);
    return gone;
  });
  places.push_back(own);
  return before.empty() ? "" : "over " + llvm::join(before, ", ") + ", no longer needed";
}

void EntryBuffers::declarePointer(Operation *op, StringRef name, plan::LaunchOp launch) {
  std::string base = "workspace", offset, count, hint = name.str();
  if (auto slice = dyn_cast<plan::SliceOp>(op)) {
    offset = dim(slice.getOffset(), op);
    count = dim(slice.getCount(), op);
    holds[slice.getResult()] = hint;
  } else {
    auto weight = cast<plan::GetWeightOp>(op);
    auto symbol = SymbolTable::lookupNearestSymbolFrom<plan::WeightOp>(weight, weight.getWeightAttr());
    if (auto strings = symbol ? symbol->getAttrOfType<DenseStringElementsAttr>("value") : DenseStringElementsAttr())
      return printStrings(weight, strings, hint.empty() ? shortName(symbol.getSymName()) : hint);
    if (!symbol || !symbol.getOffset())
      return (void)failed(op, "the weight has no offset");
    base = "weights";
    offset = std::to_string(*symbol.getOffset());
    if (hint.empty())
      hint = shortName(symbol.getSymName());
  }
  Value v = op->getResult(0);
  std::string own = hint.empty() ? freshName(op) : names.fresh(hint), type = valueType(v);
  std::string address = offset == "0" ? base : base + " + " + offset;
  std::string text = type + own + " = reinterpret_cast<" + type + ">(" + address + ");";
  bool isHandle = nn::isHandle(cast<MemRefType>(v.getType()).getElementType());
  std::string size = shapeAt(v, launch);
  if (size.empty() && !count.empty() && !isHandle)
    size = count == "1" ? "1 element" : count + " elements";
  if (std::string before = replaced(op, own, launch); !before.empty())
    size += (size.empty() ? "" : ", ") + before;
  std::string pad(indent, ' ');
  if (size.empty() || indent + text.size() + size.size() + 4 <= columnLimit)
    return raw(size.empty() ? wrapStatement(text, indent) : pad + text + " // " + size + "\n", Kind::Declaration), bind(v, own, type);
  auto [target, value] = StringRef(text).split(" = ");
  if (indent + value.size() + size.size() + 8 <= columnLimit)
    return raw(pad + target.str() + " =\n" + pad + "    " + value.str() + " // " + size + "\n", Kind::Declaration), bind(v, own, type);
  raw(comment(own + " " + size, indent), Kind::Declaration);
  --body.statements;
  statement(text, Kind::Declaration);
  bind(v, own, type);
}

void EntryBuffers::printStrings(plan::GetWeightOp weight, DenseStringElementsAttr strings, StringRef hint) {
  std::string name = names.fresh(hint), list;
  for (StringRef s : strings.getValues<StringRef>())
    list += (list.empty() ? "" : ", ") + stringLiteral(s);
  statement("static const ingot_string " + name + "[] = {" + (list.empty() ? "{}" : list) + "};", Kind::Declaration);
  bind(weight.getResult(), name, valueType(weight.getResult()));
}

} // namespace ingot::printer
