#include "wordpiece.hpp"

#include <utf8proc.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <stdexcept>

namespace {

constexpr std::size_t longest_word = 100; // in characters; a longer one is unknown

// The other controls that separate lines are left out as controls.
bool is_space(char32_t c) {
  if (c == '\t' || c == '\n' || c == '\r')
    return true;
  const auto category = utf8proc_category(utf8proc_int32_t(c));
  return category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL ||
         category == UTF8PROC_CATEGORY_ZP;
}

// Controls, formats, surrogates, private use: nothing that is read.
bool is_control(char32_t c) {
  const auto category = utf8proc_category(utf8proc_int32_t(c));
  return category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_CF ||
         category == UTF8PROC_CATEGORY_CS || category == UTF8PROC_CATEGORY_CO;
}

// All of ASCII that is neither letter, digit nor space counts, "$" and "~" too.
bool is_punctuation(char32_t c) {
  if (c < 0x80)
    return c > ' ' && c < 0x7f && !(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') &&
           !(c >= 'a' && c <= 'z');
  const auto category = utf8proc_category(utf8proc_int32_t(c));
  return category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_PO;
}

// Ideographs, of which each is a word. Kana and Hangul are not.
bool is_ideograph(char32_t c) {
  constexpr struct {
    char32_t first, last;
  } blocks[] = {{0x4E00, 0x9FFF},   {0x3400, 0x4DBF},   {0x20000, 0x2A6DF}, {0x2A700, 0x2B73F},
                {0x2B740, 0x2B81F}, {0x2B920, 0x2CEAF}, {0xF900, 0xFAFF},   {0x2F800, 0x2FA1F}};
  for (const auto &block : blocks)
    if (c >= block.first && c <= block.last)
      return true;
  return false;
}

std::u32string decode(std::string_view text) {
  std::u32string result;
  while (!text.empty()) {
    utf8proc_int32_t c;
    const auto size = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t *>(text.data()),
                                       utf8proc_ssize_t(text.size()), &c);
    if (size > 0)
      result += char32_t(c);
    text.remove_prefix(size > 0 ? std::size_t(size) : 1);
  }
  return result;
}

void append(std::string &text, char32_t c) {
  utf8proc_uint8_t bytes[4];
  text.append(reinterpret_cast<char *>(bytes), std::size_t(utf8proc_encode_char(utf8proc_int32_t(c), bytes)));
}

// Canonical decomposition (NFD).
std::u32string decompose(const std::u32string &text) {
  std::string encoded;
  for (char32_t c : text)
    append(encoded, c);
  utf8proc_uint8_t *result = nullptr;
  const auto size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t *>(encoded.data()),
                                 utf8proc_ssize_t(encoded.size()), &result,
                                 utf8proc_option_t(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE));
  if (size < 0)
    throw std::runtime_error(utf8proc_errmsg(size));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(result, std::free);
  return decode({reinterpret_cast<char *>(result), std::size_t(size)});
}

// Lower case, without accents, spaces around ideographs, no controls.
std::u32string normalise(std::string_view text) {
  std::u32string clean;
  for (char32_t c : decode(text)) {
    if (is_space(c))
      clean += U' ';
    else if (c == 0xFFFD || is_control(c))
      continue;
    else if (is_ideograph(c))
      clean += {U' ', c, U' '};
    else
      clean += c;
  }
  std::u32string result;
  for (char32_t c : decompose(clean))
    if (utf8proc_category(utf8proc_int32_t(c)) != UTF8PROC_CATEGORY_MN)
      result += char32_t(utf8proc_tolower(utf8proc_int32_t(c)));
  return result;
}

} // namespace

wordpiece::wordpiece(const char *vocabulary) {
  std::ifstream file(vocabulary);
  for (std::string piece; std::getline(file, piece);)
    numbers.emplace(piece, std::int64_t(numbers.size()));
  if (!file.eof())
    throw std::runtime_error(std::string(vocabulary) + ": cannot be read");
  unknown = find("[UNK]"), first = find("[CLS]"), last = find("[SEP]");
  if (unknown < 0 || first < 0 || last < 0)
    throw std::runtime_error(std::string(vocabulary) + ": no [UNK], [CLS] or [SEP]");
}

std::int64_t wordpiece::find(const std::string &piece) const {
  const auto found = numbers.find(piece);
  return found == numbers.end() ? -1 : found->second;
}

// The longest piece that the word begins with, then the longest of what is left, which begins with "##". A
// word with a part that no piece fits is unknown as a whole.
void wordpiece::encode_word(const std::u32string &word, std::vector<std::int64_t> &pieces) const {
  const std::size_t before = pieces.size();
  std::size_t begin = 0;
  while (begin < word.size() && word.size() <= longest_word) {
    std::int64_t number = -1;
    std::size_t end = begin;
    std::string piece = begin ? "##" : "";
    for (std::size_t i = begin; i < word.size(); ++i) {
      append(piece, word[i]);
      if (const auto longer = find(piece); longer >= 0)
        number = longer, end = i + 1;
    }
    if (number < 0)
      break;
    pieces.push_back(number);
    begin = end;
  }
  if (begin < word.size()) {
    pieces.resize(before);
    pieces.push_back(unknown);
  }
}

std::vector<std::int64_t> wordpiece::encode(std::string_view text, std::size_t limit) const {
  std::vector<std::int64_t> pieces = {first};
  std::u32string word;
  const auto close = [&] {
    if (!word.empty())
      encode_word(word, pieces);
    word.clear();
  };
  for (char32_t c : normalise(text)) {
    if (pieces.size() >= limit)
      break;
    if (is_space(c)) {
      close();
    } else if (is_punctuation(c)) {
      close();
      encode_word({c}, pieces);
    } else {
      word += c;
    }
  }
  close();
  if (pieces.size() >= limit)
    pieces.resize(limit - 1);
  pieces.push_back(last);
  return pieces;
}
