// Where somebody speaks in a sound:  vad [--frames] FILE.wav, or - for standard input
//
// Writes a line for each stretch of speech as soon as it has ended: its begin and end in seconds. With --frames
// instead a line for each 32 ms: its begin and the probability of speech.
#include "voice.hpp"
#include "wav.hpp"

#include <array>
#include <cstdio>
#include <cstring>
#include <memory>

namespace {

int complain(const char *what, const char *why) {
  std::fprintf(stderr, "vad: %s: %s\n", what, why);
  return 1;
}

void print(const std::optional<segment> &found) {
  if (!found)
    return;
  std::printf("%.3f\t%.3f\n", double(found->begin) / voice_detector::rate, double(found->end) / voice_detector::rate);
  std::fflush(stdout); // whoever listens live wants it now
}

int listen(std::FILE *stream, const char *name, bool frames) {
  wav_reader sound;
  if (!sound.open(stream))
    return complain(name, sound.error().c_str());
  if (sound.rate() != voice_detector::rate)
    return complain(name, ("has " + std::to_string(sound.rate()) + " samples a second, 16000 are expected").c_str());

  silero_vad::model model;
  voice_detector detector;
  ingot::status done = model.open();
  if (done.ok())
    done = detector.init(model);
  if (!done.ok())
    return complain("silero_vad", done.text());

  segmenter segments;
  std::int64_t samples = 0;
  std::array<float, voice_detector::frame> frame;
  while (const std::size_t got = sound.read(frame.data(), frame.size())) {
    std::fill(frame.begin() + got, frame.end(), 0.0f); // the last one may be short
    float probability = 0;
    done = detector.next(frame.data(), probability);
    if (!done.ok())
      return complain("silero_vad", done.text());
    if (frames)
      std::printf("%.3f\t%.6f\n", double(samples) / voice_detector::rate, probability);
    else
      print(segments.next(probability));
    samples += std::int64_t(got);
  }
  if (!frames)
    print(segments.finish(samples));
  return 0;
}

} // namespace

int main(int count, char **arguments) {
  const bool frames = count == 3 && std::strcmp(arguments[1], "--frames") == 0;
  if (count != 2 + frames) {
    std::fprintf(stderr, "usage: vad [--frames] FILE.wav, or - for standard input\n");
    return 2;
  }
  const char *name = arguments[count - 1];
  if (std::strcmp(name, "-") == 0)
    return listen(stdin, "standard input", frames);
  const std::unique_ptr<std::FILE, int (*)(std::FILE *)> file(std::fopen(name, "rb"), std::fclose);
  return file ? listen(file.get(), name, frames) : complain(name, "cannot be read");
}
