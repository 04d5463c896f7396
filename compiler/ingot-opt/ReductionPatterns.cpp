//===- ReductionPatterns.cpp ----===//
#include "compiler/ingot-opt/ReductionPatterns.h"
#include "dialects/RegisterDialects.h"
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

void setResults(func::FuncOp function, ValueRange values, PatternRewriter &rewriter) {
  Operation *end = function.getBody().front().getTerminator();
  rewriter.modifyOpInPlace(end, [&] { end->setOperands(values); });
  rewriter.modifyOpInPlace(function, [&] {
    function.setFunctionType(FunctionType::get(function.getContext(), function.getFunctionType().getInputs(), TypeRange(values)));
    function->removeAttr(function.getResAttrsAttrName());
  });
}

/// One way out for each operation, so that the reducer's choice is which operations go.
struct RemoveOperation : RewritePattern {
  explicit RemoveOperation(MLIRContext *context) : RewritePattern(MatchAnyOpTypeTag(), 1, context) {}

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    func::FuncOp function = functionAround(op);
    if (!function || op->use_empty())
      return failure();
    Operation *end = op->getBlock()->getTerminator();
    if (llvm::all_of(op->getUsers(), [&](Operation *user) { return user == end; }))
      returnOperands(op, end, function, rewriter);
    else
      for (Value result : op->getResults())
        if (!result.use_empty())
          rewriter.replaceAllUsesWith(result, standIn(result, function, rewriter));
    rewriter.eraseOp(op);
    return success();
  }

  /// What is only returned: its operands are returned instead, as far as they are computed.
  static void returnOperands(Operation *op, Operation *end, func::FuncOp function, PatternRewriter &rewriter) {
    SetVector<Value> values;
    for (Value value : end->getOperands())
      if (value.getDefiningOp() != op)
        values.insert(value);
    for (Value value : op->getOperands())
      if (value.getDefiningOp() && value.getDefiningOp()->getNumOperands())
        values.insert(value);
    setResults(function, values.getArrayRef(), rewriter);
  }

  static Value standIn(Value result, func::FuncOp function, PatternRewriter &rewriter) {
    Operation *op = result.getDefiningOp();
    for (Value operand : op->getOperands())
      if (operand.getType() == result.getType())
        return operand;
    unsigned index = function.getNumArguments();
    rewriter.modifyOpInPlace(function, [&] {
      (void)function.insertArgument(index, result.getType(), {}, result.getLoc());
    });
    return function.getArgument(index);
  }
};

struct Reduction : DialectReductionPatternInterface {
  explicit Reduction(Dialect *dialect) : DialectReductionPatternInterface(dialect) {}
  void populateReductionPatterns(RewritePatternSet &patterns) const final { patterns.add<RemoveOperation>(patterns.getContext()); }
};

} // namespace

void registerReductionPatterns(DialectRegistry &registry) {
  // func is in every file at these levels; the pattern itself names no operator.
  registry.addExtension(+[](MLIRContext *, func::FuncDialect *dialect) { dialect->addInterfaces<Reduction>(); });
}

} // namespace ingot
