// normalize_strings.hpp - ONNX StringNormalizer: strings without stop words, in one case.
#ifndef INGOT_OPS_NORMALIZE_STRINGS_HPP
#define INGOT_OPS_NORMALIZE_STRINGS_HPP

#include "element.hpp"

namespace ingot {
namespace {
namespace ops {

// Lower and upper case of letters whose two cases have UTF-8 forms of one length: ASCII, Latin-1, Latin Extended-A, Greek, Cyrillic.
inline uint32_t other_case(uint32_t c, bool lower) {
  auto pair = [&](uint32_t first, uint32_t last, uint32_t distance) { // capitals first…last
    const uint32_t from = lower ? first : first + distance, to = lower ? last : last + distance;
    return c >= from && c <= to;
  };
  auto moved = [&](uint32_t distance) { return lower ? c + distance : c - distance; };
  if (pair('A', 'Z', 32))
    return moved(32);
  if (pair(0xc0, 0xde, 32) && c != 0xd7 && c != 0xf7)
    return moved(32);
  if ((c >= 0x100 && c <= 0x12f) || (c >= 0x132 && c <= 0x137) || (c >= 0x14a && c <= 0x177)) // even capitals
    return lower ? c | 1 : c & ~1u;
  if (pair(0x391, 0x3a9, 32) && c != 0x3c2)
    return moved(32);
  if (pair(0x410, 0x42f, 32))
    return moved(32);
  if (pair(0x400, 0x40f, 80))
    return moved(80);
  return c;
}

inline void convert_case(char *text, size_t size, bool lower) {
  for (size_t i = 0; i < size; ++i) {
    const unsigned char c = static_cast<unsigned char>(text[i]);
    if (c < 0x80) {
      text[i] = char(other_case(c, lower));
    } else if (c >= 0xc2 && c < 0xe0 && i + 1 < size) { // two bytes
      const uint32_t point = other_case((c & 0x1fu) << 6 | (static_cast<unsigned char>(text[i + 1]) & 0x3fu), lower);
      text[i] = char(0xc0 | point >> 6);
      text[++i] = char(0x80 | (point & 0x3f));
    }
  }
}

inline bool copy_string(ingot_arena *tail, const ingot_string &from, ingot_string *to) {
  char *text = static_cast<char *>(ingot_arena_take(tail, from.size));
  if (text && from.size)
    memcpy(text, from.data, from.size);
  *to = {text, from.size};
  return text;
}
inline bool same_word(ingot_arena *tail, const ingot_string &a, const ingot_string &b, bool case_sensitive, bool *room) {
  if (case_sensitive || a.size != b.size)
    return compare(a, b) == 0;
  const size_t mark = ingot_arena_mark(tail);
  ingot_string x, y;
  if (!copy_string(tail, a, &x) || !copy_string(tail, b, &y))
    return *room = false;
  convert_case(const_cast<char *>(x.data), x.size, true);
  convert_case(const_cast<char *>(y.data), y.size, true);
  ingot_arena_release(tail, mark);
  return compare(x, y) == 0;
}

// `change` is 1 for lower case, 2 for upper case. If nothing is left the result is one empty string.
template <class X, class W, class Y, class S>
ingot_status normalize_strings(ingot_error *error, ingot_arena *tail, int64_t case_sensitive, int64_t change, X x, W stopwords, Y y,
                               S size) {
  bool room = true;
  int64_t kept = 0;
  for (int64_t i = 0, n = x.count(); i < n; ++i) {
    bool stop = false;
    for (int64_t k = 0; k < stopwords.count() && !stop; ++k)
      stop = same_word(tail, x.data[i], stopwords.data[k], case_sensitive != 0, &room);
    if (stop)
      continue;
    y.data[kept] = x.data[i];
    if (change) {
      room &= copy_string(tail, x.data[i], &y.data[kept]);
      if (room)
        convert_case(const_cast<char *>(y.data[kept].data), y.data[kept].size, change == 1);
    }
    if (!room)
      return no_room(error, tail);
    ++kept;
  }
  if (!kept)
    y.data[kept++] = {"", 0};
  size.data[0] = kept;
  return INGOT_OK;
}

} // namespace ops
} // namespace
} // namespace ingot

#endif
