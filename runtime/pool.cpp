// pool.cpp - see ingot/pool.h. Built once by the program, with its own flags.
#include "ingot/pool.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <new>
#include <thread>

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif

namespace ingot {
namespace {

constexpr int spin_pauses = 2000;
constexpr int max_threads = 1024;

void pause() {
#if defined(__x86_64__) || defined(__i386__)
  _mm_pause();
#elif defined(__aarch64__) && defined(__GNUC__)
  __asm__ __volatile__("yield");
#endif
}

// A value that one side changes and the other waits for. Waiting spins, then sleeps; changing costs a lock only
// when somebody sleeps. The sequentially consistent order of `value` and `sleepers` makes sure that either the
// changer sees the sleeper or the sleeper sees the change.
class Signal {
public:
  std::atomic<uint64_t> value{0};

  void wakeIfSleeping() {
    if (sleepers.load() == 0)
      return;
    { std::lock_guard<std::mutex> lock(mutex); }
    changed.notify_all();
  }

  template <class Done> uint64_t wait(Done done) {
    for (int i = 0; i < spin_pauses; ++i) {
      const uint64_t v = value.load(std::memory_order_acquire);
      if (done(v))
        return v;
      pause();
    }
    std::unique_lock<std::mutex> lock(mutex);
    sleepers.fetch_add(1);
    uint64_t v;
    while (!done(v = value.load()))
      changed.wait(lock);
    sleepers.fetch_sub(1);
    return v;
  }

private:
  std::atomic<int> sleepers{0};
  std::mutex mutex;
  std::condition_variable changed;
};

} // namespace

struct pool::impl {
  // A region is announced by storing its number and its count of ranges in one word: (number << 16) | ranges.
  // A worker whose index is not below `ranges` ignores the region and never reads the job.
  alignas(64) Signal region;
  alignas(64) Signal pending; // workers of this region that have not ended
  alignas(64) std::atomic<bool> busy{false};
  ingot_task task = nullptr;
  void *arg = nullptr;
  int64_t count = 0;
  int workers = 0;
  bool stop = false;
  std::thread threads[max_threads];

  static constexpr uint64_t rangesOf(uint64_t word) { return word & 0xffff; }

  // Range `index` of `ranges`: contiguous, equal to within one.
  void runRange(int64_t index, int64_t ranges) {
    const int64_t each = count / ranges, rest = count % ranges;
    const int64_t begin = index * each + (index < rest ? index : rest);
    task(arg, begin, begin + each + (index < rest ? 1 : 0));
  }

  void announce(uint64_t ranges) {
    const uint64_t number = (region.value.load(std::memory_order_relaxed) >> 16) + 1;
    region.value.store(number << 16 | ranges);
    region.wakeIfSleeping();
  }

  void work(int index) {
    uint64_t seen = 0;
    for (;;) {
      seen = region.wait([seen](uint64_t v) { return v != seen; });
      if (uint64_t(index) >= rangesOf(seen))
        continue;
      if (stop)
        return;
      runRange(index, int64_t(rangesOf(seen)));
      if (pending.value.fetch_sub(1) == 1)
        pending.wakeIfSleeping();
    }
  }

  void parallelFor(int64_t n, ingot_task job, void *data) {
    if (n <= 0)
      return;
    const int64_t ranges = n < workers + 1 ? n : workers + 1;
    if (ranges == 1 || busy.exchange(true, std::memory_order_acquire)) {
      job(data, 0, n);
      return;
    }
    task = job;
    arg = data;
    count = n;
    pending.value.store(uint64_t(ranges - 1));
    announce(uint64_t(ranges));
    runRange(0, ranges);
    pending.wait([](uint64_t v) { return v == 0; });
    busy.store(false, std::memory_order_release);
  }
};

pool::pool(int threads) noexcept : impl_(new (std::nothrow) impl) {
  if (threads <= 0)
    threads = int(std::thread::hardware_concurrency());
  if (threads > max_threads)
    threads = max_threads;
  if (impl_) {
    for (int index = 1; index < threads; ++index) {
#if defined(__cpp_exceptions)
      try {
        impl_->threads[index] = std::thread(&impl::work, impl_, index);
      } catch (...) {
        break;
      }
#else
      impl_->threads[index] = std::thread(&impl::work, impl_, index);
#endif
      impl_->workers = index;
    }
  }
  executor_.threads = impl_ ? impl_->workers + 1 : 1;
  executor_.user = impl_;
  executor_.parallel_for = [](void *user, int64_t count, ingot_task task, void *arg) {
    if (user)
      static_cast<impl *>(user)->parallelFor(count, task, arg);
    else if (count > 0)
      task(arg, 0, count);
  };
}

pool::~pool() {
  if (!impl_)
    return;
  impl_->stop = true;
  impl_->announce(uint64_t(impl_->workers) + 1);
  for (int index = 1; index <= impl_->workers; ++index)
    impl_->threads[index].join();
  delete impl_;
}

} // namespace ingot
