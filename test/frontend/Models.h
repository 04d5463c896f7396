//===- Models.h - Small models made in code, and what their report must say ===//
#pragma once

#include "compiler/frontend/LoadModel.h"

#include <fstream>
#include <gtest/gtest.h>

namespace ingot::test {

/// Y = Relu(X) with X: f32[2,3]; tests damage it.
inline onnx::ModelProto reluModel() {
  onnx::ModelProto model;
  model.set_ir_version(8);
  model.add_opset_import()->set_version(17);
  auto &graph = *model.mutable_graph();
  graph.set_name("g");
  auto value = [](onnx::ValueInfoProto &info, const char *name) {
    info.set_name(name);
    auto &tensor = *info.mutable_type()->mutable_tensor_type();
    tensor.set_elem_type(onnx::TensorProto::FLOAT);
    tensor.mutable_shape()->add_dim()->set_dim_value(2);
    tensor.mutable_shape()->add_dim()->set_dim_value(3);
  };
  value(*graph.add_input(), "X");
  value(*graph.add_output(), "Y");
  auto &node = *graph.add_node();
  node.set_name("relu");
  node.set_op_type("Relu");
  node.add_input("X");
  node.add_output("Y");
  return model;
}

inline onnx::NodeProto makeNode(const std::string &name, const std::string &op,
                                const std::vector<std::string> &inputs,
                                const std::vector<std::string> &outputs) {
  onnx::NodeProto node;
  node.set_name(name);
  node.set_op_type(op);
  for (const auto &input : inputs)
    node.add_input(input);
  for (const auto &output : outputs)
    node.add_output(output);
  return node;
}

inline onnx::TensorProto makeTensor(const std::string &name, const std::vector<int64_t> &dims,
                                    const std::vector<float> &values) {
  onnx::TensorProto tensor;
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  for (int64_t dim : dims)
    tensor.add_dims(dim);
  tensor.set_raw_data(values.data(), values.size() * sizeof(float));
  return tensor;
}

inline onnx::AttributeProto intAttribute(const std::string &name, int64_t value) {
  onnx::AttributeProto attribute;
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::INT);
  attribute.set_i(value);
  return attribute;
}

/// A folder that the test may fill.
inline std::filesystem::path scratchFolder() {
  const auto *info = ::testing::UnitTest::GetInstance()->current_test_info();
  auto folder = std::filesystem::path(::testing::TempDir()) /
                (std::string("ingot-") + info->test_suite_name() + "-" + info->name());
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  return folder;
}

inline std::filesystem::path writeFile(const std::filesystem::path &path, const std::string &bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

/// The report on a model; empty if it loads.
inline std::string reportOn(const onnx::ModelProto &model, const std::filesystem::path &folder = {}) {
  Diagnostics diagnostics;
  auto loaded = loadModel(model, folder, {}, diagnostics);
  EXPECT_EQ(loaded == nullptr, diagnostics.hasErrors());
  return diagnostics.text();
}
inline std::string reportOn(const std::filesystem::path &path) {
  Diagnostics diagnostics;
  auto loaded = loadModel(path, {}, diagnostics);
  EXPECT_EQ(loaded == nullptr, diagnostics.hasErrors());
  return diagnostics.text();
}

/// Each part must occur in the report: place, operator, what is wrong, the remedy.
inline void expectParts(const std::string &report, const std::vector<std::string> &parts) {
  for (const std::string &part : parts)
    EXPECT_NE(report.find(part), std::string::npos) << "no \"" << part << "\" in:\n" << report;
}

} // namespace ingot::test
