#include "compiler/weights/WeightStore.h"
#include "dialects/RegisterDialects.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/raw_ostream.h"
#include <gtest/gtest.h>

using namespace mlir;
using namespace ingot;

namespace {
struct WeightStoreTest : testing::Test {
  MLIRContext context;
  WeightStore &store = WeightStore::of(&context);
  Builder b{&context};
  WeightBytes bytes(std::initializer_list<float> values) {
    return WeightBytes::copy({reinterpret_cast<const char *>(values.begin()), values.size() * 4});
  }
};
} // namespace

TEST_F(WeightStoreTest, OneStorePerContext) {
  EXPECT_EQ(&store, &WeightStore::of(&context));
  MLIRContext other;
  EXPECT_NE(&store, &WeightStore::of(&other));
}

TEST_F(WeightStoreTest, EqualBytesOfOneTypeAreOneWeight) {
  EXPECT_EQ(store.add("a", b.getF32Type(), {2}, bytes({1, 2})), "a");
  EXPECT_EQ(store.add("b", b.getF32Type(), {2}, bytes({1, 2})), "a");
  EXPECT_FALSE(store.has("b"));
  EXPECT_EQ(store.size(), 1u);
}

TEST_F(WeightStoreTest, EqualBytesOfAnotherTypeAreKeptOnce) {
  EXPECT_EQ(store.add("a", b.getF32Type(), {2}, bytes({1, 2})), "a");
  EXPECT_EQ(store.add("row", b.getF32Type(), {1, 2}, bytes({1, 2})), "row");
  EXPECT_EQ(store.add("bits", b.getI32Type(), {2}, bytes({1, 2})), "bits");
  EXPECT_EQ(store.heldBytes(), 8u);
  EXPECT_EQ(store.bytes("a").data(), store.bytes("bits").data());
  EXPECT_EQ(store.contentHash("a"), store.contentHash("row"));
  store.release("a");
  EXPECT_EQ(store.heldBytes(), 8u);
  store.release("row");
  store.release("bits");
  store.release("bits");
  EXPECT_EQ(store.heldBytes(), 0u);
}

TEST_F(WeightStoreTest, HashIsSha256OfTheBytes) {
  store.add("abc", b.getI8Type(), {3}, WeightBytes::copy({"abc", 3}));
  EXPECT_EQ(store.contentHash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_F(WeightStoreTest, ReleaseFreesTheOwner) {
  auto owner = std::make_shared<std::string>("abcd");
  std::weak_ptr<std::string> watch = owner;
  store.add("w", b.getI8Type(), {4}, WeightBytes::borrow({owner->data(), 4}, owner));
  owner.reset();
  EXPECT_FALSE(watch.expired());
  store.release("w");
  EXPECT_TRUE(watch.expired());
}

TEST_F(WeightStoreTest, FreeNames) {
  EXPECT_EQ(store.freeName("w"), "w");
  store.add("w", b.getF32Type(), {1}, bytes({1}));
  EXPECT_EQ(store.freeName("w"), "w_1");
}

TEST_F(WeightStoreTest, FillMakesBytes) {
  context.loadDialect<nn::NnDialect>();
  OpBuilder builder(&context);
  Location loc = builder.getUnknownLoc();
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  builder.setInsertionPointToStart(module->getBody());
  auto weight = [&](const char *name, Type element, int64_t n, const char *fill) {
    auto w = nn::WeightOp::create(builder, loc, builder.getStringAttr(name), TypeAttr::get(RankedTensorType::get({n}, element)),
                                  builder.getStringAttr(""));
    w->setAttr("fill", builder.getStringAttr(fill));
    EXPECT_TRUE(succeeded(store.require(w)));
    EXPECT_EQ(w.getContent(), store.contentHash(name));
    return store.bytes(name);
  };
  auto f32 = weight("f32", b.getF32Type(), 5, "iota");
  EXPECT_EQ(reinterpret_cast<const float *>(f32.data())[4], 4);
  auto i4 = weight("i4", b.getIntegerType(4), 5, "iota");
  ASSERT_EQ(i4.size(), 3u);
  EXPECT_EQ(i4[0], 0x10);
  EXPECT_EQ(i4[2], 0x04);
  auto bf16 = weight("bf16", b.getBF16Type(), 2, "iota");
  EXPECT_EQ(bf16[3], 0x3f);
  auto r = weight("r", b.getF32Type(), 100, "random:7"), s = weight("s", b.getF32Type(), 100, "random:7");
  EXPECT_EQ(r, s);
  for (int i = 0; i < 100; ++i)
    EXPECT_LT(std::abs(reinterpret_cast<const float *>(r.data())[i]), 1);
}
