//===- ScalarBuilder.cpp ---------------------------------------------------------===//
#include "dialects/nn/ScalarBuilder.h"
#include "dialects/isa/Isa.h"
#include "mlir/Dialect/Math/IR/Math.h"

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
FLOAT_SIGNED_UNSIGNED(div, DivFOp, DivSIOp, DivUIOp)
FLOAT_SIGNED_UNSIGNED(rem, RemFOp, RemSIOp, RemUIOp)
FLOAT_SIGNED_UNSIGNED(max, MaximumFOp, MaxSIOp, MaxUIOp)
FLOAT_SIGNED_UNSIGNED(min, MinimumFOp, MinSIOp, MinUIOp)
#undef FLOAT_INT
#undef FLOAT_SIGNED_UNSIGNED

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
  Value s = select(cmp(Cmp::GT, x, zero), one, zero);
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

Value ScalarBuilder::store(Value computed, Type element, bool saturate) {
  Type storage = storageType(element);
  if (computed.getType() == storage)
    return computed;
  if (isa<FloatType>(storage)) {
    auto t = arith::TruncFOp::create(b, loc, storage, computed);
    if (!saturate)
      t->setAttr("saturate", b.getBoolAttr(false));
    return t;
  }
  return arith::TruncIOp::create(b, loc, storage, computed);
}

Value ScalarBuilder::convert(Value x, Type from, Type to, bool saturate) {
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
    Type wide = b.getI64Type();
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
