//===- Isa.h - the isa dialect -------------------------------------------------===//
#ifndef INGOT_DIALECTS_ISA_ISA_H
#define INGOT_DIALECTS_ISA_ISA_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/isa/IsaDialect.h.inc"
#define GET_OP_CLASSES
#include "dialects/isa/IsaOps.h.inc"

#endif
