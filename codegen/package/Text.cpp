//===- Text.cpp - Small pieces of C text ------------------------------------------------------------------===//

#include "codegen/package/Text.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace ingot::package {

static constexpr size_t columnLimit = 110;

std::string fill(StringRef text, const Substitutions &substitutions) {
  std::string result;
  while (!text.empty()) {
    auto [before, rest] = text.split('@');
    result += before;
    if (before.size() == text.size())
      break;
    auto [key, after] = rest.split('@');
    bool found = false;
    for (auto &[name, value] : substitutions)
      if (key == name) {
        result += value;
        found = true;
        break;
      }
    if (!found) { // an @ that is no placeholder
      result += '@';
      text = rest;
      continue;
    }
    text = after;
  }
  return result;
}

std::string wrapList(StringRef prefix, ArrayRef<std::string> items, StringRef suffix) {
  std::string result = prefix.str();
  size_t indent = prefix.size() - (prefix.rfind('\n') == StringRef::npos ? 0 : prefix.rfind('\n') + 1);
  size_t column = indent;
  if (indent > columnLimit / 2) // no room for a column of items
    indent = 4;
  for (size_t i = 0; i < items.size(); ++i) {
    bool last = i + 1 == items.size();
    size_t width = items[i].size() + (last ? suffix.split('\n').first.size() : 1);
    if (i && column + 1 + width > columnLimit) {
      result += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (i) {
      result += ' ';
      ++column;
    }
    result += items[i];
    column += items[i].size();
    if (!last) {
      result += ',';
      ++column;
    }
  }
  return result + suffix.str();
}

std::string wrapFormula(StringRef prefix, StringRef formula, StringRef suffix) {
  std::string result, line = (prefix + formula + suffix).str();
  while (line.size() > columnLimit) {
    size_t at = StringRef(line).take_front(columnLimit + 1).rfind(' ');
    if (at == StringRef::npos || at <= 6)
      break;
    result += line.substr(0, at) + "\n";
    line = std::string(6, ' ') + line.substr(at + 1);
  }
  return result + line + "\n";
}

std::set<std::string> identifiersIn(StringRef text) {
  std::set<std::string> result;
  for (size_t i = 0; i < text.size();) {
    if (isAlpha(text[i]) || text[i] == '_') {
      size_t begin = i;
      while (i < text.size() && (isAlnum(text[i]) || text[i] == '_'))
        ++i;
      result.insert(text.slice(begin, i).str());
    } else if (isDigit(text[i])) { // suffixes of literals are no identifiers
      while (i < text.size() && (isAlnum(text[i]) || text[i] == '_' || text[i] == '.'))
        ++i;
    } else {
      ++i;
    }
  }
  return result;
}

bool isWordOfC(StringRef word) {
  static const std::set<std::string> words = {
      "alignas", "alignof", "and", "and_eq", "asm", "auto", "bitand", "bitor", "bool", "break", "case", "catch",
      "char", "char16_t", "char32_t", "char8_t", "class", "co_await", "co_return", "co_yield", "compl", "concept",
      "const", "const_cast", "consteval", "constexpr", "constinit", "continue", "decltype", "default", "delete",
      "do", "double", "dynamic_cast", "else", "enum", "explicit", "export", "extern", "false", "float", "for",
      "friend", "goto", "if", "inline", "int", "long", "mutable", "namespace", "new", "noexcept", "not", "not_eq",
      "nullptr", "operator", "or", "or_eq", "private", "protected", "public", "register", "reinterpret_cast",
      "requires", "restrict", "return", "short", "signed", "sizeof", "static", "static_assert", "static_cast",
      "struct", "switch", "template", "this", "thread_local", "throw", "true", "try", "typedef", "typeid",
      "typename", "typeof", "union", "unsigned", "using", "virtual", "void", "volatile", "wchar_t", "while", "xor",
      "xor_eq", "NULL", "NAN", "INFINITY", "HUGE_VAL", "OVERFLOW", "UNDERFLOW", "DOMAIN", "SING", "EOF", "errno", "stdin", "stdout", "stderr", "linux", "unix", "I"};
  // N.hpp includes <sys/mman.h>, whose constants are macros.
  static const char *const mapping[] = {"PROT_", "MAP_", "MADV_", "MS_", "MCL_", "MFD_", "MREMAP_", "MLOCK_", "PKEY_", "POSIX_MADV_"};
  return word.ends_with("_t") || word.starts_with("ingot_") || words.count(word.str()) ||
         any_of(mapping, [&](StringRef prefix) { return word.starts_with(prefix); });
}

static bool isReserved(StringRef word) {
  static const std::set<std::string> words = {
      // libc and libm names whose local use would hide a call
      "exp", "log", "sqrt", "sin", "cos", "tan", "pow", "abs", "floor", "ceil", "round", "erf", "memcpy", "memset",
      "memcmp", "main",
      // words of the generated code
      "align", "begin", "bytes", "ceildiv", "checked", "context", "dims", "end", "error", "executor", "fail",
      "features", "floordiv", "frame", "ingot", "inputs", "limits", "magic", "max", "min", "mod", "model",
      "options", "outputs", "sizes", "state", "status", "std", "target", "targets", "weights", "workspace",
      "workspace_bytes", "planned_bytes", "state_bytes", "memory", "planned", "result", "needed_state"};
  return isWordOfC(word) || words.count(word.str());
}

std::string makeIdentifier(StringRef text, std::set<std::string> &used) {
  std::string base;
  for (char c : text)
    if (isAlnum(c))
      base += c;
    else if (!base.empty() && base.back() != '_') // no leading and no double underscore: both are reserved
      base += '_';
  while (!base.empty() && base.back() == '_')
    base.pop_back();
  if (base.empty())
    base = "value";
  if (isDigit(base.front()))
    base = "v" + base;
  std::string name = base;
  if (isReserved(name))
    name += '_';
  for (unsigned i = 2; used.count(name); ++i)
    name = base + "_" + std::to_string(i);
  used.insert(name);
  return name;
}

std::string nextName(StringRef name) { return name.rtrim('_').str() + "_next"; }

bool isValidLibraryName(StringRef name) {
  if (name.empty() || !(isAlpha(name.front())) || name.starts_with("ingot") || isReserved(name))
    return false;
  return all_of(name, [](char c) { return isAlnum(c) || c == '_'; }) && !name.contains("__") && name.back() != '_';
}

const char *const libraryNameRule = "use letters, digits and single underscores, no keyword, and no 'ingot' in front";

std::string makeLibraryName(StringRef text) {
  std::string name;
  for (char c : text)
    if (isAlnum(c))
      name += c;
    else if (!name.empty() && name.back() != '_')
      name += '_';
  name = StringRef(name).rtrim('_').str();
  if (name.empty())
    return "network";
  if (isDigit(name.front()) || StringRef(name).starts_with("ingot"))
    name = "model_" + name;
  if (isReserved(name))
    name += "_model";
  return name;
}

ElementText elementText(ingot_dtype type) {
  switch (type) {
  case INGOT_F32: return {"f32", "float", "INGOT_F32"};
  case INGOT_U8: return {"u8", "uint8_t", "INGOT_U8"};
  case INGOT_I8: return {"i8", "int8_t", "INGOT_I8"};
  case INGOT_U16: return {"u16", "uint16_t", "INGOT_U16"};
  case INGOT_I16: return {"i16", "int16_t", "INGOT_I16"};
  case INGOT_I32: return {"i32", "int32_t", "INGOT_I32"};
  case INGOT_I64: return {"i64", "int64_t", "INGOT_I64"};
  case INGOT_STRING: return {"string", "ingot_string", "INGOT_STRING"};
  case INGOT_BOOL: return {"bool", "uint8_t", "INGOT_BOOL"};
  case INGOT_F16: return {"f16", "uint16_t", "INGOT_F16"};
  case INGOT_F64: return {"f64", "double", "INGOT_F64"};
  case INGOT_U32: return {"u32", "uint32_t", "INGOT_U32"};
  case INGOT_U64: return {"u64", "uint64_t", "INGOT_U64"};
  case INGOT_C64: return {"c64", "ingot_complex64", "INGOT_C64"};
  case INGOT_C128: return {"c128", "ingot_complex128", "INGOT_C128"};
  case INGOT_BF16: return {"bf16", "uint16_t", "INGOT_BF16"};
  case INGOT_F8E4M3FN: return {"f8e4m3fn", "uint8_t", "INGOT_F8E4M3FN"};
  case INGOT_F8E4M3FNUZ: return {"f8e4m3fnuz", "uint8_t", "INGOT_F8E4M3FNUZ"};
  case INGOT_F8E5M2: return {"f8e5m2", "uint8_t", "INGOT_F8E5M2"};
  case INGOT_F8E5M2FNUZ: return {"f8e5m2fnuz", "uint8_t", "INGOT_F8E5M2FNUZ"};
  case INGOT_U4: return {"u4", "uint8_t", "INGOT_U4"};
  case INGOT_I4: return {"i4", "uint8_t", "INGOT_I4"};
  case INGOT_F4E2M1: return {"f4e2m1", "uint8_t", "INGOT_F4E2M1"};
  case INGOT_F8E8M0: return {"f8e8m0", "uint8_t", "INGOT_F8E8M0"};
  case INGOT_U2: return {"u2", "uint8_t", "INGOT_U2"};
  case INGOT_I2: return {"i2", "uint8_t", "INGOT_I2"};
  case INGOT_UNDEFINED: break;
  }
  return {"f32", "void", "INGOT_UNDEFINED"};
}

static std::string withoutSpaces(StringRef text) {
  std::string result;
  for (char c : text)
    if (c != ' ')
      result += c;
  return result;
}

std::string shapeComment(ArrayRef<std::string> dims) {
  if (dims.empty())
    return "scalar";
  std::string result = "[";
  for (size_t i = 0; i < dims.size(); ++i)
    result += (i ? ", " : "") + withoutSpaces(dims[i]);
  return result + "]";
}

static bool isSum(StringRef formula) {
  int depth = 0;
  for (char c : formula) {
    depth += c == '(';
    depth -= c == ')';
    if (depth == 0 && (c == '+' || c == '-'))
      return true;
  }
  return false;
}

Product product(ArrayRef<std::string> dims) {
  Product result;
  for (const std::string &dim : dims) {
    std::string factor = withoutSpaces(dim);
    if (isSum(factor) && dims.size() > 1)
      factor = "(" + factor + ")";
    result.formula += (result.formula.empty() ? "" : "*") + factor;
  }
  if (dims.empty())
    return {"checked(1)", "1"};
  // The first factor makes the whole product checked arithmetic.
  result.code = "checked(" + withoutSpaces(dims.front()) + ")";
  for (const std::string &dim : dims.drop_front()) {
    std::string factor = withoutSpaces(dim);
    result.code += " * " + (isSum(factor) ? "(" + factor + ")" : factor);
  }
  return result;
}

std::string commentText(StringRef text) {
  std::string result;
  for (unsigned char c : text) {
    bool opensOrEnds = !result.empty() && ((result.back() == '*' && c == '/') || (result.back() == '/' && c == '*'));
    if (opensOrEnds)
      result += ' ';
    result += c < 0x20 || c == 0x7f || c == '\\' ? ' ' : char(c);
  }
  return result;
}

std::string headComment(StringRef title, StringRef banner) {
  bool fits = title.size() + banner.size() + 5 <= columnLimit;
  return lineComment((title + (fits ? "; " : ";\n") + banner).str());
}

/// Where a line of a comment goes on: behind a semicolon, a comma or an operator of the least nested part, never inside an index; in the
/// second half of the line where that has one.
static size_t commentBreak(StringRef text, size_t width) {
  size_t best = StringRef::npos;
  int bestRank = 1 << 20;
  int parentheses = 0, brackets = 0;
  for (size_t i = 1; i < text.size(); ++i) {
    char c = text[i], p = text[i - 1];
    parentheses += (p == '(') - (p == ')' && parentheses);
    brackets += (p == '[') - (p == ']' && brackets);
    if (c != ' ' || p == ' ')
      continue;
    if (i > width && best != StringRef::npos)
      break;
    bool between = i > 1 && text[i - 2] == ' '; // two blanks
    bool list = i + 1 < text.size() && text[i + 1] == '['; // of the word before it
    int kind = p == ';' ? 0 : p == ',' || (between && StringRef("+-*/").contains(p)) ? 1 : between && p == '=' ? 3 : list ? 2000 : 2;
    int rank = brackets * 1000 + (i < width / 2 ? 100 : 0) + parentheses * 4 + kind;
    if (rank <= bestRank) {
      best = i;
      bestRank = rank;
    }
  }
  return best;
}

std::string lineComment(StringRef text, StringRef indent) {
  std::string result;
  SmallVector<StringRef> lines;
  text.rtrim('\n').split(lines, '\n');
  for (StringRef line : lines) {
    size_t margin = line.size() - line.ltrim().size();
    std::string safe = commentText(line.trim());
    StringRef rest = safe;
    for (std::string start = (indent + "//").str() + std::string(margin, ' ');; start = (indent + "//  ").str() + std::string(margin, ' ')) {
      size_t width = columnLimit - start.size() - 1;
      size_t at = rest.size() > width ? commentBreak(rest, width) : StringRef::npos;
      StringRef piece = rest.substr(0, at).rtrim();
      result += start + (piece.empty() ? "" : " ") + piece.str() + "\n";
      if (at == StringRef::npos)
        break;
      rest = rest.substr(at).ltrim();
    }
  }
  return result;
}

} // namespace ingot::package
