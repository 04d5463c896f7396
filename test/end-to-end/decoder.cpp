// Steps with the cache passed from outputs to inputs: batch, then per step a number of positions and their rows; 0 ends.
#include "decoder.hpp"
#include "io.h"

int main() {
  const int64_t batch = read<int64_t>(1)[0];
  const decoder_limits limits = {batch, 4, 16};
  decoder::model model;
  decoder::context context;
  require(model.open());
  require(context.init(model, limits));
  std::vector<float> key, value;
  int64_t past = 0;
  while (const int64_t seq = read<int64_t>(1)[0]) {
    const std::vector<float> hidden = read<float>(batch * seq * 16);
    std::vector<float> out(hidden.size()), nextKey(batch * 2 * (past + seq) * 8), nextValue(nextKey.size());
    const decoder_inputs inputs = {{hidden.data(), hidden.size()}, {key.data(), key.size()}, {value.data(), value.size()}};
    decoder_outputs outputs = {
        {out.data(), out.size()}, {nextKey.data(), nextKey.size()}, {nextValue.data(), nextValue.size()}};
    require(context.run({batch, seq, past}, inputs, outputs));
    write(out);
    key.swap(nextKey);
    value.swap(nextValue);
    past += seq;
  }
  write(key);
  write(value);
}
