// pool.h - ingot::pool, a thread pool for generated libraries.
//
// Built once by the program (compile pool.cpp, or link the CMake target ingot::pool), owned by the caller and
// shared by any number of models and contexts:
//
//   ingot::pool pool(8);
//   mlp_context_init(&context, &model, memory, bytes, pool.executor(), &error);
//
// One barrier per region. A worker waits for the next region by spinning for about 2,000 pauses and then
// sleeps. The caller takes part. When the pool is busy, because two contexts run at once or a task starts a
// region itself, the second region runs on its own thread: never a deadlock, never another result.
#ifndef INGOT_POOL_H
#define INGOT_POOL_H

#include "ingot.h"

namespace ingot {

class pool {
public:
  // `threads` counts the caller; 0 or less means one per processor. Where the system refuses a thread the pool
  // works with those it got.
  explicit pool(int threads = 0) noexcept;
  ~pool(); // no region may be running
  pool(const pool &) = delete;
  pool &operator=(const pool &) = delete;

  int threads() const noexcept { return executor_.threads; }
  const ingot_executor *executor() const noexcept { return &executor_; }

private:
  struct impl;
  impl *impl_;
  ingot_executor executor_;
};

} // namespace ingot

#endif
