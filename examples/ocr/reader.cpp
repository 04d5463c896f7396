#include "reader.hpp"

#include "check.hpp"

#include <algorithm>
#include <fstream>

namespace {

// Class 0 is "nothing here", the last class is a space.
std::vector<std::string> load_characters(const std::string &path) {
  std::ifstream file(path);
  if (!file)
    throw std::runtime_error(path + ": cannot be read");
  std::vector<std::string> characters = {""};
  for (std::string one; std::getline(file, one);)
    characters.push_back(one);
  characters.push_back(" ");
  return characters;
}

} // namespace

reader::reader(const ppocrv4_rec::model &model, const std::string &characters, int columns, const ingot_executor *executor)
    : characters_(load_characters(characters)) {
  check(context_.init(model, {columns}, executor));
}

reading reader::read(const line &line) {
  scores_.resize(line.width / 8 * characters_.size());
  ppocrv4_rec::outputs outputs{ingot::span(scores_)};
  check(context_.run({line.width}, {ingot::view(line.planes)}, outputs));
  return decode();
}

// Connectionist temporal classification, greedily: the best class of each step, repetitions once, blanks not at all.
reading reader::decode() const {
  reading result;
  std::size_t previous = 0, letters = 0;
  for (auto row = scores_.begin(); row != scores_.end(); row += characters_.size()) {
    const auto best = std::max_element(row, row + characters_.size());
    const std::size_t kind = best - row;
    if (kind != 0 && kind != previous) {
      result.text += characters_[kind];
      result.confidence += *best;
      ++letters;
    }
    previous = kind;
  }
  if (letters)
    result.confidence /= double(letters);
  return result;
}
