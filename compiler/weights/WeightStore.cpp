//===- WeightStore.cpp ------------------------------------------------------------===//
#include "compiler/weights/WeightStore.h"
#include "compiler/weights/Elements.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/SHA256.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
namespace ingot {

//===----------------------------------------------------------------------===//
// The store of a context
//===----------------------------------------------------------------------===//

namespace {
struct StoreInterface : DialectInterface::Base<StoreInterface> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(StoreInterface)
  StoreInterface(Dialect *dialect) : Base(dialect) {}
  mutable WeightStore store;
};
} // namespace

WeightStore &WeightStore::of(MLIRContext *context) {
  auto *dialect = context->getOrLoadDialect<nn::NnDialect>();
  auto *holder = dialect->getRegisteredInterface<StoreInterface>();
  if (!holder)
    holder = &dialect->addInterface<StoreInterface>();
  return holder->store;
}

//===----------------------------------------------------------------------===//
// Names and contents
//===----------------------------------------------------------------------===//

static std::string sha256(ArrayRef<char> bytes) {
  llvm::SHA256 hash;
  hash.update(ArrayRef<uint8_t>(reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()));
  auto digest = hash.final();
  return llvm::toHex(digest, /*LowerCase=*/true);
}

StringRef WeightStore::add(StringRef name, RankedTensorType type, WeightBytes bytes) {
  assert(type.hasStaticShape() && "weights have static shapes");
  assert(storageBytes(type.getElementType(), type.getNumElements()).isConstant(bytes.bytes()) && "bytes do not fit the type");
  assert(!has(name) && "a weight of this name exists");
  std::string hash = sha256(bytes.data());
  bytes.dropPages();
  std::shared_ptr<Content> &content = contents[hash];
  if (!content) {
    content = std::make_shared<Content>();
    content->bytes = std::move(bytes);
    content->hash = hash;
  }
  for (const std::string &other : content->names)
    if (get(other).type == type)
      return weights.find(other)->getKey();
  content->names.push_back(name.str());
  return weights.try_emplace(name, Weight{type, content}).first->getKey();
}

StringRef WeightStore::add(StringRef name, Type element, ArrayRef<int64_t> dims, WeightBytes bytes) {
  return add(name, RankedTensorType::get(dims, element), std::move(bytes));
}

std::string WeightStore::freeName(StringRef base) const {
  std::string name = base.str();
  for (unsigned i = 1; has(name); ++i)
    name = (base + "_" + Twine(i)).str();
  return name;
}

const WeightStore::Weight &WeightStore::get(StringRef name) const {
  auto it = weights.find(name);
  if (it == weights.end())
    llvm::report_fatal_error("weight '" + name + "' is not in the store");
  return it->second;
}

RankedTensorType WeightStore::type(StringRef name) const { return get(name).type; }
ArrayRef<char> WeightStore::bytes(StringRef name) const { return get(name).content->bytes.data(); }
WeightBytes WeightStore::share(StringRef name) const { return get(name).content->bytes; }
StringRef WeightStore::contentHash(StringRef name) const { return get(name).content->hash; }
void WeightStore::dropPages(StringRef name) const { get(name).content->bytes.dropPages(); }

void WeightStore::release(StringRef name) {
  auto it = weights.find(name);
  if (it == weights.end())
    return;
  auto content = it->second.content;
  llvm::erase(content->names, name.str());
  if (content->names.empty())
    contents.erase(content->hash);
  weights.erase(it);
}

uint64_t WeightStore::heldBytes() const {
  uint64_t sum = 0;
  for (auto &[hash, content] : contents)
    sum += content->bytes.bytes();
  return sum;
}

nn::WeightOp WeightStore::declare(OpBuilder &b, Location loc, StringRef name) const {
  return nn::WeightOp::create(b, loc, b.getStringAttr(name), TypeAttr::get(type(name)), b.getStringAttr(contentHash(name)));
}

//===----------------------------------------------------------------------===//
// fill
//===----------------------------------------------------------------------===//

/// splitmix64: small, and the same everywhere.
static uint64_t nextRandom(uint64_t &state) {
  uint64_t z = state += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

/// The storage bits of one element of value `v`.
static APInt elementBits(double v, Type element) {
  if (auto f = dyn_cast<FloatType>(element)) {
    llvm::APFloat a(v);
    bool lost;
    a.convert(f.getFloatSemantics(), llvm::APFloat::rmNearestTiesToEven, &lost);
    return a.bitcastToAPInt();
  }
  return APInt(64, element.isInteger(1) ? int64_t(v) & 1 : int64_t(v), /*isSigned=*/true);
}

LogicalResult WeightStore::require(nn::WeightOp weight) {
  StringRef name = weight.getSymName();
  auto fill = weight->getAttrOfType<StringAttr>("fill");
  if (has(name) && (!fill || weight.getContent() == contentHash(name)))
    return success();
  release(name); // made for another module
  auto type = dyn_cast<RankedTensorType>(weight.getType());
  if (!fill || !type || !type.hasStaticShape() || !type.getElementType().isIntOrFloat())
    return weight.emitOpError("has no bytes in the weight store");
  uint64_t seed = 0;
  StringRef kind = fill.getValue();
  bool random = kind.consume_front("random:");
  if (random ? kind.getAsInteger(10, seed) : kind != "iota")
    return weight.emitOpError("fill is \"iota\" or \"random:<seed>\"");
  Type element = type.getElementType();
  WeightBytes bytes = WeightBytes::scratch(*storageBytes(element, type.getNumElements()).constant());
  for (int64_t i = 0, n = type.getNumElements(); i < n; ++i) {
    double v = i;
    if (random) {
      uint64_t r = nextRandom(seed);
      v = isa<FloatType>(element) ? double(r >> 11) * 0x1p-52 - 1.0 : double(r >> 61) - (isUnsigned(element) ? 0 : 4);
    }
    storeElement(bytes.writable(), i, element, elementBits(v, element));
  }
  // The symbol keeps its own name: add() could answer with an equal weight's.
  auto content = std::make_shared<Content>();
  content->hash = sha256(bytes.data());
  auto [it, isNew] = contents.try_emplace(content->hash, content);
  if (isNew)
    content->bytes = std::move(bytes);
  it->second->names.push_back(name.str());
  weights.try_emplace(name, Weight{type, it->second});
  weight.setContent(it->second->hash);
  return success();
}

} // namespace ingot
