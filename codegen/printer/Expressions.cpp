//===- Expressions.cpp - operations that become C++ expressions ------------------------------===//
#include "codegen/printer/BodyPrinter.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
namespace ingot::printer {

template <class... Ops> static StringRef spellingAmong(Operation *op) {
  StringRef result;
  ((isa<Ops>(op) ? void(result = Ops::spelling) : void()), ...);
  return result;
}
StringRef isaSpelling(Operation *op) {
  using namespace isa_ir;
  return spellingAmong<
#define GET_OP_LIST
#include "dialects/isa/IsaOps.cpp.inc"
      >(op);
}

static bool isVector(Type t) { return isa<VectorType>(t); }
static Type elementOf(Type t) { return getElementTypeOrSelf(t); }

//===----------------------------------------------------------------------===//
// Building
//===----------------------------------------------------------------------===//

Expr BodyPrinter::constant(TypedAttr value) {
  Expr e;
  e.type = cType(value.getType());
  if (auto f = dyn_cast<FloatAttr>(value)) {
    e.text = floatLiteral(f.getValue(), cast<FloatType>(f.getType()));
  } else if (auto i = dyn_cast<IntegerAttr>(value)) {
    llvm::APInt v = i.getValue();
    e.text = intLiteral(v, true);
    e.literal = v.getBitWidth() > 1;
  } else if (auto dense = dyn_cast<DenseElementsAttr>(value)) {
    Type element = dense.getElementType();
    auto one = [&](Attribute a) { return constant(::mlir::cast<TypedAttr>(a)); };
    if (dense.isSplat()) {
      Expr x = one(dense.getSplatValue<Attribute>());
      bool zero = isa<FloatType>(element) ? dense.getSplatValue<APFloat>().isPosZero() : dense.getSplatValue<APInt>().isZero();
      e.text = zero && !element.isInteger(1) ? e.type + "{}" : "broadcast<" + e.type + ">(" + x.text + ")";
      return e;
    }
    e.text = e.type + "{";
    for (auto [i, a] : llvm::enumerate(dense.getValues<Attribute>()))
      e.text += (i ? ", " : "") + one(a).text;
    e.text += "}";
    return e;
  } else {
    e.text = "0";
    ok = false;
    emitError(function->getLoc()) << "constant " << value << " cannot be printed as C++";
  }
  if (e.text[0] == '-')
    e.precedence = Unary;
  return e;
}

Expr BodyPrinter::binary(StringRef op, int precedence, Expr a, Expr b, StringRef type) {
  // x + -1 is x - 1.
  if (op == "+" && b.literal && b.text[0] == '-')
    op = "-", b.text = b.text.substr(1), b.precedence = Primary;
  // x * 2 * 229 is x * 458.
  int64_t first, second, both;
  if (op == "*" && type == "int64_t" && a.op == "*" && b.literal && !StringRef(a.right).getAsInteger(10, first) &&
      !StringRef(b.text).getAsInteger(10, second) && !llvm::MulOverflow(first, second, both)) {
    Expr rest{a.left, a.leftPrecedence, a.type, false, a.reads};
    rest.divides = a.leftDivides;
    return binary("*", Product, rest, Expr{std::to_string(both), Primary, a.type, true}, type);
  }
  Expr e;
  e.op = op.str();
  e.left = a.text;
  e.leftPrecedence = a.precedence;
  e.leftDivides = a.divides;
  e.right = b.text;
  int left = precedence, right = precedence + 1;
  bool logical = precedence == LogicalAnd || precedence == LogicalOr;
  if (precedence == Equality || precedence == Relation)
    left = right = Shift; // no chains of comparisons
  else if (logical || precedence <= Shift) {
    // Compilers warn where only the table of precedences tells how these nest.
    left = right = logical ? Equality : Unary;
    if (a.op == op)
      left = precedence;
    if (b.op == op && logical)
      right = precedence;
  } else if (type == "int64_t" && a.type == type && b.type == type && b.op == op && (op == "+" || op == "*") && !b.divides) {
    right = precedence; // integer sums and products need no order
  }
  e.text = (parenthesise(a, left) + " " + op + " " + parenthesise(b, right)).str();
  e.precedence = precedence;
  auto isOpen = [&](const Expr &operand, int needed) { return operand.divides && operand.precedence >= needed; };
  e.divides = precedence == Product && (op == "/" || op == "%" || isOpen(a, left) || isOpen(b, right));
  e.type = type.str();
  e.reads = a.reads || b.reads;
  return e;
}

Expr BodyPrinter::call(StringRef function, ArrayRef<Expr> args, StringRef type) {
  Expr e;
  e.text = function.str() + "(";
  for (auto [i, a] : llvm::enumerate(args)) {
    e.text += (i ? ", " : "") + a.text;
    e.reads |= a.reads;
  }
  e.text += ")";
  e.type = type.str();
  return e;
}

static bool isIntName(StringRef type) { return type.ends_with("_t"); }

Expr BodyPrinter::cast(Expr e, StringRef type) {
  if (e.type == type || type.empty() || e.type.empty())
    return e;
  if (e.literal) {
    // The same bits under another sign.
    int64_t v;
    if (type.starts_with("uint") && !StringRef(e.text).getAsInteger(10, v) && v < 0) {
      unsigned bits = 64;
      type.drop_front(4).split('_').first.getAsInteger(10, bits);
      e.text = intLiteral(APInt(64, uint64_t(v)).trunc(bits), false) + "u";
    } else if (!isIntName(type)) {
      return call(type, e, type);
    }
    e.type = type.str();
    return e;
  }
  StringRef last = type.rtrim("0123456789");
  bool vectors = type.contains('x') && !type.ends_with("_t") && !type.ends_with("*") && last.ends_with("x");
  if (type.ends_with("*"))
    return call(("reinterpret_cast<" + type + ">").str(), e, type);
  return call(vectors ? ("bitcast<" + type + ">").str() : type.str(), e, type);
}

/// The unsigned type of the same bits.
static std::string unsignedOf(Type t) { return cType(t, true); }

//===----------------------------------------------------------------------===//
// arith
//===----------------------------------------------------------------------===//

Expr BodyPrinter::compare(arith::CmpFOp op) {
  using P = arith::CmpFPredicate;
  std::string type = cType(op.getType());
  Value x = op.getLhs(), y = op.getRhs();
  bool vec = isVector(x.getType());
  auto simple = [&](StringRef symbol, StringRef function) {
    if (vec)
      return call(function, {get(x), get(y)}, type);
    return binary(symbol, symbol == "==" || symbol == "!=" ? Equality : Relation, get(x), get(y), type);
  };
  auto inverse = [&](StringRef symbol, StringRef function) {
    Expr e = simple(symbol, function);
    if (vec)
      return call("mask_not", e, type);
    Expr r;
    r.text = "!" + parenthesise(e, Primary);
    r.precedence = Unary;
    r.type = type;
    r.reads = e.reads;
    return r;
  };
  auto unordered = [&] {
    return x == y ? call("is_nan", get(x), type) : call("unordered", {get(x), get(y)}, type);
  };
  switch (op.getPredicate()) {
  case P::OEQ: return simple("==", "eq");
  case P::UNE: return simple("!=", "ne");
  case P::OLT: return simple("<", "lt");
  case P::OLE: return simple("<=", "le");
  case P::OGT: return simple(">", "gt");
  case P::OGE: return simple(">=", "ge");
  case P::UGE: return inverse("<", "lt");
  case P::UGT: return inverse("<=", "le");
  case P::ULE: return inverse(">", "gt");
  case P::ULT: return inverse(">=", "ge");
  case P::UNO: return unordered();
  case P::ORD: {
    Expr e = unordered();
    if (vec)
      return call("mask_not", e, type);
    e.text = "!" + e.text;
    e.precedence = Unary;
    return e;
  }
  case P::ONE:
  case P::UEQ: {
    Expr a = get(x), b = get(y);
    Expr less = vec ? call("lt", {a, b}, type) : binary("<", Relation, a, b, type);
    Expr more = vec ? call("gt", {a, b}, type) : binary(">", Relation, a, b, type);
    Expr e = vec ? call("mask_or", {less, more}, type) : binary("||", LogicalOr, less, more, type);
    if (op.getPredicate() == P::UEQ) {
      if (vec)
        return call("mask_not", e, type);
      e.text = "!(" + e.text + ")";
      e.precedence = Unary;
      e.op = "";
    }
    return e;
  }
  default:
    return call("bool", Expr{op.getPredicate() == P::AlwaysTrue ? "true" : "false", Primary, "bool"}, type);
  }
}

Expr BodyPrinter::compare(arith::CmpIOp op) {
  using P = arith::CmpIPredicate;
  static const char *const symbols[] = {"==", "!=", "<", "<=", ">", ">=", "<", "<=", ">", ">="};
  static const char *const functions[] = {"eq", "ne", "lt", "le", "gt", "ge", "lt", "le", "gt", "ge"};
  bool noSign = op.getPredicate() >= P::ult;
  int p = int(op.getPredicate());
  std::string type = cType(op.getLhs().getType(), noSign && !elementOf(op.getLhs().getType()).isInteger(1));
  if (op.getLhs().getType().isInteger(1))
    type = "bool";
  if (noSign && op.getLhs().getType().isIndex())
    type = "uint64_t"; // one comparison for both bounds: a negative index is a huge one
  if (isVector(op.getLhs().getType()))
    return call(functions[p], {as(op.getLhs(), type), as(op.getRhs(), type)}, cType(op.getType()));
  Expr a = as(op.getLhs(), type), b = as(op.getRhs(), type);
  return binary(symbols[p], p < 2 ? Equality : Relation, a, b, "bool");
}

std::optional<Expr> BodyPrinter::arithmetic(Operation *op) {
  Type t = op->getResult(0).getType(), e = elementOf(t);
  std::string type = cType(t);
  bool index = t.isIndex(), boolean = e.isInteger(1), vec = isVector(t);
  auto x = [&](unsigned i) { return as(op->getOperand(i), cType(op->getOperand(i).getType())); };
  auto helper = [&](StringRef name) {
    SmallVector<Expr> args;
    for (Value v : op->getOperands())
      args.push_back(typed(v, cType(v.getType())));
    return call(name, args, type);
  };
  auto helperUnsigned = [&](StringRef name) {
    SmallVector<Expr> args;
    std::string u = unsignedOf(t);
    for (Value v : op->getOperands())
      args.push_back(typed(v, u));
    return call(name, args, u);
  };
  auto indexHelper = [&](StringRef name) {
    // max(max(x, 0), 0)
    auto inner = op->getOperand(0).getDefiningOp();
    bool idempotent = isa<arith::MaxSIOp, arith::MinSIOp>(op);
    if (idempotent && inner && inner->getName() == op->getName() && matchPattern(op->getOperand(1), m_Constant()) &&
        getConstantIntValue(inner->getOperand(1)) == getConstantIntValue(op->getOperand(1)))
      return x(0);
    return call(name, {x(0), x(1)}, type);
  };
  auto infix = [&](StringRef symbol, int precedence) { return binary(symbol, precedence, x(0), x(1), type); };
  auto nsw = [&] {
    auto flags = op->getAttrOfType<arith::IntegerOverflowFlagsAttr>("overflowFlags");
    return flags && arith::bitEnumContainsAny(flags.getValue(), arith::IntegerOverflowFlags::nsw);
  };
  bool smallFloat = isa<FloatType>(e) && !smallFloatName(e).empty();
  if (smallFloat && !isa<arith::SelectOp, arith::ConstantOp, arith::BitcastOp>(op))
    return std::nullopt; // storage types have no arithmetic
  return llvm::TypeSwitch<Operation *, std::optional<Expr>>(op)
      .Case([&](arith::AddFOp) { return infix("+", Sum); })
      .Case([&](arith::SubFOp) { return infix("-", Sum); })
      .Case([&](arith::MulFOp) { return infix("*", Product); })
      .Case([&](arith::DivFOp) { return infix("/", Product); })
      .Case([&](arith::RemFOp) { return helper("fmod"); })
      .Case([&](arith::NegFOp) {
        Expr v = x(0), r;
        r.text = "-" + parenthesise(v, Primary);
        r.precedence = Unary;
        r.type = type;
        r.reads = v.reads;
        return r;
      })
      .Case([&](arith::AddIOp) { return boolean ? infix("!=", Equality) : index || (nsw() && !vec) ? infix("+", Sum) : helper("add"); })
      .Case([&](arith::SubIOp) { return boolean ? infix("!=", Equality) : index || (nsw() && !vec) ? infix("-", Sum) : helper("sub"); })
      .Case([&](arith::MulIOp) { return boolean ? infix("&&", LogicalAnd) : index || (nsw() && !vec) ? infix("*", Product) : helper("mul"); })
      .Case<arith::DivSIOp>([&](auto) { return !index ? helper("divide") : x(1).literal ? infix("/", Product) : indexHelper("ingot_div"); })
      .Case<arith::RemSIOp>([&](auto) { return !index ? helper("remainder") : x(1).literal ? infix("%", Product) : indexHelper("ingot_rem"); })
      .Case<arith::DivUIOp>([&](auto) { return !index ? helperUnsigned("divide") : x(1).literal ? infix("/", Product) : indexHelper("ingot_div"); })
      .Case<arith::RemUIOp>([&](auto) { return !index ? helperUnsigned("remainder") : x(1).literal ? infix("%", Product) : indexHelper("ingot_rem"); })
      .Case<arith::FloorDivSIOp>([&](auto) { return index ? indexHelper("ingot_floordiv") : helper("floordiv"); })
      .Case<arith::CeilDivSIOp>([&](auto) { return index ? indexHelper("ingot_ceildiv") : helper("ceildiv"); })
      .Case<arith::CeilDivUIOp>([&](auto) { return index ? indexHelper("ingot_ceildiv") : helperUnsigned("ceildiv"); })
      .Case<arith::MaxSIOp>([&](auto) { return boolean ? infix("&&", LogicalAnd) : index ? indexHelper("ingot_max") : helper("max"); })
      .Case<arith::MinSIOp>([&](auto) { return boolean ? infix("||", LogicalOr) : index ? indexHelper("ingot_min") : helper("min"); })
      .Case<arith::MaxUIOp>([&](auto) { return boolean ? infix("||", LogicalOr) : index ? indexHelper("ingot_max") : helperUnsigned("max"); })
      .Case<arith::MinUIOp>([&](auto) { return boolean ? infix("&&", LogicalAnd) : index ? indexHelper("ingot_min") : helperUnsigned("min"); })
      .Case<arith::MaximumFOp>([&](auto) { return helper("maximum"); })
      .Case<arith::MinimumFOp>([&](auto) { return helper("minimum"); })
      .Case<arith::MaxNumFOp>([&](auto) { return helper("maxnum"); })
      .Case<arith::MinNumFOp>([&](auto) { return helper("minnum"); })
      .Case<arith::AndIOp>([&](auto) { return !boolean ? infix("&", BitAnd) : vec ? helper("mask_and") : infix("&&", LogicalAnd); })
      .Case<arith::OrIOp>([&](auto) { return !boolean ? infix("|", BitOr) : vec ? helper("mask_or") : infix("||", LogicalOr); })
      .Case<arith::XOrIOp>([&](auto) {
        APInt c;
        if (matchPattern(op->getOperand(1), m_ConstantInt(&c)) && c.isAllOnes()) {
          Expr v = x(0), r;
          if (boolean && vec)
            return call("mask_not", v, type);
          r.text = (boolean ? "!" : "~") + parenthesise(v, Unary);
          r.precedence = Unary;
          r.type = type;
          r.reads = v.reads;
          return r;
        }
        return !boolean ? infix("^", BitXor) : vec ? helper("mask_xor") : infix("!=", Equality);
      })
      .Case<arith::ShLIOp>([&](auto) {
        return index ? infix("<<", Shift) : call("shl", {typed(op->getOperand(0), type), vec ? x(1) : get(op->getOperand(1))}, type);
      })
      .Case<arith::ShRSIOp>([&](auto) {
        return index ? infix(">>", Shift) : call("shr", {typed(op->getOperand(0), type), vec ? x(1) : get(op->getOperand(1))}, type);
      })
      .Case<arith::ShRUIOp>([&](auto) {
        std::string u = unsignedOf(t);
        return call("shr", {typed(op->getOperand(0), u), vec ? as(op->getOperand(1), u) : get(op->getOperand(1))}, u);
      })
      .Case([&](arith::CmpFOp c) { return compare(c); })
      .Case([&](arith::CmpIOp c) { return compare(c); })
      .Case([&](arith::SelectOp s) {
        if (isVector(s.getCondition().getType()))
          return call("select", {get(s.getCondition()), x(1), x(2)}, type);
        Expr c = get(s.getCondition()), a = x(1), b = x(2), r;
        if (isa<IntegerType>(s.getType()) && s.getType().getIntOrFloatBitWidth() < 32) // a literal is an int, which would be the whole's type
          for (Expr *side : {&a, &b})
            if (side->literal)
              *side = call(type, *side, type);
        r.text = parenthesise(c, LogicalOr) + " ? " + parenthesise(a, LogicalOr) + " : " + parenthesise(b, Ternary);
        r.precedence = Ternary;
        r.type = type;
        r.reads = c.reads || a.reads || b.reads;
        return r;
      })
      .Default([](auto) { return std::optional<Expr>(); });
}

//===----------------------------------------------------------------------===//
// Conversions
//===----------------------------------------------------------------------===//

std::optional<Expr> BodyPrinter::conversion(Operation *op) {
  if (op->getNumOperands() != 1 || op->getNumResults() != 1)
    return std::nullopt;
  Value x = op->getOperand(0);
  Type from = x.getType(), to = op->getResult(0).getType(), f = elementOf(from), t = elementOf(to);
  std::string type = cType(to);
  bool vec = isVector(to);
  // "i32", "f64": the suffix of the header's conversions.
  auto suffix = [&](Type e, bool noSign) {
    return (isa<FloatType>(e) ? "f" : noSign ? "u" : "i") + std::to_string(e.isIndex() ? 64 : e.getIntOrFloatBitWidth());
  };
  auto convert = [&](Expr e, bool noSign = false) {
    std::string target = cType(to, noSign);
    if (vec)
      return call("to_" + suffix(t, noSign), e, target);
    return e.literal || e.type != target ? call(target, e, target) : e;
  };
  if (isa<arith::ExtFOp, arith::TruncFOp>(op)) {
    std::string small = smallFloatName(isa<arith::ExtFOp>(op) ? f : t);
    if (isa<arith::ExtFOp>(op)) {
      if (small.empty())
        return convert(get(x));
      Expr e = call(small + "_to_f32", get(x), vec ? "f32x" + std::to_string(::mlir::cast<VectorType>(to).getNumElements()) : "float");
      return t.isF64() ? call(vec ? "to_f64" : "double", e, type) : e;
    }
    if (small.empty())
      return convert(get(x));
    SmallVector<Expr> args = {get(x)};
    if (std::string stored = smallFloatName(f); !stored.empty()) // widening to f32 is exact
      args[0] = call(stored + "_to_f32", args[0], vec ? "f32x" + std::to_string(::mlir::cast<VectorType>(to).getNumElements()) : "float");
    bool direct = t.isF16() || t.isBF16();
    std::string source = "f32";
    if (f.isF64() && direct)
      source = "f64";
    else if (f.isF64())
      args[0] = call("f64_to_f32_odd", args[0], "float");
    auto saturate = op->getAttrOfType<BoolAttr>("saturate");
    bool e8m0 = small == "f8e8m0fnu", tiny = packedBits(t);
    auto rounding = op->getAttrOfType<arith::RoundingModeAttr>("roundingmode");
    bool named = e8m0 && rounding && rounding.getValue() != arith::RoundingMode::upward;
    if (!direct && !tiny && ((saturate && !saturate.getValue()) || named))
      args.push_back(Expr{saturate && !saturate.getValue() ? "false" : "true", Primary, "bool"});
    if (named)
      args.push_back(Expr{rounding.getValue() == arith::RoundingMode::downward ? "e8m0_round::down" : "e8m0_round::nearest"});
    return call(source + "_to_" + small, args, type);
  }
  if (isa<arith::ExtSIOp>(op)) {
    if (f.isInteger(1) && !vec) {
      Expr e = call(type, get(x), type);
      e.text = "-" + e.text;
      e.precedence = Unary;
      return e;
    }
    if (f.isInteger(1))
      return call("select", {get(x), Expr{"broadcast<" + type + ">(-1)"}, Expr{type + "{}"}}, type);
    return convert(as(x, packedBits(f) ? "int8_t" : cType(from)));
  }
  if (isa<arith::ExtUIOp>(op)) {
    if (f.isInteger(1) && vec)
      return call("select", {get(x), Expr{"broadcast<" + type + ">(1)"}, Expr{type + "{}"}}, type);
    return convert(f.isInteger(1) ? get(x) : as(x, packedBits(f) ? "uint8_t" : cType(from, true)));
  }
  if (isa<arith::TruncIOp>(op)) {
    if (t.isInteger(1) && !vec) {
      Expr e = get(x);
      e = binary("&", BitAnd, e, Expr{"1", Primary, e.type}, e.type);
      return binary("!=", Equality, e, Expr{"0"}, "bool");
    }
    if (t.isInteger(1))
      return std::nullopt;
    return convert(as(x, cType(from)));
  }
  if (isa<arith::IndexCastOp>(op))
    return convert(as(x, cType(from)));
  if (isa<arith::IndexCastUIOp>(op))
    return convert(f.isInteger(1) ? get(x) : as(x, cType(from, true)));
  if (isa<arith::SIToFPOp, arith::UIToFPOp>(op)) {
    Expr integer = isa<arith::SIToFPOp>(op) ? as(x, cType(from)) : f.isInteger(1) ? get(x) : as(x, cType(from, true));
    if (!vec && (t.isF16() || t.isBF16())) // stored as bits: through a type that C++ has, rounding once
      return call("f64_to_" + smallFloatName(t), call("double", integer, "double"), type);
    return convert(integer);
  }
  if (isa<arith::FPToSIOp, arith::FPToUIOp>(op)) {
    bool noSign = isa<arith::FPToUIOp>(op);
    if (!vec && (f.isF16() || f.isBF16()))
      return call("to_" + suffix(t, noSign), call(smallFloatName(f) + "_to_f32", get(x), "float"), cType(to, noSign));
    return call("to_" + suffix(t, noSign), typed(x, cType(from)), cType(to, noSign));
  }
  if (isa<arith::BitcastOp>(op)) {
    Expr e = as(x, cType(from));
    return e.type == type ? e : call("bitcast<" + type + ">", typed(x, cType(from)), type);
  }
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// math and isa
//===----------------------------------------------------------------------===//

std::optional<Expr> BodyPrinter::mathFunction(Operation *op) {
  StringRef name = op->getName().getStringRef();
  std::string function;
  if (name.consume_front("math.")) {
    static const std::pair<StringRef, StringRef> renamed[] = {
        {"absf", "abs"}, {"absi", "abs"}, {"roundeven", "round_even"}, {"powf", "pow"}, {"ipowi", "ipow"}, {"fpowi", "pow"},
        {"ctpop", "popcount"}, {"isnan", "is_nan"}, {"isinf", "is_inf"}};
    static const StringRef same[] = {"exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt", "rsqrt", "tanh", "erf", "sin",
                                     "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "asinh", "acosh", "atanh", "atan2",
                                     "floor", "ceil", "trunc", "round", "fma", "copysign", "cbrt"};
    for (auto [from, to] : renamed)
      if (name == from)
        function = to.str();
    if (llvm::is_contained(same, name))
      function = name.str();
  } else {
    function = isaSpelling(op).str();
  }
  if (function.empty() || op->getNumResults() != 1)
    return std::nullopt;
  SmallVector<Expr> args;
  for (Value v : op->getOperands())
    args.push_back(typed(v, cType(v.getType())));
  return call(function, args, cType(op->getResult(0).getType()));
}

//===----------------------------------------------------------------------===//
// scf.if as a conditional expression
//===----------------------------------------------------------------------===//

/// Both branches are one short chain of values: `c ? a : b`, which guards loads as well.
bool BodyPrinter::isSelection(scf::IfOp op) {
  if (op.getNumResults() != 1 || !op.elseBlock() || isa<MemRefType>(op.getType(0)))
    return false;
  for (Block *b : {op.thenBlock(), op.elseBlock()}) {
    int count = 0;
    for (Operation &inner : b->without_terminator()) {
      if (isa<arith::ConstantOp>(inner))
        continue;
      if (inner.getNumRegions() || inner.getNumResults() != 1 || !inner.getResult(0).hasOneUse() || ++count > 6 ||
          inner.getResult(0).getUsers().begin()->getBlock() != b)
        return false;
      if (!isMemoryEffectFree(&inner) && !isa<memref::LoadOp, vector::LoadOp, vector::MaskedLoadOp, plan::PtrLoadOp>(inner))
        return false;
    }
  }
  return true;
}

std::optional<Expr> BodyPrinter::selection(scf::IfOp op) {
  Expr c = get(op.getCondition()), e;
  auto branch = [&](Block *b) -> Expr {
    for (Operation &inner : b->without_terminator()) {
      if (isa<arith::ConstantOp>(inner))
        continue;
      std::optional<Expr> part = expression(&inner);
      if (!part) {
        (void)failed(&inner);
        return Expr();
      }
      bindExpr(inner.getResult(0), *part);
    }
    return as(b->getTerminator()->getOperand(0), cType(op.getType(0)));
  };
  Expr a = branch(op.thenBlock()), b = branch(op.elseBlock());
  e.text = parenthesise(c, LogicalOr) + " ? " + parenthesise(a, LogicalOr) + " : " + parenthesise(b, Ternary);
  e.precedence = Ternary;
  e.type = cType(op.getType(0));
  e.reads = c.reads || a.reads || b.reads;
  return e;
}

std::optional<Expr> BodyPrinter::expression(Operation *op) {
  if (std::optional<Expr> e = printExpression(op))
    return e;
  if (auto select = dyn_cast<scf::IfOp>(op))
    return selection(select);
  StringRef dialect = op->getName().getDialectNamespace();
  if (dialect == "arith") {
    if (std::optional<Expr> e = conversion(op))
      return e;
    return arithmetic(op);
  }
  if (dialect == "math" || dialect == "isa")
    return mathFunction(op);
  if (std::optional<Expr> e = memory(op))
    return e;
  return dialect == "vector" ? vectorOp(op) : std::nullopt;
}

} // namespace ingot::printer
