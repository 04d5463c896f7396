// Greedy decoding with a compiled decoder, its cache in the state or passed from present to past by this
// program:  decode WEIGHTS
//
// Standard input: the number of tokens to make, then prompts, each its length and its tokens, then 0.
// Standard output: for each prompt the tokens made; with a state each twice, the second time after a
// truncation in the middle.
#include "../end-to-end/io.h"
#include "adapter.h" // written by decode.py: the library under common names

#include <algorithm>
#include <iterator>
#include <numeric>

namespace {

net::model model;
net::context context;

// What a run of `ids` behind `past` tokens is given. A token sees those before it and itself.
struct Feed {
  std::vector<int64_t> ids, positions;
  std::vector<float> mask;

  Feed(std::vector<int64_t> tokens, int64_t past)
      : ids(std::move(tokens)), positions(ids.size()), mask(ids.size() * (past + ids.size())) {
    std::iota(positions.begin(), positions.end(), past);
    const size_t total = past + ids.size();
    for (size_t row = 0; row < ids.size(); ++row)
      std::fill(mask.begin() + row * total + past + row + 1, mask.begin() + (row + 1) * total, -1e9f);
  }
};

int64_t likeliest(const std::vector<float> &logits) {
  return std::max_element(logits.end() - vocabulary, logits.end()) - (logits.end() - vocabulary);
}

#ifdef WITH_STATE

class Cache {
public:
  Cache() { require(init(state, model, longest)); }
  void reset() { state.reset(); }
  void truncate(int64_t length) { require(state.truncate(length)); }
  int64_t length() const { return state.past(); }

  int64_t run(const std::vector<int64_t> &tokens) {
    const Feed feed(tokens, length());
    std::vector<float> logits((all_rows ? tokens.size() : 1) * vocabulary);
    net::outputs outputs = {};
    outputs.logits = {logits.data(), logits.size()};
    require(::run(context, tokens.size(), length(), inputs(feed), state, outputs));
    return likeliest(logits);
  }

private:
  net::state state;
};

#else

class Cache {
public:
  void reset() {
    past = 0;
    for (std::vector<float> &one : values)
      one.clear();
  }
  int64_t length() const { return past; }

  int64_t run(const std::vector<int64_t> &tokens) {
    const Feed feed(tokens, past);
    std::vector<float> logits((all_rows ? tokens.size() : 1) * vocabulary), next[caches];
    net::inputs in = inputs(feed);
    net::outputs outputs = {};
    outputs.logits = {logits.data(), logits.size()};
    for (std::vector<float> &one : next)
      one.resize(row * (past + tokens.size()));
    size_t k = 0;
#define PASS(input, output)                                                                                  \
  in.input = {values[k].data(), values[k].size()};                                                           \
  outputs.output = {next[k].data(), next[k].size()};                                                         \
  ++k;
    CACHES(PASS)
    require(::run(context, tokens.size(), past, in, outputs));
    std::move(std::begin(next), std::end(next), std::begin(values));
    past += tokens.size();
    return likeliest(logits);
  }

private:
  int64_t past = 0;
  std::vector<float> values[caches];
};

#endif

// Reads the prompt in runs of `longest` tokens at most; the token that follows.
int64_t read_prompt(Cache &cache, const std::vector<int64_t> &prompt) {
  int64_t token = 0;
  for (size_t at = 0; at < prompt.size(); at += longest)
    token = cache.run({prompt.begin() + at, prompt.begin() + std::min(prompt.size(), at + longest)});
  return token;
}

void make(Cache &cache, int64_t token, int64_t count) {
  std::vector<int64_t> made;
  for (; count > 0; --count, token = count > 0 ? cache.run({token}) : token)
    made.push_back(token);
  fwrite(made.data(), sizeof(int64_t), made.size(), stdout);
}

} // namespace

int main(int, char **arguments) {
  net::options options = {};
  options.weights = arguments[1];
  require(model.open(options));
  require(init(context, model, longest));
  const int64_t count = read<int64_t>(1)[0];
  Cache cache;
  while (const int64_t size = read<int64_t>(1)[0]) {
    const std::vector<int64_t> prompt = read<int64_t>(size);
    cache.reset();
    make(cache, read_prompt(cache, prompt), count);
#ifdef WITH_STATE
    // Behind the first half of the prompt the cache holds what the second half and the answer left there.
    const int64_t half = size / 2;
    cache.truncate(half);
    make(cache, read_prompt(cache, {prompt.begin() + half, prompt.end()}), count);
#endif
  }
#ifdef WITH_STATE
  // How much workspace one token needs; the cache is no part of it.
  ingot_sizes sizes;
  require(query(1, sizes));
  const int64_t bytes = int64_t(sizes.workspace);
  fwrite(&bytes, sizeof bytes, 1, stdout);
#endif
  return 0;
}
