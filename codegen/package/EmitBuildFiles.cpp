//===- EmitBuildFiles.cpp - Prints build files and README -------------------------------------------------===//

#include "codegen/package/Emit.h"
#include "codegen/package/Text.h"
#include "codegen/package/Toolchain.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace ingot::package {

static std::string cmakeLists(const Interface &i, ArrayRef<Source> sources) {
  const LibrarySpec &spec = i.spec;
  bool assembly = any_of(sources, [](const Source &s) { return StringRef(s.path).ends_with(".S"); });
  std::string files, properties;
  for (const Source &source : sources) {
    files += "  " + source.path + "\n";
    if (!source.flags.empty() && !i.cuda)
      properties += "set_source_files_properties(" + source.path + " PROPERTIES COMPILE_OPTIONS \"" +
                    join(source.flags, ";") + "\")\n";
  }
  if (assembly)
    properties += "set_source_files_properties(src/weights.S PROPERTIES OBJECT_DEPENDS\n"
                  "  ${CMAKE_CURRENT_SOURCE_DIR}/weights/" +
                  spec.name + ".weights)\n";
  std::string device;
  if (i.cuda) {
    const Target &target = spec.targets.front();
    std::vector<std::string> flags;
    for (StringRef flag : target.flags)
      if (!flag.starts_with("-arch="))
        flags.push_back(flag.str());
    device = fill(R"(find_package(CUDAToolkit REQUIRED)
target_link_libraries(@N@ PUBLIC CUDA::cudart_static)
target_compile_options(@N@ PRIVATE "$<$<COMPILE_LANGUAGE:CUDA>:@flags@>")
set_target_properties(@N@ PROPERTIES CUDA_STANDARD 17 CUDA_ARCHITECTURES @arch@)
)",
                  {{"N", spec.name}, {"flags", join(flags, ";")},
                   {"arch", std::to_string(target.capability) + (target.exactCapability ? "a" : "")}});
  }
  return fill(R"(# @banner@
# Builds the library from source: add_subdirectory(@N@), then link @N@::@N@.
cmake_minimum_required(VERSION 3.16)
project(@N@ LANGUAGES CXX@cuda@@asm@)

add_library(@N@ STATIC
@files@)
add_library(@N@::@N@ ALIAS @N@)
target_include_directories(@N@ PUBLIC ${CMAKE_CURRENT_SOURCE_DIR} PRIVATE weights)
target_compile_features(@N@ PRIVATE cxx_std_17)
target_compile_options(@N@ PRIVATE $<$<COMPILE_LANGUAGE:CXX>:@flags@>)
set_target_properties(@N@ PROPERTIES CXX_EXTENSIONS OFF POSITION_INDEPENDENT_CODE ON
  INTERPROCEDURAL_OPTIMIZATION OFF)
if(UNIX)
  target_link_libraries(@N@ PUBLIC m)
endif()
@device@# Instruction sets are private to the files that are compiled for them.
@properties@
# The thread pool: built once by the program, whichever generated library comes first.
if(NOT TARGET ingot::pool)
  find_package(Threads REQUIRED)
  add_library(ingot_pool STATIC EXCLUDE_FROM_ALL ingot/pool.cpp)
  add_library(ingot::pool ALIAS ingot_pool)
  target_include_directories(ingot_pool PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
  target_compile_features(ingot_pool PUBLIC cxx_std_17)
  target_link_libraries(ingot_pool PUBLIC Threads::Threads)
endif()
)",
              {{"banner", bannerLine(spec)},
               {"N", spec.name},
               {"asm", assembly ? " ASM" : ""},
               {"cuda", i.cuda ? " CUDA" : ""},
               {"device", device},
               {"files", files},
               {"flags", join(libraryFlags(), ";")},
               {"properties", properties}});
}

static std::string packageConfig(const Interface &i) {
  return fill(R"(# find_package(@N@): the library as it was compiled, target @N@::@N@.
get_filename_component(_@N@_prefix "${CMAKE_CURRENT_LIST_DIR}/.." ABSOLUTE)
if(NOT EXISTS "${_@N@_prefix}/lib/lib@N@.a")
  set(@N@_FOUND FALSE)
  set(@N@_NOT_FOUND_MESSAGE "lib/lib@N@.a is missing: add_subdirectory(${_@N@_prefix} @N@) builds it from source")
  unset(_@N@_prefix)
  return()
endif()
@find@if(NOT TARGET @N@::@N@)
  add_library(@N@::@N@ STATIC IMPORTED)
  set_target_properties(@N@::@N@ PROPERTIES
    IMPORTED_LOCATION "${_@N@_prefix}/lib/lib@N@.a"
    INTERFACE_INCLUDE_DIRECTORIES "${_@N@_prefix}"
    INTERFACE_LINK_LIBRARIES "m@link@")
endif()
# The thread pool is C++; a project in C alone has its own executor or none.
get_property(_@N@_languages GLOBAL PROPERTY ENABLED_LANGUAGES)
if(NOT TARGET ingot::pool AND "CXX" IN_LIST _@N@_languages)
  find_package(Threads REQUIRED)
  add_library(ingot_pool STATIC EXCLUDE_FROM_ALL "${_@N@_prefix}/ingot/pool.cpp")
  add_library(ingot::pool ALIAS ingot_pool)
  target_include_directories(ingot_pool PUBLIC "${_@N@_prefix}")
  target_compile_features(ingot_pool PUBLIC cxx_std_17)
  target_link_libraries(ingot_pool PUBLIC Threads::Threads)
endif()
unset(_@N@_languages)
unset(_@N@_prefix)
)",
              {{"N", i.spec.name},
               {"find", i.cuda ? "find_package(CUDAToolkit REQUIRED)\n" : ""},
               {"link", i.cuda ? ";CUDA::cudart_static" : ""}});
}

/// Processors, as CMake names them, for which the library certainly is not.
static StringRef otherProcessors(const Interface &i) {
  return StringRef(i.spec.targets.front().features).contains("AARCH64") ? "^(x86_64|x64|amd64|AMD64)$" : "^(aarch64|arm64|ARM64)";
}

/// The version is that of Ingot.
static std::string packageVersion(const Interface &i) {
  return fill(R"(set(PACKAGE_VERSION "@version@")
if(PACKAGE_FIND_VERSION VERSION_GREATER PACKAGE_VERSION)
  set(PACKAGE_VERSION_COMPATIBLE FALSE)
else()
  set(PACKAGE_VERSION_COMPATIBLE TRUE)
  if(PACKAGE_FIND_VERSION VERSION_EQUAL PACKAGE_VERSION)
    set(PACKAGE_VERSION_EXACT TRUE)
  endif()
endif()
)" + std::string(i.cuda ? "" : R"(# Of several folders of a model, find_package takes the one for the processor.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "@others@")
  set(PACKAGE_VERSION "@version@ for @target@")
  set(PACKAGE_VERSION_UNSUITABLE TRUE)
endif()
)"),
              {{"version", i.spec.build.ingotVersion}, {"others", otherProcessors(i).str()}, {"target", i.spec.targets.front().name}});
}

/// ${pcfiledir} lets the folder lie anywhere. No quotes: pkg-config escapes the spaces in it by itself.
static std::string pkgConfig(const Interface &i) {
  return fill(R"(# @banner@
prefix=${pcfiledir}
# The thread pool, for programs that want one: a C++ source to compile with theirs.
pool=${prefix}/ingot/pool.cpp

Name: @N@
Description: @model@ as a library
Version: @version@
Cflags: -I${prefix}
Libs: -L${prefix}/lib -l@N@ @cuda@-lm -lpthread
)",
              {{"banner", bannerLine(i.spec)},
               {"N", i.spec.name},
               {"model", i.spec.build.modelFile},
               {"version", i.spec.build.ingotVersion},
               {"cuda", i.cuda ? "-lcudart_static -lrt -ldl " : ""}});
}

static std::string valueTable(const Interface &i) {
  std::string text = "| | name | ONNX name | type | shape |\n|---|---|---|---|---|\n";
  auto row = [&](const char *what, StringRef name, StringRef label, ingot_dtype type, ArrayRef<std::string> dims) {
    text += (Twine("| ") + what + " | `" + name + "` | `" + label + "` | " + elementText(type).suffix + " | " +
             shapeComment(dims) + " |\n")
                .str();
  };
  for (const Value &v : i.spec.inputs)
    row("input", v.name, v.label(), v.type, v.dims);
  for (const State &s : i.spec.states)
    row("state", s.name, s.onnxInput, s.type, s.dims);
  for (const Value &v : i.spec.outputs)
    row("output", v.name, v.label(), v.type, v.dims);
  std::string escaped;
  auto look = [&](StringRef name) {
    if (escaped.empty() && name.ends_with("_"))
      escaped = name.str();
  };
  for (const Value &v : i.spec.inputs)
    look(v.name);
  for (const State &s : i.spec.states)
    look(s.name);
  for (const Value &v : i.spec.outputs)
    look(v.name);
  if (!escaped.empty())
    text += "\n`" + escaped + "` ends in `_` because `" + StringRef(escaped).drop_back().str() +
            "` is a word of C, C++ or of the generated code.\n";
  return text;
}

/// A size for the example: the least that is not degenerate. What a formula divides or subtracts from had better be larger.
static int64_t exampleSize(const Interface &i, const Symbol &symbol) {
  bool reduced = false;
  auto look = [&](const std::vector<Value> &values) {
    for (const Value &v : values)
      for (const std::string &dim : v.dims)
        reduced |= identifiersIn(dim).count(symbol.name) && (StringRef(dim).contains('-') || StringRef(dim).contains('('));
  };
  look(i.spec.inputs);
  look(i.spec.outputs);
  int64_t size = std::max<int64_t>(symbol.min, reduced ? 64 : 1);
  return symbol.max ? std::min(size, *symbol.max) : size;
}

/// The functions of size formulas, as far as the example's formulas use them.
static std::string formulaFunctions(const std::set<std::string> &words) {
  static const std::pair<const char *, const char *> functions[] = {{"floordiv", "a / b"},     {"ceildiv", "(a + b - 1) / b"},
                                                                    {"mod", "a % b"},          {"max", "a > b ? a : b"},
                                                                    {"min", "a < b ? a : b"}};
  std::string text;
  for (auto [name, body] : functions)
    if (words.count(name))
      text += std::string("  const auto ") + name + " = [](int64_t a, int64_t b) { return " + body + "; };\n";
  return text;
}

namespace {
/// The example's memory for inputs and outputs: vectors, and the fields that refer to them.
struct ExampleValues {
  std::string vectors, inputs, outputs;
  std::set<std::string> words; // of the formulas in `vectors`
};
} // namespace

static ExampleValues exampleValues(const Interface &i) {
  ExampleValues e;
  auto list = [](std::string &all, const std::string &item) { all += (all.empty() ? "" : ", ") + item; };
  auto add = [&](const Value &v, bool isCallers, std::string &fields, const std::string &wrapper) {
    if (!isCallers)
      return list(fields, "{}");
    size_t bits = ingot_dtype_bits(v.type);
    bool packed = bits && bits < 8;
    std::string count = v.dims.empty() ? "1" : product(v.dims).formula;
    e.words.merge(identifiersIn(count));
    e.vectors += std::string("  std::vector<") + elementText(v.type).type + "> " + v.name + "(" +
                 (packed ? "(" + count + ") / " + std::to_string(8 / bits) + " + 1" : count) + ");\n";
    list(fields, packed ? "{" + v.name + ".data(), size_t(" + count + ")}" : wrapper + "(" + v.name + ")");
  };
  for (const Value &v : i.spec.inputs)
    add(v, v.kind == ValueKind::Tensor, e.inputs, "ingot::view");
  for (const Value &v : i.spec.outputs)
    add(v, !isInWorkspace(v), e.outputs, "ingot::span");
  for (size_t k = 0; k < i.resultSymbols.size(); ++k)
    list(e.outputs, "0");
  return e;
}

/// A whole program that opens the model, provides its memory and runs it.
static std::string example(const Interface &i) {
  const std::string &n = i.spec.name;
  std::string text = "#include \"" + n + ".hpp\"\n\n#include <cstdio>\n#include <vector>\n\nint main() {\n  " + n +
                     "::model model;\n  " + n + "::context context;\n";
  std::string state = i.hasState ? "state, " : "", limits, dims;
  if (i.hasState)
    text += "  " + n + "::state state;\n";
  for (const Symbol *s : i.inputSymbols) {
    text += "  const int64_t " + s->name + " = " + std::to_string(exampleSize(i, *s)) + ";\n";
    dims += (dims.empty() ? "" : ", ") + s->name;
    if (!s->max) // without a compiled bound, memory needs one
      limits += "  limits." + s->name + " = " + s->name + ";\n";
  }
  if (!limits.empty())
    text += "  " + n + "::limits limits = {};\n" + limits;
  if (i.mapsWeights)
    text += "  " + n + "::options options = {};\n  options.weights = \"weights/" + n + ".weights\";\n";
  std::string init = limits.empty() ? ".init(model);\n" : ".init(model, limits);\n";
  text += std::string("  ingot::status status = model.open(") + (i.mapsWeights ? "options" : "") +
          ");\n  if (status.ok())\n    status = context" + init;
  if (i.hasState)
    text += "  if (status.ok())\n    status = state" + init;
  ExampleValues values = exampleValues(i);
  text += formulaFunctions(values.words);
  for (const Symbol *s : i.lengthSymbols)
    if (values.words.count(s->name))
      text += "  const int64_t " + s->name + " = 0; // state." + s->name + "()\n";
  text += values.vectors + "  " + n + "_outputs outputs = {" + values.outputs +
          "};\n  if (status.ok())\n    status = context.run(" + (i.hasDims ? "{" + dims + "}, " : "") +
          (i.hasInputs ? "{" + values.inputs + "}, " : "") + state +
          "outputs);\n  std::puts(status.text());\n  return status.ok() ? 0 : 1;\n}\n";
  return text;
}

static std::string readme(const Interface &i) {
  const LibrarySpec &spec = i.spec;
  std::string targets;
  for (const Target &target : spec.targets)
    targets += (targets.empty() ? "" : ", ") + target.name;
  return fill(R"(# @N@

@doc@Compiled by ingot @version@ from `@model@` for @targets@ (`@options@`).

@table@
```cpp
@example@```

Keep it beside this folder, not in it: `ingot compile` replaces the folder as a whole. Build it here with any one of

```
@cxx@ -std=c++17 -I. ../main.cpp lib/lib@N@.a -lm -lpthread
pkg-config --cflags --libs ./@N@.pc
find_package(@N@)        # with CMAKE_PREFIX_PATH set to this folder; link @N@::@N@
add_subdirectory(@N@)    # from source; link @N@::@N@
```

`@N@.h` is the C99 interface, `@N@.hpp` its C++17 wrapper. The model is shared by threads; each thread has a context.
`@N@_run` takes no heap memory and makes no threads; pass `ingot::pool` (`ingot/pool.h`, target `ingot::pool`) as executor
to use several. What a function reports is in its status and in `ingot_error.text`.
@guess@)",
              {{"N", spec.name},
               {"doc", spec.doc.empty() ? "" : spec.doc + "\n\n"},
               {"version", spec.build.ingotVersion},
               {"model", spec.build.modelFile},
               {"cxx", i.cuda ? "nvcc" : "c++"},
               {"targets", targets},
               {"options", spec.build.options},
               {"table", valueTable(i)},
               {"guess", !spec.workspaceIsGuess ? ""
                                                : "\nHow much memory a run takes depends on the data: what `" + spec.name +
                                                      "_query` says may be too little. Then the status is `INGOT_NEED_WORKSPACE` and "
                                                      "`ingot_error.expected` has the\nbytes: give so many (`context.init_bytes`, in C `" +
                                                      spec.name + "_context_init` with a larger block) and run again.\n"},
               {"example", example(i)}});
}

std::vector<File> emitBuildFiles(const Interface &i, const std::vector<Source> &sources) {
  return {{"CMakeLists.txt", cmakeLists(i, sources)},
          {"cmake/" + i.spec.name + "Config.cmake", packageConfig(i)},
          {"cmake/" + i.spec.name + "ConfigVersion.cmake", packageVersion(i)},
          {i.spec.name + ".pc", pkgConfig(i)},
          {"README.md", readme(i)},
          {"LICENSE-note",
           "Ingot claims no rights on the code that it generates. The runtime files under ingot/, copied into this\n"
           "folder as part of the generated library, may be used, changed and distributed with it without condition.\n"
           "The weights, and what the network computes, remain under the licence of the model they came from.\n"}};
}

} // namespace ingot::package
