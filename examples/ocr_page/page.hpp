// Reads a page: where is text, which of it is upside down, what does it say.
#pragma once

#include "../ocr/picture.hpp"
#include "../ocr/reader.hpp"
#include "boxes.hpp"
#include "ppocr_cls.hpp"
#include "ppocrv4_det.hpp"

#include <string>
#include <vector>

struct printed_line {
  box place; // `along` is the direction in which it is read
  reading read;
};

// Three networks, each with a context, on one executor. One page at a time; programs that read several at once share
// the models and have a reader each.
class page_reader {
public:
  struct models {
    ppocrv4_det::model detector;
    ppocr_cls::model classifier;
    ppocrv4_rec::model recogniser;
    void open(); // throws std::runtime_error
  };

  // `characters` as in reader. Models and executor must outlive the page reader. Throws std::runtime_error.
  page_reader(const models &models, const std::string &characters, const ingot_executor *executor);

  // In reading order.
  std::vector<printed_line> read(const picture &page);

private:
  std::vector<box> detect(const picture &page);
  bool upside_down(const picture &cut);

  const models &models_;
  const ingot_executor *executor_;
  ppocrv4_det::context detector_; // made anew when a page is larger than those before
  int columns_ = 0, rows_ = 0;    // that it has memory for
  ppocr_cls::context classifier_;
  reader reader_;
};
