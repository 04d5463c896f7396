#include "compiler/frontend/Diagnostics.h"
#include "compiler/frontend/Spelling.h"
#include "compiler/frontend/Wording.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

using namespace ingot;

TEST(DiagnosticsReport, Text) {
  Diagnostics diagnostics;
  EXPECT_EQ(diagnostics.text(), "");
  diagnostics.add({"is odd", "Make it even", "n1", "Add", "X: f32[3]"});
  diagnostics.add({"is slow", "", "n2", "", "", Severity::Warning});
  EXPECT_EQ(diagnostics.text(), "error: n1 (Add): is odd\n"
                                "       on: X: f32[3]\n"
                                "      try: Make it even\n"
                                "warning: n2: is slow\n"
                                "1 error, 1 warning\n");
}

TEST(DiagnosticsReport, ControlCharactersDoNotReachTheTerminal) {
  Diagnostics diagnostics;
  diagnostics.add({"m", "r", "\x1b[31mred\n"});
  EXPECT_NE(diagnostics.text().find("\\x1b[31mred\\x0a"), std::string::npos);
}

TEST(Wording, TheFirstWordTakesThePlural) {
  EXPECT_EQ(counted(0, "kernel"), "0 kernels");
  EXPECT_EQ(counted(1, "kernel"), "1 kernel");
  EXPECT_EQ(counted(1, "value of subgraphs"), "1 value of subgraphs");
  EXPECT_EQ(counted(12, "value of subgraphs"), "12 values of subgraphs");
}

TEST(Spelling, NearestName) {
  const std::vector<std::string> names = {"weights", "help", "dim", "target", "o", "Time", "dip"};
  EXPECT_EQ(nearest("taget", names), "target");
  EXPECT_EQ(nearest("tagret", names), "target");
  EXPECT_EQ(nearest("TARGET", names), "target");
  EXPECT_EQ(nearest("time", names), "Time");
  EXPECT_EQ(nearest("dix", names), "dim"); // of equals the first in the alphabet
  EXPECT_EQ(nearest("Rleu", {"Elu", "Relu"}), "Relu");
  EXPECT_EQ(nearest("O", names), "o");
  EXPECT_EQ(nearest("x", names), std::nullopt); // any letter would be as near
  EXPECT_EQ(nearest("", names), std::nullopt);
  EXPECT_EQ(nearest("frobnicate", names), std::nullopt);
  EXPECT_EQ(nearest("taget", {}), std::nullopt);
}

TEST(Spelling, OnlyASlipIsMisspelt) {
  const std::vector<std::string> names = {"Sqrt", "Selu", "Elu", "Relu", "Exp", "Loop", "Less", "Sinh", "Softmax", "Sigmoid", "MatMul"};
  EXPECT_EQ(misspelt("Rleu", names), "Relu");
  EXPECT_EQ(misspelt("erlu", names), "Relu");
  EXPECT_EQ(misspelt("matmul", names), "MatMul");
  EXPECT_EQ(misspelt("Softmaks", names), std::nullopt); // one letter wrong and one too many
  EXPECT_EQ(misspelt("Softmex", names), "Softmax");
  EXPECT_EQ(misspelt("Sigmod", names), "Sigmoid");
  EXPECT_EQ(misspelt("Siigmoid", names), "Sigmoid");
  // Functions of other frameworks.
  for (const char *other : {"Rsqrt", "Silu", "Exp2", "Log2", "Log1p", "Lerp", "Sinc", "Rel", "", "R"})
    EXPECT_EQ(misspelt(other, names), std::nullopt) << other;
  EXPECT_EQ(misspelt("Relu", {}), std::nullopt);
}

TEST(DiagnosticsReport, Json) {
  Diagnostics diagnostics;
  diagnostics.add({"is odd", "Make it even", "n\xff", "Add"}); // not UTF-8
  auto report = diagnostics.json();
  EXPECT_EQ(report["errors"], 1);
  EXPECT_EQ(report["diagnostics"][0]["operator"], "Add");
  EXPECT_EQ(report["diagnostics"][0]["severity"], "error");
  EXPECT_EQ(report["diagnostics"][0]["text"], "is odd");
  EXPECT_EQ(report["diagnostics"][0]["remedy"], "Make it even");
}
