//===- Elementwise.cpp - import of every elementwise record ----------------------===//
//
// The records of dialects/nn/ops/Elementwise.td carry the ONNX name; one template makes all rules.
//
//===----------------------------------------------------------------------===//
#include "compiler/import/rules/Common.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace ingot;
using namespace ingot::nn;
using namespace ingot::rules;

/// Before opset 7 the second operand was aligned at `axis` instead of at the end.
static Value legacyAlign(NodeImport &n, Value a, Value v) {
  if (!n.hasAttr("axis"))
    return v;
  Dims d = dimsOf(v);
  auto at = n.axis("axis", 0, rankOf(a));
  while (at && int64_t(d.size()) + *at < rankOf(a))
    d.push_back(1);
  return n.reshapeTo(v, d);
}

/// Whether the record takes attributes of these types. Its own words about that are for developers.
static bool haveTypes(NodeImport &n, OperationName op, ArrayRef<NamedAttribute> attributes) {
  ScopedDiagnosticHandler quiet(n.b.getContext(), [](Diagnostic &) { return success(); });
  NamedAttrList list(attributes);
  return succeeded(op.verifyInherentAttrs(list, [&] { return emitError(n.loc); }));
}

template <typename Op> static LogicalResult importElementwise(NodeImport &n) {
  SmallVector<Value> operands(n.inputs);
  if (operands.size() != Op::arity)
    return n.refuse("has " + Twine(operands.size()) + " inputs, expected " + Twine(Op::arity));
  if (Op::arity == 2 && n.since < 7 && n.node.getDomain().empty())
    operands[1] = legacyAlign(n, operands[0], operands[1]);
  auto x = broadcastAll(n, operands);
  if (failed(x))
    return failure();
  StringRef which = Op::resultElement;
  Type element = llvm::isDigit(which[0]) ? elementOf((*x)[which[0] - '0']) : irType(n.b.getContext(), *elementTypeNamed(which));
  SmallVector<NamedAttribute> attributes;
  for (StringRef name : Op::getAttributeNames())
    if (Attribute a = n.node.getAttrs().get(name))
      attributes.push_back(n.b.getNamedAttr(name, isa<FloatAttr>(a) ? n.b.getF64FloatAttr(n.f(name)) : a));
  // ONNX has no definition of a foreign operator, so nobody has compared the node's attributes with it.
  if (!n.node.getDomain().empty())
    for (NamedAttribute a : n.node.getAttrs())
      if (!llvm::is_contained(Op::getAttributeNames(), a.getName().getValue()))
        return n.refuse("attribute '" + a.getName().getValue() + "' is unknown", "remove it or correct its name");
  if (!haveTypes(n, OperationName(Op::getOperationName(), n.b.getContext()), attributes))
    return n.refuse("an attribute has another type than the operator wants", "a float stays one without decimals: 2.0, not 2");
  n.out(0, elementwise(n, Op::getOperationName(), *x, element, attributes));
  return success();
}

template <typename Op> static void registerOne() {
  if constexpr (requires { Op::onnxName; })
    if (StringRef name = Op::onnxName; !name.empty()) {
      size_t dot = name.rfind('.'); // "com.example.Op": an operator of another domain
      bool isOnnx = dot == StringRef::npos;
      ImportRegistration(isOnnx ? "" : name.take_front(dot), isOnnx ? name : name.drop_front(dot + 1), 1, importElementwise<Op>);
    }
}
template <typename... Ops> struct RegisterAll {
  RegisterAll() { (registerOne<Ops>(), ...); }
};
static RegisterAll<
#define GET_OP_LIST
#include "dialects/nn/NnOps.cpp.inc"
    >
    registerAll;

//===----------------------------------------------------------------------===//
// Variadic operators fold over their operands
//===----------------------------------------------------------------------===//

template <typename Op> static FailureOr<Value> foldOver(NodeImport &n) {
  Value acc = n.in(0);
  for (unsigned i = 1; i < n.numInputs(); ++i) {
    auto x = broadcastAll(n, {acc, n.in(i)});
    if (failed(x))
      return failure();
    acc = elementwise<Op>(n, *x);
  }
  return acc;
}
template <typename Op> static LogicalResult importVariadic(NodeImport &n) {
  auto y = foldOver<Op>(n);
  if (failed(y))
    return failure();
  n.out(0, *y);
  return success();
}
INGOT_IMPORT("Max", 1) { return importVariadic<MaxOp>(n); }
INGOT_IMPORT("Min", 1) { return importVariadic<MinOp>(n); }
INGOT_IMPORT("Sum", 1) { return importVariadic<AddOp>(n); }
INGOT_IMPORT("Mean", 1) {
  auto y = foldOver<AddOp>(n);
  if (failed(y))
    return failure();
  Value count = splat(n.b, n.loc, n.numInputs(), elementOf(*y), dimsOf(*y));
  n.out(0, n.numInputs() == 1 ? *y : elementwise<DivOp>(n, ValueRange{*y, count}));
  return success();
}

//===----------------------------------------------------------------------===//
// Operators with a rule of their own
//===----------------------------------------------------------------------===//

INGOT_IMPORT("Pow", 1) {
  Value x = n.in(0), e = n.in(1);
  if (n.since < 7)
    e = legacyAlign(n, x, e);
  auto operands = broadcastAll(n, {x, e});
  if (failed(operands))
    return failure();
  x = (*operands)[0];
  // Small powers are products; they are also exact, which pow need not be.
  auto k = knownNumber(e);
  bool isFloat = isa<FloatType>(elementOf(x));
  if (k == 1)
    n.out(0, x);
  else if (k == 2)
    n.out(0, elementwise<MulOp>(n, ValueRange{x, x}));
  else if (k == 3)
    n.out(0, elementwise<MulOp>(n, ValueRange{elementwise<MulOp>(n, ValueRange{x, x}), x}));
  else if (k == 0.5 && isFloat)
    n.out(0, elementwise<SqrtOp>(n, x));
  else if (k == -1 && isFloat)
    n.out(0, elementwise<ReciprocalOp>(n, x));
  else
    n.out(0, elementwise(n, PowOp::getOperationName(), *operands, elementOf(x)));
  return success();
}

INGOT_IMPORT("PRelu", 1) {
  Value x = n.in(0), slope = n.in(1);
  if (n.since < 7 && rankOf(slope) == 1 && rankOf(x) > 1) { // one slope per channel
    Dims d(rankOf(x) - 1, DimExpr(1));
    d[0] = dimsOf(slope)[0];
    slope = n.reshapeTo(slope, d);
  }
  n.out(0, elementwise<PReluOp>(n, ValueRange{x, n.broadcastTo(slope, dimsOf(x))}));
  return success();
}

static LogicalResult clip(NodeImport &n, std::optional<double> lo, std::optional<double> hi) {
  SmallVector<NamedAttribute> attributes;
  if (lo)
    attributes.push_back(n.b.getNamedAttr("min", n.b.getF64FloatAttr(*lo)));
  if (hi)
    attributes.push_back(n.b.getNamedAttr("max", n.b.getF64FloatAttr(*hi)));
  n.out(0, attributes.empty() ? n.in(0) : elementwise(n, ClipOp::getOperationName(), n.in(0), n.element(0), attributes));
  return success();
}
INGOT_IMPORT("Clip", 1) {
  auto bound = [&](StringRef name) { return n.hasAttr(name) ? std::optional<double>(n.f(name)) : std::nullopt; };
  return clip(n, bound("min"), bound("max"));
}
INGOT_IMPORT("Clip", 11) {
  // Numbers become attributes, unless a double cannot hold them exactly.
  auto exact = [](std::optional<double> v) { return v && (std::abs(*v) < 9e15 || std::isinf(*v)); };
  auto lo = knownNumber(n.in(1)), hi = knownNumber(n.in(2));
  bool real = isa<FloatType>(n.element(0));
  if ((!n.has(1) || (lo && (real || exact(lo)))) && (!n.has(2) || (hi && (real || exact(hi)))))
    return clip(n, lo, hi);
  Value y = n.in(0);
  if (n.has(1))
    y = elementwise<MaxOp>(n, ValueRange{y, n.broadcastTo(n.in(1), n.dims(0))});
  if (n.has(2))
    y = elementwise<MinOp>(n, ValueRange{y, n.broadcastTo(n.in(2), n.dims(0))});
  n.out(0, y);
  return success();
}

/// Strings too, from version 19; before, this is the record's rule.
INGOT_IMPORT("Equal", 19) {
  if (!isa<StringType>(n.element(0)))
    return importElementwise<EqualOp>(n);
  auto x = broadcastAll(n, {n.in(0), n.in(1)});
  if (failed(x))
    return failure();
  n.out(0, n.call("equal_strings", *x, tensorOf(dimsOf((*x)[0]), n.b.getI1Type())));
  return success();
}

//===----------------------------------------------------------------------===//
// Cast
//===----------------------------------------------------------------------===//

static LogicalResult castInto(NodeImport &n, Type element) {
  Value x = n.in(0);
  if (elementOf(x) == element) {
    n.out(0, x);
    return success();
  }
  if (isa<StringType>(element) || isa<StringType>(elementOf(x))) {
    Type result = tensorOf(n.dims(0), element), number = isa<StringType>(element) ? elementOf(x) : element;
    if (number.getIntOrFloatBitWidth() < 8 && !number.isInteger(1))
      return n.refuse("packed elements have no form as strings", "cast through an 8-bit type");
    n.out(0, n.call(isa<StringType>(element) ? "cast_to_string" : "cast_from_string", x, result));
    return success();
  }
  if (isa<ComplexType>(element) || isa<ComplexType>(elementOf(x)))
    return n.refuse("casts of complex numbers are not defined");
  NamedAttribute attributes[] = {n.b.getNamedAttr("saturate", n.b.getBoolAttr(n.i("saturate", 1))),
                                 n.b.getNamedAttr("rounding", n.b.getStringAttr(n.s("round_mode", "up")))};
  n.out(0, elementwise(n, CastOp::getOperationName(), x, element, attributes));
  return success();
}

INGOT_IMPORT("Cast", 1) {
  const ElementType *to = nullptr;
  if (n.since < 6) { // the name of the type
    static const std::pair<StringRef, StringRef> names[] = {{"FLOAT", "f32"}, {"DOUBLE", "f64"}, {"FLOAT16", "f16"}, {"BOOL", "b1"},
      {"INT8", "i8"}, {"INT16", "i16"}, {"INT32", "i32"}, {"INT64", "i64"}, {"UINT8", "u8"}, {"UINT16", "u16"}, {"UINT32", "u32"},
      {"UINT64", "u64"}, {"STRING", "str"}};
    for (auto [onnx, name] : names)
      if (n.s("to").equals_insensitive(onnx))
        to = elementTypeNamed(name);
  } else {
    to = elementTypeOfOnnx(n.i("to"));
  }
  if (!to)
    return n.refuse("casts to an unknown element type");
  return castInto(n, irType(n.b.getContext(), *to));
}
INGOT_IMPORT("CastLike", 15) { return castInto(n, n.element(1)); }

INGOT_IMPORT("BitCast", 26) {
  const ElementType *from = elementTypeOf(n.element(0)), *to = elementTypeOfOnnx(n.i("to"));
  if (!to || to->bits != from->bits)
    return n.refuse("a BitCast between element types of different sizes", "cast to a type of the same size");
  Type element = irType(n.b.getContext(), *to);
  Value x = n.in(0);
  if (!storageType(element).isIntOrFloat() || !storageType(elementOf(x)).isIntOrFloat())
    return n.refuse("a BitCast of strings or complex numbers is not supported");
  kernel::GenericBuilder g(n.b, n.loc);
  auto d = g.parallels(n.dims(0));
  g.in(x, d);
  g.result(element, n.dims(0), d);
  n.out(0, g.build([&](kernel::Scalars &r) -> SmallVector<Value> {
    Value stored = r.s.store(r.in[0], elementOf(x));
    Type type = storageType(element);
    if (stored.getType().isInteger(1)) // a bool's byte is 0 or 1
      stored = arith::ExtUIOp::create(r.b, r.loc, r.b.getI8Type(), stored);
    if (type.isInteger(1))
      stored = r.s.cmp(Cmp::NE, stored, r.s.constant(0, stored.getType()));
    else if (type != stored.getType())
      stored = arith::BitcastOp::create(r.b, r.loc, type, stored);
    return {r.s.load(stored, element)};
  })[0]);
  return success();
}

//===----------------------------------------------------------------------===//
// Identity
//===----------------------------------------------------------------------===//

INGOT_IMPORT("Identity", 1) {
  n.out(0, n.in(0));
  return success();
}
