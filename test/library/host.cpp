// host.cpp - tries one library on the promises that hold for every library. Arguments: file of runs, file of weights, checks.
// The first line of output is the number of bytes of the results, which follow; then one line for each check that failed.
#include "host.h"

#include "executors.h"
#include "ingot/pool.h"
#include "watch.h"

#include <memory>

using Results = std::vector<std::string>;

static int failures = 0;

static void fail(const std::string &what) {
  ++failures;
  fprintf(stderr, "%s\n", what.c_str());
}

static void expectSame(const Results &wanted, const Results &got, const std::string &how) {
  for (size_t i = 0; i < wanted.size(); ++i)
    if (wanted[i] != got[i])
      return fail("step " + std::to_string(i) + " gives another result " + how);
}

// The number of threads and the division of work change nothing.
static void threads(const Model &model, const std::vector<Step> &steps, const Results &wanted) {
  for (int count : {1, 2, 3, 7}) {
    ingot::pool pool(count);
    expectSame(wanted, runAll(model, steps, Place::Heap, 0, pool.executor()), "on " + std::to_string(count) + " threads");
  }
  for (unsigned seed = 1; seed <= 6; ++seed) {
    OddExecutor odd(seed, 1 + int(seed % 3));
    expectSame(wanted, runAll(model, steps, Place::Heap, 0, &odd.executor), "in odd ranges, seed " + std::to_string(seed));
  }
  const ingot_executor reversed = backwards();
  expectSame(wanted, runAll(model, steps, Place::Heap, 0, &reversed), "backwards");
}

// What lies beside inputs, outputs, workspace and state is not touched, what lies in fresh memory is not read.
static void places(const Model &model, const std::vector<Step> &steps, const Results &wanted) {
  const ingot_executor reversed = backwards();
  for (auto [place, name] : {std::pair<Place, const char *>{Place::Heap, "in exact blocks"},
                             {Place::End, "at the end of pages"},
                             {Place::Start, "at the start of pages"},
                             {Place::Odd, "aligned to elements only"}})
    for (unsigned char content : {0x00, 0xff, 0x5a}) {
      const std::string how = std::string(name) + ", memory filled with " + std::to_string(content);
      expectSame(wanted, runAll(model, steps, place, content, nullptr), how);
      expectSame(wanted, runAll(model, steps, place, content, &reversed), how + ", in parts");
    }
}

// Two threads share a model and a pool.
static void concurrent(const Model &model, const std::vector<Step> &steps, const Results &wanted) {
  ingot::pool pool(3);
  for (const ingot_executor *executor : {static_cast<const ingot_executor *>(nullptr), pool.executor()}) {
    std::vector<Results> got[2];
    std::string problems[2];
    auto work = [&](int index) {
      try {
        for (int round = 0; round < 8; ++round)
          got[index].push_back(runAll(model, steps, Place::Heap, 0, executor));
      } catch (const Failure &failure) {
        problems[index] = failure.text;
      }
    };
    std::thread other(work, 1);
    work(0);
    other.join();
    for (int index : {0, 1}) {
      if (!problems[index].empty())
        fail("two contexts at once: " + problems[index]);
      for (const Results &results : got[index])
        expectSame(wanted, results, "beside another context");
    }
  }
}

// Neither heap nor system, in good runs and refused ones; little stack.
static void frugal(const Model &model, const std::vector<Step> &steps, const Results &) {
  const ingot_executor reversed = backwards();
  for (const ingot_executor *executor : {static_cast<const ingot_executor *>(nullptr), &reversed}) {
    Memory memory(model, steps, Place::Heap, 0);
    size_t index = 0;
    for (const Step &step : steps) {
      Run run(model, step, Place::Heap, 0, executor);
      ingot_error error;
      const std::string where = "step " + std::to_string(index++) + ": ";
      for (bool refused : {true, false}) {
        N(outputs) outputs = run.outputs;
        Inputs inputs = run.inputs;
        if (refused) { // one element too many where there is a span
          eachInput(run.inputs, [](auto &field) { ++field.count; });
          eachOutput(run.outputs, [](auto &field) {
            if constexpr (is_written<std::remove_reference_t<decltype(field)>>::value)
              ++field.count;
          });
        }
        const Run::State before = memory.state;
        const std::string problem = watchSystem([&] { return (run.call(memory.state, &error) == INGOT_OK) != refused; });
        if (!problem.empty())
          fail(where + (refused ? "a refused run " : "run() ") + problem);
        run.outputs = outputs;
        run.inputs = inputs;
        memory.state = before;
      }
      ingot_status status = INGOT_OK;
      const size_t depth = stackOf([&] { status = run.call(memory.state, &error); });
      require(status, error);
      if (depth > 64 << 10)
        fail(where + "run() takes " + std::to_string(depth) + " bytes of stack");
      deepest = std::max(deepest, depth);
    }
  }
}

// The maximum serves every smaller size: what N_query asks for never falls when a limit rises, and one context and state made for the
// largest runs serve all.
static void sizes(const Model &model, const std::vector<Step> &steps, const Results &wanted) {
#if HAS_DIMS
  std::mt19937_64 random(1);
  for (int round = 0; round < 500; ++round) {
    std::vector<int64_t> large(DIMS), small(DIMS);
    for (int i = 0; i < DIMS; ++i) {
      const int64_t least = std::max<int64_t>(leastDims[i], 1), most = std::min<int64_t>(mostDims[i], 5000);
      large[size_t(i)] = round % 4 ? least + int64_t(random() % uint64_t(most - least + 1)) : most;
      small[size_t(i)] = least + int64_t(random() % uint64_t(large[size_t(i)] - least + 1));
    }
    const ingot_sizes more = query(large), less = query(small);
    if (less.workspace > more.workspace || less.state > more.state || more.align != 64)
      return fail("smaller limits ask for more memory");
  }
  // 0 stands for the compiled bound.
  const bool bounded = std::count(mostDims, mostDims + DIMS, INT64_MAX) == 0;
  if (bounded) {
    const ingot_sizes zero = query(std::vector<int64_t>(DIMS)), most = query(std::vector<int64_t>(mostDims, mostDims + DIMS));
    if (zero.workspace != most.workspace || zero.state != most.state)
      fail("0 is no compiled bound");
  }
#endif
  Results got;
  Memory memory(model, steps, Place::End, 0xff);
  Step largest = steps.front();
  for (const Step &step : steps)
    for (size_t i = 0; i < step.dims.size(); ++i)
      largest.dims[i] = std::max(largest.dims[i], step.dims[i]);
  const size_t bytes = query(largest.dims).workspace;
  for (const Step &step : steps) {
    Run run(model, step, Place::End, 0xff, nullptr);
    run.prepare(model, bytes, Place::End, 0xff, nullptr);
    ingot_error error;
    require(run.call(memory.state, &error), error);
    got.push_back(run.result());
  }
  expectSame(wanted, got, "in the memory of the largest run");
}

int main(int argc, char **argv) {
  if (argc < 3)
    return 2;
  try {
    const std::vector<Step> steps = readSteps(argv[1]);
    const Model model(argv[2]);
    const Results wanted = runAll(model, steps, Place::Heap, 0, nullptr);
    std::string all;
    for (const std::string &result : wanted)
      all += result;
    printf("%zu\n", all.size());
    fwrite(all.data(), 1, all.size(), stdout);
    for (int i = 3; i < argc; ++i) {
      const std::string check = argv[i];
      if (check == "threads")
        threads(model, steps, wanted);
      else if (check == "places")
        places(model, steps, wanted);
      else if (check == "concurrent")
        concurrent(model, steps, wanted);
      else if (check == "frugal")
        frugal(model, steps, wanted);
      else if (check == "sizes")
        sizes(model, steps, wanted);
      else
        return 2;
    }
  } catch (const Failure &failure) {
    fail(failure.text);
  }
  return failures ? 1 : 0;
}
