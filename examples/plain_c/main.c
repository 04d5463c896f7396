/* Tells shapes of waves apart:  waves FILE [ROWS]
 *
 * FILE holds windows of 64 numbers; - is standard input. ROWS of them (8 if absent) go through the network at once.
 * Writes the kind of each and its probability. C99; the library needs libc, libm and pthread. */
#include "waves.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { window = 64, kinds = 4 };
static const char *const names[kinds] = {"sine", "square", "sawtooth", "noise"};

/* What the program owns. All zero is empty, and free_all takes any part of it. */
typedef struct {
  waves_model model;
  waves_context context;
  void *block; /* around the context's workspace */
  float *samples, *probabilities;
} program;

static void free_all(program *p) {
  free(p->samples);
  free(p->probabilities);
  free(p->block);
  waves_close(&p->model);
}

static int complain(const char *what, const char *why) {
  fprintf(stderr, "waves: %s: %s\n", what, why);
  return 1;
}

/* Every call fills the error in: `text` for a person, `status`, `name`, `expected` and `actual` for the program. */
static int complain_of(const ingot_error *error) {
  const char *text = error->text[0] ? error->text : ingot_status_name(error->status);
  if (error->status == INGOT_LIMIT_EXCEEDED)
    fprintf(stderr, "waves: compiled for at most %lld rows at once\n", (long long)error->expected);
  return complain(ingot_status_name(error->status), text);
}

/* The model, and memory for so many rows. The library takes none by itself. */
static int open_all(program *p, long rows) {
  ingot_error error;
  ingot_sizes sizes;
  const waves_limits limits = {rows};
  uintptr_t start;

  if (waves_open(&p->model, NULL, &error) != INGOT_OK || waves_query(&limits, &sizes, &error) != INGOT_OK)
    return complain_of(&error);
  p->samples = malloc((size_t)rows * window * sizeof *p->samples);
  p->probabilities = malloc((size_t)rows * kinds * sizeof *p->probabilities);
  p->block = malloc(sizes.workspace + sizes.align); /* C99 has no aligned malloc */
  if (!p->samples || !p->probabilities || !p->block)
    return complain("memory", "there is none left");
  start = ((uintptr_t)p->block + sizes.align - 1) / sizes.align * sizes.align;
  if (waves_context_init(&p->context, &p->model, (void *)start, sizes.workspace, NULL, &error) != INGOT_OK)
    return complain_of(&error);
  return 0;
}

/* Up to `rows` windows; the number read, or -1 after a complaint. */
static long read_windows(FILE *file, const char *name, float *samples, long rows) {
  const long wanted = rows * window;
  long count = 0;
  while (count < wanted && fscanf(file, "%f", &samples[count]) == 1)
    ++count;
  if (ferror(file) || (count < wanted && !feof(file)) || count % window != 0) {
    complain(name, "not numbers, 64 to a window");
    return -1;
  }
  return count / window;
}

static int classify(program *p, FILE *file, const char *name, long rows) {
  for (;;) {
    const long got = read_windows(file, name, p->samples, rows);
    const waves_dims dims = {got};
    waves_inputs inputs;
    waves_outputs outputs;
    ingot_error error;

    if (got <= 0)
      return got < 0;
    inputs.samples.data = p->samples;
    inputs.samples.count = (size_t)got * window;
    outputs.probabilities.data = p->probabilities;
    outputs.probabilities.count = (size_t)got * kinds;
    if (waves_run(&p->context, &dims, &inputs, &outputs, &error) != INGOT_OK)
      return complain_of(&error);

    for (long row = 0; row < got; ++row) {
      const float *of = p->probabilities + row * kinds;
      int best = 0;
      for (int k = 1; k < kinds; ++k)
        if (of[k] > of[best])
          best = k;
      printf("%s\t%.6f\n", names[best], of[best]);
    }
  }
}

int main(int count, char **arguments) {
  program p = {0};
  char *end = "";
  const long rows = count == 3 ? strtol(arguments[2], &end, 10) : 8;
  FILE *file;
  int failed;

  if (count < 2 || count > 3 || *end || rows < 1 || rows > 1000000) {
    fprintf(stderr, "usage: waves FILE [ROWS]\n");
    return 2;
  }
  file = strcmp(arguments[1], "-") == 0 ? stdin : fopen(arguments[1], "r");
  if (!file)
    return complain(arguments[1], "cannot be read");
  failed = open_all(&p, rows);
  if (!failed)
    failed = classify(&p, file, arguments[1], rows);
  free_all(&p);
  fclose(file);
  return failed;
}
