//===- Facts.h - what there is to say of a model and of its compilation -------------------===//
//
// Plain data, collected once and printed as text (ingot inspect), as JSON (report.json, inspect --json) and
// as a page. Sizes that depend on dimensions are formulas over their symbols, as DimExpr prints them.
//
//===---------------------------------------------------------------------------------------===//
#ifndef INGOT_COMPILER_INSPECT_FACTS_H
#define INGOT_COMPILER_INSPECT_FACTS_H

#include "compiler/inspect/Layout.h"
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ingot::inspect {

/// The type of a value: element type and dimensions of a tensor, or the text of anything else.
struct TypeFacts {
  std::string element;                          // "f32"; "seq(f32[n])" of what is no tensor
  std::optional<std::vector<std::string>> dims; // nothing: not a tensor, or of unknown rank
  std::string text() const;                     // "f32[batch,3]"
};

struct ValueFacts {
  std::string name;
  TypeFacts type;
  bool isInitialiser = false;
  uint64_t bytes = 0; // of an initialiser
};

/// A size that the caller gives, or that a run finds out.
struct SymbolFacts {
  std::string name, onnxName; // in formulas; for --dim
  int64_t low = 0;
  std::optional<int64_t> high;
  int64_t assumed = 1; // for numbers in reports
};

struct NodeFacts {
  int graph = 0;                       // in ModelFacts::graphs
  std::string name, label, op, domain; // label: as comments of generated code name it
  int64_t since = 0;
  std::vector<std::pair<std::string, std::string>> attributes;
  std::vector<int> inputs, outputs;                // in ModelFacts::values; -1: left out
  std::vector<std::pair<std::string, int>> graphs; // attribute, graph
  uint64_t parameters = 0;
  std::string flops = "0"; // of one run (in a loop: of one iteration), before fusion, without what is
                           // computed while compiling
  std::vector<int> steps;  // in PlanFacts::steps: the kernels that compute it
};

struct GraphFacts {
  std::string name;
  int parent = -1; // node
  std::vector<int> inputs, outputs;
  std::vector<int> nodes;
};

/// A kernel of the generated library.
struct KernelFacts {
  std::string name, doc;
  std::string tile;         // "6x16": rows by columns in registers, of a contraction
  uint64_t sourceBytes = 0; // of its function as C++ or CUDA
};

/// What a run does, in order: a launch of a kernel, or a call of a runtime template.
struct StepFacts {
  std::string name;                // of the kernel or template
  int kernel = -1;                 // in PlanFacts::kernels; -1: a template on the host
  int depth = 0;                   // of loops and branches around it
  std::vector<std::string> origin; // labels of ONNX nodes, and what the compiler added
  std::vector<int> nodes;          // in ModelFacts::nodes
  std::string flops = "0", bytes = "0";
  double flopsPerCycle = 0; // that its code reaches with everything in L1; 0: not predicted
};

/// A buffer in the arena: planned memory of the workspace.
struct BufferFacts {
  std::string name, offset, bytes;
  int first = 0, last = 0; // steps between which it lives, inclusive
};

struct PlanFacts {
  std::string library, target;
  bool predictsTime = false;
  double clockGHz = 0, bytesPerCycle = 0; // assumptions of predictions
  uint64_t weightBytes = 0, sourceBytes = 0;
  std::string workspace, flops;
  std::vector<KernelFacts> kernels;
  std::vector<StepFacts> steps;
  std::vector<BufferFacts> arena;
};

struct ModelFacts {
  std::string ingotVersion, file, sha256, name, producer;
  int64_t irVersion = 0;
  std::vector<std::pair<std::string, int64_t>> opsets; // domain, version
  std::vector<int> inputs, outputs;                    // of the main graph, initialisers left out
  std::vector<ValueFacts> values;
  std::vector<GraphFacts> graphs; // the main graph first
  std::vector<NodeFacts> nodes;
  std::vector<SymbolFacts> symbols;
  uint64_t parameters = 0;
  std::optional<PlanFacts> plan; // of a model that compiles

  /// Lets nodes and steps know each other, by label.
  void link();
  /// Number of nodes by operator, subgraphs included: "Conv", "com.example.Op".
  std::map<std::string, unsigned> operators() const;
  /// `formula` at the assumed sizes; nothing where a symbol has none.
  std::optional<int64_t> evaluate(const std::string &formula) const;
  /// Microseconds of one step on one core at the assumed sizes.
  std::optional<double> predictedMicroseconds(const StepFacts &step) const;
};

/// A graph on a plane: boxes of its inputs, of nodes and of its outputs, in this order. Like initialisers,
/// nodes that are constants have none.
struct Drawing {
  GraphLayout layout;
  std::vector<int> nodes;                  // those that have a box
  std::vector<int> valueOfEdge, boxOfEdge; // per edge of the layout: what flows, where to
};
Drawing draw(const ModelFacts &model, int graph);

} // namespace ingot::inspect
#endif
