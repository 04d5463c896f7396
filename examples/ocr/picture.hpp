// Pictures as the recogniser wants them.
#pragma once

#include <string>
#include <vector>

struct picture {
  int width = 0, height = 0;
  std::vector<unsigned char> bgr; // rows of width * 3 bytes
};

// Throws std::runtime_error with libpng's message.
picture load_png(const std::string &path);

// One line of text, planes of blue, green, red in [-1, 1]; `width` is a multiple of 8, grey fills the right.
struct line {
  static constexpr int height = 48;
  int width = 0;
  std::vector<float> planes; // [3][height][width]
};

line to_line(const picture &source);
