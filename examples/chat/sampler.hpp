// Which token comes next.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

class sampler {
public:
  // Temperature 0 takes the most likely token. Otherwise the logits are divided by the temperature, and the
  // draw is among the likeliest tokens that together have the probability `top_p`, in (0, 1]. The same seed
  // gives the same draws everywhere.
  sampler(double temperature, double top_p, std::uint64_t seed)
      : temperature(temperature), top_p(top_p), random(seed) {}

  std::int64_t pick(const std::vector<float> &logits);

private:
  struct candidate {
    double weight; // relative to the likeliest token
    std::int64_t token;
    bool operator<(const candidate &other) const {
      return weight != other.weight ? weight < other.weight : token > other.token;
    }
  };

  double temperature, top_p;
  std::mt19937_64 random;
  std::vector<candidate> candidates;
};
