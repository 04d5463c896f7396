//===- Facts.cpp --------------------------------------------------------------------------===//
#include "compiler/inspect/Facts.h"
#include "dialects/support/DimExpr.h"
#include "llvm/ADT/StringExtras.h"
#include <algorithm>

namespace ingot::inspect {

std::string TypeFacts::text() const { return element + (dims ? "[" + llvm::join(*dims, ",") + "]" : ""); }

void ModelFacts::link() {
  if (!plan)
    return;
  std::map<std::string, std::vector<int>> byLabel;
  for (size_t i = 0; i < nodes.size(); ++i)
    byLabel[nodes[i].label].push_back(int(i));
  for (size_t s = 0; s < plan->steps.size(); ++s)
    for (const std::string &origin : plan->steps[s].origin)
      if (auto it = byLabel.find(origin); it != byLabel.end())
        for (int n : it->second) {
          plan->steps[s].nodes.push_back(n);
          nodes[n].steps.push_back(int(s));
        }
}

std::map<std::string, unsigned> ModelFacts::operators() const {
  std::map<std::string, unsigned> count;
  for (const NodeFacts &n : nodes)
    ++count[n.domain.empty() ? n.op : n.domain + "." + n.op];
  return count;
}

std::optional<int64_t> ModelFacts::evaluate(const std::string &formula) const {
  auto e = DimExpr::parse(formula);
  if (!e)
    return std::nullopt;
  return e->evaluate([&](llvm::StringRef name) -> std::optional<int64_t> {
    for (const SymbolFacts &s : symbols)
      if (s.name == name)
        return s.assumed;
    return std::nullopt;
  });
}

std::optional<double> ModelFacts::predictedMicroseconds(const StepFacts &step) const {
  auto flops = evaluate(step.flops), bytes = evaluate(step.bytes);
  if (!plan || !plan->predictsTime || !flops || !bytes || !step.flopsPerCycle)
    return std::nullopt;
  double cycles = std::max(*flops / step.flopsPerCycle, *bytes / plan->bytesPerCycle);
  return cycles / (plan->clockGHz * 1e3);
}

/// As the page writes a type into a box.
static std::string shortText(const TypeFacts &type) {
  return type.element +
         (!type.dims ? "" : " " + (type.dims->empty() ? "scalar" : llvm::join(*type.dims, "x")));
}

/// Boxes with room for the operator and the type of the result below it.
Drawing draw(const ModelFacts &model, int graph) {
  Drawing out;
  const GraphFacts &g = model.graphs[graph];
  std::vector<LayoutBox> boxes;
  std::vector<LayoutEdge> edges;
  std::map<int, std::pair<int, int>> from; // value → box, port
  auto box = [&](const std::string &title, const TypeFacts *type) {
    size_t width =
        std::max<size_t>(title.size() * 9, type ? std::min<size_t>(shortText(*type).size(), 34) * 7 : 0);
    boxes.push_back({int(std::clamp<size_t>(width + 28, 84, 280)), 44});
    return int(boxes.size()) - 1;
  };
  auto typeOf = [&](int value) { return value < 0 ? nullptr : &model.values[value].type; };
  // In the order of GraphFacts: inputs, nodes, outputs.
  for (int v : g.inputs)
    from[v] = {box(model.values[v].name.substr(0, 28), typeOf(v)), 0};
  size_t first = boxes.size();
  for (int n : g.nodes)
    if (model.nodes[n].op != "Constant" || !model.nodes[n].domain.empty())
      out.nodes.push_back(n);
  for (int n : out.nodes) {
    const NodeFacts &f = model.nodes[n];
    int b = box(f.op, f.outputs.empty() ? nullptr : typeOf(f.outputs[0]));
    for (size_t i = 0; i < f.outputs.size(); ++i)
      if (f.outputs[i] >= 0)
        from[f.outputs[i]] = {b, int(i)};
  }
  auto connect = [&](int value, int to, std::vector<int> &seen) {
    auto it = from.find(value);
    if (it == from.end() || std::find(seen.begin(), seen.end(), value) != seen.end())
      return;
    seen.push_back(value);
    edges.push_back({it->second.first, it->second.second, to});
    out.valueOfEdge.push_back(value);
    out.boxOfEdge.push_back(to);
  };
  // What a node's subgraphs take from here are edges to the node.
  std::vector<std::vector<int>> within(out.nodes.size());
  for (size_t i = 0; i < out.nodes.size(); ++i) {
    std::vector<int> todo;
    for (auto &[name, inner] : model.nodes[out.nodes[i]].graphs)
      todo.push_back(inner);
    while (!todo.empty()) {
      const GraphFacts &inner = model.graphs[todo.back()];
      todo.pop_back();
      within[i].insert(within[i].end(), inner.outputs.begin(), inner.outputs.end());
      for (int n : inner.nodes) {
        within[i].insert(within[i].end(), model.nodes[n].inputs.begin(), model.nodes[n].inputs.end());
        for (auto &[name, nested] : model.nodes[n].graphs)
          todo.push_back(nested);
      }
    }
  }
  for (size_t i = 0; i < out.nodes.size(); ++i) {
    std::vector<int> seen;
    for (int v : model.nodes[out.nodes[i]].inputs)
      connect(v, int(first + i), seen);
    for (int v : within[i])
      connect(v, int(first + i), seen);
  }
  for (int v : g.outputs) {
    std::vector<int> seen;
    connect(v, box(model.values[v].name.substr(0, 28), typeOf(v)), seen);
  }
  out.layout = layoutGraph(std::move(boxes), edges);
  return out;
}

} // namespace ingot::inspect
