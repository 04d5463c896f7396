#include "Models.h"

#include <cstring>

using namespace ingot;
using namespace ingot::test;

static std::unique_ptr<LoadedModel> load(const std::filesystem::path &path) {
  Diagnostics diagnostics;
  auto model = loadModel(path, {}, diagnostics);
  EXPECT_TRUE(model) << diagnostics.text();
  return model;
}
static std::unique_ptr<LoadedModel> load(const onnx::ModelProto &proto) {
  Diagnostics diagnostics;
  auto model = loadModel(proto, {}, {}, diagnostics);
  EXPECT_TRUE(model) << diagnostics.text();
  return model;
}

TEST(LoadModel, FileAndMemory) {
  onnx::ModelProto proto = reluModel();
  auto fromFile = load(writeFile(scratchFolder() / "m.onnx", proto.SerializeAsString()));
  auto fromMemory = load(proto);
  ASSERT_TRUE(fromFile && fromMemory);
  EXPECT_EQ(fromFile->proto.SerializeAsString(), fromMemory->proto.SerializeAsString());
  EXPECT_EQ(fromFile->opsets.at(""), 17);
}

TEST(LoadModel, LargeInitializersStayInTheFile) {
  onnx::ModelProto proto = reluModel();
  std::vector<float> values(5000);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(i);
  *proto.mutable_graph()->add_initializer() = makeTensor("large", {5000}, values);
  *proto.mutable_graph()->add_initializer() = makeTensor("small", {2}, {1, 2});
  auto model = load(writeFile(scratchFolder() / "m.onnx", proto.SerializeAsString()));
  ASSERT_TRUE(model);

  Problem problem;
  auto large = viewTensor(model->graph().initializer(0), model->external, problem);
  ASSERT_TRUE(large) << problem.message;
  EXPECT_TRUE(large->isExternal());
  EXPECT_FALSE(model->graph().initializer(0).has_raw_data());
  EXPECT_GE(large->bytes.data(), model->file->bytes().data());
  EXPECT_EQ(std::memcmp(large->bytes.data(), values.data(), values.size() * sizeof(float)), 0);
  EXPECT_TRUE(model->graph().initializer(1).has_raw_data());
}

TEST(LoadModel, ExternalDataIsMapped) {
  auto folder = scratchFolder();
  onnx::ModelProto proto = reluModel();
  auto &tensor = *proto.mutable_graph()->add_initializer();
  tensor = makeTensor("W", {2}, {});
  tensor.clear_raw_data();
  tensor.set_data_location(onnx::TensorProto::EXTERNAL);
  for (auto [key, value] : {std::pair("location", "sub/w.bin"), std::pair("offset", "4")}) {
    tensor.add_external_data()->set_key(key);
    tensor.mutable_external_data()->rbegin()->set_value(value);
  }
  std::filesystem::create_directories(folder / "sub");
  float data[] = {9, 1, 2};
  writeFile(folder / "sub" / "w.bin", std::string(reinterpret_cast<char *>(data), sizeof data));
  auto model = load(writeFile(folder / "m.onnx", proto.SerializeAsString()));
  ASSERT_TRUE(model);
  Problem problem;
  auto view = viewTensor(model->graph().initializer(0), model->external, problem);
  ASSERT_TRUE(view) << problem.message;
  EXPECT_EQ(view->external->offset, 4u);
  EXPECT_EQ(std::memcmp(view->bytes.data(), data + 1, 8), 0);
}

TEST(LoadModel, SortsNodes) {
  onnx::ModelProto proto = reluModel();
  auto &nodes = *proto.mutable_graph()->mutable_node();
  nodes[0].set_input(0, "b");
  *nodes.Add() = makeNode("second", "Abs", {"a"}, {"b"});
  *nodes.Add() = makeNode("first", "Abs", {"X"}, {"a"});
  auto model = load(proto);
  ASSERT_TRUE(model);
  EXPECT_EQ(model->graph().node(0).name(), "first");
  EXPECT_EQ(model->graph().node(1).name(), "second");
  EXPECT_EQ(model->graph().node(2).name(), "relu");
}

TEST(LoadModel, DomainOfOnnxHasOneSpelling) {
  onnx::ModelProto proto = reluModel();
  proto.mutable_opset_import(0)->set_domain("ai.onnx");
  proto.mutable_graph()->mutable_node(0)->set_domain("ai.onnx");
  auto model = load(proto);
  ASSERT_TRUE(model);
  EXPECT_EQ(model->graph().node(0).domain(), "");
  EXPECT_EQ(model->opsets.count(""), 1u);
}

TEST(LoadModel, HintsAreInferred) {
  onnx::ModelProto proto = reluModel();
  *proto.mutable_graph()->add_node() = makeNode("t", "Transpose", {"Y"}, {"T"});
  auto model = load(proto);
  ASSERT_TRUE(model);
  ASSERT_EQ(model->graph().value_info_size(), 1);
  EXPECT_EQ(typeText(model->graph().value_info(0).type()), "f32[3,2]");
}

TEST(LoadModel, UnsoundHintsAreDropped) {
  onnx::ModelProto proto = reluModel();
  *proto.mutable_graph()->add_node() = makeNode("abs", "Abs", {"Y"}, {"A"});
  auto &note = *proto.mutable_graph()->add_value_info();
  note = proto.graph().output(0);
  note.set_name("A");
  note.mutable_type()->mutable_tensor_type()->mutable_shape()->mutable_dim(0)->set_dim_value(-1);
  auto model = load(proto);
  ASSERT_TRUE(model);
  ASSERT_EQ(model->graph().value_info_size(), 1);
  EXPECT_EQ(typeText(model->graph().value_info(0).type()), "f32[2,3]");
}
