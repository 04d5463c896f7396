// Damaged files may be refused or accepted, but never crash. The seed is fixed: a failure repeats.
#include "Models.h"
#include <nlohmann/json.hpp>

#include <random>

using namespace ingot;
using namespace ingot::test;

/// A model with some of everything: a function, a subgraph, initializers, attributes.
static std::string richModel() {
  onnx::ModelProto model = reluModel();
  auto &graph = *model.mutable_graph();
  *graph.add_initializer() = makeTensor("W", {3, 2}, {1, 2, 3, 4, 5, 6});
  *graph.add_initializer() = makeTensor("large", {2000}, std::vector<float>(2000, 0.5f));
  auto &shape = *graph.add_initializer();
  shape.set_name("shape");
  shape.set_data_type(onnx::TensorProto::INT64);
  shape.add_dims(2);
  shape.add_int64_data(3);
  shape.add_int64_data(-1);
  auto &half = *graph.add_initializer();
  half.set_name("half");
  half.set_data_type(onnx::TensorProto::FLOAT16);
  half.add_dims(2);
  half.add_int32_data(1);
  half.add_int32_data(2);
  *graph.add_node() = makeNode("mm", "MatMul", {"Y", "W"}, {"M"});
  *graph.add_node() = makeNode("rs", "Reshape", {"X", "shape"}, {"R"});
  auto &concat = *graph.add_node();
  concat = makeNode("cat", "Concat", {"X", "Y"}, {"C"});
  *concat.add_attribute() = intAttribute("axis", 0);
  auto &choose = *graph.add_node();
  choose = makeNode("if", "If", {"X"}, {"I"});
  for (const char *branch : {"then_branch", "else_branch"}) {
    auto &attribute = *choose.add_attribute();
    attribute.set_name(branch);
    attribute.set_type(onnx::AttributeProto::GRAPH);
    *attribute.mutable_g()->add_node() = makeNode("abs", "Abs", {"M"}, {"r"});
    attribute.mutable_g()->add_output()->set_name("r");
  }
  model.add_opset_import()->set_domain("own");
  model.mutable_opset_import(1)->set_version(1);
  auto &function = *model.add_functions();
  function.set_name("F");
  function.set_domain("own");
  function.add_input("x");
  function.add_output("y");
  function.add_opset_import()->set_version(13);
  *function.add_node() = makeNode("soft", "Softmax", {"x"}, {"y"});
  auto &call = *graph.add_node();
  call = makeNode("call", "F", {"M"}, {"F0"});
  call.set_domain("own");
  return model.SerializeAsString();
}

static void tryLoading(const std::filesystem::path &path, const std::string &bytes) {
  writeFile(path, bytes);
  Diagnostics diagnostics;
  auto model = loadModel(path, {}, diagnostics);
  ASSERT_EQ(model == nullptr, diagnostics.hasErrors());
  diagnostics.json().dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace); // throws for other handlers
}

TEST(Fuzz, UndamagedLoads) { EXPECT_EQ(reportOn(writeFile(scratchFolder() / "m.onnx", richModel())), ""); }

TEST(Fuzz, Truncations) {
  auto path = scratchFolder() / "m.onnx";
  std::string bytes = richModel();
  for (size_t length = 0; length < bytes.size();
       length += length < 1500 || length + 1500 > bytes.size() ? 1 : 97)
    tryLoading(path, bytes.substr(0, length));
}

TEST(Fuzz, ByteFlips) {
  auto path = scratchFolder() / "m.onnx";
  const std::string original = richModel();
  std::mt19937 random(20240607);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes = original;
    for (int flips = 1 + static_cast<int>(random() % 3); flips > 0; --flips) {
      size_t at = random() % 1600; // before and after the 8000 bytes of "large"
      bytes[at < 800 ? at : bytes.size() - 1 - (at - 800)] = static_cast<char>(random());
    }
    tryLoading(path, bytes);
  }
}
