// What the tokenizer makes of texts:  tokens TOKENS MERGES < TEXTS
//
// Each text comes as a line with its number of bytes, then the bytes and a line feed, so that it may hold
// anything; its tokens are written as one line. This is how demo.py compares the tokenizer with the original.
#include "tokenizer.hpp"

#include <cstdio>
#include <exception>
#include <iostream>
#include <string>

int main(int count, char **arguments) {
  if (count != 3) {
    std::fprintf(stderr, "usage: tokens TOKENS MERGES < TEXTS\n");
    return 2;
  }
  try {
    const tokenizer words(arguments[1], arguments[2]);
    for (std::size_t size; std::cin >> size;) {
      std::string text(size, '\0');
      std::cin.ignore().read(text.data(), std::streamsize(size));
      for (const auto token : words.encode(text))
        std::printf("%lld ", static_cast<long long>(token));
      std::putchar('\n');
    }
    return 0;
  } catch (const std::exception &error) {
    std::fprintf(stderr, "tokens: %s\n", error.what());
    return 1;
  }
}
