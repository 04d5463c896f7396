//===- Training.cpp - one step of an optimiser -------------------------------------------===//
//
// Inputs: rate, number of steps done, then the tensors of each kind for all parameters: values, gradients, one or two
// moments. Outputs: new values, new moments.
//
//===----------------------------------------------------------------------===//
#include "compiler/import/Compose.h"

using namespace mlir;
using namespace ingot;

static constexpr const char *domain = "ai.onnx.preview.training";

/// Runs `update` for each of the parameters, which have `kinds` tensors each; it returns the new values of all but the gradient.
static LogicalResult forEachParameter(NodeImport &n, unsigned kinds, llvm::function_ref<SmallVector<Value>(Compose &, ArrayRef<Value>)> update) {
  Compose c(n);
  unsigned count = (n.numInputs() - 2) / kinds;
  for (unsigned i = 0; i < count; ++i) {
    SmallVector<Value> own;
    for (unsigned k = 0; k < kinds; ++k)
      own.push_back(n.in(2 + k * count + i));
    for (auto [k, v] : llvm::enumerate(update(c, own)))
      n.out(k * count + i, v);
  }
  return c.done();
}

/// `number` after the first step, `other` at it.
static Value afterFirst(Compose &c, Value steps, double number, double other, Type element) {
  return c.where(c.less(c.scalar(0, nn::elementOf(steps)), steps), c.scalar(number, element), c.scalar(other, element));
}

INGOT_IMPORT_IN(domain, "Adagrad", 1) {
  return forEachParameter(n, 3, [&](Compose &c, ArrayRef<Value> p) -> SmallVector<Value> {
    Value x = p[0], rate = n.in(0), steps = c.cast(n.in(1), n.element(0));
    rate = c.div(rate, c.add(c.mul(steps, n.f("decay_factor")), 1.0));
    Value g = c.add(c.mul(x, n.f("norm_coefficient")), p[1]), h = c.add(p[2], c.mul(g, g));
    return {c.sub(x, c.div(c.mul(rate, g), c.add(c.sqrt(h), n.f("epsilon", 1e-6)))), h};
  });
}

INGOT_IMPORT_IN(domain, "Momentum", 1) {
  return forEachParameter(n, 3, [&](Compose &c, ArrayRef<Value> p) -> SmallVector<Value> {
    double alpha = n.f("alpha");
    Value x = p[0], beta = afterFirst(c, n.in(1), n.f("beta"), 1, nn::elementOf(x));
    Value g = c.add(c.mul(x, n.f("norm_coefficient")), p[1]), v = c.add(c.mul(p[2], alpha), c.mul(beta, g));
    Value direction = n.s("mode") == "nesterov" ? c.add(g, c.mul(v, alpha)) : v;
    return {c.sub(x, c.mul(n.in(0), direction)), v};
  });
}

INGOT_IMPORT_IN(domain, "Adam", 1) {
  return forEachParameter(n, 4, [&](Compose &c, ArrayRef<Value> p) -> SmallVector<Value> {
    double alpha = n.f("alpha", 0.9), beta = n.f("beta", 0.999);
    Value x = p[0], rate = n.in(0);
    Type element = nn::elementOf(rate);
    Value g = c.add(c.mul(x, n.f("norm_coefficient")), p[1]);
    Value v = c.add(c.mul(p[2], alpha), c.mul(g, 1 - alpha)), h = c.add(c.mul(p[3], beta), c.mul(c.mul(g, g), 1 - beta));
    Value steps = c.cast(n.in(1), element);
    auto rest = [&](double base) { return c.sub(1.0, c.pow(base, steps)); }; // 1 - base ^ steps
    Value corrected = c.div(c.mul(rate, c.sqrt(rest(beta))), rest(alpha));
    rate = c.where(c.less(c.scalar(0, element), steps), corrected, rate);
    Value next = c.sub(x, c.mul(rate, c.div(v, c.add(c.sqrt(h), n.f("epsilon", 1e-6)))));
    return {c.mul(next, 1 - n.f("norm_coefficient_post")), v, h};
  });
}

INGOT_IMPORT_IN(domain, "Gradient", 1) {
  return n.refuse("gradients are not computed", "export the backward pass as ordinary operators");
}
INGOT_IMPORT("ImageDecoder", 20) {
  return n.refuse("image files are not decoded", "decode the image in the application and pass its pixels");
}
