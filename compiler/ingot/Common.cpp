//===- Common.cpp - arguments and inputs that the commands share -------------------------===//
#include "codegen/package/Text.h"
#include "compiler/ingot/Commands.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"

using namespace llvm;
namespace ingot {

CLI::Option *addRepeated(CLI::App &app, const std::string &name, std::vector<std::string> &values, const std::string &form,
                         const std::string &help) {
  return app.add_option(name, values, help)->type_name(form)->allow_extra_args(false);
}

void ModelArguments::add(CLI::App &app, const std::string &defaultTarget, const std::string &what) {
  command = &app;
  target = defaultTarget;
  app.add_option(what == "model.onnx" ? "MODEL" : "MODEL|DIR", model, what)->required();
  // `native` is what this machine is: good for running here, never for a library that is shipped.
  std::string names = join(machineNames(), ", ") + (defaultTarget == "native" ? ", native" : "");
  app.add_option("--target", target, names + "; CPUs of one architecture may share a library: x86-64-v3,x86-64-v4")
      ->type_name("T[,T…]")
      ->capture_default_str();
  app.add_option("--name", name, "name of the library; from the file name if absent");
  addRepeated(app, "--dim", dims, "NAME=K|A..B", "NAME=K fixes a named dimension, NAME=A..B bounds it");
  addRepeated(app, "--shape", shapes, "INPUT=1x3x224x224", "the shape of an input; ? leaves a dimension open");
  addRepeated(app, "--state", states, "IN=OUT:AXIS:MAX", "keeps a cache in the caller's state, updated in place; IN=OUT a tensor that is replaced. "
                                    "* stands for the same text in IN and OUT");
  app.add_option("--weights", weights, "embed, file or array; embed up to 1 GiB, file beyond")
      ->check(CLI::IsMember({"embed", "file", "array"}));
  app.add_option("--cxx", cxx, "C++ compiler (nvcc for CUDA)");
  app.add_option("--cxxflags", cxxflags, "more flags for it");
  app.add_option("--ar", ar, "archiver");
  app.add_option("--objcopy", objcopy, "objcopy that knows the target's object files");
  app.add_option("--sysroot", sysroot, "root of the target's headers and libraries");
  app.add_flag("--quiet", quiet, "no progress and no summary");
  app.add_flag("--timing", timing, "a table of time and memory by stage, on stderr");
  app.add_option("--diagnostics", diagnostics, "text or json")->check(CLI::IsMember({"text", "json"}))->capture_default_str();
}

bool ModelArguments::parse(CompileOptions &options) const {
  auto wrong = [&](const Twine &text) {
    complain(*this, text);
    return false;
  };
  std::string problem;
  std::vector<Machine> machines = findMachines(target, problem);
  if (machines.empty())
    return wrong(problem);
  if (!name.empty() && !package::isValidLibraryName(name))
    return wrong("--name " + name + ": " + package::libraryNameRule);
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
  if (!weights.empty())
    options.weights = weights == "file"    ? package::WeightForm::File
                      : weights == "array" ? package::WeightForm::Array
                                           : package::WeightForm::Embed;
  options.toolchain = toolchainFor(machines.front());
  return true;
}

package::ToolchainOptions ModelArguments::toolchainFor(const Machine &machine) const {
  package::ToolchainOptions t;
  if (!cxx.empty())
    t.cxx = cxx;
  else if (machine.kind == MachineKind::Cuda)
    t.cxx = "nvcc";
#if defined(__x86_64__)
  else if (!machine.triple.empty())
    t.cxx = machine.triple + "-g++";
#endif
  package::deriveTools(t);
  if (!ar.empty())
    t.ar = ar;
  if (!objcopy.empty())
    t.objcopy = objcopy;
  t.sysroot = sysroot;
  BumpPtrAllocator allocator;
  StringSaver saver(allocator);
  SmallVector<const char *> flags;
  cl::TokenizeGNUCommandLine(cxxflags, saver, flags); // quotes work as in a shell
  t.cxxFlags.assign(flags.begin(), flags.end());
  return t;
}

ExitCode gatherInputs(const ModelArguments &arguments, const Prepared &prepared, const std::string &data,
                      const std::vector<std::string> &files, std::vector<TensorValue> &inputs) {
  const package::LibrarySpec &spec = prepared.spec;
  bool bad = false;
  auto complain = [&](const Twine &text, const Twine &remedy = "") {
    ingot::complain(arguments, text, remedy);
    bad = true;
  };
  std::vector<std::string> names;
  for (auto &in : spec.inputs)
    names.push_back(in.label());
  for (StringRef f : files)
    if (none_of(names, [&](const std::string &name) { return f.starts_with(name + "="); }))
      complain("--input " + f + " names no input; " + knownNames(f.split('=').first, names));
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
      path = data + "/input_" + std::to_string(in.index) + ".pb";
    if (!path.empty()) {
      auto v = readValue(path, in.kind, problem);
      if (!v) {
        complain(in.label() + ": " + problem);
        continue;
      }
      auto typeName = [](int type) -> std::string {
        const ElementType *e = elementTypeOfOnnx(type);
        return e ? e->name : "ONNX element type " + std::to_string(type);
      };
      if (in.kind == package::ValueKind::Tensor && v->items.at(0).type != int(in.type))
        complain(in.label() + ": " + path + " holds " + typeName(v->items[0].type) + ", expected " + typeName(int(in.type)),
                 "convert the file, in numpy: x.astype(…)");
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
