//===- PlanDedupeKernels.cpp --------------------------------------------------------===//
#include "lowering/OutlineKernel.h"
#include "lowering/Passes.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
namespace ingot {
#define GEN_PASS_DEF_PLANDEDUPEKERNELS
#include "lowering/Passes.h.inc"

namespace {
/// The doc lines of `from` that `to` lacks.
void uniteDocs(plan::KernelOp to, plan::KernelOp from) {
  llvm::SetVector<Attribute> lines;
  for (plan::KernelOp k : {to, from})
    if (auto doc = k->getAttrOfType<ArrayAttr>("doc"))
      lines.insert(doc.begin(), doc.end());
  if (!lines.empty())
    to->setAttr("doc", ArrayAttr::get(to.getContext(), lines.getArrayRef()));
}

struct PlanDedupeKernels : impl::PlanDedupeKernelsBase<PlanDedupeKernels> {
  void runOnOperation() override {
    getOperation().walk([](plan::ModelOp model) {
      llvm::StringMap<plan::KernelOp> first;
      DenseMap<StringAttr, StringAttr> redirect;
      for (auto kernel : llvm::make_early_inc_range(model.getBody().getOps<plan::KernelOp>())) {
        auto [it, isNew] = first.try_emplace(structuralKey(kernel), kernel);
        if (isNew)
          continue;
        uniteDocs(it->second, kernel);
        redirect[kernel.getSymNameAttr()] = it->second.getSymNameAttr();
        kernel.erase();
      }
      if (!redirect.empty())
        model.walk([&](plan::LaunchOp launch) {
          if (StringAttr to = redirect.lookup(launch.getKernelAttr().getAttr()))
            launch.setKernelAttr(FlatSymbolRefAttr::get(to));
        });
    });
  }
};
} // namespace
} // namespace ingot
