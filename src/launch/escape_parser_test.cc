#include "launch/escape_parser.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "launch/limits.h"

namespace aileron::launch {
namespace {

// What is told, one word each, as it comes.
class Listener final : public EscapeParser::Sink {
 public:
  std::string said;

 private:
  void OnText(std::string_view text) override { said += fmt::format("'{}' ", text); }
  void OnControl(char control) override { said += fmt::format("^{} ", int{control}); }
  void OnEscape(std::string_view intermediates, char final) override {
    said += fmt::format("esc({}|{}) ", intermediates, final);
  }
  void OnSequence(std::string_view parameters, std::string_view intermediates,
                  char final) override {
    said += fmt::format("csi({}|{}|{}) ", parameters, intermediates, final);
  }
  void OnString(char introducer, std::string_view text, char end) override {
    said += fmt::format("str({}|{}|{}) ", introducer, text, end == '\\' ? "st" : "bel");
  }
};

std::string Told(std::string_view bytes) {
  EscapeParser parser;
  Listener listener;
  parser.Feed(bytes, listener);
  return listener.said;
}

// Text may come in more pieces than it was given in; everything else is told the same.
std::string ToldByteByByte(std::string_view bytes) {
  EscapeParser parser;
  Listener listener;
  for (const char c : bytes) parser.Feed({&c, 1}, listener);
  std::string joined = listener.said;
  for (auto at = joined.find("' '"); at != std::string::npos; at = joined.find("' '")) {
    joined.erase(at, 3);
  }
  return joined;
}

TEST(EscapeParserTest, EachThingIsToldWhole) {
  const std::string_view bytes =
      "a\xc3\xa9\r\n\033[1;2H\033[?25l\033[2 "
      "q\033(0\0337\033]0;title\007\033]8;;u\033\\\033P$qm\033\\z";
  const std::string_view said =
      "'a\xc3\xa9' ^13 ^10 csi(1;2||H) csi(?25||l) csi(2| |q) esc((|0) esc(|7) str(]|0;title|bel) "
      "str(]|8;;u|st) str(P|$qm|st) 'z' ";
  EXPECT_EQ(Told(bytes), said);
  EXPECT_EQ(ToldByteByByte(bytes), said);
}

TEST(EscapeParserTest, WhatIsNotCompleteIsNotTold) {
  for (const char* bytes : {"\033", "\033[", "\033[1;", "\033(", "\033]0;x", "\033]0;x\033",
                            "\033P", "\xe2\x82", "\xf0\x9f\x98"}) {
    EXPECT_EQ(Told(bytes), "") << bytes;
  }
}

TEST(EscapeParserTest, WhatIsCutOffIsDropped) {
  EXPECT_EQ(Told("\033[1\033[2A"), "csi(2||A) ");
  EXPECT_EQ(Told("\033[1\x18x"), "'x' ");
  EXPECT_EQ(Told("\033(\x1a"
                 "x"),
            "'x' ");
  EXPECT_EQ(Told("\033]0;x\033[2A"), "csi(2||A) ");
  EXPECT_EQ(Told("\033]0;x\x18y"), "'y' ");
  EXPECT_EQ(Told("\033[1\xc3\xa9"), "'\xc3\xa9' ");
}

TEST(EscapeParserTest, ControlsInASequenceComeBeforeIt) {
  EXPECT_EQ(Told("\033[1\n2A"), "^10 csi(12||A) ");
  EXPECT_EQ(Told("\033\r7"), "^13 esc(|7) ");
}

TEST(EscapeParserTest, BytesThatAreNoTextAreReplaced) {
  EXPECT_EQ(Told("a\xff"
                 "b"),
            "'a\xef\xbf\xbd"
            "b' ");
  EXPECT_EQ(Told("\xc3("), "'\xef\xbf\xbd(' ");
  EXPECT_EQ(Told("\xc0\xaf"), "'\xef\xbf\xbd\xef\xbf\xbd' ");
  EXPECT_EQ(Told("\xed\xa0\x80"), "'\xef\xbf\xbd' ");
  // C1 controls, alone and in UTF-8: CSI and OSC of some terminals.
  EXPECT_EQ(Told("\x9b"
                 "2J"),
            "'\xef\xbf\xbd"
            "2J' ");
  EXPECT_EQ(Told("\xc2\x9b"
                 "2J"),
            "'\xef\xbf\xbd"
            "2J' ");
  EXPECT_EQ(Told("\033]0;\xc2\x9c\007"), "");
  EXPECT_EQ(Told("\033]0;\xff\007"), "");
}

TEST(EscapeParserTest, ControlsThatNothingShouldHearAreDropped) {
  EXPECT_EQ(Told(std::string_view("\0\x05\x11\x13\x7f"
                                  "a",
                                  6)),
            "'a' ");
  EXPECT_EQ(Told("\033]0;a\nb\007"), "str(]|0;ab|bel) ");
}

TEST(EscapeParserTest, WhatIsTooLongIsDroppedWhole) {
  EXPECT_EQ(Told("\033[" + std::string(limits::kSequenceMax + 1, '1') + "Ax"), "'x' ");
  EXPECT_EQ(Told("\033[1 2Ax"), "'x' ");
  EXPECT_EQ(Told("\033" + std::string(limits::kSequenceMax + 1, '(') + "Bx"), "'x' ");
  EXPECT_EQ(Told("\033]0;" + std::string(limits::kStringMax, 'a') + "\007x"), "'x' ");
}

}  // namespace
}  // namespace aileron::launch
