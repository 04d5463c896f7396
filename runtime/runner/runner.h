// runner.h - what the runner program knows of each library that it hosts.
//
// The runner is a consumer of the public interface: `ingot run`, `verify` and `bench` generate one glue file a model
// (codegen/package/Runner.cpp), which turns a typed N.h into this table, and link any number of models into one program.
#ifndef INGOT_RUNNER_H
#define INGOT_RUNNER_H

#include "ingot/ingot.h"

namespace ingot::runner {

enum class Kind { Tensor, Untyped, Sequence, Optional };

struct ValueInfo {
  const char *name; // the ONNX name
  ingot_dtype type;
  Kind kind;
  bool in_workspace; // an output that the run places
};

struct DimInfo {
  const char *name;
  int64_t min, max; // INT64_MAX without a compiled bound
};

// One value at run time: a tensor, or a sequence and whether it is present.
struct Item {
  ingot_tensor tensor;
  int64_t count; // elements of a tensor
  ingot_sequence sequence;
  int32_t present;
};

// What a profiled entry counts of one of its steps, see probe.h.
struct Step {
  int64_t nanoseconds, calls; // since they were last set to 0
  int64_t tiles, grain;       // of the last launch; 0 of a template
};

struct Model {
  const char *name;
  const DimInfo *dims;
  size_t dim_count;
  const ValueInfo *inputs;
  size_t input_count;
  const ValueInfo *outputs;
  size_t output_count;
  size_t model_size, context_size, state_size; // of the structs; state_size is 0 without state
  const char *(*build_info)();
  ingot_status (*open)(void *model, const char *target, const char *weights, ingot_error *error);
  void (*close)(void *model);
  ingot_status (*query)(const int64_t *dims, ingot_sizes *sizes, ingot_error *error);
  ingot_status (*context_init)(void *context, const void *model, void *memory, size_t bytes,
                               const ingot_executor *executor, ingot_error *error);
  ingot_status (*state_init)(void *state, const void *model, void *memory, size_t bytes, ingot_error *error);
  void (*state_reset)(void *state);
  // Dimensions of the outputs that the caller places, for the run that comes next.
  void (*shapes)(const int64_t *dims, const void *state, Item *outputs);
  ingot_status (*run)(void *context, const int64_t *dims, const Item *inputs, void *state, Item *outputs,
                      ingot_error *error);
  // Of workspace and state, where they are no host memory; else 0.
  ingot_status (*allocate)(void **memory, size_t bytes, ingot_error *error);
  void (*release)(void *memory);
  Step *steps; // of a profiled program, else 0
  size_t step_count;
};

// Generated: the models of this program, ended by a null pointer.
extern const Model *const models[];

} // namespace ingot::runner

#endif
