//===- Prepare.cpp - libraries and the programs that run them, built once and kept ------------------------===//
#include "codegen/package/Runner.h"
#include "compiler/driver/Library.h"
#include "compiler/ingot/Commands.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/SHA256.h"
#include "llvm/Support/xxhash.h"

using namespace llvm;
namespace ingot {

/// What the compiler says it is: another version makes another library.
static std::string compilerVersion(const std::string &cxx) {
  auto program = sys::findProgramByName(cxx);
  auto folder = package::TemporaryFolder::create("ingot-version");
  if (!program || !folder) {
    consumeError(folder.takeError());
    return "";
  }
  std::string out = (folder->path() + "/out").str(), message;
  package::runProcess({*program, "--version"}, {StringRef(""), StringRef(out), StringRef("")}, &message);
  auto text = MemoryBuffer::getFile(out);
  return text ? (*text)->getBuffer().str() : "";
}

namespace {
/// What a library and the programs that run it are made of.
struct CacheKey {
  SHA256 hash;
  void add(StringRef part) {
    hash.update(std::to_string(part.size()) + ":"); // "a", "b" is not "ab"
    hash.update(part);
  }
  /// The sources of the programs, the compiler and its options.
  void addPrograms(const package::ToolchainOptions &t) {
    for (const char *file : {"/runner/runner.cpp", "/runner/runner.h", "/runner/probe.h", "/pool.cpp"})
      if (auto text = MemoryBuffer::getFile(runtimeFolder() + file))
        add((*text)->getBuffer());
    for (const std::string &part : {t.cxx, compilerVersion(t.cxx), t.ar, t.sysroot})
      add(part);
    for (auto &f : t.cxxFlags)
      add(f);
  }
  std::string text() { return toHex(hash.final(), true).substr(0, 24); }
};
} // namespace

/// All text of a library holds Ingot's version and the hash of the weights.
static std::string keyOf(const Compilation &c) {
  CacheKey key;
  for (auto &f : package::emitFiles(c.spec))
    key.add(f.path), key.add(f.text);
  key.addPrograms(c.options.toolchain);
  return key.text();
}

/// Of a folder: its header and archive as they are now. The archive may hold a gigabyte of weights: no slower
/// hash than xxHash.
static std::string keyOf(const Prepared &p) {
  CacheKey key;
  key.add(INGOT_VERSION);
  if (auto header = MemoryBuffer::getFile(p.folder + "/" + p.spec.name + ".h"))
    key.add((*header)->getBuffer());
  if (auto archive = MemoryBuffer::getFile(p.folder + "/lib/lib" + p.spec.name + ".a", /*IsText=*/false,
                                           /*RequiresNullTerminator=*/false)) {
    XXH128_hash_t sum = xxh3_128bits(arrayRefFromStringRef((*archive)->getBuffer()));
    key.add(std::to_string((*archive)->getBufferSize()) + " " + std::to_string(sum.high64) + " " +
            std::to_string(sum.low64));
  }
  if (auto manifest = MemoryBuffer::getFile(p.folder + "/manifest.json"))
    key.add((*manifest)->getBuffer());
  key.addPrograms(p.toolchain);
  return key.text();
}

/// Reports why something could not be built.
static ExitCode failed(const ModelArguments &arguments, Error error) {
  bool toolchain = error.isA<package::ToolchainError>();
  complain(arguments, toString(std::move(error)));
  return toolchain ? ExitToolchain : ExitBadInput;
}

/// Links a program that runs the library in p.folder; `steps`: one that measures these.
static ExitCode link(const ModelArguments &arguments, const Prepared &p, const std::string &executable,
                     std::optional<std::vector<std::string>> steps = std::nullopt) {
  progress(arguments,
           steps ? "compiling: a program that measures each step" : "linking a program that runs it");
  package::RunnerOptions runner;
  runner.toolchain = p.toolchain;
  runner.runtime = runtimeFolder();
  runner.isStatic = !p.machines.front().triple.empty();
  if (p.machines.front().kind == MachineKind::Cuda) // nvcc links CUDA's runtime, statically
    runner.linkFlags = {"-Xcompiler", "-static-libgcc,-static-libstdc++"};
  if (Error error = package::buildRunner({{&p.spec, p.folder, std::move(steps)}}, executable, runner))
    return failed(arguments, std::move(error));
  progress(arguments, "");
  return ExitOk;
}

/// Known before the work whose result the cache keeps.
static std::optional<uint64_t> limitOfCache(const ModelArguments &arguments) {
  Expected<uint64_t> limit = cacheLimit();
  if (limit)
    return *limit;
  complain(arguments, toString(limit.takeError()));
  return std::nullopt;
}

namespace {
/// Where something is made before the cache has it.
struct Aside {
  package::TemporaryFolder folder;
  std::optional<EntryInUse> inUse;
  bool isInCache;
};
} // namespace

/// A folder beside `entry`, or a temporary one if the cache, "" if there is none, takes nothing.
static Expected<Aside> makeAside(const std::string &cache, const std::string &entry) {
  if (!cache.empty()) {
    removeUnfinished(cache);
    auto folder = package::TemporaryFolder::createAt(unfinishedPath(entry));
    if (folder) {
      auto inUse = EntryInUse::of(folder->path());
      return Aside{std::move(*folder), std::move(inUse), true};
    }
    consumeError(folder.takeError());
  }
  auto folder = package::TemporaryFolder::create("ingot-model");
  if (!folder)
    return folder.takeError();
  return Aside{std::move(*folder), std::nullopt, false};
}

/// Uses what is kept under `name`, or lets `build` make it in a folder aside.
static ExitCode keep(const ModelArguments &arguments, const std::string &name, uint64_t limit,
                     bool withLibrary, Prepared &out, function_ref<ExitCode()> build) {
  std::string cache = cacheFolder(), base = cache + "/" + name;
  auto use = [&](StringRef folder) {
    if (withLibrary)
      out.folder = (folder + "/library").str();
    out.programs = folder.str();
    out.executable = (folder + "/runner").str();
  };
  auto isWhole = [&] {
    return sys::fs::exists(base + "/runner") &&
           (!withLibrary || sys::fs::exists(base + "/library/manifest.json"));
  };
  if (!cache.empty()) {
    out.inUse = EntryInUse::of(base);
    if (out.inUse && isWhole()) {
      use(base);
      return ExitOk;
    }
    out.inUse.reset(); // of a damaged one, which makes room
  }
  Expected<Aside> aside = makeAside(cache, base);
  if (!aside)
    return failed(arguments, aside.takeError());
  use(aside->folder.path());
  if (ExitCode e = build())
    return e;
  out.inUse = std::move(aside->inUse);
  if (aside->isInCache && placeEntry(aside->folder.path(), base, [&] { return !isWhole(); })) {
    aside->folder.release();
    use(base);
    trimCache(cache, limit);
  } else { // this process uses what it made; so where another was faster
    out.temporary.emplace(std::move(aside->folder));
  }
  return ExitOk;
}

ExitCode prepare(const ModelArguments &arguments, const CompileOptions &options, Prepared &out) {
  std::optional<uint64_t> limit = limitOfCache(arguments);
  if (!limit)
    return ExitUsage;
  Compilation c(options);
  c.timing.onStage = [&](const std::string &stage) { progress(arguments, "compiling: " + stage); };
  ExitCode compiled = c.run(Stage::Library);
  if (!options.optimise) { // the reference of what was compiled before, whose warnings are reported
    Diagnostics errors;
    for (const Diagnostic &d : c.diagnostics.all())
      if (d.severity == Severity::Error)
        errors.add(d);
    c.diagnostics = std::move(errors);
  }
  report(c, arguments);
  if (compiled != ExitOk)
    return compiled;
  out.machines = c.machines;
  out.kept = c.kept;
  out.toolchain = options.toolchain;
  ExitCode code = keep(arguments, c.spec.name + "-" + keyOf(c), *limit, true, out, [&] {
    if (ExitCode e = c.write(out.folder, true)) {
      complain(arguments, c.message); // the diagnostics are reported
      return e;
    }
    out.spec = c.spec;
    return link(arguments, out, out.executable);
  });
  out.spec = std::move(c.spec);
  out.spec.weights.write = nullptr; // the store ends with the compilation
  return code;
}

/// Options that change a compilation have no effect on its result.
static bool refuseOptions(const ModelArguments &arguments) {
  std::string given;
  for (const char *option : {"--name", "--dim", "--shape", "--state", "--weights", "--ar", "--objcopy"})
    if (arguments.command->count(option))
      given += (given.empty() ? "" : ", ") + std::string(option);
  if (given.empty())
    return false;
  bool sizes = arguments.command->count("--dim") || arguments.command->count("--shape");
  std::string files = arguments.command->get_option_no_throw("--input") ? "--input or --data" : "--data";
  complain(arguments, given + ": " + arguments.model + " is compiled already",
           sizes ? "a compiled folder takes its sizes from the inputs: give them with " + files + ", or give the model in the folder's place"
                 : "leave such options out, or give the model in the folder's place");
  return true;
}

static ExitCode prepareFolder(const ModelArguments &arguments, Prepared &out) {
  if (refuseOptions(arguments))
    return ExitUsage;
  std::optional<uint64_t> limit = limitOfCache(arguments);
  if (!limit)
    return ExitUsage;
  Expected<CompiledLibrary> library = readLibrary(arguments.model);
  if (!library)
    return failed(arguments, library.takeError());
  out.spec = std::move(library->spec);
  out.machines = std::move(library->machines);
  if (arguments.command->count("--target")) {
    auto chosen = find_if(out.machines, [&](const Machine &m) { return m.name == arguments.target; });
    if (chosen == out.machines.end()) {
      complain(arguments,
               "--target " + arguments.target + ": " + arguments.model + " is compiled for " +
                   listOf(out.machines),
               "choose one of them, or give the model");
      return ExitUsage;
    }
    out.target = chosen->name;
  }
  out.toolchain = arguments.toolchainFor(out.machines.front());
  SmallString<256> folder(arguments.model);
  sys::fs::make_absolute(folder);
  out.folder = folder.str().str();
  return keep(arguments, out.spec.name + "-" + keyOf(out), *limit, false, out,
              [&] { return link(arguments, out, out.executable); });
}

ExitCode prepare(const ModelArguments &arguments, Prepared &out) {
  if (sys::fs::is_directory(arguments.model))
    return prepareFolder(arguments, out);
  CompileOptions options;
  return arguments.parse(options) ? prepare(arguments, options, out) : ExitUsage;
}

ExitCode prepareProfile(const ModelArguments &arguments, Prepared &prepared,
                        const std::vector<std::string> &steps, std::string &executable) {
  std::optional<uint64_t> limit = limitOfCache(arguments);
  if (!limit)
    return ExitUsage;
  executable = prepared.programs + "/profiler";
  if (sys::fs::exists(executable))
    return ExitOk;
  if (Error error = checkSources(prepared.folder))
    return failed(arguments, std::move(error));
  std::string cache = prepared.temporary ? "" : cacheFolder();
  Expected<Aside> aside = makeAside(cache, prepared.programs);
  if (!aside)
    return failed(arguments, aside.takeError());
  std::string made = (aside->folder.path() + "/profiler").str();
  if (ExitCode e = link(arguments, prepared, made, steps))
    return e;
  if (aside->isInCache && !sys::fs::rename(made, executable)) {
    trimCache(cache, *limit);
  } else {
    executable = made;
    prepared.profiler.emplace(std::move(aside->folder));
  }
  return ExitOk;
}

} // namespace ingot
