//===- ContractPrefetch.cpp --------------------------------------------------------------===//
#include "lowering/expand/ContractPrefetch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
namespace ingot::expand {

/// The number of a step of k, from the indices of some of its outer dimensions.
Value ContractPrefetch::numberOfStep(ArrayRef<Value> kiv, unsigned firstOuter, unsigned endOuter) const {
  SmallVector<Value> indices;
  for (unsigned d : ArrayRef(form.kOuter).slice(firstOuter, endOuter - firstOuter))
    indices.push_back(kiv[d]);
  return e.address(indices, ArrayRef(blocking.stepsOfOuter).slice(firstOuter, endOuter - firstOuter), 0);
}

void ContractPrefetch::share(const Step &at) const {
  int64_t columnsOfLine = ContractBlocking::cacheLine * 8 / nest.place(1).element.getIntOrFloatBitWidth();
  int64_t pieces = form.nr / form.packing, linesOfPiece = form.packing / columnsOfLine; // a part is a piece of each of the tile's packed panels
  unsigned outer = form.kOuter.size();
  int64_t shares = llvm::divideCeil(blocking.linesPerStep, blocking.linesOfBlock);
  e.when(blocking.blocksPerTile > shares ? e.less(at.inTile, e.index(shares)) : Value(), [&] {
    Value next, done = numberOfStep(at.kiv, blocking.partDims, outer); // the next part's begin, and steps of this one that are done
    if (!at.runBegin) {
      next = e.add(at.panelBegin, e.index(blocking.stepsOfPart * form.nr));
      done = e.add(done, at.inRun);
    } else {
      Value end = numberOfStep(at.kiv, 0, blocking.partDims);
      end = e.add(end, blocking.partDims == outer ? at.runEnd : e.index(blocking.stepsOfPart));
      next = e.add(at.panelBegin, e.mul(end, e.index(form.packing)));
      // Behind the last part comes the next tile's panel, not the tile's next packed one.
      if (pieces > 1)
        next = e.add(next, arith::SelectOp::create(e.b, e.loc, at.isLastPart, e.dim(form.packingStep * (pieces - 1)), e.index(0)));
      done = e.add(done, e.sub(at.inRun, at.runBegin));
    }
    for (int64_t line = 0; line < blocking.linesOfBlock; ++line) {
      Value share = e.add(e.mul(at.inTile, e.index(blocking.linesOfBlock)), e.index(line)), place;
      if (pieces == 1 || !at.runBegin)
        place = e.mul(share, e.index(blocking.stepsOfPart * columnsOfLine));
      else
        place = e.add(e.mul(e.divPositive(share, e.index(linesOfPiece)), e.dim(form.packingStep)),
                      e.mul(e.modPositive(share, e.index(linesOfPiece)), e.index(blocking.stepsOfPart * columnsOfLine)));
      e.prefetch(nest.place(1).buffer, e.add(e.add(next, place), e.mul(done, e.index(columnsOfLine))), 2);
    }
  });
}

void ContractPrefetch::ahead(Value row) const {
  int64_t bytes = nest.place(1).element.getIntOrFloatBitWidth() / 8;
  e.unrolled("line", blocking.linesPerStep, [&](Value line) {
    Value at = e.add(e.add(row, form.columnOffset(e, line, ContractBlocking::cacheLine / bytes)), e.index(ContractBlocking::streamAhead / bytes));
    e.prefetch(nest.place(1).buffer, at, 1);
  });
}

} // namespace ingot::expand
