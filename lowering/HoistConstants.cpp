//===- HoistConstants.cpp -----------------------------------------------------------===//
//
// 1. Candidates: operations that depend on weights and constants alone, in program order.
// 2. Choice, backwards: what a run-time operation reads is *wanted*. A wanted candidate is evaluated, unless its results grow
//    too much: then it stays, and its operands are wanted instead. What an evaluated one reads is evaluated, too.
// 3. Recipes: every chosen loop nest is outlined; equal ones share one compiled function.
// 4. Evaluation in program order, one operation at a time. Intermediate bytes go after their last reader.
//
//===----------------------------------------------------------------------===//
#include "compiler/weights/Elements.h"
#include "compiler/weights/WeightStore.h"
#include "dialects/nn/Shape.h"
#include "lowering/JitKernels.h"
#include "lowering/OutlineKernel.h"
#include "lowering/Passes.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
namespace ingot {
#define GEN_PASS_DEF_HOISTCONSTANTS
#include "lowering/Passes.h.inc"

namespace {

constexpr int64_t smallConstant = 256; // elements of the largest nn.constant

int64_t bytesOf(Type t) {
  auto type = cast<RankedTensorType>(t);
  return *storageBytes(type.getElementType(), type.getNumElements()).constant();
}

bool isStaticNumbers(Type t) {
  auto type = dyn_cast<RankedTensorType>(t);
  return type && type.hasStaticShape() && type.getElementType().isIntOrFloat();
}

/// Every tensor has a static shape, and no expression mentions a symbol.
bool isStatic(Operation *op) {
  auto constant = [](const DimExpr &e) { return e.constant().has_value(); };
  return !op->walk([&](Operation *inner) {
    for (ValueRange values : {ValueRange(inner->getOperands()), ValueRange(inner->getResults())})
      for (Value v : values)
        if (isa<RankedTensorType>(v.getType()) && !isStaticNumbers(v.getType()))
          return WalkResult::interrupt();
    if (auto nest = dyn_cast<kernel::LoopNestInterface>(inner))
      if (!llvm::all_of(nest.getDomain().exprs(), constant) || !llvm::all_of(nest.getSymbols().exprs(), constant))
        return WalkResult::interrupt();
    if (auto dim = dyn_cast<kernel::DimOp>(inner))
      if (!DimExpr::parse(dim.getExpr())->constant())
        return WalkResult::interrupt();
    return WalkResult::advance();
  }).wasInterrupted();
}

/// Whether the results are elements of an operand, unchanged.
bool onlyMoves(Operation *op) {
  auto generic = dyn_cast<kernel::GenericOp>(op);
  if (!generic || generic.hasReduction())
    return false;
  return llvm::all_of(generic.getBody().front(), [](Operation &inner) { return isa<kernel::YieldOp, arith::ConstantOp>(inner); });
}

struct Candidate {
  Operation *op = nullptr;
  SmallVector<Value> reads;
  llvm::SetVector<nn::WeightOp> weights; // behind it
  int64_t leafBytes = 0;                 // of those and of the constants
  SmallVector<OpResult> wanted;          // results that run-time operations read
  bool evaluated = false;                // at compile time
  bool stays = false;                    // at run time; may be both
  std::string recipe;                    // the compiled kernel
  SmallVector<OutlinedKernel::Buffer> buffers;
  SmallVector<unsigned> bufferOfResult;
};

class Hoister {
public:
  Hoister(ModuleOp module, double maxGrowth, int64_t smallBytes) : module(module), maxGrowth(maxGrowth), smallBytes(smallBytes) {}

  LogicalResult run() {
    do {
      if (failed(collect()))
        return failure();
      choose();
    } while (!compileRecipes());
    if (failed(evaluate()))
      return failure();
    removeDead();
    return success();
  }
  unsigned numEvaluated = 0, numRecipes = 0;

private:
  ModuleOp module;
  double maxGrowth;
  int64_t smallBytes;
  WeightStore &store = WeightStore::of(module.getContext());
  llvm::MapVector<Operation *, Candidate> candidates;
  DenseSet<Operation *> uncompilable;
  std::unique_ptr<JitKernels> jit;
  DenseMap<Value, WeightBytes> computed; // results that are still to be read here
  DenseMap<Operation *, unsigned> readersLeft; // per candidate, nn.weight and nn.constant: readers to come; run-time ones stay
  llvm::SetVector<nn::WeightOp> touched; // weights that were read
  nn::WeightOp lastWeight;

  //===--------------------------------------------------------------------===//
  // Candidates
  //===--------------------------------------------------------------------===//

  static bool isConstant(Operation *op) {
    auto c = dyn_cast_or_null<nn::ConstantOp>(op);
    return c && isa<DenseElementsAttr>(c.getValue()) && isStaticNumbers(c.getType());
  }

  LogicalResult collect() {
    candidates.clear();
    SymbolTable symbols(module);
    auto result = module.walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (isa<plan::ModelOp, plan::KernelOp>(op))
        return WalkResult::skip();
      if (!isa<kernel::GenericOp, kernel::ContractOp, kernel::FusedOp, kernel::ViewOp>(op))
        return WalkResult::advance();
      if (uncompilable.contains(op) || !isStatic(op))
        return WalkResult::skip();
      Candidate c;
      c.op = op;
      c.reads = tensorsRead(op);
      for (Value v : c.reads) {
        Operation *def = v.getDefiningOp();
        if (auto get = dyn_cast_or_null<nn::GetWeightOp>(def)) {
          auto weight = symbols.lookup<nn::WeightOp>(get.getWeight());
          if (!weight)
            return op->emitError() << "there is no nn.weight @" << get.getWeight(), WalkResult::interrupt();
          c.weights.insert(weight);
        } else if (auto it = candidates.find(def); def && it != candidates.end()) {
          c.weights.insert(it->second.weights.begin(), it->second.weights.end());
        } else if (isConstant(def)) {
          c.leafBytes += bytesOf(v.getType());
        } else {
          return WalkResult::skip();
        }
      }
      for (nn::WeightOp w : c.weights)
        c.leafBytes += bytesOf(w.getType());
      if (!isAffordable(c))
        return WalkResult::skip();
      candidates.insert({op, std::move(c)});
      return WalkResult::skip();
    });
    return failure(result.wasInterrupted());
  }

  //===--------------------------------------------------------------------===//
  // Choice
  //===--------------------------------------------------------------------===//

  /// Steps on the way to a small result may be larger than it, but not without bound: a range of 2^36 is for the run, too.
  static bool isAffordable(const Candidate &c) {
    constexpr double room = 64 << 20, growth = 4;
    double bytes = 0;
    for (Value r : c.op->getResults())
      bytes += double(bytesOf(r.getType()));
    return c.op->hasAttr("hoist_always") || bytes <= growth * double(c.leafBytes) + room;
  }

  /// The candidate that `op` is or is nested in.
  Candidate *candidateAround(Operation *op) {
    for (; op; op = op->getParentOp())
      if (auto it = candidates.find(op); it != candidates.end())
        return &it->second;
    return nullptr;
  }

  bool mayHoist(const Candidate &c) {
    int64_t bytes = 0;
    for (OpResult r : c.wanted)
      bytes += bytesOf(r.getType());
    return c.op->hasAttr("hoist_always") || bytes <= smallBytes || double(bytes) <= maxGrowth * double(c.leafBytes);
  }

  /// Readers come after definitions, so one sweep backwards settles everything.
  void choose() {
    for (auto &[op, c] : llvm::reverse(candidates)) {
      for (OpResult r : op->getResults())
        for (Operation *user : r.getUsers()) {
          Candidate *reader = candidateAround(user);
          c.evaluated |= reader && reader->evaluated;
          if ((!reader || reader->stays) && !llvm::is_contained(c.wanted, r))
            c.wanted.push_back(r);
        }
      if (c.wanted.empty())
        continue;
      if (mayHoist(c))
        c.evaluated = true;
      else
        c.stays = true;
    }
  }

  //===--------------------------------------------------------------------===//
  // Recipes
  //===--------------------------------------------------------------------===//

  /// Compiles what is to be evaluated. False if operations turned out to have no compiled form: they are noted, and the
  /// choice has to be made anew.
  bool compileRecipes() {
    OpBuilder b(module.getContext());
    OwningOpRef<ModuleOp> recipes = ModuleOp::create(module.getLoc());
    b.setInsertionPointToStart(recipes->getBody());
    llvm::StringMap<plan::KernelOp> byKey;
    SmallVector<plan::KernelOp> kernels;
    for (auto &[op, c] : candidates) {
      if (!c.evaluated || isa<kernel::ViewOp>(op))
        continue;
      OutlinedKernel outlined = outlineKernel(b, op, "recipe_" + std::to_string(kernels.size()), BufferLayout::rowMajor);
      auto [it, isNew] = byKey.try_emplace(structuralKey(outlined.kernel), outlined.kernel);
      if (isNew)
        kernels.push_back(outlined.kernel);
      else
        outlined.kernel.erase();
      c.recipe = it->second.getSymName().str();
      c.buffers = std::move(outlined.buffers);
      c.bufferOfResult = std::move(outlined.bufferOfResult);
    }
    numRecipes = kernels.size();
    auto compiled = compileQuietly(kernels);
    if (succeeded(compiled)) {
      jit = std::move(*compiled);
      return true;
    }
    // One by one, to find those that fail; they stay for run time, which is correct and only slower.
    size_t before = uncompilable.size();
    for (plan::KernelOp kernel : kernels) {
      if (succeeded(compileQuietly(kernel)))
        continue;
      for (auto &[op, c] : candidates)
        if (c.recipe == kernel.getSymName()) {
          op->emitWarning("depends on constants alone but cannot be computed at compile time:") << lastMessage;
          uncompilable.insert(op);
        }
    }
    if (before == uncompilable.size()) { // they fail only together: give up on all
      module.emitWarning("constants are left for run time:") << lastMessage;
      for (auto &[op, c] : candidates)
        uncompilable.insert(op);
    }
    return false;
  }

  std::string lastMessage;
  FailureOr<std::unique_ptr<JitKernels>> compileQuietly(ArrayRef<plan::KernelOp> kernels) {
    ScopedDiagnosticHandler quiet(module.getContext(), [&](Diagnostic &d) {
      lastMessage = " " + d.str();
      return success();
    });
    return JitKernels::compile(kernels);
  }

  //===--------------------------------------------------------------------===//
  // Evaluation
  //===--------------------------------------------------------------------===//

  nn::WeightOp weightOf(nn::GetWeightOp get) {
    return SymbolTable::lookupNearestSymbolFrom<nn::WeightOp>(get, get.getWeightAttr());
  }
  /// What stands for a value in `readersLeft`.
  Operation *sourceOf(Value v) {
    if (auto get = v.getDefiningOp<nn::GetWeightOp>())
      return weightOf(get);
    return v.getDefiningOp();
  }

  LogicalResult evaluate() {
    readersLeft.clear();
    touched.clear();
    for (auto &[op, c] : candidates)
      if (c.evaluated)
        for (Value v : c.reads)
          ++readersLeft[sourceOf(v)];
    // Readers at run time keep a weight for good.
    module.walk([&](nn::GetWeightOp get) {
      for (Operation *user : get->getUsers()) {
        Candidate *reader = candidateAround(user);
        if (!reader || !reader->evaluated || reader->stays)
          if (nn::WeightOp w = weightOf(get))
            ++readersLeft[w];
      }
    });
    for (auto &[op, c] : candidates) {
      if (!c.evaluated)
        continue;
      for (Value v : c.reads)
        if (auto get = v.getDefiningOp<nn::GetWeightOp>(); get && failed(store.require(weightOf(get))))
          return failure();
      ++numEvaluated;
      compute(c);
      if (!c.stays)
        for (OpResult r : c.wanted)
          replace(c, r);
      if (readersLeft.lookup(op) == 0)
        for (Value r : op->getResults())
          computed.erase(r);
      for (Value v : c.reads) {
        if (auto get = v.getDefiningOp<nn::GetWeightOp>())
          touched.insert(weightOf(get));
        if (--readersLeft[sourceOf(v)] == 0)
          forget(v);
      }
    }
    computed.clear();
    jit.reset();
    return success();
  }

  /// The bytes of an operand, aligned for its elements.
  WeightBytes input(Value v) {
    WeightBytes bytes;
    if (auto get = v.getDefiningOp<nn::GetWeightOp>())
      bytes = store.share(get.getWeight());
    else if (auto constant = v.getDefiningOp<nn::ConstantOp>())
      return toBytes(cast<DenseElementsAttr>(constant.getValue()), nn::elementOf(v));
    else
      bytes = computed.lookup(v);
    return reinterpret_cast<uintptr_t>(bytes.data().data()) % 16 == 0 ? bytes : WeightBytes::copy(bytes.data());
  }

  void compute(Candidate &c) {
    if (auto view = dyn_cast<kernel::ViewOp>(c.op)) {
      computed[view.getResult()] = input(view.getInput());
      return;
    }
    SmallVector<WeightBytes> buffers;
    SmallVector<void *> addresses;
    for (auto &buffer : c.buffers) {
      if (buffer.result < 0)
        buffers.push_back(input(buffer.input));
      else if (buffer.input) // updated in place: of a copy, for the operand may have other readers
        buffers.push_back(WeightBytes::copy(input(buffer.input).data()));
      else
        buffers.push_back(WeightBytes::scratch(bytesOf(c.op->getResult(buffer.result).getType())));
      addresses.push_back(const_cast<char *>(buffers.back().data().data()));
    }
    jit->run(c.recipe, {}, addresses);
    for (OpResult r : c.op->getResults())
      computed[r] = buffers[c.bufferOfResult[r.getResultNumber()]];
    for (WeightBytes &b : buffers)
      b.dropPages();
  }

  /// Nobody at compile time will read `v` again.
  void forget(Value v) {
    if (auto get = v.getDefiningOp<nn::GetWeightOp>())
      store.release(get.getWeight());
    else
      for (Value r : v.getDefiningOp()->getResults())
        computed.erase(r);
  }

  /// What run-time operations read of `r` becomes a weight or a constant.
  void replace(Candidate &c, OpResult r) {
    auto type = cast<RankedTensorType>(r.getType());
    OpBuilder b(c.op);
    Value v;
    if (c.weights.empty() && type.getNumElements() <= smallConstant) {
      v = nn::ConstantOp::create(b, c.op->getLoc(), type, cast<ElementsAttr>(fromBytes(type, computed.lookup(r).data())));
    } else {
      nn::WeightOp weight = declare(c, store.add(freeName(c), type, computed.lookup(r)));
      ++readersLeft[weight];
      v = nn::GetWeightOp::create(b, c.op->getLoc(), type, FlatSymbolRefAttr::get(weight.getSymNameAttr()));
    }
    r.replaceUsesWithIf(v, [&](OpOperand &use) {
      Candidate *reader = candidateAround(use.getOwner());
      return !reader || reader->stays;
    });
  }

  std::string freeName(Candidate &c) {
    std::string base = "constant";
    int64_t largest = -1;
    if (auto names = provenanceOf(c.op); !names.empty())
      base = names.front();
    for (nn::WeightOp w : c.weights)
      if (bytesOf(w.getType()) > largest) {
        largest = bytesOf(w.getType());
        base = w.getSymName().str();
      }
    StringRef suffix = isa<kernel::ViewOp>(c.op) ? "reshaped" : c.weights.size() == 1 && onlyMoves(c.op) ? "packed" : "folded";
    if (auto as = c.op->getAttrOfType<StringAttr>("hoist_as"))
      suffix = as.getValue();
    std::string name = base + "." + suffix.str(), free = name;
    for (unsigned i = 1; store.has(free) || module.lookupSymbol(free); ++i)
      free = name + "_" + std::to_string(i);
    return free;
  }

  /// The nn.weight of a stored name, new or already there.
  nn::WeightOp declare(Candidate &c, StringRef name) {
    if (auto weight = module.lookupSymbol<nn::WeightOp>(name))
      return weight;
    OpBuilder b(module.getContext());
    b.setInsertionPointToStart(module.getBody());
    if (!lastWeight)
      for (auto w : module.getOps<nn::WeightOp>())
        lastWeight = w;
    if (lastWeight)
      b.setInsertionPointAfter(lastWeight);
    nn::WeightOp weight = lastWeight = store.declare(b, c.op->getLoc(), name);
    // Weights that were hoisted before stand for those behind them.
    llvm::SetVector<Attribute> from;
    for (nn::WeightOp w : c.weights)
      if (auto earlier = w->getAttrOfType<ArrayAttr>("from"))
        from.insert(earlier.begin(), earlier.end());
      else
        from.insert(w.getSymNameAttr());
    weight->setAttr("from", b.getArrayAttr(from.getArrayRef()));
    weight->setAttr("recipe", b.getStringAttr(describeKernel(c.op)));
    return weight;
  }

  //===--------------------------------------------------------------------===//
  // Leftovers
  //===--------------------------------------------------------------------===//

  void removeDead() {
    for (auto &[op, c] : llvm::reverse(candidates)) {
      SmallVector<Value> reads = c.reads;
      if (!op->use_empty())
        continue;
      op->erase();
      for (Value v : reads)
        if (Operation *def = v.getDefiningOp(); v.use_empty() && isa_and_nonnull<nn::GetWeightOp, nn::ConstantOp>(def))
          def->erase();
    }
    candidates.clear();
    llvm::StringSet<> used;
    module.walk([&](nn::GetWeightOp get) { used.insert(get.getWeight()); });
    for (nn::WeightOp w : touched)
      if (!used.contains(w.getSymName())) {
        store.release(w.getSymName());
        w.erase();
      }
  }
};

struct HoistConstants : impl::HoistConstantsBase<HoistConstants> {
  using HoistConstantsBase::HoistConstantsBase;

  void runOnOperation() override {
    Hoister hoister(getOperation(), maxGrowth, smallBytes);
    if (failed(hoister.run()))
      return signalPassFailure();
    numEvaluated = hoister.numEvaluated;
    numRecipes = hoister.numRecipes;
  }
};
} // namespace
} // namespace ingot
