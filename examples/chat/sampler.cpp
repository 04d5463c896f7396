#include "sampler.hpp"

#include <algorithm>
#include <cmath>

std::int64_t sampler::pick(const std::vector<float> &logits) {
  const auto best = std::max_element(logits.begin(), logits.end());
  if (temperature <= 0)
    return best - logits.begin();

  double total = 0;
  candidates.clear();
  for (std::size_t token = 0; token < logits.size(); ++token) {
    candidates.push_back({std::exp((double(logits[token]) - *best) / temperature), std::int64_t(token)});
    total += candidates.back().weight;
  }
  // From the likeliest on, until enough probability is together; they end up at the back. Few are needed of
  // many, hence a heap.
  std::make_heap(candidates.begin(), candidates.end());
  double kept = 0;
  auto end = candidates.end();
  while (end != candidates.begin() && kept < top_p * total) {
    std::pop_heap(candidates.begin(), end);
    kept += (--end)->weight;
  }
  // std::uniform_real_distribution differs between standard libraries.
  double draw = double(random() >> 11) * 0x1p-53 * kept;
  for (auto one = candidates.end(); one != end;)
    if (draw -= (--one)->weight; draw < 0)
      return one->token;
  return candidates.back().token;
}
