// Two models in one program, compiled for several instruction sets, possibly by different builds of Ingot, on one pool: a count,
// then the rows of both, over and over; 0 ends. Then it prints what each says of a batch without elements.
#include "io.h"
#include "left.hpp"
#include "right.hpp"
#include "ingot/pool.h"

int main() {
  left::model left_model;
  right::model right_model;
  const ingot::status opened[] = {left_model.open(), right_model.open()};
  for (const ingot::status &status : opened)
    if (status.code() == INGOT_UNSUPPORTED_CPU)
      fprintf(stderr, "%s\n", status.text());
  if (opened[0].code() == INGOT_UNSUPPORTED_CPU && opened[1].code() == INGOT_UNSUPPORTED_CPU)
    return 9;
  require(opened[0]);
  require(opened[1]);

  ingot::pool pool(3);
  left::context left_context;
  right::context right_context;
  const left_limits left_most = {8};
  const right_limits right_most = {8};
  require(left_context.init(left_model, left_most, pool.executor()));
  require(right_context.init(right_model, right_most, pool.executor()));
  while (const int64_t batch = read<int64_t>(1)[0]) {
    const std::vector<float> x = read<float>(batch * 24);
    std::vector<float> y(batch * 10), z(batch * 100);
    left_outputs first = {ingot::span(y)};
    right_outputs second = {ingot::span(z)};
    require(left_context.run({batch}, {ingot::view(x)}, first));
    require(right_context.run({batch}, {ingot::view(x)}, second));
    write(y);
    write(z);
  }

  std::vector<float> none;
  left_outputs first = {ingot::span(none)};
  right_outputs second = {ingot::span(none)};
  fprintf(stderr, "%s\n", left_context.run({9}, {ingot::view(none)}, first).text());
  fprintf(stderr, "%s\n", right_context.run({9}, {ingot::view(none)}, second).text());
}
