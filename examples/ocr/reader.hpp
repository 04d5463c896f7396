// The recogniser: from a picture of one line to its text.
#pragma once

#include "picture.hpp"
#include "ppocrv4_rec.hpp"

#include <string>
#include <vector>

struct reading {
  std::string text;
  double confidence = 0; // mean probability of its characters; 0 if there are none
};

class reader {
public:
  static constexpr int narrowest = 320, widest = 2048; // columns: as in training; as compiled

  // `characters` names a file with the characters that the network knows, one a line. The model must outlive the
  // reader; `columns` is the widest line that memory is taken for. Throws std::runtime_error.
  reader(const ppocrv4_rec::model &model, const std::string &characters, int columns, const ingot_executor *executor = nullptr);

  // A line of at most so many columns.
  reading read(const line &line);

private:
  reading decode() const;

  std::vector<std::string> characters_;
  ppocrv4_rec::context context_; // holds the workspace; run() itself allocates nothing
  std::vector<float> scores_;    // [step][character]
};
