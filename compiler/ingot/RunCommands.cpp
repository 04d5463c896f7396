//===- RunCommands.cpp - ingot run, verify and bench ------------------------------------------===//
#include "compiler/ingot/Comparison.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Path.h"
#include <nlohmann/json.hpp>

using namespace llvm;
namespace ingot {

namespace {
struct RunArguments : ModelArguments {
  std::string data, save;
  std::vector<std::string> inputs, keep;
  int threads = 1;
  double seconds = 2;
  bool json = false;

  void addData(CLI::App &app, const char *what = "a test_data_set_K folder (input_0.pb, …)") {
    app.add_option("--data", data, what);
    app.add_option("--threads", threads, "threads of the pool")->check(CLI::Range(1, 1024))->capture_default_str();
  }
};

/// `target`: one of the library's; null is the best that this processor has.
ExitCode runOnce(const Prepared &p, const std::vector<TensorValue> &inputs, const RunArguments &a, bool bench, RunResult &result,
                 const Machine *target = nullptr) {
  RunRequest request;
  request.inputs = inputs;
  if (p.compilation->spec.weights.bytes && p.compilation->spec.weights.form == package::WeightForm::File)
    request.weights = p.folder + "/weights/" + p.compilation->spec.name + ".weights";
  if (target)
    request.target = target->name;
  request.threads = a.threads;
  request.bench = bench;
  request.seconds = a.seconds;
  std::string problem;
  if (!bindSymbols(p.compilation->spec, inputs, request.dims, problem)) {
    complain(a, problem);
    return ExitBadInput;
  }
  result = execute(p.compilation->spec, p.compilation->machines.front(), p.executable, request);
  if (result.ok)
    return ExitOk;
  complain(a, result.problem);
  return ExitBadInput;
}

ExitCode run(const RunArguments &a) {
  CompileOptions options;
  if (!a.parse(options))
    return ExitUsage;
  Prepared p;
  if (ExitCode e = prepare(a, options, p))
    return e;
  std::vector<TensorValue> inputs;
  if (ExitCode e = gatherInputs(a, p, a.data, a.inputs, inputs))
    return e;
  RunResult r;
  if (ExitCode e = runOnce(p, inputs, a, false, r))
    return e;
  if (!a.save.empty() && sys::fs::create_directories(a.save)) {
    complain(a, "cannot make the folder " + a.save, "choose another with --save");
    return ExitBadInput;
  }
  auto &outputs = p.compilation->spec.outputs;
  for (size_t i = 0; i < r.outputs.size(); ++i) {
    const TensorValue &v = r.outputs[i];
    outs() << outputs[i].label() << ": ";
    if (v.kind == package::ValueKind::Sequence)
      outs() << "sequence of " << v.items.size() << "\n";
    else if (!v.present)
      outs() << "absent\n";
    else
      outs() << describe(v.items.at(0)) << "\n";
    if (a.save.empty())
      continue;
    unsigned k = p.compilation->outputIndex(outputs[i].label());
    std::string stem = a.save + "/output_" + std::to_string(k);
    if (!writeProto(stem + ".pb", v, outputs[i].label())) {
      complain(a, "cannot write " + stem + ".pb", "choose another folder with --save");
      return ExitBadInput;
    }
    if (v.kind == package::ValueKind::Tensor)
      writeNpy(stem + ".npy", v.items[0]);
  }
  return ExitOk;
}

/// Folders test_data_set_K in `data`, or `data` itself.
std::vector<std::string> dataSets(const std::string &data) {
  std::vector<std::string> out;
  if (sys::fs::exists(data + "/input_0.pb") || sys::fs::exists(data + "/output_0.pb"))
    return {data};
  for (int k = 0; sys::fs::is_directory(data + "/test_data_set_" + std::to_string(k)); ++k)
    out.push_back(data + "/test_data_set_" + std::to_string(k));
  return out;
}

/// output_0.pb, … of a data set, in the place of the reference's outputs in `expected`. Values that --keep added stay: no data set has them.
bool readExpected(const Prepared &p, const std::string &set, const RunArguments &a, std::vector<TensorValue> &expected) {
  expected.resize(p.compilation->spec.outputs.size());
  for (auto [value, o] : zip_equal(expected, p.compilation->spec.outputs)) {
    if (p.compilation->kept.added.count(o.label()))
      continue;
    std::string problem, path = set + "/output_" + std::to_string(p.compilation->outputIndex(o.label())) + ".pb";
    auto v = readValue(path, o.kind, problem);
    if (!v) {
      complain(a, problem);
      return false;
    }
    value = *v;
  }
  return true;
}

/// Compares the model's own outputs with what is expected; whether all match.
bool compareOutputs(const Compilation &c, const std::vector<TensorValue> &got, const std::vector<TensorValue> &expected, bool print = true) {
  bool all = true;
  for (auto [o, value, wanted] : zip_equal(c.spec.outputs, got, expected)) {
    if (c.kept.added.count(o.label()))
      continue;
    for (const Comparison &result : compareValue(o.label(), value, wanted)) {
      all &= result.ok;
      if (!print)
        continue;
      result.print();
      if (!result.ok)
        complainInJson({(result.shape.empty() ? "" : "differs from what is expected: ") + result.text, "", result.name, "", result.shape});
    }
  }
  return all;
}

/// The model compiled without optimisation, for this processor: what is compared with where no data set says what is right.
ExitCode prepareReference(RunArguments a, CompileOptions options, const Machine &machine, Prepared &plain) {
  options.optimise = false;
  options.target = a.target = "x86-64-v2";
  if (machine.kind != MachineKind::Cpu || !machine.triple.empty()) { // the tools that were given are another processor's
    a.cxx = a.cxxflags = a.ar = a.objcopy = a.sysroot = "";
    CompileOptions host;
    if (!a.parse(host))
      return ExitUsage;
    options.toolchain = host.toolchain;
  }
  return prepare(a, options, plain);
}

/// Compares one run with what is expected and, with --keep, with the reference; whether all matches.
bool judge(const Prepared &p, const RunArguments &a, const std::vector<TensorValue> &got, const std::vector<TensorValue> &reference,
           const std::vector<TensorValue> &expected) {
  const Compilation &c = *p.compilation;
  if (a.keep.empty())
    return compareOutputs(c, got, expected);
  bool hasData = !a.data.empty();
  KeptComparison kept(c, got, reference);
  std::set<std::string> below; // compared with the reference too
  for (const package::Value &o : c.spec.outputs)
    if (!hasData && !c.kept.added.count(o.label()))
      below.insert(o.label());
  outs() << " kept values and the reference:\n";
  kept.print(below);
  outs() << (hasData ? " outputs and the data set:\n" : " outputs and the reference:\n");
  bool all = compareOutputs(c, got, expected);
  if (hasData && !all)
    outs() << (compareOutputs(c, reference, expected, false)
                   ? " the reference matches the data set\n"
                   : " the reference differs from the data set too: look at what an operator means, or at the data, not at the optimisation\n");
  kept.printSummary();
  return all && kept.ok();
}

ExitCode verify(const RunArguments &a) {
  CompileOptions options;
  if (!a.parse(options))
    return ExitUsage;
  options.keep = a.keep;
  Prepared p;
  if (ExitCode e = prepare(a, options, p))
    return e;
  std::vector<std::string> sets = {""};
  if (!a.data.empty()) {
    sets = dataSets(a.data);
    if (sets.empty()) {
      complain(a, a.data + " has neither input_0.pb nor test_data_set_0", "give --data a folder with input_K.pb per input");
      return ExitBadInput;
    }
  }
  Prepared plain;
  bool needsReference = a.data.empty() || !a.keep.empty();
  if (needsReference) {
    if (ExitCode e = prepareReference(a, options, p.compilation->machines.front(), plain))
      return e;
    outs() << "reference: the same model compiled without fusion, packing and vectors, on " << (a.data.empty() ? "seeded" : "the same") << " inputs\n";
  }
  if (!a.keep.empty())
    if (std::string text = leftOutText(*p.compilation); !text.empty())
      outs() << "not kept: " << text << "\n";
  // Of several targets each that this processor has: what is compiled for two is not right if one of them is.
  std::vector<Machine> targets = p.compilation->machines;
  bool several = targets.size() > 1, all = true;
  for (const Machine &target : targets)
    if (several && !runsOn(target, *findMachine("native")))
      outs() << target.name << ": not run, this processor lacks it\n";
  if (several)
    erase_if(targets, [](const Machine &m) { return !runsOn(m, *findMachine("native")); });
  if (targets.empty())
    targets.push_back(p.compilation->machines.back()); // the library says that it cannot
  for (const std::string &set : sets) {
    std::vector<TensorValue> inputs;
    if (ExitCode e = gatherInputs(a, p, set, a.inputs, inputs))
      return e;
    std::vector<TensorValue> reference, expected;
    if (needsReference) {
      RunResult r;
      if (ExitCode e = runOnce(plain, inputs, a, false, r))
        return e;
      reference = expected = std::move(r.outputs);
    }
    if (!set.empty() && !readExpected(p, set, a, expected))
      return ExitBadInput;
    for (const Machine &target : targets) {
      std::string head = sys::path::filename(set).str();
      if (several)
        head += (head.empty() ? "" : ", ") + target.name;
      RunResult r;
      if (ExitCode e = runOnce(p, inputs, a, false, r, &target))
        return e;
      if (!head.empty())
        outs() << head << ":\n";
      all &= judge(p, a, r.outputs, reference, expected);
    }
  }
  return all ? ExitOk : ExitMismatch;
}

ExitCode bench(const RunArguments &a) {
  CompileOptions options;
  if (!a.parse(options))
    return ExitUsage;
  Prepared p;
  if (ExitCode e = prepare(a, options, p))
    return e;
  std::vector<TensorValue> inputs;
  if (ExitCode e = gatherInputs(a, p, a.data, {}, inputs))
    return e;
  // A fresh process for the first result, another for the rest.
  RunResult r;
  if (ExitCode e = runOnce(p, inputs, a, true, r))
    return e;
  uint64_t archive = 0;
  sys::fs::file_size(p.folder + "/lib/lib" + p.compilation->spec.name + ".a", archive);
  double weights = double(p.compilation->spec.weights.bytes);
  bool embedded = p.compilation->spec.weights.form == package::WeightForm::Embed;
  r.bench["weights_kb"] = weights / 1e3;
  r.bench["code_kb"] = (double(archive) - (embedded ? weights : 0)) / 1e3;
  r.bench["gflops"] = p.compilation->gflop(inputs) / (r.bench["min_ms"] * 1e-3);
  if (a.json) {
    nlohmann::ordered_json j;
    for (const char *key : {"min_ms", "median_ms", "p99_ms", "cold_ms", "rss_mb", "code_kb", "weights_kb", "gflops"})
      j[key] = r.bench[key];
    // What was measured: the figures say nothing without it.
    std::map<std::string, int64_t> dims;
    std::string problem;
    bindSymbols(p.compilation->spec, inputs, dims, problem); // runOnce has seen that it works
    j["model"] = p.compilation->spec.name;
    j["target"] = listOf(p.compilation->machines);
    j["threads"] = a.threads;
    j["dims"] = dims;
    outs() << j.dump() << "\n";
    return ExitOk;
  }
  outs() << format("min %.4g ms, median %.4g ms, p99 %.4g ms; first result %.4g ms after process start\n", r.bench["min_ms"],
                   r.bench["median_ms"], r.bench["p99_ms"], r.bench["cold_ms"])
         << format("%.4g GFLOP/s; resident %.1f MB, code %.1f kB, weights %.1f kB\n", r.bench["gflops"], r.bench["rss_mb"],
                   r.bench["code_kb"], r.bench["weights_kb"]);
  return ExitOk;
}
} // namespace

void addRun(CLI::App &app, int &exitCode) {
  auto a = std::make_shared<RunArguments>();
  auto *sub = app.add_subcommand("run", "compile a model, run it once and print its outputs' shapes");
  a->add(*sub, "native");
  a->addData(*sub);
  addRepeated(*sub, "--input", a->inputs, "NAME=FILE", "a .npy or .pb file; inputs without one are seeded");
  sub->add_option("--save", a->save, "folder for output_0.pb, output_0.npy, …");
  sub->callback([a, &exitCode] { exitCode = run(*a); });
}

void addVerify(CLI::App &app, int &exitCode) {
  auto a = std::make_shared<RunArguments>();
  auto *sub = app.add_subcommand("verify", "compare a model's outputs with expected ones, or with its unoptimised form");
  a->add(*sub, "native");
  a->addData(*sub, "a test_data_set_K folder (input_0.pb, output_0.pb, …), or a folder of them");
  addRepeated(*sub, "--keep", a->keep, "NAME|all",
              "makes an intermediate value an output, or all of them, and compares it with the model's unoptimised form: says which is "
              "the first that differs");
  sub->callback([a, &exitCode] { exitCode = verify(*a); });
}

/// CLI::Range lets nan through.
static std::string seconds(const std::string &text) {
  double s = 0;
  return !StringRef(text).getAsDouble(s) && s >= 0.01 && s <= 3600 ? "" : "expected 0.01 to 3600 seconds";
}

void addBench(CLI::App &app, int &exitCode) {
  auto a = std::make_shared<RunArguments>();
  auto *sub = app.add_subcommand("bench", "time a model");
  a->add(*sub, "native");
  a->addData(*sub);
  sub->add_option("--seconds", a->seconds, "how long to measure")->check(seconds)->capture_default_str();
  sub->add_flag("--json", a->json, "one JSON object");
  sub->callback([a, &exitCode] { exitCode = bench(*a); });
}

} // namespace ingot
