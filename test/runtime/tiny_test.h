// GoogleTest where it exists, else the few macros that these tests use, so that they also run on targets for
// which it is not installed (under an emulator). Both understand --gtest_filter=Suite.name.
#pragma once

#ifdef INGOT_HAS_GTEST
#include <gtest/gtest.h>
#else

#include <cstdio>
#include <cstring>
#include <sstream>
#include <string>

namespace tiny_test {
struct Case {
  const char *name;
  void (*run)();
  Case *next;
};
inline Case *first = nullptr;
inline int failures = 0;

struct Register {
  Case entry;
  Register(const char *name, void (*run)()) : entry{name, run, first} { first = &entry; }
};

/// Prints what follows the failed check when the statement ends.
struct Failure {
  std::ostringstream text;
  Failure(const char *file, int line, const char *check) {
    text << file << ":" << line << ": " << check << " ";
  }
  Failure(const Failure &) = delete;
  ~Failure() {
    if (++failures <= 20)
      std::fprintf(stderr, "%s\n", text.str().c_str());
  }
  template <class T> Failure &operator<<(const T &v) {
    text << v;
    return *this;
  }
};
} // namespace tiny_test

#define TEST(suite, name)                                                                                    \
  static void suite##_##name();                                                                              \
  static tiny_test::Register suite##_##name##_register(#suite "." #name, suite##_##name);                    \
  static void suite##_##name()
#define EXPECT_TRUE(x)                                                                                       \
  if (x)                                                                                                     \
    ;                                                                                                        \
  else                                                                                                       \
    tiny_test::Failure(__FILE__, __LINE__, #x)
#define EXPECT_EQ(a, b) EXPECT_TRUE((a) == (b))
#define EXPECT_LE(a, b) EXPECT_TRUE((a) <= (b))

int main(int argc, char **argv) {
  std::string filter = "*";
  for (int i = 1; i < argc; ++i)
    if (std::strncmp(argv[i], "--gtest_filter=", 15) == 0)
      filter = argv[i] + 15;
  int ran = 0;
  for (tiny_test::Case *c = tiny_test::first; c; c = c->next)
    if (filter == "*" || filter == c->name) {
      c->run();
      ++ran;
    }
  std::printf("%d tests, %d failed checks\n", ran, tiny_test::failures);
  return ran > 0 && tiny_test::failures == 0 ? 0 : 1;
}

#endif
