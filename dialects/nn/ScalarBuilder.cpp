//===- ScalarBuilder.cpp ---------------------------------------------------------===//
#include "dialects/nn/ScalarBuilder.h"
#include "dialects/isa/Isa.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include <cmath>
#include <limits>

using namespace mlir;
namespace ingot::nn {

static bool isFloatValue(Value v) { return isa<FloatType>(v.getType()); }

Value ScalarBuilder::constant(double v, Type type) {
  if (auto f = dyn_cast<FloatType>(type)) {
    llvm::APFloat a(v);
    bool lost;
    a.convert(f.getFloatSemantics(), llvm::APFloat::rmNearestTiesToEven, &lost);
    return arith::ConstantOp::create(b, loc, FloatAttr::get(f, a));
  }
  return arith::ConstantOp::create(b, loc, IntegerAttr::get(type, int64_t(v)));
}

#define FLOAT_INT(name, FloatOp, IntOp)                                                                      \
  Value ScalarBuilder::name(Value x, Value y) {                                                              \
    if (isFloatValue(x))                                                                                     \
      return arith::FloatOp::create(b, loc, x, y);                                                           \
    return arith::IntOp::create(b, loc, x, y);                                                               \
  }
#define FLOAT_SIGNED_UNSIGNED(name, FloatOp, SignedOp, UnsignedOp)                                           \
  Value ScalarBuilder::name(Value x, Value y) {                                                              \
    if (isFloatValue(x))                                                                                     \
      return arith::FloatOp::create(b, loc, x, y);                                                           \
    if (isUnsignedInt())                                                                                     \
      return arith::UnsignedOp::create(b, loc, x, y);                                                        \
    return arith::SignedOp::create(b, loc, x, y);                                                            \
  }
FLOAT_INT(add, AddFOp, AddIOp)
FLOAT_INT(sub, SubFOp, SubIOp)
FLOAT_INT(mul, MulFOp, MulIOp)
FLOAT_SIGNED_UNSIGNED(max, MaximumFOp, MaxSIOp, MaxUIOp)
FLOAT_SIGNED_UNSIGNED(min, MinimumFOp, MinSIOp, MinUIOp)
#undef FLOAT_INT
#undef FLOAT_SIGNED_UNSIGNED

Value ScalarBuilder::div(Value x, Value y) {
  if (isFloatValue(x))
    return arith::DivFOp::create(b, loc, x, y);
  if (isUnsignedInt())
    return arith::DivUIOp::create(b, loc, x, y);
  return arith::DivSIOp::create(b, loc, x, y);
}
Value ScalarBuilder::rem(Value x, Value y) {
  if (isFloatValue(x))
    return arith::RemFOp::create(b, loc, x, y);
  if (isUnsignedInt())
    return arith::RemUIOp::create(b, loc, x, y);
  return arith::RemSIOp::create(b, loc, x, y);
}

Value ScalarBuilder::mod(Value x, Value y) {
  if (!isFloatValue(x) && isUnsignedInt())
    return rem(x, y);
  // Python's rule: r has the sign of y.
  Value r = rem(x, y), zero = constant(0, r.getType());
  Value wrong = arith::AndIOp::create(b, loc, cmp(Cmp::NE, r, zero),
                                      arith::XOrIOp::create(b, loc, cmp(Cmp::LT, r, zero), cmp(Cmp::LT, y, zero)));
  return select(wrong, add(r, y), r);
}

Value ScalarBuilder::neg(Value x) {
  if (isFloatValue(x))
    return arith::NegFOp::create(b, loc, x);
  return arith::SubIOp::create(b, loc, constant(0, x.getType()), x);
}

Value ScalarBuilder::cmp(Cmp p, Value x, Value y) {
  if (isFloatValue(x)) {
    static const arith::CmpFPredicate table[] = {arith::CmpFPredicate::OEQ, arith::CmpFPredicate::UNE,
                                                 arith::CmpFPredicate::OLT, arith::CmpFPredicate::OLE,
                                                 arith::CmpFPredicate::OGT, arith::CmpFPredicate::OGE};
    return arith::CmpFOp::create(b, loc, table[int(p)], x, y);
  }
  using P = arith::CmpIPredicate;
  static const P sgn[] = {P::eq, P::ne, P::slt, P::sle, P::sgt, P::sge};
  static const P uns[] = {P::eq, P::ne, P::ult, P::ule, P::ugt, P::uge};
  return arith::CmpIOp::create(b, loc, (isUnsignedInt() ? uns : sgn)[int(p)], x, y);
}

Value ScalarBuilder::select(Value c, Value x, Value y) { return arith::SelectOp::create(b, loc, c, x, y); }
Value ScalarBuilder::fma(Value x, Value y, Value z) {
  if (isFloatValue(x))
    return math::FmaOp::create(b, loc, x, y, z);
  return add(mul(x, y), z);
}

Value ScalarBuilder::abs(Value x) {
  if (isFloatValue(x))
    return math::AbsFOp::create(b, loc, x);
  if (isUnsignedInt())
    return x;
  return math::AbsIOp::create(b, loc, x);
}

Value ScalarBuilder::sign(Value x) {
  Value zero = constant(0, x.getType()), one = constant(1, x.getType());
  Value s = select(cmp(Cmp::GT, x, zero), one, isFloatValue(x) ? x : zero); // NaN stays
  if (!isFloatValue(x) && isUnsignedInt())
    return s;
  return select(cmp(Cmp::LT, x, zero), constant(-1, x.getType()), s);
}

Value ScalarBuilder::logicalNot(Value x) {
  return arith::XOrIOp::create(b, loc, x, arith::ConstantOp::create(b, loc, b.getBoolAttr(true)));
}
Value ScalarBuilder::bitAnd(Value x, Value y) { return arith::AndIOp::create(b, loc, x, y); }
Value ScalarBuilder::bitOr(Value x, Value y) { return arith::OrIOp::create(b, loc, x, y); }
Value ScalarBuilder::bitXor(Value x, Value y) { return arith::XOrIOp::create(b, loc, x, y); }
Value ScalarBuilder::bitNot(Value x) { return bitXor(x, constant(-1, x.getType())); }
Value ScalarBuilder::shl(Value x, Value y) { return arith::ShLIOp::create(b, loc, x, y); }
Value ScalarBuilder::shr(Value x, Value y) {
  if (isUnsignedInt())
    return arith::ShRUIOp::create(b, loc, x, y);
  return arith::ShRSIOp::create(b, loc, x, y);
}

#define UNARY(name, Op)                                                                                      \
  Value ScalarBuilder::name(Value x) { return math::Op::create(b, loc, x); }
UNARY(exp, ExpOp)
UNARY(log, LogOp)
UNARY(log1p, Log1pOp)
UNARY(expm1, ExpM1Op)
UNARY(sqrt, SqrtOp)
UNARY(rsqrt, RsqrtOp)
UNARY(tanh, TanhOp)
UNARY(erf, ErfOp)
UNARY(sin, SinOp)
UNARY(cos, CosOp)
UNARY(tan, TanOp)
UNARY(asin, AsinOp)
UNARY(acos, AcosOp)
UNARY(atan, AtanOp)
UNARY(sinh, SinhOp)
UNARY(cosh, CoshOp)
UNARY(asinh, AsinhOp)
UNARY(acosh, AcoshOp)
UNARY(atanh, AtanhOp)
UNARY(floor, FloorOp)
UNARY(ceil, CeilOp)
UNARY(roundEven, RoundEvenOp)
#undef UNARY
Value ScalarBuilder::sigmoid(Value x) { return isa_ir::SigmoidOp::create(b, loc, x.getType(), x); }
Value ScalarBuilder::softplus(Value x) { return add(max(x, constant(0, x.getType())), log1p(exp(neg(abs(x))))); }
Value ScalarBuilder::isNan(Value x) { return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO, x, x); }
Value ScalarBuilder::isInf(Value x) {
  return cmp(Cmp::EQ, abs(x), constant(std::numeric_limits<double>::infinity(), x.getType()));
}
Value ScalarBuilder::pow(Value x, Value y) {
  if (isFloatValue(x))
    return math::PowFOp::create(b, loc, x, y);
  return math::IPowIOp::create(b, loc, x, y);
}

double ScalarBuilder::f(StringRef attribute) {
  Attribute a = op->getAttr(attribute);
  if (auto f = dyn_cast_or_null<FloatAttr>(a))
    return f.getValueAsDouble();
  return cast<IntegerAttr>(a).getInt();
}
StringRef ScalarBuilder::text(StringRef attribute) { return cast<StringAttr>(op->getAttr(attribute)).getValue(); }
int64_t ScalarBuilder::i(StringRef attribute) { return cast<IntegerAttr>(op->getAttr(attribute)).getInt(); }

//===----------------------------------------------------------------------===//
// Conversions
//===----------------------------------------------------------------------===//

Value ScalarBuilder::load(Value stored, Type element) {
  Type compute = computeType(element);
  if (stored.getType() == compute)
    return stored;
  if (isa<FloatType>(compute))
    return arith::ExtFOp::create(b, loc, compute, stored);
  if (isUnsigned(element))
    return arith::ExtUIOp::create(b, loc, compute, stored);
  return arith::ExtSIOp::create(b, loc, compute, stored);
}

/// f32 to f8E8M0 by the bits: the exponent, rounded as asked for.
static Value storeExponent(ScalarBuilder &s, Value x, Type storage, bool saturate, StringRef rounding) {
  OpBuilder &b = s.b;
  Location loc = s.loc;
  ScalarBuilder u(b, loc, b.getIntegerType(32, false));
  Type i32 = b.getI32Type();
  auto c = [&](int64_t v) { return u.constant(v, i32); };
  Value bits = u.bitAnd(arith::BitcastOp::create(b, loc, i32, x), c(0x7fffffff));
  // Adding to the mantissa before it is cut off rounds; a subnormal f32 is a power below 2^-126 and keeps its own rule:
  // 2^-127 is bits 0x00400000.
  int64_t bias = rounding == "down" ? 0 : rounding == "nearest" ? 0x400000 : 0x7fffff;
  Value e = u.shr(u.add(bits, c(bias)), c(23));
  Value subnormal = u.cmp(Cmp::LT, bits, c(0x00800000));
  int64_t toOne = rounding == "down" ? 0x00800000 : rounding == "nearest" ? 0x00600000 : 0x00400001;
  e = u.select(subnormal, u.select(u.cmp(Cmp::GE, bits, c(toOne)), c(1), c(0)), e);
  // 255 is NaN; beyond the largest power is the largest, or NaN.
  Value huge = u.cmp(Cmp::GE, e, c(255));
  e = u.select(huge, c(saturate ? 254 : 255), e);
  if (!saturate)
    e = u.select(u.cmp(Cmp::LT, bits, c(0x00400000)), c(255), e);
  e = u.select(s.isNan(x), c(255), e);
  return arith::BitcastOp::create(b, loc, storage, arith::TruncIOp::create(b, loc, b.getI8Type(), e));
}

/// Largest finite value of a small float type, and whether it has infinities.
static std::pair<double, bool> rangeOf(FloatType t) {
  APFloat largest = APFloat::getLargest(t.getFloatSemantics());
  bool lost;
  largest.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &lost);
  return {largest.convertToDouble(), isa<Float8E5M2Type>(t)};
}

/// IEEE's conversion: what lies beyond the range becomes infinity, or NaN. storeCast saturates by itself.
static Value truncate(ScalarBuilder &s, Value x, Type storage) {
  auto t = arith::TruncFOp::create(s.b, s.loc, storage, x);
  if (storage.getIntOrFloatBitWidth() == 8)
    t->setAttr("saturate", s.b.getBoolAttr(false));
  return t;
}

Value ScalarBuilder::store(Value computed, Type element) {
  Type storage = storageType(element);
  if (computed.getType() == storage)
    return computed;
  Operation *op = computed.getDefiningOp();
  if (op && isa<arith::ExtFOp, arith::ExtSIOp, arith::ExtUIOp>(op) && op->getOperand(0).getType() == storage)
    return op->getOperand(0);
  if (isa<Float8E8M0FNUType>(storage))
    return storeExponent(*this, computed, storage, true, "up");
  if (isa<FloatType>(storage))
    return truncate(*this, computed, storage);
  return arith::TruncIOp::create(b, loc, storage, computed);
}

Value ScalarBuilder::storeCast(Value computed, Type element, bool saturate, StringRef rounding) {
  Type storage = storageType(element);
  if (isa<Float8E8M0FNUType>(storage))
    return storeExponent(*this, computed, storage, saturate, rounding);
  if (isa<FloatType>(storage) && storage.getIntOrFloatBitWidth() <= 8) {
    auto [largest, hasInfinity] = rangeOf(cast<FloatType>(storage));
    Value hi = constant(largest, computed.getType()), lo = constant(-largest, computed.getType());
    if (saturate) // keeps NaN
      computed = clamp(computed, lo, hi);
    else if (!hasInfinity) {
      // What rounds beyond the largest is NaN: half a unit in its last place above it.
      FloatType f = cast<FloatType>(storage);
      double unit = std::ldexp(1.0, std::ilogb(largest) - int(f.getFPMantissaWidth()) + 1);
      Value beyond = cmp(Cmp::GE, abs(computed), constant(largest + unit / 2, computed.getType()));
      computed = select(beyond, constant(std::numeric_limits<double>::quiet_NaN(), computed.getType()), computed);
    }
    return truncate(*this, computed, storage);
  }
  return store(computed, element);
}

Value ScalarBuilder::convert(Value x, Type from, Type to) {
  if (from == to)
    return x;
  Type type = computeType(to);
  bool fromFloat = isa<FloatType>(x.getType()), toFloat = isa<FloatType>(type);
  if (to.isInteger(1)) // anything but zero, NaN included, is true
    return fromFloat ? arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNE, x, constant(0, x.getType())).getResult()
                     : arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, x, constant(0, x.getType())).getResult();
  if (fromFloat && toFloat) {
    unsigned a = x.getType().getIntOrFloatBitWidth(), c = type.getIntOrFloatBitWidth();
    if (a < c)
      return arith::ExtFOp::create(b, loc, type, x);
    if (a > c)
      return arith::TruncFOp::create(b, loc, type, x);
    return x;
  }
  if (fromFloat) {
    // Through a wide integer, so that narrow results wrap as C's casts on common hardware do.
    bool fits = type.getIntOrFloatBitWidth() < 32 || (type.isInteger(32) && !isUnsigned(to));
    Type wide = fits ? b.getI32Type() : b.getI64Type();
    if (to.isUnsignedInteger(64))
      return arith::FPToUIOp::create(b, loc, wide, x);
    Value i = arith::FPToSIOp::create(b, loc, wide, x);
    return type == wide ? i : arith::TruncIOp::create(b, loc, type, i).getResult();
  }
  if (toFloat) {
    if (isUnsigned(from))
      return arith::UIToFPOp::create(b, loc, type, x);
    return arith::SIToFPOp::create(b, loc, type, x);
  }
  unsigned a = x.getType().getIntOrFloatBitWidth(), c = type.getIntOrFloatBitWidth();
  if (a < c)
    return isUnsigned(from) ? arith::ExtUIOp::create(b, loc, type, x).getResult()
                            : arith::ExtSIOp::create(b, loc, type, x).getResult();
  if (a > c)
    return arith::TruncIOp::create(b, loc, type, x);
  return x;
}

} // namespace ingot::nn
