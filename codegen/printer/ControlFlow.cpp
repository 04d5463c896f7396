//===- ControlFlow.cpp - scf.for, scf.if and scf.while as statements -----------------------===//
#include "codegen/printer/BodyPrinter.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
namespace ingot::printer {

bool runsOnce(scf::ForOp loop) {
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
