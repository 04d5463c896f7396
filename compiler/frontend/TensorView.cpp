//===- TensorView.cpp -----------------------------------------------------===//
#include "compiler/frontend/TensorView.h"

#include <bit>
#include <cstring>

namespace ingot {
static_assert(std::endian::native == std::endian::little, "typed fields are viewed as little-endian bytes");
using onnx::TensorProto;

namespace {
/// Which typed field holds the elements when raw_data does not.
enum class Field { None, Float, Int32, Int64, Uint64, Double, String };

struct Storage {
  const char *name;
  unsigned bits;
  Field field;
};
} // namespace

static Storage storageOf(int32_t type) {
  // clang-format off
  switch (type) {
  case TensorProto::FLOAT: return {"f32", 32, Field::Float};
  case TensorProto::UINT8: return {"ui8", 8, Field::Int32};
  case TensorProto::INT8: return {"i8", 8, Field::Int32};
  case TensorProto::UINT16: return {"ui16", 16, Field::Int32};
  case TensorProto::INT16: return {"i16", 16, Field::Int32};
  case TensorProto::INT32: return {"i32", 32, Field::Int32};
  case TensorProto::INT64: return {"i64", 64, Field::Int64};
  case TensorProto::STRING: return {"string", 0, Field::String};
  case TensorProto::BOOL: return {"bool", 8, Field::Int32};
  case TensorProto::FLOAT16: return {"f16", 16, Field::Int32};
  case TensorProto::DOUBLE: return {"f64", 64, Field::Double};
  case TensorProto::UINT32: return {"ui32", 32, Field::Uint64};
  case TensorProto::UINT64: return {"ui64", 64, Field::Uint64};
  case TensorProto::COMPLEX64: return {"complex64", 64, Field::Float};
  case TensorProto::COMPLEX128: return {"complex128", 128, Field::Double};
  case TensorProto::BFLOAT16: return {"bf16", 16, Field::Int32};
  case TensorProto::FLOAT8E4M3FN: return {"f8E4M3FN", 8, Field::Int32};
  case TensorProto::FLOAT8E4M3FNUZ: return {"f8E4M3FNUZ", 8, Field::Int32};
  case TensorProto::FLOAT8E5M2: return {"f8E5M2", 8, Field::Int32};
  case TensorProto::FLOAT8E5M2FNUZ: return {"f8E5M2FNUZ", 8, Field::Int32};
  case TensorProto::UINT4: return {"ui4", 4, Field::Int32};
  case TensorProto::INT4: return {"i4", 4, Field::Int32};
  case TensorProto::FLOAT4E2M1: return {"f4E2M1", 4, Field::Int32};
  case TensorProto::FLOAT8E8M0: return {"f8E8M0", 8, Field::Int32};
  case TensorProto::UINT2: return {"ui2", 2, Field::Int32};
  case TensorProto::INT2: return {"i2", 2, Field::Int32};
  case TensorProto::FLOAT6E2M3: return {"f6E2M3", 6, Field::Int32};
  case TensorProto::FLOAT6E3M2: return {"f6E3M2", 6, Field::Int32};
  default: return {"?", 0, Field::None};
  }
  // clang-format on
}

unsigned elementBits(int32_t elementType) { return storageOf(elementType).bits; }
const char *elementName(int32_t elementType) { return storageOf(elementType).name; }

std::optional<int64_t> countElements(std::span<const int64_t> dims) {
  constexpr int64_t most = int64_t(1) << 47;
  int64_t product = 1;
  bool empty = false;
  for (int64_t dim : dims) {
    if (dim < 0)
      return std::nullopt;
    if (dim == 0) {
      empty = true;
      continue;
    }
    if (__builtin_mul_overflow(product, dim, &product) || product > most)
      return std::nullopt;
  }
  return empty ? 0 : product;
}

uint64_t storageBytes(int32_t elementType, int64_t count) {
  return (static_cast<uint64_t>(count) * elementBits(elementType) + 7) / 8;
}

template <typename T>
static std::span<const uint8_t> asBytes(const google::protobuf::RepeatedField<T> &field) {
  return {reinterpret_cast<const uint8_t *>(field.data()), field.size() * sizeof(T)};
}

/// Copies entries of a typed field that are wider than what they hold: `width` low bytes of each.
template <typename T>
static std::shared_ptr<std::string> narrow(const google::protobuf::RepeatedField<T> &field, size_t width) {
  auto bytes = std::make_shared<std::string>(field.size() * width, '\0');
  for (int i = 0; i < field.size(); ++i)
    std::memcpy(bytes->data() + i * width, &field.Get(i), width);
  return bytes;
}

/// Four 6-bit elements fill three bytes; int32_data stores each in an entry of its own.
static std::shared_ptr<std::string> packSixBit(const google::protobuf::RepeatedField<int32_t> &field) {
  auto bytes = std::make_shared<std::string>((field.size() * size_t(6) + 7) / 8, '\0');
  for (size_t i = 0; i < size_t(field.size()); ++i) {
    unsigned shifted = (static_cast<unsigned>(field.Get(static_cast<int>(i))) & 0x3f) << (i * 6 % 8);
    (*bytes)[i * 6 / 8] |= static_cast<char>(shifted);
    if (shifted >> 8)
      (*bytes)[i * 6 / 8 + 1] |= static_cast<char>(shifted >> 8);
  }
  return bytes;
}

static std::string dimsText(const TensorProto &tensor) {
  std::string text = elementName(tensor.data_type()) + std::string("[");
  for (int i = 0; i < tensor.dims_size(); ++i)
    text += (i ? "," : "") + std::to_string(tensor.dims(i));
  return text + "]";
}

std::optional<TensorView> viewTensor(const TensorProto &tensor, const ExternalData &external,
                                     Problem &problem) {
  auto fail = [&](std::string message) {
    problem = {std::move(message), "Export the model again; this tensor is damaged"};
    return std::nullopt;
  };
  Storage storage = storageOf(tensor.data_type());
  if (storage.field == Field::None)
    return fail("element type code " + std::to_string(tensor.data_type()) + " is not one of ONNX");
  if (tensor.has_segment())
    return fail("the tensor is stored in segments, which ONNX has given up");

  TensorView view;
  view.elementType = tensor.data_type();
  view.dims.assign(tensor.dims().begin(), tensor.dims().end());
  std::optional<int64_t> count = countElements(view.dims);
  if (!count)
    return fail("the shape " + dimsText(tensor) + " is negative or absurdly large");
  view.elementCount = *count;
  uint64_t size = storageBytes(view.elementType, *count);

  auto mismatch = [&](size_t actual, const std::string &unit, uint64_t expected) {
    return fail("the data has " + std::to_string(actual) + " " + unit + ", but " + dimsText(tensor) +
                " needs " + std::to_string(expected));
  };
  if (storage.field == Field::String) {
    if (tensor.data_location() == TensorProto::EXTERNAL || tensor.has_raw_data())
      return fail("strings are stored outside string_data");
    if (tensor.string_data_size() != *count)
      return mismatch(tensor.string_data_size(), "strings", *count);
    view.strings.assign(tensor.string_data().begin(), tensor.string_data().end());
    return view;
  }
  if (tensor.data_location() == TensorProto::EXTERNAL) {
    view.external = external.resolve(tensor, size, problem);
    if (!view.external)
      return std::nullopt;
    view.bytes = view.external->bytes();
    view.owner = view.external->file;
    return view;
  }
  if (tensor.has_raw_data()) {
    if (tensor.raw_data().size() != size)
      return mismatch(tensor.raw_data().size(), "bytes", size);
    view.bytes = {reinterpret_cast<const uint8_t *>(tensor.raw_data().data()), tensor.raw_data().size()};
    return view;
  }

  std::shared_ptr<std::string> converted;
  size_t entries = 0, expected = *count;
  switch (storage.field) {
  case Field::Float:
    entries = tensor.float_data_size();
    expected *= storage.bits / 32;
    view.bytes = asBytes(tensor.float_data());
    break;
  case Field::Double:
    entries = tensor.double_data_size();
    expected *= storage.bits / 64;
    view.bytes = asBytes(tensor.double_data());
    break;
  case Field::Int64:
    entries = tensor.int64_data_size();
    view.bytes = asBytes(tensor.int64_data());
    break;
  case Field::Uint64:
    entries = tensor.uint64_data_size();
    if (storage.bits == 64)
      view.bytes = asBytes(tensor.uint64_data());
    else
      converted = narrow(tensor.uint64_data(), 4);
    break;
  default:
    entries = tensor.int32_data_size();
    if (storage.bits == 32)
      view.bytes = asBytes(tensor.int32_data());
    else if (storage.bits == 6)
      converted = packSixBit(tensor.int32_data());
    else
      converted = narrow(tensor.int32_data(), storage.bits == 16 ? 2 : 1);
    if (storage.bits < 6)
      expected = size; // an entry holds one packed byte
    break;
  }
  if (entries != expected)
    return mismatch(entries, "entries", expected);
  if (converted) {
    view.bytes = {reinterpret_cast<const uint8_t *>(converted->data()), converted->size()};
    view.owner = converted;
  }
  return view;
}

std::optional<TensorProto> makeDense(const onnx::SparseTensorProto &sparse, const ExternalData &external,
                                     Problem &problem) {
  auto fail = [&](std::string message) {
    problem = {std::move(message), "Store the tensor densely, as an ordinary initializer"};
    return std::nullopt;
  };
  auto values = viewTensor(sparse.values(), external, problem);
  if (!values)
    return std::nullopt;
  auto indices = viewTensor(sparse.indices(), external, problem);
  if (!indices)
    return std::nullopt;
  std::vector<int64_t> dims(sparse.dims().begin(), sparse.dims().end());
  auto count = countElements(dims);
  unsigned bits = elementBits(values->elementType);
  if (!count || dims.size() > 64 || bits < 8 ||
      storageBytes(values->elementType, *count) > (uint64_t(1) << 26))
    return fail("the sparse tensor is too large or of a type that cannot be made dense");
  int64_t rank = static_cast<int64_t>(dims.size()), stored = values->elementCount;
  bool linear = indices->dims.size() == 1;
  if (indices->elementType != TensorProto::INT64 ||
      indices->elementCount != (linear ? stored : stored * rank))
    return fail("the sparse tensor's indices do not fit its values");

  TensorProto dense;
  dense.set_name(sparse.values().name());
  dense.set_data_type(values->elementType);
  for (int64_t dim : dims)
    dense.add_dims(dim);
  size_t width = bits / 8;
  std::string &bytes = *dense.mutable_raw_data();
  bytes.assign(*count * width, '\0');
  for (int64_t i = 0; i < stored; ++i) {
    auto index = [&](int64_t k) {
      int64_t value;
      std::memcpy(&value, indices->bytes.data() + k * sizeof value, sizeof value);
      return value;
    };
    int64_t position = linear ? index(i) : 0;
    bool inside = true;
    for (int64_t d = 0; !linear && d < rank; ++d) {
      int64_t at = index(i * rank + d);
      inside &= at >= 0 && at < dims[d];
      position = inside ? position * dims[d] + at : -1;
    }
    if (position < 0 || position >= *count)
      return fail("the sparse tensor has an index outside its shape");
    std::memcpy(bytes.data() + position * width, values->bytes.data() + i * width, width);
  }
  return dense;
}

} // namespace ingot
