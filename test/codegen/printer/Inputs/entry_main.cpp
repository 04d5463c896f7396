// Runs the entry of entry.mlir; compiled with the printed text in front of it.
#include "check.h"

struct Count {
  int calls;
};
static void inPieces(void *user, int64_t count, ingot_task task, void *arg) {
  ++static_cast<Count *>(user)->calls;
  for (int64_t i = 0; i < count; ++i)
    task(arg, i, i + 1);
}

int main() {
  alignas(64) static unsigned char memory[4096];
  alignas(64) static float weights[72];
  float in[16], out[16];
  for (int i = 0; i < 72; ++i)
    weights[i] = float(i % 8 + 1);
  for (int i = 0; i < 16; ++i)
    in[i] = float(i % 5 - 1);
  Count count = {0};
  ingot_executor executor = {2, &count, inPieces};
  ingot_error error;
  ingot_frame frame = {&executor, &error, {memory, sizeof memory, 128, 128}, reinterpret_cast<unsigned char *>(weights)};
  ingot_status status = net_x86_64_v3_run(&frame, 2, in, out, memory);
  expect("status", 0, status, INGOT_OK, 0);
  // Positive among the first eight: four, more than two, so `hidden` is scaled again, its first eight elements.
  for (int i = 0; i < 16; ++i) {
    float hidden = in[i] * float(i % 8 + 1);
    expect("out", i, out[i], i < 8 ? hidden * float(i % 8 + 1) : hidden, 0);
  }
  frame.arena = {memory, 128, 128, 128};
  status = net_x86_64_v3_run(&frame, 2, in, out, memory);
  expect("status", 1, status, INGOT_NEED_WORKSPACE, 0);
  expect("needed", 0, double(error.expected), 128 + 5 * 4, 0);
  return report();
}
