#include "lowering/expand/Expand.h"
namespace ingot::expand {
bool expandContract(Emitter &, kernel::ContractOp, const Machine &) { return false; }
}
