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
#include "llvm/ADT/MapVector.h"

using namespace mlir;
namespace ingot {
#define GEN_PASS_DEF_FLUSHSUBNORMALS
#include "lowering/Passes.h.inc"

namespace {

/// A subnormal number of `type` is subnormal in `product` too.
bool staysSubnormal(FloatType type, FloatType product) {
  return APFloat::semanticsMinExponent(type.getFloatSemantics()) <= APFloat::semanticsMinExponent(product.getFloatSemantics());
}

/// Zeros of their sign in place of subnormal elements. Nothing if there are no such elements, or if all are so small that they may matter:
/// the largest must be 2^64 times the least normal number.
template <typename Bits> std::optional<WeightBytes> flushed(const WeightBytes &bytes, unsigned mantissaBits, uint64_t &count) {
  const Bits sign = Bits(1) << (sizeof(Bits) * 8 - 1);
  const size_t elements = bytes.bytes() / sizeof(Bits);
  auto bitsOf = [](ArrayRef<char> from, size_t i) {
    Bits bits;
    memcpy(&bits, from.data() + i * sizeof(Bits), sizeof(Bits));
    return bits;
  };
  auto isSubnormal = [&](Bits bits) { return (bits & ~sign) != 0 && Bits(bits & ~sign) >> mantissaBits == 0; };
  uint64_t found = 0;
  Bits largest = 0;
  for (size_t i = 0; i < elements; ++i) {
    const Bits bits = bitsOf(bytes.data(), i);
    found += isSubnormal(bits);
    largest = std::max(largest, Bits(bits & ~sign));
  }
  if (!found || largest >> mantissaBits < 1 + 64)
    return std::nullopt;
  WeightBytes result = WeightBytes::scratch(bytes.bytes());
  for (size_t i = 0; i < elements; ++i) {
    Bits bits = bitsOf(bytes.data(), i);
    if (isSubnormal(bits))
      bits &= sign;
    memcpy(result.writable().data() + i * sizeof(Bits), &bits, sizeof(Bits));
  }
  count += found;
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

/// Is this a factor of a contraction in whose products the subnormal elements stay subnormal?
bool multipliesSubnormals(OpOperand &use) {
  auto op = dyn_cast<kernel::ContractOp>(use.getOwner());
  if (!op || use.getOperandNumber() >= 2)
    return false;
  auto element = dyn_cast<FloatType>(getElementTypeOrSelf(use.get().getType()));
  auto product = dyn_cast<FloatType>(cast<TypedAttr>(op.getInit()[0]).getType());
  return element && product && staysSubnormal(element, product);
}

struct FlushSubnormals : impl::FlushSubnormalsBase<FlushSubnormals> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    WeightStore &store = WeightStore::of(&getContext());
    SymbolTable symbols(module);
    llvm::MapVector<Attribute, SmallVector<nn::GetWeightOp>> readers;
    module.walk([&](nn::GetWeightOp get) { readers[get.getWeightAttr().getAttr()].push_back(get); });
    uint64_t count = 0;
    for (auto &[name, gets] : readers) {
      // With other readers the weight would be there twice.
      if (!llvm::all_of(gets, [](nn::GetWeightOp get) { return llvm::all_of(get->getUses(), multipliesSubnormals); }))
        continue;
      auto type = cast<RankedTensorType>(gets.front().getType());
      auto element = dyn_cast<FloatType>(type.getElementType());
      if (!element) // read by nobody
        continue;
      auto weight = symbols.lookup<nn::WeightOp>(cast<StringAttr>(name));
      if (!weight || failed(store.require(weight)))
        return signalPassFailure();
      std::optional<WeightBytes> bytes = flushed(store.share(weight.getSymName()), element, count);
      store.dropPages(weight.getSymName());
      if (!bytes)
        continue;
      std::string made = declare(module, store, symbols, weight, type, *std::move(bytes));
      for (nn::GetWeightOp get : gets)
        get.setWeight(made);
      store.release(weight.getSymName());
      symbols.erase(weight);
    }
    numFlushed = count;
  }

  /// The nn.weight of such bytes, beside the one that it stands for.
  static std::string declare(ModuleOp module, WeightStore &store, SymbolTable &symbols, nn::WeightOp weight, RankedTensorType type,
                             WeightBytes bytes) {
    std::string name = store.add(store.freeName(weight.getSymName().str() + ".flushed"), type, std::move(bytes)).str();
    if (symbols.lookup(name)) // of the same elements
      return name;
    OpBuilder b(module.getContext());
    b.setInsertionPointAfter(weight);
    nn::WeightOp made = store.declare(b, weight.getLoc(), name);
    auto from = weight->getAttr("from");
    made->setAttr("from", from ? from : b.getArrayAttr(weight.getSymNameAttr()));
    made->setAttr("recipe", b.getStringAttr("subnormal numbers as zeros"));
    symbols.insert(made);
    return name;
  }
};
} // namespace
} // namespace ingot
