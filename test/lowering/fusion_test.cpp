//===- fusion_test.cpp - fusion passes keep the meaning ----------------------------===//
//
// Graphs, hand-written and random, are lowered to kernels and interpreted before and after every pass of the pipeline.
//
//===----------------------------------------------------------------------===//
#include "dialects/kernel/Interpret.h"
#include "dialects/kernel/Builders.h"
#include "dialects/nn/Shape.h"
#include "lowering/Passes.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "gtest/gtest.h"
#include <random>

using namespace mlir;
using namespace ingot;
using kernel::HostTensor;

namespace {

struct Fixture : ::testing::Test {
  MLIRContext context;
  kernel::InterpretOptions options;
  Fixture() {
    DialectRegistry registry;
    registerDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    context.disableMultithreading();
    registered();
    options.symbols["batch"] = 2;
    options.symbols["seq"] = 5;
    options.external = [](Operation *op) -> std::optional<HostTensor> {
      if (!isa<nn::GetWeightOp>(op))
        return std::nullopt;
      std::mt19937 rng(cast<RankedTensorType>(op->getResult(0).getType()).getNumElements());
      HostTensor t(nn::elementOf(op->getResult(0)), cast<RankedTensorType>(op->getResult(0).getType()).getShape(), true);
      for (auto &n : t.values)
        n.f = float(int(rng() % 2001) - 1000) / 1000;
      return t;
    };
  }
  static void registered() {
    static bool once = (registerPasses(), mlir::registerTransformsPasses(), true);
    (void)once;
  }

  HostTensor randomTensor(Type type, unsigned seed) {
    std::mt19937 rng(seed);
    SmallVector<int64_t> dims;
    for (const DimExpr &d : nn::dimsOf(type))
      dims.push_back(*d.evaluate([&](StringRef s) -> std::optional<int64_t> { return options.symbols.lookup(s); }));
    Type element = cast<RankedTensorType>(type).getElementType();
    HostTensor t(element, dims, true);
    for (auto &n : t.values) {
      n.f = float(int(rng() % 4001) - 2000) / 1000;
      n.i = element.isInteger(1) ? rng() % 2 : int64_t(rng() % 7);
    }
    return t;
  }

  bool run(ModuleOp module, StringRef pipeline) {
    PassManager pm(&context);
    if (failed(parsePassPipeline(pipeline, pm, llvm::errs())))
      return false;
    return succeeded(pm.run(module));
  }
  static unsigned kernels(ModuleOp module) {
    unsigned n = 0;
    module.walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (isa<kernel::FusedOp>(op))
        return ++n, WalkResult::skip();
      n += isa<kernel::LoopNestInterface>(op);
      return WalkResult::advance();
    });
    return n;
  }

  /// Lowers, then checks each pass in turn. Returns the number of kernels left.
  unsigned check(ModuleOp module, ArrayRef<StringRef> passes) {
    EXPECT_TRUE(run(module, "convert-nn-to-kernel"));
    auto func = *module.getOps<func::FuncOp>().begin();
    SmallVector<HostTensor> inputs;
    for (auto [i, t] : llvm::enumerate(func.getArgumentTypes()))
      inputs.push_back(randomTensor(t, 17 + i));
    auto want = kernel::interpret(func, inputs, options);
    EXPECT_TRUE(succeeded(want));
    if (failed(want))
      return 0;
    for (StringRef pass : passes) {
      std::string before;
      llvm::raw_string_ostream os(before);
      module.print(os);
      if (!run(module, pass)) {
        ADD_FAILURE() << pass.str() << " failed on\n" << before;
        return 0;
      }
      func = *module.getOps<func::FuncOp>().begin();
      auto got = kernel::interpret(func, inputs, options);
      if (failed(got)) {
        module.dump();
        ADD_FAILURE() << "no meaning after " << pass.str() << " of\n" << before;
        return 0;
      }
      for (auto [w, g] : llvm::zip_equal(*want, *got))
        if (auto d = kernel::difference(g, w, 1e-5, 1e-4)) {
          module.dump();
          ADD_FAILURE() << pass.str() << ": " << *d << "\n" << before;
          return 0;
        }
    }
    if (getenv("INGOT_DUMP"))
      module.dump();
    return kernels(module);
  }
  unsigned check(StringRef text, ArrayRef<StringRef> passes) {
    auto module = parseSourceString<ModuleOp>(text, &context);
    EXPECT_TRUE(bool(module));
    return module ? check(*module, passes) : 0;
  }
};

const StringRef producers = "kernel-fuse-producers", epilogues = "kernel-fuse-epilogues";
const StringRef pipeline[] = {"canonicalize", "cse", producers, epilogues, "canonicalize", "cse", producers, epilogues, "canonicalize", "cse", "kernel-fuse-rows", "canonicalize", "cse"};
const StringRef both[] = {producers, epilogues, "canonicalize", producers, epilogues, "canonicalize"};

TEST_F(Fixture, ElementwiseChain) {
  EXPECT_EQ(check(R"(
    func.func @f(%x: tensor<?x8xf32, #nn.shape<"batch", "8">>, %b: tensor<8xf32>) -> tensor<?x8xf32, #nn.shape<"batch", "8">> {
      %0 = nn.broadcast_to %b : tensor<8xf32> to tensor<?x8xf32, #nn.shape<"batch", "8">>
      %1 = nn.add %x, %0 : (tensor<?x8xf32, #nn.shape<"batch", "8">>, tensor<?x8xf32, #nn.shape<"batch", "8">>) -> tensor<?x8xf32, #nn.shape<"batch", "8">>
      %2 = nn.sigmoid %1 : (tensor<?x8xf32, #nn.shape<"batch", "8">>) -> tensor<?x8xf32, #nn.shape<"batch", "8">>
      %3 = nn.mul %1, %2 : (tensor<?x8xf32, #nn.shape<"batch", "8">>, tensor<?x8xf32, #nn.shape<"batch", "8">>) -> tensor<?x8xf32, #nn.shape<"batch", "8">>
      return %3 : tensor<?x8xf32, #nn.shape<"batch", "8">>
    })", both), 1u);
}

TEST_F(Fixture, ConvBatchNormReluResidual) {
  EXPECT_EQ(check(R"(
    func.func @f(%x: tensor<1x6x6x4xf32>, %w: tensor<3x3x4x4xf32>, %s: tensor<4xf32>, %b: tensor<4xf32>) -> tensor<1x6x6x4xf32> {
      %0 = nn.conv %x, %w "channels_last" {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, group = 1 : i64}
         : (tensor<1x6x6x4xf32>, tensor<3x3x4x4xf32>) -> tensor<1x6x6x4xf32>
      %sb = nn.broadcast_to %s : tensor<4xf32> to tensor<1x6x6x4xf32>
      %bb = nn.broadcast_to %b : tensor<4xf32> to tensor<1x6x6x4xf32>
      %1 = nn.mul %0, %sb : (tensor<1x6x6x4xf32>, tensor<1x6x6x4xf32>) -> tensor<1x6x6x4xf32>
      %2 = nn.add %1, %bb : (tensor<1x6x6x4xf32>, tensor<1x6x6x4xf32>) -> tensor<1x6x6x4xf32>
      %3 = nn.add %2, %x : (tensor<1x6x6x4xf32>, tensor<1x6x6x4xf32>) -> tensor<1x6x6x4xf32>
      %4 = nn.relu %3 : (tensor<1x6x6x4xf32>) -> tensor<1x6x6x4xf32>
      return %4 : tensor<1x6x6x4xf32>
    })", both), 1u);
}

// NCHW convolution whose input and output are transposed: the transposes vanish into the contraction's accesses.
TEST_F(Fixture, SliceAndConcat) {
  EXPECT_EQ(check(R"(
    func.func @f(%x: tensor<1x4x4x6xf32>, %w: tensor<1x1x3x5xf32>) -> tensor<1x4x4x8xf32> {
      %a = nn.slice %x from <"0", "0", "0", "0"> step [1, 1, 1, 1] : tensor<1x4x4x6xf32> to tensor<1x4x4x3xf32>
      %b = nn.slice %x from <"0", "0", "0", "3"> step [1, 1, 1, 1] : tensor<1x4x4x6xf32> to tensor<1x4x4x3xf32>
      %c = nn.conv %b, %w "channels_last" {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, group = 1 : i64}
         : (tensor<1x4x4x3xf32>, tensor<1x1x3x5xf32>) -> tensor<1x4x4x5xf32>
      %r = nn.relu %c : (tensor<1x4x4x5xf32>) -> tensor<1x4x4x5xf32>
      %y = nn.concat %a, %r axis 3 : (tensor<1x4x4x3xf32>, tensor<1x4x4x5xf32>) -> tensor<1x4x4x8xf32>
      return %y : tensor<1x4x4x8xf32>
    })", both), 2u);
}

// Multi-head attention from MatMul, Reshape, Transpose, Softmax, with dynamic batch and length.
const char *attention = R"(
  func.func @f(%x: tensor<?x?x8xf32, #nn.shape<"batch", "seq", "8">>, %wq: tensor<8x8xf32>, %wk: tensor<8x8xf32>, %wv: tensor<8x8xf32>,
               %wo: tensor<8x8xf32>, %bq: tensor<8xf32>) -> tensor<?x?x8xf32, #nn.shape<"batch", "seq", "8">> {
    %q0 = nn.matmul %x, %wq : (tensor<?x?x8xf32, #nn.shape<"batch", "seq", "8">>, tensor<8x8xf32>) -> tensor<?x?x8xf32, #nn.shape<"batch", "seq", "8">>
    %bb = nn.broadcast_to %bq : tensor<8xf32> to tensor<?x?x8xf32, #nn.shape<"batch", "seq", "8">>
    %q = nn.add %q0, %bb : (tensor<?x?x8xf32, #nn.shape<"batch", "seq", "8">>, tensor<?x?x8xf32, #nn.shape<"batch", "seq", "8">>) -> tensor<?x?x8xf32, #nn.shape<"batch", "seq", "8">>
    %k = nn.matmul %x, %wk : (tensor<?x?x8xf32, #nn.shape<"batch", "seq", "8">>, tensor<8x8xf32>) -> tensor<?x?x8xf32, #nn.shape<"batch", "seq", "8">>
    %v = nn.matmul %x, %wv : (tensor<?x?x8xf32, #nn.shape<"batch", "seq", "8">>, tensor<8x8xf32>) -> tensor<?x?x8xf32, #nn.shape<"batch", "seq", "8">>
    %q1 = nn.reshape %q : tensor<?x?x8xf32, #nn.shape<"batch", "seq", "8">> to tensor<?x?x2x4xf32, #nn.shape<"batch", "seq", "2", "4">>
    %k1 = nn.reshape %k : tensor<?x?x8xf32, #nn.shape<"batch", "seq", "8">> to tensor<?x?x2x4xf32, #nn.shape<"batch", "seq", "2", "4">>
    %v1 = nn.reshape %v : tensor<?x?x8xf32, #nn.shape<"batch", "seq", "8">> to tensor<?x?x2x4xf32, #nn.shape<"batch", "seq", "2", "4">>
    %q2 = nn.transpose %q1 [0, 2, 1, 3] : tensor<?x?x2x4xf32, #nn.shape<"batch", "seq", "2", "4">> to tensor<?x2x?x4xf32, #nn.shape<"batch", "2", "seq", "4">>
    %k2 = nn.transpose %k1 [0, 2, 3, 1] : tensor<?x?x2x4xf32, #nn.shape<"batch", "seq", "2", "4">> to tensor<?x2x4x?xf32, #nn.shape<"batch", "2", "4", "seq">>
    %v2 = nn.transpose %v1 [0, 2, 1, 3] : tensor<?x?x2x4xf32, #nn.shape<"batch", "seq", "2", "4">> to tensor<?x2x?x4xf32, #nn.shape<"batch", "2", "seq", "4">>
    %s0 = nn.matmul %q2, %k2 : (tensor<?x2x?x4xf32, #nn.shape<"batch", "2", "seq", "4">>, tensor<?x2x4x?xf32, #nn.shape<"batch", "2", "4", "seq">>) -> tensor<?x2x?x?xf32, #nn.shape<"batch", "2", "seq", "seq">>
    %c = nn.constant dense<0.5> : tensor<f32> : tensor<f32>
    %cb = nn.broadcast_to %c : tensor<f32> to tensor<?x2x?x?xf32, #nn.shape<"batch", "2", "seq", "seq">>
    %s = nn.mul %s0, %cb : (tensor<?x2x?x?xf32, #nn.shape<"batch", "2", "seq", "seq">>, tensor<?x2x?x?xf32, #nn.shape<"batch", "2", "seq", "seq">>) -> tensor<?x2x?x?xf32, #nn.shape<"batch", "2", "seq", "seq">>
    %p = nn.softmax %s axis 3 : tensor<?x2x?x?xf32, #nn.shape<"batch", "2", "seq", "seq">> to tensor<?x2x?x?xf32, #nn.shape<"batch", "2", "seq", "seq">>
    %o = nn.matmul %p, %v2 : (tensor<?x2x?x?xf32, #nn.shape<"batch", "2", "seq", "seq">>, tensor<?x2x?x4xf32, #nn.shape<"batch", "2", "seq", "4">>) -> tensor<?x2x?x4xf32, #nn.shape<"batch", "2", "seq", "4">>
    %o1 = nn.transpose %o [0, 2, 1, 3] : tensor<?x2x?x4xf32, #nn.shape<"batch", "2", "seq", "4">> to tensor<?x?x2x4xf32, #nn.shape<"batch", "seq", "2", "4">>
    %o2 = nn.reshape %o1 : tensor<?x?x2x4xf32, #nn.shape<"batch", "seq", "2", "4">> to tensor<?x?x8xf32, #nn.shape<"batch", "seq", "8">>
    %y = nn.matmul %o2, %wo : (tensor<?x?x8xf32, #nn.shape<"batch", "seq", "8">>, tensor<8x8xf32>) -> tensor<?x?x8xf32, #nn.shape<"batch", "seq", "8">>
    return %y : tensor<?x?x8xf32, #nn.shape<"batch", "seq", "8">>
  })";

// Q, K, V, scores, values, output are contractions; softmax is 4 before row fusion; K's transpose stays, since the
// scores want its rows contiguous.
TEST_F(Fixture, Attention) { EXPECT_EQ(check(attention, both), 11u); }

TEST_F(Fixture, AttentionRows) { EXPECT_EQ(check(attention, pipeline), 8u); }

// A decomposed LayerNorm with the residual sum before it: one kernel, one row at a time.
TEST_F(Fixture, LayerNorm) {
  EXPECT_EQ(check(R"(
    func.func @f(%a: tensor<?x8xf32, #nn.shape<"batch", "8">>, %b: tensor<?x8xf32, #nn.shape<"batch", "8">>, %g: tensor<8xf32>) -> (tensor<?x8xf32, #nn.shape<"batch", "8">>, tensor<?x8xf32, #nn.shape<"batch", "8">>) {
      %x = nn.add %a, %b : (tensor<?x8xf32, #nn.shape<"batch", "8">>, tensor<?x8xf32, #nn.shape<"batch", "8">>) -> tensor<?x8xf32, #nn.shape<"batch", "8">>
      %m = nn.reduce "mean" %x over [1] : tensor<?x8xf32, #nn.shape<"batch", "8">> to tensor<?x1xf32, #nn.shape<"batch", "1">>
      %mb = nn.broadcast_to %m : tensor<?x1xf32, #nn.shape<"batch", "1">> to tensor<?x8xf32, #nn.shape<"batch", "8">>
      %d = nn.sub %x, %mb : (tensor<?x8xf32, #nn.shape<"batch", "8">>, tensor<?x8xf32, #nn.shape<"batch", "8">>) -> tensor<?x8xf32, #nn.shape<"batch", "8">>
      %sq = nn.mul %d, %d : (tensor<?x8xf32, #nn.shape<"batch", "8">>, tensor<?x8xf32, #nn.shape<"batch", "8">>) -> tensor<?x8xf32, #nn.shape<"batch", "8">>
      %v = nn.reduce "mean" %sq over [1] : tensor<?x8xf32, #nn.shape<"batch", "8">> to tensor<?x1xf32, #nn.shape<"batch", "1">>
      %e = nn.constant dense<1.0e-05> : tensor<f32> : tensor<f32>
      %eb = nn.broadcast_to %e : tensor<f32> to tensor<?x1xf32, #nn.shape<"batch", "1">>
      %ve = nn.add %v, %eb : (tensor<?x1xf32, #nn.shape<"batch", "1">>, tensor<?x1xf32, #nn.shape<"batch", "1">>) -> tensor<?x1xf32, #nn.shape<"batch", "1">>
      %sd = nn.sqrt %ve : (tensor<?x1xf32, #nn.shape<"batch", "1">>) -> tensor<?x1xf32, #nn.shape<"batch", "1">>
      %sdb = nn.broadcast_to %sd : tensor<?x1xf32, #nn.shape<"batch", "1">> to tensor<?x8xf32, #nn.shape<"batch", "8">>
      %n = nn.div %d, %sdb : (tensor<?x8xf32, #nn.shape<"batch", "8">>, tensor<?x8xf32, #nn.shape<"batch", "8">>) -> tensor<?x8xf32, #nn.shape<"batch", "8">>
      %gb = nn.broadcast_to %g : tensor<8xf32> to tensor<?x8xf32, #nn.shape<"batch", "8">>
      %y = nn.mul %n, %gb : (tensor<?x8xf32, #nn.shape<"batch", "8">>, tensor<?x8xf32, #nn.shape<"batch", "8">>) -> tensor<?x8xf32, #nn.shape<"batch", "8">>
      return %y, %x : tensor<?x8xf32, #nn.shape<"batch", "8">>, tensor<?x8xf32, #nn.shape<"batch", "8">>
    })", pipeline), 1u);
}

//===----------------------------------------------------------------------===//
// Random graphs
//===----------------------------------------------------------------------===//

struct RandomGraph {
  MLIRContext *context;
  std::mt19937 rng;
  OpBuilder b;
  Location loc;
  func::FuncOp func;
  SmallVector<Value> pool;

  RandomGraph(MLIRContext *context, unsigned seed) : context(context), rng(seed), b(context), loc(b.getUnknownLoc()) {}
  unsigned pick(unsigned n) { return rng() % n; }
  Value any() { return pool[pool.size() - 1 - pick(std::min<size_t>(pool.size(), 4))]; }
  Dims dims(Value v) { return nn::dimsOf(v); }
  Type f32() { return b.getF32Type(); }
  RankedTensorType type(ArrayRef<DimExpr> d) { return nn::tensorOf(d, f32()); }
  DimExpr randomDim() {
    switch (pick(8)) {
    case 0: return DimExpr::symbol("batch");
    case 1: return DimExpr::symbol("seq");
    case 2: return 1;
    default: return 2 + int(pick(3));
    }
  }
  Value argument(ArrayRef<DimExpr> d) {
    (void)func.insertArgument(func.getNumArguments(), type(d), {}, loc);
    return func.getArguments().back();
  }
  /// A tensor that broadcasts to these dimensions.
  Value broadcastable(Dims d) {
    Dims small;
    bool leading = pick(2);
    for (const DimExpr &e : d) {
      if (leading && pick(2))
        continue;
      leading = false;
      small.push_back(pick(3) ? e : DimExpr(1));
    }
    return nn::broadcastTo(b, loc, argument(small), d);
  }

  Value step() {
    Value x = any();
    Dims d = dims(x);
    size_t rank = d.size();
    size_t axis = rank ? pick(rank) : 0;
    switch (pick(16)) {
    case 0: return nn::ReluOp::create(b, loc, x.getType(), ValueRange{x});
    case 1: return nn::SigmoidOp::create(b, loc, x.getType(), ValueRange{x});
    case 2: return nn::TanhOp::create(b, loc, x.getType(), ValueRange{x});
    case 3:
    case 4: { // with another value of the same type, or a broadcast one
      Value y;
      for (Value v : pool)
        if (v.getType() == x.getType() && pick(2))
          y = v;
      if (!y)
        y = broadcastable(d);
      if (pick(2))
        return nn::AddOp::create(b, loc, x.getType(), ValueRange{x, y});
      return nn::MulOp::create(b, loc, x.getType(), ValueRange{y, x});
    }
    case 5: {
      SmallVector<int64_t> perm = llvm::to_vector(llvm::seq<int64_t>(0, rank));
      std::shuffle(perm.begin(), perm.end(), rng);
      return nn::transposeBy(b, loc, x, perm);
    }
    case 6: { // merge two dimensions, or all
      if (rank < 2)
        return {};
      size_t at = pick(rank - 1);
      Dims to(d.begin(), d.begin() + at);
      to.push_back(d[at] * d[at + 1]);
      to.append(d.begin() + at + 2, d.end());
      return nn::reshapeTo(b, loc, x, to);
    }
    case 7: { // split a dimension, or add a unit one
      Dims to;
      for (size_t k = 0; k < rank; ++k) {
        auto q = DimExpr::divideExactly(d[k], 2);
        if (k == axis && q) {
          to.push_back(pick(2) ? *q : DimExpr(2));
          to.push_back(*DimExpr::divideExactly(d[k], to.back()));
        } else {
          to.push_back(d[k]);
        }
      }
      if (pick(3) == 0)
        to.insert(to.begin() + pick(to.size() + 1), DimExpr(1));
      return to.size() > 5 ? Value() : nn::reshapeTo(b, loc, x, to);
    }
    case 8: { // slice
      if (!rank)
        return {};
      auto c = d[axis].constant();
      if (!c || *c < 2)
        return {};
      Dims start(rank, DimExpr(0)), to = d;
      SmallVector<int64_t> step(rank, 1);
      if (pick(3) == 0) {
        step[axis] = -1;
        start[axis] = *c - 1;
      } else {
        start[axis] = int(pick(*c));
        to[axis] = d[axis] - start[axis];
      }
      return nn::SliceOp::create(b, loc, type(to), x, nn::ShapeAttr::get(context, start), b.getDenseI64ArrayAttr(step));
    }
    case 9: { // concat
      if (!rank)
        return {};
      SmallVector<Value> parts;
      Dims to = d;
      to[axis] = 0;
      for (Value v : pool) {
        Dims o = dims(v);
        bool same = o.size() == rank && parts.size() < 3;
        for (size_t k = 0; same && k < rank; ++k)
          same = k == axis || o[k] == d[k];
        if (same && (v == x || pick(2))) {
          parts.push_back(v);
          to[axis] = to[axis] + o[axis];
        }
      }
      if (parts.empty())
        return {};
      return nn::ConcatOp::create(b, loc, type(to), parts, axis);
    }
    case 10: { // reduce, often broadcast back
      if (!rank)
        return {};
      Dims to = d;
      to[axis] = 1;
      const char *kinds[] = {"sum", "max", "mean", "l2"};
      Value r = nn::ReduceOp::create(b, loc, type(to), x, kinds[pick(4)], ArrayRef<int64_t>{int64_t(axis)});
      if (pick(4) == 0)
        return r;
      return nn::SubOp::create(b, loc, x.getType(), ValueRange{x, nn::broadcastTo(b, loc, r, d)});
    }
    case 11: return rank ? nn::SoftmaxOp::create(b, loc, x.getType(), x, axis, pick(3) == 0) : Value();
    case 12: { // product with a matrix
      if (rank < 2)
        return {};
      Dims to = d;
      to[rank - 1] = 2 + int(pick(5));
      return nn::MatMulOp::create(b, loc, type(to), x, argument({d[rank - 1], to[rank - 1]}), false, false);
    }
    case 13: { // x times its transpose
      if (rank < 2)
        return {};
      Dims to = d;
      to[rank - 1] = d[rank - 2];
      return nn::MatMulOp::create(b, loc, type(to), x, x, false, true);
    }
    case 14: { // pad by a generic of its own
      kernel::GenericBuilder g(b, loc);
      Dims to = d;
      if (!rank)
        return {};
      int before = pick(2), after = 1 + pick(2);
      to[axis] = d[axis] + DimExpr(before + after);
      auto i = g.parallels(to);
      SmallVector<AffineExpr> at(i);
      at[axis] = at[axis] - before;
      g.in(x, at, g.number(pick(2), f32()));
      g.result(f32(), to, i);
      return g.build([](kernel::Scalars &r) -> SmallVector<Value> { return {r.in[0]}; })[0];
    }
    default: { // convolution or pooling of a channels-last image
      if (rank != 4)
        return {};
      int64_t k = 1 + pick(3), pad = pick(2);
      Dims to = d;
      for (size_t s : {1, 2}) {
        auto c = d[s].constant();
        if (!c || *c + 2 * pad < k)
          return {};
        to[s] = d[s] + DimExpr(2 * pad - k + 1);
      }
      SmallVector<int64_t> ones{1, 1}, pads(4, pad);
      if (pick(2))
        return nn::PoolOp::create(b, loc, type(to), x, pick(2) ? "max" : "average", ArrayRef<int64_t>{k, k}, ones, pads, ones, "channels_last");
      to[3] = 1 + int(pick(4));
      return nn::ConvOp::create(b, loc, type(to), x, argument({k, k, d[3], to[3]}), ones, pads, ones, 1, "channels_last");
    }
    }
  }

  OwningOpRef<ModuleOp> build() {
    OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
    b.setInsertionPointToEnd(module->getBody());
    func = func::FuncOp::create(b, loc, "f", b.getFunctionType({}, {}));
    b.setInsertionPointToStart(func.addEntryBlock());
    for (unsigned i = 0, n = 1 + pick(2); i < n; ++i) {
      Dims d;
      for (unsigned k = 0, r = 2 + pick(3); k < r; ++k)
        d.push_back(randomDim());
      pool.push_back(argument(d));
    }
    for (unsigned i = 0, n = 3 + pick(10); i < n;) {
      Value v = step();
      ++i;
      double size = 1;
      if (v)
        for (const DimExpr &e : dims(v))
          size *= e.evaluate([](StringRef s) { return std::optional<int64_t>(s == "seq" ? 5 : 2); }).value();
      if (v && size <= 4000 && nn::rankOf(v) <= 5)
        pool.push_back(v);
    }
    SmallVector<Value> out{pool.back()};
    if (pick(2))
      out.push_back(pool[pick(pool.size())]);
    func::ReturnOp::create(b, loc, out);
    func.setFunctionType(b.getFunctionType(func.getBody().getArgumentTypes(), ValueRange(out).getTypes()));
    return module;
  }
};

TEST_F(Fixture, RandomGraphs) {
  const char *count = getenv("INGOT_FUZZ");
  const char *first = getenv("INGOT_FUZZ_FIRST");
  unsigned from = first ? atoi(first) : 0, n = count ? atoi(count) : 300, before = 0, after = 0;
  for (unsigned seed = from; seed < from + n; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    auto module = RandomGraph(&context, seed).build();
    ASSERT_TRUE(succeeded(verify(*module)));
    OwningOpRef<ModuleOp> copy = module->clone();
    ASSERT_TRUE(run(*copy, "convert-nn-to-kernel"));
    before += kernels(*copy);
    after += check(*module, pipeline);
    if (HasFailure())
      break;
  }
  llvm::outs() << "kernels: " << before << " before, " << after << " after\n";
}

} // namespace

int main(int argc, char **argv) {
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
