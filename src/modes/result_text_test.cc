#include "modes/result_text.h"

#include <gtest/gtest.h>

#include "modes/limits.h"

namespace aileron::modes {
namespace {

TEST(BodyText, APipeGetsTheBytesAndALineEnd) {
  EXPECT_EQ(BodyText("{\"a\":1}", Shown::kPipe), "{\"a\":1}\n");
  EXPECT_EQ(BodyText("a\n", Shown::kPipe), "a\n");
  EXPECT_EQ(BodyText("\x1b[2J\r\n\t", Shown::kPipe), "\x1b[2J\r\n\t\n");
  EXPECT_EQ(BodyText("", Shown::kPipe), "");
}

TEST(BodyText, ATerminalGetsIndentedJson) {
  EXPECT_EQ(BodyText(R"( {"a":[1,"b"]})", Shown::kTerminal),
            "{\n  \"a\": [\n    1,\n    \"b\"\n  ]\n}\n");
  EXPECT_EQ(BodyText("{no json", Shown::kTerminal), "{no json\n");
  EXPECT_EQ(BodyText("", Shown::kTerminal), "");
}

TEST(BodyText, NothingControlsTheTerminal) {
  EXPECT_EQ(BodyText("one\r\n\ttwo\x1b[2J\n", Shown::kTerminal), "one\n    two\\x1b[2J\n");
  const std::string json = BodyText(
      "{\"a\":\"\xc2\x9b"
      "2J\xe2\x80\xae\"}",
      Shown::kTerminal);
  EXPECT_EQ(json.find("\xc2\x9b"), std::string::npos);
  EXPECT_EQ(json.find("\xe2\x80\xae"), std::string::npos);
  EXPECT_EQ(BodyText("a\x9b\xff", Shown::kTerminal), "a\\x9b\\xff\n");
}

TEST(BodyText, DeepNestingIsShownAsItIs) {
  const std::string deep(1'000'000, '[');
  EXPECT_EQ(BodyText(deep, Shown::kTerminal), deep + "\n");
}

TEST(OneLine, HasNoLineEnd) {
  EXPECT_EQ(OneLine(" a\n  b\r\n\n c \n"), "a b c");
  EXPECT_EQ(OneLine(""), "");
}

TEST(OneLine, IsNoLongerThanItsBoundAndCutBetweenCharacters) {
  EXPECT_EQ(OneLine(std::string(limits::line_bytes, 'x')), std::string(limits::line_bytes, 'x'));
  const std::string odd = "x" + std::string(limits::line_bytes - 2, 'x');
  EXPECT_EQ(OneLine(odd + "ä" + std::string(1 << 20, 'y')), odd + "…");
}

}  // namespace
}  // namespace aileron::modes
