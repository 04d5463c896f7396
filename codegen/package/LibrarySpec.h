//===- LibrarySpec.h - Everything that a generated library is made of -------------------------------------===//
//
// The input of the packager: plain data, filled by the compiler's driver from a plan.model, the printer and the
// weight store. It knows nothing of MLIR. Every `name` is a C identifier, unique in its scope (see Names.h);
// every formula is C text over symbol names, integers, + - * ( ) and min, max, floordiv, ceildiv, mod, align.
//
//===------------------------------------------------------------------------------------------------------===//
#ifndef INGOT_CODEGEN_PACKAGE_LIBRARYSPEC_H
#define INGOT_CODEGEN_PACKAGE_LIBRARYSPEC_H

#include "ingot/ingot.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace ingot::package {

/// Where a symbol's value comes from.
enum class SymbolKind {
  Input,  // the caller says it in N_dims
  Length, // the state carries it; each run moves it to `next`
  Result, // the run finds it out; it is a field of N_outputs
};

struct Symbol {
  std::string name;
  SymbolKind kind = SymbolKind::Input;
  int64_t min = 1;
  std::optional<int64_t> max; // bound of the compilation; a Length's capacity. Without it limits are required.
  std::string next;           // Length: formula of its value after a run, "length+seq"
};

enum class ValueKind {
  Tensor,   // typed span
  Untyped,  // ingot_tensor: rank known only at run time
  Sequence, // ingot_sequence
  Optional, // ingot_optional
};

/// An input or output.
struct Value {
  std::string name;
  std::string onnxName; // for comments and messages; `name` when empty
  ingot_dtype type = INGOT_UNDEFINED;
  std::vector<std::string> dims; // formulas
  ValueKind kind = ValueKind::Tensor;
  bool inWorkspace = false; // output of data-dependent size: the run sets the span, it points into the workspace
  unsigned index = 0;       // among the ONNX file's inputs (without initialisers) or outputs: data sets number them so

  const std::string &label() const { return onnxName.empty() ? name : onnxName; }
};

/// A tensor that outlives a run, in the caller's state memory.
struct State {
  std::string name;
  std::string onnxInput, onnxOutput;
  ingot_dtype type = INGOT_UNDEFINED;
  std::vector<std::string> dims; // formulas over Input symbols; the capacity stands for the length
  bool replaced = false;         // every run writes a whole new value, to nextName(name); else updated in place
};

/// One kernel: `void N_<target>_<name>(params, int64_t begin, int64_t end)` works on the tiles [begin, end); on CUDA
/// `__global__ void N_<target>_<name>(params, int64_t tiles)`, one tile to a thread.
struct Kernel {
  std::string name;
  std::string doc;                 // comment text, lines without //
  std::vector<std::string> params; // "int64_t batch", "const float *x"
  std::string body;                // statements, indented by two spaces, with a final newline
  std::string helpers;             // functions that stand in front of it, each with a blank line behind it
};

struct Target {
  std::string name;                  // "x86-64-v3"
  std::string id;                    // "x86_64_v3"
  std::string features;              // C expression: "INGOT_CPU_X86_64_V3"
  std::vector<std::string> flags;    // of kernel sources: "-mavx2", "-mfma"
  std::vector<std::string> includes; // of kernel sources: "ingot/simd/avx2.h"
  std::string preamble;              // file-scope text behind the includes, all of internal linkage
  std::string postamble;             // behind the kernels
  int capability = 0;                // CUDA: 80 stands for 8.0; 0 for a CPU. A library is for CPUs or for CUDA
  bool exactCapability = false;      // no later device runs it (sm_90a)
  std::vector<Kernel> kernels;
  std::vector<std::string> entryIncludes; // "ingot/ops/topk.h"
  std::string entryBody;                  // statements of N_<target>_run, indented by two spaces, returns a status
};

/// How the weight bytes reach the program.
enum class WeightForm { Embed, File, Array };

struct Weights {
  WeightForm form = WeightForm::Embed;
  uint64_t bytes = 0;                                    // 0: the model has none
  std::function<void(llvm::raw_ostream &stream)> write; // writes exactly `bytes`
};

/// A runtime header or source copied into the output.
struct RuntimeFile {
  std::string path; // in the output: "ingot/ingot.h"
  std::string text;
  std::string source; // where it was read
};

struct BuildInfo {
  std::string ingotVersion;
  std::string modelFile; // file name without folder
  std::string modelSha256;
  std::string weightsSha256; // of the hashes of the weights' contents
  std::string options;   // canonical, without paths
};

struct LibrarySpec {
  std::string name;
  std::string doc; // one paragraph, or empty
  std::vector<Symbol> symbols;
  std::vector<Value> inputs, outputs;
  std::vector<State> states;
  std::string workspaceBytes = "0"; // formula over Input symbols: all planned buffers and the room for the tail
  std::string plannedBytes;         // where the tail begins; workspaceBytes when empty
  bool workspaceIsGuess = false;    // the data decide what a run takes of the tail
  std::vector<Target> targets;      // best first, all of one architecture
  Weights weights;
  std::vector<RuntimeFile> runtime;
  BuildInfo build;
  size_t kernelBytesPerFile = 100000; // kernel sources are divided at about this size, to compile in parallel
};

} // namespace ingot::package

#endif
