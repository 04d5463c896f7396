//===- Manifest.cpp - Writes and reads manifest.json ------------------------------------------------------===//

#include "codegen/package/Manifest.h"
#include "codegen/package/Package.h"
#include "codegen/package/Text.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SHA256.h"

using namespace llvm;

namespace ingot::package {

static constexpr StringLiteral mark = "ingot library";

namespace {
/// Words of the manifest for the values of an enumeration.
template <class T> struct Word {
  T value;
  const char *text;
};
constexpr Word<SymbolKind> symbolKinds[] = {
    {SymbolKind::Input, "input"}, {SymbolKind::Length, "length"}, {SymbolKind::Result, "result"}};
constexpr Word<ValueKind> valueKinds[] = {{ValueKind::Tensor, "tensor"},
                                          {ValueKind::Untyped, "untyped"},
                                          {ValueKind::Sequence, "sequence"},
                                          {ValueKind::Optional, "optional"}};
constexpr Word<WeightForm> weightForms[] = {
    {WeightForm::Embed, "embed"}, {WeightForm::File, "file"}, {WeightForm::Array, "array"}};

template <class T, size_t n> const char *wordFor(const Word<T> (&words)[n], T value) {
  for (const Word<T> &word : words)
    if (word.value == value)
      return word.text;
  return "";
}
template <class T, size_t n>
bool readWord(const Word<T> (&words)[n], const std::string &text, T &value, json::Path path) {
  for (const Word<T> &word : words)
    if (text == word.text) {
      value = word.value;
      return true;
    }
  path.report("unknown word");
  return false;
}
} // namespace

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

static const char *typeName(ingot_dtype type) {
  return type == INGOT_UNDEFINED ? "undefined" : elementText(type).suffix;
}

/// Names come from the model and need not be UTF-8.
static json::Value jsonText(StringRef text) { return json::fixUTF8(text); }

static void writeDims(json::OStream &out, ArrayRef<std::string> dims) {
  out.attributeArray("dims", [&] {
    for (const std::string &dim : dims)
      out.value(dim);
  });
}

static void writeValues(json::OStream &out, StringRef key, ArrayRef<Value> values) {
  out.attributeArray(key, [&] {
    for (const Value &v : values)
      out.object([&] {
        out.attribute("name", v.name);
        out.attribute("onnx", jsonText(v.onnxName));
        out.attribute("index", int64_t(v.index));
        out.attribute("kind", wordFor(valueKinds, v.kind));
        out.attribute("type", typeName(v.type));
        writeDims(out, v.dims);
        out.attribute("in_workspace", v.inWorkspace);
      });
  });
}

static void writeInterface(json::OStream &out, const LibrarySpec &spec) {
  out.attributeArray("symbols", [&] {
    for (const Symbol &s : spec.symbols)
      out.object([&] {
        out.attribute("name", s.name);
        out.attribute("kind", wordFor(symbolKinds, s.kind));
        out.attribute("min", s.min);
        if (s.max)
          out.attribute("max", *s.max);
        if (s.kind == SymbolKind::Length)
          out.attribute("next", s.next);
      });
  });
  writeValues(out, "inputs", spec.inputs);
  writeValues(out, "outputs", spec.outputs);
  out.attributeArray("states", [&] {
    for (const State &s : spec.states)
      out.object([&] {
        out.attribute("name", s.name);
        out.attribute("onnx_input", jsonText(s.onnxInput));
        out.attribute("onnx_output", jsonText(s.onnxOutput));
        out.attribute("type", typeName(s.type));
        writeDims(out, s.dims);
        out.attribute("replaced", s.replaced);
      });
  });
  out.attributeObject("weights", [&] {
    out.attribute("form", wordFor(weightForms, spec.weights.form));
    out.attribute("bytes", int64_t(spec.weights.bytes));
  });
}

std::string emitManifest(const Interface &i, const std::map<std::string, std::string> &files) {
  std::string text;
  raw_string_ostream stream(text);
  json::OStream out(stream, 2);
  out.object([&] {
    out.attribute("kind", mark);
    out.attribute("name", i.spec.name);
    if (!i.spec.doc.empty())
      out.attribute("doc", jsonText(i.spec.doc));
    out.attribute("ingot", i.spec.build.ingotVersion);
    out.attribute("model", jsonText(i.spec.build.modelFile));
    out.attribute("model_sha256", i.spec.build.modelSha256);
    out.attribute("weights_sha256", i.spec.build.weightsSha256);
    out.attribute("options", jsonText(i.spec.build.options));
    out.attribute("interface", i.hash);
    out.attributeArray("targets", [&] {
      for (const Target &target : i.spec.targets)
        out.value(target.name);
    });
    writeInterface(out, i.spec);
    out.attributeObject("files", [&] {
      for (auto &[path, hash] : files)
        out.attribute(path, hash);
    });
  });
  return text + "\n";
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

static bool readType(const std::string &text, ingot_dtype &type, json::Path path) {
  constexpr int more = 64; // than there are types
  for (int k = 0; k < more; ++k)
    if (text == typeName(ingot_dtype(k))) {
      type = ingot_dtype(k);
      return true;
    }
  path.report("unknown element type");
  return false;
}

// Found by llvm::json::ObjectMapper; all keys but those that are optional must be there.

static bool fromJSON(const json::Value &value, Symbol &s, json::Path path) {
  json::ObjectMapper o(value, path);
  std::string kind;
  return o && o.map("name", s.name) && o.map("kind", kind) &&
         readWord(symbolKinds, kind, s.kind, path.field("kind")) && o.map("min", s.min) &&
         o.map("max", s.max) && o.mapOptional("next", s.next);
}

static bool fromJSON(const json::Value &value, Value &v, json::Path path) {
  json::ObjectMapper o(value, path);
  std::string kind, type;
  int64_t index = 0;
  if (!o || !o.map("name", v.name) || !o.map("onnx", v.onnxName) || !o.map("index", index) ||
      !o.map("kind", kind) || !readWord(valueKinds, kind, v.kind, path.field("kind")) ||
      !o.map("type", type) || !readType(type, v.type, path.field("type")) || !o.map("dims", v.dims) ||
      !o.map("in_workspace", v.inWorkspace))
    return false;
  v.index = unsigned(index);
  return true;
}

static bool fromJSON(const json::Value &value, State &s, json::Path path) {
  json::ObjectMapper o(value, path);
  std::string type;
  return o && o.map("name", s.name) && o.map("onnx_input", s.onnxInput) &&
         o.map("onnx_output", s.onnxOutput) && o.map("type", type) &&
         readType(type, s.type, path.field("type")) && o.map("dims", s.dims) && o.map("replaced", s.replaced);
}

static bool fromJSON(const json::Value &value, Weights &w, json::Path path) {
  json::ObjectMapper o(value, path);
  std::string form;
  int64_t bytes = 0;
  if (!o || !o.map("form", form) || !readWord(weightForms, form, w.form, path.field("form")) ||
      !o.map("bytes", bytes))
    return false;
  w.bytes = uint64_t(bytes);
  return true;
}

static bool fromJSON(const json::Value &value, Manifest &m, json::Path path) {
  json::ObjectMapper o(value, path);
  LibrarySpec &spec = m.spec;
  std::vector<std::string> targets;
  if (!o || !o.map("name", spec.name) || !o.mapOptional("doc", spec.doc) ||
      !o.map("ingot", spec.build.ingotVersion) || !o.map("model", spec.build.modelFile) ||
      !o.map("model_sha256", spec.build.modelSha256) || !o.map("weights_sha256", spec.build.weightsSha256) ||
      !o.map("options", spec.build.options) || !o.map("interface", m.interfaceHash) ||
      !o.map("targets", targets) || !o.map("symbols", spec.symbols) || !o.map("inputs", spec.inputs) ||
      !o.map("outputs", spec.outputs) || !o.map("states", spec.states) || !o.map("weights", spec.weights) ||
      !o.map("files", m.files))
    return false;
  for (const std::string &name : targets) {
    spec.targets.emplace_back();
    spec.targets.back().name = name;
  }
  return true;
}

bool isTooDeep(StringRef json) {
  constexpr unsigned deepest = 64;
  unsigned depth = 0;
  bool inString = false;
  for (size_t i = 0; i < json.size(); ++i) {
    char c = json[i];
    if (inString && c == '\\')
      ++i;
    else if (c == '"')
      inString = !inString;
    else if (!inString && (c == '[' || c == '{') && ++depth > deepest)
      return true;
    else if (!inString && (c == ']' || c == '}') && depth)
      --depth;
  }
  return false;
}

/// json::parse, which recurses.
static Expected<json::Value> parse(StringRef text) {
  if (isTooDeep(text))
    return createStringError(inconvertibleErrorCode(), "it nests too deeply");
  return json::parse(text);
}

/// The object of a manifest of ours; null for any other text.
static const json::Object *ours(Expected<json::Value> &value) {
  const json::Object *object = value ? value->getAsObject() : nullptr;
  return object && object->getString("kind") == mark ? object : nullptr;
}

std::optional<std::vector<std::string>> filesOfManifest(StringRef text) {
  Expected<json::Value> value = parse(text);
  const json::Object *object = ours(value);
  if (!value)
    consumeError(value.takeError());
  if (!object)
    return std::nullopt;
  std::vector<std::string> paths;
  if (const json::Object *files = object->getObject("files"))
    for (auto &[path, hash] : *files)
      paths.push_back(path.str());
  return paths;
}

static Error problem(const Twine &text) { return createStringError(inconvertibleErrorCode(), text); }

Expected<Manifest> readManifest(StringRef folder, StringRef version) {
  auto damaged = [&](const Twine &why) {
    return problem(folder + "/manifest.json is damaged: " + why + "; compile the model to this folder again");
  };
  auto text = MemoryBuffer::getFile(folder + "/manifest.json");
  if (!text)
    return problem(
        folder + " is no folder of a compiled model: it has no manifest.json; give " +
        (sys::fs::exists(folder + "/model.onnx") ? folder + "/model.onnx" : Twine("a model.onnx")) +
        ", or what 'ingot compile' wrote");
  Expected<json::Value> value = parse((*text)->getBuffer());
  if (!value)
    return damaged(toString(value.takeError()));
  const json::Object *object = ours(value);
  if (!object)
    return problem(
        folder +
        "/manifest.json is not ingot's; give a model.onnx, or the folder that 'ingot compile' wrote");
  // Before the rest: another version has other keys.
  if (auto other = object->getString("ingot"); other && *other != version)
    return problem(folder + " was compiled by Ingot " + *other + ", this is " + version +
                   "; compile the model again, or use that version");
  Manifest manifest;
  json::Path::Root root("manifest");
  if (!fromJSON(*value, manifest, root))
    return damaged(toString(root.getError()));
  if (Error error = checkSpec(manifest.spec))
    return damaged(toString(std::move(error)));
  return manifest;
}

Error checkFile(const Manifest &manifest, StringRef folder, StringRef path) {
  auto listed = manifest.files.find(path.str());
  auto buffer =
      MemoryBuffer::getFile(folder + "/" + path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer || listed == manifest.files.end())
    return problem(folder + "/" + path + " is missing; compile the model to this folder again");
  if (toHex(SHA256::hash(arrayRefFromStringRef((*buffer)->getBuffer())), /*LowerCase=*/true) !=
      listed->second)
    return problem(folder + "/" + path +
                   " was changed after the library was compiled; compile the model to this folder again");
  return Error::success();
}

} // namespace ingot::package
