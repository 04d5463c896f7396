//===- ConvertOnnxToNn.cpp --------------------------------------------------------===//
#include "lowering/Passes.h"
#include "compiler/import/Converter.h"

using namespace mlir;
namespace ingot {
#define GEN_PASS_DEF_CONVERTONNXTONN
#include "lowering/Passes.h.inc"

namespace {
struct ConvertOnnxToNn : impl::ConvertOnnxToNnBase<ConvertOnnxToNn> {
  using Base::Base;
  explicit ConvertOnnxToNn(OperatorDefinitions *definitions) : definitions(definitions) {}
  OperatorDefinitions *definitions = nullptr;
  void runOnOperation() override {
    for (auto function : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>())) {
      Converter converter(getOperation(), definitions);
      if (failed(converter.convertFunction(function)))
        signalPassFailure(); // the other functions' refusals belong to the same report
    }
  }
};
} // namespace

std::unique_ptr<Pass> createConvertOnnxToNn(OperatorDefinitions *definitions) {
  return std::make_unique<ConvertOnnxToNn>(definitions);
}
} // namespace ingot
