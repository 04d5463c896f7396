//===- Spelling.h - The name that a slip of the pen was to be --------------===//
//
// Both find nothing where no name is near; upper and lower case are the same.
//
//===----------------------------------------------------------------------===//
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ingot {

/// The nearest name, where what is none of them can only be a slip: an option, a command. A third of its
/// letters may be wrong.
std::optional<std::string> nearest(std::string_view slip, const std::vector<std::string> &names);

/// The name that was surely meant, where what is none of them may be right elsewhere: Rsqrt is no Sqrt. Two
/// neighbouring letters are swapped, or one is wrong, missing or too many in a name of six letters or more.
std::optional<std::string> misspelt(std::string_view slip, const std::vector<std::string> &names);

} // namespace ingot
