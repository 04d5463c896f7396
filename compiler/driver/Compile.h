//===- Compile.h - from a model file to an output folder, stage by stage ----------===//
#ifndef INGOT_COMPILER_DRIVER_COMPILE_H
#define INGOT_COMPILER_DRIVER_COMPILE_H

#include "codegen/package/Package.h"
#include "codegen/targets/Machine.h"
#include "compiler/driver/Keep.h"
#include "compiler/driver/Timing.h"
#include "compiler/driver/Values.h"
#include "compiler/frontend/Diagnostics.h"
#include "compiler/import/ModelImporter.h"
#include "compiler/inspect/Facts.h"
#include "lowering/NodeWork.h"
#include "mlir/IR/MLIRContext.h"

namespace ingot {

/// Exit codes of the command line (api.md).
enum ExitCode { ExitOk = 0, ExitBadInput = 1, ExitUsage = 2, ExitToolchain = 3, ExitMismatch = 4, ExitInternal = 70 };

/// --state IN=OUT:AXIS:MAX: OUT of one run is IN of the next; AXIS < 0 stands for a tensor that is replaced whole. A '*' in IN
/// stands for any text, in OUT for the same.
struct StateOption {
  std::string input, output;
  int64_t axis = -1, capacity = 0;
};

/// How far a compilation goes (--emit).
enum class Stage { Onnx, Nn, Kernel, Plan, Source, Library };

struct CompileOptions {
  std::string model;
  std::string name; // empty: from the file name
  std::string target = "x86-64-v3"; // T[,T…]
  std::map<std::string, ImportOptions::Range> dims;
  std::map<std::string, std::vector<int64_t>> shapes;
  std::vector<StateOption> states;
  std::vector<std::string> keep; // intermediate values that become outputs, by name; "all" of them
  std::optional<package::WeightForm> weights; // empty: a file beyond 1 GiB, else embedded
  package::ToolchainOptions toolchain;
  bool optimise = true; // false: no fusion, no vectors: the reference that 'verify' compares with
  bool progress = false;
};

/// One compilation. Every step returns an exit code; on failure `diagnostics` (bad input) or `message` says why.
class Compilation {
public:
  explicit Compilation(CompileOptions options);
  ~Compilation();

  /// Runs the stages up to `last` (Source and Library: up to the spec).
  ExitCode run(Stage last);
  /// Writes the output folder; `build` compiles the library too.
  ExitCode write(llvm::StringRef folder, bool build);

  /// Every file that was read: the model, its external data, what the library copies of the runtime.
  std::vector<std::string> filesRead() const;
  /// The model, and what was made of it as far as run() got; nothing for a file that was refused as a whole.
  std::optional<inspect::ModelFacts> facts();

  CompileOptions options;
  Diagnostics diagnostics;
  std::string message;
  Timing timing;
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module; // what is the same for all targets; from Stage::Plan on the plan without kernel bodies
  std::vector<mlir::OwningOpRef<mlir::ModuleOp>> plans; // Stage::Plan: per target
  package::LibrarySpec spec;
  std::vector<Machine> machines; // the targets, best first
  KeptValues kept;               // of options.keep

private:
  ExitCode load();
  mlir::func::FuncOp mainFunction(); // up to Stage::Kernel
  void checkNames();
  std::string optionsText() const;
  ExitCode applyStates();
  ExitCode passes(Stage last);
  ExitCode makeSpec();
  void numberValues();

  std::shared_ptr<const LoadedModel> model;
  ImportedTypes types;
  NodeWork work;
  std::unique_ptr<ModelImporter> importer;
};

/// "the model has a, b, c": the names that a slip may have meant, the likeliest first.
std::string knownNames(llvm::StringRef slip, std::vector<std::string> names);
/// A valid library name from any file name; of DIR/model.onnx, DIR's.
std::string libraryName(llvm::StringRef path);
/// The folder `runtime` of this installation: share/ingot/runtime beside the tool's folder, in build trees a link.
std::string runtimeFolder();

} // namespace ingot
#endif
