#include "lowering/expand/Expand.h"
namespace ingot::expand {
mlir::LogicalResult expandFused(Emitter &, kernel::FusedOp op, const Machine &) { return op.emitOpError("todo"); }
}
