//===- ReductionPatterns.cpp ----===//
#include "compiler/ingot-opt/ReductionPatterns.h"
#include "dialects/RegisterDialects.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Reducer/ReductionPatternInterface.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
namespace ingot {
namespace {

/// The function in whose body `op` stands, not in a region below.
func::FuncOp functionAround(Operation *op) {
  auto function = dyn_cast_or_null<func::FuncOp>(op->getParentOp());
  bool isBody = function && function.getBody().hasOneBlock() && !op->hasTrait<OpTrait::IsTerminator>();
  return isBody ? function : func::FuncOp();
}

/// What is only returned: its operands are returned instead, as far as they are computed.
void returnOperands(Operation *op, Operation *end, func::FuncOp function) {
  SetVector<Value> values;
  for (Value value : end->getOperands())
    if (value.getDefiningOp() != op)
      values.insert(value);
  for (Value value : op->getOperands())
    if (value.getDefiningOp() && value.getDefiningOp()->getNumOperands())
      values.insert(value);
  end->setOperands(values.getArrayRef());
  function.setFunctionType(FunctionType::get(function.getContext(), function.getFunctionType().getInputs(),
                                             TypeRange(ValueRange(values.getArrayRef()))));
  function->removeAttr(function.getResAttrsAttrName());
}

/// An operand of the same type, or a new argument of the function.
Value standIn(Value result, func::FuncOp function) {
  for (Value operand : result.getDefiningOp()->getOperands())
    if (operand.getType() == result.getType())
      return operand;
  unsigned index = function.getNumArguments();
  (void)function.insertArgument(index, result.getType(), {}, result.getLoc());
  return function.getArgument(index);
}

/// Nothing uses `op` afterwards.
void replaceUses(Operation *op) {
  func::FuncOp function = functionAround(op);
  Operation *end = op->getBlock()->getTerminator();
  if (!op->use_empty() && llvm::all_of(op->getUsers(), [&](Operation *user) { return user == end; }))
    returnOperands(op, end, function);
  for (Value result : op->getResults())
    if (!result.use_empty())
      result.replaceAllUsesWith(standIn(result, function));
}

/// Tried on a copy of the module first, for the reducer applies patterns to a whole function at once.
struct RemoveOperation : RewritePattern {
  RemoveOperation(MLIRContext *context, Tester &tester) : RewritePattern(MatchAnyOpTypeTag(), 1, context), tester(tester) {}

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    func::FuncOp function = functionAround(op);
    auto module = op->getParentOfType<ModuleOp>();
    if (!function || !module)
      return failure();
    IRMapping mapping;
    OwningOpRef<ModuleOp> copy(cast<ModuleOp>(module->clone(mapping)));
    Operation *copied = mapping.lookup(op);
    replaceUses(copied);
    copied->erase();
    if (tester.isInteresting(*copy).first != Tester::Interestingness::True)
      return failure();
    rewriter.modifyOpInPlace(function, [&] { replaceUses(op); });
    rewriter.eraseOp(op);
    return success();
  }

  Tester &tester;
};

struct Reduction : DialectReductionPatternInterface {
  explicit Reduction(Dialect *dialect) : DialectReductionPatternInterface(dialect) {}
  void populateReductionPatterns(RewritePatternSet &) const final {}
  void populateReductionPatternsWithTester(RewritePatternSet &patterns, Tester &tester) const final {
    patterns.add<RemoveOperation>(patterns.getContext(), tester);
  }
};

} // namespace

void registerReductionPatterns(DialectRegistry &registry) {
  // func is in every file at these levels; the pattern itself names no operator.
  registry.addExtension(+[](MLIRContext *, func::FuncDialect *dialect) { dialect->addInterfaces<Reduction>(); });
}

} // namespace ingot
