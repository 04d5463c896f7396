//===- Pipeline.h - the passes, in order ----------------------------------------------===//
#ifndef INGOT_LOWERING_PIPELINE_H
#define INGOT_LOWERING_PIPELINE_H

#include "codegen/targets/Machine.h"
#include "lowering/NodeWork.h"
#include "lowering/Passes.h"
#include "mlir/Pass/PassManager.h"

namespace ingot {

/// onnx → nn: conversion and everything that works on named operators.
void addNnPasses(mlir::PassManager &pm, OperatorDefinitions *definitions);
/// nn → kernel: loop nests, packed weights, constants, fusion; for all targets of a library at once. `work`, if given, is filled before
/// the kernels of several nodes become one.
void addKernelPasses(mlir::PassManager &pm, llvm::ArrayRef<Machine> machines, bool optimise, NodeWork *work = nullptr);
/// kernel → plan: buffers and launches, the same for all targets.
void addPlanPasses(mlir::PassManager &pm);
/// A plan's kernels as one target runs them.
void addTargetPasses(mlir::PassManager &pm, const Machine &machine, bool optimise);

} // namespace ingot
#endif
