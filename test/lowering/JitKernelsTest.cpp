#include "lowering/JitKernels.h"
#include "dialects/RegisterDialects.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/bit.h"
#include <cmath>
#include <gtest/gtest.h>

using namespace mlir;
using namespace ingot;

namespace {
struct JitKernelsTest : testing::Test {
  DialectRegistry registry;
  MLIRContext context{(registerDialects(registry), registry)};
  OwningOpRef<ModuleOp> module;
  std::string diagnostics;
  ScopedDiagnosticHandler handler{&context, [&](Diagnostic &d) { diagnostics += d.str() + "\n"; }};

  FailureOr<std::unique_ptr<JitKernels>> compile(const char *text) {
    module = parseSourceString<ModuleOp>(text, &context);
    EXPECT_TRUE(bool(module)) << diagnostics;
    auto kernels = llvm::to_vector(module->getOps<plan::KernelOp>());
    auto jit = JitKernels::compile(kernels);
    return jit;
  }
};
std::vector<float> iota(int n) {
  std::vector<float> v(n);
  for (int i = 0; i < n; ++i)
    v[i] = i;
  return v;
}
} // namespace

TEST_F(JitKernelsTest, TransposesWithSymbols) {
  auto jit = compile(R"(
    plan.kernel @transpose(%rows: index, %columns: index, %x: memref<?xf32>, %y: memref<?xf32>) attributes {target = "scalar"} {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      scf.forall (%i) in (%rows) {
        scf.for %j = %c0 to %columns step %c1 {
          %a = arith.muli %i, %columns : index
          %from = arith.addi %a, %j : index
          %v = memref.load %x[%from] : memref<?xf32>
          %b = arith.muli %j, %rows : index
          %to = arith.addi %b, %i : index
          memref.store %v, %y[%to] : memref<?xf32>
        }
      }
      plan.return
    })");
  ASSERT_TRUE(succeeded(jit)) << diagnostics;
  auto x = iota(6);
  std::vector<float> y(6);
  (*jit)->run("transpose", {2, 3}, {x.data(), y.data()});
  EXPECT_EQ(y, (std::vector<float>{0, 3, 1, 4, 2, 5}));
}

TEST_F(JitKernelsTest, FoldsBatchNorm) {
  auto jit = compile(R"(
    plan.kernel @fold(%w: memref<?xf32>, %gamma: memref<?xf32>, %var: memref<?xf32>, %y: memref<?xf32>) attributes {target = "scalar"} {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %m = arith.constant 4 : index
      %k = arith.constant 9 : index
      %eps = arith.constant 1.0e-5 : f32
      scf.forall (%i) in (%m) {
        %g = memref.load %gamma[%i] : memref<?xf32>
        %v = memref.load %var[%i] : memref<?xf32>
        %ve = arith.addf %v, %eps : f32
        %r = math.rsqrt %ve : f32
        %s = arith.mulf %g, %r : f32
        scf.for %j = %c0 to %k step %c1 {
          %a = arith.muli %i, %k : index
          %at = arith.addi %a, %j : index
          %x = memref.load %w[%at] : memref<?xf32>
          %p = arith.mulf %x, %s : f32
          memref.store %p, %y[%at] : memref<?xf32>
        }
      }
      plan.return
    })");
  ASSERT_TRUE(succeeded(jit)) << diagnostics;
  auto w = iota(36);
  std::vector<float> gamma{1, 2, -3, 0.5}, var{1, 0.25, 7, 0}, y(36);
  (*jit)->run("fold", {}, {w.data(), gamma.data(), var.data(), y.data()});
  for (int i = 0; i < 36; ++i)
    EXPECT_EQ(y[i], w[i] * (gamma[i / 9] * (1.0f / std::sqrt(var[i / 9] + 1e-5f)))) << i;
}

TEST_F(JitKernelsTest, ConvertsNarrowFloats) {
  auto jit = compile(R"(
    plan.kernel @narrow(%x: memref<?xf32>, %h: memref<?xf16>, %b: memref<?xbf16>, %f: memref<?xf8E4M3FN>, %q: memref<?xf4E2M1FN>)
        attributes {target = "scalar"} {
      %n = arith.constant 6 : index
      %one = arith.constant 1.0 : f16
      scf.forall (%i) in (%n) {
        %v = memref.load %x[%i] : memref<?xf32>
        %vh = arith.truncf %v : f32 to f16
        %big = arith.constant 100.0 : f32
        %isBig = arith.cmpf ogt, %v, %big : f32
        %chosen = arith.select %isBig, %one, %vh : f16
        memref.store %chosen, %h[%i] : memref<?xf16>
        %vb = arith.truncf %v : f32 to bf16
        memref.store %vb, %b[%i] : memref<?xbf16>
        %vf = arith.truncf %v : f32 to f8E4M3FN
        memref.store %vf, %f[%i] : memref<?xf8E4M3FN>
        %vq = arith.truncf %v : f32 to f4E2M1FN
        memref.store %vq, %q[%i] : memref<?xf4E2M1FN>
      }
      plan.return
    }
    plan.kernel @widen(%h: memref<?xf16>, %b: memref<?xbf16>, %f: memref<?xf8E4M3FN>, %q: memref<?xf4E2M1FN>, %y: memref<?xf64>)
        attributes {target = "scalar"} {
      %n = arith.constant 6 : index
      scf.forall (%i) in (%n) {
        %vh = memref.load %h[%i] : memref<?xf16>
        %eh = arith.extf %vh : f16 to f64
        %vb = memref.load %b[%i] : memref<?xbf16>
        %eb = arith.extf %vb : bf16 to f64
        %vf = memref.load %f[%i] : memref<?xf8E4M3FN>
        %ef = arith.extf %vf : f8E4M3FN to f64
        %vq = memref.load %q[%i] : memref<?xf4E2M1FN>
        %eq = arith.extf %vq : f4E2M1FN to f64
        %s0 = arith.addf %eh, %eb : f64
        %s1 = arith.addf %s0, %ef : f64
        %s2 = arith.addf %s1, %eq : f64
        memref.store %s2, %y[%i] : memref<?xf64>
      }
      plan.return
    })");
  ASSERT_TRUE(succeeded(jit)) << diagnostics;
  std::vector<float> x{0, 1, -0.5, 1.5, 6, 1000};
  uint16_t h[6], b[6];
  uint8_t f[6], q[3] = {0xff, 0xff, 0xff};
  (*jit)->run("narrow", {}, {x.data(), h, b, f, q});
  EXPECT_EQ(h[1], 0x3c00);
  EXPECT_EQ(h[5], 0x3c00);
  EXPECT_EQ(b[4], 0x40c0);
  EXPECT_EQ(f[1], 0x38);
  EXPECT_EQ(q[0], 0x20); // 0, 1
  EXPECT_EQ(q[1], 0x39); // -0.5, 1.5
  double y[6];
  (*jit)->run("widen", {}, {h, b, f, q, y});
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(y[i], 4 * x[i]);
}

TEST_F(JitKernelsTest, PacksInt4) {
  auto jit = compile(R"(
    plan.kernel @pack(%x: memref<?xf32>, %y: memref<?xi4>) attributes {target = "scalar"} {
      %n = arith.constant 5 : index
      scf.forall (%i) in (%n) {
        %v = memref.load %x[%i] : memref<?xf32>
        %r = math.roundeven %v : f32
        %q = arith.fptosi %r : f32 to i32
        %t = arith.trunci %q : i32 to i4
        memref.store %t, %y[%i] : memref<?xi4>
      }
      plan.return
    })");
  ASSERT_TRUE(succeeded(jit)) << diagnostics;
  std::vector<float> x{1, -1, 2.5, 7, -8};
  uint8_t y[3] = {};
  (*jit)->run("pack", {}, {x.data(), y});
  EXPECT_EQ(y[0], 0xf1);
  EXPECT_EQ(y[1], 0x72);
  EXPECT_EQ(y[2], 0x08);
}

TEST_F(JitKernelsTest, MathIsRoundedFromDouble) {
  auto jit = compile(R"(
    plan.kernel @math(%x: memref<?xf32>, %y: memref<?xf32>) attributes {target = "scalar"} {
      %c1 = arith.constant 1 : index
      scf.forall (%i) in (%c1) {
        %v = memref.load %x[%i] : memref<?xf32>
        %a = math.exp %v : f32
        %b = math.erf %a : f32
        %c = math.tanh %b : f32
        %d = isa.sigmoid %c : f32
        memref.store %d, %y[%i] : memref<?xf32>
      }
      plan.return
    })");
  ASSERT_TRUE(succeeded(jit)) << diagnostics;
  float x = -1.25f, y = 0;
  (*jit)->run("math", {}, {&x, &y});
  float a = std::exp(double(x)), b = std::erf(double(a)), c = std::tanh(double(b)), e = std::exp(double(-c));
  EXPECT_EQ(y, 1 / (1 + e));
}

TEST_F(JitKernelsTest, VectorsPointersAndLocalBuffers) {
  auto jit = compile(R"(
    plan.kernel @rows(%x: memref<?xf32>, %y: memref<?xf32>) attributes {target = "test"} {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c2 = arith.constant 2 : index
      %c4 = arith.constant 4 : index
      scf.forall (%t) in (%c1) {
        %row = memref.alloca() : memref<2x!plan.ptr<f32>>
        %acc = memref.alloca() : memref<2xvector<4xf32>>
        scf.for %i = %c0 to %c2 step %c1 {
          %o = arith.muli %i, %c4 : index
          %p = plan.ptr_to %x[%o] : memref<?xf32> -> !plan.ptr<f32>
          memref.store %p, %row[%i] : memref<2x!plan.ptr<f32>>
          %v = plan.ptr_load %p[%c0] : !plan.ptr<f32> -> vector<4xf32>
          memref.store %v, %acc[%i] : memref<2xvector<4xf32>>
        }
        scf.for %i = %c0 to %c2 step %c1 {
          %v = memref.load %acc[%i] : memref<2xvector<4xf32>>
          %p = memref.load %row[%i] : memref<2x!plan.ptr<f32>>
          %s = plan.ptr_load %p[%c1] : !plan.ptr<f32> -> f32
          %b = vector.broadcast %s : f32 to vector<4xf32>
          %f = vector.fma %v, %b, %v : vector<4xf32>
          %o = arith.muli %i, %c4 : index
          vector.store %f, %y[%o] : memref<?xf32>, vector<4xf32>
        }
      }
      plan.return
    })");
  ASSERT_TRUE(succeeded(jit)) << diagnostics;
  auto x = iota(8);
  std::vector<float> y(8);
  (*jit)->run("rows", {}, {x.data(), y.data()});
  for (int i = 0; i < 8; ++i)
    EXPECT_EQ(y[i], x[i] * x[i / 4 * 4 + 1] + x[i]);
}

TEST_F(JitKernelsTest, ExpandsWhatIsNotExpanded) {
  auto jit = compile(R"(
    plan.kernel @sum(%rows: index, %x: memref<?xf32>, %y: memref<?xf32>) attributes {symbols = ["rows"], writes = [2]} {
      %0 = plan.tensor %x strides <"3", "1"> : memref<?xf32> as tensor<?x3xf32, #nn.shape<"rows", "3">>
      %1 = kernel.generic domain <"rows", "3"> iterators "pr" ins(%0 : tensor<?x3xf32, #nn.shape<"rows", "3">>)
        maps [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>] symbols <> padding [unit] init [0.0 : f32] dest_of [-1]
        -> tensor<?xf32, #nn.shape<"rows">> {
      ^bb0(%e: f32, %acc: f32):
        %s = arith.addf %acc, %e : f32
        kernel.yield %s : f32
      }
      plan.write %1 to %y strides <"1"> : tensor<?xf32, #nn.shape<"rows">>, memref<?xf32>
      plan.return
    })");
  ASSERT_TRUE(succeeded(jit)) << diagnostics;
  auto x = iota(6);
  std::vector<float> y(2);
  (*jit)->run("sum", {2}, {x.data(), y.data()});
  EXPECT_EQ(y, (std::vector<float>{3, 12}));
  EXPECT_FALSE((*module->getOps<plan::KernelOp>().begin())->hasAttr("target"));
}

TEST_F(JitKernelsTest, SaysWhatItCannotRun) {
  auto jit = compile(R"(
    plan.kernel @k(%x: memref<?xf16>) attributes {target = "test"} {
      %c1 = arith.constant 1 : index
      scf.forall (%i) in (%c1) {
        %v = memref.load %x[%i] : memref<?xf16>
        %w = arith.addf %v, %v : f16
        memref.store %w, %x[%i] : memref<?xf16>
      }
      plan.return
    })");
  EXPECT_TRUE(failed(jit));
  EXPECT_NE(diagnostics.find("the JIT cannot"), std::string::npos);
}
