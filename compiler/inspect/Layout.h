//===- Layout.h - a graph drawn top to bottom --------------------------------------------===//
//
// The layered drawing of Sugiyama, Tagawa and Toda: layers by longest path, pulled together; order within the
// layers by medians; places by columns of what stands below each other. An edge over several layers passes
// through one point of each, and the edges of one source share their points, so that a value used in many
// places is one line with branches. Equal graphs get equal drawings.
//
//===---------------------------------------------------------------------------------------===//
#ifndef INGOT_COMPILER_INSPECT_LAYOUT_H
#define INGOT_COMPILER_INSPECT_LAYOUT_H

#include <vector>

namespace ingot::inspect {

struct LayoutBox {
  int width = 0, height = 0;
};

/// From a port of one node to another: edges of the same node and port are one value.
struct LayoutEdge {
  int from = 0, port = 0, to = 0;
};

struct LayoutPoint {
  int x = 0, y = 0;
  bool operator==(const LayoutPoint &o) const { return x == o.x && y == o.y; }
};

struct GraphLayout {
  int width = 0, height = 0;
  std::vector<LayoutBox> boxes;    // as given
  std::vector<LayoutPoint> places; // of the boxes: top left
  struct Line {
    int edge = 0; // the first of those that share it
    std::vector<LayoutPoint> points;
  };
  std::vector<Line> lines;
  std::vector<int> remote; // edges over more than kMostLayers layers: not drawn
};

/// Longer edges would be parallel lines over many screens.
constexpr int kMostLayers = 120;

/// `edges` have no cycle; those that would close one (which no valid model has) are not drawn.
GraphLayout layoutGraph(std::vector<LayoutBox> boxes, const std::vector<LayoutEdge> &edges);

} // namespace ingot::inspect
#endif
