//===- Elementwise.cpp - import of every elementwise record ----------------------===//
//
// The records of dialects/nn/ops/Elementwise.td carry the ONNX name; one template makes all rules.
//
//===----------------------------------------------------------------------===//
#include "compiler/import/NodeImport.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace ingot;
using namespace ingot::nn;

/// Broadcasts the operands to their common shape; nothing (after a refusal) if they have none.
static FailureOr<SmallVector<Value>> broadcastAll(NodeImport &n, ArrayRef<Value> operands) {
  Dims common = dimsOf(operands[0]);
  for (Value v : operands.drop_front()) {
    auto d = broadcastDims(common, dimsOf(v));
    if (!d) {
      (void)n.refuse("operands cannot be broadcast to one shape", "export the model with shapes that numpy would broadcast");
      return failure();
    }
    common = *d;
  }
  SmallVector<Value> out;
  for (Value v : operands)
    out.push_back(broadcastTo(n.b, n.loc, v, common));
  return out;
}

/// Before opset 7 the second operand was aligned at `axis` instead of at the end.
static Value legacyAlign(NodeImport &n, Value a, Value v) {
  if (!n.hasAttr("axis"))
    return v;
  Dims d = dimsOf(v);
  int64_t at = n.axis("axis", 0, rankOf(a));
  while (int64_t(d.size()) + at < rankOf(a))
    d.push_back(1);
  return reshapeTo(n.b, n.loc, v, d);
}

template <typename Op> static LogicalResult importElementwise(NodeImport &n) {
  SmallVector<Value> operands(n.inputs);
  if (operands.size() != Op::arity)
    return n.refuse("has " + Twine(operands.size()) + " inputs, expected " + Twine(Op::arity));
  if (Op::arity == 2 && n.since < 7)
    operands[1] = legacyAlign(n, operands[0], operands[1]);
  auto x = broadcastAll(n, operands);
  if (failed(x))
    return failure();
  StringRef which = Op::resultElement;
  Type element = llvm::isDigit(which[0]) ? elementOf((*x)[which[0] - '0']) : irType(n.b.getContext(), *elementTypeNamed(which));
  Type type = tensorOf(dimsOf((*x)[0]), element);
  auto op = Op::create(n.b, n.loc, TypeRange(type), *x);
  for (StringRef name : Op::getAttributeNames())
    if (n.hasAttr(name)) {
      if (isa<FloatAttr>(n.node.getAttrs().get(name)))
        op->setAttr(name, n.b.getF64FloatAttr(n.f(name)));
      else
        op->setAttr(name, n.node.getAttrs().get(name));
    }
  Value result = op->getResult(0);
  if (auto ints = knownInts(result)) // shape arithmetic folds as it is built
    if (rankOf(result) <= 1)
      result = intTensor(n.b, n.loc, *ints, rankOf(result), elementOf(result));
  n.out(0, result);
  return success();
}

template <typename Op> static void registerOne() {
  if constexpr (requires { Op::onnxName; })
    if (*Op::onnxName)
      ImportRegistration("", Op::onnxName, 1, importElementwise<Op>);
}
template <typename... Ops> struct RegisterAll {
  RegisterAll() { (registerOne<Ops>(), ...); }
};
static RegisterAll<
#define GET_OP_LIST
#include "dialects/nn/NnOps.cpp.inc"
    >
    registerAll;

/// Variadic operators fold over their operands.
template <typename Op> static LogicalResult importVariadic(NodeImport &n) {
  Value acc = n.in(0);
  for (unsigned i = 1; i < n.numInputs(); ++i) {
    auto x = broadcastAll(n, {acc, n.in(i)});
    if (failed(x))
      return failure();
    acc = Op::create(n.b, n.loc, TypeRange((*x)[0].getType()), *x).getResult();
  }
  if (auto ints = knownInts(acc); ints && rankOf(acc) <= 1)
    acc = intTensor(n.b, n.loc, *ints, rankOf(acc), elementOf(acc));
  n.out(0, acc);
  return success();
}
INGOT_IMPORT("Max", 1) { return importVariadic<MaxOp>(n); }
INGOT_IMPORT("Min", 1) { return importVariadic<MinOp>(n); }
INGOT_IMPORT("Sum", 1) { return importVariadic<AddOp>(n); }

INGOT_IMPORT("Identity", 1) {
  n.out(0, n.in(0));
  return success();
}
