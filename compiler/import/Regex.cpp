//===- Regex.cpp -------------------------------------------------------------------===//
#include "compiler/import/Regex.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ConvertUTF.h"
#include <memory>
#include <tuple>
#include <vector>

using namespace llvm;
namespace ingot {
namespace {

constexpr int64_t lastCodePoint = 0x10ffff, unlimited = -1;
constexpr size_t maxInstructions = 20000;

enum Op : int64_t { Match, Split, Assert, Set }; // as in match_regex.hpp
enum Place : int64_t { Begin, End, WordEdge, NoWordEdge };

using Ranges = std::vector<std::pair<int64_t, int64_t>>;

struct Node {
  enum Kind { Chars, At, Sequence, Either, Repeat } kind;
  Ranges chars;
  Place place = Begin;
  int64_t least = 0, most = unlimited; // of Repeat
  std::vector<std::unique_ptr<Node>> parts;
};
using NodePtr = std::unique_ptr<Node>;

NodePtr makeNode(Node::Kind kind) {
  auto n = std::make_unique<Node>();
  n->kind = kind;
  return n;
}

/// The code points that are not in `r`.
Ranges complement(Ranges r) {
  llvm::sort(r);
  Ranges out;
  int64_t next = 0;
  for (auto [first, last] : r) {
    if (first > next)
      out.push_back({next, first - 1});
    next = std::max(next, last + 1);
  }
  if (next <= lastCodePoint)
    out.push_back({next, lastCodePoint});
  return out;
}

class Parser {
public:
  Parser(StringRef rest, std::string &problem) : rest(rest), problem(problem) {}

  NodePtr parse() {
    NodePtr n = alternatives();
    if (!rest.empty())
      fail("a ')' without its '('");
    return failed ? nullptr : std::move(n);
  }

private:
  StringRef rest;
  std::string &problem;
  bool failed = false, ignoreCase = false, dotTakesNewline = false;

  void fail(const Twine &what) {
    if (!failed)
      problem = what.str();
    failed = true;
    rest = "";
  }

  NodePtr alternatives() {
    bool outerCase = ignoreCase, outerDot = dotTakesNewline; // flags end with their group
    NodePtr n = sequence();
    while (rest.consume_front("|")) {
      NodePtr either = makeNode(Node::Either);
      either->parts.push_back(std::move(n));
      either->parts.push_back(sequence());
      n = std::move(either);
    }
    ignoreCase = outerCase;
    dotTakesNewline = outerDot;
    return n;
  }

  NodePtr sequence() {
    NodePtr n = makeNode(Node::Sequence);
    while (!rest.empty() && rest[0] != '|' && rest[0] != ')')
      n->parts.push_back(repetition());
    return n;
  }

  NodePtr repetition() {
    NodePtr n = atom();
    int64_t least, most;
    while (quantifier(least, most)) {
      rest.consume_front("?"); // lazy
      NodePtr repeat = makeNode(Node::Repeat);
      repeat->least = least;
      repeat->most = most;
      repeat->parts.push_back(std::move(n));
      n = std::move(repeat);
    }
    return n;
  }

  bool quantifier(int64_t &least, int64_t &most) {
    least = 0, most = unlimited;
    if (rest.consume_front("*"))
      return true;
    if (rest.consume_front("+"))
      return least = 1, true;
    if (rest.consume_front("?"))
      return most = 1, true;
    StringRef r = rest; // "{" that begins no quantifier is a character
    if (!r.consume_front("{") || r.consumeInteger(10, least))
      return false;
    most = least;
    if (r.consume_front(",") && (most = unlimited, r.starts_with("}") ? false : r.consumeInteger(10, most)))
      return false;
    if (!r.consume_front("}"))
      return false;
    if (most > 1000 || least > 1000 || (most != unlimited && most < least))
      fail("a repetition outside 0..1000");
    rest = r;
    return true;
  }

  NodePtr chars(Ranges r) {
    NodePtr n = makeNode(Node::Chars);
    n->chars = std::move(r);
    return n;
  }
  NodePtr at(Place place) {
    NodePtr n = makeNode(Node::At);
    n->place = place;
    return n;
  }

  NodePtr atom() {
    if (rest.consume_front("("))
      return group();
    if (rest.consume_front("["))
      return chars(set());
    if (rest.consume_front("."))
      return chars(dotTakesNewline ? Ranges{{0, lastCodePoint}} : complement({{'\n', '\n'}}));
    if (rest.consume_front("^") || rest.consume_front("\\A"))
      return at(Begin);
    if (rest.consume_front("$") || rest.consume_front("\\z"))
      return at(End);
    if (rest.consume_front("\\b"))
      return at(WordEdge);
    if (rest.consume_front("\\B"))
      return at(NoWordEdge);
    if (rest[0] == '*' || rest[0] == '+' || rest[0] == '?')
      fail("a repetition of nothing");
    Ranges r;
    if (!classEscape(r)) {
      int64_t c = character();
      r = cased({{c, c}});
    }
    return chars(r);
  }

  NodePtr group() {
    if (rest.consume_front("?P<") || rest.consume_front("?<")) {
      if (rest.starts_with("=") || rest.starts_with("!"))
        fail("looking behind is not regular");
      rest = rest.drop_while([](char c) { return isAlnum(c) || c == '_'; });
      if (!rest.consume_front(">"))
        fail("a group name without its '>'");
    } else if (rest.consume_front("?")) {
      bool on = true, scoped = false;
      bool outerCase = ignoreCase, outerDot = dotTakesNewline;
      for (; !rest.empty() && rest[0] != ')' && !scoped; rest = rest.drop_front()) {
        if (rest[0] == ':')
          scoped = true;
        else if (rest[0] == '-')
          on = false;
        else if (rest[0] == 'i')
          ignoreCase = on;
        else if (rest[0] == 's')
          dotTakesNewline = on;
        else if (rest[0] != 'U')
          fail("a group of the kind '(?" + Twine(rest[0]) + "' is not supported");
        if (failed)
          return makeNode(Node::Sequence);
      }
      if (!scoped) { // for what follows in this group
        if (!rest.consume_front(")"))
          fail("a '(' without its ')'");
        return makeNode(Node::Sequence);
      }
      NodePtr n = alternatives();
      ignoreCase = outerCase;
      dotTakesNewline = outerDot;
      if (!rest.consume_front(")"))
        fail("a '(' without its ')'");
      return n;
    }
    NodePtr n = alternatives();
    if (!rest.consume_front(")"))
      fail("a '(' without its ')'");
    return n;
  }

  /// \d, \W and the like.
  bool classEscape(Ranges &r) {
    if (!rest.starts_with("\\") || rest.size() < 2)
      return false;
    switch (toLower(rest[1])) {
    case 'd': r = {{'0', '9'}}; break;
    case 'w': r = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}; break;
    case 's': r = {{'\t', '\n'}, {'\f', '\r'}, {' ', ' '}}; break;
    default: return false;
    }
    if (isUpper(rest[1]))
      r = complement(r);
    rest = rest.drop_front(2);
    return true;
  }

  /// [:alpha:] and the like, within a class.
  bool namedClass(Ranges &r) {
    static const std::pair<StringRef, Ranges> names[] = {
        {"alnum", {{'0', '9'}, {'A', 'Z'}, {'a', 'z'}}}, {"alpha", {{'A', 'Z'}, {'a', 'z'}}}, {"ascii", {{0, 0x7f}}},
        {"blank", {{'\t', '\t'}, {' ', ' '}}},           {"cntrl", {{0, 0x1f}, {0x7f, 0x7f}}}, {"digit", {{'0', '9'}}},
        {"graph", {{'!', '~'}}},                         {"lower", {{'a', 'z'}}},              {"print", {{' ', '~'}}},
        {"punct", {{'!', '/'}, {':', '@'}, {'[', '`'}, {'{', '~'}}}, {"space", {{'\t', '\r'}, {' ', ' '}}},
        {"upper", {{'A', 'Z'}}}, {"word", {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}},
        {"xdigit", {{'0', '9'}, {'A', 'F'}, {'a', 'f'}}}};
    StringRef in = rest;
    if (!in.consume_front("[:"))
      return false;
    bool negated = in.consume_front("^");
    for (auto &[name, ranges] : names)
      if (StringRef after = in; after.consume_front(name) && after.consume_front(":]")) {
        r = negated ? complement(ranges) : ranges;
        rest = after;
        return true;
      }
    return false;
  }

  Ranges set() {
    bool negated = rest.consume_front("^");
    Ranges all;
    for (bool first = true; first || !rest.starts_with("]"); first = false) {
      if (rest.empty()) {
        fail("a '[' without its ']'");
        return {};
      }
      Ranges r;
      if (!namedClass(r) && !classEscape(r)) {
        int64_t low = character(), high = low;
        if (rest.size() > 1 && rest[0] == '-' && rest[1] != ']') {
          rest = rest.drop_front();
          high = character();
        }
        if (high < low)
          fail("a range of characters that ends before it begins");
        r = cased({{low, high}});
      }
      all.insert(all.end(), r.begin(), r.end());
    }
    rest = rest.drop_front();
    return negated ? complement(all) : all;
  }

  /// With the other case of ASCII letters, where case is ignored.
  Ranges cased(Ranges r) {
    for (size_t i = 0, e = r.size(); ignoreCase && i < e; ++i)
      for (auto [from, to, distance] : {std::tuple('A', 'Z', 32), std::tuple('a', 'z', -32)}) {
        int64_t first = std::max<int64_t>(r[i].first, from), last = std::min<int64_t>(r[i].second, to);
        if (first <= last)
          r.push_back({first + distance, last + distance});
      }
    return r;
  }

  int64_t character() {
    if (rest.empty()) {
      fail("a character is missing at the end");
      return 0;
    }
    if (!rest.consume_front("\\")) {
      const UTF8 *p = reinterpret_cast<const UTF8 *>(rest.begin());
      const UTF8 *end = reinterpret_cast<const UTF8 *>(rest.end());
      UTF32 c = 0;
      UTF32 *out = &c;
      const UTF8 *from = p;
      if (ConvertUTF8toUTF32(&p, p + std::min<size_t>(end - p, getNumBytesForUTF8(*p)), &out, out + 1, strictConversion) != conversionOK) {
        fail("bytes that are no UTF-8");
        return 0;
      }
      rest = rest.drop_front(p - from);
      return c;
    }
    if (rest.empty()) {
      fail("a '\\' at the end");
      return 0;
    }
    char c = rest[0];
    rest = rest.drop_front();
    switch (c) {
    case 'a': return '\a';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'v': return '\v';
    case 'x': {
      bool braces = rest.consume_front("{");
      StringRef digits = braces ? rest.take_until([](char d) { return d == '}'; }) : rest.take_front(2);
      int64_t value = 0;
      if (digits.getAsInteger(16, value) || value > lastCodePoint)
        fail("a character's number that is none");
      rest = rest.drop_front(std::min(rest.size(), digits.size()));
      if (braces && !rest.consume_front("}"))
        fail("a '{' without its '}'");
      return value;
    }
    default:
      if (isAlnum(c))
        fail("'\\" + Twine(c) + "' is not supported");
      return static_cast<unsigned char>(c);
    }
  }
};

/// Instructions are written from the end, so that each knows what follows it.
class Emitter {
public:
  explicit Emitter(RegexProgram &out) : out(out) {}

  int64_t add(Op op, int64_t a = 0, int64_t b = 0, int64_t c = 0) {
    out.program.append({op, a, b, c});
    return int64_t(out.program.size()) / 4 - 1;
  }
  bool tooLarge() const { return out.program.size() / 4 > maxInstructions; }

  int64_t emit(const Node &n, int64_t next) {
    if (tooLarge())
      return next;
    switch (n.kind) {
    case Node::Chars: {
      int64_t first = out.ranges.size() / 2;
      for (auto [low, high] : n.chars)
        out.ranges.append({low, high});
      return add(Set, first, next, out.ranges.size() / 2);
    }
    case Node::At: return add(Assert, n.place, next);
    case Node::Sequence:
      for (auto &part : llvm::reverse(n.parts))
        next = emit(*part, next);
      return next;
    case Node::Either: {
      int64_t first = emit(*n.parts[0], next), second = emit(*n.parts[1], next);
      return add(Split, first, second);
    }
    case Node::Repeat: {
      int64_t end = next;
      if (n.most == unlimited) {
        int64_t again = next = add(Split, 0, end);
        out.program[4 * again + 1] = emit(*n.parts[0], again);
      }
      for (int64_t k = n.least; k < n.most; ++k)
        next = add(Split, emit(*n.parts[0], next), end);
      for (int64_t k = 0; k < n.least; ++k)
        next = emit(*n.parts[0], next);
      return next;
    }
    }
    llvm_unreachable("all kinds are above");
  }

private:
  RegexProgram &out;
};

} // namespace

std::optional<RegexProgram> compileRegex(StringRef pattern, std::string &problem) {
  NodePtr root = Parser(pattern, problem).parse();
  if (!root)
    return std::nullopt;
  RegexProgram out;
  Emitter e(out);
  int64_t match = e.add(Match);
  out.start = e.emit(*root, match);
  if (e.tooLarge()) {
    problem = "its repetitions make it too large";
    return std::nullopt;
  }
  return out;
}

} // namespace ingot
