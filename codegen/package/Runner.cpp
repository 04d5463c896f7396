//===- Runner.cpp - Builds a program that runs generated libraries ------------------------------------------===//

#include "codegen/package/Runner.h"
#include "codegen/package/Emit.h"
#include "codegen/package/Process.h"
#include "codegen/package/Text.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"

using namespace llvm;

namespace ingot::package {

static const char *kindText(ValueKind kind) {
  switch (kind) {
  case ValueKind::Tensor: return "Kind::Tensor";
  case ValueKind::Untyped: return "Kind::Untyped";
  case ValueKind::Sequence: return "Kind::Sequence";
  case ValueKind::Optional: return "Kind::Optional";
  }
  return "";
}

static std::string valueInfos(StringRef name, ArrayRef<Value> values) {
  std::string text = ("const ValueInfo " + name + "[] = {\n").str();
  for (const Value &v : values)
    text += "    {" + quoted(v.label()) + ", " + elementText(v.type).enumerator + ", " + kindText(v.kind) + ", " +
            (isInWorkspace(v) ? "true" : "false") + "},\n";
  return text + "    {nullptr, INGOT_UNDEFINED, Kind::Tensor, false},\n};\n";
}

/// Statements that set the shape of output `index`.
static std::string setShape(const Value &v, size_t index) {
  std::string item = "outputs[" + std::to_string(index) + "]";
  std::string text = "  " + item + ".tensor.dtype = " + elementText(v.type).enumerator + ";\n  " + item +
                     ".tensor.rank = " + std::to_string(v.dims.size()) + ";\n";
  for (size_t axis = 0; axis < v.dims.size(); ++axis)
    text += "  " + item + ".tensor.dims[" + std::to_string(axis) + "] = checked(" + v.dims[axis] + ").value;\n";
  return text + "  " + item + ".count = (" + product(v.dims).code + ").value;\n";
}

static std::string stepTable(const LibrarySpec &spec) { return spec.name + "_runner_steps"; }

std::string emitRunnerGlue(const LibrarySpec &spec, std::optional<size_t> steps) {
  Interface i(spec);
  const std::string &n = spec.name;
  Substitutions s = {{"N", n}};
  std::string text = fill(R"(// @N@_glue.cpp - lets the runner call @N@.h; generated, see runner/runner.h.
#include "@N@.h"
#include "ingot/checked.h"
#include "runner/runner.h"

using ingot::align;
using ingot::ceildiv;
using ingot::checked;
using ingot::floordiv;
using ingot::max;
using ingot::min;
using ingot::mod;
using namespace ingot::runner;

namespace {

)",
                          s);
  text += "const DimInfo dim_infos[] = {\n";
  for (const Symbol *symbol : i.inputSymbols)
    text += "    {" + quoted(symbol->name) + ", " + std::to_string(symbol->min) + ", " +
            (symbol->max ? std::to_string(*symbol->max) : "INT64_MAX") + "},\n";
  text += "    {nullptr, 0, 0},\n};\n" + valueInfos("input_infos", spec.inputs) +
          valueInfos("output_infos", spec.outputs);

  // Symbols as a caller knows them before the run.
  std::string symbols;
  size_t index = 0;
  for (const Symbol *symbol : i.inputSymbols)
    symbols += "  [[maybe_unused]] const checked " + symbol->name + " = dims[" + std::to_string(index++) + "];\n";
  for (const Symbol *symbol : i.lengthSymbols)
    symbols += "  [[maybe_unused]] const checked " + symbol->name + " = static_cast<const " + n + "_state *>(state)->" +
               symbol->name + ";\n";

  std::string dimList;
  for (size_t k = 0; k < i.inputSymbols.size(); ++k)
    dimList += (k ? ", " : "") + std::string("dims[") + std::to_string(k) + "]";
  Substitutions t = {{"N", n}, {"dims", dimList}};
  text += fill(R"(
ingot_status open(void *model, const char *target, [[maybe_unused]] const char *weights, ingot_error *error) {
  @N@_options options = @N@_options();
  options.target = target;
)",
               t);
  if (i.mapsWeights)
    text += "  options.weights = weights;\n";
  text += fill("  return @N@_open(static_cast<@N@_model *>(model), &options, error);\n}\n\n"
               "void close(void *model) { @N@_close(static_cast<@N@_model *>(model)); }\n\n"
               "ingot_status query([[maybe_unused]] const int64_t *dims, ingot_sizes *sizes, ingot_error *error) {\n",
               t);
  text += i.hasDims ? fill("  const @N@_limits limits = {@dims@};\n  return @N@_query(&limits, sizes, error);\n}\n\n", t)
                    : fill("  return @N@_query(sizes, error);\n}\n\n", t);
  text += fill(R"(ingot_status context_init(void *context, const void *model, void *memory, size_t bytes,
                          const ingot_executor *executor, ingot_error *error) {
  return @N@_context_init(static_cast<@N@_context *>(context), static_cast<const @N@_model *>(model), memory, bytes,
                        executor, error);
}

)",
               t);
  if (i.hasState)
    text += fill(R"(ingot_status state_init(void *state, const void *model, void *memory, size_t bytes, ingot_error *error) {
  return @N@_state_init(static_cast<@N@_state *>(state), static_cast<const @N@_model *>(model), memory, bytes, error);
}

void state_reset(void *state) { @N@_state_reset(static_cast<@N@_state *>(state)); }

)",
                 t);

  if (i.cuda)
    text += fill(R"(ingot_status allocate(void **memory, size_t bytes, ingot_error *error) {
  return @N@_device_alloc(memory, bytes, error);
}

void release(void *memory) { @N@_device_free(memory); }

)",
                 t);
  text += "void shapes([[maybe_unused]] const int64_t *dims, [[maybe_unused]] const void *state,\n"
          "            [[maybe_unused]] Item *outputs) {\n" +
          symbols;
  for (size_t k = 0; k < spec.outputs.size(); ++k)
    if (!isInWorkspace(spec.outputs[k]))
      text += setShape(spec.outputs[k], k);
  text += "}\n\ningot_status run(void *context, [[maybe_unused]] const int64_t *dims, [[maybe_unused]] const Item *inputs,\n"
          "                 [[maybe_unused]] void *state, Item *outputs, ingot_error *error) {\n" +
          symbols;
  if (i.hasDims)
    text += fill("  const @N@_dims run_dims = {@dims@};\n", t);
  if (i.hasInputs)
    text += "  " + n + "_inputs run_inputs = " + n + "_inputs();\n";
  for (size_t k = 0; k < spec.inputs.size(); ++k) {
    const Value &v = spec.inputs[k];
    std::string field = "  run_inputs." + v.name, item = "inputs[" + std::to_string(k) + "]";
    switch (v.kind) {
    case ValueKind::Tensor:
      text += field + " = {static_cast<const " + elementText(v.type).type + " *>(" + item + ".tensor.data), size_t(" +
              item + ".count)};\n";
      break;
    case ValueKind::Untyped: text += field + " = " + item + ".tensor;\n"; break;
    case ValueKind::Sequence: text += field + " = " + item + ".sequence;\n"; break;
    case ValueKind::Optional: text += field + " = {" + item + ".present, " + item + ".sequence};\n"; break;
    }
  }
  text += "  " + n + "_outputs run_outputs = " + n + "_outputs();\n";
  for (size_t k = 0; k < spec.outputs.size(); ++k) {
    const Value &v = spec.outputs[k];
    if (!isInWorkspace(v))
      text += "  run_outputs." + v.name + " = {static_cast<" + elementText(v.type).type + " *>(outputs[" +
              std::to_string(k) + "].tensor.data), size_t(outputs[" + std::to_string(k) + "].count)};\n";
  }
  std::vector<std::string> args = {"static_cast<" + n + "_context *>(context)"};
  if (i.hasDims)
    args.push_back("&run_dims");
  if (i.hasInputs)
    args.push_back("&run_inputs");
  if (i.hasState)
    args.push_back("static_cast<" + n + "_state *>(state)");
  args.push_back("&run_outputs");
  args.push_back("error");
  text += wrapList("  const ingot_status status = " + n + "_run(", args, ");\n");
  text += "  if (status != INGOT_OK)\n    return status;\n";
  for (const Symbol *symbol : i.resultSymbols)
    text += "  [[maybe_unused]] const checked " + symbol->name + " = run_outputs." + symbol->name + ";\n";
  for (size_t k = 0; k < spec.outputs.size(); ++k) {
    const Value &v = spec.outputs[k];
    if (!isInWorkspace(v))
      continue;
    std::string item = "outputs[" + std::to_string(k) + "]", field = "run_outputs." + v.name;
    switch (v.kind) {
    case ValueKind::Tensor:
      text += setShape(v, k) + "  " + item + ".tensor.data = const_cast<" + elementText(v.type).type + " *>(" + field +
              ".data);\n";
      break;
    case ValueKind::Untyped: text += "  " + item + ".tensor = " + field + ";\n"; break;
    case ValueKind::Sequence:
      text += "  " + item + ".sequence = " + field + ";\n  " + item + ".present = 1;\n";
      break;
    case ValueKind::Optional:
      text += "  " + item + ".sequence = " + field + ".value;\n  " + item + ".present = " + field + ".present;\n";
      break;
    }
  }
  text += "  return INGOT_OK;\n}\n\n} // namespace\n\n";
  auto size = [](size_t k) { return std::to_string(k); };
  std::string state = i.hasState ? "sizeof(" + n + "_state)" : "0";
  if (steps)
    text += "extern \"C\" {\nextern Step " + stepTable(spec) + "[];\nStep " + stepTable(spec) + "[" +
            size(std::max<size_t>(*steps, 1)) + "];\n}\n\n";
  text += "extern const Model " + n + "_runner_model;\nconst Model " + n + "_runner_model = {\n    " + quoted(n) +
          ",\n    dim_infos, " + size(i.inputSymbols.size()) + ",\n    input_infos, " + size(spec.inputs.size()) +
          ",\n    output_infos, " + size(spec.outputs.size()) + ",\n    sizeof(" + n + "_model), sizeof(" + n +
          "_context), " + state + ",\n    " + n + "_build_info,\n    open, close, query, context_init, " +
          (i.hasState ? "state_init, state_reset" : "nullptr, nullptr") + ", shapes, run,\n" +
          (i.cuda ? "    allocate, release,\n" : "    nullptr, nullptr,\n") +
          (steps ? "    " + stepTable(spec) + ", " + size(*steps) + ",\n};\n" : "    nullptr, 0,\n};\n");
  return text;
}

std::string emitRunnerTable(ArrayRef<std::string> names) {
  std::string text = "// The models of this program; generated, see runner/runner.h.\n#include \"runner/runner.h\"\n\n"
                     "using ingot::runner::Model;\n\n";
  for (const std::string &name : names)
    text += "extern const Model " + name + "_runner_model;\n";
  text += "\nconst Model *const ingot::runner::models[] = {\n";
  for (const std::string &name : names)
    text += "    &" + name + "_runner_model,\n";
  return text + "    nullptr,\n};\n";
}

static Error write(const Twine &path, StringRef text) {
  SmallString<256> storage;
  std::error_code code;
  raw_fd_ostream stream(path.toStringRef(storage), code);
  if (code)
    return createStringError(code, "cannot write " + storage);
  stream << text;
  return Error::success();
}

static std::string absolute(StringRef path) {
  SmallString<256> result(path);
  sys::fs::make_absolute(result);
  return result.str().str();
}

/// The entries of a library with probes, as sources in `work`.
static Expected<std::vector<Source>> probedEntries(const HostedLibrary &library, StringRef work) {
  const LibrarySpec &spec = *library.spec;
  std::vector<Source> sources;
  for (const Target &target : spec.targets) {
    std::string path = library.folder + "/" + entryFile(target);
    auto text = MemoryBuffer::getFile(path);
    if (!text)
      return createStringError(text.getError(), "cannot read " + path);
    Expected<std::string> probed =
        addProbes((*text)->getBuffer(), spec.name + "_" + target.id + "_", *library.steps, stepTable(spec));
    if (!probed)
      return createStringError(inconvertibleErrorCode(), path + ": " + toString(probed.takeError()));
    std::string file = (work + "/" + spec.name + "_" + sys::path::filename(path)).str();
    if (Error error = write(file, *probed))
      return error;
    sources.push_back({file, target.capability ? cudaLibraryFlags() : libraryFlags()});
    if (target.capability)
      llvm::append_range(sources.back().flags, target.flags);
  }
  return sources;
}

Error buildRunner(ArrayRef<HostedLibrary> libraries, StringRef executable, const RunnerOptions &options) {
  Expected<TemporaryFolder> temporary = TemporaryFolder::create("ingot-runner");
  if (!temporary)
    return temporary.takeError();
  StringRef work = temporary->path();

  const ToolchainOptions &tools = options.toolchain;
  std::string runtime = absolute(options.runtime);
  std::vector<std::string> base = {tools.cxx};
  if (!tools.sysroot.empty())
    base.push_back("--sysroot=" + tools.sysroot);
  std::vector<std::string> compile = base;
  compile.insert(compile.end(), {"-std=c++17", "-I" + runtime + "/include", "-I" + runtime});
  std::vector<std::string> objects;
  std::vector<Command> commands;
  auto add = [&](std::vector<std::string> flags, const std::string &source, const std::string &object) {
    std::vector<std::string> args = compile;
    args.insert(args.end(), flags.begin(), flags.end());
    args.insert(args.end(), tools.cxxFlags.begin(), tools.cxxFlags.end());
    args.insert(args.end(), {"-c", source, "-o", object});
    commands.push_back({args, work.str()});
  };

  // The fixed part, which is the same for every program. It is renamed into its place when complete, so that
  // programs may be built at the same time.
  std::string fixed = options.objectFolder.empty() ? work.str() : absolute(options.objectFolder);
  if (std::error_code code = sys::fs::create_directories(fixed))
    return createStringError(code, "cannot make " + fixed);
  std::vector<std::pair<std::string, std::string>> renames;
  for (auto [source, name] : {std::pair<const char *, const char *>{"/runner/runner.cpp", "runner.o"},
                              {"/pool.cpp", "pool.o"}}) {
    std::string object = fixed + "/" + name;
    objects.push_back(object);
    if (sys::fs::exists(object))
      continue;
    std::string part = object + "." + std::to_string(sys::Process::getProcessId()) + ".part";
    add({"-O2"}, runtime + source, part);
    renames.push_back({part, object});
  }

  std::vector<std::string> names, archives;
  bool replaces = false; // functions of a library
  for (const HostedLibrary &library : libraries) {
    const std::string &n = library.spec->name;
    std::string folder = absolute(library.folder);
    std::string source = (work + "/" + n + "_glue.cpp").str(), object = (work + "/" + n + "_glue.o").str();
    auto steps = library.steps ? std::optional(library.steps->size()) : std::nullopt;
    if (Error error = write(source, emitRunnerGlue(*library.spec, steps)))
      return error;
    add({"-O1", "-I" + folder}, source, object);
    objects.push_back(object);
    if (library.steps) {
      Expected<std::vector<Source>> entries = probedEntries(library, work);
      if (!entries)
        return entries.takeError();
      for (Source &entry : *entries) {
        std::string object = entry.path + ".o";
        entry.flags.insert(entry.flags.end(), {"-I" + folder, "-I" + folder + "/src"});
        add(entry.flags, entry.path, object);
        objects.push_back(object);
      }
      replaces = true;
    }
    archives.push_back(folder + "/lib/lib" + n + ".a");
    names.push_back(n);
  }
  std::string table = (work + "/models.cpp").str(), tableObject = (work + "/models.o").str();
  if (Error error = write(table, emitRunnerTable(names)))
    return error;
  add({"-O1"}, table, tableObject);
  objects.push_back(tableObject);
  if (Error error = runCommands(commands, tools.jobs))
    return error;
  for (auto &[part, object] : renames)
    if (std::error_code code = sys::fs::rename(part, object))
      return createStringError(code, "cannot rename " + part);

  std::vector<std::string> link = base;
  if (options.isStatic)
    link.push_back("-static");
  if (replaces) // the first definition counts, and objects stand before archives
    link.insert(link.end(), {"-Xlinker", "--allow-multiple-definition"});
  link.insert(link.end(), tools.cxxFlags.begin(), tools.cxxFlags.end()); // -fsanitize and -m32 are flags of both
  link.insert(link.end(), objects.begin(), objects.end());
  link.insert(link.end(), archives.begin(), archives.end());
  link.insert(link.end(), options.linkFlags.begin(), options.linkFlags.end());
  link.insert(link.end(), {"-lm", "-lpthread", "-o", absolute(executable)});
  return runCommands({{link, work.str()}}, 1);
}

} // namespace ingot::package
