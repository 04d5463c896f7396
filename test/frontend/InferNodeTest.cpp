// ONNX's inference of one node whose operands are known.
#include "Models.h"
#include "compiler/frontend/InferNode.h"

using namespace ingot;
using namespace ingot::test;

static KnownInput tensorInput(int elementType, const std::vector<int64_t> &dims) {
  KnownInput input;
  auto &tensor = *input.type.mutable_tensor_type();
  tensor.set_elem_type(elementType);
  auto &shape = *tensor.mutable_shape();
  for (int64_t dim : dims)
    shape.add_dim()->set_dim_value(dim);
  return input;
}

TEST(InferNode, NothingAgainstAGoodNode) {
  auto f32 = onnx::TensorProto::FLOAT;
  EXPECT_EQ(objectionOfInference(makeNode("n", "MatMul", {"a", "b"}, {"y"}), {tensorInput(f32, {2, 3}), tensorInput(f32, {3, 4})}, 13), "");
}

TEST(InferNode, SizesThatDoNotFit) {
  auto f32 = onnx::TensorProto::FLOAT;
  EXPECT_NE(objectionOfInference(makeNode("n", "MatMul", {"a", "b"}, {"y"}), {tensorInput(f32, {2, 3}), tensorInput(f32, {5, 4})}, 13), "");
}

TEST(InferNode, AxisOutOfRange) {
  onnx::NodeProto node = makeNode("n", "Softmax", {"x"}, {"y"});
  *node.add_attribute() = intAttribute("axis", 5);
  std::string objection = objectionOfInference(node, {tensorInput(onnx::TensorProto::FLOAT, {2, 3})}, 13);
  EXPECT_NE(objection.find("'axis' must be in"), std::string::npos) << objection;
  EXPECT_EQ(objection.find("[ShapeInferenceError]"), std::string::npos) << objection;
}

TEST(InferNode, TypesThatDoNotGoTogether) {
  std::string objection = objectionOfInference(makeNode("n", "Add", {"x", "i"}, {"y"}),
                                               {tensorInput(onnx::TensorProto::FLOAT, {2}), tensorInput(onnx::TensorProto::INT32, {2})}, 14);
  EXPECT_NE(objection.find("input 1 ('B') is a tensor(int32)"), std::string::npos) << objection;
}

TEST(InferNode, TypeThatTheOperatorDoesNotTake) {
  std::string objection = objectionOfInference(makeNode("n", "Sin", {"x"}, {"y"}), {tensorInput(onnx::TensorProto::INT32, {2})}, 22);
  EXPECT_NE(objection.find("tensor(int32), which the operator does not take"), std::string::npos) << objection;
}

TEST(InferNode, KnownValuesAreSeen) {
  KnownInput shape = tensorInput(onnx::TensorProto::INT64, {2});
  shape.value.emplace();
  shape.value->set_data_type(onnx::TensorProto::INT64);
  shape.value->add_dims(2);
  shape.value->add_int64_data(-1);
  shape.value->add_int64_data(-1);
  EXPECT_NE(objectionOfInference(makeNode("n", "Reshape", {"x", "s"}, {"y"}), {tensorInput(onnx::TensorProto::FLOAT, {2, 3}), shape}, 14), "");
}

TEST(InferNode, OperatorsOutsideOnnxAreNotJudged) {
  onnx::NodeProto node = makeNode("n", "Spin", {"x"}, {"y"});
  node.set_domain("com.acme");
  EXPECT_EQ(objectionOfInference(node, {tensorInput(onnx::TensorProto::FLOAT, {2})}, 1), "");
}
