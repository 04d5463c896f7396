//===- MachineLearning.cpp - ai.onnx.ml: features and trees ---------------------------===//
#include "compiler/import/Compose.h"
#include "compiler/import/rules/Common.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace ingot;
using namespace ingot::nn;

INGOT_IMPORT_IN("ai.onnx.ml", "ArrayFeatureExtractor", 1) {
  Compose c(n);
  Value x = n.in(0), columns = c.reshape(n.in(1), {product(n.dims(1))});
  if (n.rank(0) == 1)
    x = c.reshape(x, {DimExpr(1), n.dims(0)[0]});
  n.out(0, c.gather(x, columns, rankOf(x) - 1));
  return c.done();
}

INGOT_IMPORT_IN("ai.onnx.ml", "Binarizer", 1) {
  Compose c(n);
  Value threshold = c.scalar(n.f("threshold"), n.element(0));
  n.out(0, c.cast(c.less(threshold, n.in(0)), n.element(0)));
  return c.done();
}

//===----------------------------------------------------------------------===//
// TreeEnsemble
//===----------------------------------------------------------------------===//

static Value vectorOf(NodeImport &n, ArrayRef<int64_t> numbers) {
  auto type = RankedTensorType::get({int64_t(numbers.size())}, n.b.getI64Type());
  return ConstantOp::create(n.b, n.loc, type, DenseElementsAttr::get(type, numbers));
}

/// The template's parameters follow the standard's numbering of modes, aggregation and transforms.
INGOT_IMPORT_IN("ai.onnx.ml", "TreeEnsemble", 5) {
  Value modes = n.tensor("nodes_modes"), splits = n.tensor("nodes_splits"), weights = n.tensor("leaf_weights");
  Type element = n.element(0);
  Value members = n.hasAttr("membership_values") ? n.tensor("membership_values") : splat(n.b, n.loc, 0, element, {DimExpr(0)});
  SmallVector<int64_t> trueIds = n.ints("nodes_truenodeids"), trueLeafs = n.ints("nodes_trueleafs");
  SmallVector<int64_t> falseIds = n.ints("nodes_falsenodeids"), falseLeafs = n.ints("nodes_falseleafs");
  SmallVector<int64_t> features = n.ints("nodes_featureids"), missing = n.ints("nodes_missing_value_tracks_true");
  SmallVector<int64_t> targets = n.ints("leaf_targetids");
  int64_t count = features.size(), numTargets = n.i("n_targets", 1), transform = n.i("post_transform");
  for (ArrayRef<int64_t> list : {ArrayRef(trueIds), ArrayRef(trueLeafs), ArrayRef(falseIds), ArrayRef(falseLeafs)})
    if (int64_t(list.size()) != count)
      return n.refuse("the lists that describe the nodes have different lengths");
  if (transform == 4)
    return n.refuse("post_transform PROBIT is not supported", "apply it behind the trees");
  if (elementOf(splits) != element || elementOf(weights) != element)
    return n.refuse("the splits or weights have another element type than the input");
  // A node is six numbers, see runtime/ops/tree_ensemble.hpp.
  SmallVector<int64_t> nodes;
  for (int64_t k = 0; k < count; ++k)
    nodes.append({features[k], trueIds[k], trueLeafs[k], falseIds[k], falseLeafs[k], missing.empty() ? 0 : missing[k]});
  auto within = [&](ArrayRef<int64_t> ids, ArrayRef<int64_t> leafs) {
    return llvm::all_of(llvm::zip(ids, leafs), [&](auto p) {
      return std::get<0>(p) >= 0 && std::get<0>(p) < (std::get<1>(p) ? int64_t(targets.size()) : count);
    });
  };
  bool targetsFit = llvm::all_of(targets, [&](int64_t t) { return t >= 0 && t < numTargets; });
  SmallVector<int64_t> roots = n.ints("tree_roots");
  bool rootsFit = llvm::all_of(roots, [&](int64_t r) { return r >= 0 && r < count; });
  auto width = n.dims(0).back().constant();
  bool featuresFit = llvm::all_of(features, [&](int64_t f) { return f >= 0 && (!width || f < *width); });
  if (!within(trueIds, trueLeafs) || !within(falseIds, falseLeafs) || !targetsFit || !rootsFit || !featuresFit)
    return n.refuse("a node, leaf, target or feature that does not exist");
  Value operands[] = {n.in(0), vectorOf(n, nodes), modes, splits, members, vectorOf(n, targets), weights, vectorOf(n, roots)};
  Dims out = {n.dims(0)[0], DimExpr(numTargets)};
  Value scores = n.call("tree_ensemble", operands, tensorOf(out, element),
                        n.b.getDictionaryAttr(n.b.getNamedAttr("aggregate", n.b.getI64IntegerAttr(n.i("aggregate_function", 1)))));
  n.takes(scores.getDefiningOp(), {DimExpr(count) * 8, DimExpr(numTargets)});
  Compose c(n);
  if (transform == 2)
    scores = SigmoidOp::create(n.b, n.loc, TypeRange(scores.getType()), ValueRange(scores)).getResult();
  if (transform == 1)
    scores = c.softmax(scores, 1);
  if (transform == 3) { // zeros stay
    Value zero = c.equal(scores, 0.0);
    Value power = c.where(zero, 0.0, c.exp(c.sub(scores, c.reduce("max", scores, {1}))));
    scores = c.div(power, c.reduce("sum", power, {1}));
  }
  n.out(0, scores);
  return c.done();
}
