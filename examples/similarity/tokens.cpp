// What the tokenizer makes of texts:  tokens VOCABULARY < TEXTS
//
// Each text comes as a line with its number of bytes, then the bytes and a line feed, so that it may hold
// anything; its tokens are written as one line. This is how demo.py compares the tokenizer with the original.
#include "wordpiece.hpp"

#include <cstdio>
#include <exception>
#include <iostream>
#include <limits>
#include <string>

int main(int count, char **arguments) {
  if (count != 2) {
    std::fprintf(stderr, "usage: tokens VOCABULARY < TEXTS\n");
    return 2;
  }
  try {
    const wordpiece tokenizer(arguments[1]);
    for (std::size_t size; std::cin >> size;) {
      std::string text(size, '\0');
      std::cin.ignore().read(text.data(), std::streamsize(size));
      for (const auto token : tokenizer.encode(text, std::numeric_limits<std::size_t>::max()))
        std::printf("%lld ", static_cast<long long>(token));
      std::putchar('\n');
    }
    return 0;
  } catch (const std::exception &error) {
    std::fprintf(stderr, "tokens: %s\n", error.what());
    return 1;
  }
}
