// BERT's tokenizer: text to the numbers of word pieces.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

class wordpiece {
public:
  // `vocabulary` is a file with one piece a line; a piece's number is its line, from 0. Throws
  // std::runtime_error when it cannot be read or lacks [UNK], [CLS] or [SEP].
  explicit wordpiece(const char *vocabulary);

  // [CLS], the pieces of the text, [SEP]: `limit` numbers at most (2 or more), the text is cut behind them.
  // What the text says is never taken for a special piece: "[SEP]" is five characters. Bytes that are not
  // UTF-8 are left out.
  std::vector<std::int64_t> encode(std::string_view text, std::size_t limit) const;

private:
  void encode_word(const std::u32string &word, std::vector<std::int64_t> &pieces) const;
  std::int64_t find(const std::string &piece) const; // -1 if there is none

  std::unordered_map<std::string, std::int64_t> numbers;
  std::int64_t unknown, first, last;
};
