//===- RunCommands.cpp - ingot run, verify and bench ------------------------------------------===//
#include "compiler/driver/Library.h"
#include "compiler/ingot/Commands.h"
#include "compiler/ingot/Comparison.h"
#include "compiler/ingot/Profile.h"
#include "compiler/inspect/Print.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace llvm;
namespace ingot {

namespace {
struct RunArguments : ModelArguments {
  std::string data, save;
  std::vector<std::string> inputs, keep;
  int threads = 1;
  double seconds = 2;
  bool json = false, profile = false;

  void addData(CLI::App &app, const char *what = "a test_data_set_K folder (input_0.pb, …)") {
    app.add_option("--data", data, what);
    app.add_option("--threads", threads, "threads of the pool")->check(CLI::Range(1, 1024))->capture_default_str();
    app.footer("What is compiled for this is kept: INGOT_CACHE_DIR is the folder, ~/.cache/ingot if absent, INGOT_CACHE_SIZE how large\n"
               "it grows, 10G if absent. A value's file is an array of numpy (.npy) or a serialised ONNX tensor (.pb).");
  }
};

/// `target`: one of the library's; null is the one that the user chose, or the best that this processor has. `executable`: another
/// program than p's.
ExitCode runOnce(const Prepared &p, const std::vector<TensorValue> &inputs, const RunArguments &a, bool bench, RunResult &result,
                 const Machine *target = nullptr, const std::string &executable = "") {
  RunRequest request;
  request.inputs = inputs;
  if (p.spec.weights.bytes && p.spec.weights.form == package::WeightForm::File)
    request.weights = p.folder + "/weights/" + p.spec.name + ".weights";
  request.target = target ? target->name : p.target;
  request.threads = a.threads;
  request.bench = bench;
  request.seconds = a.seconds;
  std::string problem;
  if (!bindSymbols(p.spec, inputs, request.dims, problem)) {
    complain(a, problem);
    return ExitBadInput;
  }
  result = execute(p.spec, p.machines.front(), executable.empty() ? p.executable : executable, request);
  if (result.ok)
    return ExitOk;
  complain(a, result.problem);
  return ExitBadInput;
}

ExitCode run(const RunArguments &a) {
  Prepared p;
  if (ExitCode e = prepare(a, p))
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
  auto &outputs = p.spec.outputs;
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
    std::string stem = a.save + "/output_" + std::to_string(outputs[i].index);
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
  expected.resize(p.spec.outputs.size());
  for (auto [value, o] : zip_equal(expected, p.spec.outputs)) {
    if (p.kept.added.count(o.label()))
      continue;
    std::string problem, path = set + "/output_" + std::to_string(o.index) + ".pb";
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
bool compareOutputs(const Prepared &p, const std::vector<TensorValue> &got, const std::vector<TensorValue> &expected, bool print = true) {
  bool all = true;
  for (auto [o, value, wanted] : zip_equal(p.spec.outputs, got, expected)) {
    if (p.kept.added.count(o.label()))
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
  if (a.keep.empty())
    return compareOutputs(p, got, expected);
  bool hasData = !a.data.empty();
  KeptComparison kept(p.spec, p.kept, got, reference);
  std::set<std::string> below; // compared with the reference too
  for (const package::Value &o : p.spec.outputs)
    if (!hasData && !p.kept.added.count(o.label()))
      below.insert(o.label());
  kept.print(below);
  outs() << (hasData ? " outputs and the data set:\n" : " outputs and the reference:\n");
  bool all = compareOutputs(p, got, expected);
  if (hasData && !all)
    outs() << (compareOutputs(p, reference, expected, false)
                   ? " the reference matches the data set\n"
                   : " the reference differs from the data set too: look at what an operator means, or at the data, not at the optimisation\n");
  kept.printSummary();
  return all && kept.ok();
}

ExitCode verify(const RunArguments &a) {
  if (sys::fs::is_directory(a.model)) {
    complain(a, a.model + " is a folder; verify compares a model with what is compiled from it",
             "give the model.onnx; 'ingot run' and 'ingot bench' take a compiled folder");
    return ExitBadInput;
  }
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
    if (ExitCode e = prepareReference(a, options, p.machines.front(), plain))
      return e;
    outs() << "reference: the same model compiled without fusion, packing and vectors, on " << (a.data.empty() ? "seeded" : "the same") << " inputs\n";
  }
  if (!a.keep.empty())
    if (std::string text = leftOutText(p.spec, p.kept); !text.empty())
      outs() << "not kept: " << text << "\n";
  // Of several targets each that this processor has: what is compiled for two is not right if one of them is.
  std::vector<Machine> targets = p.machines;
  bool several = targets.size() > 1, all = true;
  for (const Machine &target : targets)
    if (several && !runsOn(target, *findMachine("native")))
      outs() << target.name << ": not run, this processor lacks it\n";
  if (several)
    erase_if(targets, [](const Machine &m) { return !runsOn(m, *findMachine("native")); });
  if (targets.empty())
    targets.push_back(p.machines.back()); // the library says that it cannot
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
      if (ExitCode e = runOnce(p, inputs, a, false, r, &target)) {
        if (!head.empty())
          complain(a, "this was " + head);
        return e;
      }
      if (!head.empty())
        outs() << head << ":\n";
      all &= judge(p, a, r.outputs, reference, expected);
    }
  }
  return all ? ExitOk : ExitMismatch;
}

/// What was measured, and of what: the figures say nothing without it.
nlohmann::ordered_json benchJson(const Prepared &p, const RunArguments &a, RunResult &r, const std::map<std::string, int64_t> &dims) {
  nlohmann::ordered_json j;
  for (const char *key : {"min_ms", "median_ms", "p99_ms", "cold_ms", "rss_mb", "code_kb", "weights_kb", "gflops"})
    j[key] = r.bench[key];
  j["model"] = p.spec.name;
  j["target"] = p.target.empty() ? listOf(p.machines) : p.target;
  j["threads"] = a.threads;
  j["dims"] = dims;
  return j;
}

ExitCode bench(const RunArguments &a) {
  Prepared p;
  if (ExitCode e = prepare(a, p))
    return e;
  if (Error error = checkReport(p.folder)) {
    complain(a, toString(std::move(error)));
    return ExitBadInput;
  }
  auto text = MemoryBuffer::getFile(p.folder + "/report/report.json");
  auto report = text ? inspect::readReport((*text)->getBuffer().str()) : std::nullopt;
  if (!report) {
    complain(a, p.folder + "/report/report.json is missing or damaged", "compile the model to this folder again");
    return ExitBadInput;
  }
  std::vector<TensorValue> inputs;
  if (ExitCode e = gatherInputs(a, p, a.data, {}, inputs))
    return e;
  std::string profiler;
  std::vector<std::string> steps;
  for (const inspect::StepFacts &s : report->steps)
    steps.push_back(s.name);
  if (a.profile)
    if (ExitCode e = prepareProfile(a, p, steps, profiler))
      return e;
  // A fresh process for the first result, another for the rest.
  RunResult r, profiled;
  if (ExitCode e = runOnce(p, inputs, a, true, r))
    return e;
  if (a.profile)
    if (ExitCode e = runOnce(p, inputs, a, true, profiled, nullptr, profiler))
      return e;
  if (a.profile && profiled.steps.size() != steps.size() + 1) { // the last is what passes between them
    complain(a, "the program that measures each step says " + std::to_string(profiled.steps.size()) + " times, expected " +
                    std::to_string(steps.size() + 1) + ": of each step in the report and of what passes between them",
             "remove " + profiler + " and try again");
    return ExitBadInput;
  }
  std::map<std::string, int64_t> dims;
  std::string problem;
  bindSymbols(p.spec, inputs, dims, problem); // runOnce has seen that it works
  Expected<uint64_t> code = package::codeBytes(p.folder + "/lib/lib" + p.spec.name + ".a", p.spec.name);
  if (!code) {
    complain(a, "cannot read the library: " + toString(code.takeError()));
    return ExitBadInput;
  }
  r.bench["weights_kb"] = double(p.spec.weights.bytes) / 1e3;
  // As an array of a source file they lie among the constants, not in a section of their own.
  if (p.spec.weights.form == package::WeightForm::Array)
    *code -= std::min(*code, p.spec.weights.bytes);
  r.bench["code_kb"] = double(*code) / 1e3;
  r.bench["gflops"] = double(evaluate(report->flops, p.spec, dims).value_or(0)) * 1e-6 / r.bench["min_ms"];
  std::optional<Profile> profile;
  if (a.profile)
    profile.emplace(*report, p.spec, dims, profiled);
  if (a.json) {
    nlohmann::ordered_json j = benchJson(p, a, r, dims);
    if (profile)
      j["profile"] = profile->json();
    // Names need not be UTF-8; `replace` keeps dump from throwing.
    outs() << j.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << "\n";
    return ExitOk;
  }
  outs() << format("min %.4g ms, median %.4g ms, p99 %.4g ms; first result %.4g ms after process start\n", r.bench["min_ms"],
                   r.bench["median_ms"], r.bench["p99_ms"], r.bench["cold_ms"])
         << format("%.4g GFLOP/s; resident %.1f MB, code %.1f kB, weights %.1f kB\n", r.bench["gflops"], r.bench["rss_mb"],
                   r.bench["code_kb"], r.bench["weights_kb"]);
  if (profile)
    profile->print(outs(), r.bench["median_ms"]);
  return ExitOk;
}
} // namespace

static const char *const runnable = "model.onnx, or a folder that 'ingot compile' wrote; --target chooses among those that it has";

/// Of --input. A name may hold '=' itself: which of them separates is known with the model.
static std::string inputForm(const std::string &text) {
  return StringRef(text).split('=').second.empty() || text[0] == '='
             ? "'" + text + "' is not of the form NAME=FILE; FILE is a .npy file, or a .pb file as data sets have them"
             : "";
}

void addRun(CLI::App &app, int &exitCode) {
  auto a = std::make_shared<RunArguments>();
  auto *sub = app.add_subcommand("run", "run a model, or a folder that 'compile' wrote, once and print its outputs' shapes");
  a->add(*sub, "native", runnable);
  a->addData(*sub);
  addRepeated(*sub, "--input", a->inputs, "NAME=FILE", "a .npy or .pb file; inputs without one are seeded")->check(inputForm);
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
  auto *sub = app.add_subcommand("bench", "time a model, or a folder that 'compile' wrote");
  a->add(*sub, "native", runnable);
  a->addData(*sub);
  sub->add_option("--seconds", a->seconds, "how long to measure")->check(seconds)->capture_default_str();
  sub->add_flag("--json", a->json, "one JSON object");
  sub->add_flag("--profile", a->profile, "measure each step of a run too: kernels and calls, the longest first; with --json all of them");
  sub->callback([a, &exitCode] { exitCode = bench(*a); });
}

} // namespace ingot
