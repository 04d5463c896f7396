// host.h - one generated library, by the glue in case.h, and the runs that a test makes of it.
//
// case.h is written by library.py: it includes the library's header and defines N(name), the HAS_ macros and the lists of fields.
#ifndef LIBRARY_HOST_H
#define LIBRARY_HOST_H

#include "case.h"
#include "blocks.h"

#include <algorithm>
#include <cstdio>
#include <string>
#include <type_traits>
#include <vector>

// ---- the runs, read from a file ------------------------------------------------------------------------------

struct Reader {
  FILE *file;
  template <class T> T one() {
    T value;
    bytes(&value, sizeof value);
    return value;
  }
  void bytes(void *to, size_t size) {
    if (size && fread(to, 1, size, file) != size) {
      fputs("the file of runs is cut off\n", stderr);
      exit(2);
    }
  }
};

// An input: its elements as they lie in memory, or strings.
struct Content {
  size_t count = 0;
  std::vector<unsigned char> bytes;
  std::vector<std::string> strings;
};

struct Step {
  std::vector<int64_t> dims;
  std::vector<Content> inputs;
  std::vector<size_t> counts; // elements of each output, for those that the caller places
};

inline std::vector<Step> readSteps(const char *path) {
  Reader reader = {fopen(path, "rb")};
  if (!reader.file) {
    perror(path);
    exit(2);
  }
  std::vector<Step> steps(size_t(reader.one<int64_t>()));
  for (Step &step : steps) {
    step.dims.resize(DIMS);
    for (int64_t &dim : step.dims)
      dim = reader.one<int64_t>();
    step.inputs.resize(INPUTS);
    for (Content &input : step.inputs) {
      const int64_t size = reader.one<int64_t>(); // of an element; 0 for strings
      input.count = size_t(reader.one<int64_t>());
      input.bytes.resize(input.count * size_t(size));
      reader.bytes(input.bytes.data(), input.bytes.size());
      for (size_t i = 0; !size && i < input.count; ++i) {
        input.strings.emplace_back(size_t(reader.one<int64_t>()), ' ');
        reader.bytes(input.strings.back().data(), input.strings.back().size());
      }
    }
    step.counts.resize(OUTPUTS);
    for (size_t &count : step.counts)
      count = size_t(reader.one<int64_t>());
  }
  fclose(reader.file);
  return steps;
}

// ---- results as text, to be compared -------------------------------------------------------------------------

inline void put(std::string &to, const void *data, size_t size) {
  if (size)
    to.append(static_cast<const char *>(data), size);
}
inline void put(std::string &to, const ingot_tensor &t) {
  int64_t count = 1;
  for (int32_t axis = 0; axis < t.rank; ++axis)
    count *= t.dims[axis];
  put(to, &t.rank, sizeof t.rank);
  put(to, t.dims, size_t(t.rank) * sizeof *t.dims);
  put(to, t.data, size_t(count) * ingot_dtype_bits(t.dtype) / 8);
}
inline void put(std::string &to, const ingot_sequence &s) {
  put(to, &s.count, sizeof s.count);
  for (size_t i = 0; i < s.count; ++i)
    put(to, s.items[i]);
}
template <class Span> void put(std::string &to, const Span &span) {
  put(to, &span.count, sizeof span.count);
  if constexpr (std::is_same_v<std::remove_cv_t<std::remove_pointer_t<decltype(span.data)>>, ingot_string>)
    for (size_t i = 0; i < span.count; ++i) {
      put(to, &span.data[i].size, sizeof span.data[i].size);
      put(to, span.data[i].data, span.data[i].size);
    }
  else
    put(to, span.data, span.count * sizeof *span.data);
}

// ---- a run ---------------------------------------------------------------------------------------------------

struct Failure {
  std::string text;
};

inline void require(ingot_status status, const ingot_error &error) {
  if (status != INGOT_OK)
    throw Failure{std::string(ingot_status_name(status)) + ": " + error.text};
}

template <class Span, class = void> struct is_written : std::false_type {};
template <class Span>
struct is_written<Span, std::enable_if_t<!std::is_const_v<std::remove_pointer_t<decltype(Span::data)>> && !std::is_same_v<Span, ingot_tensor>>>
    : std::true_type {};

inline ingot_sizes query(const std::vector<int64_t> &dims) {
  ingot_sizes sizes;
  ingot_error error;
#if HAS_DIMS
  const N(limits) limits = makeLimits(dims.data());
  require(N(query)(&limits, &sizes, &error), error);
#else
  (void)dims;
  require(N(query)(&sizes, &error), error);
#endif
  return sizes;
}

class Model {
public:
  explicit Model(const char *weights) {
    ingot_error error;
    N(options) options = N(options)();
#if HAS_WEIGHT_FILE
    options.weights = weights;
#else
    (void)weights;
#endif
    require(N(open)(&model, &options, &error), error);
  }
  ~Model() { N(close)(&model); }
  Model(const Model &) = delete;
  N(model) model;
};

// Input, output and workspace memory of one run, laid out as `place` says; `content` fills what the run should not read.
class Run {
public:
  Run(const Model &model, const Step &step, Place place, unsigned char content, const ingot_executor *executor) : step(step) {
    const size_t bytes = query(step.dims).workspace;
    prepare(model, bytes, place, content, executor);
    size_t index = 0;
    eachInput(inputs, [&](auto &field) {
      const Content &from = step.inputs[index++];
      using Element = std::remove_const_t<std::remove_pointer_t<decltype(field.data)>>;
      field.count = from.count;
      blocks.push_back(std::make_unique<Block>(place, from.count * sizeof(Element), place == Place::Odd ? alignof(Element) : 64, 0));
      field.data = reinterpret_cast<const Element *>(blocks.back()->data);
      if constexpr (std::is_same_v<Element, ingot_string>) {
        for (size_t i = 0; i < from.count; ++i) {
          const std::string &text = from.strings[i];
          texts.push_back(std::make_unique<Block>(place, text.size(), 1, 0));
          memcpy(texts.back()->data, text.data(), text.size());
          reinterpret_cast<ingot_string *>(blocks.back()->data)[i] = {reinterpret_cast<const char *>(texts.back()->data), text.size()};
        }
      } else if (from.count) {
        memcpy(blocks.back()->data, from.bytes.data(), from.bytes.size());
      }
    });
    index = 0;
    eachOutput(outputs, [&](auto &field) {
      [[maybe_unused]] const size_t count = step.counts[index++];
      if constexpr (is_written<std::remove_reference_t<decltype(field)>>::value) {
        using Element = std::remove_pointer_t<decltype(field.data)>;
        field.count = count;
        blocks.push_back(std::make_unique<Block>(place, count * sizeof(Element), place == Place::Odd ? alignof(Element) : 64, content));
        field.data = reinterpret_cast<Element *>(blocks.back()->data);
      }
    });
  }

  void prepare(const Model &model, size_t bytes, Place place, unsigned char content, const ingot_executor *executor) {
    workspace = std::make_unique<Block>(place, bytes, 64, content);
    ingot_error error;
    require(N(context_init)(&context, &model.model, workspace->data, bytes, executor, &error), error);
  }

#if HAS_STATE
  using State = N(state);
#else
  using State = int;
#endif

  ingot_status call([[maybe_unused]] State &state, ingot_error *error) {
#if HAS_DIMS
    const N(dims) dims = makeDims(step.dims.data());
#endif
    return N(run)(&context,
#if HAS_DIMS
                  &dims,
#endif
#if HAS_INPUTS
                  &inputs,
#endif
#if HAS_STATE
                  &state,
#endif
                  &outputs, error);
  }

  std::string result() {
    std::string text;
    eachOutput(outputs, [&](auto &field) { put(text, field); });
    return text;
  }

  bool intact() const {
    auto fine = [](const std::unique_ptr<Block> &block) { return block->intact(); };
    return fine(workspace) && std::all_of(blocks.begin(), blocks.end(), fine) && std::all_of(texts.begin(), texts.end(), fine);
  }

  const Step &step;
  N(context) context;
  Inputs inputs = Inputs();
  N(outputs) outputs = N(outputs)();
  std::unique_ptr<Block> workspace;
  std::vector<std::unique_ptr<Block>> blocks, texts;
};

// The state of a series of runs.
class Memory {
public:
  Memory([[maybe_unused]] const Model &model, [[maybe_unused]] const std::vector<Step> &steps, [[maybe_unused]] Place place,
         [[maybe_unused]] unsigned char content) {
#if HAS_STATE
    std::vector<int64_t> most = steps.front().dims;
    for (const Step &step : steps)
      for (size_t i = 0; i < most.size(); ++i)
        most[i] = std::max(most[i], step.dims[i]);
    const size_t bytes = query(most).state;
    block = std::make_unique<Block>(place, bytes, 64, content);
    ingot_error error;
    require(N(state_init)(&state, &model.model, block->data, bytes, &error), error);
#endif
  }
  bool intact() const { return !block || block->intact(); }

  Run::State state = Run::State();
  std::unique_ptr<Block> block;
};

// All steps in order; the outputs of each.
inline std::vector<std::string> runAll(const Model &model, const std::vector<Step> &steps, Place place, unsigned char content,
                                       const ingot_executor *executor) {
  std::vector<std::string> results;
  Memory memory(model, steps, place, content);
  for (const Step &step : steps) {
    Run run(model, step, place, content, executor);
    ingot_error error;
    require(run.call(memory.state, &error), error);
    results.push_back(run.result());
    if (!run.intact() || !memory.intact())
      throw Failure{"bytes beside a block were written"};
  }
  return results;
}

#endif
