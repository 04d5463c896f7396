/* The same from C, without a pool. */
#include "affine.h"

#include <stdio.h>

static unsigned char workspace[1 << 16];

int main(void) {
  const float x[8] = {1, 2, 3, 4, -1, 0, 0.5f, 2};
  float y[6];
  int i;
  affine_model model;
  affine_context context;
  affine_dims dims = {2};
  affine_inputs inputs;
  affine_outputs outputs;
  ingot_error error;
  unsigned char *aligned = workspace + (64 - (size_t)workspace % 64) % 64;
  ingot_status status = affine_open(&model, 0, &error);
  inputs.x.data = x;
  inputs.x.count = 8;
  outputs.y.data = y;
  outputs.y.count = 6;
  if (status == INGOT_OK)
    status = affine_context_init(&context, &model, aligned, sizeof workspace - 64, 0, &error);
  if (status == INGOT_OK)
    status = affine_run(&context, &dims, &inputs, &outputs, &error);
  if (status != INGOT_OK) {
    puts(error.text);
    return 1;
  }
  for (i = 0; i < 6; ++i)
    printf("%g ", (double)y[i]);
  puts("");
  affine_close(&model);
  return 0;
}
