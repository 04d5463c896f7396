// Templates on strings.
#include "ops/concat_strings.hpp"
#include "ops/count_ngrams.hpp"
#include "ops/count_substrings.hpp"
#include "ops/look_up.hpp"
#include "ops/normalize_strings.hpp"
#include "ops/split_strings.hpp"

#include <gtest/gtest.h>
#include <string>
#include <vector>

using namespace ingot;
using Ints = std::vector<int64_t>;
using Words = std::vector<std::string>;

namespace {
struct Text : testing::Test {
  alignas(64) unsigned char memory[8192];
  ingot_arena tail = {memory, sizeof memory, 0, 0};
  ingot_error error = {};

  static std::vector<ingot_string> strings(const Words &words) {
    std::vector<ingot_string> out;
    for (auto &w : words)
      out.push_back({w.data(), w.size()});
    return out;
  }
  static Words words(const std::vector<ingot_string> &strings) {
    Words out;
    for (auto &s : strings)
      out.push_back(std::string(s.data, s.size));
    return out;
  }
  template <class... Dims> static auto str(std::vector<ingot_string> &v, Dims... d) { return view<INGOT_STRING>(v.data(), d...); }

  Words split(const std::string &text, const std::string &delimiter, int64_t most) {
    Words given = {text};
    auto x = strings(given);
    const ingot_string d = {delimiter.data(), delimiter.size()};
    int64_t count = -1, largest = -1;
    EXPECT_EQ(ops::count_substrings(&error, &tail, d, most, str(x, 1), view<INGOT_I64>(&count, 1), view<INGOT_I64>(&largest, 1)), INGOT_OK);
    EXPECT_EQ(count, largest);
    std::vector<ingot_string> parts(count);
    EXPECT_EQ(ops::split_strings(&error, &tail, d, most, str(x, 1), str(parts, 1, count)), INGOT_OK);
    return words(parts);
  }
};
} // namespace

TEST_F(Text, Concatenates) {
  Words a = {"abc", "", "é"}, b = {"x", "y", "ñ"};
  auto x = strings(a), y = strings(b);
  std::vector<ingot_string> z(3);
  EXPECT_EQ(ops::concat_strings(&error, &tail, str(x, 3), str(y, 3), str(z, 3)), INGOT_OK);
  EXPECT_EQ(words(z), (Words{"abcx", "y", "éñ"}));
}

TEST_F(Text, SplitsAsPythonDoes) {
  EXPECT_EQ(split("a.b", ".", -1), (Words{"a", "b"}));
  EXPECT_EQ(split("o-n-n--x-", "-", -1), (Words{"o", "n", "n", "", "x", ""}));
  EXPECT_EQ(split("", "-", -1), (Words{""}));
  EXPECT_EQ(split("a--b", "--", -1), (Words{"a", "b"}));
  EXPECT_EQ(split("a-b-c", "-", 1), (Words{"a", "b-c"}));
  EXPECT_EQ(split(" a  b\tc ", "", -1), (Words{"a", "b", "c"}));
  EXPECT_EQ(split(" a  b  c ", "", 1), (Words{"a", "b  c "}));
  EXPECT_EQ(split("  ", "", -1), Words{});
}

TEST_F(Text, ShorterRowsAreFilledUp) {
  Words given = {"a b", "c"};
  auto x = strings(given);
  std::vector<ingot_string> y(4);
  EXPECT_EQ(ops::split_strings(&error, &tail, ingot_string{"", 0}, -1, str(x, 2), str(y, 2, 2)), INGOT_OK);
  EXPECT_EQ(words(y), (Words{"a", "b", "c", ""}));
}

TEST_F(Text, Normalizes) {
  Words given = {"Monday", "tuesday", "ÀÉß", "Ωδ", "Жё"}, stop = {"monday"};
  auto x = strings(given), w = strings(stop);
  std::vector<ingot_string> y(5);
  int64_t size = 0;
  auto run = [&](int64_t sensitive, int64_t change) {
    EXPECT_EQ(ops::normalize_strings(&error, &tail, sensitive, change, str(x, x.size()), str(w, w.size()), str(y, -1),
                                     view<INGOT_I64>(&size, 1)), INGOT_OK);
    return words(std::vector<ingot_string>(y.begin(), y.begin() + size));
  };
  EXPECT_EQ(run(1, 0), given);
  EXPECT_EQ(run(0, 2), (Words{"TUESDAY", "ÀÉß", "ΩΔ", "ЖЁ"}));
  EXPECT_EQ(run(1, 1), (Words{"monday", "tuesday", "àéß", "ωδ", "жё"}));
  x.resize(1);
  EXPECT_EQ(run(0, 0), Words{""});
}

TEST_F(Text, LooksUp) {
  Words given = {"c", "a", "zz", ""}, keys = {"a", "b", "c"};
  auto x = strings(given), k = strings(keys);
  Ints values = {10, 20, 30}, fallback = {-1}, y(4);
  EXPECT_EQ(ops::look_up(&error, &tail, str(x, 4), str(k, 3), view<INGOT_I64>(values.data(), 3), view<INGOT_I64>(fallback.data()),
                         view<INGOT_I64>(y.data(), 4)), INGOT_OK);
  EXPECT_EQ(y, (Ints{30, 10, -1, -1}));
  std::vector<float> numbers = {2, float(0) / 0, 5}, order = {1, 2, float(0) / 0}; // NaN is a key too, the last
  Ints found(3);
  EXPECT_EQ(ops::look_up(&error, &tail, view<INGOT_F32>(numbers.data(), 3), view<INGOT_F32>(order.data(), 3),
                         view<INGOT_I64>(values.data(), 3), view<INGOT_I64>(fallback.data()), view<INGOT_I64>(found.data(), 3)), INGOT_OK);
  EXPECT_EQ(found, (Ints{20, 30, -1}));
}

TEST_F(Text, CountsNgrams) {
  Ints x = {1, 1, 3, 3, 3, 7, 8, 6, 7, 5, 6, 8}, pool = {2, 3, 4, 5, 5, 6, 6, 7, 7, 8}, lengths = {4, 3}, column = {0, 1, 3, 2, 4, 6, 5};
  std::vector<float> y(7);
  auto run = [&](int64_t most, int64_t skip, int64_t least) {
    EXPECT_EQ(ops::count_ngrams(&error, &tail, most, skip, least, view<INGOT_I64>(x.data(), 12), view<INGOT_I64>(pool.data(), 10),
                                view<INGOT_I64>(lengths.data(), 2), view<INGOT_I64>(column.data(), 7), view<INGOT_F32>(y.data(), 7)), INGOT_OK);
    return y;
  };
  EXPECT_EQ(run(2, 0, 2), (std::vector<float>{0, 0, 0, 0, 1, 1, 1}));
  EXPECT_EQ(run(2, 5, 1), (std::vector<float>{0, 3, 1, 0, 1, 3, 1}));
}
