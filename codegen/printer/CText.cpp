//===- CText.cpp - C types, literals, identifiers and line breaks --------------------------===//
#include "codegen/printer/CText.h"
#include "codegen/package/Text.h"
#include "dialects/support/ElementType.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
namespace ingot::printer {

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

int packedBits(Type element) {
  unsigned bits = element.isIntOrFloat() ? element.getIntOrFloatBitWidth() : 64;
  return bits == 4 || bits == 2 ? int(bits) : 0;
}

std::string smallFloatName(Type type) {
  if (!isa<FloatType>(type) || type.isF32() || type.isF64())
    return "";
  if (type.isF16())
    return "f16";
  if (type.isBF16())
    return "bf16";
  std::string name;
  llvm::raw_string_ostream(name) << type; // f8E4M3FN
  return StringRef(name).lower();
}

static unsigned storageBits(Type type) {
  if (type.isIndex())
    return 64;
  unsigned bits = type.getIntOrFloatBitWidth();
  return bits < 8 ? 8 : bits;
}

std::string cType(Type type, bool isUnsigned) {
  if (auto v = dyn_cast<VectorType>(type)) {
    Type e = v.getElementType();
    std::string lanes = std::to_string(v.getNumElements());
    if (e.isInteger(1))
      return "mask" + lanes;
    bool isFloat = e.isF32() || e.isF64();
    bool bits = isa<FloatType>(e) && !isFloat;
    return (isFloat ? "f" : bits || isUnsigned || e.isUnsignedInteger() ? "u" : "i") + std::to_string(storageBits(e)) + "x" + lanes;
  }
  if (auto p = dyn_cast<plan::PtrType>(type))
    return "const " + cStorage(p.getElement(), isUnsigned) + " *";
  if (auto m = dyn_cast<MemRefType>(type))
    return cStorage(m.getElementType(), isUnsigned) + " *";
  if (type.isIndex())
    return "int64_t";
  if (type.isInteger(1))
    return "bool";
  if (type.isF32())
    return "float";
  if (type.isF64())
    return "double";
  if (auto c = dyn_cast<ComplexType>(type))
    return c.getElementType().isF64() ? "ingot_complex128" : "ingot_complex64";
  if (isa<nn::StringType>(type))
    return "ingot_string";
  if (isa<nn::SequenceType>(type))
    return "ingot_sequence";
  if (isa<nn::OptionalType>(type))
    return "ingot_optional";
  bool noSign = isa<FloatType>(type) || isUnsigned || type.isUnsignedInteger();
  return (noSign ? "uint" : "int") + std::to_string(storageBits(type)) + "_t";
}

std::string cStorage(Type element, bool isUnsigned) {
  if (element.isInteger(1) || packedBits(element))
    return "uint8_t";
  return cType(element, isUnsigned);
}

std::string dtypeName(Type element) {
  const ElementType *t = elementTypeOf(element);
  if (!t)
    return "INGOT_UNDEFINED";
  if (StringRef(t->name) == "b1")
    return "INGOT_BOOL";
  if (StringRef(t->name) == "str")
    return "INGOT_STRING";
  return "INGOT_" + StringRef(t->name).upper();
}

//===----------------------------------------------------------------------===//
// Literals
//===----------------------------------------------------------------------===//

std::string floatLiteral(const llvm::APFloat &value, FloatType type) {
  if (!type.isF32() && !type.isF64()) { // the bits of a storage type
    llvm::SmallString<16> hex;
    value.bitcastToAPInt().toStringUnsigned(hex, 16);
    return cType(type) + "(0x" + hex.str().lower() + ")";
  }
  bool isFloat = type.isF32();
  std::string sign = value.isNegative() ? "-" : "";
  if (value.isNaN())
    return isFloat ? sign + "INGOT_NAN" : "double(" + sign + "INGOT_NAN)";
  if (value.isInfinity())
    return isFloat ? sign + "INGOT_INF" : "double(" + sign + "INGOT_INF)";
  char text[40];
  for (int digits = 1; digits <= 17; ++digits) { // the shortest that reads back as the same number
    if (isFloat) {
      float f = value.convertToFloat();
      snprintf(text, sizeof text, "%.*g", digits, double(f));
      if (strtof(text, nullptr) == f)
        break;
    } else {
      double d = value.convertToDouble();
      snprintf(text, sizeof text, "%.*g", digits, d);
      if (strtod(text, nullptr) == d)
        break;
    }
  }
  std::string result = text;
  size_t e = result.find('e');
  std::string mantissa = result.substr(0, e);
  int exponent = e == std::string::npos ? 0 : atoi(result.c_str() + e + 1);
  if (exponent > 0 && exponent < 7) { // 1e+03 reads better as 1000
    snprintf(text, sizeof text, "%.1f", value.convertToDouble());
    result = text;
  } else if (e != std::string::npos) {
    result = mantissa + "e" + std::to_string(exponent);
  } else if (result.find('.') == std::string::npos) {
    result += ".0";
  }
  return isFloat ? result + "f" : result;
}

std::string intLiteral(const llvm::APInt &value, bool isSigned) {
  unsigned bits = value.getBitWidth();
  if (bits == 1)
    return value.isZero() ? "false" : "true";
  llvm::SmallString<24> text;
  value.toString(text, 10, isSigned);
  if (isSigned && value.isMinSignedValue() && bits >= 32)
    return "INT" + std::to_string(bits) + "_MIN";
  if (!isSigned && bits == 64 && value.isNegative())
    text += "u";
  return text.str().str();
}

std::string stringLiteral(StringRef text) {
  std::string s = "{\"";
  for (unsigned char c : text) {
    if (c == '"' || c == '\\')
      s += {'\\', char(c)};
    else if (c < 0x20 || c == 0x7f || c == '?') // '?' so that no trigraph arises
      s += {'\\', char('0' + c / 64), char('0' + c / 8 % 8), char('0' + c % 8)};
    else
      s += char(c);
  }
  return s + "\", " + std::to_string(text.size()) + "}";
}

//===----------------------------------------------------------------------===//
// Identifiers
//===----------------------------------------------------------------------===//

static bool isReserved(StringRef word) {
  static const llvm::StringSet<> words = {
      // functions that the generated code calls: a local of that name would hide them
      "abs", "acos", "acosh", "add", "all", "any", "asin", "asinh", "atan", "atan2", "atanh", "bitcast", "broadcast", "cbrt", "ceil",
      "ceildiv", "copysign", "cos", "cosh", "count", "divide", "eq", "erf", "exp", "exp2", "expm1", "floor", "floordiv", "floormod",
      "fma", "fmod", "ge", "gt", "iota", "ipow", "is_inf", "is_nan", "lane", "le", "load", "load_masked", "load_n", "log", "log10",
      "log1p", "log2", "lt", "main", "mask_first", "max", "maximum", "maxnum", "memcpy", "memset", "min", "minimum", "minnum", "mod", "mul",
      "ne", "neg", "popcount", "pow", "remainder", "round", "round_even", "rsqrt", "select", "shl", "shr", "sigmoid",
      "sin", "sinh", "sqrt", "store", "store_masked", "store_n", "sub", "tan", "tanh", "trunc", "unordered", "with_lane",
      // words of the generated code
      "align", "begin", "checked", "context", "end", "error", "executor", "fail", "frame", "ingot", "status", "std", "stream",
      "tile", "tiles", "weights", "workspace"};
  return package::isWordOfC(word) || words.contains(word);
}

std::string identifier(StringRef text) {
  std::string base;
  for (char c : text)
    if (llvm::isAlnum(c))
      base += c;
    else if (!base.empty() && base.back() != '_')
      base += '_';
  while (!base.empty() && base.back() == '_')
    base.pop_back();
  if (base.empty())
    base = "value";
  if (llvm::isDigit(base.front()))
    base = "v" + base;
  return isReserved(base) ? base + "_" : base;
}

/// The parts of a path, without those that the next one begins with, and without what exporters add.
static SmallVector<std::string> nameParts(StringRef onnx) {
  onnx.consume_back("_output_0");
  SmallVector<StringRef> pieces;
  SmallVector<std::string> parts;
  SplitString(onnx, pieces, "/.:");
  for (StringRef piece : pieces) {
    std::string part = identifier(piece);
    if (llvm::isDigit(piece.front())) // "layer1.0": the module's number
      part = part.substr(1);
    if (!parts.empty() && (part == parts.back() || parts.back() == "onnx"))
      parts.pop_back();
    parts.push_back(part);
  }
  return parts;
}

/// The last `count` parts, and the one before them where they begin with a number.
static std::string joinLast(ArrayRef<std::string> parts, size_t count) {
  while (count < parts.size() && llvm::isDigit(parts[parts.size() - count].front()))
    ++count;
  return identifier(llvm::join(parts.take_back(count), "_"));
}

std::string shortName(StringRef onnx, size_t limit) {
  SmallVector<std::string> parts = nameParts(onnx);
  if (parts.empty())
    return identifier(onnx);
  std::string name = joinLast(parts, 1);
  for (size_t count = 2; count <= parts.size(); ++count) {
    std::string longer = joinLast(parts, count);
    if (longer.size() > limit)
      break;
    name = longer;
  }
  return name;
}

std::string lastName(StringRef onnx) {
  SmallVector<std::string> parts = nameParts(onnx);
  if (parts.empty())
    return identifier(onnx);
  // The last part of a node's name is its operator, which many share.
  return joinLast(parts, parts.size() > 1 && llvm::isUpper(parts.back().front()) ? 2 : 1);
}

std::string lastWords(StringRef onnx) {
  SmallVector<std::string> parts = nameParts(onnx);
  bool words = parts.size() > 1 && llvm::all_of(ArrayRef(parts).take_back(2), [](StringRef part) { return llvm::isLower(part.front()); });
  return words ? joinLast(parts, 2) : "";
}

std::string Names::fresh(StringRef hint) {
  std::string base = identifier(hint), name = base;
  const char *joint = llvm::isDigit(base.back()) ? "_" : "";
  for (unsigned i = 2; used_.count(name); ++i)
    name = base + joint + std::to_string(i);
  reserve(name);
  return name;
}

void Names::reserve(StringRef name) {
  if (used_.insert(name.str()).second)
    scopes_.back().push_back(name.str());
}

void Names::pop() {
  for (const std::string &name : scopes_.back())
    used_.erase(name);
  scopes_.pop_back();
}

static bool isWordChar(char c) { return llvm::isAlnum(c) || c == '_'; }

bool mentionsWord(StringRef text, StringRef word) {
  for (size_t at = text.find(word); at != StringRef::npos; at = text.find(word, at + 1))
    if ((at == 0 || !isWordChar(text[at - 1])) && (at + word.size() == text.size() || !isWordChar(text[at + word.size()])))
      return true;
  return false;
}

//===----------------------------------------------------------------------===//
// Lines
//===----------------------------------------------------------------------===//

/// The best place to break one line: the least nested one that keeps the line within the limit, the last of those; else
/// the first one beyond.
static size_t breakAt(StringRef text, size_t width, size_t &align, size_t first) {
  size_t best = StringRef::npos;
  int bestDepth = 1 << 20;
  std::vector<size_t> open;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '"' && (i == 0 || text[i - 1] != '\\'))
      quoted = !quoted;
    if (quoted)
      continue;
    if (text.substr(i).starts_with("<<<")) // a launch's configuration
      open.push_back(i += 2);
    else if (text.substr(i).starts_with(">>>") && !open.empty()) {
      open.pop_back();
      i += 2;
      continue;
    }
    if (c == '(' || c == '[' || c == '{')
      open.push_back(i);
    if ((c == ')' || c == ']' || c == '}') && !open.empty())
      open.pop_back();
    // Behind a comma or a binary operator, which stands between two blanks, or between pieces of a string.
    if (c != ' ' || i <= first)
      continue;
    if (i > width && best != StringRef::npos)
      break;
    char p = text[i - 1];
    bool pieces = p == '"' && i + 1 < text.size() && text[i + 1] == '"';
    bool after = pieces || p == ',' || p == ';' || ((p == '+' || p == '-' || p == '*' || p == '/' || p == '%' || p == '&' || p == '|' || p == '=' ||
                                           p == '?' || p == ':' || p == '<' || p == '>') &&
                                          i >= 2 && (text[i - 2] == ' ' || text[i - 2] == '=' || text[i - 2] == p));
    if (!after)
      continue;
    int depth = int(open.size()) * 4 + (p == ':' ? 3 : p == '=' ? open.empty() ? 3 : 16 : p == '*' || p == '/' ? 2 : p == '+' || p == '-' ? 1 : 0);
    if (p == '=' && open.empty() && text[i - 2] == ' ' && i * 2 < width)
      depth = 1 << 10; // behind an assignment only when nothing else will do
    if (depth <= bestDepth) {
      best = i;
      bestDepth = depth;
      align = open.empty() ? std::string::npos : open.back() + 1;
    }
  }
  return best;
}

std::string wrapStatement(StringRef text, unsigned indent) {
  std::string result, line = std::string(indent, ' ') + text.str();
  size_t first = indent + 8, previous = indent + 4;
  while (line.size() > columnLimit) {
    size_t align = std::string::npos;
    size_t at = breakAt(line, columnLimit, align, first);
    if (at == StringRef::npos)
      break;
    if (align == std::string::npos)
      align = previous;
    result += line.substr(0, at) + "\n";
    std::string rest = line.substr(at + 1);
    if (align + 20 + std::min<size_t>(rest.size(), 40) > columnLimit)
      align = indent + 8;
    previous = align;
    line = std::string(align, ' ') + rest;
    first = align + 8;
  }
  return result + line + "\n";
}

std::string comment(StringRef text, unsigned indent) {
  return text.trim().empty() ? "" : package::lineComment(text.rtrim(), std::string(indent, ' '));
}

} // namespace ingot::printer
