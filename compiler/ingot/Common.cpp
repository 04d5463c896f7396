//===- Common.cpp - arguments, reports and the cache that the commands share -------------===//
#include "codegen/package/Runner.h"
#include "compiler/ingot/Commands.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/SHA256.h"
#include <sstream>

using namespace llvm;
namespace ingot {

void ModelArguments::add(CLI::App &app, const std::string &defaultTarget) {
  target = defaultTarget;
  app.add_option("MODEL", model, "model.onnx")->required();
  app.add_option("--target", target, "x86-64-v2, -v3, -v4, aarch64, cuda-sm80, cuda-sm90a, native")->capture_default_str();
  app.add_option("--name", name, "name of the library; from the file name if absent");
  app.add_option("--dim", dims, "NAME=K fixes a named dimension, NAME=A..B bounds it");
  app.add_option("--shape", shapes, "INPUT=1x3x224x224; ? leaves a dimension open");
  app.add_option("--state", states, "IN=OUT:AXIS:MAX keeps a cache in the caller's state, updated in place; IN=OUT a tensor that is replaced. "
                                    "* stands for the same text in IN and OUT");
  app.add_option("--weights", weights, "embed, file or array")->check(CLI::IsMember({"embed", "file", "array"}))->capture_default_str();
  app.add_option("--cxx", cxx, "C++ compiler (nvcc for CUDA)");
  app.add_option("--cxxflags", cxxflags, "more flags for it");
  app.add_option("--ar", ar, "archiver");
  app.add_option("--sysroot", sysroot, "root of the target's headers and libraries");
  app.add_flag("--quiet", quiet, "no progress and no summary");
  app.add_flag("--timing", timing, "a table of time and memory by stage, on stderr");
  app.add_option("--diagnostics", diagnostics, "text or json")->check(CLI::IsMember({"text", "json"}))->capture_default_str();
}

static bool wrong(const Twine &text) {
  errs() << "ingot: " << text << "\n";
  return false;
}

bool ModelArguments::parse(CompileOptions &options) const {
  options.model = model;
  options.name = name;
  options.target = target;
  for (StringRef d : dims) {
    auto [key, value] = d.rsplit('=');
    ImportOptions::Range r{};
    auto [low, high] = value.split("..");
    bool range = value.contains("..");
    if (key.empty() || low.getAsInteger(10, r.low) || (range && high.getAsInteger(10, r.high)))
      return wrong("--dim " + d + ": expected NAME=K or NAME=A..B");
    if (!range)
      r.high = r.low;
    if (r.low < 0 || r.high < r.low)
      return wrong("--dim " + d + ": the range is empty or negative");
    options.dims[key.str()] = r;
  }
  for (StringRef s : shapes) {
    auto [key, value] = s.rsplit('=');
    std::vector<int64_t> shape;
    SmallVector<StringRef> parts;
    value.split(parts, 'x');
    for (StringRef p : parts) {
      int64_t d = -1;
      if (p != "?" && (p.getAsInteger(10, d) || d < 0))
        return wrong("--shape " + s + ": expected INPUT=1x3x224x224");
      shape.push_back(d);
    }
    if (key.empty())
      return wrong("--shape " + s + ": expected INPUT=1x3x224x224");
    options.shapes[key.str()] = shape;
  }
  for (StringRef s : states) {
    auto [in, rest] = s.split('=');
    SmallVector<StringRef> parts;
    // ONNX names may hold colons: axis and capacity are the last two fields if they are numbers.
    rest.split(parts, ':');
    StateOption o;
    int64_t axis, capacity;
    if (parts.size() >= 3 && !parts[parts.size() - 2].getAsInteger(10, axis) && !parts.back().getAsInteger(10, capacity)) {
      if (axis < 0)
        return wrong("--state " + s + ": the axis is negative");
      o.axis = axis;
      o.capacity = capacity;
      parts.pop_back_n(2);
    }
    o.input = in.str();
    o.output = join(parts, ":");
    if (o.input.empty() || o.output.empty() || StringRef(o.input).count('*') > 1 || StringRef(o.input).count('*') != StringRef(o.output).count('*'))
      return wrong("--state " + s + ": expected IN=OUT:AXIS:MAX, with at most one * in both names");
    if (o.axis >= 0 && o.capacity < 1)
      return wrong("--state " + s + ": the capacity must be positive");
    options.states.push_back(o);
  }
  options.weights = weights == "file" ? package::WeightForm::File : weights == "array" ? package::WeightForm::Array : package::WeightForm::Embed;
  auto row = findMachine(target);
  if (!row) {
    wrong("unknown target '" + target + "'; known: " + join(machineNames(), ", ") + ", native");
    return false;
  }
  auto &t = options.toolchain;
  if (!cxx.empty())
    t.cxx = cxx;
  else if (row->kind == MachineKind::Cuda)
    t.cxx = "nvcc";
#if defined(__x86_64__)
  else if (!row->triple.empty())
    t.cxx = row->triple + "-g++";
#endif
  package::deriveTools(t);
  if (!ar.empty())
    t.ar = ar;
  t.sysroot = sysroot;
  std::stringstream flags(cxxflags);
  for (std::string f; flags >> f;)
    t.cxxFlags.push_back(f);
  return true;
}

void report(const Compilation &c, const ModelArguments &arguments) {
  progress(arguments, "");
  if (arguments.diagnostics == "json")
    errs() << c.diagnostics.json() << "\n";
  else if (!c.diagnostics.all().empty())
    errs() << arguments.model << ":\n" << c.diagnostics.text();
  if (!c.message.empty())
    errs() << "ingot: " << c.message << "\n";
}

void progress(const ModelArguments &arguments, const std::string &text) {
  if (arguments.quiet || !sys::Process::StandardErrIsDisplayed())
    return;
  errs() << "\r\033[K" << text;
  if (text.empty())
    errs() << "\r";
}

//===----------------------------------------------------------------------===//
// Compiled models are kept
//===----------------------------------------------------------------------===//

static std::string cacheFolder() {
  if (const char *p = std::getenv("INGOT_CACHE_DIR"))
    return p;
  if (const char *p = std::getenv("XDG_CACHE_HOME"))
    return std::string(p) + "/ingot";
  if (const char *p = std::getenv("HOME"))
    return std::string(p) + "/.cache/ingot";
  return "/tmp/ingot-cache";
}

ExitCode prepare(const ModelArguments &arguments, const CompileOptions &options, Prepared &out) {
  out.compilation = std::make_unique<Compilation>(options);
  Compilation &c = *out.compilation;
  c.timing.onStage = [&](const std::string &stage) { progress(arguments, "compiling: " + stage); };
  if (ExitCode e = c.run(Stage::Library)) {
    report(c, arguments);
    return e;
  }
  // The key is what the library is made of: all its text and the content of its weights.
  SHA256 hash;
  for (auto &f : package::emitFiles(c.spec))
    hash.update(f.path), hash.update(f.text);
  hash.update(c.spec.build.modelSha256);
  for (auto &f : options.toolchain.cxxFlags)
    hash.update(f);
  hash.update(options.toolchain.cxx + options.toolchain.sysroot);
  std::string key = toHex(hash.final(), true).substr(0, 24);
  std::string base = cacheFolder() + "/models/" + c.spec.name + "-" + key;
  out.folder = base + "/library";
  out.executable = base + "/runner";
  if (sys::fs::exists(out.executable))
    return ExitOk;
  sys::fs::create_directories(base);
  if (ExitCode e = c.write(out.folder, true)) {
    report(c, arguments);
    return e;
  }
  progress(arguments, "linking a program that runs it");
  package::RunnerOptions runner;
  runner.toolchain = options.toolchain;
  runner.runtime = runtimeFolder();
  runner.isStatic = !c.machine.triple.empty();
  if (c.machine.kind == MachineKind::Cuda) // nvcc links CUDA's runtime, statically
    runner.linkFlags = {"-Xcompiler", "-static-libgcc,-static-libstdc++"};
  std::string aside = out.executable + "." + std::to_string(sys::Process::getProcessId());
  if (Error error = package::buildRunner({{&c.spec, out.folder}}, aside, runner)) {
    c.message = toString(std::move(error));
    report(c, arguments);
    return ExitToolchain;
  }
  sys::fs::rename(aside, out.executable);
  progress(arguments, "");
  return ExitOk;
}

ExitCode gatherInputs(const Prepared &prepared, const std::string &data, const std::vector<std::string> &files,
                      std::vector<TensorValue> &inputs) {
  const package::LibrarySpec &spec = prepared.compilation->spec;
  bool bad = false;
  auto complain = [&](const Twine &text) {
    errs() << "ingot: " << text << "\n";
    bad = true;
  };
  // Symbols of seeded inputs: the least size that is allowed and not degenerate.
  std::map<std::string, int64_t> seeded;
  for (auto &s : spec.symbols) // a state begins empty
    seeded[s.name] = s.kind == package::SymbolKind::Length ? 0 : std::max<int64_t>(s.min, 1);
  for (size_t i = 0; i < spec.inputs.size(); ++i) {
    const package::Value &in = spec.inputs[i];
    std::string path, problem;
    for (StringRef f : files)
      if (f.starts_with(in.label() + "="))
        path = f.drop_front(in.label().size() + 1).str();
    if (path.empty() && !data.empty())
      path = data + "/input_" + std::to_string(prepared.compilation->inputIndex(in.label())) + ".pb";
    if (!path.empty()) {
      auto v = readValue(path, in.kind, problem);
      if (!v) {
        complain(in.label() + ": " + problem);
        continue;
      }
      if (in.kind == package::ValueKind::Tensor && v->items.at(0).type != int(in.type))
        complain(in.label() + ": element type " + Twine(v->items[0].type) + " in " + path + ", expected " + Twine(int(in.type)));
      inputs.push_back(*v);
      continue;
    }
    if (in.kind != package::ValueKind::Tensor) {
      complain(in.label() + ": a sequence or optional needs --input or --data");
      continue;
    }
    std::vector<int64_t> dims;
    for (auto &d : in.dims)
      dims.push_back(DimExpr::parse(d)
                         ->evaluate([&](StringRef s) -> std::optional<int64_t> { return seeded[s.str()]; })
                         .value_or(1));
    TensorValue v;
    v.items.push_back(seededTensor(i + 1, in.type, dims));
    inputs.push_back(v);
  }
  return bad ? ExitBadInput : ExitOk;
}

} // namespace ingot
