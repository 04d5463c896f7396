// Reads text in pictures:  ocr CHARACTERS PICTURE.png...
//
// The network is ppocrv4_rec, compiled by Ingot; this program is the part around it.
#include "picture.hpp"
#include "ppocrv4_rec.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

// Class 0 is "nothing here", the last class is a space.
std::vector<std::string> load_characters(const char *path) {
  std::ifstream file(path);
  if (!file)
    throw std::runtime_error(std::string(path) + ": cannot be read");
  std::vector<std::string> characters = {""};
  for (std::string one; std::getline(file, one);)
    characters.push_back(one);
  characters.push_back(" ");
  return characters;
}

struct reading {
  std::string text;
  double confidence = 0;
};

// Connectionist temporal classification, greedily: the best class of each step, repetitions once, blanks not at all.
reading decode(const std::vector<float> &scores, const std::vector<std::string> &characters) {
  reading result;
  std::size_t previous = 0, letters = 0;
  for (auto row = scores.begin(); row != scores.end(); row += characters.size()) {
    const auto best = std::max_element(row, row + characters.size());
    const std::size_t kind = best - row;
    if (kind != 0 && kind != previous) {
      result.text += characters[kind];
      result.confidence += *best;
      ++letters;
    }
    previous = kind;
  }
  if (letters)
    result.confidence /= double(letters);
  return result;
}

void check(const ingot::status &status) {
  if (!status.ok())
    throw std::runtime_error(status.text());
}

int run(int count, char **arguments) {
  if (count < 3) {
    std::fprintf(stderr, "usage: ocr CHARACTERS PICTURE.png...\n");
    return 2;
  }
  const auto characters = load_characters(arguments[1]);
  std::vector<line> lines;
  for (int i = 2; i < count; ++i)
    lines.push_back(to_line(load_png(arguments[i])));
  int widest = 0;
  for (const line &line : lines)
    widest = std::max(widest, line.width);

  ppocrv4_rec::model model;
  check(model.open());
  ppocrv4_rec::context context; // holds the workspace; run() itself allocates nothing
  check(context.init(model, {widest}));

  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::vector<float> scores(lines[i].width / 8 * characters.size());
    ppocrv4_rec_outputs outputs{ingot::span(scores)};
    const auto begin = std::chrono::steady_clock::now();
    check(context.run({lines[i].width}, {ingot::view(lines[i].planes)}, outputs));
    const std::chrono::duration<double, std::milli> spent = std::chrono::steady_clock::now() - begin;

    const reading read = decode(scores, characters);
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
