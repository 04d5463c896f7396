// Pictures, and lines of text as the networks want them.
#pragma once

#include <string>
#include <vector>

struct picture {
  int width = 0, height = 0;
  std::vector<unsigned char> bgr; // rows of width * 3 bytes
};

// Throws std::runtime_error with libpng's message.
picture load_png(const std::string &path);
void save_png(const picture &source, const std::string &path);

// Upside down.
picture turned(picture source);

// Where element `i` of `count` falls between two of `source` elements, centres on centres: the bilinear filter along one axis.
struct tap {
  int low, high;
  float part; // of high
  tap(int i, int count, int source);
  tap(float at, int source); // at a place counted in source elements, 0 being the first one's centre
};

// Of channel c at the crossing of two taps, in 0..255.
float mix(const picture &source, const tap &row, const tap &column, int c);

// One line of text: planes of blue, green, red in [-1, 1]; grey fills the right.
struct line {
  static constexpr int height = 48;
  int width = 0;
  std::vector<float> planes; // [3][height][width]
};

// Scaled to 48 rows. The width is `narrowest` or what the picture needs, a multiple of 8, but at most `widest`.
line to_line(const picture &source, int narrowest, int widest);
