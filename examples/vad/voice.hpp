// Where somebody speaks: the network's probability of each frame, and the segments that they make.
#pragma once

#include "silero_vad.hpp"

#include <array>
#include <cstdint>
#include <optional>

// The network over a stream of frames. What it remembers between them is the model's state: in memory of its own,
// so that one open model serves any number of streams.
class voice_detector {
public:
  static constexpr int rate = 16000;   // samples a second
  static constexpr int frame = 512;    // new samples of each step: 32 ms
  static constexpr int context = 64;   // samples of the step before, which the network sees again

  // The model must outlive the detector. `executor` may be 0: the network is small, one thread is enough.
  ingot::status init(const silero_vad::model &model, const ingot_executor *executor = nullptr);
  // Another stream begins.
  void restart();
  // The probability in [0, 1] that somebody speaks in the next `frame` samples.
  ingot::status next(const float *samples, float &probability);

private:
  silero_vad::context context_;
  silero_vad::state state_;
  std::array<float, context + frame> window_ = {};
};

// Samples [begin, end).
struct segment {
  std::int64_t begin, end;
};

// Speech begins where the probability reaches `threshold` and ends where it stays below `release` for `silence`
// samples; what is shorter than `shortest` is none, the rest gets `margin` samples more on both sides. These are the
// rules and numbers of Silero's own get_speech_timestamps.
class segmenter {
public:
  static constexpr float threshold = 0.5f, release = 0.35f;
  static constexpr std::int64_t silence = voice_detector::rate / 10, shortest = voice_detector::rate / 4,
                                margin = voice_detector::rate * 3 / 100;

  // The next frame's probability; a segment when this frame shows that one has ended.
  std::optional<segment> next(float probability);
  // The stream has ended after so many samples; the segment that was open then.
  std::optional<segment> finish(std::int64_t samples);

private:
  std::optional<segment> close(std::int64_t end, std::int64_t limit);

  std::int64_t at_ = 0; // the next frame's first sample
  std::optional<std::int64_t> begin_, quiet_;
};
