//===- Probes.cpp - Puts probes at the steps of an entry source -----------------------------------------------===//
//
// The library that is shipped has no clocks. For `ingot bench --profile` the source of its entry is read, and
// at each step a call becomes one that is measured (runner/probe.h), by text in front of it:
//
//   ingot::launch(executor, …      ingot::runner::launch(STEP, executor, …
//   N_v3_relu(x, y, 0, 4);         ingot::runner::call(STEP, N_v3_relu, x, y, 0, 4);
//   ingot::ops::topk(…             ingot::runner::Probe(STEP) << ingot::ops::topk(…
//   N_sm80_relu<<<ingot::blocks(…  ingot::runner::DeviceProbe(STEP, stream), N_sm80_relu<<<ingot::runner::blocks(STEP, …
//
//===----------------------------------------------------------------------------------------------------------===//

#include "codegen/package/Runner.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace ingot::package {

/// Drops white space, comments and literals, in which names mean nothing; whether it dropped any.
static bool skipBlind(StringRef &rest) {
  StringRef before = rest;
  if (rest.starts_with("//")) {
    rest = rest.drop_until([](char c) { return c == '\n'; });
  } else if (rest.starts_with("/*")) {
    size_t end = rest.find("*/", 2);
    rest = end == StringRef::npos ? "" : rest.drop_front(end + 2);
  } else if (rest.starts_with("\"") || rest.starts_with("'")) {
    size_t end = 1;
    for (; end < rest.size() && rest[end] != rest[0]; ++end)
      end += rest[end] == '\\';
    rest = rest.drop_front(std::min(end + 1, rest.size()));
  } else {
    rest = rest.ltrim();
  }
  return rest.size() != before.size();
}

Expected<std::string> addProbes(StringRef entry, StringRef prefix, ArrayRef<std::string> steps,
                                StringRef table) {
  auto differs = [&](const Twine &found, size_t at) {
    return createStringError(inconvertibleErrorCode(),
                             "step " + Twine(at) + " is " + found + ", the report has " +
                                 (at < steps.size() ? StringRef(steps[at]) : "none"));
  };
  std::string out;
  size_t count = 0, done = 0;     // steps; characters of `entry` that are in `out`
  std::optional<size_t> launchAt; // an ingot::launch whose kernel comes next
  auto copyUntil = [&](size_t at) {
    out += entry.slice(done, at);
    done = at;
  };
  for (StringRef rest = entry; !rest.empty();) {
    if (skipBlind(rest))
      continue;
    size_t at = entry.size() - rest.size();
    auto isName = [](char c) { return isAlnum(c) || c == '_' || c == ':'; };
    StringRef name = rest.take_while(isName);
    rest = rest.drop_front(std::max<size_t>(name.size(), 1));
    std::string step = (table + "[" + Twine(count) + "]").str(),
                wanted = count < steps.size() ? steps[count] : "";
    if (name == "ingot::launch") {
      launchAt = at;
    } else if (name.consume_front("ingot::ops::")) {
      if (name != wanted)
        return differs(name, count);
      copyUntil(at);
      out += "ingot::runner::Probe(" + step + ") << ";
      ++count;
    } else if (StringRef kernel = name; kernel.consume_front(prefix) && kernel != "run" && // the function itself
               (rest.starts_with("(") || rest.starts_with("<<<"))) { // a value may be called so too
      if (kernel != wanted)
        return differs(kernel, count);
      ++count;
      StringRef blocks = "<<<ingot::blocks(";
      if (launchAt) {
        copyUntil(*launchAt);
        StringRef call = "ingot::launch(";
        out += "ingot::runner::launch(" + step + ", ";
        done += call.size();
        launchAt.reset();
      } else if (rest.starts_with(blocks)) {
        copyUntil(at);
        out += "ingot::runner::DeviceProbe(" + step + ", stream), " + name.str() +
               "<<<ingot::runner::blocks(" + step + ", ";
        done += name.size() + blocks.size();
      } else {
        copyUntil(at);
        out += "ingot::runner::call(" + step + ", " + name.str() + ", ";
        done += name.size() + 1; // "("
      }
    }
  }
  if (count != steps.size())
    return differs("missing", count);
  copyUntil(entry.size());
  return ("#include \"runner/probe.h\"\nextern \"C\" ingot::runner::Step " + table + "[];\n" + out).str();
}

} // namespace ingot::package
