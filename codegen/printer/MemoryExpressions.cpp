//===- MemoryExpressions.cpp - loads, stores and vectors as C++ expressions ------------------===//
#include "codegen/printer/BodyPrinter.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
namespace ingot::printer {

static bool isVector(Type t) { return isa<VectorType>(t); }
static Type elementOf(Type t) { return getElementTypeOrSelf(t); }

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

std::string BodyPrinter::place(Value memref, ValueRange indices, bool &packed) {
  packed = packedBits(::mlir::cast<MemRefType>(memref.getType()).getElementType());
  std::string result = text(memref);
  for (Value i : indices)
    result += "[" + text(i) + "]";
  return result;
}

std::string BodyPrinter::address(Value memref, ValueRange indices) {
  std::string result = text(memref);
  for (Value i : indices.drop_back())
    result += "[" + text(i) + "]";
  if (indices.empty())
    return result;
  Expr last = get(indices.back());
  return last.text == "0" ? result : result + " + " + parenthesise(last, Sum);
}

/// "load_s4(x, i)": the helpers for elements that share a byte.
static std::string packedHelper(StringRef verb, Type element, bool isUnsigned) {
  bool noSign = isUnsigned || element.isUnsignedInteger() || isa<FloatType>(element);
  return (verb + "_" + (noSign ? "u" : "s") + std::to_string(packedBits(element))).str();
}

std::optional<FirstLanes> firstLanes(Operation *op) {
  auto load = dyn_cast<vector::MaskedLoadOp>(op);
  auto store = dyn_cast<vector::MaskedStoreOp>(op);
  if (!load && !store)
    return std::nullopt;
  auto mask = (load ? load.getMask() : store.getMask()).getDefiningOp<vector::CreateMaskOp>();
  if (!mask || mask.getNumOperands() != 1)
    return std::nullopt;
  FirstLanes result;
  result.count = mask.getOperand(0);
  if (store)
    return result;
  DenseElementsAttr dense;
  if (matchPattern(load.getPassThru(), m_Constant(&dense))) {
    if (!dense.isSplat())
      return std::nullopt;
    result.constantFill = cast<TypedAttr>(dense.getSplatValue<Attribute>());
    auto f = dyn_cast<FloatAttr>(result.constantFill);
    result.zero = f ? f.getValue().isPosZero() : cast<IntegerAttr>(result.constantFill).getValue().isZero();
    return result;
  }
  if (auto spread = load.getPassThru().getDefiningOp<vector::BroadcastOp>(); spread && !isVector(spread.getSource().getType())) {
    result.fill = spread.getSource();
    return result;
  }
  return std::nullopt;
}

std::optional<Expr> BodyPrinter::memory(Operation *op) {
  Expr e;
  e.reads = true;
  if (auto load = dyn_cast<memref::LoadOp>(op)) {
    MemRefType m = load.getMemRefType();
    bool noSign = unsignedMemory(load.getMemRef()), packed = packedBits(m.getElementType());
    if (packed) {
      e.text = packedHelper("load", m.getElementType(), noSign) + "(" + text(load.getMemRef()) + ", " + text(load.getIndices()[0]) + ")";
      e.type = noSign || isa<FloatType>(m.getElementType()) ? "uint8_t" : "int8_t";
      return e;
    }
    e.text = place(load.getMemRef(), load.getIndices(), packed);
    e.type = m.getElementType().isInteger(1) ? "bool" : elementType(load.getMemRef());
    return e;
  }
  auto vectorType = [&](Value v, Value memref) { return cType(v.getType(), unsignedMemory(memref)); };
  if (auto load = dyn_cast<vector::LoadOp>(op)) {
    if (isVector(load.getMemRefType().getElementType()))
      return std::nullopt;
    e.type = vectorType(load.getResult(), load.getBase());
    e.text = "load<" + e.type + ">(" + address(load.getBase(), load.getIndices()) + ")";
    return e;
  }
  if (auto load = dyn_cast<vector::MaskedLoadOp>(op)) {
    e.type = vectorType(load.getResult(), load.getBase());
    std::string where = address(load.getBase(), load.getIndices());
    if (auto lanes = firstLanes(op)) {
      e.text = "load_n<" + e.type + ">(" + where + ", " + text(lanes->count);
      if (lanes->fill)
        e.text += ", " + text(lanes->fill);
      else if (!lanes->zero)
        e.text += ", " + constant(lanes->constantFill).text;
      e.text += ")";
      return e;
    }
    e.text = "load_masked<" + e.type + ">(" + where + ", " + text(load.getMask()) + ", " + as(load.getPassThru(), e.type).text + ")";
    return e;
  }
  if (auto to = dyn_cast<plan::PtrToOp>(op)) {
    Expr i = get(to.getOffset());
    Expr base = get(to.getBuffer());
    e.text = i.text == "0" ? base.text : base.text + " + " + parenthesise(i, Sum);
    e.precedence = i.text == "0" ? int(Primary) : int(Sum);
    e.reads = i.reads;
    e.type = "const " + elementType(to.getBuffer()) + " *";
    return e;
  }
  if (auto load = dyn_cast<plan::PtrLoadOp>(op)) {
    Expr p = get(load.getPointer()), i = get(load.getOffset());
    Type element = ::mlir::cast<plan::PtrType>(load.getPointer().getType()).getElement();
    bool noSign = StringRef(p.type).contains("uint");
    if (isVector(load.getType())) {
      e.type = cType(load.getType(), noSign && elementOf(load.getType()).isInteger());
      e.text = "load<" + e.type + ">(" + (i.text == "0" ? p.text : parenthesise(p, Sum) + " + " + parenthesise(i, Sum)) + ")";
    } else if (packedBits(element)) {
      e.type = noSign || isa<FloatType>(element) ? "uint8_t" : "int8_t";
      e.text = packedHelper("load", element, false) + "(" + p.text + ", " + i.text + ")";
    } else {
      e.type = element.isInteger(1) ? "bool" : cStorage(element, noSign);
      e.text = parenthesise(p, Primary) + "[" + i.text + "]";
    }
    return e;
  }
  return std::nullopt;
}

bool BodyPrinter::store(Operation *op) {
  if (auto s = dyn_cast<memref::StoreOp>(op)) {
    MemRefType m = s.getMemRefType();
    std::string type = elementType(s.getMemRef());
    if (packedBits(m.getElementType())) {
      std::string helper = packedHelper("store", m.getElementType(), unsignedMemory(s.getMemRef()));
      std::string at = text(s.getMemRef()) + ", " + text(s.getIndices()[0]);
      statement(helper + "(" + at + ", " + text(s.getValue()) + ");");
      return true;
    }
    bool packed;
    std::string target = place(s.getMemRef(), s.getIndices(), packed);
    Expr value = get(s.getValue());
    if (value.literal || value.type != "bool")
      value = cast(value, type);
    if (m.getElementType().isInteger(1) && value.op == "") // a byte that says 0 or 1
      value.type = type;
    assign(target, value);
    return true;
  }
  if (auto s = dyn_cast<vector::StoreOp>(op)) {
    std::string type = cType(s.getVectorType(), unsignedMemory(s.getBase()));
    std::string at = address(s.getBase(), s.getIndices());
    statement("store(" + at + ", " + as(s.getValueToStore(), type).text + ");");
    return true;
  }
  if (auto s = dyn_cast<vector::MaskedStoreOp>(op)) {
    std::string type = cType(s.getVectorType(), unsignedMemory(s.getBase()));
    std::string at = address(s.getBase(), s.getIndices()), value = as(s.getValueToStore(), type).text;
    if (auto lanes = firstLanes(op))
      statement("store_n(" + at + ", " + value + ", " + text(lanes->count) + ");");
    else
      statement("store_masked(" + at + ", " + text(s.getMask()) + ", " + value + ");");
    return true;
  }
  return false;
}

//===----------------------------------------------------------------------===//
// Vectors
//===----------------------------------------------------------------------===//

std::optional<Expr> BodyPrinter::vectorOp(Operation *op) {
  if (op->getNumResults() != 1)
    return std::nullopt;
  std::string type = cType(op->getResult(0).getType());
  return llvm::TypeSwitch<Operation *, std::optional<Expr>>(op)
      .Case([&](vector::BroadcastOp b) {
        if (isVector(b.getSource().getType()))
          return std::optional<Expr>();
        Expr e = get(b.getSource());
        return std::optional<Expr>(call("broadcast<" + type + ">", cast(e, cType(b.getSource().getType())), type));
      })
      .Case([&](vector::FMAOp f) { return call("fma", {get(f.getLhs()), get(f.getRhs()), get(f.getAcc())}, type); })
      .Case([&](vector::StepOp) { return call("iota<" + type + ">", {}, type); })
      .Case([&](vector::CreateMaskOp m) { return call("mask_first<" + type + ">", get(m.getOperand(0)), type); })
      .Case([&](vector::ReductionOp r) -> std::optional<Expr> {
        using K = vector::CombiningKind;
        Type vectorType = r.getSourceVectorType(), element = elementOf(vectorType);
        K kind = r.getKind();
        bool noSign = kind == K::MINUI || kind == K::MAXUI, mask = element.isInteger(1);
        static const std::pair<K, StringRef> suffixes[] = {
            {K::ADD, "add"}, {K::MUL, "mul"}, {K::MINUI, "min"}, {K::MINSI, "min"}, {K::MAXUI, "max"}, {K::MAXSI, "max"},
            {K::MINIMUMF, "minimum"}, {K::MAXIMUMF, "maximum"}, {K::MINNUMF, "minnum"}, {K::MAXNUMF, "maxnum"}, {K::AND, "and"},
            {K::OR, "or"}, {K::XOR, "xor"}};
        std::string suffix = llvm::find_if(suffixes, [&](auto &s) { return s.first == kind; })->second.str();
        std::string scalar = cType(element, noSign);
        Expr e = call(mask ? (kind == K::AND || kind == K::MINUI ? "all" : "any") : "reduce_" + suffix,
                      as(r.getVector(), cType(vectorType, noSign)), scalar);
        if (!r.getAcc())
          return e;
        Expr acc = typed(r.getAcc(), scalar);
        if (isa<FloatType>(element) && kind == K::ADD)
          return binary("+", Sum, acc, e, scalar);
        if (isa<FloatType>(element) && kind == K::MUL)
          return binary("*", Product, acc, e, scalar);
        if (kind == K::AND || kind == K::OR || kind == K::XOR)
          return binary(kind == K::AND ? "&" : kind == K::OR ? "|" : "^", kind == K::AND ? BitAnd : kind == K::OR ? BitOr : BitXor, acc,
                        e, scalar);
        return call(suffix, {acc, e}, scalar);
      })
      .Case([&](vector::ExtractOp x) -> std::optional<Expr> {
        if (isVector(x.getType()))
          return std::nullopt;
        Expr e;
        SmallVector<OpFoldResult> at = x.getMixedPosition();
        if (at.size() != 1)
          return std::nullopt;
        Expr i = isa<Value>(at[0]) ? get(::mlir::cast<Value>(at[0])) : Expr{std::to_string(*getConstantIntValue(at[0]))};
        return call("lane", {as(x.getSource(), cType(x.getSourceVectorType())), i.literal || isa<Attribute>(at[0]) ? i : cast(i, "int")},
                    type);
      })
      .Case([&](vector::InsertOp x) -> std::optional<Expr> {
        SmallVector<OpFoldResult> at = x.getMixedPosition();
        if (at.size() != 1 || isVector(x.getValueToStore().getType()))
          return std::nullopt;
        Expr i = isa<Value>(at[0]) ? get(::mlir::cast<Value>(at[0])) : Expr{std::to_string(*getConstantIntValue(at[0]))};
        return call("with_lane", {as(x.getDest(), type), i.literal || isa<Attribute>(at[0]) ? i : cast(i, "int"), get(x.getValueToStore())},
                    type);
      })
      .Default([](auto) { return std::optional<Expr>(); });
}

} // namespace ingot::printer
