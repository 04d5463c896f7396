// y = relu(x·w + b) of two rows, by the library 'affine' on a pool; prints y.
#include "affine.hpp"
#include "ingot/pool.h"

#include <cstdio>
#include <vector>

int main() {
  ingot::pool pool(2);
  affine::model model;
  affine::context context;
  const std::vector<float> x = {1, 2, 3, 4, -1, 0, 0.5f, 2};
  std::vector<float> y(2 * 3);
  affine_outputs outputs{ingot::span(y)};
  ingot::status status = model.open();
  if (status.ok())
    status = context.init(model, {2}, pool.executor());
  if (status.ok())
    status = context.run({2}, {ingot::view(x)}, outputs);
  // The same of memory behind pointers.
  float again[2 * 3];
  affine_outputs others{ingot::span(again, 6)};
  if (status.ok())
    status = context.run({2}, {ingot::view(x.data(), x.size())}, others);
  for (std::size_t i = 0; status.ok() && i < y.size(); ++i)
    if (!(again[i] == y[i])) {
      std::puts("another result");
      return 1;
    }
  if (!status.ok())
    std::puts(status.text());
  for (float value : y)
    std::printf("%g ", double(value));
  std::puts("");
  return status.ok() ? 0 : 1;
}
