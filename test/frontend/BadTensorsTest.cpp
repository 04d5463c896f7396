// Initializers whose type, shape and data disagree, or whose data lies elsewhere.
#include "Models.h"

using namespace ingot;
using namespace ingot::test;

static std::string reportOnTensor(const onnx::TensorProto &tensor, const std::filesystem::path &folder = {}) {
  onnx::ModelProto model = reluModel();
  *model.mutable_graph()->add_initializer() = tensor;
  return reportOn(model, folder);
}

static onnx::TensorProto externalTensor(const std::string &location, const std::string &offset = "0",
                                        const std::string &length = "16") {
  onnx::TensorProto tensor;
  tensor.set_name("W");
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  tensor.add_dims(4);
  tensor.set_data_location(onnx::TensorProto::EXTERNAL);
  for (auto [key, value] :
       {std::pair("location", location), std::pair("offset", offset), std::pair("length", length)}) {
    auto &entry = *tensor.add_external_data();
    entry.set_key(key);
    entry.set_value(value);
  }
  return tensor;
}

TEST(BadTensors, DataShorterThanShape) {
  expectParts(reportOnTensor(makeTensor("W", {2, 2}, {1, 2, 3})),
              {"W: initializer: the data has 12 bytes, but f32[2,2] needs 16", "Export the model again"});
}

TEST(BadTensors, NoData) {
  onnx::TensorProto tensor = makeTensor("W", {4}, {});
  tensor.clear_raw_data();
  expectParts(reportOnTensor(tensor), {"W:", "the data has 0 entries, but f32[4] needs 4"});
}

TEST(BadTensors, NegativeDimension) {
  expectParts(reportOnTensor(makeTensor("W", {-2, 3}, {1})),
              {"W:", "f32[-2,3] is negative or absurdly large"});
}

TEST(BadTensors, ElementCountOverflows) {
  expectParts(reportOnTensor(makeTensor("W", {int64_t(1) << 40, int64_t(1) << 40}, {1})),
              {"W:", "absurdly large"});
  expectParts(reportOnTensor(makeTensor("W", {0, int64_t(1) << 62, 4}, {})), {"W:", "absurdly large"});
}

TEST(BadTensors, UnknownElementType) {
  onnx::TensorProto tensor = makeTensor("W", {1}, {1});
  tensor.set_data_type(77);
  expectParts(reportOnTensor(tensor), {"W:", "element type code 77 is not one of ONNX"});
}

TEST(BadTensors, Segmented) {
  onnx::TensorProto tensor = makeTensor("W", {1}, {1});
  tensor.mutable_segment()->set_begin(0);
  expectParts(reportOnTensor(tensor), {"W:", "segments"});
}

TEST(BadTensors, ExternalMissing) {
  expectParts(reportOnTensor(externalTensor("w.bin"), scratchFolder()),
              {"W:", "'w.bin' is missing", "beside the model"});
}

TEST(BadTensors, ExternalWithoutLocation) {
  expectParts(reportOnTensor(externalTensor(""), scratchFolder()), {"W:", "has no location"});
}

TEST(BadTensors, ExternalPathsThatLeave) {
  auto folder = scratchFolder();
  std::filesystem::create_directories(folder / "model");
  auto secret = writeFile(folder / "secret", "0123456789abcdef");
  for (const std::string &location :
       {std::string("../secret"), secret.string(), std::string("a/../../secret")})
    expectParts(reportOnTensor(externalTensor(location), folder / "model"),
                {"W:", "lies outside the model's folder", "relative path without '..'"});
}

TEST(BadTensors, ExternalFolder) {
  expectParts(reportOnTensor(externalTensor("."), scratchFolder()), {"W:", "is the model's folder"});
}

TEST(BadTensors, ExternalLinkThatLeaves) {
  auto folder = scratchFolder();
  std::filesystem::create_directories(folder / "model");
  writeFile(folder / "secret", "0123456789abcdef");
  std::filesystem::create_symlink("../secret", folder / "model" / "w.bin");
  expectParts(reportOnTensor(externalTensor("w.bin"), folder / "model"),
              {"W:", "symbolic link that leaves", "Replace the link"});
}

TEST(BadTensors, ExternalBeyondFile) {
  auto folder = scratchFolder();
  writeFile(folder / "w.bin", "0123456789abcdef");
  expectParts(reportOnTensor(externalTensor("w.bin", "4"), folder),
              {"W:", "ends at byte 16", "16 bytes from 4"});
  expectParts(reportOnTensor(externalTensor("w.bin", "18446744073709551612"), folder),
              {"W:", "ends at byte 16"});
}

TEST(BadTensors, ExternalLengthAgainstShape) {
  auto folder = scratchFolder();
  writeFile(folder / "w.bin", "0123456789abcdef");
  expectParts(reportOnTensor(externalTensor("w.bin", "0", "8"), folder), {"W:", "has 8 bytes", "need 16"});
}

TEST(BadTensors, ExternalOffsetNoNumber) {
  expectParts(reportOnTensor(externalTensor("w.bin", "-4"), scratchFolder()),
              {"W:", "offset '-4'", "not a number"});
}

TEST(BadTensors, ExternalIsFolder) {
  auto folder = scratchFolder();
  std::filesystem::create_directories(folder / "w.bin");
  expectParts(reportOnTensor(externalTensor("w.bin"), folder), {"W:", "is a folder"});
}

TEST(BadTensors, SparseIndexOutside) {
  onnx::ModelProto model = reluModel();
  auto &sparse = *model.mutable_graph()->add_sparse_initializer();
  *sparse.mutable_values() = makeTensor("W", {1}, {5});
  sparse.mutable_indices()->set_data_type(onnx::TensorProto::INT64);
  sparse.mutable_indices()->add_dims(1);
  sparse.mutable_indices()->add_int64_data(9);
  sparse.add_dims(4);
  expectParts(reportOn(model), {"W:", "index outside its shape", "Store the tensor densely"});
}
