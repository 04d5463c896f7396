// Sound from a WAV stream, also from a pipe whose writer does not know the length yet.
#pragma once

#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

class wav_reader {
public:
  // Reads the header, up to the first sample; false with a reason in error(). The stream stays the caller's.
  bool open(std::FILE *stream);
  // Samples in [-1, 1], the mean of all channels; fewer than `count` only where the sound ends.
  std::size_t read(float *samples, std::size_t count);

  int rate() const { return rate_; } // samples a second
  const std::string &error() const { return error_; }

private:
  bool fail(const std::string &why);
  bool skip(std::size_t bytes);

  std::FILE *stream_ = nullptr;
  int rate_ = 0;
  std::size_t channels_ = 0, sample_bytes_ = 0;
  std::size_t left_ = 0; // bytes of sound
  std::vector<unsigned char> bytes_;
  std::string error_;
};
