// runner.cpp - runs or measures the models that are linked into it.
//
//   runner [run|bench] MODEL [--dim NAME=K]... [--input NAME=FILE[:2x3]]... [--save DIR] [--threads T] [--target T]
//          [--weights FILE] [--continue] [--seconds S] [--started NANOSECONDS]
//   runner --script FILE    one request a line, arguments separated by tabs; a line "done K ok|failed" after each
//   runner --list
//
// Files hold raw little-endian elements. Strings: a u64 size and the bytes, each. A tensor of unknown type: i32 type,
// i32 rank, i64 dims, raw elements. A sequence: u64 count and such tensors; an optional: u64 presence and a sequence.
// Results go to stdout, one line each: output INDEX NAME TYPE SHAPE FILE.
#include "runner/runner.h"
#include "ingot/arena.h"
#include "ingot/launch.h"
#include "ingot/model.hpp"
#include "ingot/pool.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <sys/stat.h> // std::filesystem would be one more library under GCC 8
#include <vector>

using namespace ingot::runner;

namespace {

using Bytes = std::vector<unsigned char>;

constexpr size_t ownPages = size_t(2) << 20; // from here on ingot::buffer maps pages, which are zeros and may be huge

struct Block { // aligned memory; large ones are zeros that cost nothing before they are touched
  explicit Block(size_t bytes = 0) : size(bytes) {
    if (!memory.reset(bytes, INGOT_ALIGN))
      return;
    data = static_cast<unsigned char *>(memory.data());
    if (bytes < ownPages)
      std::memset(data, 0, bytes);
  }
  Block(const Block &) = delete;
  size_t size;
  ingot::buffer memory;
  unsigned char *data = nullptr; // null where there is no such memory
};

// Memory of several values. Much of it is one block, for one has huge pages: the first run then waits for a page fault every 2 MiB
// instead of every 4 KiB. Little is a block each, so that a memory checker sees who writes behind his own.
class Blocks {
public:
  explicit Blocks(const std::vector<size_t> &sizes) {
    size_t total = 0;
    std::vector<size_t> offsets;
    for (size_t size : sizes) {
      offsets.push_back(total);
      total += (size + INGOT_ALIGN - 1) / INGOT_ALIGN * INGOT_ALIGN;
    }
    const bool together = total >= ownPages;
    if (together)
      blocks.push_back(std::make_unique<Block>(total));
    for (size_t i = 0; i < sizes.size(); ++i) {
      if (!together)
        blocks.push_back(std::make_unique<Block>(sizes[i]));
      unsigned char *begin = blocks.back()->data;
      complete = complete && begin;
      data.push_back(together && begin ? begin + offsets[i] : begin);
    }
  }
  unsigned char *operator[](size_t i) const { return data[i]; }
  bool complete = true; // there was memory for all

private:
  std::vector<std::unique_ptr<Block>> blocks;
  std::vector<unsigned char *> data;
};

// A workspace or state: on the device for a library that computes there.
struct Memory {
  explicit Memory(const Model &model) : info(model) {}
  ~Memory() {
    if (info.release)
      info.release(data);
  }
  Memory(const Memory &) = delete;
  ingot_status provide(size_t bytes, ingot_error *error) {
    size = bytes;
    if (info.allocate) {
      void *memory = nullptr;
      const ingot_status status = info.allocate(&memory, bytes, error);
      data = static_cast<unsigned char *>(memory);
      return status;
    }
    block = std::make_unique<Block>(bytes);
    data = block->data;
    return data ? INGOT_OK : ingot::fail(error, INGOT_LIMIT_EXCEEDED, "memory", -1, int64_t(bytes), 0, "memory: this machine has no %zu bytes", bytes);
  }
  const Model &info;
  std::unique_ptr<Block> block;
  size_t size = 0;
  unsigned char *data = nullptr;
};

struct Request {
  bool bench = false, keepState = false;
  std::string model, save, target, weights;
  std::map<std::string, int64_t> dims;
  std::map<std::string, std::string> inputs;
  int threads = 1;
  double seconds = 1.0;
  int64_t started = 0;
};

// What one input owns while it is in use, besides the bytes of its file.
struct Storage {
  Bytes bytes;
  std::vector<ingot_string> strings;
  std::vector<ingot_tensor> tensors;
  std::vector<std::unique_ptr<Storage>> items;
};

bool complain(const std::string &text) {
  std::fprintf(stderr, "runner: %s\n", text.c_str());
  return false;
}

bool sizeOfFile(const std::string &path, size_t &size) {
  struct stat info;
  if (stat(path.c_str(), &info) || !S_ISREG(info.st_mode)) // a folder, a pipe
    return complain("cannot read " + path);
  size = size_t(info.st_size);
  return true;
}

bool readFile(const std::string &path, unsigned char *data, size_t size) {
  std::FILE *file = std::fopen(path.c_str(), "rb");
  if (!file)
    return complain("cannot read " + path);
  std::setvbuf(file, nullptr, _IONBF, 0); // straight into `data`
  const size_t got = std::fread(data, 1, size, file);
  std::fclose(file);
  return got == size || complain("cannot read " + path);
}

struct Reader {
  const unsigned char *data;
  size_t size;
  size_t at = 0;
  template <class T> bool get(T &value) {
    if (size - at < sizeof value)
      return false;
    std::memcpy(&value, data + at, sizeof value);
    at += sizeof value;
    return true;
  }
};

bool readStrings(Reader &in, int64_t count, Storage &own) {
  for (int64_t i = 0; count < 0 ? in.at < in.size : i < count; ++i) {
    uint64_t size;
    if (!in.get(size) || in.size - in.at < size)
      return false;
    own.strings.push_back({reinterpret_cast<const char *>(in.data) + in.at, size_t(size)});
    in.at += size;
  }
  return true;
}

// A tensor with its header, as in sequences.
bool readTensor(Reader &in, ingot_tensor &tensor, Storage &own) {
  int32_t type, rank;
  if (!in.get(type) || !in.get(rank) || rank < 0 || rank > INGOT_MAX_RANK)
    return false;
  tensor = {};
  tensor.dtype = ingot_dtype(type);
  tensor.rank = rank;
  int64_t count = 1;
  for (int i = 0; i < rank; ++i) {
    if (!in.get(tensor.dims[i]) || tensor.dims[i] < 0)
      return false;
    count *= tensor.dims[i];
  }
  if (tensor.dtype == INGOT_STRING) {
    if (!readStrings(in, count, own))
      return false;
    tensor.data = own.strings.data();
    return true;
  }
  const size_t size = ingot_bytes(count, tensor.dtype);
  if (in.size - in.at < size)
    return false;
  own.bytes.assign(in.data + in.at, in.data + in.at + size); // aligned
  tensor.data = own.bytes.data();
  in.at += size;
  return true;
}

bool parseShape(const std::string &text, ingot_tensor &tensor) {
  const char *p = text.c_str();
  if (text == "scalar" || text.empty())
    return true;
  for (;;) {
    char *end;
    const long long dim = std::strtoll(p, &end, 10);
    if (end == p || dim < 0 || tensor.rank == INGOT_MAX_RANK)
      return false;
    tensor.dims[tensor.rank++] = dim;
    if (!*end)
      return true;
    if (*end != 'x')
      return false;
    p = end + 1;
  }
}

// FILE[:SHAPE]; a shape has digits and x only, so that a path may hold colons.
struct Source {
  explicit Source(const std::string &text) : path(text) {
    const size_t colon = text.rfind(':');
    if (colon == std::string::npos)
      return;
    shape = text.substr(colon + 1);
    known = shape == "scalar" || shape.find_first_not_of("0123456789x") == std::string::npos;
    if (known)
      path = text.substr(0, colon);
  }
  std::string path, shape;
  bool known = false; // the shape
};

// `data`: the file's bytes.
bool loadInput(const ValueInfo &info, const Source &source, unsigned char *data, size_t size, Item &item, Storage &own) {
  const std::string &path = source.path;
  item = {};
  item.present = 1;
  Reader in{data, size};
  if (info.kind == Kind::Tensor) {
    item.tensor.dtype = info.type;
    if (source.known && !parseShape(source.shape, item.tensor))
      return complain("bad shape in " + path + ":" + source.shape);
    int64_t count = 1;
    for (int i = 0; i < item.tensor.rank; ++i)
      count *= item.tensor.dims[i];
    if (info.type == INGOT_STRING) {
      if (!readStrings(in, -1, own))
        return complain("bad strings in " + path);
      item.tensor.data = own.strings.data();
      item.count = int64_t(own.strings.size());
      return true;
    }
    item.tensor.data = data;
    item.count = source.known ? count : int64_t(size * 8 / ingot_dtype_bits(info.type));
    if (ingot_bytes(item.count, info.type) != size)
      return complain(path + " has " + std::to_string(size) + " bytes, the shape says otherwise");
    return true;
  }
  if (info.kind == Kind::Untyped) {
    own.items.push_back(std::make_unique<Storage>());
    return readTensor(in, item.tensor, *own.items.back()) || complain("bad tensor in " + path);
  }
  uint64_t present = 1, count = 0;
  if ((info.kind == Kind::Optional && !in.get(present)) || (present && !in.get(count)))
    return complain("bad sequence in " + path);
  item.present = int32_t(present);
  for (uint64_t i = 0; i < count; ++i) {
    ingot_tensor tensor;
    own.items.push_back(std::make_unique<Storage>());
    if (!readTensor(in, tensor, *own.items.back()))
      return complain("bad sequence in " + path);
    own.tensors.push_back(tensor);
  }
  item.sequence = {own.tensors.data(), own.tensors.size(), own.tensors.size()};
  return true;
}

void writeElements(std::FILE *file, const ingot_tensor &tensor, int64_t count) {
  if (tensor.dtype == INGOT_STRING) {
    const ingot_string *strings = static_cast<const ingot_string *>(tensor.data);
    for (int64_t i = 0; i < count; ++i) {
      const uint64_t size = strings[i].size;
      std::fwrite(&size, sizeof size, 1, file);
      std::fwrite(strings[i].data, 1, strings[i].size, file);
    }
  } else if (count) {
    std::fwrite(tensor.data, 1, ingot_bytes(count, tensor.dtype), file);
  }
}

int64_t countOf(const ingot_tensor &tensor) {
  int64_t count = 1;
  for (int i = 0; i < tensor.rank; ++i)
    count *= tensor.dims[i];
  return count;
}

void writeTensor(std::FILE *file, const ingot_tensor &tensor) {
  const int32_t head[2] = {int32_t(tensor.dtype), tensor.rank};
  std::fwrite(head, sizeof head, 1, file);
  std::fwrite(tensor.dims, sizeof(int64_t), size_t(tensor.rank), file);
  writeElements(file, tensor, countOf(tensor));
}

bool saveOutput(const ValueInfo &info, const Item &item, size_t index, const std::string &folder) {
  std::string shape;
  if (info.kind == Kind::Tensor || info.kind == Kind::Untyped) {
    for (int i = 0; i < item.tensor.rank; ++i)
      shape += (i ? "x" : "") + std::to_string(item.tensor.dims[i]);
    if (item.tensor.rank == 0)
      shape = "scalar";
  } else {
    shape = !item.present ? "absent" : "sequence:" + std::to_string(item.sequence.count);
  }
  std::string path = "-";
  if (!folder.empty()) {
    path = folder + "/" + std::to_string(index) + ".bin";
    std::FILE *file = std::fopen(path.c_str(), "wb");
    if (!file)
      return complain("cannot write " + path);
    if (info.kind == Kind::Tensor) {
      writeElements(file, item.tensor, countOf(item.tensor));
    } else if (info.kind == Kind::Untyped) {
      writeTensor(file, item.tensor);
    } else {
      const uint64_t present = uint64_t(item.present), count = item.sequence.count;
      if (info.kind == Kind::Optional)
        std::fwrite(&present, sizeof present, 1, file);
      if (present) {
        std::fwrite(&count, sizeof count, 1, file);
        for (size_t i = 0; i < item.sequence.count; ++i)
          writeTensor(file, item.sequence.items[i]);
      }
    }
    if (std::fclose(file) != 0)
      return complain("cannot write " + path);
  }
  std::printf("output\t%zu\t%s\t%d\t%s\t%s\n", index, info.name, int(item.tensor.dtype), shape.c_str(), path.c_str());
  return true;
}

int64_t nowNanoseconds() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

double residentMegabytes() {
  std::FILE *file = std::fopen("/proc/self/status", "r");
  if (!file)
    return 0;
  char line[256];
  double kilobytes = 0;
  while (std::fgets(line, sizeof line, file))
    if (std::sscanf(line, "VmHWM: %lf", &kilobytes) == 1)
      break;
  std::fclose(file);
  return kilobytes / 1024;
}

// An open model with the memory of its last run; kept for the next request to the same model.
class Session {
public:
  Session(const Model &m, const Request &request)
      : info(m), target(request.target), weights(request.weights), model(m.model_size), context(m.context_size), state(m.state_size),
        pool(request.threads) {}
  ~Session() { info.close(model.data); }

  bool serves(const Request &request) const {
    return request.model == info.name && request.target == target && request.weights == weights &&
           (request.threads <= 0 || request.threads == pool.threads());
  }

  bool open() {
    ingot_error error = {};
    return report(info.open(model.data, target.empty() ? nullptr : target.c_str(),
                            weights.empty() ? nullptr : weights.c_str(), &error),
                  error);
  }

  bool run(const Request &request, int64_t processStart) {
    std::vector<int64_t> dims;
    for (size_t i = 0; i < info.dim_count; ++i) {
      auto given = request.dims.find(info.dims[i].name);
      dims.push_back(given == request.dims.end() ? info.dims[i].min : given->second);
    }
    std::vector<Item> inputs(info.input_count), outputs(info.output_count);
    std::vector<Storage> storage(info.input_count);
    std::vector<Source> sources;
    std::vector<size_t> sizes(info.input_count);
    for (size_t i = 0; i < info.input_count; ++i) {
      auto source = request.inputs.find(info.inputs[i].name);
      if (source == request.inputs.end())
        return complain(std::string("no --input for ") + info.inputs[i].name);
      sources.emplace_back(source->second);
      if (!sizeOfFile(sources[i].path, sizes[i]))
        return false;
    }
    const Blocks files(sizes);
    if (!files.complete)
      return complain("this machine has no memory for the inputs");
    for (size_t i = 0; i < info.input_count; ++i)
      if (!readFile(sources[i].path, files[i], sizes[i]) ||
          !loadInput(info.inputs[i], sources[i], files[i], sizes[i], inputs[i], storage[i]))
        return false;
    if (!provideMemory(dims, request.keepState))
      return false;

    info.shapes(dims.data(), state.data, outputs.data());
    sizes.assign(info.output_count, 0);
    for (size_t i = 0; i < info.output_count; ++i)
      if (!info.outputs[i].in_workspace)
        sizes[i] = ingot_bytes(outputs[i].count, info.outputs[i].type);
    const Blocks results(sizes);
    if (!results.complete)
      return complain("this machine has no memory for the outputs");
    for (size_t i = 0; i < info.output_count; ++i)
      if (!info.outputs[i].in_workspace)
        outputs[i].tensor.data = results[i];
    if (!runOnce(dims, inputs, outputs))
      return false;
    const double cold = double(nowNanoseconds() - processStart) * 1e-6;
    if (!request.bench) {
      for (size_t i = 0; i < info.output_count; ++i)
        if (!saveOutput(info.outputs[i], outputs[i], i, request.save))
          return false;
      return true;
    }
    return measure(request, dims, inputs, outputs, cold);
  }

private:
  const Model &info;
  std::string target, weights;
  Block model, context, state;
  std::unique_ptr<Memory> workspace, stateMemory;
  ingot::pool pool;

  static bool report(ingot_status status, const ingot_error &error) {
    if (status == INGOT_OK)
      return true;
    std::printf("error\t%s\t%s\n", ingot_status_name(status), error.text);
    return false;
  }

  bool initContext(size_t bytes) {
    ingot_error error = {};
    workspace = std::make_unique<Memory>(info);
    if (!report(workspace->provide(bytes, &error), error))
      return false;
    return report(info.context_init(context.data, model.data, workspace->data, bytes, pool.executor(), &error), error);
  }

  bool provideMemory(const std::vector<int64_t> &dims, bool keepState) {
    ingot_error error = {};
    ingot_sizes sizes = {};
    // A dimension of 0 is a limit of 0, which stands for the bound; 1 serves it.
    std::vector<int64_t> limits = dims;
    for (int64_t &limit : limits)
      limit = limit == 0 ? 1 : limit;
    if (!report(info.query(limits.data(), &sizes, &error), error))
      return false;
    if ((!workspace || workspace->size < sizes.workspace) && !initContext(sizes.workspace))
      return false;
    if (!info.state_size || (keepState && stateMemory && stateMemory->size >= sizes.state))
      return true;
    if (keepState && stateMemory)
      return complain("--continue: the state's memory is too small for these dimensions");
    stateMemory = std::make_unique<Memory>(info);
    if (!report(stateMemory->provide(sizes.state, &error), error))
      return false;
    return report(info.state_init(state.data, model.data, stateMemory->data, sizes.state, &error), error);
  }

  bool runOnce(const std::vector<int64_t> &dims, std::vector<Item> &inputs, std::vector<Item> &outputs) {
    for (int attempt = 0;; ++attempt) {
      ingot_error error = {};
      const ingot_status status =
          info.run(context.data, dims.data(), inputs.data(), state.data, outputs.data(), &error);
      if (status != INGOT_NEED_WORKSPACE || std::strcmp(error.name, "workspace") != 0 || attempt == 32)
        return report(status, error);
      // Data-dependent outputs: the run says what it needs.
      if (!initContext(std::max(size_t(error.expected), workspace->size * 2)))
        return false;
    }
  }

  // What the steps of one run took and what passed between them, behind those of earlier runs.
  void keepSteps(int64_t run, std::vector<int64_t> &taken) {
    for (size_t k = 0; k < info.step_count; ++k) {
      taken.push_back(info.steps[k].nanoseconds);
      run -= info.steps[k].nanoseconds;
    }
    taken.push_back(run);
  }

  // One line a step: step INDEX CALLS TILES GRAIN MIN_MS MEDIAN_MS. The last line, whose index is behind all, is what passed between.
  void printSteps(size_t runs, const std::vector<int64_t> &taken) {
    const Step none = {};
    for (size_t k = 0; k <= info.step_count; ++k) {
      std::vector<int64_t> all;
      for (size_t run = 0; run < runs; ++run)
        all.push_back(taken[run * (info.step_count + 1) + k]);
      std::sort(all.begin(), all.end());
      const Step &step = k < info.step_count ? info.steps[k] : none;
      std::printf("step\t%zu\t%lld\t%lld\t%lld\t%.6f\t%.6f\n", k, (long long)step.calls, (long long)step.tiles, (long long)step.grain,
                  double(all[0]) * 1e-6, double(all[runs / 2]) * 1e-6);
    }
  }

  bool measure(const Request &request, const std::vector<int64_t> &dims, std::vector<Item> &inputs,
               std::vector<Item> &outputs, double cold) {
    std::vector<double> times;
    const int64_t begin = nowNanoseconds();
    int64_t last = begin;
    std::vector<int64_t> taken;                // by the steps of each run
    constexpr size_t enough = size_t(1) << 22; // of those numbers: 32 MiB
    while (times.size() < 5 || (double(last - begin) < request.seconds * 1e9 && taken.size() < enough)) {
      if (info.state_size && !request.keepState)
        info.state_reset(state.data);
      for (size_t k = 0; k < info.step_count; ++k)
        info.steps[k].nanoseconds = info.steps[k].calls = 0;
      const int64_t start = nowNanoseconds();
      if (!runOnce(dims, inputs, outputs))
        return false;
      last = nowNanoseconds();
      times.push_back(double(last - start) * 1e-6);
      if (info.steps)
        keepSteps(last - start, taken);
    }
    if (info.steps)
      printSteps(times.size(), taken);
    std::sort(times.begin(), times.end());
    const size_t n = times.size();
    std::printf("bench\truns=%zu\tmin_ms=%.6f\tmedian_ms=%.6f\tp99_ms=%.6f\tcold_ms=%.3f\trss_mb=%.1f\tthreads=%d\n", n,
                times[0], times[n / 2], times[std::min(n - 1, n * 99 / 100)], cold, residentMegabytes(),
                pool.threads());
    return true;
  }
};

bool parse(const std::vector<std::string> &args, Request &request) {
  size_t i = 0;
  if (i < args.size() && (args[i] == "run" || args[i] == "bench"))
    request.bench = args[i++] == "bench";
  if (i >= args.size())
    return complain("no model named");
  request.model = args[i++];
  for (; i < args.size(); ++i) {
    const std::string &option = args[i];
    if (option == "--continue") {
      request.keepState = true;
      continue;
    }
    if (i + 1 >= args.size())
      return complain("no value behind " + option);
    const std::string &value = args[++i];
    const size_t equal = value.find('='); // ONNX names may hold '=': the file comes last
    if (option == "--dim" && equal != std::string::npos)
      request.dims[value.substr(0, equal)] = std::strtoll(value.c_str() + equal + 1, nullptr, 10);
    else if (option == "--input" && value.rfind('=') != std::string::npos)
      request.inputs[value.substr(0, value.rfind('='))] = value.substr(value.rfind('=') + 1);
    else if (option == "--save")
      request.save = value;
    else if (option == "--threads")
      request.threads = std::atoi(value.c_str());
    else if (option == "--target")
      request.target = value;
    else if (option == "--weights")
      request.weights = value;
    else if (option == "--seconds")
      request.seconds = std::atof(value.c_str());
    else if (option == "--started")
      request.started = std::strtoll(value.c_str(), nullptr, 10);
    else
      return complain("unknown option " + option);
  }
  return true;
}

bool serve(const std::vector<std::string> &args, std::unique_ptr<Session> &session, int64_t processStart) {
  Request request;
  if (!parse(args, request))
    return false;
  if (!session || !session->serves(request)) {
    session.reset();
    for (const Model *const *model = models; *model; ++model)
      if (request.model == (*model)->name) {
        session = std::make_unique<Session>(**model, request);
        if (!session->open()) {
          session.reset();
          return false;
        }
        break;
      }
  }
  if (!session)
    return complain("no model " + request.model + " in this program");
  return session->run(request, request.started ? request.started : processStart);
}

} // namespace

int main(int argc, char **argv) {
  const int64_t start = nowNanoseconds();
  std::vector<std::string> args(argv + 1, argv + argc);
  std::unique_ptr<Session> session;
  if (args.size() == 1 && args[0] == "--list") {
    for (const Model *const *model = models; *model; ++model)
      std::printf("%s\n", (*model)->name);
    return 0;
  }
  if (args.size() != 2 || args[0] != "--script")
    return serve(args, session, start) ? 0 : 1;
  size_t size = 0;
  if (!sizeOfFile(args[1], size))
    return 2;
  Bytes script(size);
  if (!readFile(args[1], script.data(), size))
    return 2;
  int failures = 0, number = 0;
  std::vector<std::string> line(1);
  script.push_back('\n');
  for (unsigned char c : script) {
    if (c == '\t') {
      line.emplace_back();
    } else if (c != '\n') {
      line.back() += char(c);
    } else if (line.size() > 1 || !line[0].empty()) {
      const bool ok = serve(line, session, start);
      failures += !ok;
      std::printf("done\t%d\t%s\n", number++, ok ? "ok" : "failed");
      std::fflush(stdout);
      line.assign(1, "");
    }
  }
  return failures ? 1 : 0;
}
