//===- EmitApi.cpp - Prints N.cpp: open, query, checks and run ---------------------------------------------===//

#include "codegen/package/Emit.h"
#include "codegen/package/Text.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace ingot::package {

/// A formula as a printf format and its arguments: "batch*8" → "batch*8 = %lld*8", batch.
static void formulaFormat(StringRef formula, const std::vector<Symbol> &symbols, std::string &format,
                          std::vector<std::string> &args) {
  std::string values;
  for (size_t i = 0; i < formula.size();) {
    if (!isAlpha(formula[i]) && formula[i] != '_') {
      values += formula[i++];
      continue;
    }
    size_t begin = i;
    while (i < formula.size() && (isAlnum(formula[i]) || formula[i] == '_'))
      ++i;
    StringRef word = formula.slice(begin, i);
    if (any_of(symbols, [&](const Symbol &symbol) { return symbol.name == word; })) {
      values += "%lld";
      args.push_back("(long long)" + word.str() + ".value");
    } else {
      values += word;
    }
  }
  format = formula.str();
  if (!args.empty() && values != "%lld")
    format += " = " + values;
  else
    args.clear();
}

/// N.cpp, function by function.
namespace {
class ApiPrinter {
public:
  explicit ApiPrinter(const Interface &i) : i(i), spec(i.spec), n(i.spec.name) {}

  std::string print() {
    prologue();
    i.cuda ? openDevice() : open();
    query();
    contextInit();
    if (i.hasState)
      stateFunctions();
    run();
    buildInfo();
    return text;
  }

private:
  const Interface &i;
  const LibrarySpec &spec;
  const std::string &n;
  std::string text;

  void add(StringRef piece) { text += fill(piece, {{"N", n}, {"hash", i.hash}}); }

  /// `if (status = check(args)) return status;`
  void check(StringRef function, ArrayRef<std::string> args) {
    text += wrapList(("  if (ingot_status status = ingot::" + function + "(").str(), args, "))\n    return status;\n");
  }
  void begin() { text += "  ingot::begin(error);\n"; }
  void requirePointer(StringRef name) {
    text += ("  if (!" + name + ")\n    return ingot::null_argument(error, \"" + name + "\");\n").str();
  }
  void requireMagic(StringRef name) {
    text += ("  if (!" + name + " || " + name + "->magic != magic)\n    return ingot::not_initialised(error, \"" +
             name + "\");\n")
                .str();
  }

  /// Symbols that a formula uses, as parameters or arguments, in declaration order.
  std::vector<std::string> used(StringRef formula, StringRef prefix) {
    std::vector<std::string> result;
    std::set<std::string> words = identifiersIn(formula);
    for (const Symbol &symbol : spec.symbols)
      if (symbol.kind != SymbolKind::Result && words.count(symbol.name))
        result.push_back(prefix.str() + symbol.name);
    return result;
  }
  /// A size formula as a function, and a call of it.
  void sizeFunction(StringRef name, StringRef formula) {
    text += wrapList(("\nchecked " + name + "(").str(), used(formula, "checked "),
                     ") {\n" + wrapFormula("  return ", formula, ";") + "}\n");
  }
  std::string sizeCall(StringRef name, StringRef formula) {
    return (name + "(" + join(used(formula, ""), ", ") + ")").str();
  }
  static std::string inChecked(StringRef formula) { // so that all-constant text is checked arithmetic as well
    return identifiersIn(formula).empty() ? ("checked(" + formula + ")").str() : formula.str();
  }
  std::string planned() const { return spec.plannedBytes.empty() ? spec.workspaceBytes : spec.plannedBytes; }
  std::string stateFormula(const State &state) const {
    Product count = product(state.dims);
    size_t bits = ingot_dtype_bits(state.type);
    return bits >= 8 ? "align(" + count.code + " * " + std::to_string(bits / 8) + ")"
                     : "align(ceildiv(" + count.code + ", " + std::to_string(8 / bits) + "))";
  }
  std::string allStates() const {
    std::string sum;
    for (const State &state : spec.states)
      sum += (sum.empty() ? "" : " + ") + stateFormula(state) + (state.replaced ? " * 2" : "");
    return sum;
  }

  void prologue() {
    text += headComment(n + ".cpp - the functions of " + n + ".h", bannerLine(spec));
    add(R"(//
// Compiled for the baseline of the architecture: @N@_open runs on every processor.
#include "@N@_internal.h"
#include "ingot/checks.h"
)");
    if (!i.cuda)
      add("#include \"ingot/cpu.h\"\n");
    if (i.mapsWeights)
      add("#include \"ingot/mapped_file.h\"\n");
    if (expectsWeights())
      add("#include \"ingot/weight_pages.h\"\n");
    add(R"(
#include <string.h>

using ingot::align;
using ingot::ceildiv;
using ingot::checked;
using ingot::fail;
using ingot::floordiv;
using ingot::max;
using ingot::min;
using ingot::mod;

)");
    if (i.hasWeights && !i.mapsWeights)
      add(weightsAreFar(spec) ? "extern \"C\" {\nINGOT_HIDDEN extern const unsigned char *const @N@_weights;\n}\n\n"
                          : "extern \"C\" {\nINGOT_HIDDEN extern const unsigned char @N@_weights[];\n}\n\n");
    add(R"(namespace {

// Marks an object that this library initialised.
constexpr uint64_t magic = 0x@hash@;

struct Target {
  const char *name;
  uint64_t features;
  ingot_status (*run)(@N@_frame *frame);
};

// Best first.
const Target targets[] = {
)");
    for (const Target &target : spec.targets)
      text += "    {" + quoted(target.name) + ", " + target.features + ", " + n + "_" + target.id + "_run},\n";
    text += "};\n";
    if (i.mapsWeights || expectsWeights() || (i.cuda && i.hasWeights))
      text += "\nconstexpr size_t weights_bytes = " + std::to_string(weightsFileBytes(spec)) + ";\n";
    sizeFunction("workspace_bytes", inChecked(spec.workspaceBytes));
    if (!spec.plannedBytes.empty())
      sizeFunction("planned_bytes", inChecked(spec.plannedBytes));
    if (i.hasState)
      sizeFunction("state_bytes", allStates());
    add("\n} // namespace\n\n");
  }

  bool expectsWeights() const { return i.hasWeights && !i.cuda && weightsWantHugePages(spec); }

  std::vector<std::string> mapArguments(const std::string &result) const {
    return {"error", "options ? options->weights : nullptr", "weights_bytes", i.weightsMark + "u",
            "options && options->check_weights ? " + i.weightsSum + "u : 0", result};
  }

  void open() {
    text += wrapList("ingot_status " + n + "_open_" + i.hash + "(", i.openParams, ") {\n");
    begin();
    requirePointer("model");
    add(R"(  *model = @N@_model();
  const uint64_t features = ingot::cpu_features();
  const char *wanted = options ? options->target : nullptr;
  for (const Target &target : targets) {
    if ((wanted && strcmp(wanted, target.name) != 0) || (target.features & ~features))
      continue;
)");
    if (i.mapsWeights)
      text += wrapList("    if (ingot_status status = ingot::map_file(", mapArguments("&model->weights"), "))\n      return status;\n");
    else if (i.hasWeights)
      add("    model->weights = @N@_weights;\n");
    if (expectsWeights())
      add("    ingot::expect_weights(model->weights, weights_bytes);\n");
    std::string names;
    for (const Target &target : spec.targets)
      names += (names.empty() ? "" : " or ") + target.name;
    text += R"(    model->target = int32_t(&target - targets);
    model->magic = magic;
    return INGOT_OK;
  }
)";
    text += wrapList("  return fail(",
                     {"error", "INGOT_UNSUPPORTED_CPU", "\"target\"", "-1", "0", "0",
                      "\"target: this library has kernels for " + names + ", this processor or the options ask for %.100s\"", "wanted ? wanted : \"another\""},
                     ");\n}\n\n");
    text += "void " + n + "_close(" + n + "_model *model) {\n";
    if (i.mapsWeights)
      text += "  if (model && model->magic == magic)\n    ingot::unmap_file(model->weights, weights_bytes);\n";
    add("  if (model)\n    *model = @N@_model();\n}\n\n");
  }

  /// CUDA: a library has one target; the weights move to the device.
  void openDevice() {
    const Target &target = spec.targets.front();
    text += wrapList("ingot_status " + n + "_open_" + i.hash + "(", i.openParams, ") {\n");
    begin();
    requirePointer("model");
    add(R"(  *model = @N@_model();
  if (options && options->target && strcmp(options->target, targets[0].name) != 0)
    return fail(error, INGOT_UNSUPPORTED_CPU, "target", -1, 0, 0, "target: %.100s, the library is for %s",
                options->target, targets[0].name);
)");
    check("check_device", {"error", std::to_string(target.capability), target.exactCapability ? "true" : "false"});
    if (i.mapsWeights) {
      text += "  const unsigned char *mapped = nullptr;\n";
      check("map_file", mapArguments("&mapped"));
      text += R"(  const ingot_status status = ingot::upload(error, mapped, weights_bytes, &model->weights);
  ingot::unmap_file(mapped, weights_bytes);
  if (status != INGOT_OK)
    return status;
)";
    } else if (i.hasWeights) {
      check("upload", {"error", n + "_weights", "weights_bytes", "&model->weights"});
    }
    text += "  model->magic = magic;\n  return INGOT_OK;\n}\n\n";
    text += "void " + n + "_close(" + n + "_model *model) {\n";
    if (i.hasWeights)
      text += "  if (model && model->magic == magic)\n    ingot::device_free(model->weights);\n";
    add(R"(  if (model)
    *model = @N@_model();
}

ingot_status @N@_device_alloc(void **memory, size_t bytes, ingot_error *error) {
  if (!memory)
    return ingot::null_argument(error, "memory");
  return ingot::device_alloc(error, bytes, memory);
}

void @N@_device_free(void *memory) { ingot::device_free(memory); }

)");
  }

  static std::string maxText(const Symbol &symbol) {
    return symbol.max ? std::to_string(*symbol.max) : "checked::overflow";
  }

  void query() {
    text += wrapList("ingot_status " + n + "_query(", i.queryParams, ") {\n");
    begin();
    requirePointer("sizes");
    std::set<std::string> words = identifiersIn(spec.workspaceBytes);
    if (i.hasState)
      words.merge(identifiersIn(allStates()));
    for (const Symbol *symbol : i.inputSymbols) {
      const std::string &name = symbol->name;
      text += "  const int64_t " + name + "_limit = limits && limits->" + name + " ? limits->" + name + " : " +
              (symbol->max ? std::to_string(*symbol->max) : "0") + ";\n";
      // Without a compiled bound the limit is required, even where 0 would be a valid dimension.
      if (symbol->max)
        check("check_bounds", {"error", quoted(name), name + "_limit", std::to_string(symbol->min), maxText(*symbol)});
      else
        check("check_limit", {"error", quoted(name), name + "_limit", std::to_string(std::max<int64_t>(symbol->min, 1))});
      if (words.count(name))
        text += "  const checked " + name + " = " + name + "_limit;\n";
    }
    for (const Symbol *symbol : i.lengthSymbols)
      if (words.count(symbol->name))
        text += "  const checked " + symbol->name + " = " + std::to_string(*symbol->max) + ";\n";
    check("check_size", {"error", "\"workspace\"", sizeCall("workspace_bytes", spec.workspaceBytes),
                         "&sizes->workspace"});
    if (i.hasState)
      check("check_size", {"error", "\"state\"", sizeCall("state_bytes", allStates()), "&sizes->state"});
    else
      text += "  sizes->state = 0;\n";
    text += "  sizes->align = INGOT_ALIGN;\n  return INGOT_OK;\n}\n\n";
  }

  void contextInit() {
    text += wrapList("ingot_status " + n + "_context_init(", i.contextParams, ") {\n");
    begin();
    requirePointer("context");
    add("  *context = @N@_context();\n");
    requireMagic("model");
    check("check_block", {"error", "\"workspace\"", "workspace", "workspace_bytes"});
    check("check_executor", {"error", "executor"});
    add(R"(  context->magic = magic;
  context->model = model;
  context->workspace = static_cast<unsigned char *>(workspace);
  context->workspace_bytes = workspace_bytes;
  if (executor)
    context->executor = *executor;
  return INGOT_OK;
}

)");
  }

  void stateFunctions() {
    text += wrapList("ingot_status " + n + "_state_init(", i.stateParams, ") {\n");
    begin();
    requirePointer("state");
    add("  *state = @N@_state();\n");
    requireMagic("model");
    check("check_block", {"error", "\"state\"", "memory", "bytes"});
    add(R"(  state->magic = magic;
  state->memory = static_cast<unsigned char *>(memory);
  state->bytes = bytes;
  @N@_state_reset(state);
  return INGOT_OK;
}

void @N@_state_reset(@N@_state *state) {
  if (!state || state->magic != magic)
    return;
)");
    for (const Symbol *symbol : i.lengthSymbols)
      text += "  state->" + symbol->name + " = 0;\n";
    for (const Symbol *symbol : i.stateSymbols())
      text += "  state->" + symbol->name + " = 0;\n";
    if (i.replacesState())
      text += "  state->phase = 0;\n";
    // What a length bounds is never read beyond it; the rest starts as zeros.
    if (i.lengthSymbols.empty() || i.replacesState())
      text += i.cuda ? "  if (state->bytes)\n    (void)cudaMemset(state->memory, 0, state->bytes);\n"
                     : "  if (state->bytes)\n    memset(state->memory, 0, state->bytes);\n";
    text += "}\n\n";
    for (const Symbol *l : i.lengthSymbols) {
      const std::string &name = l->name;
      text += wrapList("ingot_status " + n + "_state_truncate" + i.lengthSuffix(*l) + "(",
                       {n + "_state *state", "int64_t " + name, "ingot_error *error"}, ") {\n");
      begin();
      requireMagic("state");
      check("check_bounds", {"error", quoted(name), name, "0", "state->" + name});
      text += "  state->" + name + " = " + name + ";\n  return INGOT_OK;\n}\n\n";
    }
  }

  void run() {
    text += wrapList("ingot_status " + n + "_run(", i.runParams, ") {\n");
    begin();
    requireMagic("context");
    // After N_close the model has no magic any more.
    text += "  if (context->model->magic != magic)\n    return ingot::closed(error);\n";
    if (i.hasDims)
      requirePointer("dims");
    if (i.hasInputs)
      requirePointer("inputs");
    if (i.hasState)
      requireMagic("state");
    requirePointer("outputs");
    text += "\n";
    bindSymbols();
    for (const Value &value : spec.inputs)
      checkInput(value);
    for (const Value &value : spec.outputs)
      if (!isInWorkspace(value))
        checkSpan(value, "outputs->");
    if (i.hasInputs || any_of(spec.outputs, [](const Value &v) { return !isInWorkspace(v); }))
      text += "\n";
    if (!i.stateSymbols().empty()) {
      std::vector<const Symbol *> fixed = i.stateSymbols();
      for (const Symbol *symbol : fixed) {
        const std::string &name = symbol->name;
        text += "  if (state->" + name + " && state->" + name + " != " + name + ".value)\n";
        text += wrapList("    return fail(",
                         {"error", "INGOT_SHAPE_MISMATCH", quoted(name), "-1", "state->" + name, name + ".value",
                          quoted(name + ": %lld, the state was begun with %lld"), "(long long)" + name + ".value",
                          "(long long)state->" + name},
                         ");\n");
      }
    }
    frame();
  }

  void bindSymbols() {
    for (const Symbol *symbol : i.inputSymbols) {
      check("check_bounds", {"error", quoted(symbol->name), "dims->" + symbol->name, std::to_string(symbol->min),
                             maxText(*symbol)});
      text += "  const checked " + symbol->name + " = dims->" + symbol->name + ";\n";
    }
    for (const Symbol *symbol : i.lengthSymbols)
      text += "  const checked " + symbol->name + " = state->" + symbol->name + ";\n";
    for (const Symbol *symbol : i.lengthSymbols) {
      const std::string &name = symbol->name;
      std::string format, max = std::to_string(*symbol->max);
      std::vector<std::string> args;
      formulaFormat(product({symbol->next}).formula, spec.symbols, format, args);
      text += "  const checked " + nextName(name) + " = " + symbol->next + ";\n";
      text += "  if (" + nextName(name) + ".value > " + max + ")\n";
      std::vector<std::string> all = {"error", "INGOT_LIMIT_EXCEEDED", quoted(name), "-1", max, nextName(name) + ".value",
                                      quoted(name + ": " + format + " = %lld, the state holds " + max)};
      all.insert(all.end(), args.begin(), args.end());
      all.push_back("(long long)" + nextName(name) + ".value");
      text += wrapList("    return fail(", all, ");\n");
    }
    if (i.hasDims || !i.lengthSymbols.empty())
      text += "\n";
  }

  void checkSpan(const Value &value, const std::string &object) {
    std::string field = object + value.name, format;
    std::vector<std::string> args = {"error", quoted(value.label()), field + ".data", field + ".count",
                                     product(value.dims).code};
    std::vector<std::string> values;
    std::string formula = product(value.dims).formula;
    if (!all_of(formula, isDigit)) {
      formulaFormat(formula, spec.symbols, format, values);
      args.push_back(quoted(format));
      args.insert(args.end(), values.begin(), values.end());
    }
    check("check_count", args);
  }

  void checkInput(const Value &value) {
    if (value.kind == ValueKind::Tensor)
      return checkSpan(value, "inputs->");
    if (value.kind == ValueKind::Untyped)
      check("check_tensor", {"error", quoted(value.label()), "inputs->" + value.name,
                             elementText(value.type).enumerator});
    else
      check("check_sequence", {"error", quoted(value.label()),
                               "inputs->" + value.name + (value.kind == ValueKind::Optional ? ".value" : ""),
                               elementText(value.type).enumerator});
  }

  void frame() {
    text += "  const checked workspace = " + sizeCall("workspace_bytes", spec.workspaceBytes) + ";\n";
    check("check_room", {"error", "\"workspace\"", "workspace", "context->workspace_bytes"});
    if (i.hasState)
      check("check_room", {"error", "\"state\"", sizeCall("state_bytes", allStates()), "state->bytes"});
    add(R"(
  @N@_frame frame = @N@_frame();
  frame.executor = &context->executor;
  frame.error = error;
)");
    text += "  const size_t planned = " +
            (spec.plannedBytes.empty() ? std::string("size_t(workspace.value)")
                                       : "size_t(" + sizeCall("planned_bytes", spec.plannedBytes) + ".value)") +
            ";\n  frame.arena = {context->workspace, context->workspace_bytes, planned, planned};\n";
    if (i.hasWeights)
      text += "  frame.weights = context->model->weights;\n";
    if (i.cuda)
      text += "  frame.stream = cudaStreamPerThread;\n";
    for (const Symbol &symbol : spec.symbols)
      if (symbol.kind != SymbolKind::Result)
        text += "  frame." + symbol.name + " = " + symbol.name + ".value;\n";
    for (const Value &v : spec.inputs)
      text += "  frame." + v.name + " = " +
              (v.kind == ValueKind::Tensor ? "inputs->" + v.name + ".data" : "&inputs->" + v.name) + ";\n";
    stateAddresses();
    for (const Value &v : spec.outputs)
      if (!isInWorkspace(v))
        text += "  frame." + v.name + " = outputs->" + v.name + ".data;\n";

    bool after = i.hasState || !i.resultSymbols.empty() || any_of(spec.outputs, isInWorkspace);
    if (!after) {
      text += "  return targets[context->model->target].run(&frame);\n}\n\n";
      return;
    }
    text += "\n  const ingot_status result = targets[context->model->target].run(&frame);\n"
            "  if (result != INGOT_OK)\n    return result;\n";
    for (const Value &v : spec.outputs)
      if (isInWorkspace(v))
        text += "  outputs->" + v.name + " = frame." + v.name + ";\n";
    for (const Symbol *symbol : i.resultSymbols)
      text += "  outputs->" + symbol->name + " = frame." + symbol->name + ";\n";
    for (const Symbol *symbol : i.lengthSymbols)
      text += "  state->" + symbol->name + " = " + nextName(symbol->name) + ".value;\n";
    for (const Symbol *symbol : i.stateSymbols())
      text += "  state->" + symbol->name + " = " + symbol->name + ".value;\n";
    if (i.replacesState())
      text += "  state->phase = !state->phase;\n";
    text += "  return INGOT_OK;\n}\n\n";
  }

  void stateAddresses() {
    if (!i.hasState)
      return;
    text += "  unsigned char *memory = state->memory;\n";
    for (const State &state : spec.states) {
      std::string type = elementText(state.type).type;
      std::string size = state.name + "_size";
      bool last = &state == &spec.states.back();
      if (!last || state.replaced)
        text += "  const size_t " + size + " = size_t((" + stateFormula(state) + ").value);\n";
      if (!state.replaced) {
        text += "  frame." + state.name + " = reinterpret_cast<" + type + " *>(memory);\n";
        if (!last)
          text += "  memory += " + size + ";\n";
        continue;
      }
      text += "  frame." + state.name + " = reinterpret_cast<" + type + " *>(memory + (state->phase ? " + size +
              " : 0));\n";
      text += "  frame." + nextName(state.name) + " = reinterpret_cast<" + type + " *>(memory + (state->phase ? 0 : " +
              size + "));\n";
      if (!last)
        text += "  memory += 2 * " + size + ";\n";
    }
  }

  void buildInfo() {
    text += "const char *" + n + "_build_info(void) {\n  return " + quoted("ingot " + spec.build.ingotVersion + "\n") +
            "\n         " + quoted("model " + spec.build.modelFile + " sha256:" + spec.build.modelSha256 + "\n") +
            "\n         " +
            (i.hasWeights ? quoted("weights sha256:" + spec.build.weightsSha256 + "\n") + "\n         " : std::string()) +
            quoted("options " + spec.build.options + "\n") + "\n         " +
            quoted("interface " + i.hash + "\n") + ";\n}\n";
  }
};
} // namespace

std::string emitApi(const Interface &i) { return ApiPrinter(i).print(); }

} // namespace ingot::package
