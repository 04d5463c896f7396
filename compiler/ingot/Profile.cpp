//===- Profile.cpp ----------------------------------------------------------------------------===//
#include "compiler/ingot/Profile.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"

using namespace llvm;
namespace ingot {

Profile::Profile(const inspect::PlanFacts &report, const package::LibrarySpec &spec, const std::map<std::string, int64_t> &dims,
                 const RunResult &measured)
    : minMs(measured.bench.at("min_ms")), medianMs(measured.bench.at("median_ms")), runs(measured.bench.at("runs")) {
  auto ofRun = [&](const std::string &formula, const StepTime &time) -> std::optional<double> {
    auto value = evaluate(formula, spec, dims);
    return value ? std::optional(double(*value) * double(time.calls)) : std::nullopt;
  };
  for (auto [facts, time] : zip(report.steps, measured.steps)) {
    steps.push_back({&facts, time, ofRun(facts.flops, time), ofRun(facts.bytes, time)});
    between -= time.share;
  }
}

std::optional<double> Profile::Step::gflops() const {
  return flop && time.medianMs > 0 ? std::optional(*flop * 1e-6 / time.medianMs) : std::nullopt;
}

nlohmann::ordered_json Profile::json() const {
  using Json = nlohmann::ordered_json;
  auto number = [](std::optional<double> v) { return v ? Json(*v) : Json(); };
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
                    {"share", s.time.share},
                    {"flop", number(s.flop)},
                    {"gflops", number(s.gflops())},
                    {"bytes", number(s.bytes)}});
  }
  return {{"runs", runs}, {"min_ms", minMs}, {"median_ms", medianMs}, {"between", between}, {"steps", list}};
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

void Profile::print(raw_ostream &os, double plainMs) const {
  constexpr size_t rows = 20, widest = 40;
  std::vector<const Step *> order;
  for (const Step &s : steps)
    order.push_back(&s);
  stable_sort(order, [](const Step *a, const Step *b) { return a->time.share > b->time.share; });
  order.resize(std::min(order.size(), rows));

  size_t width = 6;
  for (const Step *s : order)
    width = std::max(width, std::min(s->facts->name.size(), widest));
  os << "\n share  median ms     min ms  calls    tiles    GFLOP  GFLOP/s       MB  kernel" << std::string(width - 6, ' ') << "  nodes\n";
  for (const Step *s : order) {
    auto scaled = [](std::optional<double> v, double by) { return v ? std::optional(*v * by) : v; };
    std::string name = shortened(s->facts->name, widest);
    os << format("%5.1f%%", s->time.share * 100) << format(" %10.4f %10.4f", s->time.medianMs, s->time.minMs)
       << format(" %6lld %8s", (long long)s->time.calls, s->time.tiles ? std::to_string(s->time.tiles).c_str() : "-")
       << format(" %8s %8s", figure(scaled(s->flop, 1e-9)).c_str(), figure(s->gflops()).c_str())
       << format(" %8s  ", figure(scaled(s->bytes, 1e-6)).c_str()) << name
       << std::string(width - std::min(width, name.size()), ' ') << "  " << shortened(join(s->facts->origin, " + "), 100) << "\n";
  }
  if (order.size() < steps.size())
    os << order.size() << " of " << steps.size() << " steps, the longest; --json has all\n";
  os << format("%zu steps take %.1f %% of a run, what is between them %.1f %%; ", steps.size(), (1 - between) * 100, between * 100)
     << format("a run takes %.4g ms with probes (median of %.0f), %.4g ms without\n", medianMs, runs, plainMs);
}

} // namespace ingot
