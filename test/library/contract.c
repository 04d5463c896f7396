/* contract.c - a C99 program that gives three libraries what they must refuse, and looks at what they say. mlp: batch=1..64; decoder: a cache
 * in the state, batch=1..2, seq=1..16, 16 positions; recall: a replaced tensor and a growing one in the state, batch=1..4, k=1..16. */
#include "decoder.h"
#include "recall.h"
#include "mlp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures = 0;
static ingot_error error;

/* `text` may be 0: only the rest counts. */
static void expect(int line, ingot_status status, ingot_status wanted, const char *name, int64_t expected, int64_t actual, const char *text) {
  if (status == wanted && error.status == wanted && strcmp(error.name, name) == 0 && error.expected == expected && error.actual == actual &&
      error.axis == -1 && (!text || strcmp(error.text, text) == 0) && (wanted == INGOT_OK) == (error.text[0] == 0))
    return;
  ++failures;
  fprintf(stderr, "line %d: %s, name '%s', expected %lld, actual %lld, text '%s'\n", line, ingot_status_name(status), error.name,
          (long long)error.expected, (long long)error.actual, error.text);
}
static void spoil(void) { memset(&error, 0x77, sizeof error); }
static void require(int line, int fine) {
  if (fine)
    return;
  ++failures;
  fprintf(stderr, "line %d: not as it should be\n", line);
}

/* An error that an earlier call left must not shine through. */
#define EXPECT(call, status, name, expected, actual, text) (spoil(), expect(__LINE__, call, status, name, expected, actual, text))
#define REFUSED(call, name, text) EXPECT(call, INGOT_INVALID_ARGUMENT, name, 0, 0, text)
#define FINE(call) EXPECT(call, INGOT_OK, "", 0, 0, 0)
#define REQUIRE(fine) require(__LINE__, fine)

static void *aligned(size_t bytes) {
  char *block = malloc(bytes + 64);
  return block + (64 - (size_t)block % 64) % 64; /* freed with the program */
}
static ingot_view_f32 seen(const float *data, size_t count) {
  ingot_view_f32 view;
  view.data = data;
  view.count = count;
  return view;
}
static ingot_span_f32 written(float *data, size_t count) {
  ingot_span_f32 span;
  span.data = data;
  span.count = count;
  return span;
}

static void try_mlp(void) {
  static float x[65 * 24 + 1], y[65 * 10 + 1];
  static const ingot_executor empty = {2, 0, 0};
  const mlp_options unknown = {"x86-64-v9"}, known = {"x86-64-v3"};
  mlp_model model, closed;
  mlp_context context, fresh;
  mlp_limits limits;
  mlp_dims dims;
  mlp_inputs inputs;
  mlp_outputs outputs;
  ingot_sizes sizes, all;
  size_t i;
  memset(&closed, 0, sizeof closed);
  memset(&fresh, 0, sizeof fresh);

  REFUSED(mlp_open(0, 0, &error), "model", "model: null pointer");
  EXPECT(mlp_open(&model, &unknown, &error), INGOT_UNSUPPORTED_CPU, "target", 0, 0,
         "target: this library has kernels for x86-64-v3, this processor or the options ask for x86-64-v9");
  REFUSED(mlp_context_init(&context, &model, 0, 0, 0, &error), "model", "model: not initialised by this library");
  FINE(mlp_open(&model, &known, &error));
  FINE(mlp_open(&model, 0, &error));
  REQUIRE(mlp_open(0, 0, 0) == INGOT_INVALID_ARGUMENT && mlp_open(&model, &unknown, 0) == INGOT_UNSUPPORTED_CPU && mlp_open(&model, 0, 0) == INGOT_OK);

  /* limits */
  REFUSED(mlp_query(0, 0, &error), "sizes", "sizes: null pointer");
  FINE(mlp_query(0, &all, &error));
  for (i = 0; i < 5; ++i) {
    static const int64_t wrong[] = {-1, 65, INT64_MAX, INT64_MIN, (int64_t)1 << 32};
    char text[64];
    limits.batch = dims.batch = wrong[i];
    sprintf(text, "batch: %lld, expected 1..64", (long long)wrong[i]);
    EXPECT(mlp_query(&limits, &sizes, &error), INGOT_LIMIT_EXCEEDED, "batch", wrong[i] < 1 ? 1 : 64, wrong[i], text);
  }
  limits.batch = 64;
  FINE(mlp_query(&limits, &sizes, &error));
  REQUIRE(sizes.workspace == all.workspace && sizes.align == 64 && sizes.state == 0);
  limits.batch = 7;
  FINE(mlp_query(&limits, &sizes, &error));
  REQUIRE(sizes.workspace > 0 && sizes.workspace < all.workspace);

  /* contexts */
  {
    unsigned char *workspace = aligned(all.workspace);
    REFUSED(mlp_context_init(0, &model, workspace, all.workspace, 0, &error), "context", "context: null pointer");
    REFUSED(mlp_context_init(&context, 0, workspace, all.workspace, 0, &error), "model", "model: not initialised by this library");
    REFUSED(mlp_context_init(&context, &closed, workspace, all.workspace, 0, &error), "model", "model: not initialised by this library");
    REFUSED(mlp_context_init(&context, &model, 0, 64, 0, &error), "workspace", "workspace: null pointer");
    REFUSED(mlp_context_init(&context, &model, workspace, all.workspace, &empty, &error), "executor.parallel_for",
            "executor.parallel_for: null pointer");
    EXPECT(mlp_context_init(&context, &model, workspace + 32, all.workspace, 0, &error), INGOT_INVALID_ARGUMENT, "workspace", 64, 0,
           "workspace: not aligned to 64 bytes");
    /* what a refused init leaves is no context */
    dims.batch = 7;
    inputs.x = seen(x, 7 * 24);
    outputs.y = written(y, 7 * 10);
    REFUSED(mlp_run(&context, &dims, &inputs, &outputs, &error), "context", "context: not initialised by this library");
    REFUSED(mlp_run(&fresh, &dims, &inputs, &outputs, &error), "context", "context: not initialised by this library");
    REFUSED(mlp_run(0, &dims, &inputs, &outputs, &error), "context", "context: not initialised by this library");
    REQUIRE(mlp_run(0, 0, 0, 0, 0) == INGOT_INVALID_ARGUMENT);

    /* too little memory: the message says how much a run needs */
    FINE(mlp_context_init(&context, &model, 0, 0, 0, &error));
    EXPECT(mlp_run(&context, &dims, &inputs, &outputs, &error), INGOT_NEED_WORKSPACE, "workspace", (int64_t)sizes.workspace, 0, 0);
    FINE(mlp_context_init(&context, &model, workspace, sizes.workspace - 1, 0, &error));
    EXPECT(mlp_run(&context, &dims, &inputs, &outputs, &error), INGOT_NEED_WORKSPACE, "workspace", (int64_t)sizes.workspace,
           (int64_t)sizes.workspace - 1, 0);
    FINE(mlp_context_init(&context, &model, workspace, sizes.workspace, 0, &error));
    FINE(mlp_run(&context, &dims, &inputs, &outputs, &error));
    dims.batch = 8;
    inputs.x.count = 8 * 24;
    outputs.y.count = 8 * 10;
    spoil();
    REQUIRE(mlp_run(&context, &dims, &inputs, &outputs, &error) == INGOT_NEED_WORKSPACE && error.expected > error.actual &&
            error.actual == (int64_t)sizes.workspace);
    FINE(mlp_context_init(&context, &model, workspace, all.workspace, 0, &error));
    FINE(mlp_run(&context, &dims, &inputs, &outputs, &error));
  }

  /* runs */
  REFUSED(mlp_run(&context, 0, &inputs, &outputs, &error), "dims", "dims: null pointer");
  REFUSED(mlp_run(&context, &dims, 0, &outputs, &error), "inputs", "inputs: null pointer");
  REFUSED(mlp_run(&context, &dims, &inputs, 0, &error), "outputs", "outputs: null pointer");
  for (i = 0; i < 5; ++i) {
    static const int64_t wrong[] = {0, -1, 65, INT64_MAX, INT64_MIN};
    dims.batch = wrong[i];
    EXPECT(mlp_run(&context, &dims, &inputs, &outputs, &error), INGOT_LIMIT_EXCEEDED, "batch", wrong[i] < 1 ? 1 : 64, wrong[i], 0);
  }
  dims.batch = 8;
  inputs.x.count = 191;
  EXPECT(mlp_run(&context, &dims, &inputs, &outputs, &error), INGOT_SHAPE_MISMATCH, "x", 192, 191, "x: 191 elements, expected batch*24 = 8*24 = 192");
  inputs.x.count = (size_t)-1;
  EXPECT(mlp_run(&context, &dims, &inputs, &outputs, &error), INGOT_SHAPE_MISMATCH, "x", 192, -1, 0);
  inputs.x.count = 192;
  inputs.x.data = 0;
  REFUSED(mlp_run(&context, &dims, &inputs, &outputs, &error), "x", "x: null pointer");
  inputs.x.data = (const float *)(const void *)((const char *)x + 2);
  EXPECT(mlp_run(&context, &dims, &inputs, &outputs, &error), INGOT_INVALID_ARGUMENT, "x", 4, 0, "x: not aligned to 4 bytes");
  inputs.x.data = x + 1; /* aligned to the element */
  FINE(mlp_run(&context, &dims, &inputs, &outputs, &error));
  outputs.y.count = 81;
  EXPECT(mlp_run(&context, &dims, &inputs, &outputs, &error), INGOT_SHAPE_MISMATCH, "y", 80, 81, "y: 81 elements, expected batch*10 = 8*10 = 80");
  outputs.y.count = 80;
  outputs.y.data = 0;
  REFUSED(mlp_run(&context, &dims, &inputs, &outputs, &error), "y", "y: null pointer");
  outputs.y.data = (float *)(void *)((char *)y + 1);
  EXPECT(mlp_run(&context, &dims, &inputs, &outputs, &error), INGOT_INVALID_ARGUMENT, "y", 4, 0, "y: not aligned to 4 bytes");
  outputs.y.data = y + 1;
  FINE(mlp_run(&context, &dims, &inputs, &outputs, &error));
  mlp_close(&model);
  REFUSED(mlp_run(&context, &dims, &inputs, &outputs, &error), "model", "model: closed");
  mlp_close(&model);
  mlp_close(0);
  FINE(mlp_open(&model, 0, &error));
  FINE(mlp_run(&context, &dims, &inputs, &outputs, &error));
  mlp_close(&model);
  REQUIRE(strstr(mlp_build_info(), "model mlp.onnx sha256:") && strstr(mlp_build_info(), "--target x86-64-v3") &&
          strstr(mlp_build_info(), "ingot ") == mlp_build_info());
}

/* A state is as it was when its object and the memory that a reader may look at have the same bytes. */
static unsigned char before_memory[1 << 16];
#define SAVE(state, bytes) (memcpy(before_memory, (state).memory, bytes), memcpy(&before, &(state), sizeof before))
#define REQUIRE_SAME(state, bytes) \
  REQUIRE(memcmp(&before, &(state), sizeof before) == 0 && memcmp(before_memory, (state).memory, bytes) == 0)

static void try_decoder(void) {
  static float hidden[2 * 16 * 16], out[2 * 16 * 16], again[2 * 16 * 16];
  decoder_model model, closed;
  decoder_context context;
  decoder_state state, before;
  decoder_dims dims = {1, 3};
  decoder_limits limits = {1, 0};
  decoder_inputs inputs;
  decoder_outputs outputs;
  ingot_sizes sizes, all;
  unsigned char *memory, *workspace;
  size_t i;
  memset(&closed, 0, sizeof closed);
  memset(&before, 0, sizeof before);
  memset(&state, 0, sizeof state);
  for (i = 0; i < sizeof hidden / sizeof *hidden; ++i)
    hidden[i] = (float)(i % 17) / 8 - 1;
  FINE(decoder_open(&model, 0, &error));
  FINE(decoder_query(0, &all, &error));
  FINE(decoder_query(&limits, &sizes, &error));
  REQUIRE(sizes.state > 0 && sizes.state < all.state);
  memory = aligned(all.state);
  workspace = aligned(all.workspace);
  FINE(decoder_context_init(&context, &model, workspace, all.workspace, 0, &error));
  inputs.hidden = seen(hidden, 3 * 16);
  outputs.out = written(out, 3 * 16);

  REFUSED(decoder_run(&context, &dims, &inputs, &state, &outputs, &error), "state", "state: not initialised by this library");
  REFUSED(decoder_run(&context, &dims, &inputs, 0, &outputs, &error), "state", "state: not initialised by this library");
  REFUSED(decoder_state_init(0, &model, memory, all.state, &error), "state", "state: null pointer");
  REFUSED(decoder_state_init(&state, 0, memory, all.state, &error), "model", "model: not initialised by this library");
  REFUSED(decoder_state_init(&state, &closed, memory, all.state, &error), "model", "model: not initialised by this library");
  REFUSED(decoder_state_init(&state, &model, 0, all.state, &error), "state", "state: null pointer");
  EXPECT(decoder_state_init(&state, &model, memory + 8, all.state, &error), INGOT_INVALID_ARGUMENT, "state", 64, 0, "state: not aligned to 64 bytes");
  REFUSED(decoder_run(&context, &dims, &inputs, &state, &outputs, &error), "state", "state: not initialised by this library");
  REFUSED(decoder_state_truncate(&state, 0, &error), "state", "state: not initialised by this library");
  decoder_state_reset(0);
  decoder_state_reset(&state); /* no state: nothing happens */

  /* a state of another size */
  FINE(decoder_state_init(&state, &model, memory, sizes.state - 64, &error));
  EXPECT(decoder_run(&context, &dims, &inputs, &state, &outputs, &error), INGOT_NEED_WORKSPACE, "state", (int64_t)sizes.state,
         (int64_t)sizes.state - 64, 0);
  FINE(decoder_state_init(&state, &model, memory, sizes.state, &error));
  dims.batch = 2;
  inputs.hidden.count = outputs.out.count = 2 * 3 * 16;
  EXPECT(decoder_run(&context, &dims, &inputs, &state, &outputs, &error), INGOT_NEED_WORKSPACE, "state", (int64_t)all.state, (int64_t)sizes.state, 0);
  dims.batch = 1;
  inputs.hidden.count = outputs.out.count = 3 * 16;
  FINE(decoder_run(&context, &dims, &inputs, &state, &outputs, &error));
  REQUIRE(state.past == 3);

  /* refusals change nothing */
  SAVE(state, sizes.state);
  inputs.hidden.count = 40;
  EXPECT(decoder_run(&context, &dims, &inputs, &state, &outputs, &error), INGOT_SHAPE_MISMATCH, "hidden", 48, 40,
         "hidden: 40 elements, expected batch*seq*16 = 1*3*16 = 48");
  REQUIRE_SAME(state, sizes.state);
  dims.batch = 2;
  inputs.hidden.count = outputs.out.count = 2 * 3 * 16;
  EXPECT(decoder_run(&context, &dims, &inputs, &state, &outputs, &error), INGOT_SHAPE_MISMATCH, "batch", 1, 2,
         "batch: 2, the state was begun with 1");
  REQUIRE_SAME(state, sizes.state);
  dims.batch = 1;
  dims.seq = 14;
  inputs.hidden.count = outputs.out.count = 14 * 16;
  EXPECT(decoder_run(&context, &dims, &inputs, &state, &outputs, &error), INGOT_LIMIT_EXCEEDED, "past", 16, 17,
         "past: past+seq = 3+14 = 17, the state holds 16");
  REQUIRE_SAME(state, sizes.state);
  dims.seq = INT64_MAX;
  EXPECT(decoder_run(&context, &dims, &inputs, &state, &outputs, &error), INGOT_LIMIT_EXCEEDED, "seq", 16, INT64_MAX, 0);
  REQUIRE_SAME(state, sizes.state);
  EXPECT(decoder_state_truncate(&state, 4, &error), INGOT_LIMIT_EXCEEDED, "past", 3, 4, "past: 4, expected 0..3");
  EXPECT(decoder_state_truncate(&state, -1, &error), INGOT_LIMIT_EXCEEDED, "past", 0, -1, "past: -1, expected 0..3");
  REQUIRE_SAME(state, sizes.state);

  /* truncated, the state gives what it gave; full, it takes nothing more; reset, it begins anew with any batch */
  dims.seq = 13;
  inputs.hidden.count = outputs.out.count = 13 * 16;
  FINE(decoder_run(&context, &dims, &inputs, &state, &outputs, &error));
  REQUIRE(state.past == 16);
  dims.seq = 1;
  inputs.hidden.count = outputs.out.count = 16;
  EXPECT(decoder_run(&context, &dims, &inputs, &state, &outputs, &error), INGOT_LIMIT_EXCEEDED, "past", 16, 17, 0);
  FINE(decoder_state_truncate(&state, 3, &error));
  dims.seq = 13;
  inputs.hidden.count = 13 * 16;
  outputs.out = written(again, 13 * 16);
  FINE(decoder_run(&context, &dims, &inputs, &state, &outputs, &error));
  REQUIRE(memcmp(out, again, 13 * 16 * sizeof *out) == 0);
  FINE(decoder_state_truncate(&state, 0, &error));
  dims.seq = 3;
  inputs.hidden.count = outputs.out.count = 3 * 16;
  FINE(decoder_run(&context, &dims, &inputs, &state, &outputs, &error));
  decoder_state_reset(&state);
  REQUIRE(state.past == 0);
  outputs.out = written(out, 3 * 16);
  FINE(decoder_run(&context, &dims, &inputs, &state, &outputs, &error));
  REQUIRE(memcmp(out, again, 3 * 16 * sizeof *out) == 0);
  decoder_close(&model);
  REFUSED(decoder_run(&context, &dims, &inputs, &state, &outputs, &error), "model", "model: closed");
}

/* Failures that the data decide come late, when the run has written: the state does not move. */
static void try_recall(void) {
  static float x[4 * 6] = {1, 2, 3, 4, 5, 6, -1, -2}, y[16 * 6], again[16 * 6], sum[4 * 6], sum_again[4 * 6], marked[11 * 6], marked_again[11 * 6];
  static int64_t rows[16] = {0, 10, -11};
  static const int64_t wrong[] = {11, -12, INT64_MAX, INT64_MIN};
  recall_model model;
  recall_context context;
  recall_state state, before;
  recall_dims dims = {2, 3};
  recall_inputs inputs;
  recall_outputs outputs;
  ingot_sizes sizes;
  size_t i;
  memset(&before, 0, sizeof before);
  memset(&state, 0, sizeof state);
  FINE(recall_open(&model, 0, &error));
  FINE(recall_query(0, &sizes, &error));
  FINE(recall_context_init(&context, &model, aligned(sizes.workspace), sizes.workspace, 0, &error));
  FINE(recall_state_init(&state, &model, aligned(sizes.state), sizes.state, &error));
  inputs.x = seen(x, 2 * 6);
  inputs.rows.data = rows;
  inputs.rows.count = 3;
  outputs.y = written(y, 3 * 6);
  outputs.sum = written(sum, 2 * 6);
  outputs.marked = written(marked, 11 * 6);
  FINE(recall_run(&context, &dims, &inputs, &state, &outputs, &error));
  FINE(recall_run(&context, &dims, &inputs, &state, &outputs, &error));
  REQUIRE(state.past == 2);
  before = state;
  for (i = 0; i < sizeof wrong / sizeof *wrong; ++i) {
    rows[1] = wrong[i];
    spoil();
    REQUIRE(recall_run(&context, &dims, &inputs, &state, &outputs, &error) == INGOT_BAD_INPUT_DATA && error.status == INGOT_BAD_INPUT_DATA && error.text[0] &&
            error.name[0]);
    if (i == 0)
      puts(error.text);
    REQUIRE(recall_run(&context, &dims, &inputs, &state, &outputs, 0) == INGOT_BAD_INPUT_DATA);
    REQUIRE(memcmp(&before, &state, sizeof before) == 0);
  }
  rows[1] = 10;
  FINE(recall_run(&context, &dims, &inputs, &state, &outputs, &error));
  /* the same without failures between */
  recall_state_reset(&state);
  outputs.y = written(again, 3 * 6);
  outputs.sum = written(sum_again, 2 * 6);
  outputs.marked = written(marked_again, 11 * 6);
  for (i = 0; i < 3; ++i)
    FINE(recall_run(&context, &dims, &inputs, &state, &outputs, &error));
  REQUIRE(memcmp(y, again, 3 * 6 * sizeof *y) == 0 && memcmp(sum, sum_again, 2 * 6 * sizeof *sum) == 0 &&
          memcmp(marked, marked_again, sizeof marked) == 0);
  recall_close(&model);
}

int main(void) {
  try_mlp();
  try_decoder();
  try_recall();
  return failures != 0;
}
