#include "compiler/inspect/Layout.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <random>

using namespace ingot::inspect;

static GraphLayout draw(int nodes, const std::vector<LayoutEdge> &edges) {
  return layoutGraph(std::vector<LayoutBox>(nodes, {100, 40}), edges);
}

static int middle(const GraphLayout &g, int node) { return g.places[node].x + g.boxes[node].width / 2; }

static void expectNoOverlap(const GraphLayout &g) {
  for (size_t a = 0; a < g.boxes.size(); ++a)
    for (size_t b = a + 1; b < g.boxes.size(); ++b) {
      bool besides = g.places[a].x + g.boxes[a].width <= g.places[b].x ||
                     g.places[b].x + g.boxes[b].width <= g.places[a].x;
      bool above = g.places[a].y + g.boxes[a].height <= g.places[b].y ||
                   g.places[b].y + g.boxes[b].height <= g.places[a].y;
      ASSERT_TRUE(besides || above) << a << " and " << b;
    }
}

/// Every drawn edge can be followed: its lines end at the box that it goes to.
static void expectReached(const GraphLayout &g, const std::vector<LayoutEdge> &edges) {
  for (size_t e = 0; e < edges.size(); ++e) {
    if (std::find(g.remote.begin(), g.remote.end(), int(e)) != g.remote.end())
      continue;
    LayoutPoint top{middle(g, edges[e].to), g.places[edges[e].to].y};
    EXPECT_TRUE(std::any_of(g.lines.begin(), g.lines.end(),
                            [&](const GraphLayout::Line &line) {
                              const LayoutEdge &of = edges[line.edge];
                              return of.from == edges[e].from && of.port == edges[e].port &&
                                     line.points.back() == top;
                            }))
        << "edge " << e;
  }
}

TEST(Layout, NothingAndOne) {
  EXPECT_TRUE(draw(0, {}).places.empty());
  GraphLayout one = draw(1, {});
  EXPECT_GE(one.places[0].x, 0);
  EXPECT_LE(one.places[0].x + 100, one.width);
}

TEST(Layout, AChainIsStraightAndGoesDown) {
  GraphLayout g = draw(4, {{0, 0, 1}, {1, 0, 2}, {2, 0, 3}});
  for (int i = 1; i < 4; ++i) {
    EXPECT_EQ(g.places[i].x, g.places[0].x);
    EXPECT_GE(g.places[i].y, g.places[i - 1].y + 40);
  }
}

TEST(Layout, BranchesLieBesideEachOther) {
  GraphLayout g = draw(4, {{0, 0, 1}, {0, 0, 2}, {1, 0, 3}, {2, 0, 3}});
  EXPECT_EQ(g.places[1].y, g.places[2].y);
  expectNoOverlap(g);
  EXPECT_EQ(middle(g, 0), middle(g, 3));
}

TEST(Layout, NoCrossingWhereNoneIsNeeded) {
  // Two chains whose nodes alternate in the list, and a ladder given in the wrong order.
  GraphLayout g = draw(6, {{0, 0, 5}, {1, 0, 4}, {5, 0, 2}, {4, 0, 3}});
  EXPECT_EQ(g.places[0].x < g.places[1].x, g.places[5].x < g.places[4].x);
  EXPECT_EQ(g.places[5].x < g.places[4].x, g.places[2].x < g.places[3].x);
}

TEST(Layout, ALongEdgePassesBoxesByAndIsStraight) {
  std::vector<LayoutEdge> edges = {{0, 0, 1}, {1, 0, 2}, {2, 0, 3}, {3, 0, 4}, {0, 0, 4}};
  GraphLayout g = draw(5, edges);
  expectReached(g, edges);
  for (const auto &line : g.lines)
    for (size_t k = 1; k < line.points.size(); ++k) {
      LayoutPoint a = line.points[k - 1], b = line.points[k];
      if (a.x != b.x)
        continue;
      for (int node = 0; node < 5; ++node) // vertical parts do not cross a box
        EXPECT_FALSE(a.x > g.places[node].x && a.x < g.places[node].x + 100 && a.y < g.places[node].y &&
                     b.y > g.places[node].y + 40);
    }
}

TEST(Layout, ASourceStandsAboveItsUse) {
  GraphLayout g = draw(5, {{0, 0, 1}, {1, 0, 2}, {2, 0, 3}, {4, 0, 3}});
  EXPECT_EQ(g.places[4].y, g.places[2].y);
}

TEST(Layout, ValuesOfOneSourceShareALine) {
  // One value that three nodes of a chain use, and another one of the same node.
  std::vector<LayoutEdge> edges = {{0, 0, 1}, {1, 0, 2}, {2, 0, 3}, {0, 0, 2}, {0, 0, 3}, {0, 1, 3}};
  GraphLayout g = draw(4, edges);
  expectReached(g, edges);
  int begins = 0;
  for (const auto &line : g.lines)
    begins += line.points.front() == LayoutPoint{middle(g, 0), g.places[0].y + 40};
  EXPECT_EQ(begins, 3); // straight down, the shared one, the other value's
}

TEST(Layout, VeryLongEdgesAreRemote) {
  std::vector<LayoutEdge> edges;
  for (int i = 0; i < kMostLayers + 1; ++i)
    edges.push_back({i, 0, i + 1});
  edges.push_back({0, 0, kMostLayers + 1});
  GraphLayout g = draw(kMostLayers + 2, edges);
  EXPECT_EQ(g.remote, std::vector<int>{int(edges.size()) - 1});
}

TEST(Layout, CyclesEnd) {
  GraphLayout g = draw(3, {{0, 0, 1}, {1, 0, 2}, {2, 0, 1}});
  expectNoOverlap(g);
}

TEST(Layout, RandomGraphsAreSoundAndEqualEachTime) {
  std::mt19937 random(7);
  for (int round = 0; round < 40; ++round) {
    int n = 2 + int(random() % 120);
    std::vector<LayoutBox> boxes;
    std::vector<LayoutEdge> edges;
    for (int i = 0; i < n; ++i)
      boxes.push_back({60 + int(random() % 200), 44});
    for (int i = 1; i < n; ++i)
      for (unsigned k = random() % 4; k > 0; --k)
        edges.push_back({int(random() % i), int(random() % 2), i});
    GraphLayout g = layoutGraph(boxes, edges);
    expectNoOverlap(g);
    expectReached(g, edges);
    for (const LayoutEdge &e : edges)
      EXPECT_LT(g.places[e.from].y, g.places[e.to].y);
    for (size_t i = 0; i < boxes.size(); ++i) {
      EXPECT_GE(g.places[i].x, 0);
      EXPECT_LE(g.places[i].x + boxes[i].width, g.width);
      EXPECT_LE(g.places[i].y + boxes[i].height, g.height);
    }
    GraphLayout again = layoutGraph(boxes, edges);
    EXPECT_EQ(g.places, again.places);
    ASSERT_EQ(g.lines.size(), again.lines.size());
    for (size_t i = 0; i < g.lines.size(); ++i)
      EXPECT_EQ(g.lines[i].points, again.lines[i].points);
  }
}
