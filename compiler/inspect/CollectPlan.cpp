//===- CollectPlan.cpp --------------------------------------------------------------------===//
#include "compiler/inspect/Collect.h"
#include "dialects/support/LocationNames.h"
#include "lowering/expand/TileCost.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
namespace ingot::inspect {

DimExpr formulaOfLaunch(plan::LaunchOp launch, StringRef name) {
  auto kernel = SymbolTable::lookupNearestSymbolFrom<plan::KernelOp>(launch, launch.getKernelAttr());
  auto text = kernel ? kernel->getAttrOfType<StringAttr>(name) : StringAttr();
  auto formula = text ? DimExpr::parse(text.getValue()) : std::nullopt;
  if (!formula)
    return 0;
  // Equal kernels are one, over the symbols of the first; what those are here, the arguments say.
  std::map<std::string, DimExpr> meaning;
  auto symbols = kernel->getAttrOfType<ArrayAttr>("symbols");
  auto entry = launch->getParentOfType<plan::EntryOp>();
  for (unsigned i = 0; symbols && i < symbols.size() && i < launch.getArgs().size(); ++i) {
    Value v = launch.getArgs()[i];
    std::optional<DimExpr> e;
    if (auto argument = dyn_cast<BlockArgument>(v);
        argument && argument.getOwner() == &entry.getBody().front())
      e = DimExpr::symbol(
          entry.getArgAttrOfType<StringAttr>(argument.getArgNumber(), "plan.name").getValue());
    else if (auto dim = v.getDefiningOp<plan::DimOp>())
      e = DimExpr::parse(dim.getExpr());
    else if (auto c = getConstantIntValue(v))
      e = DimExpr(*c);
    if (e)
      meaning.emplace(cast<StringAttr>(symbols[i]).str(), *e);
  }
  return formula->substitute([&](StringRef s) -> std::optional<DimExpr> {
    auto it = meaning.find(s.str());
    return it == meaning.end() ? std::nullopt : std::optional(it->second);
  });
}

namespace {

/// FLOP that a kernel's code does in a cycle if nothing is waited for.
double flopsPerCycle(plan::KernelOp kernel, const Machine &machine) {
  int64_t lanes = machine.lanes(4), rows, columns;
  auto tile = kernel ? kernel->getAttrOfType<StringAttr>("registers") : StringAttr();
  if (!tile)
    return double(lanes);
  auto [r, c] = tile.getValue().split('x');
  if (r.getAsInteger(10, rows) || c.getAsInteger(10, columns))
    return double(lanes);
  constexpr int64_t steps = 256;
  return 2.0 * rows * columns * steps /
         tileCycles(rows, columns / lanes, {rows, columns, steps, true, true}, machine);
}

/// The steps of a run in order, as plan-arena counts them.
void collectSteps(Operation *op, SmallVectorImpl<Operation *> &steps) {
  if (isa<plan::LaunchOp, plan::CallOp>(op))
    steps.push_back(op);
  for (Region &r : op->getRegions())
    for (Block &b : r)
      for (Operation &inner : b)
        collectSteps(&inner, steps);
}

BufferFacts bufferOf(DictionaryAttr buffer) {
  auto text = [&](StringRef key) { return cast<StringAttr>(buffer.get(key)).str(); };
  auto number = [&](StringRef key) { return int(cast<IntegerAttr>(buffer.get(key)).getInt()); };
  return {text("name"), text("offset"), text("bytes"), number("first"), number("last")};
}

} // namespace

PlanFacts collectPlan(plan::ModelOp plan, const Machine &machine, const package::LibrarySpec &spec) {
  PlanFacts out;
  out.library = spec.name;
  out.target = machine.name;
  // Of a core of the last years: nothing here is measured.
  out.clockGHz = 3;
  out.bytesPerCycle = 8;
  out.predictsTime = machine.kind == MachineKind::Cpu;
  out.weightBytes = spec.weights.bytes;
  out.workspace = spec.workspaceBytes;
  std::map<std::string, int> kernelIndex;
  std::vector<plan::KernelOp> kernels(plan.getOps<plan::KernelOp>().begin(),
                                      plan.getOps<plan::KernelOp>().end());
  for (auto [kernel, printed] : llvm::zip(kernels, spec.targets.at(0).kernels)) {
    KernelFacts k;
    k.name = printed.name;
    k.doc = printed.doc;
    if (auto tile = kernel->getAttrOfType<StringAttr>("registers"); tile && out.predictsTime)
      k.tile = tile.str();
    k.sourceBytes = printed.body.size();
    out.sourceBytes += k.sourceBytes;
    kernelIndex[kernel.getSymName().str()] = int(out.kernels.size());
    out.kernels.push_back(std::move(k));
  }
  plan::EntryOp entry = *plan.getOps<plan::EntryOp>().begin();
  SmallVector<Operation *> steps;
  collectSteps(entry, steps);
  DimExpr sum;
  for (Operation *op : steps) {
    StepFacts s;
    for (Operation *p = op->getParentOp(); p && p != entry; p = p->getParentOp())
      ++s.depth;
    if (auto launch = dyn_cast<plan::LaunchOp>(op)) {
      auto it = kernelIndex.find(launch.getKernel().str());
      s.kernel = it == kernelIndex.end() ? -1 : it->second;
      s.name = s.kernel < 0 ? launch.getKernel().str() : out.kernels[s.kernel].name;
      DimExpr flops = formulaOfLaunch(launch, "flops");
      sum = sum + flops;
      s.flops = flops.str();
      s.bytes = formulaOfLaunch(launch, "bytes").str();
      if (out.predictsTime)
        s.flopsPerCycle = flopsPerCycle(
            SymbolTable::lookupNearestSymbolFrom<plan::KernelOp>(launch, launch.getKernelAttr()), machine);
    } else {
      s.name = cast<plan::CallOp>(op).getCallee().str();
    }
    if (auto origin = op->getAttrOfType<ArrayAttr>("origin"))
      for (auto name : origin.getAsRange<StringAttr>())
        s.origin.push_back(name.str());
    else if (StringRef name = nameAt(op->getLoc()); !name.empty())
      s.origin.push_back(name.str());
    out.steps.push_back(std::move(s));
  }
  out.flops = sum.str();
  for (auto buffer : entry->getAttrOfType<ArrayAttr>("arena").getAsRange<DictionaryAttr>())
    out.arena.push_back(bufferOf(buffer));
  llvm::stable_sort(out.arena, [](const BufferFacts &a, const BufferFacts &b) { return a.first < b.first; });
  return out;
}

} // namespace ingot::inspect
