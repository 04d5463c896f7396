//===- Wording.h - Phrases that messages share ----------------------------===//
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ingot {

/// "1 kernel", "2 kernels"; the first word takes the plural: "2 tensors of strings".
std::string counted(size_t n, std::string_view noun);

/// The name that a slip of the pen was to be, upper and lower case being the same; nothing where none is
/// near.
std::optional<std::string> nearest(std::string_view slip, const std::vector<std::string> &names);

} // namespace ingot
