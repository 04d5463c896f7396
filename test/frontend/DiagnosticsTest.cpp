#include "compiler/frontend/Diagnostics.h"

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
