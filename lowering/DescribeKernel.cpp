//===- DescribeKernel.cpp ---------------------------------------------------------===//
#include "lowering/DescribeKernel.h"
#include "lowering/OutlineKernel.h"
#include "dialects/isa/Isa.h"
#include "dialects/kernel/Nest.h"
#include "dialects/support/LocationNames.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/CastInterfaces.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
namespace ingot {

SmallVector<std::string> provenanceOf(Operation *op) {
  llvm::SetVector<StringRef> names;
  op->walk<WalkOrder::PreOrder>([&](Operation *inner) {
    if (inner != op && !isa<kernel::LoopNestInterface>(inner))
      return WalkResult::skip();
    if (auto origin = inner->getAttrOfType<ArrayAttr>("origin"))
      for (auto s : origin.getAsRange<StringAttr>())
        names.insert(s.getValue());
    else
      names.insert_range(namesAt(inner->getLoc()));
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

/// Arithmetic operations that a scalar stands for.
static int64_t flopsOfScalar(Operation *op) {
  StringRef dialect = op->getName().getDialectNamespace();
  if ((dialect != "arith" && dialect != "math" && dialect != "isa") || op->getNumResults() != 1 ||
      isa<CastOpInterface, arith::ConstantOp, arith::CmpFOp, arith::CmpIOp, arith::SelectOp>(op) || op->getResult(0).getType().isIndex())
    return 0;
  return isa<math::FmaOp>(op) ? 2 : 1;
}

void forEachFlops(Operation *op, llvm::function_ref<void(Operation *, const DimExpr &)> visit) {
  if (auto fused = dyn_cast<kernel::FusedOp>(op))
    for (Operation &inner : fused.getBody().front())
      forEachFlops(&inner, visit);
  auto nest = dyn_cast<kernel::LoopNestInterface>(op);
  if (!nest)
    return;
  Dims all = nest.getDomain().exprs(), outer;
  for (auto [d, k] : llvm::zip(all, nest.iteratorTypes()))
    if (k == 'p')
      outer.push_back(d);
  auto visitScalars = [&](Region &region, const DimExpr &times) {
    region.walk([&](Operation *scalar) {
      if (int64_t flops = flopsOfScalar(scalar))
        visit(scalar, times * DimExpr(flops));
    });
  };
  if (Region *body = nest.bodyRegion())
    visitScalars(*body, product(all));
  else
    visit(op, product(all) * DimExpr(2));
  visitScalars(nest.getEpilogue(), product(outer));
}

DimExpr flopsOf(Operation *op) {
  DimExpr sum = 0;
  forEachFlops(op, [&](Operation *, const DimExpr &flops) { sum = sum + flops; });
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


//===----------------------------------------------------------------------===//
// Formulas
//===----------------------------------------------------------------------===//

namespace {
enum { Choice, Compare, Sum, Product, Primary };
/// Text, and how tightly it binds.
struct Term {
  std::string text;
  int binds = Primary;
  std::string at(int precedence) const { return binds < precedence ? "(" + text + ")" : text; }
};

/// "<"; nothing for what is no order of numbers.
StringRef signOf(arith::CmpIPredicate p) {
  using P = arith::CmpIPredicate;
  switch (p) {
  case P::eq: return "==";
  case P::ne: return "!=";
  case P::slt: case P::ult: return "<";
  case P::sle: case P::ule: return "<=";
  case P::sgt: case P::ugt: return ">";
  case P::sge: case P::uge: return ">=";
  }
  return "";
}
StringRef signOf(arith::CmpFPredicate p) {
  using P = arith::CmpFPredicate;
  switch (p) {
  case P::OEQ: return "==";
  case P::UNE: return "!=";
  case P::OLT: return "<";
  case P::OLE: return "<=";
  case P::OGT: return ">";
  case P::OGE: return ">=";
  default: return "";
  }
}

/// What the last operation of a reduction's body makes of all terms, or nothing.
StringRef reductionOf(Operation *last) {
  return llvm::TypeSwitch<Operation *, StringRef>(last)
      .Case<arith::AddFOp, arith::AddIOp, math::FmaOp>([](auto) { return "sum"; })
      .Case<arith::MaximumFOp, arith::MaxNumFOp, arith::MaxSIOp, arith::MaxUIOp>([](auto) { return "max"; })
      .Case<arith::MinimumFOp, arith::MinNumFOp, arith::MinSIOp, arith::MinUIOp>([](auto) { return "min"; })
      .Case<arith::MulFOp, arith::MulIOp>([](auto) { return "product"; })
      .Default([](auto) { return ""; });
}

/// One loop nest as formulas.
class Formula {
public:
  Formula(kernel::LoopNestInterface nest, llvm::function_ref<std::string(Value)> nameOf)
      : names(kernel::dimNames(nest)), nest(nest), nameOf(nameOf), symbols(nest.getSymbols().exprs()), reduces(nest.hasReduction()) {}

  SmallVector<std::string> lines();
  std::string window();
  std::string movement();
  void outside(SmallVectorImpl<std::string> &notes);
  const SmallVector<std::string> names; // of dimensions

private:
  std::string index(AffineExpr e, int precedence = Sum);
  std::string element(Value tensor, AffineMap map);
  Term value(Value v);
  Term result(unsigned r);
  std::string leaves(Region &region);
  Term scalar(Attribute a);

  kernel::LoopNestInterface nest;
  llvm::function_ref<std::string(Value)> nameOf;
  Dims symbols;
  bool reduces;
  DenseMap<Value, Term> known; // region arguments
  bool ok = true;
};

std::string Formula::index(AffineExpr e, int precedence) {
  if (auto d = dyn_cast<AffineDimExpr>(e))
    return names[d.getPosition()];
  if (auto c = dyn_cast<AffineConstantExpr>(e))
    return std::to_string(c.getValue());
  if (auto s = dyn_cast<AffineSymbolExpr>(e)) {
    std::string text = symbols[s.getPosition()].str();
    return llvm::all_of(text, [](char c) { return llvm::isAlnum(c) || c == '_'; }) ? text : "(" + text + ")";
  }
  auto bin = cast<AffineBinaryOpExpr>(e);
  std::string text;
  if (e.getKind() == AffineExprKind::Add) {
    std::string left = index(bin.getLHS(), Sum), right = index(bin.getRHS(), Sum);
    if (left == "0" || right == "0")
      return left == "0" ? right : left;
    if (StringRef(left).starts_with("-"))
      std::swap(left, right);
    text = StringRef(right).starts_with("-") ? left + " - " + right.substr(1) : left + " + " + right;
    return precedence > Sum ? "(" + text + ")" : text;
  }
  AffineExprKind kind = e.getKind();
  std::string left = index(bin.getLHS(), kind == AffineExprKind::Mul ? Primary : Product), right = index(bin.getRHS(), Primary);
  if (left == "0")
    return "0";
  if (kind == AffineExprKind::CeilDiv)
    return "ceil(" + left + " / " + right + ")";
  if (kind == AffineExprKind::Mul)
    text = right == "-1" ? "-" + left : right + "*" + left; // constants stand right
  else
    text = left + (kind == AffineExprKind::Mod ? " % " : " / ") + right;
  return precedence > Product && text[0] != '-' ? "(" + text + ")" : text;
}

std::string Formula::element(Value tensor, AffineMap map) {
  std::string text = nameOf(tensor);
  for (AffineExpr e : map.getResults())
    text += "[" + index(e) + "]";
  return text;
}

Term Formula::scalar(Attribute a) {
  if (auto f = dyn_cast<FloatAttr>(a)) {
    APFloat v = f.getValue();
    if (v.isInfinity())
      return {v.isNegative() ? "-inf" : "inf"};
    char text[32];
    snprintf(text, sizeof text, "%.6g", f.getValueAsDouble());
    return {text};
  }
  if (auto i = dyn_cast<IntegerAttr>(a))
    return {llvm::toString(i.getValue(), 10, !i.getType().isInteger(1))};
  ok = false;
  return {"?"};
}

/// The expression behind a value of a region. What has no short notation is left to the code.
Term Formula::value(Value v) {
  if (auto it = known.find(v); it != known.end())
    return it->second;
  Operation *op = v.getDefiningOp();
  if (!op || !ok)
    return ok = false, Term{"?"};
  auto x = [&](unsigned i) { return value(op->getOperand(i)); };
  auto infix = [&](StringRef sign, int binds) {
    Term a = x(0), b = x(1);
    // Sums and products of floats round, divisions of integers too: their order is told.
    bool ordered = sign != "+" || isa<FloatType>(getElementTypeOrSelf(v.getType()));
    return Term{(a.at(binds) + " " + sign + " " + b.at(binds + ordered)).str(), binds};
  };
  auto call = [&](StringRef function) {
    SmallVector<std::string> args;
    for (Value o : op->getOperands())
      args.push_back(value(o).text);
    return Term{(function + "(" + llvm::join(args, ", ") + ")").str()};
  };
  Attribute constant;
  if (matchPattern(v, m_Constant(&constant)))
    return scalar(constant);
  Term t = llvm::TypeSwitch<Operation *, Term>(op)
               .Case<arith::AddFOp, arith::AddIOp>([&](auto) { return infix("+", Sum); })
               .Case<arith::SubFOp, arith::SubIOp>([&](auto) { return infix("-", Sum); })
               .Case<arith::MulFOp, arith::MulIOp>([&](auto) { return infix("*", Product); })
               .Case<arith::DivFOp, arith::DivSIOp, arith::DivUIOp>([&](auto) { return infix("/", Product); })
               .Case<arith::MaximumFOp, arith::MaxNumFOp, arith::MaxSIOp, arith::MaxUIOp>([&](auto) { return call("max"); })
               .Case<arith::MinimumFOp, arith::MinNumFOp, arith::MinSIOp, arith::MinUIOp>([&](auto) { return call("min"); })
               .Case([&](arith::NegFOp) { return Term{"-" + x(0).at(Primary), Product}; })
               .Case([&](math::FmaOp) { return Term{x(0).at(Product) + " * " + x(1).at(Product) + " + " + x(2).at(Sum), Sum}; })
               .Case<arith::CmpIOp, arith::CmpFOp>([&](auto compare) {
                 StringRef sign = signOf(compare.getPredicate());
                 ok &= !sign.empty();
                 return Term{(x(0).at(Sum) + " " + sign + " " + x(1).at(Sum)).str(), Compare};
               })
               .Case([&](arith::SelectOp) { return Term{x(0).at(Compare) + " ? " + x(1).at(Compare) + " : " + x(2).at(Choice), Choice}; })
               .Case<math::RoundEvenOp>([&](auto) { return call("round"); })
               .Case([&](kernel::IndexOp i) { return Term{names[i.getDim()]}; })
               .Case([&](kernel::DimOp d) { return Term{d.getExpr().str(), Sum}; })
               .Case([&](kernel::ReadOp read) {
                 std::string text = value(read.getTable()).text;
                 for (Value i : read.getIndices())
                   text += "[" + value(i).text + "]";
                 return Term{text};
               })
               .Default([&](Operation *other) {
                 if (isa<CastOpInterface>(other) && !isa<arith::FPToSIOp, arith::FPToUIOp>(other))
                   return x(0);
                 StringRef dialect = other->getName().getDialectNamespace();
                 if (dialect == "math" || dialect == "isa")
                   return call(other->getName().stripDialect());
                 ok = false;
                 return Term{"?"};
               });
  ok &= t.text.size() <= 140;
  return t;
}

/// What a region reads: "x[i], bias[n]".
std::string Formula::leaves(Region &region) {
  llvm::SetVector<StringRef> seen;
  region.walk([&](Operation *op) {
    for (Value v : op->getOperands())
      if (auto it = known.find(v); it != known.end() && !it->second.text.empty())
        seen.insert(it->second.text);
  });
  return llvm::join(seen, ", ");
}

Term Formula::result(unsigned r) {
  Region *body = nest.bodyRegion();
  unsigned ins = nest.getIns().size(), tables = nest.getTables().size();
  auto bindArguments = [&](Region &region, ArrayRef<Term> accumulators) {
    Block &block = region.front();
    for (unsigned i = 0; i < ins; ++i)
      known[block.getArgument(i)] = {element(nest.getIns()[i], nest.insMap(i))};
    for (unsigned i = 0; i < tables; ++i)
      known[block.getArgument(ins + i)] = {nameOf(nest.getTables()[i])};
    for (auto [i, t] : llvm::enumerate(accumulators))
      known[block.getArgument(ins + tables + i)] = t;
  };
  auto yielded = [&](Region &region, unsigned i) {
    ok = true;
    Term t = value(region.front().getTerminator()->getOperand(i));
    return ok ? t : Term{"f(" + leaves(region) + ")"};
  };
  if (!reduces)
    return bindArguments(*body, {}), yielded(*body, r);

  SmallVector<Term> sums;
  SmallVector<std::string> over;
  for (auto [name, kind] : llvm::zip(names, nest.iteratorTypes()))
    if (kind == 'r' && name != "0")
      over.push_back(name);
  std::string suffix = over.empty() ? "" : " over " + llvm::join(over, ", ");
  for (unsigned i = 0; i < nest->getNumResults(); ++i) {
    if (!body) {
      sums.push_back({"sum" + suffix + " of " + element(nest.getIns()[0], nest.insMap(0)) + " * " + element(nest.getIns()[1], nest.insMap(1)), Sum});
      continue;
    }
    bindArguments(*body, SmallVector<Term>(nest->getNumResults(), Term{""}));
    Value acc = body->front().getArgument(ins + tables + i);
    Operation *last = body->front().getTerminator()->getOperand(i).getDefiningOp();
    StringRef how = last ? reductionOf(last) : "";
    Term term;
    ok = !how.empty();
    if (ok && isa<math::FmaOp>(last)) {
      ok = last->getOperand(2) == acc;
      term = {ok ? value(last->getOperand(0)).at(Product) + " * " + value(last->getOperand(1)).at(Product) : "", Product};
    } else if (ok) {
      unsigned at = last->getOperand(0) == acc ? 0 : 1;
      ok = last->getOperand(at) == acc;
      term = ok ? value(last->getOperand(1 - at)) : Term();
    }
    sums.push_back(ok ? Term{(how + suffix + " of " + term.at(Product)).str(), Sum} : Term{"fold" + suffix + " of (" + leaves(*body) + ")", Sum});
  }
  Region &epilogue = nest.getEpilogue();
  if (epilogue.empty())
    return sums[r];
  for (Term &t : sums)
    if (t.binds < Primary)
      t = {"(" + t.text + ")"};
  bindArguments(epilogue, sums);
  return yielded(epilogue, r);
}

SmallVector<std::string> Formula::lines() {
  SmallVector<std::string> out;
  for (unsigned r = 0; r < nest->getNumResults(); ++r) {
    std::string target = element(nest->getResult(r), nest.resultMap(r));
    out.push_back(target + " = " + result(r).text);
  }
  return out;
}

/// "window 7 x 7, stride 2, dilation 1, padding 3" of the input that is read through one.
std::string Formula::window() {
  Dims sizes = nest.getDomain().exprs();
  std::string kinds = nest.iteratorTypes();
  for (unsigned i = 0; i < nest.getIns().size(); ++i) {
    SmallVector<std::string> size, stride, dilation, padding;
    for (AffineExpr e : nest.insMap(i).getResults()) {
      auto linear = kernel::LinearIndex::of(e, kinds.size(), symbols);
      if (!linear)
        continue;
      std::optional<unsigned> at, in;
      for (unsigned d = 0; d < kinds.size(); ++d)
        if (e.isFunctionOfDim(d))
          (kinds[d] == 'r' ? in : at) = d;
      if (!at || !in)
        continue;
      size.push_back(sizes[*in].str());
      stride.push_back(linear->coeffs[*at].str());
      dilation.push_back(linear->coeffs[*in].str());
      padding.push_back((DimExpr(0) - linear->constant).str());
    }
    if (size.empty())
      continue;
    auto join = [](ArrayRef<std::string> all) { return llvm::all_equal(all) ? all[0] : llvm::join(all, " x "); };
    std::string name = nameOf(nest.getIns()[i]);
    return "window " + llvm::join(size, " x ") + " of " + name + ", stride " + join(stride) + ", dilation " + join(dilation) + ", padding " +
           join(padding);
  }
  return "";
}

/// "a copy of x with its dimensions in the order 0, 2, 3, 1 and a border": what moves all elements of a tensor and does no more, in words.
/// A part, a step or a repetition has no words; the formula says what it is.
std::string Formula::movement() {
  auto generic = dyn_cast<kernel::GenericOp>(nest.getOperation());
  std::optional<unsigned> moved = generic && !reduces && generic.getNumResults() == 1 ? kernel::movedIn(generic) : std::nullopt;
  if (!moved)
    return "";
  Value source = nest.getIns()[*moved];
  ArrayRef<AffineExpr> to = nest.resultMap(0).getResults(), from = nest.insMap(*moved).getResults();
  Dims domain = nest.getDomain().exprs(), sizes = nn::dimsOf(source), written = nn::dimsOf(nest->getResult(0));
  if (from.size() != to.size())
    return "";
  // The dimension of the source that each one of the result runs over; what runs over nothing is matched in order.
  SmallVector<int64_t> order;
  for (AffineExpr t : to) {
    auto d = dyn_cast<AffineDimExpr>(t);
    auto it = d ? llvm::find_if(from, [&](AffineExpr f) { return f.isFunctionOfDim(d.getPosition()); }) : from.end();
    order.push_back(it == from.end() ? -1 : it - from.begin());
  }
  for (int64_t &at : order)
    for (int64_t j = 0; at < 0 && j < int64_t(from.size()); ++j)
      if (!llvm::is_contained(order, j))
        at = j;
  for (int64_t j = 0; j < int64_t(from.size()); ++j)
    if (!llvm::is_contained(order, j)) // not one for one
      return "";
  bool hasBorder = false;
  for (unsigned k = 0; k < to.size(); ++k) {
    auto d = dyn_cast<AffineDimExpr>(to[k]);
    auto read = kernel::LinearIndex::of(from[order[k]], domain.size(), symbols);
    DimExpr points = d ? domain[d.getPosition()] : DimExpr(1);
    if (!read || written[k] != points || (!d && to[k] != getAffineConstantExpr(0, to[k].getContext())))
      return "";
    bool follows = d && read->coeffs[d.getPosition()].isConstant(1);
    for (unsigned i = 0; i < read->coeffs.size(); ++i)
      if (!read->coeffs[i].isConstant(follows && i == d.getPosition() ? 1 : 0))
        return "";
    DimExpr before = DimExpr(0) - read->constant, behind = points + read->constant - sizes[order[k]];
    if ((!follows && !points.isConstant(1)) || !before.isNonNegative() || !behind.isNonNegative())
      return "";
    hasBorder |= !before.isConstant(0) || !behind.isConstant(0);
  }
  if (hasBorder && !nest.paddingOf(*moved))
    return "";
  std::string text;
  if (!llvm::is_sorted(order))
    text = " with its dimensions in the order " + llvm::join(llvm::map_range(order, [](int64_t d) { return std::to_string(d); }), ", ");
  if (hasBorder)
    text += text.empty() ? " with a border" : " and a border";
  return text.empty() ? "" : "a copy of " + nameOf(source) + text;
}

/// "outside its bounds x is 0": what the formulas find there.
void Formula::outside(SmallVectorImpl<std::string> &notes) {
  for (unsigned i = 0; i < nest.getIns().size(); ++i)
    if (TypedAttr value = nest.paddingOf(i)) {
      std::string note = "outside its bounds " + nameOf(nest.getIns()[i]) + " is " + scalar(value).text;
      if (!llvm::is_contained(notes, note))
        notes.push_back(note);
    }
}
} // namespace

SmallVector<std::string> explainKernel(Operation *op, llvm::function_ref<std::string(Value)> nameOf) {
  SmallVector<kernel::LoopNestInterface> nests;
  if (auto nest = dyn_cast<kernel::LoopNestInterface>(op))
    nests.push_back(nest);
  else
    op->walk([&](kernel::LoopNestInterface nest) { nests.push_back(nest); });
  SmallVector<std::string> lines, windows, notes;
  std::vector<std::pair<std::string, std::vector<std::string>>> bounds; // size, its dimensions
  for (kernel::LoopNestInterface nest : nests) {
    Formula formula(nest, nameOf);
    llvm::append_range(lines, formula.lines());
    for (const std::string &w : {formula.movement(), formula.window()})
      if (!w.empty())
        windows.push_back(w);
    formula.outside(notes);
    for (auto [name, size] : llvm::zip(formula.names, nest.getDomain().exprs())) {
      if (name == "0")
        continue;
      auto it = llvm::find_if(bounds, [&](auto &b) { return b.first == size.str(); });
      if (it == bounds.end())
        it = bounds.insert(bounds.end(), {size.str(), {}});
      if (!llvm::is_contained(it->second, name))
        it->second.push_back(name);
    }
  }
  SmallVector<std::string> parts = llvm::map_to_vector(bounds, [](auto &b) { return llvm::join(b.second, ", ") + " < " + b.first; });
  if (!parts.empty())
    lines.push_back(llvm::join(parts, "; "));
  llvm::append_range(lines, windows);
  llvm::append_range(lines, notes);
  return lines;
}

/// What an epilogue makes of a sum: its mean, or a factor to scale by.
static StringRef epilogueName(kernel::LoopNestInterface nest, unsigned r) {
  Region &epilogue = nest.getEpilogue();
  if (!nest.hasReduction() || epilogue.empty())
    return "";
  Operation *last = epilogue.front().getTerminator()->getOperand(r).getDefiningOp();
  if (isa_and_nonnull<math::RsqrtOp>(last))
    return "scale";
  auto quotient = dyn_cast_or_null<arith::DivFOp>(last);
  if (!quotient)
    return "";
  if (matchPattern(quotient.getLhs(), m_OneFloat()))
    return "scale";
  auto sum = dyn_cast<BlockArgument>(quotient.getLhs());
  return sum && sum.getArgNumber() + nest->getNumResults() >= epilogue.front().getNumArguments() ? "mean" : "";
}

void nameIntermediates(kernel::FusedOp op) {
  Block &block = op.getBody().front();
  llvm::StringMap<unsigned> count;
  for (Operation &inner : block.without_terminator()) {
    auto nest = cast<kernel::LoopNestInterface>(inner);
    Region *body = nest.bodyRegion();
    SmallVector<Attribute> names;
    for (unsigned r = 0; r < nest->getNumResults(); ++r) {
      Operation *last = nest.hasReduction() && body ? body->front().getTerminator()->getOperand(r).getDefiningOp() : nullptr;
      std::string name = !nest.hasReduction() ? "value" : (!last ? "sum" : reductionOf(last)).str();
      if (auto how = epilogueName(nest, r); !how.empty())
        name = how;
      else if (name.empty())
        name = "value";
      else if (name == "max" || name == "min")
        name = name == "max" ? "largest" : "smallest";
      if (unsigned n = ++count[name]; n > 1)
        name += std::to_string(n);
      names.push_back(StringAttr::get(op.getContext(), name));
    }
    inner.setAttr("names", ArrayAttr::get(op.getContext(), names));
  }
}

} // namespace ingot
