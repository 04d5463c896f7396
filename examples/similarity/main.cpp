// Compares sentences:  similarity VOCABULARY SENTENCES [QUERY]
//
// SENTENCES is a text file with one sentence a line. Without a query the cosines of all pairs are printed,
// with one the sentences in the order in which they are like it.
#include "ingot/pool.h"
#include "minilm.hpp"
#include "wordpiece.hpp"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <fstream>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

constexpr std::int64_t longest = 256,
                       most = 16; // tokens of a sentence, as the network was trained; sentences at a time
constexpr std::size_t width = 384;

using embedding = std::vector<float>;

void check(const ingot::status &status) {
  if (!status.ok())
    throw std::runtime_error(status.text());
}

std::vector<std::string> read_lines(const char *path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);)
    if (!line.empty())
      lines.push_back(line);
  if (!file.eof())
    throw std::runtime_error(std::string(path) + ": cannot be read");
  return lines;
}

// The network with its memory.
class embedder {
public:
  embedder() {
    check(model.open());
    check(context.init(model, {most, longest}, pool.executor()));
  }

  // Of sentences given as tokens, as vectors of length 1. Similar lengths run together, because a batch is
  // padded to its longest.
  std::vector<embedding> embed(const std::vector<std::vector<std::int64_t>> &sentences) {
    std::vector<std::size_t> order(sentences.size());
    std::iota(order.begin(), order.end(), std::size_t(0));
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return sentences[a].size() < sentences[b].size(); });
    std::vector<embedding> result(sentences.size());
    for (std::size_t at = 0; at < order.size(); at += most) {
      const std::size_t batch = std::min(order.size() - at, std::size_t(most));
      const std::size_t length = sentences[order[at + batch - 1]].size();
      std::vector<std::int64_t> ids(batch * length), mask(batch * length);
      for (std::size_t i = 0; i < batch; ++i) {
        const auto &tokens = sentences[order[at + i]];
        std::copy(tokens.begin(), tokens.end(), ids.begin() + std::ptrdiff_t(i * length));
        std::fill_n(mask.begin() + std::ptrdiff_t(i * length), tokens.size(), 1);
      }
      std::vector<float> vectors(batch * width);
      minilm_outputs outputs{ingot::span(vectors)};
      check(context.run({std::int64_t(batch), std::int64_t(length)}, {ingot::view(ids), ingot::view(mask)},
                        outputs));
      for (std::size_t i = 0; i < batch; ++i)
        result[order[at + i]].assign(&vectors[i * width], &vectors[i * width] + width);
    }
    return result;
  }

private:
  ingot::pool pool;
  minilm::model model;
  minilm::context context;
};

float cosine(const embedding &a, const embedding &b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0f);
}

int run(int count, char **arguments) {
  if (count < 3 || count > 4) {
    std::fprintf(stderr, "usage: similarity VOCABULARY SENTENCES [QUERY]\n");
    return 2;
  }
  const wordpiece tokenizer(arguments[1]);
  const auto lines = read_lines(arguments[2]);
  std::vector<std::vector<std::int64_t>> tokens;
  for (const std::string &line : lines)
    tokens.push_back(tokenizer.encode(line, longest));
  if (count == 4)
    tokens.push_back(tokenizer.encode(arguments[3], longest));
  const auto vectors = embedder().embed(tokens);

  if (count == 3) {
    for (std::size_t i = 0; i < lines.size(); ++i) {
      for (std::size_t j = 0; j < lines.size(); ++j)
        std::printf("%9.5f", cosine(vectors[i], vectors[j]));
      std::printf("  %s\n", lines[i].c_str());
    }
    return 0;
  }
  std::vector<std::size_t> order(lines.size());
  std::iota(order.begin(), order.end(), std::size_t(0));
  const auto likeness = [&](std::size_t i) { return cosine(vectors[i], vectors.back()); };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return likeness(a) > likeness(b); });
  for (std::size_t i : order)
    std::printf("%9.5f  %s\n", likeness(i), lines[i].c_str());
  return 0;
}

} // namespace

int main(int count, char **arguments) {
  try {
    return run(count, arguments);
  } catch (const std::exception &error) {
    std::fprintf(stderr, "similarity: %s\n", error.what());
    return 1;
  }
}
