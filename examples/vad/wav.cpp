#include "wav.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace {

constexpr unsigned pcm = 1, ieee_float = 3, extensible = 0xFFFE;

std::uint32_t little(const unsigned char *bytes, int count) {
  std::uint32_t value = 0;
  for (int i = count; i-- > 0;)
    value = value << 8 | bytes[i];
  return value;
}

bool is(const unsigned char *bytes, const char *tag) { return std::memcmp(bytes, tag, 4) == 0; }

// One sample of 2 bytes (integer) or 4 (float).
float sample(const unsigned char *bytes, std::size_t size) {
  if (size == 2)
    return float(std::int16_t(little(bytes, 2))) / 32768.0f;
  const std::uint32_t bits = little(bytes, 4);
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

} // namespace

bool wav_reader::fail(const std::string &why) {
  error_ = why;
  return false;
}

// Not fseek: a pipe cannot.
bool wav_reader::skip(std::size_t bytes) {
  unsigned char scrap[512];
  while (bytes > 0) {
    const std::size_t got = std::fread(scrap, 1, std::min(bytes, sizeof scrap), stream_);
    if (got == 0)
      return false;
    bytes -= got;
  }
  return true;
}

bool wav_reader::open(std::FILE *stream) {
  stream_ = stream;
  channels_ = 0;
  unsigned char head[12];
  if (std::fread(head, 1, 12, stream) != 12 || !is(head, "RIFF") || !is(head + 8, "WAVE"))
    return fail("not a WAV file");
  for (;;) {
    unsigned char chunk[8], format[40] = {};
    if (std::fread(chunk, 1, 8, stream) != 8)
      return fail("a WAV file without sound");
    const std::size_t size = little(chunk + 4, 4), padded = size + size % 2;
    if (is(chunk, "data")) {
      if (channels_ == 0)
        return fail("a WAV file that does not say its format before its sound");
      // Who writes into a pipe puts 0 or the largest number here: then the sound ends where the stream does.
      left_ = size == 0 || size >= 0x7FFFFFFF ? SIZE_MAX : size;
      return true;
    }
    if (!is(chunk, "fmt ")) {
      if (!skip(padded))
        return fail("a WAV file that ends within its header");
      continue;
    }
    const std::size_t known = std::min(padded, sizeof format);
    if (size < 16 || std::fread(format, 1, known, stream) != known || !skip(padded - known))
      return fail("a WAV file that ends within its header");
    unsigned kind = little(format, 2);
    if (kind == extensible && size >= 26)
      kind = little(format + 24, 2);
    const unsigned bits = little(format + 14, 2);
    if (!(kind == pcm && bits == 16) && !(kind == ieee_float && bits == 32))
      return fail("format " + std::to_string(kind) + " of " + std::to_string(bits) + " bits; 16-bit integers and 32-bit floats are read");
    channels_ = little(format + 2, 2);
    rate_ = int(little(format + 4, 4));
    sample_bytes_ = bits / 8;
    if (channels_ == 0 || rate_ <= 0)
      return fail("a WAV file without channels or without a rate");
  }
}

std::size_t wav_reader::read(float *samples, std::size_t count) {
  const std::size_t step = channels_ * sample_bytes_;
  bytes_.resize(count * step);
  const std::size_t got = std::fread(bytes_.data(), 1, std::min(bytes_.size(), left_), stream_) / step;
  if (left_ != SIZE_MAX)
    left_ -= std::min(left_, got * step);
  for (std::size_t i = 0; i < got; ++i) {
    float sum = 0;
    for (std::size_t c = 0; c < channels_; ++c)
      sum += sample(&bytes_[i * step + c * sample_bytes_], sample_bytes_);
    samples[i] = sum / float(channels_);
  }
  return got;
}
