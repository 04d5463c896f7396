//===- Print.cpp --------------------------------------------------------------------------===//
#include "compiler/inspect/Print.h"
#include "codegen/package/Manifest.h"
#include "dialects/support/DimExpr.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>
#include <nlohmann/json.hpp>

namespace ingot::inspect {

using Json = nlohmann::ordered_json;

std::string text(const ModelFacts &facts) {
  std::string out;
  llvm::raw_string_ostream os(out);
  auto list = [&](const char *title, const std::vector<int> &values) {
    os << title << "\n";
    for (int v : values)
      os << "  " << facts.values[v].name << " " << facts.values[v].type.text() << "\n";
  };
  list("inputs", facts.inputs);
  list("outputs", facts.outputs);
  os << "parameters\n  " << facts.parameters << "\noperators\n";
  for (auto &[op, n] : facts.operators())
    os << llvm::format("  %-28s %u\n", op.c_str(), n);
  if (!facts.symbols.empty()) {
    os << "dimensions (for --dim)\n";
    for (const SymbolFacts &s : facts.symbols)
      os << "  " << s.onnxName << "\n";
  }
  if (facts.plan)
    os << "compiled for " << facts.plan->target << "\n  kernels    " << facts.plan->kernels.size()
       << "\n  weights    " << facts.plan->weightBytes << " bytes\n  workspace  " << facts.plan->workspace
       << " bytes\n  work       " << facts.plan->flops << " FLOP\n";
  return out;
}

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

static std::string dump(const Json &j, int indent) {
  // Names need not be UTF-8; `replace` keeps dump from throwing.
  return j.dump(indent, ' ', false, Json::error_handler_t::replace);
}

/// Three decimals are more than a prediction knows.
static double rounded(double x) { return std::round(x * 1000) / 1000; }

static Json typeJson(const TypeFacts &type) {
  Json j = {{"type", type.element}};
  if (type.dims)
    j["dims"] = *type.dims;
  return j;
}

static Json symbolJson(const SymbolFacts &s) {
  return {{"name", s.name},
          {"onnx", s.onnxName},
          {"low", s.low},
          {"high", s.high ? Json(*s.high) : Json()},
          {"assumed", s.assumed}};
}

static Json nodeJson(const NodeFacts &n) {
  Json attributes = Json::array();
  for (auto &[name, text] : n.attributes)
    attributes.push_back({name, text});
  Json graphs = Json::array();
  for (auto &[name, graph] : n.graphs)
    graphs.push_back({name, graph});
  return {{"graph", n.graph},     {"name", n.name},   {"label", n.label},           {"op", n.op},
          {"domain", n.domain},   {"since", n.since}, {"attributes", attributes},   {"inputs", n.inputs},
          {"outputs", n.outputs}, {"graphs", graphs}, {"parameters", n.parameters}, {"flop", n.flops},
          {"steps", n.steps}};
}

static Json kernelJson(const KernelFacts &k) {
  Json j = {{"name", k.name}, {"doc", k.doc}, {"source_bytes", k.sourceBytes}};
  if (!k.tile.empty())
    j["tile"] = k.tile;
  return j;
}

static Json stepJson(const StepFacts &s) {
  return {{"name", s.name},   {"kernel", s.kernel},
          {"depth", s.depth}, {"origin", s.origin},
          {"nodes", s.nodes}, {"flop", s.flops},
          {"bytes", s.bytes}, {"flops_per_cycle", rounded(s.flopsPerCycle)}};
}

static Json arenaJson(const PlanFacts &plan) {
  Json list = Json::array();
  for (const BufferFacts &b : plan.arena)
    list.push_back(
        {{"name", b.name}, {"offset", b.offset}, {"bytes", b.bytes}, {"first", b.first}, {"last", b.last}});
  return list;
}

static Json planJson(const PlanFacts &plan) {
  Json j = {{"library", plan.library},
            {"target", plan.target},
            {"predicts_time", plan.predictsTime},
            {"clock_ghz", plan.clockGHz},
            {"bytes_per_cycle", plan.bytesPerCycle},
            {"weight_bytes", plan.weightBytes},
            {"source_bytes", plan.sourceBytes},
            {"workspace", plan.workspace},
            {"flop", plan.flops}};
  j["kernels"] = j["steps"] = Json::array();
  for (const KernelFacts &k : plan.kernels)
    j["kernels"].push_back(kernelJson(k));
  for (const StepFacts &s : plan.steps)
    j["steps"].push_back(stepJson(s));
  j["arena"] = arenaJson(plan);
  return j;
}

static Json drawingJson(const Drawing &d) {
  Json boxes = Json::array(), lines = Json::array(), remote = Json::array();
  for (size_t i = 0; i < d.layout.boxes.size(); ++i)
    boxes.push_back(
        {d.layout.places[i].x, d.layout.places[i].y, d.layout.boxes[i].width, d.layout.boxes[i].height});
  for (const auto &line : d.layout.lines) {
    Json points = Json::array();
    for (LayoutPoint p : line.points) {
      points.push_back(p.x);
      points.push_back(p.y);
    }
    lines.push_back({d.valueOfEdge[line.edge], points});
  }
  for (int e : d.layout.remote)
    remote.push_back({d.valueOfEdge[e], d.boxOfEdge[e]});
  return {{"width", d.layout.width}, {"height", d.layout.height}, {"nodes", d.nodes}, {"boxes", boxes},
          {"lines", lines},          {"remote", remote}};
}

static Json modelJson(const ModelFacts &facts, bool withDrawings) {
  Json opsets = Json::array();
  for (auto &[domain, version] : facts.opsets)
    opsets.push_back({{"domain", domain}, {"version", version}});
  Json j = {{"ingot", facts.ingotVersion},
            {"file", facts.file},
            {"sha256", facts.sha256},
            {"name", facts.name},
            {"producer", facts.producer},
            {"ir_version", facts.irVersion},
            {"opsets", opsets},
            {"inputs", facts.inputs},
            {"outputs", facts.outputs},
            {"parameters", facts.parameters}};
  j["symbols"] = j["values"] = j["graphs"] = j["nodes"] = Json::array();
  for (const SymbolFacts &s : facts.symbols)
    j["symbols"].push_back(symbolJson(s));
  for (const ValueFacts &v : facts.values) {
    Json value = {{"name", v.name}};
    value.update(typeJson(v.type));
    if (v.isInitialiser)
      value["bytes"] = v.bytes;
    j["values"].push_back(std::move(value));
  }
  for (size_t g = 0; g < facts.graphs.size(); ++g) {
    const GraphFacts &f = facts.graphs[g];
    Json graph = {{"name", f.name},
                  {"parent", f.parent},
                  {"inputs", f.inputs},
                  {"outputs", f.outputs},
                  {"nodes", f.nodes}};
    if (withDrawings)
      graph["drawing"] = drawingJson(draw(facts, int(g)));
    j["graphs"].push_back(std::move(graph));
  }
  for (const NodeFacts &n : facts.nodes)
    j["nodes"].push_back(nodeJson(n));
  if (facts.plan)
    j["plan"] = planJson(*facts.plan);
  return j;
}

std::string json(const ModelFacts &facts) { return dump(modelJson(facts, false), 1) + "\n"; }

std::string reportJson(const ModelFacts &facts) {
  const PlanFacts &plan = *facts.plan;
  auto number = [](std::optional<int64_t> v) { return v ? Json(*v) : Json(); };
  Json j = {{"name", plan.library},
            {"target", plan.target},
            {"flop", plan.flops},
            {"parameters", facts.parameters},
            {"weights_bytes", plan.weightBytes},
            {"workspace_bytes", plan.workspace},
            {"source_bytes", plan.sourceBytes}};
  if (plan.predictsTime)
    j["prediction"] = {{"cores", 1}, {"clock_ghz", plan.clockGHz}, {"bytes_per_cycle", plan.bytesPerCycle}};
  auto values = [&](const std::vector<int> &list) {
    Json out = Json::array();
    for (int v : list) {
      Json value = {{"name", facts.values[v].name}};
      value.update(typeJson(facts.values[v].type));
      out.push_back(std::move(value));
    }
    return out;
  };
  j["inputs"] = values(facts.inputs);
  j["outputs"] = values(facts.outputs);
  j["symbols"] = j["kernels"] = j["steps"] = Json::array();
  for (const SymbolFacts &s : facts.symbols)
    j["symbols"].push_back(symbolJson(s));
  for (const KernelFacts &k : plan.kernels)
    j["kernels"].push_back(kernelJson(k));
  double total = 0;
  for (const StepFacts &s : plan.steps) {
    Json step = {{"name", s.name}, {"nodes", s.origin}, {"flop", s.flops}, {"bytes", s.bytes}};
    step["assumed"] = {{"flop", number(facts.evaluate(s.flops))}, {"bytes", number(facts.evaluate(s.bytes))}};
    if (auto us = facts.predictedMicroseconds(s)) {
      step["assumed"]["predicted_us"] = rounded(*us);
      total += *us;
    }
    j["steps"].push_back(std::move(step));
  }
  j["assumed"] = {{"flop", number(facts.evaluate(plan.flops))},
                  {"workspace_bytes", number(facts.evaluate(plan.workspace))}};
  if (plan.predictsTime)
    j["assumed"]["predicted_us"] = rounded(total);
  j["arena"] = arenaJson(plan);
  return dump(j, 1) + "\n";
}

std::optional<PlanFacts> readReport(const std::string &text) {
  if (package::isTooDeep(text))
    return std::nullopt;
  // What is no formula has no value, as what the run alone knows has none: it would go unnoticed. Calls have none.
  auto good = [](const std::string &formula) { return formula.empty() || DimExpr::parse(formula); };
  try {
    Json j = Json::parse(text);
    PlanFacts plan;
    plan.library = j.at("name");
    plan.target = j.at("target");
    plan.flops = j.at("flop");
    if (!good(plan.flops))
      return std::nullopt;
    for (const Json &step : j.at("steps")) {
      StepFacts s;
      s.name = step.at("name");
      s.origin = step.at("nodes").get<std::vector<std::string>>();
      s.flops = step.at("flop");
      s.bytes = step.at("bytes");
      if (!good(s.flops) || !good(s.bytes))
        return std::nullopt;
      plan.steps.push_back(std::move(s));
    }
    return plan;
  } catch (const Json::exception &) { // no JSON, or of another form
    return std::nullopt;
  }
}

//===----------------------------------------------------------------------===//
// The page
//===----------------------------------------------------------------------===//

static constexpr unsigned char pageHtml[] = {
#include "page.html.inc"
};
static constexpr unsigned char pageCss[] = {
#include "page.css.inc"
};
static constexpr unsigned char pageJs[] = {
#include "page.js.inc"
};

/// JSON that no HTML parser takes for markup: "</script>" and "<!--" begin with a character that has an
/// escape.
static std::string inScript(llvm::StringRef json) {
  std::string out;
  out.reserve(json.size());
  for (char c : json)
    if (c == '<')
      out += "\\u003c";
    else
      out += c;
  return out;
}

static llvm::StringRef embedded(llvm::ArrayRef<unsigned char> bytes) {
  return {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
}

static std::string inHtml(llvm::StringRef text) {
  std::string out;
  llvm::raw_string_ostream os(out);
  llvm::printHTMLEscaped(text, os);
  return out;
}

std::string page(const ModelFacts &facts, const std::string &title) {
  // What replaces a mark is not searched for marks.
  std::string out;
  llvm::StringRef rest = embedded(pageHtml);
  auto put = [&](llvm::StringRef mark, llvm::StringRef text) {
    auto [before, after] = rest.split(mark);
    out += before;
    out += text;
    rest = after;
  };
  put("@TITLE@", inHtml(title));
  put("@STYLE@", embedded(pageCss));
  put("@FACTS@", inScript(dump(modelJson(facts, true), -1)));
  put("@SCRIPT@", embedded(pageJs));
  out += rest;
  return out;
}

} // namespace ingot::inspect
