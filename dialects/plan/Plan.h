//===- Plan.h - the plan dialect ----------------------------------------------===//
#ifndef INGOT_DIALECTS_PLAN_PLAN_H
#define INGOT_DIALECTS_PLAN_PLAN_H

#include "dialects/isa/Isa.h"
#include "dialects/kernel/Kernel.h"
#include "dialects/nn/Nn.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/RegionKindInterface.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

#include "dialects/plan/PlanDialect.h.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/plan/PlanTypes.h.inc"
#define GET_OP_CLASSES
#include "dialects/plan/PlanOps.h.inc"

#endif
