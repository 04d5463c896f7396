//===- Library.cpp ----------------------------------------------------------------------------===//
#include "compiler/driver/Library.h"
#include "codegen/package/Manifest.h"
#include "compiler/driver/PlanToSpec.h"
#include "dialects/support/DimExpr.h"
#include "llvm/Support/FileSystem.h"

using namespace llvm;
namespace ingot {

static Error problem(const Twine &text) { return createStringError(inconvertibleErrorCode(), text); }

/// Formulas are evaluated, so all must be some.
static bool areFormulas(const package::LibrarySpec &spec) {
  auto good = [](ArrayRef<std::string> dims) {
    return all_of(dims, [](const std::string &d) { return DimExpr::parse(d).has_value(); });
  };
  auto goodDims = [&](auto &value) { return good(value.dims); };
  return all_of(spec.inputs, goodDims) && all_of(spec.outputs, goodDims) && all_of(spec.states, goodDims) &&
         all_of(spec.symbols, [&](const package::Symbol &s) { return s.next.empty() || good(s.next); });
}

Expected<CompiledLibrary> readLibrary(StringRef folder) {
  Expected<package::Manifest> manifest = package::readManifest(folder, INGOT_VERSION);
  if (!manifest)
    return manifest.takeError();
  CompiledLibrary library;
  package::LibrarySpec &spec = library.spec = std::move(manifest->spec);
  auto damaged = [&](const Twine &why) {
    return problem(folder + "/manifest.json is damaged: " + why + "; compile the model to this folder again");
  };
  for (package::Target &target : spec.targets) {
    std::optional<Machine> machine = target.name == "native" ? std::nullopt : findMachine(target.name);
    if (!machine)
      return damaged("no target '" + target.name + "'");
    target = targetOf(*machine);
    library.machines.push_back(*machine);
  }
  // The header is a function of what was read: this finds whatever was changed in it.
  if (package::Interface(spec).hash != manifest->interfaceHash)
    return damaged("the interface that it describes is not that of " + spec.name + ".h");
  if (!areFormulas(spec))
    return damaged("a dimension is no formula");
  if (Error error = package::checkFile(*manifest, folder, spec.name + ".h"))
    return error;
  std::string archive = (folder + "/lib/lib" + spec.name + ".a").str(),
              weights = (folder + "/weights/" + spec.name + ".weights").str();
  if (!sys::fs::exists(archive))
    return problem(
        archive + " is missing; compile the model to this folder" +
        (manifest->files.count("lib/lib" + spec.name + ".a") ? " again" : " without --emit source"));
  if (spec.weights.bytes && spec.weights.form == package::WeightForm::File && !sys::fs::exists(weights))
    return problem(weights + " is missing; put the file back, or compile the model to this folder again");
  return library;
}

Error checkReport(StringRef folder) {
  Expected<package::Manifest> manifest = package::readManifest(folder, INGOT_VERSION);
  if (!manifest)
    return manifest.takeError();
  return package::checkFile(*manifest, folder, "report/report.json");
}

Error checkSources(StringRef folder) {
  Expected<package::Manifest> manifest = package::readManifest(folder, INGOT_VERSION);
  if (!manifest)
    return manifest.takeError();
  for (auto &[path, hash] : manifest->files)
    if (StringRef(path).starts_with("src/entry_") ||
        (StringRef(path).starts_with("src/") && StringRef(path).ends_with(".h")))
      if (Error error = package::checkFile(*manifest, folder, path))
        return error;
  return Error::success();
}

} // namespace ingot
