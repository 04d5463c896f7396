// The same steps with the cache kept in the state. The last one, of four positions, does not fit: it must be refused and change nothing,
// so that one of one position can follow.
#include "decoder_state.hpp"
#include "io.h"

#include <cstring>

int main() {
  const int64_t batch = read<int64_t>(1)[0];
  const decoder_state_limits limits = {batch, 4};
  decoder_state::model model;
  decoder_state::context context;
  decoder_state::state state;
  require(model.open());
  require(context.init(model, limits));
  require(state.init(model, limits));
  bool refused = false;
  while (const int64_t seq = read<int64_t>(1)[0]) {
    const std::vector<float> hidden = read<float>(batch * seq * 16);
    std::vector<float> out(hidden.size());
    decoder_state_outputs outputs = {{out.data(), out.size()}};
    const int64_t before = state.past();
    const ingot::status status = context.run({batch, seq}, {{hidden.data(), hidden.size()}}, state, outputs);
    if (status.code() == INGOT_LIMIT_EXCEEDED && state.past() == before) {
      fprintf(stderr, "%s\n", status.text());
      refused = true;
      continue;
    }
    require(status);
    write(out);
  }
  return refused ? 0 : 1;
}
