//===- Compose.cpp -------------------------------------------------------------------===//
#include "compiler/import/Compose.h"

using namespace mlir;
namespace ingot {
using namespace nn;

SmallVector<Value> Compose::common(ArrayRef<Operand *> operands) {
  Type element;
  Dims dims;
  for (Operand *o : operands) {
    if (!o->value)
      continue;
    auto d = n.broadcastDims(dims, dimsOf(o->value));
    if (!d)
      return {};
    dims = *d;
    element = elementOf(o->value);
  }
  SmallVector<Value> out;
  for (Operand *o : operands)
    out.push_back(o->value ? nn::broadcastTo(b, loc, o->value, dims) : splat(o->number, element, dims));
  return out;
}

Value Compose::where(Value c, Operand x, Operand y) {
  Operand condition(c);
  auto v = common({&x, &y});
  if (v.empty())
    return c;
  auto d = n.broadcastDims(dimsOf(c), dimsOf(v[0]));
  if (!d)
    return c;
  return WhereOp::create(b, loc, TypeRange(tensorOf(*d, elementOf(v[0]))),
                         ValueRange{nn::broadcastTo(b, loc, c, *d), nn::broadcastTo(b, loc, v[0], *d),
                                                                               nn::broadcastTo(b, loc, v[1], *d)})
      .getResult();
}

Value Compose::along(Value vector, int64_t axis, int64_t rank) {
  Dims d(rank, DimExpr(1));
  d[axis] = product(dimsOf(vector));
  return reshape(vector, d);
}

Value Compose::reduce(StringRef kind, Value x, ArrayRef<int64_t> axes) {
  Dims d = dimsOf(x);
  for (int64_t a : axes)
    d[a] = 1;
  return ReduceOp::create(b, loc, tensorOf(d, elementOf(x)), x, kind, axes);
}

Value Compose::softmax(Value x, int64_t axis, bool log) { return SoftmaxOp::create(b, loc, x.getType(), x, axis, log); }

Value Compose::slice(Value x, int64_t axis, const DimExpr &start, const DimExpr &size, int64_t step) {
  Dims d = dimsOf(x), starts(d.size(), DimExpr(0));
  SmallVector<int64_t> steps(d.size(), 1);
  d[axis] = size;
  starts[axis] = start;
  steps[axis] = step;
  return b.createOrFold<SliceOp>(loc, tensorOf(d, elementOf(x)), x, ShapeAttr::get(b.getContext(), starts),
                                 b.getDenseI64ArrayAttr(steps));
}

Value Compose::reverse(Value x, int64_t axis) {
  DimExpr size = dimsOf(x)[axis];
  return size.isConstant(1) ? x : slice(x, axis, size - 1, size, -1);
}

Value Compose::concat(ArrayRef<Value> parts, int64_t axis) {
  if (parts.size() == 1)
    return parts[0];
  Dims d = dimsOf(parts[0]);
  for (Value p : parts.drop_front()) {
    for (auto [i, size] : llvm::enumerate(dimsOf(p)))
      if (int64_t(i) != axis)
        (void)n.requireEqual(d[i], size, "dimension " + Twine(i) + " of what is joined");
    d[axis] = d[axis] + dimsOf(p)[axis];
  }
  return ConcatOp::create(b, loc, tensorOf(d, elementOf(parts[0])), parts, axis);
}

Value Compose::gather(Value x, Value indices, int64_t axis) {
  Dims in = dimsOf(x), index = dimsOf(indices), d(in.begin(), in.begin() + axis);
  d.append(index.begin(), index.end());
  d.append(in.begin() + axis + 1, in.end());
  return GatherOp::create(b, loc, tensorOf(d, elementOf(x)), x, indices, axis);
}

Value Compose::matmul(Value x, Value y, bool transposeX, bool transposeY) {
  Dims dx = dimsOf(x), dy = dimsOf(y);
  auto batch = n.broadcastDims(ArrayRef<DimExpr>(dx).drop_back(2), ArrayRef<DimExpr>(dy).drop_back(2));
  DimExpr kx = dx[dx.size() - (transposeX ? 2 : 1)], ky = dy[dy.size() - (transposeY ? 1 : 2)];
  if (!batch || failed(n.requireEqual(kx, ky, "the inner dimensions of a matrix product")))
    return x;
  Dims d = *batch;
  d.push_back(dx[dx.size() - (transposeX ? 1 : 2)]);
  d.push_back(dy[dy.size() - (transposeY ? 2 : 1)]);
  return MatMulOp::create(b, loc, tensorOf(d, elementOf(x)), x, y, transposeX, transposeY);
}

void Compose::refuse(const Twine &what, const Twine &remedy) {
  if (!n.refused())
    (void)n.refuse(what, remedy);
}

SmallVector<int64_t> axesFrom(int64_t from, int64_t to) {
  return llvm::to_vector(llvm::seq<int64_t>(from, std::max(from, to)));
}

} // namespace ingot
