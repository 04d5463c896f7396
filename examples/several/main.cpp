// Goes through files with three networks and several threads:  several [--workers N] [--threads N] CHARACTERS FILE...
//
// Of a .png: the line of text in it, turned if it is upside down. Of a .wav: where somebody speaks. A line for each file,
// in the order given. Models are open once, for all threads; each worker has a context per model (and the detector's
// state); all runs divide their work on one pool.
#include "../ocr/check.hpp"
#include "../ocr/picture.hpp"
#include "../ocr/reader.hpp"
#include "../vad/voice.hpp"
#include "../vad/wav.hpp"
#include "ppocr_cls.hpp"

#include "ingot/pool.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

struct models {
  ppocr_cls::model classifier;
  ppocrv4_rec::model recogniser;
  silero_vad::model detector;

  void open() {
    check(classifier.open());
    check(recogniser.open());
    check(detector.open());
  }
};

// What one thread needs for itself.
class worker {
public:
  worker(const models &models, const std::string &characters, const ingot_executor *executor)
      : reader_(models.recogniser, characters, reader::widest, executor) {
    check(classifier_.init(models.classifier, executor));
    check(detector_.init(models.detector, executor));
  }

  std::string look(const std::string &path) {
    if (ends_with(path, ".png"))
      return text(path);
    if (ends_with(path, ".wav"))
      return speech(path);
    throw std::runtime_error(path + ": neither .png nor .wav");
  }

private:
  static bool ends_with(const std::string &text, const std::string &end) {
    return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
  }

  std::string text(const std::string &path) {
    picture source = load_png(path);
    std::array<float, 2> probabilities; // upright, upside down
    ppocr_cls::outputs outputs{ingot::span(probabilities)};
    check(classifier_.run({ingot::view(to_line(source, 192, 192).planes)}, outputs));
    const bool turn = probabilities[1] > 0.9f;
    if (turn)
      source = turned(std::move(source));
    return (turn ? "upside down\t" : "text\t") + reader_.read(to_line(source, reader::narrowest, reader::widest)).text;
  }

  std::string speech(const std::string &path) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE *)> file(std::fopen(path.c_str(), "rb"), std::fclose);
    wav_reader sound;
    if (!file || !sound.open(file.get()))
      throw std::runtime_error(path + ": " + (file ? sound.error() : "cannot be read"));
    if (sound.rate() != voice_detector::rate)
      throw std::runtime_error(path + ": not " + std::to_string(voice_detector::rate) + " samples a second");

    std::string result = "speech";
    const auto add = [&](const std::optional<segment> &found) {
      char text[64];
      if (found) {
        std::snprintf(text, sizeof text, "\t%.3f-%.3f", double(found->begin) / voice_detector::rate,
                      double(found->end) / voice_detector::rate);
        result += text;
      }
    };
    segmenter segments;
    std::int64_t samples = 0;
    std::array<float, voice_detector::frame> frame;
    detector_.restart();
    while (const std::size_t got = sound.read(frame.data(), frame.size())) {
      std::fill(frame.begin() + got, frame.end(), 0.0f);
      float probability = 0;
      check(detector_.next(frame.data(), probability));
      add(segments.next(probability));
      samples += std::int64_t(got);
    }
    add(segments.finish(samples));
    return result;
  }

  ppocr_cls::context classifier_;
  reader reader_;
  voice_detector detector_;
};

struct finding {
  std::string text;
  bool failed = false;
};

int run(int count, char **arguments) {
  int workers = 4, threads = 0, first = 1;
  for (; first + 1 < count && std::strncmp(arguments[first], "--", 2) == 0; first += 2) {
    if (std::strcmp(arguments[first], "--workers") == 0)
      workers = std::atoi(arguments[first + 1]);
    else if (std::strcmp(arguments[first], "--threads") == 0)
      threads = std::atoi(arguments[first + 1]);
    else
      break;
  }
  if (count - first < 2 || arguments[first][0] == '-' || workers < 1) {
    std::fprintf(stderr, "usage: several [--workers N] [--threads N] CHARACTERS FILE...\n");
    return 2;
  }
  const std::vector<std::string> paths(arguments + first + 1, arguments + count);

  // Declared before what uses them, so destroyed after it.
  ingot::pool pool(threads);
  models models;
  models.open();
  std::vector<std::unique_ptr<worker>> team;
  for (int i = 0; i < workers; ++i)
    team.push_back(std::make_unique<worker>(models, arguments[first], pool.executor()));

  std::vector<finding> findings(paths.size());
  std::atomic<std::size_t> next{0};
  const auto work = [&](worker &worker) {
    for (std::size_t i; (i = next++) < paths.size();) {
      try {
        findings[i].text = worker.look(paths[i]);
      } catch (const std::exception &error) { // concerns this file; the worker goes on with the next
        findings[i] = {error.what(), true};
      }
    }
  };
  std::vector<std::thread> crew;
  for (const auto &worker : team)
    crew.emplace_back(work, std::ref(*worker));
  for (std::thread &thread : crew)
    thread.join();

  int failed = 0;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (findings[i].failed)
      std::fprintf(stderr, "several: %s\n", findings[i].text.c_str());
    else
      std::printf("%s\t%s\n", paths[i].substr(paths[i].find_last_of('/') + 1).c_str(), findings[i].text.c_str());
    failed |= findings[i].failed;
  }
  return failed;
}

} // namespace

int main(int count, char **arguments) {
  try {
    return run(count, arguments);
  } catch (const std::exception &error) {
    std::fprintf(stderr, "several: %s\n", error.what());
    return 1;
  }
}
