// Numbers of iterations that only the run knows; -1 ends. A history too long for the workspace says how much it needs.
#include "io.h"
#include "loop.hpp"

int main() {
  loop::model model;
  loop::context context;
  require(model.open());
  require(context.init(model));
  const std::vector<float> start = read<float>(6);
  for (int64_t count; (count = read<int64_t>(1)[0]) >= 0;) {
    std::vector<float> v(6);
    loop_outputs outputs = {};
    outputs.v = {v.data(), v.size()};
    const loop_inputs inputs = {{&count, 1}, {start.data(), start.size()}};
    ingot::status status = context.run(inputs, outputs);
    if (status.code() == INGOT_NEED_WORKSPACE) {
      fprintf(stderr, "%s\n", status.text());
      require(context.init_bytes(model, size_t(status.error().expected)));
      status = context.run(inputs, outputs);
    }
    require(status);
    write(v);
    write(outputs.history);
  }
}
