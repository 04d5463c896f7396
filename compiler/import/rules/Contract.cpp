//===- Contract.cpp - Conv, MatMul, Gemm -------------------------------------------===//
#include "compiler/import/Compose.h"
#include "compiler/import/Window.h"

using namespace mlir;
using namespace ingot;
using namespace ingot::nn;

INGOT_IMPORT("Conv", 1) {
  Value x = n.in(0), w = n.in(1);
  if (n.rank(0) < 3 || n.rank(1) != n.rank(0))
    return n.refuse("needs an input of rank 3 or more and a weight of the same rank");
  size_t k = n.rank(0) - 2;
  Dims in = n.dims(0), wd = n.dims(1);
  SmallVector<int64_t> kernel;
  for (size_t i = 0; i < k; ++i) {
    auto c = wd[i + 2].constant();
    if (!c)
      return n.refuse("kernel size is not static", "fix it with --shape");
    kernel.push_back(*c);
  }
  if (n.hasAttr("kernel_shape") && n.ints("kernel_shape") != kernel)
    return n.refuse("kernel_shape is not the weight's", "leave kernel_shape off, or correct it");
  auto window = Window::of(n, ArrayRef<DimExpr>(in).drop_front(2), kernel);
  if (!window)
    return failure();
  int64_t group = n.i("group", 1);
  if (group < 1 || !DimExpr::divideExactly(wd[0], group))
    return n.refuse("group is " + Twine(group) + ", the weight has " + wd[0].str() + " output channels",
                    "group must be positive and divide the channels; fix their number with --shape");
  if (failed(n.requireEqual(in[1], wd[1] * DimExpr(group), "input channels and what the weight takes")))
    return failure();
  Dims out{in[0], wd[0]};
  out.append(window->out);
  Value y = ConvOp::create(n.b, n.loc, tensorOf(out, n.element(0)), x, w, window->strides, window->pads,
                           window->dilations, group, "channels_first");
  if (n.has(2)) {
    Dims bias(out.size(), DimExpr(1));
    bias[1] = wd[0];
    if (failed(n.requireShape(n.in(2), {wd[0]}, "bias")))
      return failure();
    Value b = n.broadcastTo(n.reshapeTo(n.in(2), bias), out);
    y = AddOp::create(n.b, n.loc, TypeRange(y.getType()), ValueRange{y, b}).getResult();
  }
  n.out(0, y);
  return success();
}

/// numpy's matmul of values of any rank.
static FailureOr<Value> matmul(NodeImport &n, Value a, Value c) {
  if (rankOf(a) == 0 || rankOf(c) == 0) {
    (void)n.refuse("needs vectors or matrices", "give the scalar operand a dimension");
    return failure();
  }
  Dims da = dimsOf(a), dc = dimsOf(c);
  bool rowVector = da.size() == 1, colVector = dc.size() == 1;
  if (rowVector) {
    da.insert(da.begin(), DimExpr(1));
    a = n.reshapeTo(a, da);
  }
  if (colVector) {
    dc.push_back(DimExpr(1));
    c = n.reshapeTo(c, dc);
  }
  auto batch = n.broadcastDims(ArrayRef<DimExpr>(da).drop_back(2), ArrayRef<DimExpr>(dc).drop_back(2));
  if (!batch || failed(n.requireEqual(da.back(), dc[dc.size() - 2], "the inner dimensions of the matrix product")))
    return failure();
  Dims out = *batch;
  out.push_back(da[da.size() - 2]);
  out.push_back(dc.back());
  Value y = MatMulOp::create(n.b, n.loc, tensorOf(out, elementOf(a)), a, c, false, false);
  if (rowVector)
    out.erase(out.end() - 2);
  if (colVector)
    out.pop_back();
  return n.reshapeTo(y, out);
}

INGOT_IMPORT("MatMul", 1) {
  auto y = matmul(n, n.in(0), n.in(1));
  if (failed(y))
    return failure();
  n.out(0, *y);
  return success();
}

INGOT_IMPORT("Gemm", 1) {
  bool ta = n.i("transA"), tb = n.i("transB");
  double alpha = n.f("alpha", 1), beta = n.f("beta", 1);
  Dims a = n.dims(0), c = n.dims(1);
  if (a.size() != 2 || c.size() != 2)
    return n.refuse("needs matrices", "reshape the operands to rank 2");
  if (failed(n.requireEqual(a[ta ? 0 : 1], c[tb ? 1 : 0], "the inner dimensions of the matrix product")))
    return failure();
  Dims out{a[ta ? 1 : 0], c[tb ? 0 : 1]};
  Type type = tensorOf(out, n.element(0));
  Value y = MatMulOp::create(n.b, n.loc, cast<RankedTensorType>(type), n.in(0), n.in(1), ta, tb);
  auto scaled = [&](Value v, double s) -> Value {
    if (s == 1)
      return v;
    return MulOp::create(n.b, n.loc, TypeRange(v.getType()), ValueRange{v, splat(n.b, n.loc, s, elementOf(v), dimsOf(v))}).getResult();
  };
  y = scaled(y, alpha);
  if (n.has(2))
    y = AddOp::create(n.b, n.loc, TypeRange(type), ValueRange{y, n.broadcastTo(scaled(n.in(2), beta), out)}).getResult();
  n.out(0, y);
  return success();
}
