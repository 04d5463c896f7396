//===- Profile.cpp ----------------------------------------------------------------------------===//
#include "compiler/ingot/Profile.h"
#include "compiler/frontend/Wording.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"

using namespace llvm;
namespace ingot {

Profile::Profile(const inspect::PlanFacts &report, const package::LibrarySpec &spec,
                 const std::map<std::string, int64_t> &dims, const RunResult &measured)
    : minMs(measured.bench.at("min_ms")), medianMs(measured.bench.at("median_ms")),
      runs(measured.bench.at("runs")) {
  auto ofRun = [&](const std::string &formula, const StepTime &time) {
    auto value = evaluate(formula, spec, dims);
    return value ? std::optional(*value * time.calls) : value;
  };
  for (auto [facts, time] : zip_first(report.steps, measured.steps)) // the last one measured is between
    steps.push_back({&facts, time, ofRun(facts.flops, time), ofRun(facts.bytes, time)});
  if (!measured.steps.empty())
    between = measured.steps.back();
  for (const StepTime &time : measured.steps)
    sumMs += time.medianMs;
}

std::optional<double> Profile::Step::gflops() const {
  return flop && time.medianMs > 0 ? std::optional(double(*flop) * 1e-6 / time.medianMs) : std::nullopt;
}

nlohmann::ordered_json Profile::json() const {
  using Json = nlohmann::ordered_json;
  auto number = [](auto v) { return v ? Json(*v) : Json(); };
  Json list = Json::array();
  for (size_t i = 0; i < steps.size(); ++i) {
    const Step &s = steps[i];
    list.push_back({{"step", i},
                    {"name", s.facts->name},
                    {"nodes", s.facts->origin},
                    {"calls", s.time.calls},
                    {"tiles", s.time.tiles},
                    {"grain", s.time.grain},
                    {"min_ms", s.time.minMs},
                    {"median_ms", s.time.medianMs},
                    {"share", share(s.time)},
                    {"flop", number(s.flop)},
                    {"gflops", number(s.gflops())},
                    {"bytes", number(s.bytes)}});
  }
  Json rest = {{"min_ms", between.minMs}, {"median_ms", between.medianMs}, {"share", share(between)}};
  return {{"runs", int64_t(runs)},
          {"min_ms", minMs},
          {"median_ms", medianMs},
          {"steps", list},
          {"between", rest}};
}

/// At most `width` characters; a letter of UTF-8 stays whole.
static std::string shortened(StringRef text, size_t width) {
  if (text.size() <= width)
    return text.str();
  size_t end = width - 1;
  while (end && (uint8_t(text[end]) & 0xc0) == 0x80)
    --end;
  return text.take_front(end).str() + "…";
}

/// Three digits; a dash for what the run alone knows.
static std::string figure(std::optional<double> value) {
  std::string text;
  if (!value)
    return "-";
  raw_string_ostream(text) << format("%.3g", *value);
  return text;
}

/// "/layer1/conv1/Conv + Relu": the first in full.
static std::string nodesText(const std::vector<std::string> &nodes) {
  std::string text;
  for (StringRef node : nodes)
    text += text.empty() ? node.str() : " + " + node.substr(node.rfind('/') + 1).str();
  return text;
}

void Profile::print(raw_ostream &os, double plainMs) const {
  constexpr size_t rows = 20, widestName = 40, widestNodes = 80;
  std::vector<const Step *> order;
  for (const Step &s : steps)
    order.push_back(&s);
  sort(order, [](const Step *a, const Step *b) {
    return std::pair(-a->time.medianMs, a) < std::pair(-b->time.medianMs, b);
  });
  order.resize(std::min(order.size(), rows));

  const std::string title = "kernel";
  size_t width = title.size();
  for (const Step *s : order)
    width = std::max(width, std::min(s->facts->name.size(), widestName));
  auto padded = [&](const std::string &name) {
    return name + std::string(width - std::min(width, name.size()), ' ');
  };
  // A run of microseconds has other units.
  bool isShort = medianMs < 1;
  double times = isShort ? 1e3 : 1, amounts = isShort ? 1e-3 : 1e-6;
  auto scaled = [](std::optional<int64_t> v, double by) {
    return v ? std::optional(double(*v) * by) : std::nullopt;
  };
  os << (isShort ? "\n share  median us     min us  calls    tiles    MFLOP  GFLOP/s       kB  "
                 : "\n share  median ms     min ms  calls    tiles    GFLOP  GFLOP/s       MB  ")
     << padded(title) << "  nodes\n";
  for (const Step *s : order)
    os << format("%5.1f%% %10.3f %10.3f", share(s->time) * 100, s->time.medianMs * times,
                 s->time.minMs * times)
       << format(" %6lld %8s", (long long)s->time.calls,
                 s->time.tiles ? std::to_string(s->time.tiles).c_str() : "-")
       << format(" %8s %8s", figure(scaled(s->flop, amounts * 1e-3)).c_str(), figure(s->gflops()).c_str())
       << format(" %8s  ", figure(scaled(s->bytes, amounts)).c_str())
       << padded(shortened(s->facts->name, widestName)) << "  "
       << shortened(nodesText(s->facts->origin), widestNodes) << "\n";
  if (order.size() < steps.size())
    os << order.size() << " of " << steps.size() << " steps, the longest; --json has all\n";
  os << counted(steps.size(), "step")
     << format(" %.4g ms (%.1f%%), ", sumMs - between.medianMs, (1 - share(between)) * 100)
     << format("between them %.4g ms (%.1f%%); ", between.medianMs, share(between) * 100)
     << format("a run %.4g ms with probes (median of %.0f), %.4g ms without\n", medianMs, runs, plainMs);
}

} // namespace ingot
