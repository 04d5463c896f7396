//===- GenericNest.cpp - kernel.generic as loops -----------------------------------------===//
//
// Scalar: loops over the parallel dimensions, inside them the reduction with carried accumulators.
// Lanes along a parallel dimension: the same at vector type, innermost the lanes' loop and a masked rest.
// Lanes along a reduction: vector accumulators (several independent ones), combined at the end in a fixed order.
//
//===----------------------------------------------------------------------===//
#include "lowering/expand/Expand.h"
#include "dialects/support/ElementType.h"
#include "mlir/Dialect/Vector/Utils/VectorUtils.h"

using namespace mlir;
namespace ingot::expand {

SmallVector<unsigned> loopOrder(const Nest &nest, const VectorPlan &plan) {
  SmallVector<unsigned> order = nest.dims('p');
  if (plan.dim >= 0 && !plan.reduction) {
    llvm::erase(order, unsigned(plan.dim));
    order.push_back(plan.dim);
  }
  return order;
}

/// body(point, carried) along `dim` from low to high: whole vectors, then what is left under a mask.
static SmallVector<Value> lanesLoop(Emitter &e, StringRef name, Value low, Value high, int64_t lanes, ValueRange init,
                                    llvm::function_ref<SmallVector<Value>(const Point &, ValueRange)> body, Point p, unsigned dim) {
  p.vectorDim = dim;
  p.lanes = lanes;
  auto l = constantOf(low), h = constantOf(high);
  bool whole = l && h && (*h - *l) % lanes == 0;
  Value length = e.sub(high, low);
  Value rest = whole ? e.index(0) : e.modPositive(length, e.index(lanes));
  Value end = whole ? high : e.sub(high, rest);
  SmallVector<Value> out = e.loop(name, low, end, lanes, init, [&](Value i, ValueRange carried) {
    p.iv[dim] = i;
    return body(p, carried);
  });
  if (whole)
    return out;
  auto tail = [&](ValueRange carried) {
    p.iv[dim] = end;
    p.left = rest;
    p.mask = vector::CreateMaskOp::create(e.b, e.loc, lanesOf(e.b.getI1Type(), lanes), rest);
    return body(p, carried);
  };
  if (auto left = constantOf(rest))
    return *left ? tail(out) : out;
  Value some = e.b.createOrFold<arith::CmpIOp>(e.loc, arith::CmpIPredicate::ne, rest, e.index(0));
  if (init.empty()) {
    e.when(some, [&] { tail({}); });
    return out;
  }
  return e.choose(some, ValueRange(out).getTypes(), [&] { return tail(out); }, [&] { return out; });
}

/// One output element whose reduction runs in the lanes.
static void elementAcrossLanes(Nest &nest, const VectorPlan &plan, Point p) {
  Emitter &e = nest.e;
  unsigned dim = plan.dim;
  SmallVector<Combine> combine;
  for (unsigned r = 0; r < nest.numResults; ++r)
    combine.push_back(nest.combineOf(r));
  SmallVector<Value> ins(nest.numIns);
  for (unsigned i = 0; i < nest.numIns; ++i)
    if ((nest.uses(nest.body(), i) || nest.uses(nest.epilogue(), i)) && !nest.dependsOnReduction(i))
      ins[i] = nest.read(i, p);
  SmallVector<unsigned> outer = nest.dims('r');
  llvm::erase(outer, dim);

  SmallVector<Value> init;
  for (unsigned c = 0; c < plan.chains; ++c)
    for (const Combine &k : combine)
      init.push_back(e.constant(k.neutral, plan.lanes));
  auto step = [&](Point q, ValueRange accs) {
    SmallVector<Value> now(ins);
    for (unsigned i = 0; i < nest.numIns; ++i)
      if (nest.uses(nest.body(), i) && nest.dependsOnReduction(i))
        now[i] = nest.read(i, q);
    SmallVector<Value> next = nest.clone(*nest.body(), now, SmallVector<Value>(accs), q);
    for (auto [n, a] : llvm::zip(next, accs))
      if (q.mask)
        n = arith::SelectOp::create(e.b, e.loc, q.mask, n, a);
    return next;
  };
  auto lanes = [&](ValueRange carried) {
    Point q = p;
    q.vectorDim = dim;
    q.lanes = plan.lanes;
    auto [low, high] = nest.bounds(dim, q);
    SmallVector<Value> accs(carried);
    unsigned n = nest.numResults;
    if (plan.chains > 1) { // whole groups of vectors
      int64_t group = plan.chains * plan.lanes;
      Value end = e.sub(high, e.modPositive(e.sub(high, low), e.index(group)));
      accs = e.loop(nest.names[dim], low, end, group, accs, [&](Value k, ValueRange now) {
        SmallVector<Value> out;
        for (unsigned c = 0; c < plan.chains; ++c) {
          q.iv[dim] = e.add(k, e.index(c * plan.lanes));
          llvm::append_range(out, step(q, now.slice(c * n, n)));
        }
        return out;
      });
      low = end;
    }
    SmallVector<Value> first(accs.begin(), accs.begin() + n);
    first = lanesLoop(e, nest.names[dim], low, high, plan.lanes, first, step, p, dim);
    llvm::copy(first, accs.begin());
    return accs;
  };
  SmallVector<Value> accs = nest.reduce(outer, p, init, lanes);
  SmallVector<Value> out;
  for (unsigned r = 0; r < nest.numResults; ++r) {
    SmallVector<Value> parts;
    for (unsigned c = 0; c < plan.chains; ++c)
      parts.push_back(accs[c * nest.numResults + r]);
    for (size_t width = parts.size(); width > 1; width /= 2)
      for (size_t i = 0; i < width / 2; ++i)
        parts[i] = vector::makeArithReduction(e.b, e.loc, combine[r].kind, parts[i], parts[i + width / 2]);
    Value v = vector::ReductionOp::create(e.b, e.loc, combine[r].kind, parts[0]);
    if (nest.op.initOf(r) != combine[r].neutral)
      v = vector::makeArithReduction(e.b, e.loc, combine[r].kind, v, e.constant(nest.op.initOf(r)));
    out.push_back(v);
  }
  if (nest.epilogue())
    out = nest.clone(*nest.epilogue(), ins, out, p);
  for (unsigned r = 0; r < nest.numResults; ++r)
    nest.write(r, out[r], p);
}

void emitNest(Nest &nest, const VectorPlan &plan, Point p, Value low, Value high) {
  Emitter &e = nest.e;
  for (unsigned d : loopOrder(nest, plan)) {
    if (p.iv[d])
      continue;
    Value lo = low ? low : e.index(0), hi = high ? high : e.dim(nest.sizes[d]);
    if (int(d) == plan.dim) {
      auto element = [&](const Point &q, ValueRange) {
        nest.element(q);
        return SmallVector<Value>();
      };
      lanesLoop(e, nest.names[d], lo, hi, plan.lanes, {}, element, p, d);
    } else {
      e.loop(nest.names[d], lo, hi, 1, {}, [&](Value i, ValueRange) {
        Point q = p;
        q.iv[d] = i;
        emitNest(nest, plan, q);
        return SmallVector<Value>();
      });
    }
    return;
  }
  if (plan.reduction)
    elementAcrossLanes(nest, plan, p);
  else
    nest.element(p);
}

void expandGeneric(Nest &nest, const Machine &machine) {
  VectorPlan plan = planVector(nest, machine);
  SmallVector<unsigned> order = loopOrder(nest, plan);
  Dims sizes;
  for (unsigned d : order)
    sizes.push_back(nest.sizes[d]);
  int64_t work = workOf(nest.body());
  for (unsigned d : nest.dims('r'))
    work *= std::max<int64_t>(1, estimate(nest.sizes[d]));
  // Elements smaller than a byte share bytes: one tile writes them all.
  bool shared = false;
  for (unsigned r = 0; r < nest.numResults; ++r) {
    const ElementType *t = elementTypeOf(nest.place(nest.numIns + r).element);
    shared |= t && t->bits < 8;
  }
  Tiling tiling = shared                              ? Tiling::one(sizes)
                  : machine.kind == MachineKind::Cuda ? Tiling::perElement(sizes)
                                                      : Tiling::choose(sizes, work / plan.lanes + 1, plan.lanes);
  SmallVector<std::string> names = llvm::map_to_vector(order, [&](unsigned d) { return nest.names[d]; });
  forall(nest.e, tiling, names, [&](const Tiling::Part &part) {
    Point p;
    p.iv.resize(nest.kinds.size());
    for (auto [d, v] : llvm::zip(order, part.at))
      p.iv[d] = v;
    emitNest(nest, plan, p, part.low, part.high);
  });
}

} // namespace ingot::expand
