//===- Layout.cpp ------------------------------------------------------------------------===//
#include "compiler/inspect/Layout.h"
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

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
  std::vector<int> layerOf;           // per node
  std::vector<char> isDrawn;          // per edge
  std::vector<Item> items;            // nodes first
  std::vector<std::vector<int>> layers;
  struct Segment {
    int upper, lower, edge;
  };
  std::vector<Segment> segments;
  GraphLayout out;

  Drawing(const std::vector<LayoutBox> &boxes, const std::vector<LayoutEdge> &edges) : boxes(boxes), edges(edges) {}

  void assignLayers();
  void makeItems();
  void initialOrder();
  long crossings() const;
  void sortLayer(std::vector<int> &layer, bool byUpper);
  void reduceCrossings();
  void place(std::vector<int> &layer, bool useUp, bool useDown);
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
    if (outgoing[v].size() < std::max<size_t>(1, incoming[v].size()) || (incoming[v].size() && outgoing[v].size() == incoming[v].size()))
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

/// Moves the items of a layer as near as their order allows to the mean of their neighbours: least squares, by pooling
/// of adjacent violators. Lines weigh more than nodes, so they become straight.
void Drawing::place(std::vector<int> &layer, bool useUp, bool useDown) {
  struct Block {
    double sum, weight;
    size_t count;
    double at() const { return sum / weight; }
  };
  std::vector<Block> blocks;
  std::vector<double> shift(layer.size());
  double offset = 0;
  for (size_t i = 0; i < layer.size(); ++i) {
    Item &item = items[layer[i]];
    if (i) {
      const Item &left = items[layer[i - 1]];
      int gap = left.node < 0 && item.node < 0 ? kLineGap : kGapX;
      offset += (left.width + item.width) / 2.0 + gap;
    }
    shift[i] = offset;
    double sum = 0, weight = 0;
    auto attract = [&](const std::vector<int> &list) {
      for (int w : list) {
        double k = item.node < 0 && items[w].node < 0 ? 8 : item.node < 0 || items[w].node < 0 ? 2 : 1;
        sum += k * items[w].x;
        weight += k;
      }
    };
    if (useUp)
      attract(item.up);
    if (useDown)
      attract(item.down);
    if (!weight) { // stays
      sum = item.x * 0.01;
      weight = 0.01;
    }
    double wish = sum / weight - offset;
    double mass = item.node < 0 ? 4 : 1;
    blocks.push_back({wish * mass, mass, 1});
    while (blocks.size() > 1 && blocks[blocks.size() - 2].at() > blocks.back().at()) {
      Block b = blocks.back();
      blocks.pop_back();
      blocks.back() = {blocks.back().sum + b.sum, blocks.back().weight + b.weight, blocks.back().count + b.count};
    }
  }
  size_t i = 0;
  for (const Block &b : blocks)
    for (size_t k = 0; k < b.count; ++k, ++i)
      items[layer[i]].x = b.at() + shift[i];
}

void Drawing::placeAll() {
  for (auto &layer : layers) {
    double x = 0;
    for (int v : layer) {
      items[v].x = x + items[v].width / 2.0;
      x += items[v].width + kGapX;
    }
    for (int v : layer)
      items[v].x -= x / 2;
  }
  for (int round = 0; round < kSweeps; ++round) {
    for (size_t l = 1; l < layers.size(); ++l)
      place(layers[l], true, round >= kSweeps / 2);
    for (size_t l = layers.size(); l-- > 0;)
      place(layers[l], round >= kSweeps / 2, true);
  }
  for (auto &layer : layers)
    place(layer, true, true);
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
      out.places[i.node] = {centre(i) - i.width / 2, tops[i.layer] + (heights[i.layer] - boxes[i.node].height) / 2};
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
    add({centre(begin), begin.node >= 0 ? out.places[begin.node].y + boxes[begin.node].height : tops[begin.layer] + heights[begin.layer]});
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
