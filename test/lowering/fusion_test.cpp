//===- fusion_test.cpp - fusion passes keep the meaning ----------------------------===//
//
// Graphs, hand-written and random, are lowered to kernels and interpreted before and after every pass of the pipeline.
//
//===----------------------------------------------------------------------===//
#include "dialects/kernel/Interpret.h"
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

// Q, K, V, scores, values, output are contractions; softmax is 4 before row fusion.
TEST_F(Fixture, Attention) { EXPECT_EQ(check(attention, both), 10u); }

} // namespace

int main(int argc, char **argv) {
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
