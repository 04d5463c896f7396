#include "boxes.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

namespace {

constexpr float text_from = 0.3f; // a pixel's probability
constexpr float least_score = 0.5f;
constexpr float least_side = 3; // before growing
constexpr float growth = 1.6f;  // by area * growth / perimeter on each side
constexpr float tall = 1.5f;    // taller than wide by this: the line runs downwards

float dot(point a, point b) { return a.x * b.x + a.y * b.y; }
// Positive if a, b, c turn clockwise (as y points down).
float turn(point a, point b, point c) { return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x); }

// Andrew's monotone chain.
std::vector<point> convex_hull(std::vector<point> points) {
  std::sort(points.begin(), points.end(), [](point a, point b) { return a.x != b.x ? a.x < b.x : a.y < b.y; });
  std::vector<point> hull;
  for (int side = 0; side < 2; ++side) {
    const std::size_t first = hull.size();
    for (const point &p : points) {
      while (hull.size() >= first + 2 && turn(hull[hull.size() - 2], hull.back(), p) <= 0)
        hull.pop_back();
      hull.push_back(p);
    }
    hull.pop_back(); // begins the other side
    std::reverse(points.begin(), points.end());
  }
  return hull.empty() ? std::vector<point>{points.front()} : hull;
}

struct range {
  float low = std::numeric_limits<float>::max(), high = std::numeric_limits<float>::lowest();
  void add(float value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  float size() const { return high - low; }
  float middle() const { return (low + high) / 2; }
};

// Mean of the map over the pixels whose centres the box holds.
float mean_inside(const std::vector<float> &map, int width, int height, const box &box) {
  range columns, rows;
  for (const point &corner : box.corners()) {
    columns.add(corner.x);
    rows.add(corner.y);
  }
  double sum = 0;
  int count = 0;
  for (int y = std::max(0, int(rows.low)); y < std::min(height, int(rows.high) + 1); ++y)
    for (int x = std::max(0, int(columns.low)); x < std::min(width, int(columns.high) + 1); ++x) {
      const point away = {x + 0.5f - box.centre.x, y + 0.5f - box.centre.y};
      if (std::abs(dot(away, box.along)) * 2 > box.width || std::abs(dot(away, box.across())) * 2 > box.height)
        continue;
      sum += map[std::size_t(y) * width + x];
      ++count;
    }
  return count ? float(sum / count) : 0;
}

// Takes the connected area around a pixel out of `marked` and gives the corners of each row's first and last pixel,
// of which the smallest rectangle around it depends. Pixels touch at sides and corners.
std::vector<point> take_area(std::vector<unsigned char> &marked, int width, int height, int seed) {
  std::vector<int> waiting = {seed};
  std::vector<range> rows(height);
  marked[seed] = 0;
  int first = height, last = -1;
  while (!waiting.empty()) {
    const int x = waiting.back() % width, y = waiting.back() / width;
    waiting.pop_back();
    rows[y].add(float(x));
    first = std::min(first, y);
    last = std::max(last, y);
    for (int ny = std::max(0, y - 1); ny <= std::min(height - 1, y + 1); ++ny)
      for (int nx = std::max(0, x - 1); nx <= std::min(width - 1, x + 1); ++nx)
        if (marked[ny * width + nx]) {
          marked[ny * width + nx] = 0;
          waiting.push_back(ny * width + nx);
        }
  }
  std::vector<point> outline;
  for (int y = first; y <= last; ++y)
    for (const float x : {rows[y].low, rows[y].high + 1})
      for (const float edge : {0.0f, 1.0f})
        outline.push_back({x, float(y) + edge});
  return outline;
}

} // namespace

point box::at(float u, float v) const {
  return {centre.x + along.x * u + across().x * v, centre.y + along.y * u + across().y * v};
}

std::array<point, 4> box::corners() const {
  const float u = width / 2, v = height / 2;
  return {at(-u, -v), at(u, -v), at(u, v), at(-u, v)};
}

box box::reversed() const {
  box result = *this;
  result.along = {-along.x, -along.y};
  return result;
}

// One side of the smallest rectangle lies on a side of the hull.
box smallest_rectangle(std::vector<point> points) {
  const std::vector<point> hull = convex_hull(std::move(points));
  box best;
  float least = std::numeric_limits<float>::max();
  for (std::size_t i = 0; i < hull.size(); ++i) {
    const point a = hull[i], b = hull[(i + 1) % hull.size()];
    const float length = std::hypot(b.x - a.x, b.y - a.y);
    box candidate;
    if (length > 0)
      candidate.along = {(b.x - a.x) / length, (b.y - a.y) / length};
    if (std::abs(candidate.along.x) < std::abs(candidate.along.y))
      candidate.along = candidate.across();
    if (candidate.along.x < 0)
      candidate = candidate.reversed();
    range u, v;
    for (const point &p : hull) {
      u.add(dot(p, candidate.along));
      v.add(dot(p, candidate.across()));
    }
    if (u.size() * v.size() >= least)
      continue;
    least = u.size() * v.size();
    candidate.width = u.size();
    candidate.height = v.size();
    candidate.centre = candidate.at(u.middle(), v.middle()); // its centre is still 0
    best = candidate;
  }
  return best;
}

std::vector<box> find_boxes(const std::vector<float> &probabilities, int width, int height) {
  std::vector<unsigned char> marked(probabilities.size());
  std::transform(probabilities.begin(), probabilities.end(), marked.begin(), [](float p) { return p > text_from; });
  std::vector<box> boxes;
  for (int i = 0; i < width * height; ++i) {
    if (!marked[i])
      continue;
    box found = smallest_rectangle(take_area(marked, width, height, i));
    if (std::min(found.width, found.height) < least_side)
      continue;
    found.score = mean_inside(probabilities, width, height, found);
    if (found.score < least_score)
      continue;
    const float margin = found.width * found.height * growth / (2 * (found.width + found.height));
    found.width += 2 * margin;
    found.height += 2 * margin;
    if (found.height > tall * found.width) {
      found.along = found.across();
      std::swap(found.width, found.height);
    }
    boxes.push_back(found);
  }
  return boxes;
}

void sort_for_reading(std::vector<box> &boxes) {
  std::sort(boxes.begin(), boxes.end(), [](const box &a, const box &b) { return a.centre.y < b.centre.y; });
  for (auto row = boxes.begin(); row != boxes.end();) {
    const auto same = [&](const box &b) { return b.centre.y - row->centre.y < std::min(b.height, row->height) / 2; };
    const auto next = std::find_if_not(row, boxes.end(), same);
    std::sort(row, next, [](const box &a, const box &b) { return a.centre.x < b.centre.x; });
    row = next;
  }
}
