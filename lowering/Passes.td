//===- Passes.td - every pass: one record, one file of the same stem ---------===//
#ifndef INGOT_PASSES
#define INGOT_PASSES
include "mlir/Pass/PassBase.td"

// A pass may meet values of every level below its own.
class IngotPass<string flag, string op = "::mlir::ModuleOp"> : Pass<flag, op> {
  let dependentDialects = ["::ingot::nn::NnDialect", "::ingot::kernel::KernelDialect", "::ingot::plan::PlanDialect", "::ingot::isa_ir::IsaDialect",
    "::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::scf::SCFDialect", "::mlir::memref::MemRefDialect",
    "::mlir::vector::VectorDialect", "::mlir::func::FuncDialect"];
}

def ConvertOnnxToNn : IngotPass<"convert-onnx-to-nn"> {
  let summary = "Converts every onnx.node through its import rule";
  let description = [{
    Before:
    ```mlir
    %y = onnx.node "Relu" since 14 (%x) {} : (tensor<4xf32>) -> tensor<4xf32> domain ""
    ```
    After:
    ```mlir
    %y = nn.relu %x : (tensor<4xf32>) -> tensor<4xf32>
    ```
    A node that no rule takes is an error at the node; all of them are reported in one run.
  }];
}

def NnLayout : IngotPass<"nn-layout"> {
  let summary = "Convolutions and pooling channels-last; transposes sink and cancel";
  let description = [{
    Before:
    ```mlir
    %0 = nn.conv %x, %w "channels_first" … : (tensor<1x8x4x4xf32>, …) -> tensor<1x16x4x4xf32>
    %1 = nn.relu %0
    ```
    After:
    ```mlir
    %t = nn.transpose %x array<i64: 0, 2, 3, 1>
    %0 = nn.conv %t, %v "channels_last" … : (tensor<1x4x4x8xf32>, …) -> tensor<1x4x4x16xf32>
    %1 = nn.relu %0
    %2 = nn.transpose %1 array<i64: 0, 3, 1, 2>
    ```
  }];
}

def ConvertNnToKernel : IngotPass<"convert-nn-to-kernel"> {
  let summary = "Rewrites every nn operator as kernel operators through its `lower` method";
  let description = [{
    Before:
    ```mlir
    %y = nn.relu %x : (tensor<4xf32>) -> tensor<4xf32>
    ```
    After:
    ```mlir
    %y = kernel.generic domain #nn.shape<"4"> iterators "p" ins(%x : tensor<4xf32>) ... {
    ^bb0(%e: f32):
      %zero = arith.constant 0.0 : f32
      %0 = arith.maximumf %e, %zero : f32
      kernel.yield %0 : f32
    }
    ```
    nn.get_weight, nn.constant, nn.bind, nn.call, nn.if and nn.loop stay for build-plan.
  }];
}

def KernelSchedule : IngotPass<"kernel-schedule"> {
  let summary = "Chooses register tiles for contractions and lays their second factor out in panels";
  let description = [{
    One cost function over the machine row (registers, lanes, caches) and the sizes. A factor that is a weight is packed at compile time
    (hoist-constants evaluates the packing), another one where many rows use it and its columns are not contiguous. An image with few
    channels, or with padding other than zero, gets its border in a copy.

    Several targets have a tile each but share the panels, so that weights exist once: panels are as wide as the narrowest tile if the
    others consist of such, else as wide as the widest vector.

    Before:
    ```mlir
    %y = kernel.contract domain <"196", "256", "1024"> kinds "mnk" ins(%x, %w : tensor<196x1024xf32>, tensor<1024x256xf32>) …
    ```
    After, with targets=x86-64-v4:
    ```mlir
    %p = kernel.generic domain <"4", "1024", "64"> iterators "ppp" ins(%w : tensor<1024x256xf32>)
           maps [affine_map<(d0, d1, d2) -> (d1, d0 * 64 + d2)>, …] … -> tensor<4x1024x64xf32> { … }
    %y = kernel.contract domain <"196", "256", "1024"> kinds "mnk" tiles {x86_64_v4 = #kernel.tile<6 x 64>} panel 64 ins(%x, %p : …)
           maps [(m, n, k) -> (m, k), (m, n, k) -> (n floordiv 64, k, n mod 64), …] …
    ```
  }];
  let options = [Option<"targets", "targets", "std::string", "\"x86-64-v3\"", "machine rows, with +features, comma-separated">];
}

def KernelReadPacked : IngotPass<"kernel-read-packed"> {
  let summary = "Reads tables from the panels of a contraction, so that a weight is kept once";
  let description = [{
    A weight that kernel-schedule lays out for a contraction and that all others read as a table (kernel.read): they read the panels.
    The contraction's weight may be another one with the transposed matrix: the contents are compared. A contraction that reads its weight
    as it lies (no panels, as for CUDA) shares only a weight that is the same one.

    Before:
    ```mlir
    %e = kernel.generic … ins(%tokens : …) tables(%w : tensor<50000x64xf32>) … { … kernel.read %t[%i, %j] … }
    %p = kernel.generic domain <"3125", "64", "16"> iterators "ppp" ins(%w : …) maps [(d0, d1, d2) -> (d0 * 16 + d2, d1), …] …
    %y = kernel.contract … panel 16 ins(%x, %p : …) …
    ```
    After:
    ```mlir
    %p = kernel.generic domain <"3125", "64", "16"> iterators "ppp" ins(%w : …) maps [(d0, d1, d2) -> (d0 * 16 + d2, d1), …] …
    %e = kernel.generic … ins(%tokens : …) tables(%p : tensor<3125x64x16xf32>) … { … kernel.read %t[%i / 16, %j, %i mod 16] … }
    %y = kernel.contract … panel 16 ins(%x, %p : …) …
    ```
  }];
  let options = [Option<"smallBytes", "small-bytes", "int64_t", "1 << 20", "weights of fewer bytes stay as they are">];
}

def HoistConstants : IngotPass<"hoist-constants"> {
  let summary = "Runs kernels that depend on weights and constants alone at compile time";
  let description = [{
    A kernel.generic, contract, fused or view of static shape whose operands are nn.get_weight, nn.constant or results of such
    operations is evaluated (through the JIT, on a fixed baseline CPU), straight into the WeightStore, and a new nn.weight replaces what the
    run-time graph reads of it. Operations that compute the same are compiled once. What grows stays for run time: a result is hoisted if it has at most `max-growth`
    times the bytes of the weights behind it, or at most `small-bytes`, or its operation has the unit attribute `hoist_always`.
    What depends on nn.constant alone and has at most 256 elements becomes nn.constant again.

    The new weight is named after the largest weight behind it; the suffix is the operation's `hoist_as`, else `packed` (elements only
    moved), `reshaped` or `folded`. `from` lists the weights behind it, `recipe` says what was computed last. Weights without
    further use leave the module and the store.

    Before:
    ```mlir
    nn.weight @w tensor<64x32xf32> "9f…"
    %w = nn.get_weight @w : tensor<64x32xf32>
    %t = kernel.generic … ins(%w) maps [(d0, d1) -> (d1, d0), (d0, d1) -> (d0, d1)] … { ^bb0(%e: f32): kernel.yield %e : f32 }
    %y = kernel.contract … ins(%x, %t) …
    ```
    After:
    ```mlir
    nn.weight @w.packed tensor<32x64xf32> "3c…" {from = ["w"], recipe = "elementwise over 32 x 64"}
    %t = nn.get_weight @w.packed : tensor<32x64xf32>
    %y = kernel.contract … ins(%x, %t) …
    ```
  }];
  let options = [
    Option<"maxGrowth", "max-growth", "double", "1.3", "largest ratio of hoisted bytes to the bytes of the weights behind them">,
    Option<"smallBytes", "small-bytes", "int64_t", "65536", "results of at most so many bytes may grow more">
  ];
  let statistics = [
    Statistic<"numEvaluated", "evaluated", "operations run at compile time">,
    Statistic<"numRecipes", "recipes", "distinct kernels compiled for it">
  ];
}

def FlushSubnormals : IngotPass<"flush-subnormals"> {
  let summary = "Takes subnormal weights of contractions as zeros";
  let description = [{
    An nn.weight that only contractions multiply by becomes one with zeros (of their signs) in place of its subnormal elements, below 2^-126
    in f32. A weight stays as it is where products have a wider type, in which its elements are normal, where something else reads it, too,
    and where its largest element is below 2^-62. For a finite other factor x a result changes by at most 2^-126 times the sum of |x|.
    Runs for processors that take subnormal operands by microcode: a layer with thousands of them becomes tens of times faster.

    Before:
    ```mlir
    nn.weight @w tensor<32x64xf32> "9f…"
    %w = nn.get_weight @w : tensor<32x64xf32>
    %y = kernel.contract … ins(%x, %w) …
    ```
    After:
    ```mlir
    nn.weight @w.flushed tensor<32x64xf32> "51…" {from = ["w"], recipe = "subnormal numbers as zeros"}
    %w = nn.get_weight @w.flushed : tensor<32x64xf32>
    %y = kernel.contract … ins(%x, %w) …
    ```
  }];
  let statistics = [Statistic<"numFlushed", "flushed", "elements of weights that became zeros">];
}

def PlanDedupeKernels : IngotPass<"plan-dedupe-kernels"> {
  let summary = "Merges kernels that compute the same";
  let description = [{
    Kernels that are equal up to their names, comments and the names of their symbols become one; launches are redirected, and the
    survivor (the first) says for whom it works.

    Before:
    ```mlir
    plan.kernel @relu_1(%batch: index, …) attributes {doc = ["a"], symbols = ["batch"]} { … }
    plan.kernel @relu_2(%rows: index, …) attributes {doc = ["b"], symbols = ["rows"]} { … }
    plan.entry … { plan.launch @relu_1(…) plan.launch @relu_2(…) }
    ```
    After:
    ```mlir
    plan.kernel @relu_1(%batch: index, …) attributes {doc = ["a", "b"], symbols = ["batch"]} { … }
    plan.entry … { plan.launch @relu_1(…) plan.launch @relu_1(…) }
    ```
  }];
}
def BuildPlan : IngotPass<"build-plan"> {
  let summary = "Outlines kernels and gives every tensor a buffer";
  let description = [{
    Every function becomes a plan.entry of one plan.model; every kernel operator a plan.kernel and a plan.launch. Views and in-place
    updates share buffers, outputs and states are written directly where they end, the rest is plan.alloc.

    Before:
    ```mlir
    func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
      %y = kernel.generic ... ins(%x) ...
      return %y
    }
    ```
    After:
    ```mlir
    plan.model @model {
      plan.kernel @y(%x: memref<?xf32>, %y: memref<?xf32>) { ... }
      plan.entry @run(%x: memref<?xf32>, %y: memref<?xf32>, %workspace: memref<?xi8>) {
        plan.launch @y(%x, %y)
        plan.return
      }
    }
    ```
  }];
}

def PlanArena : IngotPass<"plan-arena"> {
  let summary = "Places every buffer of an entry in one workspace";
  let description = [{
    Before:
    ```mlir
    %a = plan.alloc "768*seq" : memref<?xf32>
    ```
    After, with `workspace_bytes` on the entry:
    ```mlir
    %a = plan.slice %workspace["3072*seq"] count "768*seq" : memref<?xi8> to memref<?xf32>
    ```
    A buffer whose size is known only while running becomes plan.tail. A buffer with `if_positive` counts nothing for sizes for
    which that expression is not positive; in a branch or a loop, nothing for sizes that make its own negative.
  }];
}


def ExpandKernels : IngotPass<"expand-kernels"> {
  let summary = "Kernels become loops over flat buffers, scalar or at the target's vector width";
  let description = [{
    Each plan.kernel of one kernel.generic, kernel.contract or kernel.fused becomes a loop over tiles with explicit addresses. Launches get
    the number of tiles, computed from the kernel's index arguments.

    Before:
    ```mlir
    plan.kernel @relu(%x: memref<?xf32>, %y: memref<?xf32>) attributes {writes = [1]} {
      %0 = plan.tensor %x strides <"1"> : memref<?xf32> as tensor<4096xf32>
      %1 = kernel.generic domain <"4096"> iterators "p" ins(%0 : tensor<4096xf32>) … { … arith.maximumf … }
      plan.write %1 to %y strides <"1"> : tensor<4096xf32>, memref<?xf32>
      plan.return
    }
    ```
    After, with target=x86-64-v4:
    ```mlir
    plan.kernel @relu(%x: memref<?xf32>, %y: memref<?xf32>) attributes {target = "x86_64_v4", writes = [1]} {
      %zero = arith.constant dense<0.0> : vector<16xf32>
      scf.forall (%tile) in (1) {
        scf.for %i0 = %c0 to %c4096 step %c16 {
          %v = vector.load %x[%i0] : memref<?xf32>, vector<16xf32>
          %r = arith.maximumf %v, %zero : vector<16xf32>
          vector.store %r, %y[%i0] : memref<?xf32>, vector<16xf32>
        }
      }
      plan.return
    }
    ```
  }];
  let options = [Option<"target", "target", "std::string", "\"x86-64-v3\"", "machine row, with +features; x86-64-v2 is scalar code">];
}

def KernelFuseProducers : IngotPass<"kernel-fuse-producers"> {
  let summary = "Recomputes a producer's element where it is read, instead of storing it";
  let description = [{
    A producer is a kernel.generic without reductions and dests. Pure movement (transpose, slice, broadcast, pad) is inlined into every
    reader, contractions included, through views whose index stays linear (a dimension of the reader is split if that helps).
    Arithmetic is inlined if recomputing costs less than a tensor's round trip through memory; never into the factors of a contraction. Reads
    of constants with one value become that value.

    Before:
    ```mlir
    %t = kernel.generic domain <"8", "4"> iterators "pp" ins(%x : tensor<4x8xf32>) maps [(d0, d1) -> (d1, d0), (d0, d1) -> (d0, d1)] … {
    ^bb0(%e: f32): kernel.yield %e : f32 }
    %y = kernel.generic domain <"8", "4"> iterators "pp" ins(%t : tensor<8x4xf32>) maps [(d0, d1) -> (d0, d1), (d0, d1) -> (d0, d1)] … {
    ^bb0(%e: f32): %0 = math.exp %e : f32  kernel.yield %0 : f32 }
    ```
    After:
    ```mlir
    %y = kernel.generic domain <"8", "4"> iterators "pp" ins(%x : tensor<4x8xf32>) maps [(d0, d1) -> (d1, d0), (d0, d1) -> (d0, d1)] … {
    ^bb0(%e: f32): %0 = math.exp %e : f32  kernel.yield %0 : f32 }
    ```
  }];
  let options = [Option<"movementOnly", "movement-only", "bool", "false", "inline only producers that move elements">];
}

def KernelFuseEpilogues : IngotPass<"kernel-fuse-epilogues"> {
  let summary = "Moves what follows a reduction element by element into its epilogue";
  let description = [{
    Bias, scale, residual add, activation, transposed or in-place writes (concat parts). The anchor's result must have no other reader; views
    between the two are allowed. A contraction keeps its contiguous writes.

    Before:
    ```mlir
    %c = kernel.contract domain <"4", "8", "16"> kinds "mnk" ins(%a, %b : …) … -> tensor<4x8xf32>
    %y = kernel.generic domain <"4", "8"> iterators "pp" ins(%c, %bias : …) maps [(d0, d1) -> (d0, d1), (d0, d1) -> (d1), …] … {
    ^bb0(%e: f32, %v: f32): %0 = arith.addf %e, %v : f32  kernel.yield %0 : f32 }
    ```
    After:
    ```mlir
    %y = kernel.contract domain <"4", "8", "16"> kinds "mnk" ins(%a, %b, %bias : …) maps […, (d0, d1, d2) -> (d1), …] …
      epilogue { ^bb0(%ae: f32, %be: f32, %v: f32, %acc: f32): %0 = arith.addf %acc, %v : f32  kernel.yield %0 : f32 }
    ```
  }];
}

def KernelFuseRows : IngotPass<"kernel-fuse-rows"> {
  let summary = "Runs loop nests that share rows one row at a time";
  let description = [{
    Grows a group from each reduction: softmax, normalisations, with the residual sums before them. Values inside are kept in row
    buffers (32 KiB together); a longer or dynamic row needs an output that its last reader writes at the same index. Independent reductions
    over the same row become one with two results.

    Before (softmax, after kernel-fuse-producers):
    ```mlir
    %m = kernel.generic domain <"4", "16"> iterators "pr" ins(%x) …        // max
    %e = kernel.generic domain <"4", "16"> iterators "pp" ins(%x, %m) …    // exp(x - max)
    %s = kernel.generic domain <"4", "16"> iterators "pr" ins(%e) …        // sum
    %y = kernel.generic domain <"4", "16"> iterators "pp" ins(%e, %s) …    // e / sum
    ```
    After:
    ```mlir
    %y = kernel.fused outer 1 : tensor<4x16xf32> { %m = … %e = … %s = … %0 = …  kernel.yield %0 }
    ```
  }];
}

def KernelFewRows : IngotPass<"kernel-few-rows"> {
  let summary = "Lets a contraction of few rows read its second factor where it lies";
  let description = [{
    Laying a factor out anew (the keys of a cache, transposed) pays for many rows, such as a prompt's, not for the one or few of the next
    token. Where only the run knows how many rows there are, and the factor may be large when they are few, both forms are kept.

    Before:
    ```mlir
    %t = kernel.generic … ins(%keys) …                                   // transposed
    %y = kernel.contract domain <"new", "past + new", "64"> kinds "mnk" tiles {…} ins(%q, %t : …) …
    ```
    After:
    ```mlir
    %few = kernel.generic domain <> … { … kernel.dim "new" … arith.cmpi slt … }
    %y = nn.if %few : tensor<i1> -> … {
      %0 = kernel.contract … ins(%q, %keys : …) …                        // no tile: lanes along k
      nn.yield %0
    } else {
      %t = kernel.generic … ins(%keys) …
      %0 = kernel.contract … tiles {…} ins(%q, %t : …) …
      nn.yield %0
    }
    ```
    `else_if_positive = "floordiv(new, 16)"` on nn.if says when there are many, so that plan-arena keeps no memory for %t where there never are.
  }];
}
#endif
