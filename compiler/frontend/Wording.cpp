//===- Wording.cpp --------------------------------------------------------===//
#include "compiler/frontend/Wording.h"
#include "llvm/ADT/StringRef.h"

#include <algorithm>
#include <tuple>

namespace ingot {

std::string counted(size_t n, std::string_view noun) {
  std::string text = std::to_string(n) + " " + std::string(noun);
  if (n != 1)
    text.insert(std::min(text.size(), text.find(' ', text.find(' ') + 1)), "s");
  return text;
}

std::optional<std::string> nearest(std::string_view slip, const std::vector<std::string> &names) {
  // A third of the letters may be wrong, but not the only one, and not so many that any name would do.
  unsigned most = slip.size() < 2 ? 0 : std::min<size_t>((slip.size() + 2) / 3, 3);
  const std::string *best = nullptr;
  std::tuple<unsigned, size_t, std::string_view> least;
  for (const std::string &name : names) {
    unsigned distance =
        llvm::StringRef(slip).edit_distance_insensitive(name, /*AllowReplacements=*/true, most);
    // Letters that are swapped count as two changes, like one that is wrong beside one too many; they are the
    // likelier slip.
    size_t longer = std::max(name.size(), slip.size()) - std::min(name.size(), slip.size());
    if (std::tuple rank(distance, longer, std::string_view(name));
        distance <= most && (!best || rank < least)) {
      best = &name;
      least = rank;
    }
  }
  return best ? std::optional(*best) : std::nullopt;
}

} // namespace ingot
