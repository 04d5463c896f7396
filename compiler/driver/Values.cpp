//===- Values.cpp ---------------------------------------------------------------------===//
#include "compiler/driver/Values.h"
#include "compiler/frontend/TensorView.h"
#include "dialects/support/ElementType.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>
#include <cstring>
#include <fstream>
#include <onnx/onnx-data.pb.h>
#include <random>
#include <sstream>

namespace ingot {

int64_t Tensor::count() const {
  int64_t n = 1;
  for (int64_t d : dims)
    n *= d;
  return n;
}

/// The same for dimensions from outside; nothing if one is negative or there are too many.
static std::optional<int64_t> checkedCount(const std::vector<int64_t> &dims) {
  int64_t n = 1;
  for (int64_t d : dims)
    if (d < 0 || llvm::MulOverflow(n, d, n) || n > std::numeric_limits<int64_t>::max() / 128)
      return std::nullopt;
  return n;
}

static int bitsOf(int type) {
  const ElementType *e = elementTypeOfOnnx(type);
  return e ? e->bits : 0;
}
static size_t bytesOf(int type, int64_t count) { return (size_t(count) * bitsOf(type) + 7) / 8; }

//===----------------------------------------------------------------------===//
// Files of ONNX
//===----------------------------------------------------------------------===//

static std::optional<Tensor> fromProto(const onnx::TensorProto &proto, std::string &problem) {
  Problem why;
  if (proto.data_type() == onnx::TensorProto::UNDEFINED) // what else a parser finds no fault with
    return std::nullopt;
  auto view = viewTensor(proto, ExternalData(), why);
  if (!view) {
    problem = why.message;
    return std::nullopt;
  }
  Tensor t;
  t.type = view->elementType;
  t.dims = view->dims;
  t.bytes.assign(reinterpret_cast<const char *>(view->bytes.data()), view->bytes.size());
  for (auto s : view->strings)
    t.strings.emplace_back(s);
  return t;
}

static void toProto(const Tensor &t, onnx::TensorProto &proto) {
  proto.set_data_type(t.type);
  for (int64_t d : t.dims)
    proto.add_dims(d);
  if (t.type == onnx::TensorProto::STRING)
    for (auto &s : t.strings)
      proto.add_string_data(s);
  else
    proto.set_raw_data(t.bytes);
}

constexpr llvm::StringLiteral npyMagic = "\x93NUMPY";

static std::optional<Tensor> readNpy(const std::string &data, std::string &problem) {
  // https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
  if (data.size() < 10 || !llvm::StringRef(data).starts_with(npyMagic)) {
    problem = "not a .npy file";
    return std::nullopt;
  }
  size_t headerAt = data[6] == 1 ? 10 : 12, headerSize = uint8_t(data[8]) | uint8_t(data[9]) << 8;
  if (data[6] != 1 && data.size() >= 12)
    headerSize |= size_t(uint8_t(data[10])) << 16 | size_t(uint8_t(data[11])) << 24;
  if (data.size() < headerAt + headerSize) {
    problem = "the .npy header is cut off";
    return std::nullopt;
  }
  std::string header = data.substr(headerAt, headerSize);
  auto field = [&](const std::string &key, char open, char close) {
    size_t at = header.find("'" + key + "'");
    if (at == std::string::npos)
      return std::string();
    size_t a = header.find(open, at + key.size() + 2), b = header.find(close, a + 1);
    return a == std::string::npos || b == std::string::npos ? std::string() : header.substr(a + 1, b - a - 1);
  };
  static const std::pair<const char *, int> types[] = {{"<f4", 1}, {"|u1", 2}, {"|i1", 3}, {"<u2", 4}, {"<i2", 5}, {"<i4", 6},
                                                       {"<i8", 7}, {"|b1", 9}, {"<f2", 10}, {"<f8", 11}, {"<u4", 12}, {"<u8", 13},
                                                       {"<c8", 14}, {"<c16", 15}};
  Tensor t;
  std::string descr = field("descr", '\'', '\'');
  for (auto &[name, code] : types)
    if (descr == name)
      t.type = code;
  if (!t.type || header.find("'fortran_order': True") != std::string::npos) {
    problem = "element type '" + descr + "' or Fortran order in a .npy file";
    return std::nullopt;
  }
  std::stringstream shape(field("shape", '(', ')'));
  for (std::string part; std::getline(shape, part, ',');) {
    llvm::StringRef number = llvm::StringRef(part).trim();
    int64_t d;
    if (number.empty() && t.dims.size() <= 1)
      continue; // "()" and "(3,)"
    if (number.getAsInteger(10, d)) {
      problem = "the .npy header's shape (" + shape.str() + ") is malformed";
      return std::nullopt;
    }
    t.dims.push_back(d);
  }
  t.bytes = data.substr(headerAt + headerSize);
  std::optional<int64_t> count = checkedCount(t.dims);
  if (!count || t.bytes.size() != bytesOf(t.type, *count)) {
    problem = "the .npy file's size does not fit its shape";
    return std::nullopt;
  }
  return t;
}

std::optional<TensorValue> readValue(const std::string &path, package::ValueKind kind, std::string &problem) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    problem = "cannot read " + path;
    return std::nullopt;
  }
  std::string data((std::istreambuf_iterator<char>(file)), {});
  TensorValue value;
  value.kind = kind;
  auto add = [&](const onnx::TensorProto &proto) {
    auto t = fromProto(proto, problem);
    if (t)
      value.items.push_back(std::move(*t));
    return t.has_value();
  };
  if (llvm::StringRef(path).ends_with(".npy") || llvm::StringRef(data).starts_with(npyMagic)) {
    auto t = readNpy(data, problem);
    if (!t)
      return std::nullopt;
    value.items.push_back(std::move(*t));
    return value;
  }
  auto addSequence = [&](const onnx::SequenceProto &s) {
    for (auto &t : s.tensor_values())
      if (!add(t))
        return false;
    return true;
  };
  bool ok = true;
  if (kind == package::ValueKind::Sequence) {
    onnx::SequenceProto s;
    ok = s.ParseFromString(data) && addSequence(s);
  } else if (kind == package::ValueKind::Optional) {
    onnx::OptionalProto o;
    ok = o.ParseFromString(data);
    value.present = o.has_tensor_value() || o.has_sequence_value();
    if (ok && o.has_tensor_value())
      ok = add(o.tensor_value());
    else if (ok && o.has_sequence_value())
      ok = addSequence(o.sequence_value());
  } else {
    onnx::TensorProto t;
    ok = t.ParseFromString(data) && add(t);
  }
  if (!ok) {
    auto [what, proto] = kind == package::ValueKind::Sequence   ? std::pair("sequence", "SequenceProto")
                         : kind == package::ValueKind::Optional ? std::pair("optional", "OptionalProto")
                                                                : std::pair("tensor", "TensorProto");
    if (problem.empty())
      problem = path + " holds no " + what + "; expected a .npy file of numpy, or a serialised " + proto +
                " of ONNX, as the .pb files of data sets are";
    return std::nullopt;
  }
  return value;
}

bool writeProto(const std::string &path, const TensorValue &value, const std::string &name) {
  std::ofstream file(path, std::ios::binary);
  if (value.kind == package::ValueKind::Sequence) {
    onnx::SequenceProto s;
    s.set_name(name);
    s.set_elem_type(onnx::SequenceProto::TENSOR);
    for (auto &t : value.items)
      toProto(t, *s.add_tensor_values());
    s.SerializeToOstream(&file);
  } else if (value.kind == package::ValueKind::Optional) {
    onnx::OptionalProto o;
    o.set_name(name);
    if (value.present) {
      o.set_elem_type(onnx::OptionalProto::TENSOR);
      toProto(value.items.at(0), *o.mutable_tensor_value());
    }
    o.SerializeToOstream(&file);
  } else {
    onnx::TensorProto t;
    t.set_name(name);
    toProto(value.items.at(0), t);
    t.SerializeToOstream(&file);
  }
  return bool(file);
}

bool writeNpy(const std::string &path, const Tensor &t) {
  static const char *const names[] = {"", "<f4", "|u1", "|i1", "<u2", "<i2", "<i4", "<i8", "", "|b1", "<f2", "<f8", "<u4", "<u8", "<c8", "<c16"};
  if (t.type <= 0 || t.type > 15 || !*names[t.type])
    return false; // numpy has no such type
  std::string shape;
  for (int64_t d : t.dims)
    shape += std::to_string(d) + (t.dims.size() == 1 ? "," : ", ");
  if (t.dims.size() > 1)
    shape.resize(shape.size() - 2);
  std::string header = std::string("{'descr': '") + names[t.type] + "', 'fortran_order': False, 'shape': (" + shape + "), }";
  while ((10 + header.size() + 1) % 64)
    header += ' ';
  header += '\n';
  std::ofstream file(path, std::ios::binary);
  file.write("\x93NUMPY\x01\x00", 8);
  file.put(char(header.size() & 255)).put(char(header.size() >> 8));
  file << header << t.bytes;
  return bool(file);
}

//===----------------------------------------------------------------------===//
// The runner's files
//===----------------------------------------------------------------------===//

static void put(std::ostream &os, const void *p, size_t n) { os.write(static_cast<const char *>(p), n); }
template <typename T> static void putValue(std::ostream &os, T v) { put(os, &v, sizeof v); }

static void putElements(std::ostream &os, const Tensor &t) {
  if (t.type == 8) {
    for (auto &s : t.strings) {
      putValue(os, uint64_t(s.size()));
      os << s;
    }
  } else {
    os << t.bytes;
  }
}
static void putTensor(std::ostream &os, const Tensor &t) {
  putValue(os, int32_t(t.type));
  putValue(os, int32_t(t.dims.size()));
  for (int64_t d : t.dims)
    putValue(os, d);
  putElements(os, t);
}

bool writeRaw(const std::string &path, const TensorValue &value) {
  std::ofstream os(path, std::ios::binary);
  switch (value.kind) {
  case package::ValueKind::Tensor:
    putElements(os, value.items.at(0));
    break;
  case package::ValueKind::Untyped:
    putTensor(os, value.items.at(0));
    break;
  case package::ValueKind::Optional:
    putValue(os, uint64_t(value.present));
    if (!value.present)
      break;
    [[fallthrough]];
  case package::ValueKind::Sequence:
    putValue(os, uint64_t(value.items.size()));
    for (auto &t : value.items)
      putTensor(os, t);
  }
  return bool(os);
}

namespace {
struct Cursor {
  const std::string &data;
  size_t at = 0;
  bool ok = true;
  template <typename T> T get() {
    T v{};
    if (data.size() - at < sizeof v)
      ok = false;
    else
      std::memcpy(&v, data.data() + at, sizeof v);
    at += ok ? sizeof v : 0;
    return v;
  }
  void elements(Tensor &t) {
    if (t.type == 8) {
      for (int64_t i = 0, n = t.count(); ok && i < n; ++i) {
        uint64_t size = get<uint64_t>();
        if (!ok || data.size() - at < size) {
          ok = false;
          return;
        }
        t.strings.push_back(data.substr(at, size));
        at += size;
      }
      return;
    }
    size_t n = bytesOf(t.type, t.count());
    ok &= data.size() - at >= n;
    if (ok)
      t.bytes = data.substr(at, n);
    at += n;
  }
  Tensor tensor() {
    Tensor t;
    t.type = get<int32_t>();
    int32_t rank = get<int32_t>();
    for (int32_t i = 0; ok && i < rank; ++i)
      t.dims.push_back(get<int64_t>());
    if (ok)
      elements(t);
    return t;
  }
};
} // namespace

std::optional<TensorValue> readRaw(const std::string &path, package::ValueKind kind, int type, const std::string &shape) {
  std::ifstream file(path, std::ios::binary);
  std::string data((std::istreambuf_iterator<char>(file)), {});
  Cursor c{data};
  TensorValue value;
  value.kind = kind;
  switch (kind) {
  case package::ValueKind::Tensor: {
    Tensor t;
    t.type = type;
    if (shape != "scalar") {
      std::stringstream dims(shape);
      for (std::string d; std::getline(dims, d, 'x');)
        t.dims.push_back(std::stoll(d));
    }
    c.elements(t);
    value.items.push_back(std::move(t));
    break;
  }
  case package::ValueKind::Untyped:
    value.items.push_back(c.tensor());
    break;
  case package::ValueKind::Optional:
    value.present = c.get<uint64_t>() != 0;
    if (!value.present)
      break;
    [[fallthrough]];
  case package::ValueKind::Sequence:
    for (uint64_t i = 0, n = c.get<uint64_t>(); c.ok && i < n; ++i)
      value.items.push_back(c.tensor());
  }
  if (!c.ok)
    return std::nullopt;
  return value;
}

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

Tensor seededTensor(uint64_t seed, int type, const std::vector<int64_t> &dims) {
  Tensor t;
  t.type = type;
  t.dims = dims;
  std::mt19937_64 r(seed);
  // Box–Muller on the generator's own bits: std::normal_distribution differs between libraries.
  auto uniform = [&] { return (double(r() >> 11) + 0.5) / 9007199254740992.0; };
  auto normal = [&] { return std::sqrt(-2 * std::log(uniform())) * std::cos(6.283185307179586 * uniform()); };
  int64_t n = t.count();
  auto append = [&](auto v) { t.bytes.append(reinterpret_cast<const char *>(&v), sizeof v); };
  if (type == 8) {
    for (int64_t i = 0; i < n; ++i)
      t.strings.push_back("s" + std::to_string(r() % 100));
    return t;
  }
  if (bitsOf(type) < 8) {
    t.bytes.assign(bytesOf(type, n), 0);
    for (char &c : t.bytes)
      c = char(r());
    return t;
  }
  for (int64_t i = 0; i < n; ++i)
    switch (type) {
    case 1: append(float(normal())); break;
    case 11: append(normal()); break;
    case 14: append(float(normal())), append(float(normal())); break;
    case 15: append(normal()), append(normal()); break;
    case 9: append(uint8_t(r() & 1)); break;
    case 7: append(int64_t(r() % 8)); break;
    case 13: append(uint64_t(r() % 8)); break;
    case 6: append(int32_t(r() % 8)); break;
    case 12: append(uint32_t(r() % 8)); break;
    case 5: append(int16_t(r() % 8)); break;
    case 4: append(uint16_t(r() % 8)); break;
    case 10:
    case 16: {
      llvm::APFloat v(normal());
      bool lost;
      v.convert(type == 10 ? llvm::APFloat::IEEEhalf() : llvm::APFloat::BFloat(), llvm::APFloat::rmNearestTiesToEven, &lost);
      append(uint16_t(v.bitcastToAPInt().getZExtValue()));
      break;
    }
    default: append(uint8_t(r() % 8)); break;
    }
  return t;
}

/// Element i as a double; only for float types.
static double numberAt(const Tensor &t, int64_t i) {
  const char *p = t.bytes.data();
  switch (t.type) {
  case 1: {
    float v;
    std::memcpy(&v, p + 4 * i, 4);
    return v;
  }
  case 11: {
    double v;
    std::memcpy(&v, p + 8 * i, 8);
    return v;
  }
  default: {
    uint16_t v;
    std::memcpy(&v, p + 2 * i, 2);
    return llvm::APFloat(t.type == 10 ? llvm::APFloat::IEEEhalf() : llvm::APFloat::BFloat(), llvm::APInt(16, v)).convertToDouble();
  }
  }
}

std::string describe(const Tensor &t) {
  std::string s = std::string(elementName(t.type)) + "[";
  for (size_t i = 0; i < t.dims.size(); ++i)
    s += (i ? "," : "") + std::to_string(t.dims[i]);
  return s + "]";
}

/// "3 of 64 elements differ, the first is [2,5]" for tensors of one type and shape that are not equal.
static std::string differingElements(const Tensor &a, const Tensor &b) {
  const ElementType *e = elementTypeOfOnnx(a.type);
  size_t bytes = e ? e->bits / 8 : 0, count = a.count(), differ = 0, first = 0;
  if ((!bytes && a.strings.empty()) || a.bytes.size() != b.bytes.size() || a.strings.size() != b.strings.size())
    return "elements differ";
  for (size_t i = 0; i < count; ++i) {
    bool same = a.strings.empty() ? !std::memcmp(&a.bytes[i * bytes], &b.bytes[i * bytes], bytes) : a.strings[i] == b.strings[i];
    if (!same && !differ++)
      first = i;
  }
  std::string at;
  for (size_t k = a.dims.size(), rest = first; k--; rest /= a.dims[k])
    at = std::to_string(rest % a.dims[k]) + (at.empty() ? "" : ",") + at;
  return std::to_string(differ) + " of " + std::to_string(count) + " elements differ, the first is [" + at + "]";
}

Match compare(const Tensor &actual, const Tensor &expected, double relative) {
  Match m;
  if (actual.type != expected.type || actual.dims != expected.dims) {
    m.problem = describe(actual) + ", expected " + describe(expected);
    return m;
  }
  bool isFloat = expected.type == 1 || expected.type == 10 || expected.type == 11 || expected.type == 16;
  if (!isFloat) {
    m.ok = actual.bytes == expected.bytes && actual.strings == expected.strings;
    if (!m.ok)
      m.problem = differingElements(actual, expected);
    return m;
  }
  double largest = 0;
  int64_t n = expected.count();
  for (int64_t i = 0; i < n; ++i)
    if (double e = numberAt(expected, i); std::isfinite(e))
      largest = std::max(largest, std::abs(e));
  m.tolerance = largest > 0 ? relative * largest : 1e-6;
  m.ok = true;
  double step = expected.type == 11 ? 52 : expected.type == 1 ? 23 : expected.type == 10 ? 10 : 7;
  for (int64_t i = 0; i < n; ++i) {
    double a = numberAt(actual, i), e = numberAt(expected, i);
    if (std::isnan(a) && std::isnan(e))
      continue;
    if (!std::isfinite(a) || !std::isfinite(e)) {
      if (a != e) {
        m.ok = false;
        m.maxAbs = INFINITY;
        m.problem = "element " + std::to_string(i) + " is " + std::to_string(a) + ", expected " + std::to_string(e);
      }
      continue;
    }
    double d = std::abs(a - e);
    m.maxAbs = std::max(m.maxAbs, d);
    if (e != 0) {
      m.maxRel = std::max(m.maxRel, d / std::abs(e));
      m.maxUlp = std::max(m.maxUlp, d / std::ldexp(1.0, std::ilogb(e) - int(step)));
    }
    m.ok &= d <= m.tolerance;
  }
  return m;
}

} // namespace ingot
