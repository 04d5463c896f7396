#include "picture.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

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

namespace {

// Where pixel `i` of `count` falls between two of `source` pixels, centres on centres.
struct tap {
  int low, high;
  float part; // of high
  tap(int i, int count, int source) {
    const float at = std::clamp((i + 0.5f) * source / count - 0.5f, 0.0f, float(source - 1));
    low = int(at);
    high = std::min(low + 1, source - 1);
    part = at - low;
  }
};

} // namespace

line to_line(const picture &source) {
  const int width = int(std::ceil(double(line::height) * source.width / source.height));
  line result;
  result.width = std::max(320, (width + 7) / 8 * 8); // the model was trained on 320 and reads 8 columns at a time
  result.planes.assign(std::size_t(3) * line::height * result.width, 0.0f);

  for (int y = 0; y < line::height; ++y) {
    const tap v(y, line::height, source.height);
    for (int x = 0; x < width; ++x) {
      const tap u(x, width, source.width);
      for (int c = 0; c < 3; ++c) {
        const auto at = [&](int row, int column) {
          return float(source.bgr[(std::size_t(row) * source.width + column) * 3 + c]);
        };
        const float top = at(v.low, u.low) + (at(v.low, u.high) - at(v.low, u.low)) * u.part;
        const float bottom = at(v.high, u.low) + (at(v.high, u.high) - at(v.high, u.low)) * u.part;
        const float value = top + (bottom - top) * v.part;
        result.planes[(std::size_t(c) * line::height + y) * result.width + x] = value / 127.5f - 1.0f;
      }
    }
  }
  return result;
}
