//===- Execute.cpp --------------------------------------------------------------------------===//
#include "compiler/driver/Execute.h"
#include "codegen/package/Process.h"
#include "dialects/support/DimExpr.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include <chrono>
#include <set>

using namespace llvm;
namespace ingot {

bool bindSymbols(const package::LibrarySpec &spec, const std::vector<TensorValue> &inputs, std::map<std::string, int64_t> &dims,
                 std::string &problem) {
  for (size_t i = 0; i < spec.inputs.size() && i < inputs.size(); ++i) {
    const auto &in = spec.inputs[i];
    if (in.kind != package::ValueKind::Tensor)
      continue;
    const Tensor &t = inputs[i].items.at(0);
    if (t.dims.size() != in.dims.size()) {
      problem = in.label() + ": " + std::to_string(t.dims.size()) + " dimensions, expected " + std::to_string(in.dims.size());
      return false;
    }
    for (size_t k = 0; k < in.dims.size(); ++k)
      for (const auto &s : spec.symbols)
        if (s.kind == package::SymbolKind::Input && s.name == in.dims[k])
          dims.insert({s.name, t.dims[k]});
  }
  auto known = [&](StringRef s) -> std::optional<DimExpr> {
    auto it = dims.find(s.str());
    return it == dims.end() ? std::nullopt : std::optional(DimExpr(it->second));
  };
  // A symbol that stands nowhere alone follows from a sum or product: "past + 1 = 8".
  for (size_t i = 0; i < spec.inputs.size() && i < inputs.size(); ++i)
    for (size_t k = 0; spec.inputs[i].kind == package::ValueKind::Tensor && k < spec.inputs[i].dims.size(); ++k)
      if (auto e = DimExpr::parse(spec.inputs[i].dims[k])) {
        DimExpr rest = e->substitute(known) - inputs[i].items[0].dims[k];
        std::set<std::string> open;
        rest.symbols([&](StringRef s) { open.insert(s.str()); });
        if (open.size() != 1)
          continue;
        DimExpr s = DimExpr::symbol(*open.begin()), at0 = rest.substitute([](StringRef) { return DimExpr(0); });
        if (auto q = DimExpr::divideExactly(rest - at0, s); q && q->constant() && *at0.constant() % *q->constant() == 0)
          dims.insert({*open.begin(), -*at0.constant() / *q->constant()});
      }
  // Dimensions that are expressions are checked here, so that the message names the axis.
  for (size_t i = 0; i < spec.inputs.size() && i < inputs.size(); ++i)
    for (size_t k = 0; spec.inputs[i].kind == package::ValueKind::Tensor && k < spec.inputs[i].dims.size(); ++k) {
      auto e = DimExpr::parse(spec.inputs[i].dims[k]);
      auto v = e ? e->evaluate([&](StringRef s) -> std::optional<int64_t> {
        auto it = dims.find(s.str());
        return it == dims.end() ? std::nullopt : std::optional(it->second);
      })
                 : std::nullopt;
      if (v && *v != inputs[i].items[0].dims[k]) {
        problem = spec.inputs[i].label() + ": dimension " + std::to_string(k) + " is " + std::to_string(inputs[i].items[0].dims[k]) +
                  ", expected " + (e->constant() ? "" : spec.inputs[i].dims[k] + " = ") + std::to_string(*v);
        return false;
      }
    }
  return true;
}

std::optional<int64_t> evaluate(const std::string &formula, const package::LibrarySpec &spec, const std::map<std::string, int64_t> &dims) {
  auto e = DimExpr::parse(formula);
  if (!e)
    return std::nullopt;
  return e->evaluate([&](StringRef name) -> std::optional<int64_t> {
    if (auto it = dims.find(name.str()); it != dims.end())
      return it->second;
    bool isLength = any_of(spec.symbols, [&](const package::Symbol &s) { return s.name == name && s.kind == package::SymbolKind::Length; });
    return isLength ? std::optional<int64_t>(0) : std::nullopt;
  });
}

/// A line "step INDEX CALLS TILES GRAIN MIN_MS MEDIAN_MS" of the runner.
static void readStep(ArrayRef<StringRef> fields, std::vector<StepTime> &steps) {
  StepTime s;
  if (fields.size() == 7 && !fields[2].getAsInteger(10, s.calls) && !fields[3].getAsInteger(10, s.tiles) &&
      !fields[4].getAsInteger(10, s.grain) && !fields[5].getAsDouble(s.minMs) && !fields[6].getAsDouble(s.medianMs))
    steps.push_back(s);
}

RunResult execute(const package::LibrarySpec &spec, const Machine &machine, const std::string &executable, const RunRequest &request) {
  RunResult result;
  Expected<package::TemporaryFolder> temporary = package::TemporaryFolder::create("ingot-run");
  if (!temporary) {
    result.problem = toString(temporary.takeError());
    return result;
  }
  StringRef folder = temporary->path();
  std::vector<std::string> args;
#if defined(__x86_64__)
  if (machine.triple.find("aarch64") == 0) {
    auto qemu = sys::findProgramByName("qemu-aarch64");
    if (!qemu) {
      result.problem = "running aarch64 code needs qemu-aarch64 (Debian: qemu-user)";
      return result;
    }
    args.push_back(*qemu);
  }
#endif
  args.push_back(executable);
  args.push_back(request.bench ? "bench" : "run");
  args.push_back(spec.name);
  for (auto &[name, value] : request.dims) {
    args.push_back("--dim");
    args.push_back(name + "=" + std::to_string(value));
  }
  for (size_t i = 0; i < spec.inputs.size(); ++i) {
    std::string path = (folder + "/in" + Twine(i)).str();
    if (!writeRaw(path, request.inputs.at(i))) {
      result.problem = "cannot write " + path;
      return result;
    }
    std::string shape;
    if (spec.inputs[i].kind == package::ValueKind::Tensor) {
      const Tensor &t = request.inputs[i].items.at(0);
      for (int64_t d : t.dims)
        shape += (shape.empty() ? ":" : "x") + std::to_string(d);
      if (shape.empty())
        shape = ":scalar";
    }
    args.push_back("--input");
    args.push_back(spec.inputs[i].label() + "=" + path + shape);
  }
  args.insert(args.end(), {"--save", folder.str(), "--threads", std::to_string(request.threads), "--seconds",
                           std::to_string(request.seconds), "--started",
                           std::to_string(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                              std::chrono::steady_clock::now().time_since_epoch())
                                              .count())});
  if (!request.target.empty())
    args.insert(args.end(), {"--target", request.target});
  if (!request.weights.empty())
    args.insert(args.end(), {"--weights", request.weights});
  SmallVector<StringRef> refs(args.begin(), args.end());
  std::string out = (folder + "/stdout").str(), err = (folder + "/stderr").str(), message;
  int code = package::runProcess(refs, {StringRef(""), StringRef(out), StringRef(err)}, &message);
  auto text = [](const std::string &path) {
    auto b = MemoryBuffer::getFile(path);
    return b ? (*b)->getBuffer().str() : std::string();
  };
  SmallVector<StringRef> lines;
  std::string output = text(out);
  StringRef(output).split(lines, '\n', -1, false);
  for (StringRef line : lines) {
    SmallVector<StringRef> f;
    line.split(f, '\t');
    if (f[0] == "error" && f.size() > 2) {
      result.problem = f[2].str();
    } else if (f[0] == "output" && f.size() > 5) {
      size_t index = 0;
      int type = 0;
      f[1].getAsInteger(10, index);
      f[3].getAsInteger(10, type);
      auto value = readRaw(f[5].str(), spec.outputs.at(index).kind, type, f[4].str());
      if (!value) {
        result.problem = "the program's output file is cut off";
        return result;
      }
      result.outputs.push_back(std::move(*value));
    } else if (f[0] == "step") {
      readStep(f, result.steps);
    } else if (f[0] == "bench") {
      for (StringRef pair : ArrayRef(f).drop_front()) {
        auto [key, number] = pair.split('=');
        double v = 0;
        if (!number.getAsDouble(v))
          result.bench[key.str()] = v;
      }
    }
  }
  result.ok = code == 0;
  if (!result.ok && result.problem.empty()) {
    result.problem = code < 0 ? "the program crashed: " + message : StringRef(text(err)).trim().str();
    if (result.problem.empty())
      result.problem = "the program ended with code " + std::to_string(code);
  }
  return result;
}

} // namespace ingot
