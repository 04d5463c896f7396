//===- FlushSubnormals.cpp -----------------------------------------------------------===//
//
// A processor may take a hundred cycles longer for a product with a subnormal factor (Intel's do: a microcode assist for each
// instruction). Weight decay leaves networks with thousands of such weights: squeeze-and-excite layers of PP-OCR, for one.
//
//===----------------------------------------------------------------------===//
#include "compiler/weights/WeightStore.h"
#include "dialects/kernel/Kernel.h"
#include "lowering/Passes.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
namespace ingot {
#define GEN_PASS_DEF_FLUSHSUBNORMALS
#include "lowering/Passes.h.inc"

namespace {

/// A subnormal number of `type` is subnormal in `product` too.
bool staysSubnormal(FloatType type, FloatType product) {
  return APFloat::semanticsMinExponent(type.getFloatSemantics()) <= APFloat::semanticsMinExponent(product.getFloatSemantics());
}

/// Calls found(i, zero of its sign) for each subnormal element.
template <typename Bits>
void forEachSubnormal(ArrayRef<char> bytes, unsigned mantissaBits, function_ref<void(size_t, Bits)> found) {
  const Bits sign = Bits(1) << (sizeof(Bits) * 8 - 1), mantissa = (Bits(1) << mantissaBits) - 1;
  for (size_t i = 0; i < bytes.size() / sizeof(Bits); ++i) {
    Bits element;
    memcpy(&element, bytes.data() + i * sizeof(Bits), sizeof(Bits));
    const Bits magnitude = element & ~sign;
    if (magnitude != 0 && magnitude <= mantissa)
      found(i, element & sign);
  }
}

/// The bytes with zeros in place of subnormal elements; none if there are no such elements.
template <typename Bits> std::optional<WeightBytes> flushed(const WeightBytes &bytes, unsigned mantissaBits, uint64_t &count) {
  uint64_t here = 0;
  forEachSubnormal<Bits>(bytes.data(), mantissaBits, [&](size_t, Bits) { ++here; });
  if (!here)
    return std::nullopt;
  WeightBytes result = WeightBytes::scratch(bytes.bytes());
  memcpy(result.writable().data(), bytes.data().data(), bytes.bytes());
  forEachSubnormal<Bits>(bytes.data(), mantissaBits, [&](size_t i, Bits zero) {
    memcpy(result.writable().data() + i * sizeof(Bits), &zero, sizeof(Bits));
  });
  count += here;
  return result;
}

std::optional<WeightBytes> flushed(const WeightBytes &bytes, FloatType type, uint64_t &count) {
  const unsigned mantissaBits = type.getFPMantissaWidth() - 1; // the leading one is not stored
  switch (type.getWidth()) {
  case 16:
    return flushed<uint16_t>(bytes, mantissaBits, count);
  case 32:
    return flushed<uint32_t>(bytes, mantissaBits, count);
  case 64:
    return flushed<uint64_t>(bytes, mantissaBits, count);
  default:
    return std::nullopt;
  }
}

struct FlushSubnormals : impl::FlushSubnormalsBase<FlushSubnormals> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    WeightStore &store = WeightStore::of(&getContext());
    SymbolTable symbols(module);
    llvm::StringMap<std::string> flushedNames; // of a weight; empty: it has no subnormal element
    llvm::StringSet<> replaced;
    uint64_t count = 0;
    auto result = module.walk([&](kernel::ContractOp op) {
      auto product = dyn_cast<FloatType>(cast<TypedAttr>(op.getInit()[0]).getType());
      for (OpOperand &factor : op.getInsMutable().slice(0, 2)) {
        auto get = factor.get().getDefiningOp<nn::GetWeightOp>();
        auto type = cast<RankedTensorType>(factor.get().getType());
        auto element = dyn_cast<FloatType>(type.getElementType());
        if (!get || !element || !product || !staysSubnormal(element, product))
          continue;
        auto [it, isNew] = flushedNames.try_emplace(get.getWeight());
        if (isNew) {
          auto weight = symbols.lookup<nn::WeightOp>(get.getWeight());
          if (!weight || failed(store.require(weight)))
            return WalkResult::interrupt();
          std::optional<WeightBytes> bytes = flushed(store.share(get.getWeight()), element, count);
          store.dropPages(get.getWeight());
          if (!bytes)
            continue;
          it->second = declare(module, store, symbols, weight, type, *std::move(bytes));
        }
        if (it->second.empty())
          continue;
        OpBuilder b(op);
        replaced.insert(get.getWeight());
        factor.set(nn::GetWeightOp::create(b, get.getLoc(), type, it->second));
        if (get.use_empty())
          get.erase();
      }
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return signalPassFailure();
    module.walk([&](nn::GetWeightOp get) { replaced.erase(get.getWeight()); });
    for (auto &name : replaced) { // nobody else reads these
      symbols.erase(symbols.lookup(name.getKey()));
      store.release(name.getKey());
    }
    numFlushed = count;
  }

  /// The nn.weight of such bytes, beside the one that it stands for.
  static std::string declare(ModuleOp module, WeightStore &store, SymbolTable &symbols, nn::WeightOp weight, RankedTensorType type,
                             WeightBytes bytes) {
    std::string name = store.add(store.freeName(weight.getSymName().str() + ".flushed"), type, std::move(bytes)).str();
    if (symbols.lookup(name))
      return name;
    OpBuilder b(module.getContext());
    b.setInsertionPointAfter(weight);
    nn::WeightOp made = store.declare(b, weight.getLoc(), name);
    if (auto from = weight->getAttr("from"))
      made->setAttr("from", from);
    else
      made->setAttr("from", b.getArrayAttr(weight.getSymNameAttr()));
    made->setAttr("recipe", b.getStringAttr("subnormal numbers as zeros"));
    symbols.insert(made);
    return name;
  }
};
} // namespace
} // namespace ingot
