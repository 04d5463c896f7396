//===- EmitSource.cpp - Prints frame, entries, kernels and weights ------------------------------------------===//

#include "codegen/package/Emit.h"
#include "codegen/package/Text.h"
#include "ingot/arena.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace ingot::package {

std::vector<const Symbol *> Interface::stateSymbols() const {
  std::vector<const Symbol *> result;
  for (const Symbol *symbol : inputSymbols)
    for (const State &state : spec.states)
      if (any_of(state.dims, [&](const std::string &dim) { return identifiersIn(dim).count(symbol->name); })) {
        result.push_back(symbol);
        break;
      }
  return result;
}

bool Interface::replacesState() const {
  return any_of(spec.states, [](const State &state) { return state.replaced; });
}

std::string Interface::lengthSuffix(const Symbol &length) const {
  return lengthSymbols.size() == 1 ? "" : "_" + length.name;
}

std::string quoted(StringRef text) {
  std::string result;
  raw_string_ostream stream(result);
  stream << '"';
  for (unsigned char c : text) {
    if (c == '"' || c == '\\')
      stream << '\\' << c;
    else if (c == '\n')
      stream << "\\n";
    else if (c < 0x20 || c == 0x7f || c == '?') // '?' so that no trigraph arises
      stream << '\\' << char('0' + c / 64) << char('0' + c / 8 % 8) << char('0' + c % 8);
    else
      stream << c;
  }
  stream << '"';
  return result;
}

uint64_t weightsFileBytes(const LibrarySpec &spec) {
  return spec.weights.bytes + (spec.weights.form == WeightForm::File ? spec.build.weightsSha256.size() : 0);
}

bool weightsAreFar(const LibrarySpec &spec) {
  // 2 GiB less room for the program around them.
  return StringRef(spec.targets.front().features).starts_with("INGOT_CPU_X86") &&
         spec.weights.bytes >= (uint64_t(1) << 31) - (uint64_t(1) << 27);
}

bool weightsWantHugePages(const LibrarySpec &spec) { return spec.weights.bytes >= 32 << 20; }

static std::string storageType(const Value &v) { return elementText(v.type).type; }

std::string emitInternalHeader(const Interface &i) {
  const LibrarySpec &spec = i.spec;
  Substitutions s = {{"N", spec.name}, {"GUARD", StringRef(spec.name).upper() + "_INTERNAL_H"},
                     {"banner", bannerLine(spec)}, {"runtime", i.cuda ? "cuda" : "launch"}};
  std::string text = headComment(spec.name + "_internal.h - what the sources of this library share", bannerLine(spec));
  text += fill(R"(#ifndef @GUARD@
#define @GUARD@

#include "@N@.h"
#include "ingot/@runtime@.h"

// One run: what an entry function reads and writes, checked before it is called.
struct @N@_frame {
  const ingot_executor *executor;
  ingot_error *error;
  ingot_arena arena; // the whole workspace; its tail begins behind the planned part
)",
                          s);
  if (i.hasWeights)
    text += "  const unsigned char *weights;\n";
  if (i.cuda)
    text += "  cudaStream_t stream;\n";
  if (i.hasDims || !i.lengthSymbols.empty())
    text += "  // dimensions\n";
  for (const Symbol *symbol : i.inputSymbols)
    text += "  int64_t " + symbol->name + ";\n";
  for (const Symbol *symbol : i.lengthSymbols)
    text += "  int64_t " + symbol->name + ";\n";
  if (i.hasInputs)
    text += "  // inputs\n";
  for (const Value &v : spec.inputs)
    text += v.kind == ValueKind::Tensor
                ? "  const " + storageType(v) + " *" + v.name + "; // " + shapeComment(v.dims) + "\n"
            : v.kind == ValueKind::Untyped  ? "  const ingot_tensor *" + v.name + ";\n"
            : v.kind == ValueKind::Sequence ? "  const ingot_sequence *" + v.name + ";\n"
                                            : "  const ingot_optional *" + v.name + ";\n";
  if (i.hasState)
    text += "  // state\n";
  for (const State &state : spec.states) {
    std::string type = elementText(state.type).type, shape = "; // " + shapeComment(state.dims);
    text += std::string("  ") + (state.replaced ? "const " : "") + type + " *" + state.name + shape + "\n";
    if (state.replaced)
      text += "  " + type + " *" + nextName(state.name) + "; // its value after this run\n";
  }
  text += "  // outputs\n";
  for (const Value &v : spec.outputs)
    text += v.kind == ValueKind::Untyped    ? "  ingot_tensor " + v.name + "; // set by the entry\n"
            : v.kind == ValueKind::Sequence ? "  ingot_sequence " + v.name + "; // set by the entry\n"
            : v.kind == ValueKind::Optional ? "  ingot_optional " + v.name + "; // set by the entry\n"
            : v.inWorkspace ? std::string("  ingot_view_") + elementText(v.type).suffix + " " + v.name + "; // " +
                                  shapeComment(v.dims) + ", set by the entry\n"
                            : "  " + storageType(v) + " *" + v.name + "; // " + shapeComment(v.dims) + "\n";
  for (const Symbol *symbol : i.resultSymbols)
    text += "  int64_t " + symbol->name + "; // set by the entry\n";
  text += "};\n\nextern \"C\" {\n";
  for (const Target &target : spec.targets)
    text += "INGOT_HIDDEN ingot_status " + spec.name + "_" + target.id + "_run(" + spec.name + "_frame *frame);\n";
  return text + "}\n\n#endif\n";
}

std::string emitEntry(const Interface &i, const Target &target) {
  const LibrarySpec &spec = i.spec;
  const std::string &n = spec.name;
  std::string text = "// " + StringRef(entryFile(target)).substr(4).str() + " - one run for " + target.name + "; " + bannerLine(spec) + "\n";
  text += "#include \"kernels_" + target.id + ".h\"\n#include \"" + n + "_internal.h\"\n";
  for (const std::string &include : target.entryIncludes)
    text += "#include \"" + include + "\"\n";
  text += "\n// The steps of the model in order. Buffers are byte offsets into the workspace; those that are not alive at the\n"
          "// same time share memory.";
  text += i.cuda ? " Kernels queue on the stream, one tile to a thread.\n"
                 : " launch(executor, tiles, grain, kernel) divides the tiles of a kernel among the\n"
                   "// threads, at least `grain` to a range.\n";
  text += "extern \"C\" ingot_status " + n + "_" + target.id + "_run(" + n + "_frame *frame) {\n";
  // Locals only for what the body names.
  std::set<std::string> words = identifiersIn(target.entryBody);
  auto local = [&](const std::string &declaration, const std::string &name, const std::string &value) {
    if (words.count(name))
      text += "  " + declaration + name + " = frame->" + value + ";\n";
  };
  local("const ingot_executor *", "executor", "executor");
  local("unsigned char *", "workspace", "arena.base");
  if (i.hasWeights)
    local("const unsigned char *", "weights", "weights");
  if (i.cuda)
    local("const cudaStream_t ", "stream", "stream");
  for (const Symbol &symbol : spec.symbols)
    if (symbol.kind != SymbolKind::Result)
      local("const int64_t ", symbol.name, symbol.name);
  for (const Value &v : spec.inputs)
    local(v.kind == ValueKind::Tensor     ? "const " + storageType(v) + " *"
          : v.kind == ValueKind::Untyped  ? "const ingot_tensor *"
          : v.kind == ValueKind::Sequence ? "const ingot_sequence *"
                                          : "const ingot_optional *",
          v.name, v.name);
  for (const State &state : spec.states) {
    std::string type = elementText(state.type).type;
    local((state.replaced ? "const " : "") + type + " *", state.name, state.name);
    if (state.replaced)
      local(type + " *", nextName(state.name), nextName(state.name));
  }
  for (const Value &v : spec.outputs)
    if (!isInWorkspace(v))
      local(storageType(v) + " *", v.name, v.name);
  return text + "\n" + target.entryBody + "}\n";
}

static std::string kernelSignature(const Interface &i, const Target &target, const Kernel &kernel,
                                   StringRef prefix, StringRef suffix) {
  std::vector<std::string> params = kernel.params;
  if (i.cuda) {
    params.push_back("int64_t tiles");
  } else {
    params.push_back("int64_t begin");
    params.push_back("int64_t end");
  }
  return wrapList((prefix + (i.cuda ? "__global__ void " : "void ") + i.spec.name + "_" + target.id + "_" + kernel.name + "(").str(), params, suffix);
}

std::string emitKernelHeader(const Interface &i, const Target &target) {
  std::string guard = StringRef(i.spec.name + "_KERNELS_" + target.id + "_H").upper();
  std::string text = "// kernels_" + target.id + ".h - kernels for " + target.name + "; " + bannerLine(i.spec) + "\n" +
                     "#ifndef " + guard + "\n#define " + guard +
                     (i.cuda ? "\n\n#include \"ingot/cuda.h\"\n\n// One tile to a thread.\nextern \"C\" {\n"
                             : "\n\n#include \"ingot/launch.h\"\n\n// Each works on its tiles [begin, end).\nextern \"C\" {\n");
  for (const Kernel &kernel : target.kernels)
    text += kernelSignature(i, target, kernel, i.cuda ? "" : "INGOT_HIDDEN ", ");\n");
  return text + "}\n\n#endif\n";
}

std::vector<std::string> emitKernels(const Interface &i, const Target &target) {
  std::vector<std::string> files;
  size_t body = 0;
  for (const Kernel &kernel : target.kernels) {
    std::string text = lineComment(kernel.doc.empty() ? kernel.name : kernel.doc);
    text += (kernel.helpers.empty() ? "" : "\n" + kernel.helpers) + kernelSignature(i, target, kernel, "extern \"C\" ", ") {\n") + kernel.body + "}\n";
    if (files.empty() || body + text.size() > i.spec.kernelBytesPerFile) {
      std::string head = "// Kernels for " + target.name + "; " + bannerLine(i.spec) + "\n#include \"kernels_" +
                         target.id + ".h\"\n";
      for (const std::string &include : target.includes)
        head += "#include \"" + include + "\"\n";
      if (!target.preamble.empty())
        head += "\n" + target.preamble;
      files.push_back(head);
      body = 0;
    }
    body += text.size();
    files.back() += "\n" + text;
  }
  for (std::string &file : files)
    file += target.postamble;
  return files;
}

std::string kernelFile(const Target &target, size_t count, size_t index) {
  return "src/kernels_" + target.id + (count == 1 ? "" : "_" + std::to_string(index)) + (target.capability ? ".cu" : ".cpp");
}

std::string entryFile(const Target &target) {
  return "src/entry_" + target.id + (target.capability ? ".cu" : ".cpp");
}

/// Large embedded weights begin at a huge page in the file and in memory: the kernel then maps 2 MiB at once where the file cache
/// holds such pages, and the first run takes hundreds of faults instead of tens of thousands. Little ones do not pay for the gap.
static constexpr uint64_t hugePage = 2 << 20;

std::string emitWeightsAssembly(const LibrarySpec &spec) {
  Substitutions s = {{"N", spec.name},
                     {"banner", bannerLine(spec)},
                     {"align", std::to_string(weightsWantHugePages(spec) ? hugePage : INGOT_ALIGN)}};
  std::string text = fill(R"(/* weights.S - the weights as they lie in weights/@N@.weights; @banner@ */
)",
                          s);
  if (weightsAreFar(spec))
    text += fill(R"(/* Beyond the reach of 32-bit offsets: a large section, and its address in a table. */
	.section .lrodata.@N@_weights,"al",@progbits
	.balign @align@
	.type ingot_bytes, @object
ingot_bytes:
	.incbin "@N@.weights"
	.size ingot_bytes, . - ingot_bytes

	.section .data.rel.ro.local,"aw",@progbits
	.balign 8
	.globl @N@_weights
	.hidden @N@_weights
	.type @N@_weights, @object
	.size @N@_weights, 8
@N@_weights:
	.quad ingot_bytes
)",
                 s);
  else
    text += fill(R"(	.section .rodata.@N@_weights,"a",%progbits
	.balign @align@
	.globl @N@_weights
	.hidden @N@_weights
	.type @N@_weights, %object
@N@_weights:
	.incbin "@N@.weights"
	.size @N@_weights, . - @N@_weights
)",
                 s);
  return text + "\n\t.section .note.GNU-stack,\"\",%progbits\n";
}

} // namespace ingot::package
