// plugin.cpp - a library inside a shared object: one function that runs the model on the executor of the program that loads it.
#include "cnn.hpp"

#include <vector>

extern "C" __attribute__((visibility("default"))) int plugin_run(const ingot_executor *executor, int64_t batch, const float *x, float *y) {
  cnn::model model;
  cnn::context context;
  cnn::outputs outputs = {{y, size_t(batch) * 7}};
  ingot::status status = model.open();
  if (status.ok())
    status = context.init(model, {batch}, executor);
  for (int round = 0; round < 20 && status.ok(); ++round)
    status = context.run({batch}, {{x, size_t(batch) * 3 * 17 * 23}}, outputs);
  return status.code();
}
