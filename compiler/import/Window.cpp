//===- Window.cpp --------------------------------------------------------------------===//
#include "compiler/import/Window.h"

using namespace mlir;
namespace ingot {

std::optional<Window> Window::of(NodeImport &n, ArrayRef<DimExpr> spatial, ArrayRef<int64_t> kernel) {
  size_t k = spatial.size();
  Window w;
  w.kernel.assign(kernel.begin(), kernel.end());
  w.strides = n.ints("strides", SmallVector<int64_t>(k, 1));
  w.dilations = n.ints("dilations", SmallVector<int64_t>(k, 1));
  w.pads.assign(2 * k, 0);
  StringRef mode = n.s("auto_pad", "NOTSET");
  if (mode == "NOTSET") {
    w.pads = n.ints("pads", w.pads);
  } else if (mode != "SAME_UPPER" && mode != "SAME_LOWER" && mode != "VALID") {
    (void)n.refuse("auto_pad '" + mode + "' is not known", "use NOTSET, SAME_UPPER, SAME_LOWER or VALID");
    return std::nullopt;
  }
  if (!n.perDimension("kernel_shape", w.kernel, k, 1) || !n.perDimension("strides", w.strides, k, 1) ||
      !n.perDimension("dilations", w.dilations, k, 1) || !n.perDimension("pads", w.pads, 2 * k, std::numeric_limits<int64_t>::min()))
    return std::nullopt;
  bool ceil = n.i("ceil_mode"), same = mode == "SAME_UPPER" || mode == "SAME_LOWER";
  for (size_t i = 0; i < k; ++i) {
    int64_t extent = w.extent(i), s = w.strides[i];
    if (same) {
      // As many results as strides begin in the input; what is missing is padded, the odd one at the named side.
      int64_t total;
      if (auto c = spatial[i].constant())
        total = std::max<int64_t>(0, ((*c + s - 1) / s - 1) * s + extent - *c);
      else if (s == 1)
        total = extent - 1;
      else {
        (void)n.refuse("auto_pad with a stride needs a static size", "fix the size with --dim or --shape, or export explicit pads");
        return std::nullopt;
      }
      w.pads[i] = mode == "SAME_UPPER" ? total / 2 : total - total / 2;
      w.pads[i + k] = total - w.pads[i];
      w.out.push_back(DimExpr::ceilDiv(spatial[i], s));
      continue;
    }
    DimExpr room = spatial[i] + DimExpr(w.pads[i] + w.pads[i + k] - extent);
    if (!ceil) {
      w.out.push_back(DimExpr::floorDiv(room, s) + 1);
      continue;
    }
    // A window that would begin in the padding at the end does not count.
    w.out.push_back(DimExpr::min(DimExpr::ceilDiv(room, s) + 1, DimExpr::ceilDiv(spatial[i] + w.pads[i], s)));
  }
  return w;
}

} // namespace ingot
