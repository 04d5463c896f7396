// Byte-level BPE, as GPT-2 and SmolLM use it: text to tokens and back.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

class tokenizer {
public:
  using token = std::int64_t;

  // `tokens` has one token a line, `merges` one pair of tokens a line, the first of them merged first; both
  // in BPE's printable spelling. Throws std::runtime_error when a file cannot be read or a line makes no
  // sense.
  tokenizer(const char *tokens, const char *merges);

  // What the text says is never taken for a special token: "<|im_end|>" is ten characters.
  std::vector<token> encode(std::string_view text) const;

  // The token's bytes: not always whole characters. A special token reads as it is spelled.
  const std::string &text(token number) const { return texts.at(std::size_t(number)); }

  // The number of a special token like "<|im_end|>"; throws std::runtime_error if there is none.
  token special(const std::string &spelling) const;

  std::size_t size() const { return texts.size(); }

private:
  struct merge {
    std::size_t rank;
    token result;
  };
  const merge *find(token left, token right) const;
  void encode_word(std::string_view word, std::vector<token> &tokens) const;

  std::vector<std::string> texts;                  // by token
  std::unordered_map<std::string, token> numbers;  // by spelling
  std::unordered_map<std::uint64_t, merge> merges; // by both tokens
  token bytes[256]; // the token of each byte, -1 for a byte that occurs in no text
};

// The pieces within which tokens are merged; together they are the text.
std::vector<std::string_view> split_words(std::string_view text);
