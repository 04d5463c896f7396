// Models whose names, order or nesting is wrong.
#include "Models.h"

using namespace ingot;
using namespace ingot::test;

TEST(BadGraphs, UndefinedInput) {
  onnx::ModelProto model = reluModel();
  *model.mutable_graph()->add_node() = makeNode("sum", "Add", {"X", "weights"}, {"S"});
  expectParts(reportOn(model), {"sum (Add)", "'weights' is defined nowhere", "X: f32[2,3], weights",
                                "Add the missing initializer"});
}

TEST(BadGraphs, UndefinedOutput) {
  onnx::ModelProto model = reluModel();
  model.mutable_graph()->mutable_output(0)->set_name("Z");
  expectParts(reportOn(model), {"Z:", "graph output is defined nowhere", "Add the node that produces it"});
}

TEST(BadGraphs, DefinedTwice) {
  onnx::ModelProto model = reluModel();
  *model.mutable_graph()->add_node() = makeNode("again", "Abs", {"X"}, {"Y"});
  expectParts(reportOn(model), {"again (Abs)", "'Y' is defined more than once", "a name of its own"});
}

TEST(BadGraphs, InputsOfOneName) {
  onnx::ModelProto model = reluModel();
  *model.mutable_graph()->add_input() = model.graph().input(0);
  expectParts(reportOn(model), {"X: the graph has two inputs of this name", "a name of its own"});
}

TEST(BadGraphs, InitializersOfOneName) {
  onnx::ModelProto model = reluModel();
  *model.mutable_graph()->add_initializer() = makeTensor("W", {1}, {1});
  *model.mutable_graph()->add_initializer() = makeTensor("W", {1}, {2});
  expectParts(reportOn(model), {"W: two initializers have this name", "a name of its own"});
}

TEST(BadGraphs, InputWithoutType) {
  onnx::ModelProto model = reluModel();
  model.mutable_graph()->mutable_input(0)->clear_type();
  expectParts(reportOn(model), {"X: the graph input has no type", "Declare its element type"});
}

TEST(BadGraphs, NegativeInputDimension) {
  onnx::ModelProto model = reluModel();
  auto &shape =
      *model.mutable_graph()->mutable_input(0)->mutable_type()->mutable_tensor_type()->mutable_shape();
  shape.mutable_dim(0)->set_dim_value(-2);
  expectParts(reportOn(model), {"X:", "f32[-2,3]", "dim_param"});
}

TEST(BadGraphs, MinusOneIsAnOpenDimension) {
  onnx::ModelProto model = reluModel();
  auto &shape =
      *model.mutable_graph()->mutable_input(0)->mutable_type()->mutable_tensor_type()->mutable_shape();
  shape.mutable_dim(0)->set_dim_value(-1);
  EXPECT_EQ(reportOn(model), "");
}

TEST(BadGraphs, HugeInputDimensions) {
  onnx::ModelProto model = reluModel();
  auto &shape =
      *model.mutable_graph()->mutable_input(0)->mutable_type()->mutable_tensor_type()->mutable_shape();
  shape.mutable_dim(0)->set_dim_value(INT64_MAX);
  expectParts(reportOn(model), {"X:", "absurdly large"});
}

TEST(BadGraphs, Cycle) {
  onnx::ModelProto model = reluModel();
  *model.mutable_graph()->add_node() = makeNode("a", "Add", {"X", "q"}, {"p"});
  *model.mutable_graph()->add_node() = makeNode("b", "Abs", {"p"}, {"q"});
  expectParts(reportOn(model), {"(Add)", "the nodes form a cycle: a → b → a", "Loop or Scan"});
}

TEST(BadGraphs, CycleThroughSubgraph) {
  onnx::ModelProto model = reluModel();
  auto &node = *model.mutable_graph()->add_node();
  node = makeNode("choose", "If", {"X"}, {"p"});
  for (const char *branch : {"then_branch", "else_branch"}) {
    auto &attribute = *node.add_attribute();
    attribute.set_name(branch);
    attribute.set_type(onnx::AttributeProto::GRAPH);
    *attribute.mutable_g()->add_node() = makeNode("inner", "Abs", {"q"}, {"r"});
    attribute.mutable_g()->add_output()->set_name("r");
  }
  *model.mutable_graph()->add_node() = makeNode("back", "Abs", {"p"}, {"q"});
  expectParts(reportOn(model), {"choose (If)", "form a cycle"});
}

TEST(BadGraphs, SubgraphReadsUndefined) {
  onnx::ModelProto model = reluModel();
  auto &node = *model.mutable_graph()->add_node();
  node = makeNode("choose", "If", {"X"}, {"p"});
  for (const char *branch : {"then_branch", "else_branch"}) {
    auto &attribute = *node.add_attribute();
    attribute.set_name(branch);
    attribute.set_type(onnx::AttributeProto::GRAPH);
    *attribute.mutable_g()->add_node() = makeNode(std::string("in ") + branch, "Abs", {"nothing"}, {"r"});
    attribute.mutable_g()->add_output()->set_name("r");
  }
  expectParts(reportOn(model),
              {"in then_branch (Abs)", "in else_branch (Abs)", "'nothing' is defined nowhere"});
}

static void nest(onnx::GraphProto &graph, int depth) {
  auto &node = *graph.add_node();
  node = makeNode("if" + std::to_string(depth), "If", {"X"}, {"v" + std::to_string(depth)});
  for (const char *branch : {"then_branch", "else_branch"}) {
    auto &attribute = *node.add_attribute();
    attribute.set_name(branch);
    attribute.set_type(onnx::AttributeProto::GRAPH);
    attribute.mutable_g()->set_name("level " + std::to_string(depth));
    if (depth > 0 && branch[0] == 't')
      nest(*attribute.mutable_g(), depth - 1);
    attribute.mutable_g()->add_output()->set_name("X");
  }
}

TEST(BadGraphs, NestedTooDeeply) {
  onnx::ModelProto model = reluModel();
  nest(*model.mutable_graph(), 100);
  expectParts(reportOn(writeFile(scratchFolder() / "m.onnx", model.SerializeAsString())),
              {"level 68: subgraphs nest deeper than 32", "Flatten the nested If"});
}

TEST(BadGraphs, NestedBeyondParsing) {
  onnx::ModelProto model = reluModel();
  nest(*model.mutable_graph(), 2000);
  EXPECT_FALSE(reportOn(writeFile(scratchFolder() / "m.onnx", model.SerializeAsString())).empty());
}

TEST(BadGraphs, TypeNestedTooDeeply) {
  onnx::ModelProto model = reluModel();
  auto *type = model.mutable_graph()->mutable_input(0)->mutable_type();
  for (int i = 0; i < 50; ++i)
    type = type->mutable_sequence_type()->mutable_elem_type();
  type->mutable_tensor_type()->set_elem_type(1);
  expectParts(reportOn(model), {"X:", "nests deeper than 16"});
}

TEST(BadGraphs, RecursiveFunctions) {
  onnx::ModelProto model = reluModel();
  model.add_opset_import()->set_domain("own");
  for (auto [name, callee] : {std::pair("F", "G"), std::pair("G", "F")}) {
    auto &function = *model.add_functions();
    function.set_name(name);
    function.set_domain("own");
    function.add_input("x");
    function.add_output("y");
    function.add_opset_import()->set_domain("own");
    auto &node = *function.add_node();
    node = makeNode("call", callee, {"x"}, {"y"});
    node.set_domain("own");
  }
  expectParts(reportOn(model),
              {"F (own.F)", "G (own.G)", "calls itself, directly or through others", "Remove the recursion"});
}

TEST(BadGraphs, EverythingAtOnce) {
  onnx::ModelProto model = reluModel();
  *model.mutable_graph()->add_node() = makeNode("a", "NoSuch", {"X"}, {"p"});
  *model.mutable_graph()->add_node() = makeNode("b", "Abs", {"gone"}, {"q"});
  *model.mutable_graph()->add_initializer() = makeTensor("W", {7}, {1});
  expectParts(reportOn(model), {"a (NoSuch)", "b (Abs)", "W:", "3 errors"});
}
