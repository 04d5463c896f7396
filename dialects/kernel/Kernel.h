//===- Kernel.h - the kernel dialect -----------------------------------------===//
#ifndef INGOT_DIALECTS_KERNEL_KERNEL_H
#define INGOT_DIALECTS_KERNEL_KERNEL_H

#include "dialects/nn/Nn.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/AffineMap.h"

#include "dialects/kernel/KernelDialect.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/kernel/KernelAttrs.h.inc"
#include "dialects/kernel/KernelInterfaces.h.inc"
#define GET_OP_CLASSES
#include "dialects/kernel/KernelOps.h.inc"

#endif
