//===- Wording.cpp --------------------------------------------------------===//
#include "compiler/frontend/Wording.h"

#include <algorithm>

namespace ingot {

std::string counted(size_t n, std::string_view noun) {
  std::string text = std::to_string(n) + " " + std::string(noun);
  if (n != 1)
    text.insert(std::min(text.size(), text.find(' ', text.find(' ') + 1)), "s");
  return text;
}

} // namespace ingot
