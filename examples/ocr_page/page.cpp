#include "page.hpp"

#include "../ocr/check.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace {

constexpr int short_side = 736, long_side = 2048; // pixels that the detector sees
constexpr int grid = 32;                          // its sizes are multiples of this
constexpr float surely = 0.9f;                    // upside down
constexpr double readable = 0.5;                  // a line's confidence

int on_grid(double size) { return std::min(long_side, int(std::ceil(size / grid)) * grid); }

// What the box holds, turned so that it reads from left to right.
picture cut_out(const picture &page, const box &box) {
  picture result;
  result.width = std::max(1, int(std::lround(box.width)));
  result.height = std::max(1, int(std::lround(box.height)));
  result.bgr.reserve(std::size_t(3) * result.width * result.height);
  for (int y = 0; y < result.height; ++y)
    for (int x = 0; x < result.width; ++x) {
      const point p = box.at(float(x) + 0.5f - float(result.width) / 2, float(y) + 0.5f - float(result.height) / 2);
      const tap row(p.y - 0.5f, page.height), column(p.x - 0.5f, page.width);
      for (int c = 0; c < 3; ++c)
        result.bgr.push_back((unsigned char)std::lround(mix(page, row, column, c)));
    }
  return result;
}

} // namespace

void page_reader::models::open() {
  check(detector.open());
  check(classifier.open());
  check(recogniser.open());
}

page_reader::page_reader(const models &models, const std::string &characters, const ingot_executor *executor)
    : models_(models), executor_(executor), reader_(models.recogniser, characters, reader::widest, executor) {
  check(classifier_.init(models.classifier, executor));
}

std::vector<box> page_reader::detect(const picture &page) {
  // The same scale on both axes, so that rectangles stay rectangles; the last pixels are repeated up to the grid.
  const double scale = std::min(std::max(1.0, double(short_side) / std::min(page.width, page.height)),
                                double(long_side) / std::max(page.width, page.height));
  const int columns = on_grid(page.width * scale), rows = on_grid(page.height * scale);
  std::vector<float> planes(std::size_t(3) * rows * columns);
  for (int y = 0; y < rows; ++y) {
    const tap row(float((y + 0.5) / scale - 0.5), page.height);
    for (int x = 0; x < columns; ++x) {
      const tap column(float((x + 0.5) / scale - 0.5), page.width);
      for (int c = 0; c < 3; ++c)
        planes[(std::size_t(c) * rows + y) * columns + x] = mix(page, row, column, c) / 127.5f - 1.0f;
    }
  }

  if (columns > columns_ || rows > rows_) {
    columns_ = std::max(columns, columns_);
    rows_ = std::max(rows, rows_);
    check(detector_.init(models_.detector, {rows_, columns_}, executor_));
  }
  std::vector<float> probabilities(std::size_t(rows) * columns);
  ppocrv4_det::outputs outputs{ingot::span(probabilities)};
  check(detector_.run({rows, columns}, {ingot::view(planes)}, outputs));

  std::vector<box> boxes = find_boxes(probabilities, columns, rows);
  for (box &box : boxes) {
    box.centre.x /= float(scale);
    box.centre.y /= float(scale);
    box.width /= float(scale);
    box.height /= float(scale);
  }
  return boxes;
}

bool page_reader::upside_down(const picture &cut) {
  const line small = to_line(cut, 192, 192);
  std::array<float, 2> probabilities; // upright, upside down
  ppocr_cls::outputs outputs{ingot::span(probabilities)};
  check(classifier_.run({ingot::view(small.planes)}, outputs));
  return probabilities[1] > surely;
}

std::vector<printed_line> page_reader::read(const picture &page) {
  std::vector<box> boxes = detect(page);
  sort_for_reading(boxes);
  std::vector<printed_line> lines;
  for (box &place : boxes) {
    picture cut = cut_out(page, place);
    if (upside_down(cut)) {
      cut = turned(std::move(cut));
      place = place.reversed();
    }
    const reading read = reader_.read(to_line(cut, reader::narrowest, reader::widest));
    if (!read.text.empty() && read.confidence >= readable)
      lines.push_back({place, read});
  }
  return lines;
}
