// Reads text in pictures:  ocr CHARACTERS PICTURE.png...
//
// The network is ppocrv4_rec, compiled by Ingot; this program is the part around it.
#include "check.hpp"
#include "picture.hpp"
#include "reader.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

namespace {

int run(int count, char **arguments) {
  if (count < 3) {
    std::fprintf(stderr, "usage: ocr CHARACTERS PICTURE.png...\n");
    return 2;
  }
  std::vector<line> lines;
  for (int i = 2; i < count; ++i)
    lines.push_back(to_line(load_png(arguments[i]), reader::narrowest, reader::widest));
  int widest = 0;
  for (const line &line : lines)
    widest = std::max(widest, line.width);

  ppocrv4_rec::model model;
  check(model.open());
  reader reader(model, arguments[1], widest);

  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto begin = std::chrono::steady_clock::now();
    const reading read = reader.read(lines[i]);
    const std::chrono::duration<double, std::milli> spent = std::chrono::steady_clock::now() - begin;
    const std::string path = arguments[i + 2];
    std::printf("%s\t%s\t%.3f\t%.1f ms\n", path.substr(path.find_last_of('/') + 1).c_str(), read.text.c_str(),
                read.confidence, spent.count());
  }
  return 0;
}

} // namespace

int main(int count, char **arguments) {
  try {
    return run(count, arguments);
  } catch (const std::exception &error) {
    std::fprintf(stderr, "ocr: %s\n", error.what());
    return 1;
  }
}
