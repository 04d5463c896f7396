//===- Wording.h - Numbers in messages ------------------------------------===//
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ingot {

/// "1 kernel", "2 kernels"; the first word takes the plural: "2 tensors of strings".
std::string counted(size_t n, std::string_view noun);

} // namespace ingot
