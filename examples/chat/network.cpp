#include "network.hpp"

#include <algorithm>
#include <stdexcept>

namespace {

// A long prompt is read in pieces, so that the workspace need not hold all of it.
constexpr std::int64_t piece = 128;

void check(const ingot::status &status) {
  if (!status.ok())
    throw std::runtime_error(status.text());
}

} // namespace

network::network(const char *weights, int threads, std::size_t vocabulary)
    : pool(threads), logits(vocabulary) {
  smollm2_limits limits = {};
  limits.length = piece;
  smollm2_options options = {};
  options.weights = weights;
  check(model.open(options));
  check(context.init(model, limits, pool.executor()));
  check(cache.init(model, limits));
}

const std::vector<float> *network::read(const std::vector<std::int64_t> &tokens) {
  const std::int64_t before = length();
  smollm2_outputs outputs{ingot::span(logits)};
  for (std::size_t at = 0; at < tokens.size();) {
    const std::size_t count = std::min(tokens.size() - at, std::size_t(piece));
    const ingot::status done = context.run({std::int64_t(count)}, {{&tokens[at], count}}, cache, outputs);
    if (!done.ok())
      truncate(before);
    if (done.code() == INGOT_LIMIT_EXCEEDED)
      return nullptr;
    check(done);
    at += count;
  }
  return &logits;
}

void network::truncate(std::int64_t length) { check(cache.truncate(length)); }
