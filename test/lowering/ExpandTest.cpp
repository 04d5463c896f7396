//===- ExpandTest.cpp - expansions at vector width against scalar ones ------------------===//
//
// Random graphs of one or two operators are lowered to kernels. Each kernel is expanded and run through the JIT: scalar without
// any schedule, and for three vector widths with kernel-schedule. Numbers are small integers, so that sums are exact. Buffers end at
// an unreadable page and outputs are surrounded by a pattern.
//
//===----------------------------------------------------------------------===//
#include "dialects/RegisterDialects.h"
#include "dialects/nn/Shape.h"
#include "lowering/JitKernels.h"
#include "lowering/OutlineKernel.h"
#include "lowering/Passes.h"
#include "lowering/expand/Expand.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FormatVariadic.h"
#include "gtest/gtest.h"
#include <random>
#include <sys/mman.h>

using namespace mlir;
using namespace ingot;

namespace {

/// Bytes that end where memory ends.
class Buffer {
public:
  explicit Buffer(size_t bytes) : bytes(bytes), mapped((bytes + 4095) / 4096 * 4096 + 8192) {
    base = static_cast<char *>(mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    mprotect(base + mapped - 4096, 4096, PROT_NONE);
    memset(base, 0x5a, mapped - 4096);
  }
  ~Buffer() { munmap(base, mapped); }
  char *data() { return base + mapped - 4096 - bytes; }
  bool clean() { // what lies in front is as it was
    for (char *p = base; p < data(); ++p)
      if (*p != 0x5a)
        return false;
    return true;
  }
  size_t bytes;

private:
  size_t mapped;
  char *base;
};

struct Expand : ::testing::Test {
  MLIRContext context;
  llvm::StringMap<int64_t> symbols;
  std::mt19937 rng{7};

  Expand() {
    DialectRegistry registry;
    registerDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    context.disableMultithreading();
    static bool once = (registerPasses(), true);
    (void)once;
  }

  int64_t value(const DimExpr &e) {
    return *e.evaluate([&](StringRef s) -> std::optional<int64_t> { return symbols.lookup(s); });
  }
  int64_t bytesOf(Value tensor) { return value(storageBytes(nn::elementOf(tensor), product(nn::dimsOf(tensor)))); }
  int upTo(int n) { return int(rng() % n); }
  int pick(std::initializer_list<int> list) { return *(list.begin() + rng() % list.size()); }

  void fill(Buffer &buffer, Type element, unsigned seed) {
    std::mt19937 r(seed);
    auto each = [&](auto zero) {
      using T = decltype(zero);
      for (size_t i = 0; i < buffer.bytes / sizeof(T); ++i)
        reinterpret_cast<T *>(buffer.data())[i] = T(int(r() % 9) - 4);
    };
    if (element.isF32())
      each(float());
    else if (element.isF64())
      each(double());
    else if (element.isInteger(64))
      each(int64_t());
    else if (element.isInteger(32))
      each(int32_t());
    else if (element.isF16() || element.isBF16()) // 0, 1, 2, -1
      for (size_t i = 0; i < buffer.bytes / 2; ++i) {
        static const uint16_t half[] = {0, 0x3c00, 0x4000, 0xbc00}, brain[] = {0, 0x3f80, 0x4000, 0xbf80};
        reinterpret_cast<uint16_t *>(buffer.data())[i] = (element.isF16() ? half : brain)[r() % 4];
      }
    else
      for (size_t i = 0; i < buffer.bytes; ++i)
        buffer.data()[i] = element.isInteger(1) ? r() % 2 : r() % 100;
  }

  using Results = std::vector<std::unique_ptr<Buffer>>;

  /// Runs the function's kernels one after the other; `machine` null: scalar.
  std::optional<Results> execute(func::FuncOp func, const Machine *machine) {
    OwningOpRef<ModuleOp> module = ModuleOp::create(func.getLoc());
    SymbolTable table(*module);
    struct Call {
      OutlinedKernel kernel;
      Operation *op;
    };
    std::vector<Call> calls;
    SmallVector<plan::KernelOp> kernels;
    OpBuilder b(&context);
    for (Operation &op : func.getBody().front()) {
      if (!isa<kernel::LoopNestInterface, kernel::FusedOp>(op))
        continue;
      b.setInsertionPointToEnd(module->getBody());
      calls.push_back({outlineKernel(b, &op, "k" + std::to_string(calls.size()), BufferLayout::rowMajor), &op});
      plan::KernelOp k = calls.back().kernel.kernel;
      Machine scalar = *findMachine("x86-64-v2");
      if (failed(expandKernel(k, machine ? *machine : scalar)) || failed(verify(k))) {
        k.dump();
        return std::nullopt;
      }
      if (getenv("INGOT_DUMP") && machine && machine->name == getenv("INGOT_DUMP"))
        k.dump();
      kernels.push_back(k);
    }
    auto jit = JitKernels::compile(kernels);
    if (failed(jit))
      return std::nullopt;
    DenseMap<Value, Buffer *> buffers;
    Results owned, results;
    auto make = [&](Value v) {
      owned.push_back(std::make_unique<Buffer>(bytesOf(v)));
      return buffers[v] = owned.back().get();
    };
    for (BlockArgument a : func.getArguments())
      fill(*make(a), nn::elementOf(a), 100 + a.getArgNumber());
    size_t next = 0;
    for (Operation &op : func.getBody().front()) {
      if (auto view = dyn_cast<kernel::ViewOp>(op)) {
        buffers[view.getResult()] = buffers[view.getInput()];
        continue;
      }
      if (auto c = dyn_cast<nn::ConstantOp>(op)) {
        Buffer *to = make(c.getResult());
        auto dense = cast<DenseElementsAttr>(c.getValue());
        auto raw = dense.getRawData();
        for (size_t i = 0; i < to->bytes; ++i)
          to->data()[i] = raw[dense.isSplat() ? i % raw.size() : i];
        continue;
      }
      if (auto w = dyn_cast<nn::GetWeightOp>(op))
        fill(*make(w.getResult()), nn::elementOf(w.getResult()), 55);
      if (!isa<kernel::LoopNestInterface, kernel::FusedOp>(op))
        continue;
      Call &call = calls[next++];
      SmallVector<int64_t> syms;
      for (auto &s : call.kernel.symbols)
        syms.push_back(symbols.lookup(s));
      SmallVector<void *> args;
      for (auto &x : call.kernel.buffers)
        args.push_back((x.input ? buffers.lookup(x.input) : make(op.getResult(x.result)))->data());
      for (auto [r, at] : llvm::zip(op.getResults(), call.kernel.bufferOfResult))
        if (!buffers.count(r))
          buffers[r] = buffers.lookup(call.kernel.buffers[at].input);
      (*jit)->run(call.kernel.kernel.getSymName(), syms, args);
    }
    for (auto &o : owned)
      EXPECT_TRUE(o->clean()) << "written in front of a buffer";
    for (Value v : func.getBody().front().getTerminator()->getOperands()) {
      Buffer *x = buffers.lookup(v);
      results.push_back(std::make_unique<Buffer>(x->bytes));
      memcpy(results.back()->data(), x->data(), x->bytes);
    }
    return results;
  }

  /// All nests of the function become one kernel.fused over their first `outer` dimensions.
  void fuseRows(func::FuncOp func, int64_t outer) {
    SmallVector<Operation *> nests;
    for (Operation &op : func.getBody().front())
      if (isa<kernel::LoopNestInterface>(op))
        nests.push_back(&op);
    Operation *ret = func.getBody().front().getTerminator();
    OpBuilder b(ret);
    SmallVector<Value> yielded(ret->getOperands());
    auto fused = kernel::FusedOp::create(b, func.getLoc(), ValueRange(yielded).getTypes(), outer);
    ret->setOperands(fused.getResults());
    Block *body = b.createBlock(&fused.getBody());
    for (Operation *op : nests)
      op->moveBefore(body, body->end());
    b.setInsertionPointToEnd(body);
    kernel::YieldOp::create(b, func.getLoc(), yielded);
  }

  /// Whether the function, expanded for this machine, gives these results.
  void compare(func::FuncOp f, const Machine &machine, const Results &want, float tolerance) {
    auto got = execute(f, &machine);
    ASSERT_TRUE(got.has_value());
    for (auto [w, g, v] : llvm::zip(want, *got, f.getBody().front().getTerminator()->getOperands())) {
      ASSERT_EQ(w->bytes, g->bytes);
      if (nn::elementOf(v).isF32()) {
        auto *x = reinterpret_cast<float *>(w->data()), *y = reinterpret_cast<float *>(g->data());
        for (size_t i = 0; i < w->bytes / 4; ++i)
          ASSERT_TRUE(x[i] == y[i] || std::abs(x[i] - y[i]) <= tolerance * std::max(1.0f, std::abs(x[i])))
              << "element " << i << " of " << w->bytes / 4 << ": " << y[i] << ", expected " << x[i];
      } else {
        ASSERT_EQ(memcmp(w->data(), g->data(), w->bytes), 0);
      }
    }
  }
  /// Compares every vector width with scalar code.
  void check(const std::string &text, ArrayRef<StringRef> passes = {}, float tolerance = 1e-5, int64_t outer = 0) {
    SCOPED_TRACE(text);
    auto module = parseSourceString<ModuleOp>(text, &context);
    ASSERT_TRUE(bool(module));
    PassManager pm(&context);
    pm.addPass(createConvertNnToKernel());
    ASSERT_TRUE(succeeded(pm.run(*module)));
    auto func = *module->getOps<func::FuncOp>().begin();
    auto want = execute(func, nullptr);
    ASSERT_TRUE(want.has_value());
    if (!passes.empty()) {
      PassManager more(&context);
      for (StringRef p : passes)
        ASSERT_TRUE(succeeded(parsePassPipeline(p, more, llvm::errs())));
      ASSERT_TRUE(succeeded(more.run(*module)));
    }
    if (outer)
      fuseRows(func, outer);
    // All widths, and those of a library for several targets; the JIT runs them on any machine.
    std::vector<std::string> libraries = machineNames();
    libraries.push_back("x86-64-v4,x86-64-v3,x86-64-v2");
    for (const std::string &list : libraries) {
      SCOPED_TRACE(list);
      std::string problem;
      std::vector<Machine> machines = findMachines(list, problem);
      ASSERT_EQ(problem, "");
      if (machines.front().kind != MachineKind::Cpu)
        continue;
      OwningOpRef<ModuleOp> copy = module->clone();
      auto f = *copy->getOps<func::FuncOp>().begin();
      scheduleContracts(f, machines);
      ASSERT_TRUE(succeeded(verify(*copy)));
      for (const Machine &machine : machines) {
        SCOPED_TRACE(machine.name);
        compare(f, machine, *want, tolerance);
      }
    }
  }

};

std::string type(ArrayRef<std::string> dims, const char *element = "f32") {
  bool dynamic = false;
  std::string shape, names;
  for (const std::string &d : dims) {
    bool number = llvm::all_of(d, llvm::isDigit);
    dynamic |= !number;
    shape += (number ? d : "?") + "x";
    names += (names.empty() ? "\"" : ", \"") + d + "\"";
  }
  return "tensor<" + shape + element + (dynamic ? ", #nn.shape<" + names + ">" : "") + ">";
}
std::string num(int64_t v) { return std::to_string(v); }

TEST_F(Expand, Elementwise) {
  for (int turn = 0; turn < 12; ++turn) {
    symbols["batch"] = 1 + upTo(40);
    symbols["seq"] = 1 + upTo(70);
    std::string rows = pick({0, 1}) ? "batch" : num(1 + upTo(20)), columns = pick({0, 1}) ? "seq" : num(1 + upTo(100));
    std::string t = type({rows, columns}), bias = type({columns});
    check(llvm::formatv(R"(func.func @f(%x: {0}, %b: {1}) -> {0} {{
      %0 = nn.broadcast_to %b : {1} to {0}
      %1 = nn.add %x, %0 : ({0}, {0}) -> {0}
      %2 = nn.sigmoid %1 : ({0}) -> {0}
      %3 = nn.mul %2, %x : ({0}, {0}) -> {0}
      %4 = nn.relu %3 : ({0}) -> {0}
      return %4 : {0}
    })", t, bias), turn % 2 ? ArrayRef<StringRef>{"kernel-fuse-producers"} : ArrayRef<StringRef>{});
  }
}

TEST_F(Expand, ElementTypes) {
  for (const char *element : {"f64", "i32", "i64", "f16", "bf16", "i8", "ui8"}) {
    std::string t = type({"7", num(1 + upTo(70))}, element);
    check(llvm::formatv(R"(func.func @f(%x: {0}, %y: {0}) -> {0} {{
      %0 = nn.add %x, %y : ({0}, {0}) -> {0}
      %1 = nn.relu %0 : ({0}) -> {0}
      return %1 : {0}
    })", t));
  }
}

TEST_F(Expand, Reductions) {
  for (const char *kind : {"sum", "max", "min", "mean", "prod", "l1", "sum_square"})
    for (int turn = 0; turn < 4; ++turn) {
      symbols["seq"] = 1 + upTo(300);
      bool product = StringRef(kind) == "prod";
      std::string a = num(1 + upTo(5)), b = product ? "5" : num(1 + upTo(40)), c = product ? "4" : pick({0, 1}) ? "seq" : num(1 + upTo(200));
      SmallVector<std::string> dims = {a, b, c}, out = dims;
      int axis = upTo(3);
      out[axis] = "1";
      check(llvm::formatv(R"(func.func @f(%x: {0}) -> {1} {{
        %0 = nn.reduce "{2}" %x over [{3}] : {0} to {1}
        return %0 : {1}
      })", type(dims), type(out), kind, axis));
    }
}

TEST_F(Expand, MatMul) {
  for (int turn = 0; turn < 20; ++turn) {
    symbols["rows"] = 1 + upTo(30);
    symbols["columns"] = 1 + upTo(150);
    symbols["depth"] = 1 + upTo(40);
    auto size = [&](const char *name, int most) { return upTo(4) ? num(1 + upTo(most)) : std::string(name); };
    std::string m = size("rows", 30), n = size("columns", 150), k = size("depth", 40), batch = num(1 + upTo(3));
    bool ta = upTo(4) == 0, tb = upTo(3) == 0, batched = upTo(2);
    SmallVector<std::string> a = {ta ? k : m, ta ? m : k}, b = {tb ? n : k, tb ? k : n}, c = {m, n};
    a.insert(a.begin(), batch);
    c.insert(c.begin(), batch);
    if (batched)
      b.insert(b.begin(), batch);
    std::string flags = "";
    if (ta || tb)
      flags = std::string(" {") + (ta ? "transpose_lhs = true" : "") + (ta && tb ? ", " : "") + (tb ? "transpose_rhs = true" : "") + "}";
    bool isWeight = upTo(2);
    check(llvm::formatv(R"(func.func @f(%x: {0}, {5}%b: {3}) -> {2} {{
      {6}
      %0 = nn.matmul %x, %w{4} : ({0}, {1}) -> {2}
      %1 = nn.broadcast_to %b : {3} to {2}
      %2 = nn.add %0, %1 : ({2}, {2}) -> {2}
      %3 = nn.relu %2 : ({2}) -> {2}
      return %3 : {2}
    })", type(a), type(b), type(c), type({n}), flags, isWeight ? "" : "%w: " + type(b) + ", ",
                        isWeight ? "%w = nn.get_weight @w : " + type(b) : ""),
          turn % 3 ? ArrayRef<StringRef>{"kernel-fuse-producers", "kernel-fuse-epilogues"} : ArrayRef<StringRef>{});
  }
}

// Panels larger than L1: sums in parts of k, for blocks that share a part, blocks alone in their tile, and sums that are one part.
TEST_F(Expand, MatMulInParts) {
  struct Case {
    const char *m, *n;
    int k;
  };
  for (auto [m, n, k] : {Case{"16", "96", 768}, {"24", "64", 1024}, {"8", "32", 4096}, {"240", "64", 130}, {"253", "70", 1000},
                         {"rows", "70", 1000}, {"rows", "48", 700}}) {
    symbols["rows"] = 47;
    check(llvm::formatv(R"(func.func @f(%x: {0}, %b: {3}) -> {2} {{
      %w = nn.get_weight @w : {1}
      %0 = nn.matmul %x, %w : ({0}, {1}) -> {2}
      %1 = nn.broadcast_to %b : {3} to {2}
      %2 = nn.add %0, %1 : ({2}, {2}) -> {2}
      return %2 : {2}
    })", type({m, num(k)}), type({num(k), n}), type({m, n}), type({n})), {"kernel-fuse-producers", "kernel-fuse-epilogues"});
  }
}

TEST_F(Expand, ConvolutionInParts) {
  for (auto [c, n] : {std::pair{60, 70}, {128, 64}})
    check(llvm::formatv(R"(func.func @f(%x: {0}) -> {2} {{
      %w = nn.get_weight @w : {1}
      %0 = nn.conv %x, %w "channels_last" {{strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, group = 1 : i64}
        : ({0}, {1}) -> {2}
      return %0 : {2}
    })", type({"1", "9", "9", num(c)}), type({"3", "3", num(c), num(n)}), type({"1", "9", "9", num(n)})), {});
}

TEST_F(Expand, Convolution) {
  for (int turn = 0; turn < 20; ++turn) {
    int kh = pick({1, 3, 3, 5, 7}), kw = pick({1, 3, kh}), sh = 1 + upTo(2), sw = 1 + upTo(2), dil = 1 + (upTo(4) == 0);
    int pt = upTo(kh), pl = upTo(kw), pb = upTo(kh), pr = upTo(kw);
    int h = (kh - 1) * dil + 1 + upTo(10), w = (kw - 1) * dil + 1 + upTo(10);
    int group = pick({1, 1, 1, 2, 3}), c = pick({1, 3, 4, 8, 16, 20}), n = pick({1, 2, 8, 16, 24, 40, 64, 70, 100});
    bool depthwise = upTo(4) == 0;
    if (depthwise) {
      group = pick({8, 16, 20, 40});
      c = n = 1;
    }
    int oh = (h + pt + pb - (kh - 1) * dil - 1) / sh + 1, ow = (w + pl + pr - (kw - 1) * dil - 1) / sw + 1;
    symbols["batch"] = 1 + upTo(3);
    std::string batch = upTo(2) ? "batch" : "1";
    check(llvm::formatv(R"(func.func @f(%x: {0}, %b: {3}) -> {2} {{
      %w = nn.get_weight @w : {1}
      %0 = nn.conv %x, %w "channels_last" {{strides = array<i64: {4}, {5}>, pads = array<i64: {6}, {7}, {8}, {9}>, dilations = array<i64: {10}, {10}>, group = {11} : i64}
        : ({0}, {1}) -> {2}
      %1 = nn.broadcast_to %b : {3} to {2}
      %2 = nn.add %0, %1 : ({2}, {2}) -> {2}
      return %2 : {2}
    })", type({batch, num(h), num(w), num(c * group)}), type({num(kh), num(kw), num(c), num(n * group)}),
                        type({batch, num(oh), num(ow), num(n * group)}), type({num(n * group)}), sh, sw, pt, pl, pb, pr, dil, group),
          turn % 3 ? ArrayRef<StringRef>{"kernel-fuse-producers", "kernel-fuse-epilogues"} : ArrayRef<StringRef>{});
  }
}

// Channels first: columns of the product are not contiguous, neither in the result nor in what the epilogue adds.
TEST_F(Expand, ConvolutionChannelsFirst) {
  for (int turn = 0; turn < 6; ++turn) {
    int k = pick({1, 3}), c = pick({3, 20}), n = pick({5, 16, 40, 70}), h = 4 + upTo(5), w = 4 + upTo(5);
    check(llvm::formatv(R"(func.func @f(%x: {0}, %r: {2}) -> {2} {{
      %w = nn.get_weight @w : {1}
      %0 = nn.conv %x, %w "channels_first" {{strides = array<i64: 1, 1>, pads = array<i64: {3}, {3}, {3}, {3}>, dilations = array<i64: 1, 1>, group = 1 : i64}
        : ({0}, {1}) -> {2}
      %2 = nn.add %0, %r : ({2}, {2}) -> {2}
      return %2 : {2}
    })", type({"2", num(c), num(h), num(w)}), type({num(n), num(c), num(k), num(k)}), type({"2", num(n), num(h), num(w)}), k / 2),
          {"kernel-fuse-epilogues"});
  }
}

TEST_F(Expand, Pooling) {
  for (const char *kind : {"max", "average", "average_include_pad"})
    for (int turn = 0; turn < 5; ++turn) {
      int k = pick({2, 3}), s = 1 + upTo(2), p = upTo(k), h = k + upTo(8), w = k + upTo(8), c = pick({1, 5, 16, 40});
      int oh = (h + 2 * p - k) / s + 1, ow = (w + 2 * p - k) / s + 1;
      check(llvm::formatv(R"(func.func @f(%x: {0}) -> {1} {{
        %0 = nn.pool "{2}" %x "channels_last" {{kernel = array<i64: {3}, {3}>, strides = array<i64: {4}, {4}>, pads = array<i64: {5}, {5}, {5}, {5}>,
          dilations = array<i64: 1, 1>} : {0} to {1}
        return %0 : {1}
      })", type({"2", num(h), num(w), num(c)}), type({"2", num(oh), num(ow), num(c)}), kind, k, s, p));
    }
}

TEST_F(Expand, MathOnTransposed) {
  check(R"(func.func @f(%x: tensor<3x20x37xf32>) -> tensor<37x3x20xf32> {
    %0 = nn.transpose %x [2, 0, 1] : tensor<3x20x37xf32> to tensor<37x3x20xf32>
    %1 = nn.sigmoid %0 : (tensor<37x3x20xf32>) -> tensor<37x3x20xf32>
    return %1 : tensor<37x3x20xf32>
  })", {"kernel-fuse-producers"});
}

TEST_F(Expand, Movement) {
  check(R"(func.func @f(%x: tensor<3x20x37xf32>, %i: tensor<5xi64>, %e: tensor<100x37xf32>) -> (tensor<37x3x20xf32>, tensor<5x37xf32>, tensor<3x25x37xf32>) {
    %0 = nn.transpose %x [2, 0, 1] : tensor<3x20x37xf32> to tensor<37x3x20xf32>
    %1 = nn.gather %e[%i] axis 0 : (tensor<100x37xf32>, tensor<5xi64>) -> tensor<5x37xf32>
    %2 = nn.slice %x from <"0", "0", "0"> step [1, 4, 1] : tensor<3x20x37xf32> to tensor<3x5x37xf32>
    %3 = nn.concat %2, %x axis 1 : (tensor<3x5x37xf32>, tensor<3x20x37xf32>) -> tensor<3x25x37xf32>
    return %0, %1, %3 : tensor<37x3x20xf32>, tensor<5x37xf32>, tensor<3x25x37xf32>
  })");
}

TEST_F(Expand, FusedSoftmax) {
  for (int turn = 0; turn < 8; ++turn) {
    symbols["batch"] = 1 + upTo(4);
    symbols["seq"] = 1 + upTo(80);
    std::string t = type({upTo(2) ? "batch" : "3", num(1 + upTo(9)), turn % 3 ? "seq" : num(1 + upTo(100))});
    check(llvm::formatv(R"(func.func @f(%x: {0}, %m: {0}) -> {0} {{
      %0 = nn.add %x, %m : ({0}, {0}) -> {0}
      %1 = nn.softmax %0 axis 2 : {0} to {0}
      return %1 : {0}
    })", t), turn % 2 ? ArrayRef<StringRef>{} : ArrayRef<StringRef>{"kernel-fuse-producers"}, 1e-4, 2);
  }
}

// Two outputs, one of them the mean of a row; a fixed and a dynamic row length.
TEST_F(Expand, FusedNorm) {
  for (const char *n : {"70", "seq"}) {
    symbols["seq"] = 33;
    std::string t = type({"5", n}), r = type({"5", "1"});
    check(llvm::formatv(R"(func.func @f(%x: {0}) -> ({0}, {1}) {{
      %m = nn.reduce "mean" %x over [1] : {0} to {1}
      %b = nn.broadcast_to %m : {1} to {0}
      %d = nn.sub %x, %b : ({0}, {0}) -> {0}
      %v = nn.reduce "sum_square" %d over [1] : {0} to {1}
      %c = nn.broadcast_to %v : {1} to {0}
      %y = nn.div %d, %c : ({0}, {0}) -> {0}
      return %y, %m : {0}, {1}
    })", t, r), {}, 1e-4, 1);
  }
}

} // namespace
