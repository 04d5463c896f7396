//===- Compile.cpp ----------------------------------------------------------------------===//
#include "compiler/driver/Compile.h"
#include "codegen/package/Text.h"
#include "compiler/driver/PlanToSpec.h"
#include "compiler/frontend/LoadModel.h"
#include "compiler/inspect/Collect.h"
#include "compiler/inspect/Print.h"
#include "dialects/nn/Shape.h"
#include "dialects/support/LocationNames.h"
#include "lowering/Pipeline.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SHA256.h"

using namespace mlir;
namespace ingot {

std::string libraryName(StringRef path) {
  StringRef stem = llvm::sys::path::stem(path);
  if (stem != "model")
    return package::makeLibraryName(stem);
  // The zoo's and the suite's layout: the folder has the name.
  llvm::SmallString<256> absolute(path);
  llvm::sys::fs::make_absolute(absolute);
  llvm::sys::path::remove_dots(absolute, /*remove_dot_dot=*/true);
  return package::makeLibraryName(llvm::sys::path::filename(llvm::sys::path::parent_path(absolute)));
}

std::string knownNames(StringRef slip, std::vector<std::string> names) {
  if (names.empty())
    return "the model has none";
  llvm::sort(names, [&](StringRef a, StringRef b) {
    return std::pair(slip.edit_distance(a), a) < std::pair(slip.edit_distance(b), b);
  });
  constexpr size_t most = 8;
  bool more = names.size() > most;
  names.resize(std::min(names.size(), most));
  return "the model has '" + llvm::join(names, "', '") + "'" + (more ? ", …" : "");
}

std::string runtimeFolder() {
  static int anchor;
  std::string tool = llvm::sys::fs::getMainExecutable(nullptr, &anchor);
  llvm::SmallString<256> folder(llvm::sys::path::parent_path(llvm::sys::path::parent_path(tool))), real;
  llvm::sys::path::append(folder, "share", "ingot", "runtime");
  return llvm::sys::fs::real_path(folder, real) ? folder.str().str() : real.str().str(); // missing: the message names it
}

Compilation::Compilation(CompileOptions given) : options(std::move(given)) {
  DialectRegistry registry;
  registerDialects(registry);
  context.appendDialectRegistry(registry);
  context.loadAllAvailableDialects();
  context.disableMultithreading();
  context.printOpOnDiagnostic(false); // the operation is ours, the user knows the node
  if (options.name.empty())
    options.name = libraryName(options.model);
}
Compilation::~Compilation() = default;

func::FuncOp Compilation::mainFunction() { return *module->getOps<func::FuncOp>().begin(); }

ExitCode Compilation::load() {
  timing.begin("load");
  LoadOptions load;
  load.isKnownOperator = [](const std::string &domain, const std::string &op) {
    return findImportRule(domain, op, std::numeric_limits<int64_t>::max()) != nullptr;
  };
  std::unique_ptr<LoadedModel> loaded = loadModel(options.model, load, diagnostics);
  if (loaded && !options.keep.empty())
    kept = keepValues(*loaded, options.keep, diagnostics);
  model = std::move(loaded);
  if (diagnostics.hasErrors() || !model)
    return ExitBadInput;
  timing.begin("import");
  ImportOptions import;
  import.name = options.name;
  import.dims = options.dims;
  import.shapes = options.shapes;
  importer = std::make_unique<ModelImporter>(&context, model, import, diagnostics);
  module = importer->run();
  types = importer->types();
  if (module) {
    checkNames();
    if (!kept.added.empty())
      markKept(kept, mainFunction());
  }
  return diagnostics.hasErrors() || !module ? ExitBadInput : ExitOk;
}

/// A slip in a name must not be an option without effect.
void Compilation::checkNames() {
  const std::set<std::string> &known = importer->dimNames();
  for (auto &[name, range] : options.dims)
    if (!known.count(name))
      diagnostics.add({"--dim names no dimension of the model's inputs", knownNames(name, {known.begin(), known.end()}), name});
  for (const auto &in : model->graph().input()) {
    auto given = options.shapes.find(in.name());
    if (given == options.shapes.end())
      continue;
    const auto &shape = in.type().tensor_type().shape();
    for (int i = 0; i < shape.dim_size() && i < int(given->second.size()); ++i) {
      int64_t stated = shape.dim(i).has_dim_value() ? shape.dim(i).dim_value() : -1, wanted = given->second[i];
      if (stated >= 0 && wanted >= 0 && stated != wanted)
        diagnostics.add({"--shape makes dimension " + std::to_string(i) + " " + std::to_string(wanted) + ", the model says " +
                             std::to_string(stated),
                         "leave it open with ?, unless the model is known to allow it", in.name(), "", "", Severity::Warning});
    }
  }
}

/// What '*' stands for where `name` is an instance of `pattern`; an empty text for a pattern without one that is equal.
static std::optional<StringRef> matchOf(StringRef pattern, StringRef name) {
  auto [head, tail] = pattern.split('*');
  if (!pattern.contains('*'))
    return name == pattern ? std::optional(StringRef()) : std::nullopt;
  if (name.size() < head.size() + tail.size() || !name.starts_with(head) || !name.ends_with(tail))
    return std::nullopt;
  return name.drop_front(head.size()).drop_back(tail.size());
}

/// Why an input cannot be a state, or an empty text. Its output is typed later: build-plan compares the two.
static std::string stateProblem(Type input, const StateOption &s) {
  auto tensor = dyn_cast<RankedTensorType>(input);
  if (!tensor)
    return "not a tensor";
  if (s.axis < 0)
    return "";
  if (s.axis >= tensor.getRank())
    return "axis " + std::to_string(s.axis) + " of a tensor of rank " + std::to_string(tensor.getRank());
  DimExpr length = nn::dimsOf(input)[s.axis];
  std::string symbol;
  length.symbols([&](StringRef name) { symbol = name.str(); });
  if (symbol.empty() || length != DimExpr::symbol(symbol))
    return "its size on axis " + std::to_string(s.axis) + " is " + length.str() + ", not a named dimension";
  return "";
}

static void markState(func::FuncOp function, unsigned input, unsigned output, const StateOption &s) {
  Builder b(function.getContext());
  NamedAttrList state;
  state.set("output", b.getI64IntegerAttr(output));
  if (s.axis >= 0) {
    state.set("axis", b.getI64IntegerAttr(s.axis));
    state.set("capacity", b.getStringAttr(std::to_string(s.capacity)));
  }
  function.setArgAttr(input, "ingot.state", state.getDictionary(function.getContext()));
}

/// Marks inputs that are states; build-plan gives them memory that outlives a run.
ExitCode Compilation::applyStates() {
  func::FuncOp function = mainFunction();
  auto outputs = function->getAttrOfType<ArrayAttr>("onnx.outputs");
  std::map<std::string, unsigned> outputNumber;
  for (auto [i, n] : llvm::enumerate(outputs.getAsValueRange<StringAttr>()))
    if (!kept.added.count(n.str()))
      outputNumber[n.str()] = i;
  std::set<std::string> taken;
  for (const StateOption &s : options.states) {
    bool found = false;
    for (unsigned i = 0; i < function.getNumArguments(); ++i) {
      auto name = function.getArgAttrOfType<StringAttr>(i, "onnx.name");
      auto star = name ? matchOf(s.input, name) : std::nullopt;
      if (!star)
        continue;
      found = true;
      auto [head, tail] = StringRef(s.output).split('*');
      std::string output = (head + *star + tail).str();
      auto number = outputNumber.find(output);
      auto refuse = [&](const Twine &why, const Twine &remedy) {
        diagnostics.add({("--state " + s.input + "=" + s.output + ": " + why).str(), remedy.str(), name.str()});
      };
      if (number == outputNumber.end())
        refuse("the model has no output '" + output + "'", "see the names with 'ingot inspect'");
      else if (function.getArgAttr(i, "ingot.state") || !taken.insert(output).second)
        refuse("the input or output belongs to another state already", "name each of them once");
      else if (std::string problem = stateProblem(function.getArgument(i).getType(), s); !problem.empty())
        refuse(problem, "give the axis on which the output is longer than the input, or leave AXIS:MAX out for a tensor that is replaced");
      else
        markState(function, i, number->second, s);
    }
    if (!found)
      diagnostics.add({"--state " + s.input + "=" + s.output + ": the model has no such input", "see the names with 'ingot inspect'", s.input});
  }
  return diagnostics.hasErrors() ? ExitBadInput : ExitOk;
}

ExitCode Compilation::passes(Stage last) {
  // Errors of passes at a node are the user's; one without a name is ours.
  bool internal = false;
  ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &d) {
    if (d.getSeverity() != DiagnosticSeverity::Error)
      return success();
    ingot::Diagnostic out;
    out.message = d.str();
    out.node = nameAt(d.getLocation()).str();
    for (auto &note : d.getNotes()) {
      std::string text = note.str();
      StringRef t(text);
      if (t.consume_front("operator: "))
        out.op = t.str();
      else if (t.consume_front("on: "))
        out.shapes = t.str();
      else
        out.remedy = text;
    }
    // "mm (MatMul)": the location of a node says its operator too.
    StringRef node(out.node);
    if (!out.op.empty() && node.consume_back(" (" + out.op + ")"))
      out.node = node.str();
    // "'kernel.view' op …" is what a verifier says of the compiler's own operations.
    bool ours = StringRef(out.message).starts_with("'") && StringRef(out.message).contains("' op ");
    if (ours && out.remedy.empty())
      out.remedy = "report this model to the developers";
    if (!out.op.empty() && out.remedy.empty())
      out.remedy = "correct the model, or export it in another way";
    internal |= ours || StringRef(out.message).contains("internal:") || out.node.empty();
    diagnostics.add(out);
    return success();
  });
  auto stage = [&](std::string name, ModuleOp module, llvm::function_ref<void(PassManager &)> add) {
    timing.begin(name);
    PassManager pm(&context);
    add(pm);
    return succeeded(pm.run(module));
  };
  bool ok = stage("nn", *module, [&](PassManager &pm) { addNnPasses(pm, importer.get()); });
  types = importer->types();
  if (ok)
    importer->checkOutputs(mainFunction());
  importer.reset();
  if (ok)
    takeOutDropped(kept, *model, types, mainFunction(), diagnostics);
  ok &= !diagnostics.hasErrors();
  if (ok && last > Stage::Nn)
    ok = stage("kernel", *module, [&](PassManager &pm) {
      addKernelPasses(pm, machines, options.optimise, &work);
    });
  if (ok && last > Stage::Kernel)
    ok = stage("plan", *module, [&](PassManager &pm) { addPlanPasses(pm); });
  for (const Machine &machine : machines) {
    if (!ok || last <= Stage::Kernel)
      break;
    plans.push_back(module->clone());
    ok = stage(machine.name, *plans.back(), [&](PassManager &pm) { addTargetPasses(pm, machine, options.optimise); });
  }
  timing.end();
  if (ok)
    return ExitOk;
  if (!diagnostics.hasErrors()) {
    diagnostics.add({"internal: a pass failed without saying why", "report this model to the developers"});
    internal = true;
  }
  return internal ? ExitInternal : ExitBadInput;
}

ExitCode Compilation::run(Stage last) {
  machines = findMachines(options.target, message);
  if (machines.empty())
    return ExitUsage;
  if (ExitCode e = load())
    return e;
  if (ExitCode e = applyStates())
    return e;
  timing.end();
  if (last == Stage::Onnx)
    return ExitOk;
  if (ExitCode e = passes(last))
    return e;
  if (last <= Stage::Plan)
    return ExitOk;
  return makeSpec();
}

/// The options that the library depends on, in the order of --help.
std::string Compilation::optionsText() const {
  std::string text = "--target " + listOf(machines);
  for (auto &[name, r] : options.dims)
    text += " --dim " + name + "=" + std::to_string(r.low) + (r.high == r.low ? "" : ".." + std::to_string(r.high));
  for (auto &[name, shape] : options.shapes) {
    text += " --shape " + name + "=";
    for (size_t i = 0; i < shape.size(); ++i)
      text += (i ? "x" : "") + (shape[i] < 0 ? "?" : std::to_string(shape[i]));
  }
  for (const StateOption &s : options.states)
    text += " --state " + s.input + "=" + s.output +
            (s.axis < 0 ? "" : ":" + std::to_string(s.axis) + ":" + std::to_string(s.capacity));
  if (options.weights)
    text += *options.weights == package::WeightForm::File    ? " --weights file"
            : *options.weights == package::WeightForm::Array ? " --weights array"
                                                             : " --weights embed";
  if (!options.toolchain.cxxFlags.empty())
    text += " --cxxflags '" + llvm::join(options.toolchain.cxxFlags, " ") + "'";
  return text;
}

ExitCode Compilation::makeSpec() {
  timing.begin("print");
  spec = package::LibrarySpec();
  spec.name = options.name;
  spec.build.ingotVersion = INGOT_VERSION;
  spec.build.modelFile = llvm::sys::path::filename(options.model).str();
  if (model->file) {
    auto bytes = model->file->bytes();
    spec.build.modelSha256 = llvm::toHex(llvm::SHA256::hash(ArrayRef<uint8_t>(bytes.data(), bytes.size())), /*LowerCase=*/true);
  }
  spec.build.options = optionsText();
  ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &d) {
    if (d.getSeverity() == DiagnosticSeverity::Error)
      diagnostics.add({d.str(), "report this model to the developers", nameAt(d.getLocation()).str()});
    return success();
  });
  std::vector<plan::ModelOp> models;
  for (auto &plan : plans)
    llvm::append_range(models, plan->getOps<plan::ModelOp>());
  if (models.size() != machines.size() ||
      failed(planToSpec(models, machines, (*module)->getAttrOfType<ArrayAttr>("ingot.symbols"), spec)))
    return ExitInternal;
  numberValues();
  constexpr uint64_t embeddable = uint64_t(1) << 30;
  spec.weights.form = options.weights.value_or(spec.weights.bytes > embeddable ? package::WeightForm::File : package::WeightForm::Embed);
  auto runtime = package::loadRuntime(runtimeFolder());
  if (!runtime) {
    message = llvm::toString(runtime.takeError());
    return ExitInternal;
  }
  for (auto &file : *runtime)
    spec.runtime.push_back(std::move(file));
  timing.end();
  return ExitOk;
}

/// Gives inputs and outputs their numbers in the file.
void Compilation::numberValues() {
  const onnx::GraphProto &graph = model->graph();
  unsigned number = 0;
  for (const auto &in : graph.input()) {
    for (package::Value &v : spec.inputs)
      if (v.label() == in.name())
        v.index = number;
    number += llvm::none_of(graph.initializer(), [&](auto &t) { return t.name() == in.name(); });
  }
  for (package::Value &v : spec.outputs)
    v.index = unsigned(llvm::find_if(graph.output(), [&](auto &out) { return out.name() == v.label(); }) - graph.output().begin());
}

std::vector<std::string> Compilation::filesRead() const {
  std::vector<std::string> files = {options.model};
  if (model)
    for (const auto &path : model->external.files())
      files.push_back(path.string());
  for (const package::RuntimeFile &file : spec.runtime)
    files.push_back(file.source);
  return files;
}

std::optional<inspect::ModelFacts> Compilation::facts() {
  if (!model || !module)
    return std::nullopt;
  inspect::ModelFacts out = inspect::collectModel(*model, types, work, (*module)->getAttrOfType<ArrayAttr>("ingot.symbols"));
  out.ingotVersion = INGOT_VERSION;
  out.file = llvm::sys::path::filename(options.model).str();
  out.sha256 = spec.build.modelSha256;
  if (!spec.targets.empty() && !plans.empty()) {
    out.plan = inspect::collectPlan(*plans.front()->getOps<plan::ModelOp>().begin(), machines.front(), spec);
    out.plan->target = listOf(machines);
    out.link();
  }
  return out;
}

ExitCode Compilation::write(StringRef folder, bool build) {
  timing.begin(build ? "C++ compiler" : "write");
  // What was made, as a prediction: deterministic, no times measured.
  inspect::ModelFacts made = *facts();
  std::vector<package::File> reports = {{"report/report.json", inspect::reportJson(made)},
                                        {"report/report.html", inspect::page(made, spec.name + " for " + listOf(machines))}};
  llvm::Error error = package::writeLibrary(spec, folder, build ? &options.toolchain : nullptr, reports);
  timing.end();
  if (!error)
    return ExitOk;
  bool toolchain = error.isA<package::ToolchainError>();
  message = llvm::toString(std::move(error));
  return toolchain                                        ? ExitToolchain
         : StringRef(message).starts_with("internal:") ? ExitInternal
                                                         : ExitBadInput;
}

} // namespace ingot
