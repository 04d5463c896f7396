// substrings.hpp - the parts of a string, for ONNX StringSplit.
#ifndef INGOT_OPS_SUBSTRINGS_HPP
#define INGOT_OPS_SUBSTRINGS_HPP

#include "element.hpp"

namespace ingot {
namespace {
namespace ops {

inline bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// Calls part(k, data, size) for each part and returns their number, as Python's str.split: without a delimiter runs of white space
// separate, and there are no empty parts. At most `most` separations are made, if it is not negative.
template <class Part>
inline int64_t for_substrings(const ingot_string &text, const ingot_string &delimiter, int64_t most, Part part) {
  const char *at = text.data, *end = text.data + text.size;
  int64_t k = 0;
  if (delimiter.size) {
    for (const char *p = at; size_t(end - p) >= delimiter.size && (most < 0 || k < most);)
      if (memcmp(p, delimiter.data, delimiter.size) == 0) {
        part(k++, at, size_t(p - at));
        at = p += delimiter.size;
      } else {
        ++p;
      }
    part(k++, at, size_t(end - at));
    return k;
  }
  for (;;) {
    while (at != end && is_space(*at))
      ++at;
    if (at == end)
      return k;
    const char *p = at;
    while (p != end && (!is_space(*p) || k == most))
      ++p;
    part(k++, at, size_t(p - at));
    at = p;
  }
}

} // namespace ops
} // namespace
} // namespace ingot

#endif
