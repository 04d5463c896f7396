// The pieces within which tokens are merged. The original tokenizer first cuts out each digit, then matches,
// in what lies between,
//   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
#include "tokenizer.hpp"

#include <utf8proc.h>

namespace {

enum class kind { letter, digit, space, other, end };

struct character {
  kind what;
  std::size_t size; // in bytes
};

kind classify(utf8proc_int32_t c) {
  if ((c >= '\t' && c <= '\r') || c == 0x85)
    return kind::space;
  switch (utf8proc_category(c)) {
  case UTF8PROC_CATEGORY_LU:
  case UTF8PROC_CATEGORY_LL:
  case UTF8PROC_CATEGORY_LT:
  case UTF8PROC_CATEGORY_LM:
  case UTF8PROC_CATEGORY_LO:
    return kind::letter;
  case UTF8PROC_CATEGORY_ND:
  case UTF8PROC_CATEGORY_NL:
  case UTF8PROC_CATEGORY_NO:
    return kind::digit;
  case UTF8PROC_CATEGORY_ZS:
  case UTF8PROC_CATEGORY_ZL:
  case UTF8PROC_CATEGORY_ZP:
    return kind::space;
  default:
    return kind::other;
  }
}

// The character that the text begins with. A byte that is not UTF-8 is a character of its own.
character next(std::string_view text) {
  if (text.empty())
    return {kind::end, 0};
  utf8proc_int32_t c;
  const auto size = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t *>(text.data()),
                                     utf8proc_ssize_t(text.size()), &c);
  return size > 0 ? character{classify(c), std::size_t(size)} : character{kind::other, 1};
}

// Bytes of the characters of one kind that the text begins with, and of the last of them.
struct run {
  std::size_t size, last;
};
run run_of(kind what, std::string_view text) {
  run result = {0, 0};
  for (character c = next(text); c.what == what; c = next(text.substr(result.size)))
    result = {result.size + c.size, c.size};
  return result;
}

std::size_t contraction(std::string_view text) {
  for (std::string_view ending : {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"})
    if (text.substr(0, ending.size()) == ending)
      return ending.size();
  return 0;
}

// Bytes of the first piece of a text that is not empty.
std::size_t first_piece(std::string_view text) {
  if (const std::size_t size = contraction(text))
    return size;
  const character first = next(text);
  if (first.what == kind::digit)
    return first.size;
  // Letters, or signs, with one space in front.
  const std::size_t space = text[0] == ' ';
  const kind what = next(text.substr(space)).what;
  if (what == kind::letter || what == kind::other)
    return space + run_of(what, text.substr(space)).size;
  // Spaces up to a digit or to the end; before anything else the last one belongs to what follows, unless it
  // is the only one.
  const run spaces = run_of(kind::space, text);
  const kind after = next(text.substr(spaces.size)).what;
  const bool all = after == kind::end || after == kind::digit || spaces.size == spaces.last;
  return all ? spaces.size : spaces.size - spaces.last;
}

} // namespace

std::vector<std::string_view> split_words(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::size_t size = first_piece(text);
    words.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return words;
}
