#include "Models.h"

using namespace ingot;
using namespace ingot::test;

/// own.Shrink(x; axis = 1) = ReduceMax(Softmax(x, axis = @axis)), called by the model `calls` times.
static onnx::ModelProto functionModel(int calls, int64_t functionOpset = 17) {
  onnx::ModelProto model = reluModel();
  auto &import = *model.add_opset_import();
  import.set_domain("own");
  import.set_version(1);
  auto &function = *model.add_functions();
  function.set_domain("own");
  function.set_name("Shrink");
  function.add_input("x");
  function.add_output("y");
  function.add_opset_import()->set_version(functionOpset);
  *function.add_attribute_proto() = intAttribute("axis", 1);
  auto &softmax = *function.add_node();
  softmax = makeNode("soft", "Softmax", {"x"}, {"t"});
  *softmax.add_attribute() = intAttribute("axis", 0);
  softmax.mutable_attribute(0)->clear_i();
  softmax.mutable_attribute(0)->set_ref_attr_name("axis");
  *function.add_node() = makeNode("max", "ReduceMax", {"t"}, {"y"});
  for (int i = 0; i < calls; ++i) {
    auto &node = *model.mutable_graph()->add_node();
    node = makeNode("call" + std::to_string(i), "Shrink", {"X"}, {"out" + std::to_string(i)});
    node.set_domain("own");
  }
  return model;
}

static std::unique_ptr<LoadedModel> load(const onnx::ModelProto &proto) {
  Diagnostics diagnostics;
  auto model = loadModel(proto, {}, {}, diagnostics);
  EXPECT_TRUE(model) << diagnostics.text();
  return model;
}

TEST(InlineFunctions, NamesAndAttributes) {
  onnx::ModelProto proto = functionModel(2);
  *proto.mutable_graph()->mutable_node(2)->add_attribute() = intAttribute("axis", 0);
  auto model = load(proto);
  ASSERT_TRUE(model);
  ASSERT_EQ(model->graph().node_size(), 5);
  EXPECT_EQ(model->proto.functions_size(), 0);
  const auto &soft = model->graph().node(1), &max = model->graph().node(2);
  EXPECT_EQ(soft.name(), "call0/soft");
  EXPECT_EQ(soft.input(0), "X");
  EXPECT_EQ(soft.output(0), "call0/t");
  EXPECT_EQ(soft.attribute(0).i(), 1); // the default
  EXPECT_EQ(max.input(0), "call0/t");
  EXPECT_EQ(max.output(0), "out0");
  EXPECT_EQ(model->graph().node(3).attribute(0).i(), 0); // given by the call
}

TEST(InlineFunctions, NestedCallsAndSubgraphs) {
  onnx::ModelProto proto = functionModel(1);
  auto &outer = *proto.add_functions();
  outer.set_domain("own");
  outer.set_name("Outer");
  outer.add_input("c");
  outer.add_input("x");
  outer.add_output("y");
  outer.add_opset_import()->set_version(17);
  outer.add_opset_import()->set_domain("own");
  outer.mutable_opset_import(1)->set_version(1);
  auto &choose = *outer.add_node();
  choose = makeNode("choose", "If", {"c"}, {"y"});
  for (const char *branch : {"then_branch", "else_branch"}) {
    auto &attribute = *choose.add_attribute();
    attribute.set_name(branch);
    attribute.set_type(onnx::AttributeProto::GRAPH);
    auto &call = *attribute.mutable_g()->add_node();
    call = makeNode("inner", "Shrink", {"x"}, {"X"}); // its name shadows the caller's X
    call.set_domain("own");
    attribute.mutable_g()->add_output()->set_name("X");
  }
  auto &node = *proto.mutable_graph()->add_node();
  node = makeNode("top", "Outer", {"cond", "X"}, {"z"});
  node.set_domain("own");
  auto &cond = *proto.mutable_graph()->add_initializer();
  cond.set_name("cond");
  cond.set_data_type(onnx::TensorProto::BOOL);
  cond.set_raw_data("\1");
  auto model = load(proto);
  ASSERT_TRUE(model);
  const auto &ifNode = model->graph().node(3);
  ASSERT_EQ(ifNode.name(), "top/choose");
  EXPECT_EQ(ifNode.input(0), "cond");
  const auto &branch = ifNode.attribute(0).g();
  ASSERT_EQ(branch.node_size(), 2);
  EXPECT_EQ(branch.node(0).input(0), "X"); // the caller's
  EXPECT_NE(branch.node(1).output(0), "X");
  EXPECT_EQ(branch.node(1).output(0), branch.output(0).name());
}

TEST(InlineFunctions, OtherOpsetIsNoted) {
  auto model = load(functionModel(1, 11)); // Softmax-11 flattens, Softmax-13 does not
  ASSERT_TRUE(model);
  EXPECT_EQ(opsetVersion(model->graph().node(1), model->opsets), 11);
  EXPECT_EQ(opsetVersion(model->graph().node(0), model->opsets), 17);
}

TEST(InlineFunctions, MissingAttributeIsReported) {
  onnx::ModelProto proto = functionModel(1);
  proto.mutable_functions(0)->add_attribute("beta");
  expectParts(reportOn(proto), {"call0 (own.Shrink)", "required attribute 'beta'", "Give it in the call"});
}

TEST(InlineFunctions, ExplosiveGrowthIsRefused) {
  onnx::ModelProto proto = functionModel(0);
  std::string callee = "Shrink";
  for (int level = 0; level < 40; ++level) { // each level calls the one below twice: 2^40 nodes
    auto &function = *proto.add_functions();
    function.set_domain("own");
    function.set_name("L" + std::to_string(level));
    function.add_input("x");
    function.add_output("y");
    function.add_opset_import()->set_domain("own");
    function.mutable_opset_import(0)->set_version(1);
    *function.add_node() = makeNode("a", callee, {"x"}, {"m"});
    *function.add_node() = makeNode("b", callee, {"m"}, {"y"});
    for (auto &node : *function.mutable_node())
      node.set_domain("own");
    callee = function.name();
  }
  auto &node = *proto.mutable_graph()->add_node();
  node = makeNode("call", callee, {"X"}, {"z"});
  node.set_domain("own");
  expectParts(reportOn(proto), {"expand to more than", "Check the functions"});
}

static onnx::TypeProto f32(const std::vector<int64_t> &dims) {
  onnx::TypeProto type;
  type.mutable_tensor_type()->set_elem_type(onnx::TensorProto::FLOAT);
  for (int64_t dim : dims)
    type.mutable_tensor_type()->mutable_shape()->add_dim()->set_dim_value(dim);
  return type;
}

TEST(ExpandSchemaFunction, FixedBody) {
  std::vector<onnx::NodeProto> nodes;
  std::string reason;
  onnx::NodeProto node = makeNode("hs", "HardSwish", {"x"}, {"y"});
  ASSERT_TRUE(expandSchemaFunction(node, {f32({2})}, {{"", 22}}, nodes, reason)) << reason;
  ASSERT_FALSE(nodes.empty());
  EXPECT_EQ(nodes.front().input(0), "x");
  EXPECT_EQ(nodes.back().output(0), "y");
  EXPECT_TRUE(nodes.front().name().starts_with("hs/"));
  EXPECT_TRUE(nodes.front().output(0).starts_with("y::"));
}

TEST(ExpandSchemaFunction, DependsOnContext) {
  std::vector<onnx::NodeProto> nodes;
  std::string reason;
  onnx::NodeProto node = makeNode("ln", "LayerNormalization", {"x", "s", "b"}, {"y"});
  ASSERT_TRUE(expandSchemaFunction(node, {f32({2, 3}), f32({3}), f32({3})}, {{"", 17}}, nodes, reason))
      << reason;
  EXPECT_GT(nodes.size(), 5u);
}

TEST(ExpandSchemaFunction, BodyWrittenForNewerOpset) {
  std::vector<onnx::NodeProto> nodes;
  std::string reason;
  Opsets model = {{"", 9}}; // Elu-6 got its body in opset 18
  ASSERT_TRUE(expandSchemaFunction(makeNode("n", "Elu", {"x"}, {"y"}), {f32({2})}, model, nodes, reason))
      << reason;
  for (const onnx::NodeProto &node : nodes)
    if (node.op_type() == "Less")
      EXPECT_EQ(opsetVersion(node, model), 18);
}

TEST(ExpandSchemaFunction, NoFunction) {
  std::vector<onnx::NodeProto> nodes;
  std::string reason;
  EXPECT_FALSE(expandSchemaFunction(makeNode("n", "Conv", {"x", "w"}, {"y"}), {}, {{"", 17}}, nodes, reason));
  EXPECT_NE(reason.find("does not define"), std::string::npos);
}
