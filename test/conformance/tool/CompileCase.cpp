//===- CompileCase.cpp - one case from its model to sources ----------------------------------===//
#include "Tool.h"
#include "codegen/package/Package.h"
#include "codegen/package/Runner.h"
#include "compiler/driver/Compile.h"
#include "compiler/driver/Execute.h"
#include <filesystem>
#include <onnx/onnx_pb.h>
#include <set>
#include <sstream>

namespace ingot::conformance {

/// Names of values and nodes: a reason must not hold them.
static void collectNames(const onnx::GraphProto &graph, std::set<std::string> &names) {
  for (auto &v : graph.input())
    names.insert(v.name());
  for (auto &v : graph.output())
    names.insert(v.name());
  for (auto &t : graph.initializer())
    names.insert(t.name());
  for (auto &n : graph.node()) {
    names.insert(n.name());
    names.insert(n.output().begin(), n.output().end());
    for (auto &a : n.attribute())
      if (a.has_g())
        collectNames(a.g(), names);
  }
}

static std::string reasonOf(const Compilation &c, const onnx::ModelProto &model) {
  std::string text = c.message;
  for (auto &d : c.diagnostics.all())
    if (d.severity == Severity::Error) {
      text = d.op.empty() ? d.message : d.op + ": " + d.message;
      break;
    }
  std::set<std::string> names;
  collectNames(model.graph(), names);
  for (auto &n : names)
    if (!n.empty())
      text = replaceAll(text, "'" + n + "'", "a value");
  text = replaceAll(text, c.options.model, "the model");
  text = text.substr(0, text.find('\n'));
  return text.empty() ? "failed without a message" : text.substr(0, 300);
}

/// Takes the #include lines and the definition of INGOT_NS out of a source.
static std::string hoist(const std::string &source, const std::string &id, std::set<std::string> &includes) {
  std::string text;
  std::stringstream lines(source);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("#include ", 0) == 0) {
      if (line.find("\"" + id) == std::string::npos && line.find("\"kernels_") == std::string::npos)
        includes.insert(line.substr(0, line.find_last_of(">\"") + 1));
    } else if (line.rfind("#define INGOT_NS", 0) != 0) {
      text += line;
    }
    text += "\n";
  }
  return text;
}

/// The sources of a library in one namespace. What N.cpp brings in with 'using' must not be seen by the kernels, which
/// therefore come first; N.cpp itself stands beside the declarations of N.h, whose linkage it takes over.
static std::string unity(const package::LibrarySpec &spec, const Files &files) {
  package::Interface i(spec);
  std::set<std::string> includes;
  auto add = [&](const std::string &text) { return hoist(text, spec.name, includes); };
  std::string text = "namespace case_" + spec.name + " {\n" + add(emitHeader(i)) + add(emitInternalHeader(i));
  for (auto &target : spec.targets) {
    text += add(emitKernelHeader(i, target));
    int number = 0;
    for (auto &kernels : emitKernels(i, target)) // each file has the same preamble
      text += "namespace kernels_" + std::to_string(number++) + " {\nusing namespace ingot_unity;\n" + add(kernels) + "}\n";
    text += "namespace entry {\n" + add(emitEntry(i, target)) + "}\n";
  }
  text += add(emitApi(i)) + "namespace glue {\n" + add(emitRunnerGlue(spec)) + "}\n}\n";
  if (i.hasWeights)
    text += "asm(\".pushsection .rodata\\n.balign 64\\n.globl " + spec.name + "_weights\\n.hidden " + spec.name + "_weights\\n" +
            spec.name + "_weights:\\n.incbin \\\"" + files.weights + "\\\"\\n.popsection\\n\");\n";
  std::string list;
  for (auto &line : includes)
    list += line + "\n";
  writeText(files.includes, list);
  return text;
}

static std::string shapeText(const Tensor &t) {
  std::string text;
  for (int64_t d : t.dims)
    text += (text.empty() ? ":" : "x") + std::to_string(d);
  return text.empty() ? ":scalar" : text;
}

void compileCase(const Session &session, int index, const std::string &folder) {
  Files files(folder, index);
  CompileOptions options;
  options.model = session.cases[index] + "/model.onnx";
  options.name = files.id;
  Compilation c(options);
  auto &stage = session.progress[index].stage;
  c.timing.onStage = [&](const std::string &name) {
    for (int i = 0; i < 5; ++i)
      if (name == stageNames[i])
        stage = i;
  };
  onnx::ModelProto model;
  model.ParseFromString(readText(options.model));
  auto fail = [&](const std::string &status, const std::string &reason) {
    session.end(index, status, stageNames[stage], reason);
  };
  if (ExitCode e = c.run(Stage::Library))
    return fail(e == ExitBadInput ? "unsupported" : "compile_error", reasonOf(c, model));
  if (llvm::Error error = package::checkSpec(c.spec)) {
    c.message = llvm::toString(std::move(error));
    return fail("compile_error", reasonOf(c, model));
  }
  writeText(files.source, unity(c.spec, files));
  if (c.spec.weights.bytes) {
    std::error_code code;
    llvm::raw_fd_ostream stream(files.weights, code);
    c.spec.weights.write(stream);
  }

  std::vector<TensorValue> inputs;
  std::string script = "run\t" + files.id, problem;
  for (auto &in : c.spec.inputs) {
    std::string number = std::to_string(inputs.size());
    auto value = readValue(session.cases[index] + "/test_data_set_0/input_" + std::to_string(in.index) + ".pb", in.kind, problem);
    if (!value)
      return session.end(index, "run_error", "run", "an input of the case cannot be read");
    if ((in.kind == package::ValueKind::Tensor || in.kind == package::ValueKind::Untyped) && value->items.size() != 1)
      return session.end(index, "run_error", "run", "an input of the case is no tensor");
    std::string path = folder + "/" + files.id + ".in" + number;
    writeRaw(path, *value);
    script += "\t--input\t" + in.label() + "=" + path;
    if (in.kind == package::ValueKind::Tensor)
      script += shapeText(value->items[0]);
    inputs.push_back(std::move(*value));
  }
  std::map<std::string, int64_t> dims;
  if (!bindSymbols(c.spec, inputs, dims, problem))
    return session.end(index, "run_error", "run", problem.substr(std::min(problem.size(), problem.find(": ") + 2)));
  for (auto &[name, value] : dims)
    script += "\t--dim\t" + name + "=" + std::to_string(value);
  std::filesystem::create_directories(files.saved);
  writeText(files.script, script + "\t--save\t" + files.saved + "\t--threads\t1\n");

  std::string outputs;
  for (auto &out : c.spec.outputs) {
    unsigned k = out.index;
    bool sequence = k < unsigned(model.graph().output_size()) && model.graph().output(k).type().has_optional_type() &&
                    model.graph().output(k).type().optional_type().elem_type().has_sequence_type();
    outputs += std::to_string(int(out.kind)) + " " + std::to_string(k) + " " + (sequence ? "1" : "0") + "\n";
  }
  writeText(files.outputs, outputs);
  session.progress[index].state = int(State::Ready);
}

} // namespace ingot::conformance
