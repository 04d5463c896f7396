#include "compiler/weights/WeightBytes.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/raw_ostream.h"
#include <gtest/gtest.h>

using namespace llvm;
using namespace ingot;

namespace {
struct TemporaryFile {
  SmallString<128> path;
  explicit TemporaryFile(uint64_t size) {
    int fd;
    EXPECT_FALSE(sys::fs::createTemporaryFile("weights", "bin", fd, path));
    raw_fd_ostream os(fd, /*shouldClose=*/true);
    for (uint64_t i = 0; i < size; ++i)
      os << char(i % 251);
  }
  ~TemporaryFile() { sys::fs::remove(path); }
};
} // namespace

TEST(WeightBytes, MapsAnyPartOfAFile) {
  TemporaryFile file(20000);
  for (uint64_t offset : {0, 1, 4096, 8193}) {
    auto w = WeightBytes::mapFile(file.path, offset, 5000);
    ASSERT_TRUE(bool(w)) << toString(w.takeError());
    ASSERT_EQ(w->bytes(), 5000u);
    for (uint64_t i = 0; i < 5000; ++i)
      ASSERT_EQ(w->data()[i], char((offset + i) % 251));
  }
}

TEST(WeightBytes, MappedBytesOutliveTheFilesName) {
  WeightBytes w;
  {
    TemporaryFile file(100);
    w = cantFail(WeightBytes::mapFile(file.path, 10, 50));
  }
  w.dropPages();
  EXPECT_EQ(w.data()[0], char(10));
}

TEST(WeightBytes, RefusesRangesBeyondTheEnd) {
  TemporaryFile file(100);
  for (auto [offset, size] : {std::pair<uint64_t, uint64_t>{0, 101}, {100, 1}, {~0ull, 2}, {50, ~0ull}}) {
    auto w = WeightBytes::mapFile(file.path, offset, size);
    EXPECT_FALSE(bool(w));
    consumeError(w.takeError());
  }
  EXPECT_TRUE(bool(WeightBytes::mapFile(file.path, 100, 0)));
}

TEST(WeightBytes, NamesTheMissingFile) {
  auto w = WeightBytes::mapFile("/nowhere/weights.bin", 0, 1);
  ASSERT_FALSE(bool(w));
  EXPECT_NE(toString(w.takeError()).find("/nowhere/weights.bin"), std::string::npos);
}

TEST(WeightBytes, ScratchIsZeroAndKeepsWhatIsWritten) {
  for (uint64_t size : {0, 1, 1000, 3 << 20}) {
    WeightBytes w = WeightBytes::scratch(size);
    for (char c : w.data())
      ASSERT_EQ(c, 0);
    if (size)
      w.writable()[size - 1] = 7;
    w.dropPages();
    WeightBytes tail = w.slice(size / 2, size - size / 2);
    w = {};
    if (size)
      EXPECT_EQ(tail.data().back(), 7);
  }
}

TEST(WeightBytes, BorrowKeepsTheOwner) {
  auto owner = std::make_shared<std::string>("abc");
  std::weak_ptr<std::string> watch = owner;
  WeightBytes w = WeightBytes::borrow({owner->data(), 3}, owner);
  owner.reset();
  EXPECT_FALSE(watch.expired());
  EXPECT_EQ(w.data()[2], 'c');
  w = {};
  EXPECT_TRUE(watch.expired());
}
