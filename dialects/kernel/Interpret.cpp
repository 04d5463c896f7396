//===- Interpret.cpp --------------------------------------------------------------===//
#include "dialects/kernel/Interpret.h"
#include "dialects/isa/Isa.h"
#include "dialects/nn/Shape.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>

using namespace mlir;
namespace ingot::kernel {

HostTensor::HostTensor(Type element, ArrayRef<int64_t> dims, bool isDefined) : element(element), dims(dims) {
  int64_t n = 1;
  for (int64_t d : dims)
    n *= d;
  values.resize(n);
  defined.assign(n, isDefined);
}

//===----------------------------------------------------------------------===//
// Scalars
//===----------------------------------------------------------------------===//

/// Brings a raw result into the range and precision of `type`.
static Number rounded(Number n, Type type) {
  if (auto f = dyn_cast<FloatType>(type)) {
    if (f.isF32())
      n.f = float(n.f);
    else if (!f.isF64()) {
      APFloat a(n.f);
      bool lost;
      a.convert(f.getFloatSemantics(), APFloat::rmNearestTiesToEven, &lost);
      a.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &lost);
      n.f = a.convertToDouble();
    }
    return n;
  }
  unsigned w = isa<IndexType>(type) ? 64 : type.getIntOrFloatBitWidth();
  if (w == 1)
    n.i &= 1;
  else if (w < 64)
    n.i = llvm::SignExtend64(uint64_t(n.i), w);
  return n;
}
static Number fromAttr(Attribute a) {
  if (auto f = dyn_cast<FloatAttr>(a)) {
    APFloat v = f.getValue();
    bool lost;
    v.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &lost);
    return {v.convertToDouble(), 0};
  }
  auto i = cast<IntegerAttr>(a);
  return rounded({0, i.getValue().sextOrTrunc(64).getSExtValue()}, i.getType());
}
static unsigned widthOf(Type t) { return isa<IndexType>(t) ? 64 : t.getIntOrFloatBitWidth(); }
/// The same bits without sign.
static uint64_t uns(Number n, Type t) {
  unsigned w = widthOf(t);
  return w >= 64 ? uint64_t(n.i) : uint64_t(n.i) & ((uint64_t(1) << w) - 1);
}

namespace {
/// Evaluates a scalar operator of arith, math or isa; false if it is unknown.
struct ScalarOps {
  ArrayRef<Number> x;
  Operation *op;
  Number out;

  Type type() const { return op->getOperand(0).getType(); }
  bool f(double v) { return out = rounded({v, 0}, op->getResult(0).getType()), true; }
  bool i(int64_t v) { return out = rounded({0, v}, op->getResult(0).getType()), true; }
  static int64_t floorDiv(int64_t a, int64_t b) {
    int64_t q = a / b;
    return (a % b != 0) && ((a < 0) != (b < 0)) ? q - 1 : q;
  }
  static double maximum(double a, double b) {
    if (std::isnan(a) || std::isnan(b))
      return NAN;
    if (a == 0 && b == 0)
      return std::signbit(a) ? b : a;
    return std::max(a, b);
  }

  bool compareFloat() {
    double a = x[0].f, b = x[1].f;
    bool un = std::isnan(a) || std::isnan(b);
    using P = arith::CmpFPredicate;
    switch (cast<arith::CmpFOp>(op).getPredicate()) {
    case P::AlwaysFalse: return i(0);
    case P::AlwaysTrue: return i(1);
    case P::OEQ: return i(!un && a == b);
    case P::OGT: return i(!un && a > b);
    case P::OGE: return i(!un && a >= b);
    case P::OLT: return i(!un && a < b);
    case P::OLE: return i(!un && a <= b);
    case P::ONE: return i(!un && a != b);
    case P::ORD: return i(!un);
    case P::UEQ: return i(un || a == b);
    case P::UGT: return i(un || a > b);
    case P::UGE: return i(un || a >= b);
    case P::ULT: return i(un || a < b);
    case P::ULE: return i(un || a <= b);
    case P::UNE: return i(un || a != b);
    case P::UNO: return i(un);
    }
    return false;
  }
  bool compareInt() {
    int64_t a = x[0].i, b = x[1].i;
    if (type().isInteger(1)) // signed comparison of i1 sees -1
      a = -a, b = -b;
    uint64_t ua = uns(x[0], type()), ub = uns(x[1], type());
    using P = arith::CmpIPredicate;
    switch (cast<arith::CmpIOp>(op).getPredicate()) {
    case P::eq: return i(a == b);
    case P::ne: return i(a != b);
    case P::slt: return i(a < b);
    case P::sle: return i(a <= b);
    case P::sgt: return i(a > b);
    case P::sge: return i(a >= b);
    case P::ult: return i(ua < ub);
    case P::ule: return i(ua <= ub);
    case P::ugt: return i(ua > ub);
    case P::uge: return i(ua >= ub);
    }
    return false;
  }

  bool run() {
    auto a = x.size() > 0 ? x[0] : Number(), b = x.size() > 1 ? x[1] : Number();
    auto ua = [&] { return uns(a, type()); };
    auto ub = [&] { return uns(b, type()); };
    return llvm::TypeSwitch<Operation *, bool>(op)
        .Case<arith::AddFOp>([&](auto) { return f(a.f + b.f); })
        .Case<arith::SubFOp>([&](auto) { return f(a.f - b.f); })
        .Case<arith::MulFOp>([&](auto) { return f(a.f * b.f); })
        .Case<arith::DivFOp>([&](auto) { return f(a.f / b.f); })
        .Case<arith::RemFOp>([&](auto) { return f(std::fmod(a.f, b.f)); })
        .Case<arith::NegFOp>([&](auto) { return f(-a.f); })
        .Case<arith::MaximumFOp>([&](auto) { return f(maximum(a.f, b.f)); })
        .Case<arith::MinimumFOp>([&](auto) { return f(-maximum(-a.f, -b.f)); })
        .Case<arith::MaxNumFOp>([&](auto) { return f(std::fmax(a.f, b.f)); })
        .Case<arith::MinNumFOp>([&](auto) { return f(std::fmin(a.f, b.f)); })
        .Case<arith::AddIOp>([&](auto) { return i(int64_t(uint64_t(a.i) + uint64_t(b.i))); })
        .Case<arith::SubIOp>([&](auto) { return i(int64_t(uint64_t(a.i) - uint64_t(b.i))); })
        .Case<arith::MulIOp>([&](auto) { return i(int64_t(uint64_t(a.i) * uint64_t(b.i))); })
        .Case<arith::DivSIOp>([&](auto) { return b.i && i(b.i == -1 ? int64_t(0 - uint64_t(a.i)) : a.i / b.i); })
        .Case<arith::DivUIOp>([&](auto) { return ub() && i(int64_t(ua() / ub())); })
        .Case<arith::RemSIOp>([&](auto) { return b.i && i(b.i == -1 ? 0 : a.i % b.i); })
        .Case<arith::RemUIOp>([&](auto) { return ub() && i(int64_t(ua() % ub())); })
        .Case<arith::CeilDivSIOp>([&](auto) { return b.i && i(-floorDiv(-a.i, b.i)); })
        .Case<arith::FloorDivSIOp>([&](auto) { return b.i && i(floorDiv(a.i, b.i)); })
        .Case<arith::CeilDivUIOp>([&](auto) { return ub() && i(int64_t(ua() / ub() + (ua() % ub() != 0))); })
        .Case<arith::MaxSIOp>([&](auto) { return i(std::max(a.i, b.i)); })
        .Case<arith::MinSIOp>([&](auto) { return i(std::min(a.i, b.i)); })
        .Case<arith::MaxUIOp>([&](auto) { return i(int64_t(std::max(ua(), ub()))); })
        .Case<arith::MinUIOp>([&](auto) { return i(int64_t(std::min(ua(), ub()))); })
        .Case<arith::AndIOp>([&](auto) { return i(a.i & b.i); })
        .Case<arith::OrIOp>([&](auto) { return i(a.i | b.i); })
        .Case<arith::XOrIOp>([&](auto) { return i(a.i ^ b.i); })
        .Case<arith::ShLIOp>([&](auto) { return i(ub() >= widthOf(type()) ? 0 : int64_t(uint64_t(a.i) << ub())); })
        .Case<arith::ShRUIOp>([&](auto) { return i(ub() >= widthOf(type()) ? 0 : int64_t(ua() >> ub())); })
        .Case<arith::ShRSIOp>([&](auto) { return i(a.i >> std::min<uint64_t>(ub(), 63)); })
        .Case<arith::CmpFOp>([&](auto) { return compareFloat(); })
        .Case<arith::CmpIOp>([&](auto) { return compareInt(); })
        .Case<arith::SelectOp>([&](auto) { return out = a.i ? x[1] : x[2], true; })
        .Case<arith::ExtFOp, arith::TruncFOp>([&](auto) { return f(a.f); })
        .Case<arith::ExtSIOp>([&](auto) { return i(type().isInteger(1) ? -a.i : a.i); })
        .Case<arith::IndexCastOp>([&](auto) { return i(type().isInteger(1) ? -a.i : a.i); })
        .Case<arith::TruncIOp>([&](auto) { return i(a.i); })
        .Case<arith::ExtUIOp, arith::IndexCastUIOp>([&](auto) { return i(int64_t(ua())); })
        .Case<arith::SIToFPOp>([&](auto) { return f(double(type().isInteger(1) ? -a.i : a.i)); })
        .Case<arith::UIToFPOp>([&](auto) { return f(double(ua())); })
        .Case<arith::FPToSIOp>([&](auto) {
          return i(std::isnan(a.f) ? 0 : a.f >= 9.3e18 ? INT64_MAX : a.f <= -9.3e18 ? INT64_MIN : int64_t(a.f));
        })
        .Case<arith::FPToUIOp>([&](auto) { return i(std::isnan(a.f) || a.f < 0 ? 0 : int64_t(uint64_t(a.f))); })
        .Case<arith::BitcastOp>([&](auto) { return bitcast(a); })
        .Case<math::AbsFOp>([&](auto) { return f(std::fabs(a.f)); })
        .Case<math::AbsIOp>([&](auto) { return i(std::abs(a.i)); })
        .Case<math::ExpOp>([&](auto) { return f(std::exp(a.f)); })
        .Case<math::Exp2Op>([&](auto) { return f(std::exp2(a.f)); })
        .Case<math::ExpM1Op>([&](auto) { return f(std::expm1(a.f)); })
        .Case<math::LogOp>([&](auto) { return f(std::log(a.f)); })
        .Case<math::Log2Op>([&](auto) { return f(std::log2(a.f)); })
        .Case<math::Log1pOp>([&](auto) { return f(std::log1p(a.f)); })
        .Case<math::SqrtOp>([&](auto) { return f(std::sqrt(a.f)); })
        .Case<math::RsqrtOp>([&](auto) { return f(1 / std::sqrt(a.f)); })
        .Case<math::TanhOp>([&](auto) { return f(std::tanh(a.f)); })
        .Case<math::ErfOp>([&](auto) { return f(std::erf(a.f)); })
        .Case<math::SinOp>([&](auto) { return f(std::sin(a.f)); })
        .Case<math::CosOp>([&](auto) { return f(std::cos(a.f)); })
        .Case<math::TanOp>([&](auto) { return f(std::tan(a.f)); })
        .Case<math::AsinOp>([&](auto) { return f(std::asin(a.f)); })
        .Case<math::AcosOp>([&](auto) { return f(std::acos(a.f)); })
        .Case<math::AtanOp>([&](auto) { return f(std::atan(a.f)); })
        .Case<math::Atan2Op>([&](auto) { return f(std::atan2(a.f, b.f)); })
        .Case<math::SinhOp>([&](auto) { return f(std::sinh(a.f)); })
        .Case<math::CoshOp>([&](auto) { return f(std::cosh(a.f)); })
        .Case<math::AsinhOp>([&](auto) { return f(std::asinh(a.f)); })
        .Case<math::AcoshOp>([&](auto) { return f(std::acosh(a.f)); })
        .Case<math::AtanhOp>([&](auto) { return f(std::atanh(a.f)); })
        .Case<math::PowFOp>([&](auto) { return f(std::pow(a.f, b.f)); })
        .Case<math::FPowIOp>([&](auto) { return f(std::pow(a.f, double(b.i))); })
        .Case<math::IPowIOp>([&](auto) { return i(power(a.i, b.i)); })
        .Case<math::FmaOp>([&](auto) { return f(std::fma(a.f, b.f, x[2].f)); })
        .Case<math::FloorOp>([&](auto) { return f(std::floor(a.f)); })
        .Case<math::CeilOp>([&](auto) { return f(std::ceil(a.f)); })
        .Case<math::TruncOp>([&](auto) { return f(std::trunc(a.f)); })
        .Case<math::RoundOp>([&](auto) { return f(std::round(a.f)); })
        .Case<math::RoundEvenOp>([&](auto) { return f(std::nearbyint(a.f)); })
        .Case<math::CopySignOp>([&](auto) { return f(std::copysign(a.f, b.f)); })
        .Case<math::CtPopOp>([&](auto) { return i(llvm::popcount(ua())); })
        .Case<isa_ir::SigmoidOp>([&](auto) { return f(1 / (1 + std::exp(-a.f))); })
        .Default([](auto) { return false; });
  }
  static int64_t power(int64_t base, int64_t e) {
    if (e < 0)
      return base == 1 ? 1 : base == -1 ? (e % 2 ? -1 : 1) : 0;
    uint64_t r = 1, b = base;
    for (; e; e >>= 1, b *= b)
      if (e & 1)
        r *= b;
    return int64_t(r);
  }
  bool bitcast(Number a) {
    Type from = type(), to = op->getResult(0).getType();
    APInt bits(widthOf(from), 0);
    if (auto ft = dyn_cast<FloatType>(from)) {
      APFloat v(a.f);
      bool lost;
      v.convert(ft.getFloatSemantics(), APFloat::rmNearestTiesToEven, &lost);
      bits = v.bitcastToAPInt();
    } else {
      bits = APInt(widthOf(from), uint64_t(a.i), true, true);
    }
    if (auto ft = dyn_cast<FloatType>(to))
      out = fromAttr(FloatAttr::get(ft, APFloat(ft.getFloatSemantics(), bits)));
    else
      out = fromAttr(IntegerAttr::get(to, bits));
    return true;
  }
};

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

struct Interpreter {
  const InterpretOptions &options;
  DenseMap<Value, HostTensor> tensors;

  std::optional<int64_t> eval(const DimExpr &e) {
    return e.evaluate([&](StringRef s) -> std::optional<int64_t> {
      auto it = options.symbols.find(s);
      return it == options.symbols.end() ? std::nullopt : std::optional<int64_t>(it->second);
    });
  }
  FailureOr<SmallVector<int64_t>> evalAll(Operation *op, ArrayRef<DimExpr> dims) {
    SmallVector<int64_t> out;
    for (const DimExpr &d : dims) {
      auto v = eval(d);
      if (!v)
        return op->emitError() << "no value for a symbol of " << d.str();
      out.push_back(*v);
    }
    return out;
  }

  static std::optional<int64_t> offset(ArrayRef<int64_t> at, ArrayRef<int64_t> dims) {
    int64_t o = 0;
    for (auto [i, d] : llvm::zip(at, dims)) {
      if (i < 0 || i >= d)
        return std::nullopt;
      o = o * d + i;
    }
    return o;
  }
  static int64_t evalAffine(AffineExpr e, ArrayRef<int64_t> dims, ArrayRef<int64_t> symbols) {
    if (auto c = dyn_cast<AffineConstantExpr>(e))
      return c.getValue();
    if (auto d = dyn_cast<AffineDimExpr>(e))
      return dims[d.getPosition()];
    if (auto s = dyn_cast<AffineSymbolExpr>(e))
      return symbols[s.getPosition()];
    auto b = cast<AffineBinaryOpExpr>(e);
    int64_t l = evalAffine(b.getLHS(), dims, symbols), r = evalAffine(b.getRHS(), dims, symbols);
    switch (b.getKind()) {
    case AffineExprKind::Add: return l + r;
    case AffineExprKind::Mul: return l * r;
    case AffineExprKind::Mod: return l - ScalarOps::floorDiv(l, r) * r;
    case AffineExprKind::FloorDiv: return ScalarOps::floorDiv(l, r);
    default: return -ScalarOps::floorDiv(-l, r);
    }
  }

  /// Runs a region for one point; its arguments already have values.
  LogicalResult runRegion(Region &region, ArrayRef<int64_t> point, DenseMap<Value, Number> &values, SmallVectorImpl<Number> &yields) {
    for (Operation &op : region.front()) {
      if (auto yield = dyn_cast<YieldOp>(op)) {
        yields.clear();
        for (Value v : yield.getValues())
          yields.push_back(values.lookup(v));
        return success();
      }
      if (auto c = dyn_cast<arith::ConstantOp>(op)) {
        values[c] = fromAttr(c.getValue());
        continue;
      }
      if (auto index = dyn_cast<IndexOp>(op)) {
        if (index.getDim() >= point.size())
          return op.emitError("no such dimension");
        values[index] = {0, point[index.getDim()]};
        continue;
      }
      if (auto dim = dyn_cast<DimOp>(op)) {
        auto v = eval(*DimExpr::parse(dim.getExpr()));
        if (!v)
          return op.emitError("a symbol has no value");
        values[dim] = {0, *v};
        continue;
      }
      if (auto read = dyn_cast<ReadOp>(op)) {
        Value table = read.getTable();
        if (auto arg = dyn_cast<BlockArgument>(table); arg && arg.getOwner() == &region.front()) {
          auto nest = cast<LoopNestInterface>(region.getParentOp());
          table = nest.getTables()[arg.getArgNumber() - nest.getIns().size()];
        }
        const HostTensor &t = tensors[table];
        SmallVector<int64_t> at;
        for (Value v : read.getIndices())
          at.push_back(values.lookup(v).i);
        auto o = offset(at, t.dims);
        if (!o || !t.defined[*o])
          return op.emitError() << (o ? "reads an undefined element" : "reads outside its table");
        values[read] = t.values[*o];
        continue;
      }
      SmallVector<Number> x;
      for (Value v : op.getOperands())
        x.push_back(values.lookup(v));
      ScalarOps s{x, &op, {}};
      if (op.getNumResults() != 1 || !s.run())
        return op.emitError("has no meaning here (unknown operator or division by zero)");
      values[op.getResult(0)] = s.out;
    }
    return failure();
  }

  LogicalResult nest(LoopNestInterface op) {
    auto domain = evalAll(op, op.getDomain().exprs()), symbols = evalAll(op, op.getSymbols().exprs());
    if (failed(domain) || failed(symbols))
      return failure();
    size_t numIns = op.getIns().size(), numResults = op->getNumResults();
    std::string kinds = op.iteratorTypes();
    bool reduces = op.hasReduction();

    SmallVector<HostTensor> results;
    SmallVector<std::vector<bool>> written;
    for (size_t r = 0; r < numResults; ++r) {
      auto dims = evalAll(op, nn::dimsOf(op->getResult(r)));
      if (failed(dims))
        return failure();
      int64_t dest = op.getDestOf()[r];
      results.push_back(dest < 0 ? HostTensor(nn::elementOf(op->getResult(r)), *dims) : tensors[op.getDests()[dest]]);
      written.emplace_back(results.back().values.size());
    }

    SmallVector<unsigned> outer, inner;
    for (unsigned d = 0; d < kinds.size(); ++d)
      (kinds[d] == 'r' ? inner : outer).push_back(d);
    SmallVector<int64_t> point(kinds.size());
    DenseMap<Value, Number> values;
    SmallVector<Number> acc, yields;

    // Sets the region's ins arguments; those that a region does not use are not read.
    auto load = [&](Block &block) -> LogicalResult {
      for (size_t i = 0; i < numIns; ++i) {
        BlockArgument arg = block.getArgument(i);
        if (arg.use_empty())
          continue;
        SmallVector<int64_t> at;
        for (AffineExpr e : op.insMap(i).getResults())
          at.push_back(evalAffine(e, point, *symbols));
        auto v = read(op, i, at);
        if (failed(v))
          return failure();
        values[arg] = *v;
      }
      for (auto [a, arg] : llvm::zip(acc, block.getArguments().drop_front(numIns + op.getTables().size())))
        values[arg] = a;
      return success();
    };
    auto bodyOnce = [&]() -> LogicalResult {
      if (Region *body = op.bodyRegion()) {
        if (failed(load(body->front())) || failed(runRegion(*body, point, values, yields)))
          return failure();
      } else {
        Number factor[2];
        Type type = op.initOf(0).getType();
        for (int i : {0, 1}) {
          SmallVector<int64_t> at;
          for (AffineExpr e : op.insMap(i).getResults())
            at.push_back(evalAffine(e, point, *symbols));
          auto v = read(op, i, at);
          if (failed(v))
            return failure();
          factor[i] = *v;
          Type element = nn::elementOf(op.getIns()[i]);
          if (isUnsigned(element))
            factor[i].i = int64_t(uns(factor[i], storageType(element)));
        }
        Number n{std::fma(factor[0].f, factor[1].f, acc[0].f),
                 int64_t(uint64_t(factor[0].i) * uint64_t(factor[1].i) + uint64_t(acc[0].i))};
        yields.assign(1, rounded(n, type));
      }
      if (reduces)
        acc = yields;
      return success();
    };

    auto loop = [&](auto &&self, ArrayRef<unsigned> dims, llvm::function_ref<LogicalResult()> run) -> LogicalResult {
      if (dims.empty())
        return run();
      for (point[dims[0]] = 0; point[dims[0]] < (*domain)[dims[0]]; ++point[dims[0]])
        if (failed(self(self, dims.drop_front(), run)))
          return failure();
      return success();
    };
    auto element = [&]() -> LogicalResult {
      acc.clear();
      if (reduces)
        for (size_t r = 0; r < numResults; ++r)
          acc.push_back(fromAttr(op.initOf(r)));
      if (failed(loop(loop, inner, bodyOnce)))
        return failure();
      for (unsigned d : inner)
        point[d] = 0;
      if (reduces) {
        yields = acc;
        if (!op.getEpilogue().empty())
          if (failed(load(op.getEpilogue().front())) || failed(runRegion(op.getEpilogue(), point, values, yields)))
            return failure();
      }
      for (size_t r = 0; r < numResults; ++r) {
        SmallVector<int64_t> at;
        for (AffineExpr e : op.resultMap(r).getResults())
          at.push_back(evalAffine(e, point, *symbols));
        auto o = offset(at, results[r].dims);
        if (!o || written[r][*o])
          return op.emitError() << (o ? "writes an element twice" : "writes outside its result");
        written[r][*o] = true;
        results[r].values[*o] = yields[r];
        results[r].defined[*o] = true;
      }
      return success();
    };
    if (failed(loop(loop, outer, element)))
      return failure();
    for (size_t r = 0; r < numResults; ++r)
      tensors[op->getResult(r)] = std::move(results[r]);
    return success();
  }

  FailureOr<Number> read(LoopNestInterface op, size_t i, ArrayRef<int64_t> at) {
    const HostTensor &t = tensors[op.getIns()[i]];
    auto o = offset(at, t.dims);
    if (!o) {
      if (auto pad = op.paddingOf(i))
        return fromAttr(pad);
      return op.emitError() << "reads ins " << i << " outside its bounds";
    }
    if (!t.defined[*o])
      return op.emitError() << "reads an undefined element of ins " << i;
    return t.values[*o];
  }

  LogicalResult run(Block &block, SmallVectorImpl<HostTensor> *yields) {
    for (Operation &op : block) {
      if (op.hasTrait<OpTrait::IsTerminator>()) {
        for (Value v : op.getOperands())
          yields->push_back(tensors[v]);
        return success();
      }
      if (failed(runOp(op)))
        return failure();
      if (options.trace) {
        SmallVector<HostTensor> r;
        for (Value v : op.getResults())
          r.push_back(tensors[v]);
        options.trace(&op, r);
      }
    }
    return failure();
  }

  LogicalResult runOp(Operation &op) {
    if (auto n = dyn_cast<LoopNestInterface>(op))
      return nest(n);
    if (auto view = dyn_cast<ViewOp>(op)) {
      auto dims = evalAll(&op, nn::dimsOf(view.getResult()));
      if (failed(dims))
        return failure();
      HostTensor t = tensors[view.getInput()];
      t.dims = *dims;
      tensors[view.getResult()] = std::move(t);
      return success();
    }
    if (auto fused = dyn_cast<FusedOp>(op)) {
      SmallVector<HostTensor> out;
      if (failed(run(fused.getBody().front(), &out)))
        return failure();
      for (auto [v, t] : llvm::zip(fused.getResults(), out))
        tensors[v] = t;
      return success();
    }
    if (auto c = dyn_cast<nn::ConstantOp>(op)) {
      auto dense = dyn_cast<DenseElementsAttr>(c.getValue());
      if (!dense)
        return op.emitError("only dense constants have a meaning here");
      HostTensor t(nn::elementOf(c.getResult()), cast<RankedTensorType>(c.getType()).getShape(), true);
      for (auto [n, a] : llvm::zip(t.values, dense.getValues<Attribute>()))
        n = fromAttr(a);
      tensors[c.getResult()] = std::move(t);
      return success();
    }
    if (options.external && op.getNumResults() == 1)
      if (auto t = options.external(&op)) {
        tensors[op.getResult(0)] = std::move(*t);
        return success();
      }
    return op.emitError("is no operator that the interpreter knows");
  }
};
} // namespace

FailureOr<SmallVector<HostTensor>> interpret(func::FuncOp func, ArrayRef<HostTensor> inputs, const InterpretOptions &options) {
  Interpreter run{options, DenseMap<Value, HostTensor>()};
  for (auto [v, t] : llvm::zip_equal(func.getArguments(), inputs))
    run.tensors[v] = t;
  SmallVector<HostTensor> out;
  if (failed(run.run(func.getBody().front(), &out)))
    return failure();
  return out;
}

std::optional<std::string> difference(const HostTensor &a, const HostTensor &b, double atol, double rtol) {
  if (a.element != b.element || a.dims != b.dims)
    return "types or shapes differ";
  for (size_t k = 0; k < a.values.size(); ++k) {
    if (a.defined[k] != b.defined[k])
      return "element " + std::to_string(k) + " is defined on one side only";
    if (!a.defined[k])
      continue;
    double x = a.isFloat() ? a.values[k].f : double(a.values[k].i), y = a.isFloat() ? b.values[k].f : double(b.values[k].i);
    if ((std::isnan(x) && std::isnan(y)) || x == y)
      continue;
    if (!(std::fabs(x - y) <= atol + rtol * std::fabs(y)))
      return "element " + std::to_string(k) + ": " + std::to_string(x) + " instead of " + std::to_string(y);
  }
  return std::nullopt;
}

} // namespace ingot::kernel
