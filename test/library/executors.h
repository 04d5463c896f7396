// executors.h - executors that divide work as no pool would.
#ifndef LIBRARY_EXECUTORS_H
#define LIBRARY_EXECUTORS_H

#include "ingot/ingot.h"

#include <algorithm>
#include <random>
#include <thread>
#include <vector>

// Ranges of random lengths in random order, on `threads` threads.
class OddExecutor {
public:
  OddExecutor(unsigned seed, int threads) : random(seed), threads(threads) {
    // More ranges at once than there are threads is what a caller may promise.
    executor = {7, this, [](void *user, int64_t count, ingot_task task, void *arg) { static_cast<OddExecutor *>(user)->run(count, task, arg); }};
  }
  ingot_executor executor;
  int64_t regions = 0;

private:
  void run(int64_t count, ingot_task task, void *arg) {
    ++regions;
    std::vector<std::pair<int64_t, int64_t>> ranges;
    for (int64_t begin = 0; begin < count;) {
      const int64_t length = std::min<int64_t>(count - begin, 1 + int64_t(random() % (random() % 4 ? 2 : 16)));
      ranges.push_back({begin, begin + length});
      begin += length;
    }
    std::shuffle(ranges.begin(), ranges.end(), random);
    auto share = [&](size_t first) {
      for (size_t i = first; i < ranges.size(); i += size_t(threads))
        task(arg, ranges[i].first, ranges[i].second);
    };
    std::vector<std::thread> others;
    for (int thread = 1; thread < threads; ++thread)
      others.emplace_back(share, size_t(thread));
    share(0);
    for (std::thread &other : others)
      other.join();
  }

  std::mt19937 random;
  int threads;
};

// Every range for itself, from the last to the first, without heap and system calls.
inline ingot_executor backwards() {
  return {3, nullptr, [](void *, int64_t count, ingot_task task, void *arg) {
            for (int64_t i = count; i-- > 0;)
              task(arg, i, i + 1);
          }};
}

#endif
