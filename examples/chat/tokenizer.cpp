#include "tokenizer.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>

namespace {

// BPE's printable spelling: bytes that print in Latin-1 stand for themselves, the others are 256, 257, … in
// their order.
struct spelling_of_bytes {
  int byte_of[512];           // by code point; -1: none
  std::string character[256]; // by byte, as UTF-8

  spelling_of_bytes() {
    std::fill(std::begin(byte_of), std::end(byte_of), -1);
    int other = 256;
    for (int byte = 0; byte < 256; ++byte) {
      const bool prints = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte != 0xad);
      const int code = prints ? byte : other++;
      byte_of[code] = byte;
      utf8proc_uint8_t encoded[4];
      character[byte].assign(reinterpret_cast<char *>(encoded),
                             std::size_t(utf8proc_encode_char(code, encoded)));
    }
  }
};

// The bytes that a spelling stands for; a spelling that is none stands for itself.
std::string bytes_of(const std::string &spelling, const spelling_of_bytes &table) {
  std::string bytes;
  for (std::size_t at = 0; at < spelling.size();) {
    utf8proc_int32_t code;
    const auto size = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t *>(&spelling[at]),
                                       utf8proc_ssize_t(spelling.size() - at), &code);
    if (size <= 0 || code >= 512 || table.byte_of[code] < 0)
      return spelling;
    bytes += char(table.byte_of[code]);
    at += std::size_t(size);
  }
  return bytes;
}

std::vector<std::string> read_lines(const char *path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);)
    lines.push_back(line);
  if (!file.eof())
    throw std::runtime_error(std::string(path) + ": cannot be read");
  return lines;
}

std::uint64_t key(tokenizer::token left, tokenizer::token right) {
  return std::uint64_t(left) << 32 | std::uint64_t(right);
}

} // namespace

tokenizer::tokenizer(const char *tokens, const char *pairs) {
  const spelling_of_bytes table;
  for (const std::string &spelling : read_lines(tokens)) {
    numbers.emplace(spelling, token(texts.size()));
    texts.push_back(bytes_of(spelling, table));
  }
  for (int byte = 0; byte < 256; ++byte) {
    const auto found = numbers.find(table.character[byte]);
    bytes[byte] = found == numbers.end() ? -1 : found->second;
  }
  const auto lines = read_lines(pairs);
  for (std::size_t rank = 0; rank < lines.size(); ++rank) {
    const std::string &line = lines[rank];
    const std::size_t gap = line.find(' ');
    const std::string left = line.substr(0, gap), right = gap < line.size() ? line.substr(gap + 1) : "";
    const auto a = numbers.find(left), b = numbers.find(right), both = numbers.find(left + right);
    if (a == numbers.end() || b == numbers.end() || both == numbers.end())
      throw std::runtime_error(std::string(pairs) + ", line " + std::to_string(rank + 1) +
                               ": no pair of tokens");
    merges.emplace(key(a->second, b->second), merge{rank, both->second});
  }
}

tokenizer::token tokenizer::special(const std::string &spelling) const {
  const auto found = numbers.find(spelling);
  if (found == numbers.end())
    throw std::runtime_error("the vocabulary has no " + spelling);
  return found->second;
}

const tokenizer::merge *tokenizer::find(token left, token right) const {
  const auto found = merges.find(key(left, right));
  return found == merges.end() ? nullptr : &found->second;
}

// Bytes at first; then, again and again, the pair of neighbours that comes first in the list of merges
// becomes one token.
void tokenizer::encode_word(std::string_view word, std::vector<token> &tokens) const {
  std::vector<token> parts;
  for (const unsigned char byte : word)
    if (bytes[byte] >= 0)
      parts.push_back(bytes[byte]);
  while (parts.size() > 1) {
    const merge *best = nullptr;
    std::size_t place = 0;
    for (std::size_t i = 0; i + 1 < parts.size(); ++i)
      if (const merge *one = find(parts[i], parts[i + 1]); one && (!best || one->rank < best->rank))
        best = one, place = i;
    if (!best)
      break;
    parts[place] = best->result;
    parts.erase(parts.begin() + std::ptrdiff_t(place) + 1);
  }
  tokens.insert(tokens.end(), parts.begin(), parts.end());
}

std::vector<tokenizer::token> tokenizer::encode(std::string_view text) const {
  std::vector<token> tokens;
  for (const std::string_view word : split_words(text))
    encode_word(word, tokens);
  return tokens;
}
