// Nodes that their operator's schema refuses.
#include "Models.h"

using namespace ingot;
using namespace ingot::test;

static std::string reportOnNode(const onnx::NodeProto &node) {
  onnx::ModelProto model = reluModel();
  *model.mutable_graph()->add_node() = node;
  return reportOn(model);
}

TEST(BadNodes, UnknownOperator) {
  expectParts(reportOnNode(makeNode("n", "Frobnicate", {"X"}, {"p"})),
              {"n (Frobnicate): unknown operator\n", "on: X: f32[2,3]", "define it as a function"});
}

TEST(BadNodes, MisspeltOperator) {
  expectParts(reportOnNode(makeNode("n", "Matmul", {"X", "X"}, {"p"})),
              {"n (Matmul): unknown operator; did you mean 'MatMul'?", "Express it by ONNX operators"});
  expectParts(reportOnNode(makeNode("n", "Rleu", {"X"}, {"p"})), {"n (Rleu): unknown operator; did you mean 'Relu'?"});
  expectParts(reportOnNode(makeNode("n", "LabelEncodr", {"X"}, {"p"})), {"did you mean 'ai.onnx.ml.LabelEncoder'?"});
  for (const char *other : {"Rsqrt", "Silu", "Exp2", "Log2", "Log1p", "Lerp", "Sinc"})
    expectParts(reportOnNode(makeNode("n", other, {"X"}, {"p"})),
                {std::string("n (") + other + "): unknown operator\n", "Express it by ONNX operators"});
}

TEST(BadNodes, UnnamedNodeIsCalledByItsOutput) {
  expectParts(reportOnNode(makeNode("", "Frobnicate", {"X"}, {"p"})), {"p (Frobnicate)"});
}

TEST(BadNodes, UnknownDomain) {
  onnx::ModelProto model = reluModel();
  auto &import = *model.add_opset_import();
  import.set_domain("com.acme");
  import.set_version(1);
  auto &node = *model.mutable_graph()->add_node();
  node = makeNode("n", "Spin", {"X"}, {"p"});
  node.set_domain("com.acme");
  expectParts(reportOn(model),
              {"n (com.acme.Spin)", "domain 'com.acme' is unknown", "without custom operators"});

  Diagnostics diagnostics;
  LoadOptions options;
  options.isKnownOperator = [](const std::string &domain, const std::string &) {
    return domain == "com.acme";
  };
  EXPECT_TRUE(loadModel(model, {}, options, diagnostics)) << diagnostics.text();
}

// Knowing an operator is no reason to trust its node where ONNX defines it.
TEST(BadNodes, KnownOperatorsAreChecked) {
  onnx::ModelProto model = reluModel();
  *model.mutable_graph()->add_node() = makeNode("n", "MatMul", {"X"}, {"p"});
  Diagnostics diagnostics;
  LoadOptions options;
  options.isKnownOperator = [](const std::string &, const std::string &) { return true; };
  EXPECT_FALSE(loadModel(model, {}, options, diagnostics));
  expectParts(diagnostics.text(), {"n (MatMul)", "has 1 inputs, the operator takes 2"});
}

TEST(BadNodes, DomainWithoutImport) {
  onnx::NodeProto node = makeNode("n", "Normalizer", {"X"}, {"p"});
  node.set_domain("ai.onnx.ml");
  expectParts(reportOnNode(node),
              {"n (ai.onnx.ml.Normalizer)", "no operator set is imported", "opset_import of the model"});
}

TEST(BadNodes, OperatorNewerThanImport) {
  expectParts(reportOnNode(makeNode("n", "Gelu", {"X"}, {"p"})),
              {"n (Gelu)", "exists only from version 20", "imports version 17", "newer operator set"});
}

TEST(BadNodes, WithdrawnOperator) {
  expectParts(reportOnNode(makeNode("n", "Upsample", {"X", "X"}, {"p"})),
              {"n (Upsample)", "withdrawn in version 10"});
}

TEST(BadNodes, AttributeOfWrongType) {
  onnx::NodeProto node = makeNode("n", "Softmax", {"X"}, {"p"});
  auto &attribute = *node.add_attribute();
  attribute.set_name("axis");
  attribute.set_type(onnx::AttributeProto::FLOAT);
  attribute.set_f(1);
  expectParts(reportOnNode(node),
              {"n (Softmax)", "'axis' is a FLOAT, the operator wants a INT", "right type"});
}

TEST(BadNodes, AttributeMissing) {
  expectParts(reportOnNode(makeNode("n", "Concat", {"X", "X"}, {"p"})),
              {"n (Concat)", "required attribute 'axis' is missing", "Add it as a INT"});
}

TEST(BadNodes, AttributeUnknown) {
  onnx::NodeProto node = makeNode("n", "Abs", {"X"}, {"p"});
  *node.add_attribute() = intAttribute("colour", 3);
  expectParts(reportOnNode(node), {"n (Abs)", "'colour' is unknown in version 13", "Remove the attribute"});
  onnx::NodeProto slip = makeNode("n", "Transpose", {"X"}, {"p"});
  *slip.add_attribute() = intAttribute("prem", 3);
  expectParts(reportOnNode(slip), {"'prem' is unknown in version", "did you mean 'perm'?"});
}

TEST(BadNodes, AttributeTwice) {
  onnx::NodeProto node = makeNode("n", "Softmax", {"X"}, {"p"});
  *node.add_attribute() = intAttribute("axis", 0);
  *node.add_attribute() = intAttribute("axis", 1);
  expectParts(reportOnNode(node), {"n (Softmax)", "'axis' is given twice", "Remove one"});
}

TEST(BadNodes, AttributeWithoutValue) {
  onnx::NodeProto node = makeNode("n", "Constant", {}, {"p"});
  auto &attribute = *node.add_attribute();
  attribute.set_name("value");
  attribute.set_type(onnx::AttributeProto::TENSOR);
  expectParts(reportOnNode(node),
              {"n (Constant)", "announces a TENSOR but has none", "Give the attribute a value"});
}

TEST(BadNodes, ReferenceOutsideFunction) {
  onnx::NodeProto node = makeNode("n", "Softmax", {"X"}, {"p"});
  *node.add_attribute() = intAttribute("axis", 0);
  node.mutable_attribute(0)->set_ref_attr_name("a");
  expectParts(reportOnNode(node), {"n (Softmax)", "outside a function"});
}

TEST(BadNodes, TooManyInputs) {
  expectParts(reportOnNode(makeNode("n", "Abs", {"X", "X"}, {"p"})),
              {"n (Abs)", "has 2 inputs, the operator takes 1"});
}

TEST(BadNodes, TooFewInputs) {
  expectParts(reportOnNode(makeNode("n", "Add", {"X"}, {"p"})),
              {"n (Add)", "has 1 inputs, the operator takes 2"});
}

TEST(BadNodes, MandatoryInputLeftOut) {
  expectParts(reportOnNode(makeNode("n", "Add", {"", "X"}, {"p"})),
              {"n (Add)", "input 0 ('A') is left out", "Connect it"});
}

TEST(BadNodes, DamagedConstant) {
  onnx::NodeProto node = makeNode("n", "Constant", {}, {"p"});
  auto &attribute = *node.add_attribute();
  attribute.set_name("value");
  attribute.set_type(onnx::AttributeProto::TENSOR);
  *attribute.mutable_t() = makeTensor("", {4}, {1});
  expectParts(reportOnNode(node), {"n (Constant)", "attribute 'value'", "4 bytes, but f32[4] needs 16"});
}
