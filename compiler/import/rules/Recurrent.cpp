//===- Recurrent.cpp - LSTM, GRU, RNN ---------------------------------------------------===//
//
// The products with the input are one matrix product for all steps. What remains of a step is a product with the hidden
// state and one nest over (batch, hidden) for all gates:
//
//   for each step t:  S = H[t-1] * R^T;  H[t], C[t] = cell(X W^T [t], S, B, C[t-1])
//
// A few steps are unrolled, more become nn.loop.
//
//===----------------------------------------------------------------------===//
#include "compiler/import/Compose.h"

using namespace mlir;
using namespace ingot;
using namespace ingot::nn;
using kernel::Scalars;

namespace {

constexpr int64_t maxUnrolled = 4;

struct Activation {
  std::string name;
  double alpha, beta;
};

Value activate(ScalarBuilder &s, const Activation &a, Value x) {
  auto num = [&](double v) { return s.constant(v, x.getType()); };
  if (a.name == "sigmoid")
    return s.sigmoid(x);
  if (a.name == "tanh")
    return s.tanh(x);
  if (a.name == "relu")
    return s.max(x, num(0));
  if (a.name == "affine")
    return s.fma(x, num(a.alpha), num(a.beta));
  if (a.name == "leakyrelu")
    return s.select(s.cmp(Cmp::LT, x, num(0)), s.mul(x, num(a.alpha)), x);
  if (a.name == "thresholdedrelu")
    return s.select(s.cmp(Cmp::GT, x, num(a.alpha)), x, num(0));
  if (a.name == "scaledtanh")
    return s.mul(num(a.alpha), s.tanh(s.mul(num(a.beta), x)));
  if (a.name == "hardsigmoid")
    return s.clamp(s.fma(x, num(a.alpha), num(a.beta)), num(0), num(1));
  if (a.name == "elu")
    return s.select(s.cmp(Cmp::LT, x, num(0)), s.mul(num(a.alpha), s.expm1(x)), x);
  if (a.name == "softsign")
    return s.div(x, s.add(num(1), s.abs(x)));
  return s.log1p(s.exp(x)); // softplus
}

/// One recurrent node, taken apart.
struct Recurrent {
  NodeImport &n;
  Compose c;
  unsigned gates;        // 4 LSTM, 3 GRU, 1 RNN
  unsigned perDirection; // activations
  bool isLstm() const { return gates == 4; }

  Value x, lengths; // x: steps, batch, input; compute type
  Type element, wide;
  DimExpr steps, batch, input, hidden;
  int64_t directions = 1;
  bool batchFirst = false;
  double clip = 0;
  SmallVector<Activation> activations;

  Recurrent(NodeImport &n, unsigned gates, unsigned perDirection) : n(n), c(n), gates(gates), perDirection(perDirection) {}
  LogicalResult run();

private:
  LogicalResult checkShapes();
  LogicalResult readActivations(ArrayRef<StringRef> defaults);
  /// What direction d does not share with the other.
  struct Direction {
    Value r, bias, peephole, products; // r: gates*hidden, hidden; bias: 2*gates*hidden; products: steps, batch, gates*hidden
    ArrayRef<Activation> f;
    bool backward;
  };
  struct State {
    Value h, c;
  };
  Direction direction(int64_t d);
  State initial(int64_t d);
  Value ofDirection(unsigned input, int64_t d);
  /// The state after step t (an i64 scalar) and the step's output.
  State step(const Direction &d, Value products, State before, Value t, Value *output);
  State cell(const Direction &d, Value products, State before, Value t, Value *output);
  State gru(const Direction &d, Value products, State before, Value t, Value *output);
  std::pair<Value, State> allSteps(const Direction &d, State start);
  Value clipped(ScalarBuilder &s, Value x) {
    return clip > 0 ? s.clamp(x, s.constant(-clip, x.getType()), s.constant(clip, x.getType())) : x;
  }
  /// Results of a cell: past its sequence's end a row keeps its state and gives zeros.
  struct Nest {
    kernel::GenericBuilder g;
    SmallVector<AffineExpr> d;
    std::optional<unsigned> length, time;
  };
  Nest nest() {
    Nest k{kernel::GenericBuilder(n.b, n.loc), {}, {}, {}};
    k.d = k.g.parallels({batch, hidden});
    return k;
  }
  void maskInputs(Nest &k, Value t) {
    if (!lengths)
      return;
    k.length = k.g.in(lengths, {k.d[0]});
    k.time = k.g.in(t, {});
  }
  Value alive(Scalars &r, const Nest &k) {
    ScalarBuilder s(r.b, r.loc, n.b.getI64Type());
    return s.cmp(Cmp::LT, r.in[*k.time], s.convert(r.in[*k.length], elementOf(lengths), n.b.getI64Type()));
  }
};

LogicalResult Recurrent::readActivations(ArrayRef<StringRef> defaults) {
  static const std::pair<StringRef, std::pair<double, double>> known[] = {
      {"sigmoid", {0, 0}}, {"tanh", {0, 0}},           {"relu", {0, 0}},     {"affine", {1, 0}},
      {"leakyrelu", {0.01, 0}}, {"thresholdedrelu", {1, 0}}, {"scaledtanh", {1, 1}}, {"hardsigmoid", {0.2, 0.5}},
      {"elu", {1, 0}},     {"softsign", {0, 0}},       {"softplus", {0, 0}}};
  // alpha and beta are consumed in order by those activations that take one.
  auto takesAlpha = [](StringRef s) {
    return s == "affine" || s == "leakyrelu" || s == "thresholdedrelu" || s == "scaledtanh" || s == "hardsigmoid" || s == "elu";
  };
  auto takesBeta = [](StringRef s) { return s == "affine" || s == "scaledtanh" || s == "hardsigmoid"; };
  SmallVector<StringRef> names = n.strings("activations");
  if (names.empty())
    for (int64_t d = 0; d < directions; ++d)
      llvm::append_range(names, defaults);
  if (names.size() != size_t(directions) * perDirection)
    return n.refuse("has " + Twine(names.size()) + " activations, expected " + Twine(directions * perDirection));
  auto alpha = n.floats("activation_alpha"), beta = n.floats("activation_beta");
  size_t a = 0, b = 0;
  for (StringRef name : names) {
    std::string lower = name.lower();
    auto it = llvm::find_if(known, [&](auto &k) { return k.first == lower; });
    if (it == std::end(known))
      return n.refuse("activation " + name + " is not one of ONNX's");
    Activation f{lower, it->second.first, it->second.second};
    if (takesAlpha(lower) && a < alpha.size())
      f.alpha = alpha[a++];
    if (takesBeta(lower) && b < beta.size())
      f.beta = beta[b++];
    activations.push_back(f);
  }
  return success();
}

/// Slice d of an input whose first dimension is the direction.
Value Recurrent::ofDirection(unsigned k, int64_t d) {
  Value v = c.widen(n.in(k));
  Dims dims = dimsOf(v);
  v = c.slice(v, 0, d, 1);
  return c.reshape(v, ArrayRef<DimExpr>(dims).drop_front());
}

Recurrent::Direction Recurrent::direction(int64_t d) {
  Direction out;
  DimExpr rows = hidden * DimExpr(gates);
  Value w = ofDirection(1, d);
  out.r = ofDirection(2, d);
  if (n.has(3))
    out.bias = ofDirection(3, d);
  if (isLstm() && n.has(7))
    out.peephole = ofDirection(7, d);
  out.products = c.reshape(c.matmul(c.reshape(x, {steps * batch, input}), w, false, true), {steps, batch, rows});
  out.f = ArrayRef<Activation>(activations).slice(d * perDirection, perDirection);
  out.backward = n.s("direction") == "reverse" || d == 1;
  return out;
}

Recurrent::State Recurrent::initial(int64_t d) {
  auto one = [&](unsigned k) -> Value {
    if (!n.has(k)) // a buffer of its own, since the loop writes it
      return c.splat(0, wide, {batch, hidden});
    Value v = c.widen(n.in(k));
    v = c.slice(v, batchFirst ? 1 : 0, d, 1);
    return c.reshape(v, {batch, hidden});
  };
  return {one(5), isLstm() ? one(6) : Value()};
}

/// RNN and LSTM: all gates need the same product with the hidden state.
Recurrent::State Recurrent::cell(const Direction &d, Value products, State before, Value t, Value *output) {
  Value recurrent = c.matmul(before.h, d.r, false, true);
  Nest k = nest();
  auto &g = k.g;
  SmallVector<unsigned> px, pr, bw, br, peep;
  for (unsigned gate = 0; gate < gates; ++gate) {
    AffineExpr at = k.d[1] + g.sym(hidden * DimExpr(gate));
    px.push_back(g.in(products, {k.d[0], at}));
    pr.push_back(g.in(recurrent, {k.d[0], at}));
    if (d.bias) {
      bw.push_back(g.in(d.bias, {at}));
      br.push_back(g.in(d.bias, {k.d[1] + g.sym(hidden * DimExpr(gates + gate))}));
    }
  }
  if (d.peephole)
    for (unsigned p = 0; p < 3; ++p)
      peep.push_back(g.in(d.peephole, {k.d[1] + g.sym(hidden * DimExpr(p))}));
  unsigned oldC = isLstm() ? g.in(before.c, k.d) : 0;
  unsigned oldH = lengths ? g.in(before.h, k.d) : 0;
  maskInputs(k, t);
  g.result(wide, {batch, hidden}, k.d);
  if (isLstm())
    g.result(wide, {batch, hidden}, k.d);
  if (lengths)
    g.result(wide, {batch, hidden}, k.d);
  auto results = g.build([&](Scalars &r) -> SmallVector<Value> {
    auto &s = r.s;
    auto gate = [&](unsigned i) {
      Value v = s.add(r.in[px[i]], r.in[pr[i]]);
      if (d.bias)
        v = s.add(v, s.add(r.in[bw[i]], r.in[br[i]]));
      return v;
    };
    auto act = [&](unsigned i, Value v, StringRef name = "") {
      Value y = activate(s, d.f[i], clipped(s, v));
      return name.empty() ? y : r.named(name, y);
    };
    SmallVector<Value> out;
    if (!isLstm()) {
      out.push_back(act(0, gate(0)));
    } else {
      // Gates are stored in the order input, output, forget, cell; peepholes input, output, forget.
      Value c0 = r.in[oldC];
      auto peeped = [&](unsigned i, Value state) {
        return d.peephole ? s.fma(r.in[peep[i]], state, gate(i)) : gate(i);
      };
      Value i = act(0, peeped(0, c0), "input_gate");
      Value f = n.i("input_forget") ? s.sub(s.constant(1), i) : act(0, peeped(2, c0), "forget_gate");
      Value fresh = act(1, gate(3), "candidate");
      Value c1 = r.named("cell", s.fma(f, c0, s.mul(i, fresh)));
      Value o = act(0, peeped(1, c1), "output_gate");
      out.append({s.mul(o, activate(s, d.f[2], c1)), c1});
    }
    if (lengths) {
      Value live = alive(r, k);
      Value y = s.select(live, out[0], s.constant(0));
      out[0] = s.select(live, out[0], r.in[oldH]);
      if (isLstm())
        out[1] = s.select(live, out[1], r.in[oldC]);
      out.push_back(y);
    }
    return out;
  });
  *output = lengths ? results.back() : results[0];
  return {results[0], isLstm() ? results[1] : Value()};
}

/// GRU: the reset gate acts before the candidate's product with the hidden state, or after it (linear_before_reset).
Recurrent::State Recurrent::gru(const Direction &d, Value products, State before, Value t, Value *output) {
  bool linear = n.i("linear_before_reset");
  auto gateSum = [&](Scalars &r, unsigned px, Value pr, std::optional<unsigned> bw) {
    Value v = r.s.add(r.in[px], pr);
    return bw ? r.s.add(v, r.in[*bw]) : v;
  };
  auto row = [&](Nest &k, unsigned gate) { return k.d[1] + k.g.sym(hidden * DimExpr(gate)); };
  Value recurrent = c.matmul(before.h, linear ? d.r : c.slice(d.r, 0, 0, hidden * DimExpr(2)), false, true);
  Value candidate;
  if (!linear) {
    // r * H, then its product with the candidate's rows of R.
    Nest k = nest();
    unsigned px = k.g.in(products, {k.d[0], row(k, 1)}), pr = k.g.in(recurrent, {k.d[0], row(k, 1)}), h = k.g.in(before.h, k.d);
    std::optional<unsigned> bw, br;
    if (d.bias) {
      bw = k.g.in(d.bias, {row(k, 1)});
      br = k.g.in(d.bias, {row(k, 4)});
    }
    k.g.result(wide, {batch, hidden}, k.d);
    Value reset = k.g.build([&](Scalars &r) -> SmallVector<Value> {
      Value v = gateSum(r, px, r.in[pr], bw);
      if (br)
        v = r.s.add(v, r.in[*br]);
      return {r.s.mul(activate(r.s, d.f[0], clipped(r.s, v)), r.in[h])};
    })[0];
    candidate = c.matmul(reset, c.slice(d.r, 0, hidden * DimExpr(2), hidden), false, true);
  }
  Nest k = nest();
  auto &g = k.g;
  SmallVector<unsigned> px, pr, bw, br;
  for (unsigned gate = 0; gate < 3; ++gate) {
    px.push_back(g.in(products, {k.d[0], row(k, gate)}));
    if (gate == 2 && !linear)
      pr.push_back(g.in(candidate, k.d));
    else
      pr.push_back(g.in(recurrent, {k.d[0], row(k, gate)}));
    if (d.bias) {
      bw.push_back(g.in(d.bias, {row(k, gate)}));
      br.push_back(g.in(d.bias, {row(k, gate + 3)}));
    }
  }
  unsigned h = g.in(before.h, k.d);
  maskInputs(k, t);
  g.result(wide, {batch, hidden}, k.d);
  if (lengths)
    g.result(wide, {batch, hidden}, k.d);
  auto results = g.build([&](Scalars &r) -> SmallVector<Value> {
    auto &s = r.s;
    auto recur = [&](unsigned i) { return d.bias ? s.add(r.in[pr[i]], r.in[br[i]]) : r.in[pr[i]]; };
    auto sum = [&](unsigned i, Value rec) { return gateSum(r, px[i], rec, d.bias ? std::optional(bw[i]) : std::nullopt); };
    auto act = [&](unsigned i, Value v) { return activate(s, d.f[i], clipped(s, v)); };
    Value z = r.named("update_gate", act(0, sum(0, recur(0))));
    Value fresh = linear ? sum(2, s.mul(act(0, sum(1, recur(1))), recur(2))) : sum(2, recur(2));
    fresh = r.named("candidate", act(1, fresh));
    Value next = s.fma(z, r.in[h], s.mul(s.sub(s.constant(1), z), fresh));
    if (!lengths)
      return {next};
    Value live = alive(r, k);
    return {s.select(live, next, r.in[h]), s.select(live, next, s.constant(0))};
  });
  *output = results.back();
  return {results[0], {}};
}

Recurrent::State Recurrent::step(const Direction &d, Value products, State before, Value t, Value *output) {
  return gates == 3 ? gru(d, products, before, t, output) : cell(d, products, before, t, output);
}

/// Outputs of all steps (steps, batch, hidden) and the last state.
std::pair<Value, Recurrent::State> Recurrent::allSteps(const Direction &d, State state) {
  DimExpr rows = hidden * DimExpr(gates);
  auto count = steps.constant();
  if (count && *count <= maxUnrolled) {
    SmallVector<Value> outputs(*count);
    for (int64_t i = 0; i < *count; ++i) {
      int64_t t = d.backward ? *count - 1 - i : i;
      Value products = c.reshape(c.slice(d.products, 0, t, 1), {batch, rows}), y;
      state = step(d, products, state, intTensor(n.b, n.loc, {DimExpr(t)}, 0), &y);
      outputs[t] = c.reshape(y, {1, batch, hidden});
    }
    return {outputs.empty() ? c.splat(0, wide, {steps, batch, hidden}) : c.concat(outputs, 0), state};
  }
  SmallVector<Value> inits{state.h};
  if (isLstm())
    inits.push_back(state.c);
  SmallVector<Type> types;
  for (Value v : inits)
    types.push_back(v.getType());
  types.push_back(tensorOf({steps, batch, hidden}, wide));
  auto loop = LoopOp::create(n.b, n.loc, types, intTensor(n.b, n.loc, {steps}, 0), Value(), inits, n.b.getBoolAttr(false),
                             n.b.getStringAttr(steps.str()), StringAttr());
  {
    OpBuilder::InsertionGuard guard(n.b);
    Type i64 = RankedTensorType::get({}, n.b.getI64Type());
    SmallVector<Type> arguments{i64};
    for (Value v : inits)
      arguments.push_back(v.getType());
    Block *body = n.b.createBlock(&loop.getBody(), {}, arguments, SmallVector<Location>(arguments.size(), n.loc));
    Value t = body->getArgument(0);
    if (d.backward)
      t = c.sub(intTensor(n.b, n.loc, {steps - 1}, 0), t);
    Value products = c.gather(d.products, t, 0), y;
    State next = step(d, products, {body->getArgument(1), isLstm() ? body->getArgument(2) : Value()}, t, &y);
    SmallVector<Value> yields{next.h};
    if (isLstm())
      yields.push_back(next.c);
    yields.push_back(y);
    nn::YieldOp::create(n.b, n.loc, yields);
  }
  Value outputs = loop.getResults().back();
  return {d.backward ? c.reverse(outputs, 0) : outputs, {loop.getResult(0), isLstm() ? loop.getResult(1) : Value()}};
}

/// Everything that a step reads has the sizes that input and hidden state ask for.
LogicalResult Recurrent::checkShapes() {
  if (n.hasAttr("hidden_size") && failed(n.requireEqual(hidden, n.i("hidden_size"), "hidden_size")))
    return failure();
  DimExpr rows = hidden * DimExpr(gates), states(directions);
  Dims state = batchFirst ? Dims{batch, states, hidden} : Dims{states, batch, hidden};
  const struct {
    unsigned input;
    Dims dims;
    const char *what;
  } needed[] = {{1, {states, rows, input}, "W"},    {2, {states, rows, hidden}, "R"}, {3, {states, rows * DimExpr(2)}, "B"},
                {4, {batch}, "sequence_lens"},      {5, state, "initial_h"},          {6, state, "initial_c"},
                {7, {states, hidden * DimExpr(3)}, "P"}};
  for (auto &[k, dims, what] : needed)
    if (n.has(k) && failed(n.requireShape(n.in(k), dims, what)))
      return failure();
  return success();
}

LogicalResult Recurrent::run() {
  batchFirst = n.i("layout");
  x = c.widen(n.in(0));
  if (rankOf(x) != 3 || n.rank(1) != 3 || n.rank(2) != 3)
    return n.refuse("needs an input and weights of rank 3", "correct the shapes of X, W and R");
  if (batchFirst)
    x = c.transpose(x, {1, 0, 2});
  element = n.element(0);
  wide = elementOf(x);
  Dims d = dimsOf(x);
  steps = d[0];
  batch = d[1];
  input = d[2];
  hidden = n.dims(2)[2];
  clip = n.f("clip");
  directions = n.s("direction", "forward") == "bidirectional" ? 2 : 1;
  if (n.has(4)) {
    lengths = n.in(4);
    if (auto known = n.known(4); known && llvm::all_of(*known, [&](const DimExpr &e) { return e == steps; }))
      lengths = Value();
  }
  if (failed(checkShapes()))
    return failure();
  static const StringRef lstm[] = {"Sigmoid", "Tanh", "Tanh"}, gruNames[] = {"Sigmoid", "Tanh"}, rnn[] = {"Tanh"};
  if (failed(readActivations(gates == 4 ? ArrayRef(lstm) : gates == 3 ? ArrayRef(gruNames) : ArrayRef(rnn))))
    return failure();
  SmallVector<Value> outputs, lastH, lastC;
  for (int64_t k = 0; k < directions; ++k) {
    auto [y, last] = allSteps(direction(k), initial(k));
    outputs.push_back(c.reshape(y, {steps, 1, batch, hidden}));
    lastH.push_back(c.reshape(last.h, {1, batch, hidden}));
    if (isLstm())
      lastC.push_back(c.reshape(last.c, {1, batch, hidden}));
  }
  auto finish = [&](unsigned i, ArrayRef<Value> parts, int64_t axis, ArrayRef<int64_t> perm) {
    if (!n.wants(i))
      return;
    Value v = c.concat(parts, axis);
    n.out(i, c.cast(batchFirst ? c.transpose(v, perm) : v, element));
  };
  finish(0, outputs, 1, {2, 0, 1, 3});
  finish(1, lastH, 0, {1, 0, 2});
  if (isLstm())
    finish(2, lastC, 0, {1, 0, 2});
  return c.done();
}
} // namespace

INGOT_IMPORT("LSTM", 1) { return Recurrent(n, 4, 3).run(); }
INGOT_IMPORT("GRU", 1) { return Recurrent(n, 3, 2).run(); }
INGOT_IMPORT("RNN", 1) { return Recurrent(n, 1, 1).run(); }
