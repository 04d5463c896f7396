//===- RegisterDialects.h - every dialect that Ingot's IR uses ----------------===//
#ifndef INGOT_DIALECTS_REGISTERDIALECTS_H
#define INGOT_DIALECTS_REGISTERDIALECTS_H

#include "dialects/isa/Isa.h"
#include "dialects/kernel/Kernel.h"
#include "dialects/nn/Nn.h"
#include "dialects/onnx/Onnx.h"
#include "dialects/plan/Plan.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace ingot {
inline void registerDialects(mlir::DialectRegistry &registry) {
  registry.insert<onnx_ir::OnnxDialect, nn::NnDialect, kernel::KernelDialect, plan::PlanDialect, isa_ir::IsaDialect,
                  mlir::func::FuncDialect, mlir::arith::ArithDialect, mlir::math::MathDialect, mlir::scf::SCFDialect,
                  mlir::memref::MemRefDialect, mlir::vector::VectorDialect>();
}
} // namespace ingot
#endif
