//===- Plan.cpp - verifiers of the plan dialect ---------------------------------------===//
#include "dialects/plan/Plan.h"
#include "dialects/nn/Shape.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/Interfaces/FunctionImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

#include "dialects/plan/PlanDialect.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/plan/PlanTypes.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/plan/PlanOps.cpp.inc"

using namespace mlir;
namespace ingot::plan {

void PlanDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/plan/PlanTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/plan/PlanOps.cpp.inc"
      >();
}

template <typename Op> static ParseResult parseFunction(OpAsmParser &p, OperationState &r) {
  auto type = [](Builder &b, ArrayRef<Type> ins, ArrayRef<Type> outs, function_interface_impl::VariadicFlag, std::string &) {
    return b.getFunctionType(ins, outs);
  };
  return function_interface_impl::parseFunctionOp(p, r, false, Op::getFunctionTypeAttrName(r.name), type,
                                                  Op::getArgAttrsAttrName(r.name), Op::getResAttrsAttrName(r.name));
}
ParseResult KernelOp::parse(OpAsmParser &p, OperationState &r) { return parseFunction<KernelOp>(p, r); }
ParseResult EntryOp::parse(OpAsmParser &p, OperationState &r) { return parseFunction<EntryOp>(p, r); }
void KernelOp::print(OpAsmPrinter &p) {
  function_interface_impl::printFunctionOp(p, *this, false, getFunctionTypeAttrName(), getArgAttrsAttrName(), getResAttrsAttrName());
}
void EntryOp::print(OpAsmPrinter &p) {
  function_interface_impl::printFunctionOp(p, *this, false, getFunctionTypeAttrName(), getArgAttrsAttrName(), getResAttrsAttrName());
}

static bool isScalar(Type t) { return t.isIntOrIndexOrFloat() || isa<PtrType, nn::StringType>(t); }
static bool isVector(Type t) {
  auto v = dyn_cast<VectorType>(t);
  return v && v.getRank() == 1 && !v.isScalable();
}

/// The printer's contract: an expanded kernel body holds nothing else.
static LogicalResult verifyExpanded(KernelOp kernel) {
  unsigned foralls = 0;
  auto bad = kernel.getBody().walk([&](Operation *op) -> WalkResult {
    if (op == kernel)
      return WalkResult::advance();
    StringRef dialect = op->getName().getDialectNamespace();
    bool known = dialect == "arith" || dialect == "math" || dialect == "isa" ||
                 isa<scf::ForOp, scf::IfOp, scf::WhileOp, scf::ConditionOp, scf::YieldOp, scf::ForallOp, scf::InParallelOp, memref::LoadOp,
                     memref::StoreOp, memref::AllocaOp, vector::LoadOp, vector::StoreOp, vector::MaskedLoadOp, vector::MaskedStoreOp,
                     vector::CreateMaskOp, vector::BroadcastOp, vector::FMAOp, vector::ReductionOp, vector::ExtractOp, vector::InsertOp,
                     vector::StepOp, PtrToOp, PtrLoadOp, ZerosOp, VariantsOp, ReturnOp>(op);
    if (!known)
      return op->emitOpError("is not allowed in an expanded plan.kernel"), WalkResult::interrupt();
    if (auto forall = dyn_cast<scf::ForallOp>(op)) {
      ++foralls;
      if (forall->getParentOp() != kernel || forall.getRank() != 1 || forall->getNumResults())
        return op->emitOpError("must be one-dimensional, without results, at the top of the kernel"), WalkResult::interrupt();
    }
    for (Type t : op->getResultTypes())
      if (!isScalar(t) && !isVector(t) && !isa<MemRefType>(t))
        return op->emitOpError() << "has a result of type " << t << ", which cannot be printed", WalkResult::interrupt();
    if (auto a = dyn_cast<memref::AllocaOp>(op))
      if (!a.getType().hasStaticShape() || !a.getDynamicSizes().empty())
        return op->emitOpError("local buffers have a static shape"), WalkResult::interrupt();
    return WalkResult::advance();
  });
  if (bad.wasInterrupted())
    return failure();
  if (foralls != 1)
    return kernel.emitOpError() << "needs exactly one top-level scf.forall, has " << foralls;
  return success();
}

LogicalResult KernelOp::verify() {
  bool sawBuffer = false;
  for (Type t : getArgumentTypes()) {
    auto m = dyn_cast<MemRefType>(t);
    if (!(m && m.getRank() == 1) && !t.isIndex())
      return emitOpError() << "argument of type " << t << ": index or flat memref expected";
    if (!m && sawBuffer)
      return emitOpError("index arguments come before buffers");
    sawBuffer |= bool(m);
  }
  if ((*this)->hasAttr("target"))
    return verifyExpanded(*this);
  return success();
}

LogicalResult EntryOp::verify() { return success(); }

SmallVector<int64_t> VariantsOp::getCase(unsigned i) {
  return llvm::map_to_vector(cast<ArrayAttr>(getCases()[i]), [](Attribute a) { return cast<IntegerAttr>(a).getInt(); });
}

LogicalResult VariantsOp::verify() {
  if (getValues().empty() || getCases().empty())
    return emitOpError("needs arguments and cases");
  if (getArguments().size() != getValues().size() || getBody().getArgumentTypes() != getValues().getTypes())
    return emitOpError("needs a name and a body argument of the same type for each value");
  llvm::SmallDenseSet<Attribute> seen;
  for (Attribute a : getCases()) {
    auto list = dyn_cast<ArrayAttr>(a);
    if (!list || list.size() != getValues().size() || !llvm::all_of(list, llvm::IsaPred<IntegerAttr>))
      return emitOpError("needs cases of one integer per argument");
    for (auto [number, type] : llvm::zip(list.getAsRange<IntegerAttr>(), getValues().getTypes()))
      if (type.isInteger(1) && number.getInt() != 0 && number.getInt() != 1)
        return emitOpError("has a case whose bool is neither 0 nor 1");
    if (!seen.insert(a).second)
      return emitOpError("has a case twice");
  }
  if ((*this)->getParentOfType<VariantsOp>())
    return emitOpError("must not be inside another one");
  return success();
}

void VariantsOp::expand() {
  OpBuilder b(*this);
  auto constant = [&](Type type, int64_t number) -> Value {
    return arith::ConstantOp::create(b, getLoc(), b.getIntegerAttr(type, number));
  };
  for (unsigned i = 0, last = getCases().size() - 1; i <= last; ++i) {
    SmallVector<int64_t> numbers = getCase(i);
    if (i < last) {
      Value equal;
      for (auto [value, number] : llvm::zip(getValues(), numbers)) {
        Value same = arith::CmpIOp::create(b, getLoc(), arith::CmpIPredicate::eq, value, constant(value.getType(), number));
        equal = equal ? arith::AndIOp::create(b, getLoc(), equal, same) : same;
      }
      auto branch = scf::IfOp::create(b, getLoc(), equal, /*withElseRegion=*/true);
      b.setInsertionPointToStart(branch.thenBlock());
      IRMapping map;
      for (auto [argument, number] : llvm::zip(getBody().getArguments(), numbers))
        map.map(argument, constant(argument.getType(), number));
      for (Operation &op : getBody().front())
        b.clone(op, map);
      b.setInsertionPointToStart(branch.elseBlock());
      continue;
    }
    IRMapping map;
    for (auto [argument, number] : llvm::zip(getBody().getArguments(), numbers))
      map.map(argument, constant(argument.getType(), number));
    for (Operation &op : getBody().front())
      b.clone(op, map);
  }
  erase();
}

} // namespace ingot::plan
