#include "ingot/pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace {

// Counts how often each index is covered.
struct Cover {
  explicit Cover(int64_t count) : hits(size_t(count)) {}
  std::vector<std::atomic<int>> hits;
  std::atomic<int> ranges{0};
  static void task(void *arg, int64_t begin, int64_t end) {
    Cover &cover = *static_cast<Cover *>(arg);
    ++cover.ranges;
    for (int64_t i = begin; i < end; ++i)
      ++cover.hits[size_t(i)];
  }
  bool exactlyOnce() const {
    for (const std::atomic<int> &hit : hits)
      if (hit != 1)
        return false;
    return true;
  }
};

void run(const ingot::pool &pool, Cover &cover) {
  const ingot_executor *e = pool.executor();
  e->parallel_for(e->user, int64_t(cover.hits.size()), Cover::task, &cover);
}

} // namespace

TEST(Pool, CoversEveryIndexOnce) {
  for (int threads : {1, 2, 3, 7})
    for (int64_t count : {0, 1, 2, 5, 6, 7, 8, 1000}) {
      ingot::pool pool(threads);
      EXPECT_EQ(pool.threads(), threads);
      Cover cover(count);
      run(pool, cover);
      EXPECT_TRUE(cover.exactlyOnce()) << threads << " threads, " << count;
      EXPECT_LE(cover.ranges, threads);
    }
}

TEST(Pool, ManyRegionsOfChangingSize) {
  ingot::pool pool(4);
  for (int i = 0; i < 20000; ++i) {
    Cover cover(i % 6);
    run(pool, cover);
    ASSERT_TRUE(cover.exactlyOnce()) << i;
  }
}

TEST(Pool, WakesAfterSleep) {
  ingot::pool pool(3);
  for (int i = 0; i < 20; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5)); // far beyond 2,000 pauses
    Cover cover(9);
    run(pool, cover);
    ASSERT_TRUE(cover.exactlyOnce());
  }
}

TEST(Pool, CallerSleepsWhileAWorkerIsSlow) {
  ingot::pool pool(2);
  std::atomic<int> done{0};
  const ingot_executor *e = pool.executor();
  e->parallel_for(
      e->user, 2,
      [](void *arg, int64_t begin, int64_t) {
        if (begin == 1)
          std::this_thread::sleep_for(std::chrono::milliseconds(20));
        ++*static_cast<std::atomic<int> *>(arg);
      },
      &done);
  EXPECT_EQ(done, 2);
}

TEST(Pool, NestedAndConcurrentRegionsFinish) {
  ingot::pool pool(3);
  const ingot_executor *e = pool.executor();
  struct Outer {
    const ingot_executor *executor;
    std::atomic<int64_t> sum{0};
  } outer{e};
  auto regions = [&] {
    for (int i = 0; i < 500; ++i)
      e->parallel_for(
          e->user, 6,
          [](void *arg, int64_t begin, int64_t end) {
            Outer &o = *static_cast<Outer *>(arg);
            for (int64_t k = begin; k < end; ++k)
              o.executor->parallel_for(
                  o.executor->user, 5,
                  [](void *inner, int64_t b, int64_t en) { static_cast<Outer *>(inner)->sum += en - b; }, arg);
          },
          &outer);
  };
  std::thread other(regions);
  regions();
  other.join();
  EXPECT_EQ(outer.sum, 2 * 500 * 6 * 5);
}

TEST(Pool, DestroysWhileIdle) {
  for (int i = 0; i < 200; ++i) {
    ingot::pool pool(4);
    if (i % 2) {
      Cover cover(16);
      run(pool, cover);
    }
  }
}
