//===- InspectCommand.cpp - ingot inspect ---------------------------------------------------------===//
#include "compiler/ingot/Commands.h"
#include "dialects/nn/Shape.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"

using namespace llvm;
namespace ingot {

namespace {
struct InspectArguments : ModelArguments {};

std::string typeText(mlir::Type type) {
  auto t = mlir::dyn_cast<mlir::RankedTensorType>(type);
  if (!t) {
    std::string s;
    raw_string_ostream(s) << type;
    return s;
  }
  const ElementType *e = elementTypeOf(t.getElementType());
  std::string s = std::string(e ? e->name : "?") + "[";
  for (auto [i, d] : llvm::enumerate(nn::dimsOf(t)))
    s += (i ? "," : "") + d.str();
  return s + "]";
}

std::string typeText(const package::Value &v) {
  const ElementType *e = elementTypeOfOnnx(int(v.type));
  std::string name = e ? e->name : "?";
  switch (v.kind) {
  case package::ValueKind::Tensor: return name + "[" + llvm::join(v.dims, ",") + "]";
  case package::ValueKind::Untyped: return name + "[…]";
  case package::ValueKind::Sequence: return "seq(" + name + ")";
  case package::ValueKind::Optional: return "optional(" + name + ")";
  }
  return name;
}

ExitCode inspect(const InspectArguments &a) {
  CompileOptions options;
  if (!a.parse(options))
    return ExitUsage;
  Compilation c(options);
  if (ExitCode e = c.run(Stage::Onnx)) {
    report(c, a);
    return e;
  }
  auto function = *c.module->getOps<mlir::func::FuncOp>().begin();
  outs() << a.model << "\n\ninputs\n";
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    outs() << "  " << function.getArgAttrOfType<mlir::StringAttr>(i, "onnx.name").getValue() << " "
           << typeText(function.getArgument(i).getType()) << "\n";
  // What would happen on compilation, and what stands in its way. It knows the outputs' shapes; the file need not.
  Compilation whole(options);
  ExitCode code = whole.run(Stage::Source);
  outs() << "outputs\n";
  if (code == ExitOk) {
    for (const package::Value &v : whole.spec.outputs)
      outs() << "  " << v.label() << " " << typeText(v) << "\n";
  } else {
    auto names = function->getAttrOfType<mlir::ArrayAttr>("onnx.outputs");
    for (auto [name, v] : llvm::zip(names, function.front().getTerminator()->getOperands()))
      outs() << "  " << mlir::cast<mlir::StringAttr>(name).getValue() << " " << typeText(v.getType()) << "\n";
  }
  std::map<std::string, unsigned> operators;
  function.walk([&](onnx_ir::NodeOp n) { ++operators[((n.getDomain().empty() ? "" : n.getDomain() + ".") + n.getOpType()).str()]; });
  uint64_t parameters = 0;
  for (auto w : c.module->getOps<nn::WeightOp>())
    parameters += mlir::cast<mlir::RankedTensorType>(w.getType()).getNumElements();
  function.walk([&](nn::ConstantOp constant) { // small ones; integers are shapes and axes
    auto t = mlir::cast<mlir::RankedTensorType>(constant.getType());
    if (mlir::isa<mlir::FloatType>(t.getElementType()))
      parameters += t.getNumElements();
  });
  outs() << format("parameters\n  %llu\noperators\n", (unsigned long long)parameters);
  for (auto &[op, n] : operators)
    outs() << format("  %-28s %u\n", op.c_str(), n);
  if ((*c.module)->hasAttr("ingot.symbols") && !(*c.module)->getAttrOfType<mlir::ArrayAttr>("ingot.symbols").empty()) {
    outs() << "dimensions (for --dim)\n";
    for (auto d : (*c.module)->getAttrOfType<mlir::ArrayAttr>("ingot.symbols").getAsRange<mlir::DictionaryAttr>())
      outs() << "  " << mlir::cast<mlir::StringAttr>(d.get("onnx")).getValue() << "\n";
  }
  if (code) {
    report(whole, a);
    return code;
  }
  outs() << "compiled for " << listOf(whole.machines) << "\n  kernels    " << whole.spec.targets[0].kernels.size() << "\n  weights    "
         << whole.spec.weights.bytes << " bytes\n  workspace  " << whole.spec.workspaceBytes << " bytes\n  work       "
         << whole.flopFormula() << " FLOP\n";
  return ExitOk;
}
} // namespace

void addInspect(CLI::App &app, int &exitCode) {
  auto a = std::make_shared<InspectArguments>();
  auto *sub = app.add_subcommand("inspect", "inputs, outputs, operators, parameters and cost of a model");
  a->add(*sub, "x86-64-v3");
  sub->callback([a, &exitCode] { exitCode = inspect(*a); });
}

} // namespace ingot
