//===- Package.cpp - Writes the output folder of a library ---------------------------------------------------===//

#include "codegen/package/Package.h"
#include "codegen/package/Manifest.h"
#include "codegen/package/Process.h"
#include "codegen/package/Text.h"
#include "ingot/arena.h"
#include "ingot/mapped_file.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
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
                             "library name '" + spec.name + "': " + libraryNameRule);
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
      if (Error error = declare(nextName(state.name)))
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
                         "include/ingot/checks.h", "include/ingot/cpu.h", "include/ingot/mapped_file.h",
                         "include/ingot/weight_pages.h", "pool.cpp"}) {
    auto buffer = MemoryBuffer::getFile(folder + "/" + path);
    if (!buffer)
      return createStringError(buffer.getError(), "cannot read the runtime file " + folder + "/" + path);
    files.push_back({("ingot/" + sys::path::filename(path)).str(), (*buffer)->getBuffer().str(), (folder + "/" + path).str()});
  }
  return files;
}

/// The folder of `path` and those above it. What they permit is the umask's to say.
static Error makeFolderOf(StringRef path) {
  if (std::error_code code = sys::fs::create_directories(sys::path::parent_path(path), true, sys::fs::all_all))
    return createStringError(code, "cannot make the folder of " + path + ": " + code.message());
  return Error::success();
}

static Error writeFile(const Twine &path, StringRef text) {
  SmallString<256> storage;
  StringRef name = path.toStringRef(storage);
  if (Error error = makeFolderOf(name))
    return error;
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
  text += "extern \"C\" {\nextern const unsigned char " + spec.name + "_weights[];\n}\n\nalignas(" + std::to_string(INGOT_ALIGN) +
          ") const unsigned char " + spec.name + "_weights[" + std::to_string(bytes.size()) + "] = {";
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
  if (Error error = makeFolderOf(path))
    return error;
  {
    std::error_code code;
    raw_fd_ostream stream(path, code);
    if (code)
      return createStringError(code, "cannot write " + path + ": " + code.message());
    spec.weights.write(stream);
    if (i.mapsWeights)
      stream << spec.build.weightsSha256; // two trainings of one network may differ in the middle only
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
  if (bytes.size() != weightsFileBytes(spec))
    return specError("the weight file has " + Twine(bytes.size()) + " bytes, promised " + Twine(weightsFileBytes(spec)));
  if (i.mapsWeights) {
    i.weightsMark = "0x" + utohexstr(ingot::file_mark(bytes.bytes_begin(), bytes.size()), true);
    i.weightsSum = "0x" + utohexstr(ingot::file_sum(bytes.bytes_begin(), bytes.size()), true);
  }
  if (spec.weights.form == WeightForm::Array)
    return writeFile(folder + "/src/weights.cpp", weightsArray(spec, bytes));
  return Error::success();
}

static Error writeManifest(const Interface &i, StringRef folder) {
  std::map<std::string, std::string> files;
  std::error_code code;
  for (sys::fs::recursive_directory_iterator it(folder, code), end; it != end && !code; it.increment(code))
    if (it->type() == sys::fs::file_type::regular_file)
      if (auto buffer = MemoryBuffer::getFile(it->path(), false, false))
        files[it->path().substr(folder.size() + 1)] = sha256((*buffer)->getBuffer());
  if (code)
    return createStringError(code, "cannot list " + folder);
  return writeFile(folder + "/manifest.json", emitManifest(i, files));
}

//===----------------------------------------------------------------------===//
// The destination
//===----------------------------------------------------------------------===//

namespace {
/// Where a library goes, and what of it goes away.
struct Destination {
  SmallString<256> path;         // absolute, without links
  std::vector<std::string> ours; // relative paths of an earlier library, folders before what is in them
  bool exists = false;
  bool fixed = false;            // the folder itself stays where it is: only its contents are exchanged
};
} // namespace

/// The files that a manifest lists and the folders above them; empty if there is no manifest of ours.
static std::set<std::string> listedFiles(StringRef folder) {
  std::set<std::string> paths;
  auto manifest = MemoryBuffer::getFile(folder + "/manifest.json");
  std::optional<std::vector<std::string>> files = manifest ? filesOfManifest((*manifest)->getBuffer()) : std::nullopt;
  if (!files)
    return paths;
  paths.insert("manifest.json");
  for (const std::string &name : *files)
    for (StringRef path = name; !path.empty(); path = sys::path::parent_path(path))
      paths.insert(path.str());
  return paths;
}

/// Whether a folder can be renamed: the working folder and what it lies in would be lost to the shell, a mount point
/// cannot move.
static bool isFixed(StringRef folder) {
  SmallString<256> current;
  sys::fs::real_path(".", current);
  if (current == folder || current.starts_with((folder + "/").str()))
    return true;
  sys::fs::UniqueID own, parent;
  return !sys::fs::getUniqueID(folder, own) && !sys::fs::getUniqueID(sys::path::parent_path(folder), parent) &&
         own.getDevice() != parent.getDevice();
}

/// Resolves a destination. Nothing that another program or a person put there is ever deleted, so its presence is
/// an error that names it.
static Expected<Destination> findDestination(StringRef name) {
  Destination d;
  auto refuse = [&](const Twine &why) {
    return createStringError(inconvertibleErrorCode(), name + why + "; name another folder with -o, or remove it");
  };
  SmallString<256> absolute(name);
  sys::fs::make_absolute(absolute);
  sys::path::remove_dots(absolute, /*remove_dot_dot=*/true);
  d.path = absolute;
  d.exists = sys::fs::exists(absolute);
  if (!d.exists) {
    if (sys::fs::is_symlink_file(absolute))
      return refuse(" is a link to nothing");
    return d;
  }
  if (std::error_code code = sys::fs::real_path(absolute, d.path))
    return createStringError(code, "cannot resolve " + name + ": " + code.message());
  if (!sys::fs::is_directory(d.path))
    return refuse(" exists and is no folder");
  d.fixed = isFixed(d.path);
  const std::set<std::string> listed = listedFiles(d.path);
  std::error_code code;
  for (sys::fs::recursive_directory_iterator it(d.path, code, /*follow_symlinks=*/false), end; it != end && !code;
       it.increment(code)) {
    StringRef path = StringRef(it->path()).drop_front(d.path.size() + 1);
    bool isFolder = it->type() == sys::fs::file_type::directory_file;
    bool isOurs = isFolder || (it->type() == sys::fs::file_type::regular_file && listed.count(path.str()));
    // Folders without files are nobody's: build systems make those of their outputs beforehand.
    if (listed.empty() && !isFolder)
      return refuse(" exists and is no folder of ingot's");
    if (!isOurs)
      return createStringError(inconvertibleErrorCode(), name + " holds " + path +
                                                             ", which ingot did not write; move it, or name another folder with -o");
    d.ours.push_back(path.str());
  }
  if (code)
    return createStringError(code, "cannot list " + name + ": " + code.message());
  return d;
}

Error checkDestination(StringRef name) { return findDestination(name).takeError(); }

/// Removes the files of an earlier library, and the folders that are empty then.
static void removeOurs(StringRef folder, const std::vector<std::string> &ours) {
  for (const std::string &path : reverse(ours))
    sys::fs::remove(folder + "/" + path);
}

/// Puts the finished `folder` into its place.
static Error place(StringRef folder, const Destination &d) {
  auto failed = [&](std::error_code code) {
    return createStringError(code, "cannot replace " + d.path + ": " + code.message());
  };
  if (d.fixed) {
    removeOurs(d.path, d.ours);
    std::error_code code;
    for (sys::fs::directory_iterator it(folder, code), end; it != end && !code; it.increment(code))
      if (std::error_code moved = sys::fs::rename(it->path(), d.path + "/" + sys::path::filename(it->path())))
        return failed(moved);
    return code ? failed(code) : Error::success();
  }
  if (!d.exists) {
    std::error_code code = sys::fs::rename(folder, d.path);
    return code ? failed(code) : Error::success();
  }
  // The old folder makes room first: a rename onto a folder that is not empty fails.
  SmallString<256> old;
  sys::fs::createUniquePath(d.path + ".%%%%%%%%.old", old, false);
  if (std::error_code code = sys::fs::rename(d.path, old))
    return failed(code);
  if (std::error_code code = sys::fs::rename(folder, d.path)) {
    sys::fs::rename(old, d.path);
    return failed(code);
  }
  removeOurs(old, d.ours);
  sys::fs::remove(old);
  return Error::success();
}

Error writeLibrary(const LibrarySpec &spec, StringRef destination, const ToolchainOptions *toolchain,
                   ArrayRef<File> extra) {
  if (Error error = checkSpec(spec))
    return error;
  Expected<Destination> d = findDestination(destination);
  if (!d)
    return d.takeError();
  if (Error error = makeFolderOf(d->path))
    return error;
  SmallString<256> aside;
  sys::fs::createUniquePath(d->path + (d->fixed ? "/" : "") + ".%%%%%%%%.part", aside, /*MakeAbsolute=*/false);
  Expected<TemporaryFolder> temporary = TemporaryFolder::createAt(aside);
  if (!temporary)
    return temporary.takeError();
  StringRef folder = temporary->path();

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
  if (Error error = place(folder, *d))
    return error;
  if (!d->fixed)
    temporary->release();
  return Error::success();
}

} // namespace ingot::package
