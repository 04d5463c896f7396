//===- ParseModel.cpp -----------------------------------------------------===//
//
// Protobuf would copy every weight into a string. So the file is first copied without the large ones: three
// nested messages (model, graph, initializer) are walked on the wire, all else is taken over as it is.
//
//===----------------------------------------------------------------------===//
#include "compiler/frontend/ParseModel.h"
#include "compiler/frontend/ExternalData.h"

#include <google/protobuf/io/coded_stream.h>

namespace ingot {

namespace {
enum WireType { Varint = 0, Fixed64 = 1, Delimited = 2, Fixed32 = 5 };

/// One field of a message on the wire.
struct WireField {
  unsigned number = 0, type = 0;
  size_t begin = 0;               // of its tag
  size_t payload = 0, length = 0; // of a delimited field's contents
};

/// Reads the fields of the message in [at, end) of a file. `next` is false at the end and on damage.
class WireReader {
public:
  WireReader(std::span<const uint8_t> bytes, size_t begin, size_t end) : bytes(bytes), at(begin), end(end) {}

  bool next(WireField &field) {
    uint64_t tag, value;
    field.begin = at;
    if (at == end || !varint(tag))
      return false;
    field.number = static_cast<unsigned>(tag >> 3);
    field.type = tag & 7;
    switch (field.type) {
    case Varint:
      return varint(value);
    case Fixed64:
      return skip(8);
    case Fixed32:
      return skip(4);
    case Delimited:
      if (!varint(value))
        return false;
      field.payload = at;
      field.length = value;
      return skip(value);
    default:
      return damaged();
    }
  }
  size_t position() const { return at; }
  bool ok() const { return !broken; }

private:
  bool damaged() {
    broken = true;
    return false;
  }
  bool skip(uint64_t count) {
    if (count > end - at)
      return damaged();
    at += count;
    return true;
  }
  bool varint(uint64_t &value) {
    value = 0;
    for (unsigned shift = 0; shift < 64 && at < end; shift += 7) {
      uint8_t byte = bytes[at++];
      value |= uint64_t(byte & 0x7f) << shift;
      if (!(byte & 0x80))
        return true;
    }
    return damaged();
  }

  std::span<const uint8_t> bytes;
  size_t at, end;
  bool broken = false;
};

/// Rewrites the model without its large initializers.
class Slimmer {
public:
  Slimmer(std::span<const uint8_t> bytes, size_t inlineBytes) : bytes(bytes), inlineBytes(inlineBytes) {}

  bool model(std::string &out) {
    return rewrite(0, bytes.size(), onnx::ModelProto::kGraphFieldNumber, out,
                   [&](const WireField &field, std::string &inner) {
                     return rewrite(field.payload, field.payload + field.length,
                                    onnx::GraphProto::kInitializerFieldNumber, inner,
                                    [&](const WireField &tensor, std::string &slim) {
                                      return initializer(tensor.payload, tensor.payload + tensor.length,
                                                         slim);
                                    });
                   });
  }

private:
  static void delimited(unsigned number, const std::string &contents, std::string &out) {
    uint8_t buffer[16];
    using google::protobuf::io::CodedOutputStream;
    uint8_t *end = CodedOutputStream::WriteVarint32ToArray(number << 3 | Delimited, buffer);
    end = CodedOutputStream::WriteVarint64ToArray(contents.size(), end);
    out.append(reinterpret_cast<char *>(buffer), end - buffer).append(contents);
  }
  void copy(size_t begin, size_t end, std::string &out) const {
    out.append(reinterpret_cast<const char *>(bytes.data()) + begin, end - begin);
  }

  /// Copies a message, passing each delimited field `number` through `inner`.
  template <typename Inner>
  bool rewrite(size_t begin, size_t end, unsigned number, std::string &out, Inner inner) {
    WireReader reader(bytes, begin, end);
    WireField field;
    while (reader.next(field)) {
      if (field.number != number || field.type != Delimited) {
        copy(field.begin, reader.position(), out);
        continue;
      }
      std::string contents;
      if (!inner(field, contents))
        return false;
      delimited(number, contents, out);
    }
    return reader.ok();
  }

  bool initializer(size_t begin, size_t end, std::string &out) const {
    WireReader reader(bytes, begin, end);
    WireField field;
    while (reader.next(field)) {
      if (field.number != onnx::TensorProto::kRawDataFieldNumber || field.type != Delimited ||
          field.length <= inlineBytes) {
        copy(field.begin, reader.position(), out);
        continue;
      }
      onnx::TensorProto place;
      place.set_data_location(onnx::TensorProto::EXTERNAL);
      auto entry = [&](const char *key, size_t value) {
        auto *pair = place.add_external_data();
        pair->set_key(key);
        pair->set_value(std::to_string(value));
      };
      entry(kInModelFile, 1);
      entry("offset", field.payload);
      entry("length", field.length);
      out += place.SerializeAsString();
    }
    return reader.ok();
  }

  std::span<const uint8_t> bytes;
  size_t inlineBytes;
};
} // namespace

bool parseModel(const MappedFile &file, size_t inlineBytes, onnx::ModelProto &model, Problem &problem) {
  std::string name = "'" + file.path().string() + "' ";
  size_t size = file.bytes().size();
  if (size == 0) {
    problem = {name + "is empty", "Copy or export the model again"};
    return false;
  }
  if (size > INT32_MAX) {
    problem = {name + "has " + std::to_string(size >> 20) + " MiB; protobuf ends at 2 GiB",
               "Save the model with external data (onnx.save with save_as_external_data=True)"};
    return false;
  }
  std::string slim;
  if (Slimmer(file.bytes(), inlineBytes).model(slim)) {
    google::protobuf::io::CodedInputStream stream(reinterpret_cast<const uint8_t *>(slim.data()),
                                                  static_cast<int>(slim.size()));
    stream.SetRecursionLimit(1000); // Validate reports what nests too deeply, with its name
    if (model.ParseFromCodedStream(&stream) && stream.ConsumedEntireMessage())
      return true;
  }
  std::string_view start(reinterpret_cast<const char *>(file.bytes().data()), std::min<size_t>(size, 64));
  bool pointer = start.starts_with("version https://git-lfs");
  problem = pointer ? Problem{name + "is a Git LFS pointer, not the model itself",
                              "Fetch the model with 'git lfs pull'"}
                    : Problem{name + "is not an ONNX model, or is cut short or damaged",
                              "Check that it is a .onnx file and copy or export it again"};
  return false;
}

} // namespace ingot
