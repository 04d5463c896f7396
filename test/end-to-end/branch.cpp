// Both branches: a flag and a count, then the elements; a count of 0 ends.
#include "branch.hpp"
#include "io.h"

int main() {
  const branch_limits limits = {8};
  branch::model model;
  branch::context context;
  require(model.open());
  require(context.init(model, limits));
  for (;;) {
    const uint8_t flag = uint8_t(read<int64_t>(1)[0]);
    const int64_t n = read<int64_t>(1)[0];
    if (!n)
      return 0;
    const std::vector<float> x = read<float>(n);
    std::vector<float> y(n);
    branch_outputs outputs = {};
    outputs.y = {y.data(), y.size()};
    require(context.run({n}, {{&flag, 1}, {x.data(), x.size()}}, outputs));
    write(y);
    write(outputs.z);
  }
}
