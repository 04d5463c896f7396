//===- Spelling.cpp -------------------------------------------------------===//
#include "compiler/frontend/Spelling.h"
#include "llvm/ADT/StringRef.h"

#include <algorithm>
#include <tuple>

namespace ingot {

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

/// Whether two names of one length differ in the order of two neighbouring letters alone.
static bool areSwapped(std::string_view a, std::string_view b) {
  auto [x, y] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  return a.size() == b.size() && a.end() - x >= 2 && x[0] == y[1] && x[1] == y[0] &&
         std::equal(x + 2, a.end(), y + 2);
}

std::optional<std::string> misspelt(std::string_view slip, const std::vector<std::string> &names) {
  constexpr size_t longName = 6; // of shorter ones many are one letter from another
  const std::string given = llvm::StringRef(slip).lower();
  const std::string *best = nullptr;
  std::tuple<int, std::string_view> least;
  for (const std::string &name : names) {
    const std::string known = llvm::StringRef(name).lower();
    int rank = known == given             ? 0
               : areSwapped(known, given) ? 1
               : std::min(known.size(), given.size()) >= longName &&
                       llvm::StringRef(given).edit_distance(known, /*AllowReplacements=*/true,
                                                            /*MaxEditDistance=*/1) <= 1
                   ? 2
                   : 3;
    if (std::tuple order(rank, std::string_view(name)); rank < 3 && (!best || order < least)) {
      best = &name;
      least = order;
    }
  }
  return best ? std::optional(*best) : std::nullopt;
}

} // namespace ingot
