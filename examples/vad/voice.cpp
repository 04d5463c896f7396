#include "voice.hpp"

#include <algorithm>

ingot::status voice_detector::init(const silero_vad::model &model, const ingot_executor *executor) {
  ingot::status done = context_.init(model, executor);
  if (done.ok())
    done = state_.init(model);
  return done;
}

void voice_detector::restart() {
  state_.reset();
  window_.fill(0.0f);
}

ingot::status voice_detector::next(const float *samples, float &probability) {
  std::copy(window_.end() - context, window_.end(), window_.begin());
  std::copy(samples, samples + frame, window_.begin() + context);
  const std::int64_t samples_a_second = rate; // an input of the network, though this one hears no other rate
  silero_vad::outputs outputs{ingot::span(&probability, 1)};
  return context_.run({ingot::view(window_), ingot::view(&samples_a_second, 1)}, state_, outputs);
}

std::optional<segment> segmenter::next(float probability) {
  const std::int64_t here = at_;
  at_ += voice_detector::frame;
  if (probability >= threshold) {
    quiet_.reset();
    if (!begin_)
      begin_ = here;
  } else if (probability < release && begin_) {
    if (!quiet_)
      quiet_ = here;
    if (here - *quiet_ >= silence)
      return close(*quiet_, at_);
  }
  return std::nullopt;
}

std::optional<segment> segmenter::finish(std::int64_t samples) {
  return begin_ ? close(samples, samples) : std::nullopt;
}

std::optional<segment> segmenter::close(std::int64_t end, std::int64_t limit) {
  const std::int64_t begin = *begin_;
  begin_.reset();
  quiet_.reset();
  if (end - begin <= shortest)
    return std::nullopt;
  return segment{std::max<std::int64_t>(0, begin - margin), std::min(limit, end + margin)};
}
