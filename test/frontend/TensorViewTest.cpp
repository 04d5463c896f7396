#include "Models.h"

#include <cstring>

using namespace ingot;
using onnx::TensorProto;

static std::vector<int> bytesOf(const TensorProto &tensor) {
  Problem problem;
  auto view = viewTensor(tensor, ExternalData(), problem);
  EXPECT_TRUE(view) << problem.message;
  return view ? std::vector<int>(view->bytes.begin(), view->bytes.end()) : std::vector<int>();
}

static TensorProto int32Tensor(TensorProto::DataType type, int64_t count,
                               const std::vector<int32_t> &entries) {
  TensorProto tensor;
  tensor.set_data_type(type);
  tensor.add_dims(count);
  for (int32_t entry : entries)
    tensor.add_int32_data(entry);
  return tensor;
}

TEST(TensorView, NarrowTypesInInt32Data) {
  EXPECT_EQ(bytesOf(int32Tensor(TensorProto::FLOAT16, 2, {0x3c00, 0xc000})),
            (std::vector<int>{0, 0x3c, 0, 0xc0}));
  EXPECT_EQ(bytesOf(int32Tensor(TensorProto::BFLOAT16, 1, {0x3f80})), (std::vector<int>{0x80, 0x3f}));
  EXPECT_EQ(bytesOf(int32Tensor(TensorProto::INT8, 2, {-1, 5})), (std::vector<int>{255, 5}));
  EXPECT_EQ(bytesOf(int32Tensor(TensorProto::FLOAT8E4M3FN, 1, {0x7e})), (std::vector<int>{0x7e}));
  EXPECT_EQ(bytesOf(int32Tensor(TensorProto::BOOL, 2, {1, 0})), (std::vector<int>{1, 0}));
}

TEST(TensorView, SubByteTypesStayPacked) {
  EXPECT_EQ(bytesOf(int32Tensor(TensorProto::INT4, 3, {0x21, 0x03})), (std::vector<int>{0x21, 0x03}));
  EXPECT_EQ(bytesOf(int32Tensor(TensorProto::UINT2, 5, {0xe4, 0x01})), (std::vector<int>{0xe4, 0x01}));
  // Five 6-bit elements: 000001 000010 000011 000100 | 111111.
  EXPECT_EQ(bytesOf(int32Tensor(TensorProto::FLOAT6E2M3, 5, {1, 2, 3, 4, 63})),
            (std::vector<int>{0x81, 0x30, 0x10, 0x3f}));
}

TEST(TensorView, WideTypedFields) {
  TensorProto tensor;
  tensor.set_data_type(TensorProto::UINT32);
  tensor.add_dims(1);
  tensor.add_uint64_data(0xfffffffe);
  EXPECT_EQ(bytesOf(tensor), (std::vector<int>{0xfe, 255, 255, 255}));

  tensor.Clear();
  tensor.set_data_type(TensorProto::COMPLEX64);
  tensor.add_float_data(1);
  tensor.add_float_data(0);
  EXPECT_EQ(bytesOf(tensor), (std::vector<int>{0, 0, 0x80, 0x3f, 0, 0, 0, 0}));

  tensor.Clear();
  tensor.set_data_type(TensorProto::INT64);
  tensor.add_int64_data(-2);
  EXPECT_EQ(bytesOf(tensor), (std::vector<int>{0xfe, 255, 255, 255, 255, 255, 255, 255}));
}

TEST(TensorView, TypedFieldsAreNotCopied) {
  TensorProto tensor;
  tensor.set_data_type(TensorProto::FLOAT);
  tensor.add_dims(2);
  tensor.add_float_data(1);
  tensor.add_float_data(2);
  Problem problem;
  auto view = viewTensor(tensor, ExternalData(), problem);
  ASSERT_TRUE(view);
  EXPECT_EQ(static_cast<const void *>(view->bytes.data()), tensor.float_data().data());
}

TEST(TensorView, Strings) {
  TensorProto tensor;
  tensor.set_data_type(TensorProto::STRING);
  tensor.add_dims(2);
  tensor.add_string_data("a");
  tensor.add_string_data(std::string("b\0c", 3));
  Problem problem;
  auto view = viewTensor(tensor, ExternalData(), problem);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->strings[1], std::string_view("b\0c", 3));
}

TEST(TensorView, SparseToDense) {
  onnx::SparseTensorProto sparse;
  *sparse.mutable_values() = ingot::test::makeTensor("W", {2}, {5, 7});
  sparse.mutable_indices()->set_data_type(TensorProto::INT64);
  sparse.mutable_indices()->add_dims(2);
  sparse.mutable_indices()->add_dims(2);
  for (int64_t index : {0, 1, 1, 0})
    sparse.mutable_indices()->add_int64_data(index);
  sparse.add_dims(2);
  sparse.add_dims(2);
  Problem problem;
  auto dense = makeDense(sparse, ExternalData(), problem);
  ASSERT_TRUE(dense) << problem.message;
  float values[4];
  ASSERT_EQ(dense->raw_data().size(), sizeof values);
  std::memcpy(values, dense->raw_data().data(), sizeof values);
  EXPECT_EQ(std::vector<float>(values, values + 4), (std::vector<float>{0, 5, 7, 0}));
}
