/* A C99 program: prefill, decode token by token, compare; then everything that must fail. */
#include "decoder.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                                          \
  do {                                                                                                            \
    if (!(condition)) {                                                                                           \
      printf("line %d: %s\n", __LINE__, #condition);                                                              \
      return 1;                                                                                                   \
    }                                                                                                             \
  } while (0)

static unsigned char workspace[1 << 16], memory[1 << 16];

static void *aligned(unsigned char *block) { return block + (64 - (size_t)block % 64) % 64; }

int main(void) {
  decoder_model model;
  decoder_context context;
  decoder_state state;
  ingot_sizes sizes;
  ingot_error error;
  float hidden[48 * 8], whole[7 * 8], parts[8], again[7 * 8];
  int64_t mask[48];
  decoder_dims dims = {1, 7};
  decoder_inputs inputs;
  decoder_outputs outputs;
  decoder_limits limits = {1, 7};
  size_t small;
  int i;

  for (i = 0; i < 48 * 8; ++i)
    hidden[i] = (float)(i * 5 % 11 - 5) / 4;
  for (i = 0; i < 48; ++i)
    mask[i] = 1;
  CHECK(decoder_open(&model, 0, &error) == INGOT_OK);
  CHECK(decoder_query(&limits, &sizes, &error) == INGOT_OK);
  small = sizes.workspace;
  CHECK(decoder_query(0, &sizes, &error) == INGOT_OK);
  CHECK(sizes.align == 64 && small < sizes.workspace && sizes.workspace < sizeof workspace - 64);
  CHECK(decoder_context_init(&context, &model, aligned(workspace), sizes.workspace, 0, &error) == INGOT_OK);
  CHECK(decoder_state_init(&state, &model, aligned(memory), sizes.state, &error) == INGOT_OK);

  /* All at once, then token by token. */
  inputs.hidden_in.data = hidden;
  inputs.hidden_in.count = 7 * 8;
  inputs.attention_mask.data = mask;
  inputs.attention_mask.count = 7;
  outputs.hidden_out.data = whole;
  outputs.hidden_out.count = 7 * 8;
  CHECK(decoder_run(&context, &dims, &inputs, &state, &outputs, &error) == INGOT_OK);
  CHECK(state.length == 7);
  decoder_state_reset(&state);
  dims.seq = 1;
  for (i = 0; i < 7; ++i) {
    inputs.hidden_in.data = hidden + i * 8;
    inputs.hidden_in.count = 8;
    inputs.attention_mask.count = (size_t)i + 1;
    outputs.hidden_out.data = parts;
    outputs.hidden_out.count = 8;
    CHECK(decoder_run(&context, &dims, &inputs, &state, &outputs, &error) == INGOT_OK);
    CHECK(memcmp(parts, whole + i * 8, sizeof parts) == 0);
  }

  /* A failed run leaves the state as it was. */
  inputs.attention_mask.count = 40;
  CHECK(decoder_run(&context, &dims, &inputs, &state, &outputs, &error) == INGOT_SHAPE_MISMATCH);
  CHECK(strcmp(error.text, "attention_mask: 40 elements, expected batch*(length+seq) = 1*(7+1) = 8") == 0);
  CHECK(error.expected == 8 && error.actual == 40 && strcmp(error.name, "attention_mask") == 0);
  CHECK(decoder_run(&context, &dims, &inputs, &state, &outputs, 0) == INGOT_SHAPE_MISMATCH);
  CHECK(state.length == 7);

  dims.seq = 17;
  CHECK(decoder_run(&context, &dims, &inputs, &state, &outputs, &error) == INGOT_LIMIT_EXCEEDED);
  CHECK(strcmp(error.text, "seq: 17, expected 1..16") == 0);
  dims.seq = 1;
  dims.batch = 2;
  inputs.hidden_in.count = 16;
  inputs.attention_mask.count = 16;
  outputs.hidden_out.count = 16;
  outputs.hidden_out.data = again;
  CHECK(decoder_run(&context, &dims, &inputs, &state, &outputs, &error) == INGOT_SHAPE_MISMATCH);
  CHECK(strcmp(error.text, "batch: 2, the state was begun with 1") == 0);
  dims.batch = 1;

  /* Capacity. */
  CHECK(decoder_state_truncate(&state, 8, &error) == INGOT_LIMIT_EXCEEDED);
  CHECK(decoder_state_truncate(&state, 6, &error) == INGOT_OK && state.length == 6);
  dims.seq = 16;
  inputs.hidden_in.count = outputs.hidden_out.count = 16 * 8;
  outputs.hidden_out.data = hidden + 16 * 8;
  inputs.hidden_in.data = hidden;
  inputs.attention_mask.count = 22;
  CHECK(decoder_run(&context, &dims, &inputs, &state, &outputs, &error) == INGOT_OK);
  inputs.attention_mask.count = 38;
  CHECK(decoder_run(&context, &dims, &inputs, &state, &outputs, &error) == INGOT_OK);
  CHECK(decoder_run(&context, &dims, &inputs, &state, &outputs, &error) == INGOT_LIMIT_EXCEEDED);
  CHECK(strcmp(error.text, "length: length+seq = 38+16 = 54, the state holds 48") == 0);

  /* Too little memory, objects that are not there. */
  CHECK(decoder_context_init(&context, &model, aligned(workspace), 64, 0, &error) == INGOT_OK);
  decoder_state_reset(&state);
  inputs.attention_mask.count = 16;
  CHECK(decoder_run(&context, &dims, &inputs, &state, &outputs, &error) == INGOT_NEED_WORKSPACE);
  CHECK(error.expected == 16 * 16 * 4 && error.actual == 64 && strcmp(error.name, "workspace") == 0);
  CHECK(decoder_context_init(&context, &model, (char *)aligned(workspace) + 8, 64, 0, &error) ==
        INGOT_INVALID_ARGUMENT);
  CHECK(decoder_run(&context, &dims, &inputs, &state, &outputs, &error) == INGOT_INVALID_ARGUMENT);
  limits.batch = 3;
  CHECK(decoder_query(&limits, &sizes, &error) == INGOT_LIMIT_EXCEEDED);
  {
    decoder_options options = {"x86-64-v9"};
    CHECK(decoder_open(&model, &options, &error) == INGOT_UNSUPPORTED_CPU);
    CHECK(decoder_state_init(&state, &model, aligned(memory), 64, &error) == INGOT_INVALID_ARGUMENT);
  }
  CHECK(strstr(decoder_build_info(), "ingot 0.1.0\n") == decoder_build_info());
  decoder_close(&model);
  puts("decoder ok");
  return 0;
}
