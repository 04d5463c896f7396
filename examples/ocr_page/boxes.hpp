// Rectangles around lines of text.
#pragma once

#include <array>
#include <vector>

struct point {
  float x = 0, y = 0; // to the right and down, in pixels; the first pixel's centre is at 0.5
};

// A rectangle of any direction.
struct box {
  point centre;
  point along = {1, 0};      // unit vector in which the text reads; its lines follow each other 90 degrees clockwise of it
  float width = 0, height = 0; // along and across
  float score = 0;           // mean probability of text inside

  point across() const { return {-along.y, along.x}; }
  // A place in the box, as distances from the centre along and across.
  point at(float u, float v) const;
  // From the beginning of the text's upper edge, clockwise.
  std::array<point, 4> corners() const;
  // The same rectangle, read from its other end.
  box reversed() const;
};

// The smallest rectangle around the points, with its direction within 45 degrees of a picture's rows. At least one point.
box smallest_rectangle(std::vector<point> points);

// The rectangles of a map of probabilities, rows of `width`: each connected area above a threshold makes one, if it is
// probable enough, grown by what the network was trained to leave out (differentiable binarization, Liao et al. 2019).
std::vector<box> find_boxes(const std::vector<float> &probabilities, int width, int height);

// Sorts into reading order: rows from the top, each from the left.
void sort_for_reading(std::vector<box> &boxes);
