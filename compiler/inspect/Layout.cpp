//===- Layout.cpp ------------------------------------------------------------------------===//
#include "compiler/inspect/Layout.h"
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <set>

namespace ingot::inspect {
namespace {

constexpr int kGapX = 28, kGapY = 44, kLineGap = 14, kMargin = 24;
constexpr int kSweeps = 10;

/// A node, or the point where a value passes through a layer.
struct Item {
  int node = -1; // -1: a point
  int layer = 0;
  int width = 0;
  double x = 0; // of the centre
  int order = 0;
  std::vector<int> up, down; // items of the layers beside
};

struct Drawing {
  const std::vector<LayoutBox> &boxes;
  const std::vector<LayoutEdge> &edges;
  std::vector<int> layerOf;  // per node
  std::vector<char> isDrawn; // per edge
  std::vector<Item> items;   // nodes first
  std::vector<std::vector<int>> layers;
  struct Segment {
    int upper, lower, edge;
  };
  std::vector<Segment> segments;
  GraphLayout out;

  Drawing(const std::vector<LayoutBox> &boxes, const std::vector<LayoutEdge> &edges)
      : boxes(boxes), edges(edges) {}

  void assignLayers();
  void makeItems();
  void initialOrder();
  long crossings() const;
  void sortLayer(std::vector<int> &layer, bool byUpper);
  void reduceCrossings();
  double apart(int left, int right) const;
  std::set<std::pair<int, int>> crossingLines() const;
  std::vector<int> columns(bool byUpper, bool fromLeft, const std::set<std::pair<int, int>> &givesWay) const;
  std::vector<double> compact(const std::vector<int> &root, bool fromLeft) const;
  void placeAll();
  void write();
};

void Drawing::assignLayers() {
  int n = int(boxes.size());
  std::vector<std::vector<int>> outgoing(n), incoming(n);
  std::vector<int> waiting(n), topological;
  isDrawn.assign(edges.size(), 1);
  for (size_t e = 0; e < edges.size(); ++e) {
    outgoing[edges[e].from].push_back(int(e));
    incoming[edges[e].to].push_back(int(e));
    ++waiting[edges[e].to];
  }
  layerOf.assign(n, 0);
  for (int v = 0; v < n; ++v)
    if (!waiting[v])
      topological.push_back(v);
  for (size_t i = 0; i < topological.size(); ++i)
    for (int e : outgoing[topological[i]]) {
      layerOf[edges[e].to] = std::max(layerOf[edges[e].to], layerOf[topological[i]] + 1);
      if (!--waiting[edges[e].to])
        topological.push_back(edges[e].to);
    }
  std::vector<char> isReached(n);
  for (int v : topological)
    isReached[v] = 1;
  for (size_t e = 0; e < edges.size(); ++e)
    isDrawn[e] = isReached[edges[e].from] && isReached[edges[e].to];
  // Sources, constants above all, come down to where they are used.
  for (int v : std::vector<int>(topological.rbegin(), topological.rend())) {
    if (outgoing[v].size() < std::max<size_t>(1, incoming[v].size()) ||
        (incoming[v].size() && outgoing[v].size() == incoming[v].size()))
      continue;
    int lowest = std::numeric_limits<int>::max();
    for (int e : outgoing[v])
      if (isDrawn[e])
        lowest = std::min(lowest, layerOf[edges[e].to] - 1);
    if (lowest != std::numeric_limits<int>::max())
      layerOf[v] = std::max(layerOf[v], lowest);
  }
}

void Drawing::makeItems() {
  int deepest = 0;
  for (size_t v = 0; v < boxes.size(); ++v) {
    Item item;
    item.node = int(v);
    item.layer = layerOf[v];
    item.width = boxes[v].width;
    items.push_back(item);
    deepest = std::max(deepest, item.layer);
  }
  // One chain of points per value, as far down as its last use.
  std::map<std::pair<int, int>, std::vector<int>> chains;
  for (size_t e = 0; e < edges.size(); ++e) {
    if (!isDrawn[e])
      continue;
    const LayoutEdge &edge = edges[e];
    int span = layerOf[edge.to] - layerOf[edge.from];
    if (span > kMostLayers) {
      isDrawn[e] = 0;
      out.remote.push_back(int(e));
      continue;
    }
    std::vector<int> &chain = chains[{edge.from, edge.port}];
    if (chain.empty())
      chain.push_back(edge.from);
    while (int(chain.size()) < span) {
      Item point;
      point.layer = layerOf[edge.from] + int(chain.size());
      point.width = 2;
      segments.push_back({chain.back(), int(items.size()), int(e)});
      chain.push_back(int(items.size()));
      items.push_back(point);
    }
    segments.push_back({chain[span - 1], edge.to, int(e)});
  }
  for (const Segment &s : segments) {
    items[s.upper].down.push_back(s.lower);
    items[s.lower].up.push_back(s.upper);
  }
  layers.resize(boxes.empty() ? 0 : deepest + 1);
}

/// Depth first, so that what belongs together begins together.
void Drawing::initialOrder() {
  std::vector<char> seen(items.size());
  std::vector<int> stack;
  auto visit = [&](int root) {
    stack.push_back(root);
    while (!stack.empty()) {
      int v = stack.back();
      stack.pop_back();
      if (seen[v])
        continue;
      seen[v] = 1;
      items[v].order = int(layers[items[v].layer].size());
      layers[items[v].layer].push_back(v);
      for (auto *list : {&items[v].up, &items[v].down})
        for (auto it = list->rbegin(); it != list->rend(); ++it)
          if (!seen[*it])
            stack.push_back(*it);
    }
  };
  std::vector<int> roots(items.size());
  std::iota(roots.begin(), roots.end(), 0);
  std::stable_sort(roots.begin(), roots.end(), [&](int a, int b) { return items[a].layer < items[b].layer; });
  for (int r : roots)
    visit(r);
}

/// Pairs of segments that cross, counted with a tree of prefix sums over the lower layer.
long Drawing::crossings() const {
  long total = 0;
  for (size_t l = 0; l + 1 < layers.size(); ++l) {
    int size = int(layers[l + 1].size());
    std::vector<int> tree(size + 1), ends;
    int seen = 0;
    for (int v : layers[l]) {
      ends.clear();
      for (int w : items[v].down)
        ends.push_back(items[w].order);
      std::sort(ends.begin(), ends.end());
      for (int at : ends) {
        int before = 0;
        for (int i = at + 1; i > 0; i -= i & -i)
          before += tree[i];
        total += seen - before;
      }
      for (int at : ends) {
        ++seen;
        for (int i = at + 1; i <= size; i += i & -i)
          ++tree[i];
      }
    }
  }
  return total;
}

void Drawing::sortLayer(std::vector<int> &layer, bool byUpper) {
  std::vector<std::pair<double, int>> keyed;
  std::vector<int> around;
  for (int v : layer) {
    around.clear();
    for (int w : byUpper ? items[v].up : items[v].down)
      around.push_back(items[w].order);
    std::sort(around.begin(), around.end());
    size_t k = around.size();
    double median = !k ? items[v].order : k % 2 ? around[k / 2] : (around[k / 2 - 1] + around[k / 2]) / 2.0;
    keyed.push_back({median, v});
  }
  std::stable_sort(keyed.begin(), keyed.end(), [](auto &a, auto &b) { return a.first < b.first; });
  for (size_t i = 0; i < layer.size(); ++i) {
    layer[i] = keyed[i].second;
    items[layer[i]].order = int(i);
  }
}

void Drawing::reduceCrossings() {
  auto best = layers;
  long fewest = crossings();
  for (int sweep = 0; sweep < kSweeps && fewest; ++sweep) {
    if (sweep % 2 == 0)
      for (size_t l = 1; l < layers.size(); ++l)
        sortLayer(layers[l], true);
    else
      for (size_t l = layers.size() - 1; l-- > 0;)
        sortLayer(layers[l], false);
    if (long now = crossings(); now < fewest) {
      fewest = now;
      best = layers;
    }
  }
  layers = best;
  for (auto &layer : layers)
    for (size_t i = 0; i < layer.size(); ++i)
      items[layer[i]].order = int(i);
}

double Drawing::apart(int left, int right) const {
  const Item &l = items[left], &r = items[right];
  return (l.width + r.width) / 2.0 + (l.node < 0 && r.node < 0 ? kLineGap : kGapX);
}

/// Segments of a node that cross a long line give way to it.
std::set<std::pair<int, int>> Drawing::crossingLines() const {
  std::set<std::pair<int, int>> out;
  auto pointAbove = [&](int v) {
    if (items[v].node < 0)
      for (int u : items[v].up)
        if (items[u].node < 0)
          return u;
    return -1;
  };
  for (size_t l = 0; l + 1 < layers.size(); ++l) {
    int from = 0;
    size_t next = 0;
    for (size_t i = 0; i < layers[l + 1].size(); ++i) {
      int line = pointAbove(layers[l + 1][i]);
      if (line < 0 && i + 1 < layers[l + 1].size())
        continue;
      int to = line < 0 ? int(layers[l].size()) : items[line].order;
      for (; next <= i; ++next)
        for (int u : items[layers[l + 1][next]].up)
          if ((items[u].order < from || items[u].order > to) &&
              (items[u].node >= 0 || items[layers[l + 1][next]].node >= 0))
            out.insert({u, layers[l + 1][next]});
      from = to;
    }
  }
  return out;
}

/// Columns of items that stand exactly below each other: each is aligned with the median of its neighbours
/// above (or below), as seen from the left (or right), where no other column is crossed. Returns each item's
/// column.
std::vector<int> Drawing::columns(bool byUpper, bool fromLeft,
                                  const std::set<std::pair<int, int>> &givesWay) const {
  std::vector<int> root(items.size());
  std::iota(root.begin(), root.end(), 0);
  std::vector<char> isTaken(items.size()); // already goes on in this direction
  for (size_t n = 0; n < layers.size(); ++n) {
    const std::vector<int> &layer = layers[byUpper ? n : layers.size() - 1 - n];
    int border = fromLeft ? -1 : std::numeric_limits<int>::max();
    for (size_t i = 0; i < layer.size(); ++i) {
      int v = layer[fromLeft ? i : layer.size() - 1 - i];
      std::vector<int> around = byUpper ? items[v].up : items[v].down;
      if (items[v].node < 0 &&
          std::any_of(around.begin(), around.end(), [&](int w) { return items[w].node < 0; }))
        around.erase(std::remove_if(around.begin(), around.end(), [&](int w) { return items[w].node >= 0; }),
                     around.end());
      std::sort(around.begin(), around.end(), [&](int a, int b) { return items[a].order < items[b].order; });
      if (around.empty())
        continue;
      size_t low = (around.size() - 1) / 2, high = around.size() / 2;
      for (size_t m : fromLeft ? std::array{low, high} : std::array{high, low}) {
        int u = around[m];
        bool isFree = fromLeft ? border < items[u].order : border > items[u].order;
        if (!isFree || isTaken[u] || givesWay.count(byUpper ? std::pair(u, v) : std::pair(v, u)))
          continue;
        root[v] = root[u];
        isTaken[u] = 1;
        border = items[u].order;
        break;
      }
    }
  }
  return root;
}

/// Places of the columns: as far left as they go, then as near to their right neighbours as that leaves room.
std::vector<double> Drawing::compact(const std::vector<int> &root, bool fromLeft) const {
  struct Edge {
    int to;
    double gap;
  };
  std::vector<std::vector<Edge>> right(items.size());
  std::vector<int> waiting(items.size()), order;
  for (const auto &layer : layers)
    for (size_t i = 0; i + 1 < layer.size(); ++i) {
      // Seen from the right all is mirrored.
      int a = fromLeft ? layer[i] : layer[i + 1], b = fromLeft ? layer[i + 1] : layer[i];
      right[root[a]].push_back({root[b], apart(layer[i], layer[i + 1])});
      ++waiting[root[b]];
    }
  for (size_t v = 0; v < items.size(); ++v)
    if (root[v] == int(v) && !waiting[v])
      order.push_back(int(v));
  std::vector<double> x(items.size());
  for (size_t i = 0; i < order.size(); ++i)
    for (const Edge &e : right[order[i]]) {
      x[e.to] = std::max(x[e.to], x[order[i]] + e.gap);
      if (!--waiting[e.to])
        order.push_back(e.to);
    }
  for (auto it = order.rbegin(); it != order.rend(); ++it) {
    double room = std::numeric_limits<double>::max();
    for (const Edge &e : right[*it])
      room = std::min(room, x[e.to] - e.gap);
    if (room != std::numeric_limits<double>::max())
      x[*it] = std::max(x[*it], room);
  }
  std::vector<double> out(items.size());
  for (size_t v = 0; v < items.size(); ++v)
    out[v] = fromLeft ? x[root[v]] : -x[root[v]];
  return out;
}

/// The mean of the middle two of four drawings (Brandes and Köpf, "Fast and Simple Horizontal Coordinate
/// Assignment", 2001).
void Drawing::placeAll() {
  if (items.empty())
    return;
  std::set<std::pair<int, int>> givesWay = crossingLines();
  struct Way {
    std::vector<double> x;
    double low, high;
    bool fromLeft;
  };
  std::vector<Way> ways;
  for (bool byUpper : {true, false})
    for (bool fromLeft : {true, false}) {
      Way w{compact(columns(byUpper, fromLeft, givesWay), fromLeft), std::numeric_limits<double>::max(),
            std::numeric_limits<double>::lowest(), fromLeft};
      for (size_t v = 0; v < items.size(); ++v) {
        w.low = std::min(w.low, w.x[v] - items[v].width / 2.0);
        w.high = std::max(w.high, w.x[v] + items[v].width / 2.0);
      }
      ways.push_back(std::move(w));
    }
  const Way &narrow = *std::min_element(ways.begin(), ways.end(),
                                        [](auto &a, auto &b) { return a.high - a.low < b.high - b.low; });
  double low = narrow.low, high = narrow.high;
  for (Way &w : ways)
    for (double &x : w.x)
      x += w.fromLeft ? low - w.low : high - w.high;
  for (size_t v = 0; v < items.size(); ++v) {
    std::array<double, 4> x = {ways[0].x[v], ways[1].x[v], ways[2].x[v], ways[3].x[v]};
    std::sort(x.begin(), x.end());
    items[v].x = (x[1] + x[2]) / 2;
  }
}

void Drawing::write() {
  double left = std::numeric_limits<double>::max(), right = std::numeric_limits<double>::lowest();
  for (const Item &i : items) {
    left = std::min(left, i.x - i.width / 2.0);
    right = std::max(right, i.x + i.width / 2.0);
  }
  std::vector<int> tops, heights;
  int y = kMargin;
  for (auto &layer : layers) {
    int tallest = 0;
    for (int v : layer)
      if (items[v].node >= 0)
        tallest = std::max(tallest, boxes[items[v].node].height);
    tops.push_back(y);
    heights.push_back(tallest);
    // Where lines move far to the side they need room to do so.
    double farthest = 0;
    for (int v : layer)
      for (int w : items[v].down)
        farthest = std::max(farthest, std::abs(items[v].x - items[w].x));
    y += tallest + kGapY + int(std::min(farthest / 12, 60.0));
  }
  out.boxes = boxes;
  out.places.resize(boxes.size());
  out.width = boxes.empty() ? 0 : int(std::lround(right - left)) + 2 * kMargin;
  out.height = boxes.empty() ? 0 : tops.back() + heights.back() + kMargin;
  auto centre = [&](const Item &i) { return int(std::lround(i.x - left)) + kMargin; };
  for (const Item &i : items)
    if (i.node >= 0)
      out.places[i.node] = {centre(i) - i.width / 2,
                            tops[i.layer] + (heights[i.layer] - boxes[i.node].height) / 2};
  // A line begins at a node or where it leaves another line, and goes on until it reaches a node.
  std::vector<std::vector<int>> below(items.size());
  for (size_t s = 0; s < segments.size(); ++s)
    below[segments[s].upper].push_back(int(s));
  std::vector<char> isDone(segments.size());
  for (size_t first = 0; first < segments.size(); ++first) {
    if (isDone[first])
      continue;
    GraphLayout::Line line;
    line.edge = segments[first].edge;
    auto add = [&](LayoutPoint p) {
      size_t n = line.points.size();
      if (n && line.points.back() == p)
        return;
      if (n >= 2 && line.points[n - 1].x == p.x && line.points[n - 2].x == p.x)
        line.points.back() = p; // straight on
      else
        line.points.push_back(p);
    };
    const Item &begin = items[segments[first].upper];
    add({centre(begin), begin.node >= 0 ? out.places[begin.node].y + boxes[begin.node].height
                                        : tops[begin.layer] + heights[begin.layer]});
    for (int at = int(first); at >= 0;) {
      isDone[at] = 1;
      const Item &end = items[segments[at].lower];
      if (end.node >= 0) {
        add({centre(end), out.places[end.node].y});
        break;
      }
      add({centre(end), tops[end.layer]});
      add({centre(end), tops[end.layer] + heights[end.layer]});
      int next = -1;
      for (int s : below[segments[at].lower])
        if (!isDone[s] && next < 0)
          next = s;
      at = next;
    }
    out.lines.push_back(std::move(line));
  }
}

} // namespace

GraphLayout layoutGraph(std::vector<LayoutBox> boxes, const std::vector<LayoutEdge> &edges) {
  Drawing d(boxes, edges);
  d.assignLayers();
  d.makeItems();
  d.initialOrder();
  d.reduceCrossings();
  d.placeAll();
  d.write();
  return std::move(d.out);
}

} // namespace ingot::inspect
