// Batches of any size through one context: a count, then its rows; 0 ends.
#include "io.h"
#include "mlp.hpp"

#include <cstdio>
#include <cstring>

int main() {
  const mlp_limits limits = {8};
  mlp::model model;
  mlp::context context;
  require(model.open());
  const ingot::status unlimited = context.init(model); // the library was compiled without a bound
  if (std::strstr(unlimited.text(), "batch: no limit is given") != unlimited.text()) {
    std::fprintf(stderr, "without a limit: %s\n", unlimited.text());
    return 1;
  }
  require(context.init(model, limits));
  while (const int64_t batch = read<int64_t>(1)[0]) {
    const std::vector<float> x = read<float>(batch * 24);
    std::vector<float> y(batch * 10);
    mlp_outputs outputs = {{y.data(), y.size()}};
    require(context.run({batch}, {{x.data(), x.size()}}, outputs));
    write(y);
  }
}
