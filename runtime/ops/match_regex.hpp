// match_regex.hpp - ONNX RegexFullMatch: strings that a regular expression matches as a whole.
#ifndef INGOT_OPS_MATCH_REGEX_HPP
#define INGOT_OPS_MATCH_REGEX_HPP

#include "element.hpp"

namespace ingot {
namespace {
namespace ops {

// The automaton of the expression, by the compiler (compiler/import/Regex.h): instruction k is program[4k…4k+3].
enum regex_op : int64_t {
  REGEX_MATCH = 0,
  REGEX_SPLIT = 1,    // goes on at a and at b
  REGEX_ASSERT = 2,   // goes on at b if the place is what a says
  REGEX_SET = 3,      // takes a character of the ranges [a, c), then goes on at b
};
enum regex_place : int64_t { REGEX_BEGIN = 0, REGEX_END = 1, REGEX_WORD_EDGE = 2, REGEX_NO_WORD_EDGE = 3 };

// The character at `at`, which moves behind it. A byte that is no UTF-8 stands for itself.
inline int64_t next_character(const ingot_string &text, size_t *at) {
  const unsigned char *p = reinterpret_cast<const unsigned char *>(text.data) + *at;
  const size_t left = text.size - *at;
  const int more = p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 1 : p[0] < 0xf0 ? 2 : p[0] < 0xf5 ? 3 : 0;
  int64_t c = more == 3 ? p[0] & 0x07 : more == 2 ? p[0] & 0x0f : more == 1 ? p[0] & 0x1f : p[0];
  for (int i = 1; i <= more; ++i)
    if (size_t(i) >= left || (p[i] & 0xc0) != 0x80) {
      *at += 1;
      return p[0];
    } else {
      c = c << 6 | (p[i] & 0x3f);
    }
  *at += size_t(more) + 1;
  return c;
}
inline bool is_word(const ingot_string &text, size_t at) {
  const char c = at < text.size ? text.data[at] : ' ';
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}
inline bool regex_is_at(int64_t place, const ingot_string &text, size_t at) {
  if (place == REGEX_BEGIN)
    return at == 0;
  if (place == REGEX_END)
    return at == text.size;
  const bool edge = (at > 0 && is_word(text, at - 1)) != is_word(text, at);
  return edge == (place == REGEX_WORD_EDGE);
}

// Instructions that the automaton is at: those that take a character, and the match.
struct regex_states {
  int64_t *list, *stack;
  uint8_t *seen;
  int64_t count;
};
template <class P> inline void regex_enter(P program, int64_t start, const ingot_string &text, size_t at, regex_states &states) {
  int64_t depth = 0;
  auto visit = [&](int64_t k) {
    if (!states.seen[k]) {
      states.seen[k] = 1;
      states.stack[depth++] = k;
    }
  };
  visit(start);
  while (depth) {
    const int64_t k = states.stack[--depth], *i = program.data + 4 * k;
    if (i[0] == REGEX_SPLIT) {
      visit(i[1]);
      visit(i[2]);
    } else if (i[0] == REGEX_ASSERT) {
      if (regex_is_at(i[1], text, at))
        visit(i[2]);
    } else {
      states.list[states.count++] = k;
    }
  }
}

// All ways through the expression at once (Thompson, "Regular Expression Search Algorithm", 1968): time is proportional to the length.
template <class X, class P, class R, class Y>
ingot_status match_regex(ingot_error *error, ingot_arena *tail, int64_t start, X x, P program, R ranges, Y y) {
  const int64_t size = program.count() / 4;
  const size_t mark = ingot_arena_mark(tail), bytes = size_t(size) * sizeof(int64_t);
  regex_states now = {}, next = {};
  regex_states *const both[] = {&now, &next};
  for (regex_states *s : both) {
    s->list = static_cast<int64_t *>(ingot_arena_take(tail, bytes));
    s->stack = static_cast<int64_t *>(ingot_arena_take(tail, bytes));
    s->seen = static_cast<uint8_t *>(ingot_arena_take(tail, size_t(size)));
    if (!s->list || !s->stack || !s->seen)
      return no_room(error, tail);
  }
  for (int64_t i = 0, n = x.count(); i < n; ++i) {
    const ingot_string &text = x.data[i];
    auto clear = [&](regex_states &s) {
      s.count = 0;
      memset(s.seen, 0, size_t(size));
    };
    clear(now);
    regex_enter(program, start, text, 0, now);
    for (size_t at = 0; at < text.size && now.count;) {
      const int64_t c = next_character(text, &at);
      clear(next);
      for (int64_t k = 0; k < now.count; ++k) {
        const int64_t *op = program.data + 4 * now.list[k];
        bool taken = false;
        for (int64_t r = op[1]; op[0] == REGEX_SET && r < op[3] && !taken; ++r)
          taken = c >= ranges.data[2 * r] && c <= ranges.data[2 * r + 1];
        if (taken)
          regex_enter(program, op[2], text, at, next);
      }
      const regex_states swapped = now;
      now = next;
      next = swapped;
    }
    bool matched = false;
    for (int64_t k = 0; k < now.count; ++k)
      matched |= program.data[4 * now.list[k]] == REGEX_MATCH;
    y.data[i] = matched;
  }
  ingot_arena_release(tail, mark);
  return INGOT_OK;
}

} // namespace ops
} // namespace
} // namespace ingot

#endif
