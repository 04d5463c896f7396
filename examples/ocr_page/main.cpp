// Reads pages:  ocr_page [--threads N] [--annotate FILE.png] CHARACTERS PAGE.png...
//
// A line for each line of text, in reading order: the page, its corners from the beginning of the text's upper edge
// clockwise, the confidence, the text. --annotate writes the last page with its boxes drawn in.
#include "page.hpp"

#include "ingot/pool.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>

namespace {

void dot(picture &page, float x, float y) {
  const int column = int(x), row = int(y);
  if (column < 0 || row < 0 || column >= page.width || row >= page.height)
    return;
  static constexpr unsigned char red[] = {40, 40, 220};
  std::copy(red, red + 3, &page.bgr[(std::size_t(row) * page.width + column) * 3]);
}

// Outlines; a thicker left edge where the text begins.
void annotate(picture &page, const std::vector<printed_line> &lines) {
  for (const printed_line &line : lines) {
    const auto corners = line.place.corners();
    for (int side = 0; side < 4; ++side) {
      const point a = corners[side], b = corners[(side + 1) % 4];
      const int steps = int(std::max(std::abs(b.x - a.x), std::abs(b.y - a.y))) + 1;
      for (int i = 0; i <= steps; ++i)
        for (int thick = 0; thick < (side == 3 ? 4 : 1); ++thick)
          dot(page, a.x + (b.x - a.x) * float(i) / float(steps) - line.place.along.x * float(thick),
              a.y + (b.y - a.y) * float(i) / float(steps) - line.place.along.y * float(thick));
    }
  }
}

int run(int count, char **arguments) {
  const char *annotated = nullptr;
  int threads = 0, first = 1;
  for (; first + 1 < count && std::strncmp(arguments[first], "--", 2) == 0; first += 2) {
    if (std::strcmp(arguments[first], "--annotate") == 0)
      annotated = arguments[first + 1];
    else if (std::strcmp(arguments[first], "--threads") == 0)
      threads = std::atoi(arguments[first + 1]);
    else
      break;
  }
  if (count - first < 2 || arguments[first][0] == '-') {
    std::fprintf(stderr, "usage: ocr_page [--threads N] [--annotate FILE.png] CHARACTERS PAGE.png...\n");
    return 2;
  }

  ingot::pool pool(threads); // 0 is one for each processor; the three networks take turns on it
  page_reader::models models;
  models.open();
  page_reader reader(models, arguments[first], pool.executor());

  for (int i = first + 1; i < count; ++i) {
    picture page = load_png(arguments[i]);
    const std::string path = arguments[i], name = path.substr(path.find_last_of('/') + 1);
    const auto lines = reader.read(page);
    for (const printed_line &line : lines) {
      const auto [a, b, c, d] = line.place.corners();
      std::printf("%s\t%.0f,%.0f %.0f,%.0f %.0f,%.0f %.0f,%.0f\t%.3f\t%s\n", name.c_str(), a.x, a.y, b.x, b.y, c.x, c.y, d.x, d.y,
                  line.read.confidence, line.read.text.c_str());
    }
    if (annotated && i + 1 == count) {
      annotate(page, lines);
      save_png(page, annotated);
    }
  }
  return 0;
}

} // namespace

int main(int count, char **arguments) {
  try {
    return run(count, arguments);
  } catch (const std::exception &error) {
    std::fprintf(stderr, "ocr_page: %s\n", error.what());
    return 1;
  }
}
