//===- Regex.h - regular expressions as automata ---------------------------------===//
//
// The syntax is RE2's, which ONNX names: characters, classes, groups, alternatives, repetitions, assertions. Only whole matches
// are asked for, so groups capture nothing and lazy repetitions are as the others.
//
//===----------------------------------------------------------------------===//
#ifndef INGOT_COMPILER_IMPORT_REGEX_H
#define INGOT_COMPILER_IMPORT_REGEX_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include <optional>
#include <string>

namespace ingot {

/// What runtime/ops/match_regex.hpp runs: instruction k is program[4k … 4k+3]; ranges are pairs of code points.
struct RegexProgram {
  llvm::SmallVector<int64_t> program, ranges;
  int64_t start = 0;
};

/// Nothing, with the reason, for what is not regular or not RE2.
std::optional<RegexProgram> compileRegex(llvm::StringRef pattern, std::string &problem);

} // namespace ingot
#endif
