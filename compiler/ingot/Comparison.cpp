//===- Comparison.cpp ------------------------------------------------------------------------===//
#include "compiler/ingot/Comparison.h"
#include "compiler/frontend/Wording.h"
#include "llvm/Support/Format.h"

using namespace llvm;
namespace ingot {

void Comparison::print() const {
  outs() << "  " << name << (shape.empty() ? "" : " ") << shape << ": " << text
         << (ok ? "  ok" : "  MISMATCH") << "\n";
}

std::vector<Comparison> compareValue(const std::string &name, const TensorValue &got,
                                     const TensorValue &expected) {
  if (got.items.size() != expected.items.size() || got.present != expected.present)
    return {
        {name, "",
         counted(got.items.size(), "element") + ", expected " + std::to_string(expected.items.size())}};
  std::vector<Comparison> out;
  for (auto [actual, wanted] : zip(got.items, expected.items)) {
    Match m = compare(actual, wanted);
    Comparison c{name, describe(actual), "", m.ok};
    raw_string_ostream(c.text) << format("max abs %.3g, max rel %.3g, max ulp %.3g, tolerance %.3g", m.maxAbs,
                                         m.maxRel, m.maxUlp, m.tolerance)
                               << (m.problem.empty() ? "" : " (" + m.problem + ")");
    out.push_back(std::move(c));
  }
  return out;
}

KeptComparison::KeptComparison(const package::LibrarySpec &spec, const KeptValues &kept, const std::vector<TensorValue> &got,
                               const std::vector<TensorValue> &reference) {
  std::map<std::string, size_t> at;
  for (auto [i, output] : enumerate(spec.outputs))
    at[output.label()] = i;
  for (const KeptValue &value : kept.values)
    if (auto it = at.find(value.name); it != at.end()) {
      Entry e{&value, compareValue(value.name, got[it->second], reference[it->second]), true};
      e.ok = all_of(e.comparisons, [](auto &c) { return c.ok; });
      numDiffering += !e.ok;
      entries.push_back(std::move(e));
    }
}

void KeptComparison::print(const std::set<std::string> &without) const {
  bool isFirst = true;
  for (const Entry &e : entries)
    for (const Comparison &c : e.comparisons)
      if ((!c.ok || e.value->isNamed) && !without.count(c.name)) {
        if (isFirst)
          outs() << " kept values and the reference:\n";
        isFirst = false;
        c.print();
        if (!c.ok)
          complainInJson({"differs from the reference: " + c.text, "", c.name, e.value->op, c.shape});
      }
}

void KeptComparison::printSummary() const {
  outs() << counted(entries.size(), "value") << " kept, ";
  auto first = find_if(entries, [](auto &e) { return !e.ok; });
  if (first == entries.end()) {
    outs() << "none differs from the reference\n";
    return;
  }
  const Comparison &c = *find_if(first->comparisons, [](auto &c) { return !c.ok; });
  outs() << "first that differs: " << c.name << " (operator " << first->value->op << ", node "
         << first->value->node << "), " << c.text << "; " << numDiffering
         << (numDiffering == 1 ? " differs" : " differ") << "\n";
}

std::string leftOutText(const package::LibrarySpec &spec, const KeptValues &kept) {
  std::map<std::string, size_t> counts = kept.leftOut;
  for (const KeptValue &value : kept.values)
    if (none_of(spec.outputs, [&](auto &o) { return o.label() == value.name; }))
      ++counts["state"];
  std::string text;
  for (auto &[what, count] : counts)
    text += (text.empty() ? "" : ", ") + counted(count, what);
  return text;
}

} // namespace ingot
