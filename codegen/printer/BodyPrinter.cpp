//===- BodyPrinter.cpp - values, statements and control flow -------------------------------===//
#include "codegen/printer/BodyPrinter.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
namespace ingot::printer {

constexpr size_t inlineLimit = 88; // longest expression made of several operations
constexpr size_t storeLimit = 110; // the same in a statement that only stores it

static size_t limitAt(Operation *user) {
  return isa<memref::StoreOp, vector::StoreOp, vector::MaskedStoreOp>(user) ? storeLimit : inlineLimit;
}

bool isIdentifier(StringRef text) {
  return !text.empty() && !llvm::isDigit(text[0]) && llvm::all_of(text, [](char c) { return llvm::isAlnum(c) || c == '_'; });
}

LogicalResult BodyPrinter::failed(Operation *op, StringRef why) {
  if (ok)
    op->emitOpError() << "cannot be printed as C++" << (why.empty() ? "" : ": ") << why;
  ok = false;
  return failure();
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

static bool isRoot(Operation *op) {
  return op->getNumRegions() || op->hasTrait<OpTrait::IsTerminator>() || !isMemoryEffectFree(op);
}
static bool onlyReads(Operation *op) {
  return hasSingleEffect<MemoryEffects::Read>(op) ||
         isa<memref::LoadOp, vector::LoadOp, vector::MaskedLoadOp, plan::PtrLoadOp, plan::ReadOp>(op);
}

/// A loop that runs exactly once: from x to x + step.
static bool runsOnce(scf::ForOp loop) {
  Value upper = loop.getUpperBound(), lower = loop.getLowerBound();
  if (auto least = upper.getDefiningOp<arith::MinSIOp>()) // x = y % n is below n
    if (auto x = lower.getDefiningOp<arith::RemUIOp>(); x && x.getRhs() == least.getRhs())
      upper = least.getLhs();
  auto sum = upper.getDefiningOp<arith::AddIOp>();
  if (!sum || sum.getLhs() != lower)
    return false;
  std::optional<int64_t> by = getConstantIntValue(sum.getRhs()), step = getConstantIntValue(loop.getStep());
  return by && by == step && *by > 0;
}

void BodyPrinter::countUses(Operation *root) {
  std::vector<Operation *> work;
  auto mark = [&](Operation *op) {
    if (op && live.insert(op).second)
      work.push_back(op);
  };
  root->walk([&](Operation *op) {
    if (isRoot(op) && !onlyReads(op) && !isa<memref::AllocaOp, plan::AllocOp>(op))
      mark(op);
  });
  while (!work.empty()) {
    Operation *op = work.back();
    work.pop_back();
    if (isa<scf::ForallOp>(op)) // its bounds are the launch's affair
      continue;
    SmallVector<Value> operands(op->getOperands());
    if (auto loop = dyn_cast<scf::ForOp>(op); loop && runsOnce(loop)) // printed as its body
      operands.erase(operands.begin() + 1, operands.begin() + 3);
    if (std::optional<FirstLanes> lanes = firstLanes(op)) {
      bool load = isa<vector::MaskedLoadOp>(op);
      operands.clear();
      for (Value v : op->getOperands())
        if (!isa<VectorType>(v.getType()) || (!load && !cast<VectorType>(v.getType()).getElementType().isInteger(1)))
          operands.push_back(v);
      operands.push_back(lanes->count);
      if (lanes->fill)
        operands.push_back(lanes->fill);
    }
    for (Value v : operands) {
      ++uses[v];
      onlyUser[v] = op;
      mark(v.getDefiningOp());
    }
  }
}

void BodyPrinter::bind(Value v, StringRef name, StringRef type) {
  Binding b;
  b.expr.text = name.str();
  b.expr.type = type.str();
  bindings[v] = b;
}

void BodyPrinter::bindExpr(Value v, const Expr &e) {
  Binding b;
  b.expr = e;
  bindings[v] = b;
}

Expr BodyPrinter::get(Value v) {
  if (auto c = v.getDefiningOp<arith::ConstantOp>())
    return constant(c.getValue());
  auto it = bindings.find(v);
  if (it == bindings.end()) {
    if (Operation *op = v.getDefiningOp())
      (void)failed(op);
    Expr e;
    e.text = "0";
    return e;
  }
  if (it->second.waits)
    llvm::erase(waiting, v);
  return it->second.expr;
}

Expr BodyPrinter::as(Value v, StringRef type) {
  Expr e = get(v);
  return cast(e, type);
}

Expr BodyPrinter::typed(Value v, StringRef type) {
  Expr e = as(v, type);
  if (e.literal && type != "int32_t" && type != "float" && type != "double" && type != "bool") {
    e.text = type.str() + "(" + e.text + ")";
    e.precedence = Primary;
    e.literal = false;
  }
  return e;
}

std::string parenthesise(const Expr &e, int precedence) { return e.precedence < precedence ? "(" + e.text + ")" : e.text; }
std::string BodyPrinter::text(Value v, int precedence) { return parenthesise(get(v), precedence); }

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
    return isa<memref::LoadOp, vector::LoadOp, vector::StoreOp, vector::MaskedLoadOp, vector::MaskedStoreOp, plan::PtrToOp, plan::PtrLoadOp>(user);
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

/// What the users of an integer say about its sign: +1 unsigned, -1 signed.
static int signVote(Value v) {
  int vote = 0;
  for (Operation *user : v.getUsers()) {
    if (isa<arith::ExtUIOp, arith::UIToFPOp, arith::DivUIOp, arith::RemUIOp, arith::MaxUIOp, arith::MinUIOp, arith::ShRUIOp,
            arith::IndexCastUIOp>(user))
      ++vote;
    else if (auto cmp = dyn_cast<arith::CmpIOp>(user))
      vote += cmp.getPredicate() >= arith::CmpIPredicate::ult ? 1 : cmp.getPredicate() >= arith::CmpIPredicate::slt ? -100 : 0;
    else if (isa<arith::ExtSIOp, arith::SIToFPOp, arith::DivSIOp, arith::RemSIOp, arith::MaxSIOp, arith::MinSIOp, arith::ShRSIOp,
                 arith::IndexCastOp>(user))
      vote -= 100;
  }
  return vote;
}

bool BodyPrinter::unsignedMemory(Value memref) {
  Type element = cast<MemRefType>(memref.getType()).getElementType();
  if (auto p = dyn_cast<plan::PtrType>(element))
    element = p.getElement();
  if (auto v = dyn_cast<VectorType>(element))
    element = v.getElementType();
  if (element.isUnsignedInteger())
    return true;
  if (!element.isInteger() || element.isInteger(1))
    return false;
  if (auto arg = dyn_cast<BlockArgument>(memref))
    if (auto f = dyn_cast<FunctionOpInterface>(arg.getOwner()->getParentOp())) {
      if (f.getArgAttr(arg.getArgNumber(), "plan.unsigned"))
        return true;
      if (auto type = f.getArgAttrOfType<TypeAttr>(arg.getArgNumber(), "plan.type"))
        if (auto tensor = dyn_cast<ShapedType>(type.getValue()))
          return tensor.getElementType().isUnsignedInteger();
    }
  int vote = 0;
  auto follow = [&](auto &self, Value address) -> void {
    for (Operation *user : address.getUsers()) {
      if (isa<memref::LoadOp, vector::LoadOp, vector::MaskedLoadOp, plan::PtrLoadOp>(user)) {
        if (isa<plan::PtrType>(user->getResult(0).getType()))
          self(self, user->getResult(0));
        else
          vote += signVote(user->getResult(0));
      } else if (isa<plan::PtrToOp>(user)) {
        self(self, user->getResult(0));
      } else if (auto s = dyn_cast<memref::StoreOp>(user); s && isa<plan::PtrType>(s.getValue().getType()) && s.getValue() == address) {
        self(self, s.getMemRef());
      }
    }
  };
  follow(follow, memref);
  return vote > 0;
}

std::string BodyPrinter::elementType(Value memref) {
  return cStorage(::mlir::cast<MemRefType>(memref.getType()).getElementType(), unsignedMemory(memref));
}

std::string BodyPrinter::valueType(Value v) { return cType(v.getType()); }

//===----------------------------------------------------------------------===//
// Statements
//===----------------------------------------------------------------------===//

void BodyPrinter::raw(StringRef lines, Kind kind) {
  if (gap && !body.text.empty())
    body.text += "\n";
  gap = false;
  body.text += lines;
  ++body.statements;
  body.simple &= kind == Kind::Simple;
}

void BodyPrinter::statement(StringRef text, Kind kind) { raw(wrapStatement(text, indent), kind); }

void BodyPrinter::declare(Value v, const Expr &e) {
  std::string hint = nameHint(v);
  std::string name = names.fresh(hint.empty() ? fallbackName(v.getDefiningOp()) : hint);
  std::string type = e.type.empty() ? valueType(v) : e.type;
  bool pointer = StringRef(type).ends_with("*");
  statement((pointer ? type : "const " + type + " ") + name + " = " + e.text + ";", Kind::Declaration);
  bind(v, name, type);
}

void BodyPrinter::materialise(Value v) {
  Expr e = bindings[v].expr;
  llvm::erase(waiting, v);
  declare(v, e);
}

/// Values that wait become constants now, but for the operands of `except`.
void BodyPrinter::flush(bool readsOnly, Operation *except) {
  for (Value v : std::vector<Value>(waiting)) {
    if (!llvm::is_contained(waiting, v) || (readsOnly && !bindings[v].expr.reads))
      continue;
    if (except && onlyUser.lookup(v) == except)
      continue;
    materialise(v);
  }
}

void BodyPrinter::assign(StringRef target, const Expr &value) {
  if (value.text == target)
    return;
  bool arithmetic = llvm::is_contained({"+", "-", "*", "/", "&", "|", "^"}, value.op);
  if (arithmetic && value.left == target)
    return statement((target + " " + value.op + "= " + value.right + ";").str());
  if ((value.op == "+" || value.op == "*") && value.right == target)
    return statement((target + " " + value.op + "= " + value.left + ";").str());
  statement((target + " = " + value.text + ";").str());
}

BodyPrinter::Body BodyPrinter::capture(llvm::function_ref<void()> print) { return captureAt(indent + 2, print); }

BodyPrinter::Body BodyPrinter::captureAt(unsigned column, llvm::function_ref<void()> print) {
  Body outer = std::move(body);
  body = Body();
  bool outerGap = std::exchange(gap, false);
  unsigned outerIndent = std::exchange(indent, column);
  names.push();
  print();
  names.pop();
  indent = outerIndent;
  gap = outerGap;
  std::swap(outer, body);
  return outer;
}

void BodyPrinter::compound(StringRef header, const Body &inner, bool braces) {
  braces |= inner.statements != 1 || !inner.simple;
  std::string head = wrapStatement((header + (braces ? " {" : "")).str(), indent);
  raw(head + inner.text + (braces ? std::string(indent, ' ') + "}\n" : ""));
}

bool BodyPrinter::canWait(Operation *op, StringRef text) {
  Value v = op->getResult(0);
  if (op->getNumResults() != 1 || uses.lookup(v) != 1)
    return false;
  Operation *user = onlyUser.lookup(v);
  if (user->getBlock() != op->getBlock()) // short index sums may move into the loops behind them
    return isa<arith::AddIOp, arith::SubIOp, arith::MulIOp>(op) && v.getType().isIndex() && text.size() <= 24;
  return true;
}

/// Operands that wait and are too long together become constants, the longest first.
void BodyPrinter::shorten(Operation *op) {
  for (;;) {
    size_t total = 0, longest = 0;
    Value worst;
    for (Value v : op->getOperands())
      if (llvm::is_contained(waiting, v)) {
        size_t size = bindings[v].expr.text.size();
        total += size;
        if (size > longest)
          longest = size, worst = v;
      }
    if (total <= limitAt(op) - 18 || longest < 24)
      return;
    materialise(worst);
  }
}

void BodyPrinter::block(Block &b) {
  for (Operation &op : b.without_terminator())
    if (ok)
      operation(&op);
}

void BodyPrinter::operation(Operation *op) {
  if (isa<arith::ConstantOp>(op) || !isLive(op))
    return;
  shorten(op);
  auto select = dyn_cast<scf::IfOp>(op);
  if (isRoot(op) && !onlyReads(op) && !(select && isSelection(select))) {
    if (!isa<memref::AllocaOp>(op)) // what waits has read before this writes
      flush(true, op);
    if (printStatement(op))
      return;
    if (auto loop = dyn_cast<scf::ForOp>(op))
      return forLoop(loop);
    if (select)
      return ifElse(select);
    if (auto loop = dyn_cast<scf::WhileOp>(op))
      return whileLoop(loop);
    if (auto alloca = dyn_cast<memref::AllocaOp>(op)) {
      MemRefType type = alloca.getType();
      Type element = type.getElementType();
      if (packedBits(element) && element.isIntOrFloat())
        return (void)failed(op, "local buffers have whole bytes");
      std::string hint = nameHint(alloca), name = names.fresh(hint.empty() ? fallbackName(op) : hint), dims;
      for (int64_t d : type.getShape())
        dims += "[" + std::to_string(d) + "]";
      std::string c = elementType(alloca);
      bool pointer = StringRef(c).ends_with("*");
      bool aligned = !pointer && !isa<VectorType>(element) && type.getRank() > 0 && machine.vectorBytes;
      statement((aligned ? "alignas(64) " : "") + c + (pointer ? "" : " ") + name + dims + ";", Kind::Declaration);
      return bind(alloca, name, c + " *");
    }
    if (store(op))
      return;
    if (StringRef spelling = isaSpelling(op); !spelling.empty() && op->getNumResults() == 0) {
      if (auto prefetch = dyn_cast<isa_ir::PrefetchOp>(op))
        return statement((spelling + "(" + address(prefetch.getBuffer(), prefetch.getOffset()) + ");").str());
    }
    return (void)failed(op);
  }
  if (printStatement(op))
    return;
  std::optional<Expr> e = expression(op);
  if (!e)
    return (void)failed(op);
  Value v = op->getResult(0);
  bool pure = !isRoot(op) || onlyReads(op) || select;
  Operation *user = onlyUser.lookup(v);
  if (pure && user && e->text.size() <= limitAt(user) && canWait(op, e->text)) {
    Binding b;
    b.expr = *e;
    b.waits = true;
    bindings[v] = b;
    waiting.push_back(v);
    return;
  }
  bool named = llvm::all_of(e->text, [](char c) { return llvm::isAlnum(c) || c == '_'; });
  if (pure && named && !e->literal) { // another name of the same value
    Binding b;
    b.expr = *e;
    bindings[v] = b;
    return;
  }
  declare(v, *e);
}

//===----------------------------------------------------------------------===//
// Control flow
//===----------------------------------------------------------------------===//

/// The C variable of a loop-carried value. It goes on with the variable of `init` if nothing else needs that.
std::string BodyPrinter::variable(Value v, Value init, StringRef hint, SmallVectorImpl<std::string> &declarations) {
  auto it = bindings.find(init);
  if (it != bindings.end() && it->second.variable && uses.lookup(init) == 1) {
    Binding b = it->second;
    bindings[v] = b;
    return b.expr.text;
  }
  std::string own = nameHint(v), type = valueType(init);
  Expr start = as(init, type);
  std::string name = names.fresh(own.empty() ? hint : StringRef(own));
  bool pointer = StringRef(type).ends_with("*");
  declarations.push_back(type + (pointer ? "" : " ") + name + " = " + start.text + ";");
  bind(v, name, type);
  bindings[v].variable = true;
  return name;
}

/// names[i] = values[i], all at once.
void BodyPrinter::assignAll(ArrayRef<std::string> targets, OperandRange values) {
  struct Pending {
    std::string target;
    Expr value;
    Type type;
  };
  std::vector<Pending> pending;
  for (auto [target, v] : llvm::zip(targets, values)) {
    if (target.empty())
      continue;
    Expr e = as(v, valueType(v));
    if (e.text != target)
      pending.push_back({target, e, v.getType()});
  }
  while (!pending.empty()) {
    auto free = llvm::find_if(pending, [&](const Pending &p) {
      return llvm::none_of(pending, [&](const Pending &q) { return &p != &q && mentionsWord(q.value.text, p.target); });
    });
    if (free == pending.end()) { // a cycle: one old value gets a name
      Pending &p = pending.front();
      std::string name = names.fresh("next_" + p.target);
      statement("const " + p.value.type + " " + name + " = " + p.value.text + ";", Kind::Declaration);
      p.value = Expr{name, Primary, p.value.type};
      continue;
    }
    assign(free->target, free->value);
    pending.erase(free);
  }
}

/// What a loop carries; in the plural if each lane has its own.
static StringRef carriedHint(Value yielded) {
  Operation *op = yielded.getDefiningOp();
  if (!op)
    return "value";
  bool lanes = isa<VectorType>(yielded.getType());
  if (isa<arith::AddFOp, arith::AddIOp, math::FmaOp, vector::FMAOp>(op))
    return yielded.getType().isIndex() ? "index" : lanes ? "sums" : "sum";
  if (isa<arith::MaximumFOp, arith::MaxNumFOp, arith::MaxSIOp, arith::MaxUIOp>(op))
    return lanes ? "maxima" : "largest";
  if (isa<arith::MinimumFOp, arith::MinNumFOp, arith::MinSIOp, arith::MinUIOp>(op))
    return lanes ? "minima" : "smallest";
  if (isa<arith::MulFOp, arith::MulIOp>(op))
    return lanes ? "products" : "product";
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return carriedHint(loop.getYieldedValues()[cast<OpResult>(yielded).getResultNumber()]);
  return lanes ? "values" : "value";
}

/// The comment that a loop or condition carries.
void BodyPrinter::remark(Operation *op) {
  auto text = op->getAttrOfType<StringAttr>("plan.comment");
  if (!text)
    return;
  raw(comment(text.getValue(), indent));
  --body.statements;
}

void BodyPrinter::forLoop(scf::ForOp op) {
  SmallVector<std::string> declarations, carried;
  for (auto [arg, init, yielded] : llvm::zip(op.getRegionIterArgs(), op.getInitArgs(), op.getYieldedValues())) {
    std::string hint = nameHint(op.getResult(carried.size()));
    if (hint.empty())
      hint = carriedHint(yielded).str();
    carried.push_back(variable(arg, init, hint, declarations));
  }
  for (const std::string &d : declarations)
    statement(d, Kind::Declaration);

  std::string type = cType(op.getInductionVar().getType()), hint = loopName(op);
  if (runsOnce(op)) {
    Expr only = get(op.getLowerBound());
    if (!only.literal && !isIdentifier(only.text)) {
      std::string name = names.fresh(hint.empty() ? "index" : hint);
      statement("const " + type + " " + name + " = " + only.text + ";", Kind::Declaration);
      only = Expr{name, Primary, type};
    }
    bindExpr(op.getInductionVar(), only);
    block(*op.getBody());
    if (ok)
      assignAll(carried, cast<scf::YieldOp>(op.getBody()->getTerminator()).getResults());
    for (auto [result, arg] : llvm::zip(op.getResults(), op.getRegionIterArgs()))
      bindings[result] = Binding(bindings[arg]);
    return;
  }
  Expr upper = get(op.getUpperBound());
  if (upper.reads || upper.text.size() > 36 || StringRef(upper.text).contains('(')) {
    std::string name = names.fresh((hint.empty() ? "loop" : hint) + "_end");
    statement("const " + type + " " + name + " = " + upper.text + ";", Kind::Declaration);
    upper = Expr{name, Primary, type};
  }
  std::string lower = text(op.getLowerBound());
  Expr step = get(op.getStep());

  names.push();
  std::string var;
  if (hint.empty()) {
    static const char *const letters[] = {"i", "j", "k", "l", "m", "n"};
    unsigned depth = 0;
    for (Operation *p = op->getParentOp(); p && p != function; p = p->getParentOp())
      depth += isa<scf::ForOp, scf::WhileOp>(p);
    hint = letters[std::min(depth, 5u)];
  }
  var = names.fresh(hint);
  bind(op.getInductionVar(), var, type);
  std::string header = "for (" + type + " " + var + " = " + lower + "; " + var + " < " + parenthesise(upper, Shift) + "; " +
                       (step.text == "1" ? "++" + var : var + " += " + step.text) + ")";
  Body inner = capture([&] {
    block(*op.getBody());
    if (ok)
      assignAll(carried, cast<scf::YieldOp>(op.getBody()->getTerminator()).getResults());
  });
  names.pop();
  remark(op);
  if (auto unroll = op->getAttr("plan.unroll")) {
    auto n = dyn_cast<IntegerAttr>(unroll);
    std::optional<llvm::APInt> trips = op.getStaticTripCount();
    int64_t times = n ? n.getInt() : trips ? trips->getSExtValue() : 8;
    raw(std::string(indent, ' ') + "INGOT_UNROLL(" + std::to_string(times) + ")\n");
    --body.statements;
  }
  compound(header, inner, inner.statements == 0);
  for (auto [result, arg] : llvm::zip(op.getResults(), op.getRegionIterArgs()))
    bindings[result] = Binding(bindings[arg]);
}

void BodyPrinter::ifElse(scf::IfOp op) {
  SmallVector<std::string> targets;
  for (Value r : op.getResults()) {
    if (!uses.lookup(r)) {
      targets.push_back("");
      continue;
    }
    std::string hint = nameHint(r), type = valueType(r), name = names.fresh(hint.empty() ? "chosen" : hint);
    bool pointer = StringRef(type).ends_with("*");
    statement(type + (pointer ? "" : " ") + name + ";", Kind::Declaration);
    bind(r, name, type);
    bindings[r].variable = true;
    targets.push_back(name);
  }
  std::string condition = text(op.getCondition());
  auto branch = [&](Block *b) {
    return capture([&] {
      block(*b);
      if (ok)
        assignAll(targets, b->getTerminator()->getOperands());
    });
  };
  Body then = branch(op.thenBlock());
  if (!op.elseBlock())
    return then.statements ? compound("if (" + condition + ")", then) : void();
  Body otherwise = branch(op.elseBlock());
  if (!then.statements && !otherwise.statements)
    return;
  if (!then.statements)
    return compound("if (!(" + condition + "))", otherwise);
  if (!otherwise.statements)
    return compound("if (" + condition + ")", then);
  auto nested = op.elseBlock()->getOps<scf::IfOp>();
  if (otherwise.statements == 1 && targets.empty() && !nested.empty() && StringRef(otherwise.text).ltrim().starts_with("if (")) { // else if
    std::string chain;
    for (StringRef line : llvm::split(StringRef(otherwise.text).drop_back(), '\n'))
      chain += (line.size() > 2 ? line.drop_front(2) : line).str() + "\n";
    std::string pad(indent, ' ');
    size_t head = chain.find('\n');
    if (chain[head - 1] != '{' && StringRef(chain).split('\n').second.count('\n') == 1) // one statement: braces as the other branch
      chain = chain.substr(0, head) + " {" + chain.substr(head) + pad + "}\n";
    return raw(wrapStatement("if (" + condition + ") {", indent) + then.text + pad + "} else " + StringRef(chain).ltrim().str());
  }
  remark(op);
  bool braces = then.statements != 1 || !then.simple || otherwise.statements != 1 || !otherwise.simple;
  std::string pad(indent, ' ');
  raw(wrapStatement("if (" + condition + ")" + (braces ? " {" : ""), indent) + then.text + pad + (braces ? "} else {\n" : "else\n") +
      otherwise.text + (braces ? pad + "}\n" : ""));
}

void BodyPrinter::whileLoop(scf::WhileOp op) {
  Block &before = *op.getBeforeBody(), &after = *op.getAfterBody();
  auto condition = cast<scf::ConditionOp>(before.getTerminator());
  SmallVector<std::string> declarations, carried, forwarded;
  for (auto [i, arg] : llvm::enumerate(before.getArguments())) {
    std::string hint = "value";
    for (auto [j, v] : llvm::enumerate(condition.getArgs()))
      if (v == arg && !nameHint(after.getArgument(j)).empty())
        hint = nameHint(after.getArgument(j));
    carried.push_back(variable(arg, op.getInits()[i], hint, declarations));
  }
  // What the condition passes on is either a carried variable or gets one of its own.
  for (auto [arg, result, v] : llvm::zip(after.getArguments(), op.getResults(), condition.getArgs())) {
    if (auto carriedArg = dyn_cast<BlockArgument>(v); carriedArg && carriedArg.getOwner() == &before) {
      bindings[arg] = bindings[result] = Binding(bindings[v]);
      forwarded.push_back("");
      continue;
    }
    if (!uses.lookup(result) && !uses.lookup(arg)) {
      forwarded.push_back("");
      continue;
    }
    std::string hint = nameHint(result), type = valueType(result), name = names.fresh(hint.empty() ? "passed" : hint);
    bool pointer = StringRef(type).ends_with("*");
    declarations.push_back(type + (pointer ? "" : " ") + name + ";");
    bind(arg, name, type);
    bindings[arg].variable = true;
    bindings[result] = Binding(bindings[arg]);
    forwarded.push_back(name);
  }
  for (const std::string &d : declarations)
    statement(d, Kind::Declaration);
  std::string header = "for (;;)";
  Body inner = capture([&] {
    block(before);
    if (!ok)
      return;
    bool plain = body.statements == 0 && llvm::all_of(forwarded, [](const std::string &f) { return f.empty(); });
    Expr go = get(condition.getCondition());
    if (plain) {
      header = "while (" + go.text + ")";
    } else {
      assignAll(forwarded, condition.getArgs());
      Body stop = capture([&] { statement("break;"); });
      compound("if (!" + parenthesise(go, Unary) + ")", stop);
    }
    block(after);
    if (ok)
      assignAll(carried, cast<scf::YieldOp>(after.getTerminator()).getResults());
  });
  compound(header, inner, true);
}

} // namespace ingot::printer
