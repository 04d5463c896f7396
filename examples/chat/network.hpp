// The compiled network, its threads and its cache.
#pragma once

#include "ingot/pool.h"
#include "smollm2.hpp"

#include <cstdint>
#include <vector>

class network {
public:
  // `weights` is the path of smollm2.weights, which is mapped, not read; `threads` of 0 means one per
  // processor. Throws std::runtime_error with the library's words, as read() does.
  network(const char *weights, int threads, std::size_t vocabulary);

  // Reads the tokens (at least one) behind those in the cache. The logits of what follows them, one per token
  // of the vocabulary, stay valid until the next call; null, and nothing is read, if the cache cannot hold
  // the tokens.
  const std::vector<float> *read(const std::vector<std::int64_t> &tokens);

  std::int64_t length() const { return cache.past(); } // tokens in the cache
  void truncate(std::int64_t length);                  // keeps the first ones

private:
  ingot::pool pool;
  smollm2::model model;
  smollm2::context context; // the workspace; run() itself allocates nothing
  smollm2::state cache;     // keys and values of all tokens so far, which each run extends in place
  std::vector<float> logits;
};
