// Regular expressions, from the pattern to the run.
#include "compiler/import/Regex.h"
#include "ops/match_regex.hpp"

#include <gtest/gtest.h>
#include <string>

using namespace ingot;

/// 1 or 0; -1 for a pattern that is refused.
static int matches(const std::string &pattern, const std::string &text) {
  std::string problem;
  auto regex = compileRegex(pattern, problem);
  if (!regex) {
    EXPECT_FALSE(problem.empty());
    return -1;
  }
  alignas(64) static unsigned char memory[1 << 20];
  ingot_arena tail = {memory, sizeof memory, 0, 0};
  const ingot_string x = {text.data(), text.size()};
  uint8_t y = 2;
  EXPECT_EQ(ops::match_regex(nullptr, &tail, regex->start, view<INGOT_STRING>(&x, 1),
                             view<INGOT_I64>(regex->program.data(), regex->program.size()),
                             view<INGOT_I64>(regex->ranges.data(), regex->ranges.size()), view<INGOT_BOOL>(&y, 1)), INGOT_OK);
  EXPECT_EQ(tail.used, 0u);
  return y;
}

TEST(Regex, MatchesTheWholeText) {
  EXPECT_EQ(matches("abc", "abc"), 1);
  EXPECT_EQ(matches("abc", "abcd"), 0);
  EXPECT_EQ(matches("bc", "abc"), 0);
  EXPECT_EQ(matches("", ""), 1);
  EXPECT_EQ(matches("", "a"), 0);
  EXPECT_EQ(matches("a|ab", "ab"), 1); // not the first alternative only
}

TEST(Regex, Repetitions) {
  EXPECT_EQ(matches("a*b+c?", "bb"), 1);
  EXPECT_EQ(matches("a*b+c?", "aac"), 0);
  EXPECT_EQ(matches("a{2,3}", "a"), 0);
  EXPECT_EQ(matches("a{2,3}", "aaa"), 1);
  EXPECT_EQ(matches("a{2,3}", "aaaa"), 0);
  EXPECT_EQ(matches("a{2,}", "aaaaa"), 1);
  EXPECT_EQ(matches("a{2}?b", "aab"), 1);
  EXPECT_EQ(matches("a{,2}", "a{,2}"), 1); // no repetition
  EXPECT_EQ(matches("(a*)*", "aaaa"), 1);
  EXPECT_EQ(matches("(a*)*b", std::string(2000, 'a')), 0); // no way back: linear time
  EXPECT_EQ(matches("(ab|cd){2}", "abcd"), 1);
}

TEST(Regex, Classes) {
  EXPECT_EQ(matches("[a-c_\\d]+", "a_7c"), 1);
  EXPECT_EQ(matches("[^a-c]", "b"), 0);
  EXPECT_EQ(matches("[]-]+", "]-"), 1);
  EXPECT_EQ(matches("[[:alpha:]]+\\s\\W\\D", "Ab\t-x"), 1);
  EXPECT_EQ(matches("[^[:digit:]]", "5"), 0);
  EXPECT_EQ(matches(".", "\n"), 0);
  EXPECT_EQ(matches("(?s).", "\n"), 1);
  EXPECT_EQ(matches("(?i)aB[c-d]", "AbD"), 1);
  EXPECT_EQ(matches("(?i:a)b", "AB"), 0);
  EXPECT_EQ(matches("\\x41\\x{e9}\\.", "Aé."), 1);
  EXPECT_EQ(matches(".{2}", "é中"), 1); // characters, not bytes
  EXPECT_EQ(matches("[à-ü]", "é"), 1);
}

TEST(Regex, Assertions) {
  EXPECT_EQ(matches("^a$", "a"), 1);
  EXPECT_EQ(matches("a^b", "ab"), 0);
  EXPECT_EQ(matches("\\bfoo\\b.*", "foo bar"), 1);
  EXPECT_EQ(matches("\\bfoo\\b.*", "foobar"), 0);
  EXPECT_EQ(matches("f\\Boo", "foo"), 1);
}

TEST(Regex, RefusesTheRest) {
  for (const char *pattern : {"(", ")", "[a", "*a", "a{3,2}", "(?<=a)b", "(?=a)", "\\1", "a\\", "[b-a]", "(?P<name", "\xff", "a{1001}",
                              "((a{100}){100}){100}", "\\x{110000}"})
    EXPECT_EQ(matches(pattern, ""), -1) << pattern;
}
