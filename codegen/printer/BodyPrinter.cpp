//===- BodyPrinter.cpp - values and statements ---------------------------------------------===//
#include "codegen/printer/BodyPrinter.h"
#include "dialects/support/BufferAlignment.h"
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
      statement((aligned ? "alignas(" + std::to_string(bufferAlignment) + ") " : "") + c + (pointer ? "" : " ") + name + dims + ";", Kind::Declaration);
      return bind(alloca, name, c + " *");
    }
    if (store(op))
      return;
    if (StringRef spelling = isaSpelling(op); !spelling.empty() && op->getNumResults() == 0) {
      if (auto prefetch = dyn_cast<isa_ir::PrefetchOp>(op))
        return statement((spelling + "_l" + std::to_string(prefetch.getLevel()) + "(" + text(prefetch.getBuffer()) + ", " +
                          text(prefetch.getOffset()) + ");").str());
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

} // namespace ingot::printer
