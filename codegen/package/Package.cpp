//===- Package.cpp - Writes the output folder of a library ---------------------------------------------------===//

#include "codegen/package/Package.h"
#include "codegen/package/Text.h"
#include "ingot/mapped_file.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SHA256.h"

using namespace llvm;

namespace ingot::package {

static Error specError(const Twine &what) {
  return createStringError(inconvertibleErrorCode(), "internal: library spec: " + what);
}

Error checkSpec(const LibrarySpec &spec) {
  if (!isValidLibraryName(spec.name))
    return createStringError(inconvertibleErrorCode(),
                             "library name '" + spec.name + "': use letters, digits and single underscores, no keyword");
  if (spec.targets.empty())
    return specError("no target");
  std::set<std::string> names;
  auto declare = [&](StringRef name) -> Error {
    std::set<std::string> used = names;
    if (makeIdentifier(name, used) != name)
      return specError("'" + name + "' is no usable or no unique identifier");
    names.insert(name.str());
    return Error::success();
  };
  for (const Symbol &symbol : spec.symbols) {
    if (Error error = declare(symbol.name))
      return error;
    if (symbol.kind == SymbolKind::Length && (!symbol.max || symbol.next.empty() || spec.states.empty()))
      return specError("length '" + symbol.name + "' needs a capacity, a next value and a state");
  }
  for (const Value &value : spec.inputs)
    if (Error error = declare(value.name))
      return error;
  for (const State &state : spec.states) {
    if (Error error = declare(state.name))
      return error;
    if (state.replaced)
      if (Error error = declare(state.name + "_next"))
        return error;
  }
  for (const Value &value : spec.outputs) {
    if (Error error = declare(value.name))
      return error;
    // The caller can place an output only if its size is known before the run.
    for (const Symbol &symbol : spec.symbols)
      for (const std::string &dim : value.dims)
        if (symbol.kind == SymbolKind::Result && !isInWorkspace(value) && identifiersIn(dim).count(symbol.name))
          return specError("output '" + value.name + "' has the result '" + symbol.name +
                           "' in its shape and must be inWorkspace");
  }
  return Error::success();
}

std::vector<Source> sourcesOf(const LibrarySpec &spec) {
  Interface i(spec);
  std::vector<Source> sources = {{"src/" + spec.name + ".cpp", {}}};
  for (const Target &target : spec.targets)
    sources.push_back({entryFile(target), target.capability ? target.flags : std::vector<std::string>()});
  for (const Target &target : spec.targets) {
    size_t count = emitKernels(i, target).size();
    for (size_t k = 0; k < count; ++k)
      sources.push_back({kernelFile(target, count, k), target.flags});
  }
  if (i.hasWeights && spec.weights.form == WeightForm::Embed)
    sources.push_back({"src/weights.S", {}});
  if (i.hasWeights && spec.weights.form == WeightForm::Array)
    sources.push_back({"src/weights.cpp", {}});
  return sources;
}

static std::vector<File> emitFiles(const Interface &i) {
  const LibrarySpec &spec = i.spec;
  std::vector<File> files = {{spec.name + ".h", emitHeader(i)},
                             {spec.name + ".hpp", emitWrapper(i)},
                             {"src/" + spec.name + "_internal.h", emitInternalHeader(i)},
                             {"src/" + spec.name + ".cpp", emitApi(i)}};
  for (const Target &target : spec.targets) {
    files.push_back({entryFile(target), emitEntry(i, target)});
    files.push_back({"src/kernels_" + target.id + ".h", emitKernelHeader(i, target)});
    std::vector<std::string> kernels = emitKernels(i, target);
    for (size_t k = 0; k < kernels.size(); ++k)
      files.push_back({kernelFile(target, kernels.size(), k), kernels[k]});
  }
  if (i.hasWeights && spec.weights.form == WeightForm::Embed)
    files.push_back({"src/weights.S", emitWeightsAssembly(spec)});
  for (const RuntimeFile &file : spec.runtime)
    files.push_back({file.path, file.text});
  for (File &file : emitBuildFiles(i, sourcesOf(spec)))
    files.push_back(std::move(file));
  return files;
}

std::vector<File> emitFiles(const LibrarySpec &spec) { return emitFiles(Interface(spec)); }

Expected<std::vector<RuntimeFile>> loadRuntime(StringRef folder) {
  std::vector<RuntimeFile> files;
  for (StringRef path : {"include/ingot/ingot.h", "include/ingot/model.hpp", "include/ingot/pool.h",
                         "include/ingot/arena.h", "include/ingot/checked.h", "include/ingot/launch.h",
                         "include/ingot/checks.h", "include/ingot/cpu.h", "include/ingot/mapped_file.h", "pool.cpp"}) {
    auto buffer = MemoryBuffer::getFile(folder + "/" + path);
    if (!buffer)
      return createStringError(buffer.getError(), "cannot read the runtime file " + folder + "/" + path);
    files.push_back({("ingot/" + sys::path::filename(path)).str(), (*buffer)->getBuffer().str()});
  }
  return files;
}

static Error writeFile(const Twine &path, StringRef text) {
  SmallString<256> storage;
  StringRef name = path.toStringRef(storage);
  if (std::error_code code = sys::fs::create_directories(sys::path::parent_path(name)))
    return createStringError(code, "cannot make the folder of " + name);
  std::error_code code;
  raw_fd_ostream stream(name, code);
  if (code)
    return createStringError(code, "cannot write " + name + ": " + code.message());
  stream << text;
  stream.close();
  if (stream.has_error()) {
    code = stream.error();
    stream.clear_error();
    return createStringError(code, "cannot write " + name + ": " + code.message());
  }
  return Error::success();
}

static std::string sha256(StringRef bytes) { return toHex(SHA256::hash(arrayRefFromStringRef(bytes)), true); }

static std::string weightsArray(const LibrarySpec &spec, StringRef bytes) {
  std::string text = "// weights.cpp - the weights as an array; " + bannerLine(spec) + "\n";
  text += "extern \"C\" {\nextern const unsigned char " + spec.name + "_weights[];\n}\n\nalignas(64) const unsigned char " +
          spec.name + "_weights[" + std::to_string(bytes.size()) + "] = {";
  for (size_t i = 0; i < bytes.size(); ++i)
    text += (i % 20 ? "" : "\n    ") + std::to_string(uint8_t(bytes[i])) + ",";
  return text + "\n};\n";
}

/// Writes weights/N.weights and, from it, what the sources need to know.
static Error writeWeights(Interface &i, StringRef folder) {
  const LibrarySpec &spec = i.spec;
  if (!i.hasWeights)
    return Error::success();
  std::string path = (folder + "/weights/" + spec.name + ".weights").str();
  if (std::error_code code = sys::fs::create_directories(folder + "/weights"))
    return createStringError(code, "cannot make the folder of " + path);
  {
    std::error_code code;
    raw_fd_ostream stream(path, code);
    if (code)
      return createStringError(code, "cannot write " + path + ": " + code.message());
    spec.weights.write(stream);
    stream.close();
    if (stream.has_error()) {
      code = stream.error();
      stream.clear_error();
      return createStringError(code, "cannot write " + path + ": " + code.message());
    }
  }
  auto buffer = MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return createStringError(buffer.getError(), "cannot read " + path);
  StringRef bytes = (*buffer)->getBuffer();
  if (bytes.size() != spec.weights.bytes)
    return specError("the weights are " + Twine(bytes.size()) + " bytes, promised " + Twine(spec.weights.bytes));
  i.weightsMark = "0x" + utohexstr(ingot::file_mark(bytes.bytes_begin(), bytes.size()), true);
  if (spec.weights.form == WeightForm::Array)
    return writeFile(folder + "/src/weights.cpp", weightsArray(spec, bytes));
  return Error::success();
}

static constexpr StringLiteral manifestMark = "ingot library";

static Error writeManifest(const Interface &i, StringRef folder) {
  std::vector<std::string> paths;
  std::error_code code;
  for (sys::fs::recursive_directory_iterator it(folder, code), end; it != end && !code; it.increment(code))
    if (it->type() == sys::fs::file_type::regular_file)
      paths.push_back(it->path());
  if (code)
    return createStringError(code, "cannot list " + folder);
  llvm::sort(paths);
  std::string text;
  raw_string_ostream stream(text);
  json::OStream out(stream, 2);
  out.object([&] {
    out.attribute("kind", manifestMark);
    out.attribute("name", i.spec.name);
    out.attribute("ingot", i.spec.build.ingotVersion);
    out.attribute("model", i.spec.build.modelFile);
    out.attribute("model_sha256", i.spec.build.modelSha256);
    out.attribute("options", i.spec.build.options);
    out.attribute("interface", i.hash);
    out.attributeArray("targets", [&] {
      for (const Target &target : i.spec.targets)
        out.value(target.name);
    });
    out.attributeObject("files", [&] {
      for (const std::string &path : paths) {
        auto buffer = MemoryBuffer::getFile(path, false, false);
        if (buffer)
          out.attribute(StringRef(path).drop_front(folder.size() + 1), sha256((*buffer)->getBuffer()));
      }
    });
  });
  return writeFile(folder + "/manifest.json", text + "\n");
}

/// Whether a folder is one that we wrote, or an empty one.
static bool mayReplace(StringRef folder) {
  std::error_code code;
  if (sys::fs::directory_iterator(folder, code) == sys::fs::directory_iterator() && !code)
    return true;
  auto manifest = MemoryBuffer::getFile(folder + "/manifest.json");
  if (!manifest)
    return false;
  Expected<json::Value> value = json::parse((*manifest)->getBuffer());
  if (!value) {
    consumeError(value.takeError());
    return false;
  }
  const json::Object *object = value->getAsObject();
  return object && object->getString("kind") == manifestMark;
}

Error writeLibrary(const LibrarySpec &spec, StringRef destination, const ToolchainOptions *toolchain,
                   ArrayRef<File> extra) {
  if (Error error = checkSpec(spec))
    return error;
  SmallString<256> target(destination);
  sys::fs::make_absolute(target);
  sys::path::remove_dots(target, /*remove_dot_dot=*/true);
  bool exists = sys::fs::exists(target);
  if (exists && (!sys::fs::is_directory(target) || !mayReplace(target)))
    return createStringError(inconvertibleErrorCode(),
                             destination + " exists and is no folder of ingot's; name another with -o, or remove it");
  if (std::error_code code = sys::fs::create_directories(sys::path::parent_path(target)))
    return createStringError(code, "cannot make the folder of " + destination + ": " + code.message());
  SmallString<256> folder;
  sys::fs::createUniquePath(target + ".%%%%%%%%.part", folder, /*MakeAbsolute=*/false);
  if (std::error_code code = sys::fs::create_directory(folder, /*IgnoreExisting=*/false))
    return createStringError(code, "cannot make " + folder + ": " + code.message());
  scope_exit cleanup([&] { sys::fs::remove_directories(folder); });

  Interface i(spec);
  if (Error error = writeWeights(i, folder))
    return error;
  for (const File &file : emitFiles(i))
    if (Error error = writeFile(folder + "/" + file.path, file.text))
      return error;
  for (const File &file : extra)
    if (Error error = writeFile(folder + "/" + file.path, file.text))
      return error;
  if (toolchain)
    if (Error error = buildLibrary(folder, spec.name, sourcesOf(spec), *toolchain))
      return error;
  if (Error error = writeManifest(i, folder))
    return error;

  // The old folder makes room first: a rename onto a folder that is not empty fails.
  SmallString<256> old;
  if (exists) {
    sys::fs::createUniquePath(target + ".%%%%%%%%.old", old, false);
    if (std::error_code code = sys::fs::rename(target, old))
      return createStringError(code, "cannot replace " + destination + ": " + code.message());
  }
  if (std::error_code code = sys::fs::rename(folder, target)) {
    if (exists)
      sys::fs::rename(old, target);
    return createStringError(code, "cannot rename to " + destination + ": " + code.message());
  }
  cleanup.release();
  if (exists)
    sys::fs::remove_directories(old);
  return Error::success();
}

} // namespace ingot::package
