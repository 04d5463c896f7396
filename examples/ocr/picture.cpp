#include "picture.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include <png.h>

picture load_png(const std::string &path) {
  png_image image = {};
  image.version = PNG_IMAGE_VERSION;
  if (!png_image_begin_read_from_file(&image, path.c_str()))
    throw std::runtime_error(path + ": " + image.message);
  image.format = PNG_FORMAT_BGR;
  picture result;
  result.width = int(image.width);
  result.height = int(image.height);
  result.bgr.resize(PNG_IMAGE_SIZE(image));
  const png_color white = {255, 255, 255};
  if (!png_image_finish_read(&image, &white, result.bgr.data(), 0, nullptr))
    throw std::runtime_error(path + ": " + image.message);
  return result;
}

void save_png(const picture &source, const std::string &path) {
  png_image image = {};
  image.version = PNG_IMAGE_VERSION;
  image.width = png_uint_32(source.width);
  image.height = png_uint_32(source.height);
  image.format = PNG_FORMAT_BGR;
  if (!png_image_write_to_file(&image, path.c_str(), 0, source.bgr.data(), 0, nullptr))
    throw std::runtime_error(path + ": " + image.message);
}

picture turned(picture source) {
  std::reverse(source.bgr.begin(), source.bgr.end()); // each pixel's bytes too
  for (std::size_t i = 0; i < source.bgr.size(); i += 3)
    std::swap(source.bgr[i], source.bgr[i + 2]);
  return source;
}

tap::tap(int i, int count, int source) : tap((float(i) + 0.5f) * float(source) / float(count) - 0.5f, source) {}

tap::tap(float at, int source) {
  at = std::clamp(at, 0.0f, float(source - 1));
  low = int(at);
  high = std::min(low + 1, source - 1);
  part = at - float(low);
}

float mix(const picture &source, const tap &row, const tap &column, int c) {
  const auto at = [&](int y, int x) { return float(source.bgr[(std::size_t(y) * source.width + x) * 3 + c]); };
  const float top = at(row.low, column.low) + (at(row.low, column.high) - at(row.low, column.low)) * column.part;
  const float bottom = at(row.high, column.low) + (at(row.high, column.high) - at(row.high, column.low)) * column.part;
  return top + (bottom - top) * row.part;
}

line to_line(const picture &source, int narrowest, int widest) {
  const int needed = int(std::ceil(double(line::height) * source.width / source.height));
  line result;
  result.width = std::clamp((needed + 7) / 8 * 8, narrowest, widest);
  result.planes.assign(std::size_t(3) * line::height * result.width, 0.0f);

  const int width = std::min(needed, result.width);
  for (int y = 0; y < line::height; ++y) {
    const tap row(y, line::height, source.height);
    for (int x = 0; x < width; ++x) {
      const tap column(x, width, source.width);
      for (int c = 0; c < 3; ++c)
        result.planes[(std::size_t(c) * line::height + y) * result.width + x] = mix(source, row, column, c) / 127.5f - 1.0f;
    }
  }
  return result;
}
