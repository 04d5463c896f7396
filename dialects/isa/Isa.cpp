//===- Isa.cpp -----------------------------------------------------------------===//
#include "dialects/isa/Isa.h"
#include "dialects/isa/IsaDialect.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/isa/IsaOps.cpp.inc"

void ingot::isa_ir::IsaDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "dialects/isa/IsaOps.cpp.inc"
      >();
}
