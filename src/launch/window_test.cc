#include "launch/window.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "launch/model_terminal_test.h"

namespace aileron::launch {
namespace {

constexpr int kRows = 10;
constexpr int kColumns = 40;

class WindowTest : public ::testing::Test {
 protected:
  WindowTest() {
    Do([&](std::string& out) { window_.Show("\033[7mTHE ROW", out); });
    Do([&](std::string& out) { window_.Open(out); });
  }
  template <typename Call>
  std::string Do(Call call) {
    std::string out;
    call(out);
    terminal_.Write(out);
    return out;
  }
  std::string Print(std::string_view bytes) {
    return Do([&](std::string& out) { window_.Print(bytes, out); });
  }
  void Show(std::string shown) {
    Do([&](std::string& out) { window_.Show(std::move(shown), out); });
  }
  void Resize(int rows, int columns) {
    terminal_.Resize(rows, columns);
    Do([&](std::string& out) { window_.Resize({rows, columns}, out); });
  }
  std::string Last() { return terminal_.Row(kRows); }

  ModelTerminal terminal_{kRows, kColumns};
  Window window_{{kRows, kColumns}};
};

TEST_F(WindowTest, TheAgentHasAllRowsButTheLast) {
  EXPECT_EQ(window_.Inner(), (Size{kRows - 1, kColumns}));
  EXPECT_EQ(Last(), "THE ROW");
  for (int i = 1; i <= 30; ++i) Print(fmt::format("line {}\r\n", i));
  EXPECT_EQ(Last(), "THE ROW");
  EXPECT_EQ(terminal_.Row(kRows - 2), "line 30");
  EXPECT_EQ(terminal_.row(), kRows - 1);
}

TEST_F(WindowTest, ACursorInTheLastRowMakesRoomForIt) {
  ModelTerminal terminal(kRows, kColumns);
  for (int i = 1; i < kRows; ++i) terminal.Write(fmt::format("old {}\r\n", i));
  ASSERT_EQ(terminal.row(), kRows);
  Window window({kRows, kColumns});
  std::string out;
  window.Show("ROW", out);
  window.Open(out);
  terminal.Write(out);
  EXPECT_EQ(terminal.row(), kRows - 1);
  EXPECT_EQ(terminal.Row(kRows), "ROW");
  EXPECT_EQ(terminal.Row(kRows - 2), fmt::format("old {}", kRows - 1));
}

TEST_F(WindowTest, WhatIsOrdinaryIsWrittenOnAsItIs) {
  for (const char* bytes :
       {"plain \xc3\xa9\xe8\xaa\xad", "\033[1;38:5:9mred\033[0m", "\033[K", "\033[?25l",
        "\033[?2004h", "\033[3;4H", "\033[5d", "\033[2A", "\033[4C", "\033[1P", "\033]0;title\007",
        "\033]8;;http://x\033\\x\033]8;;\033\\", "\033[>1u", "\033[6n", "\033[2 q",
        "\033=", "\033M", "\033[22;0;0t", "\t\b\r"}) {
    EXPECT_EQ(Print(bytes), bytes);
  }
}

TEST_F(WindowTest, TheScrollRegionEndsAboveTheRow) {
  for (const char* bytes : {"\033[r", "\033[;r", "\033[1;99r", "\033[1;10r", "\033[0;0r", "\033c",
                            "\033[!p", "\033#8", "\033[?1049h", "\033[?1049l", "\033[?47h"}) {
    Print(bytes);
    EXPECT_EQ(terminal_.bottom(), kRows - 1) << bytes + 1;
    EXPECT_EQ(Last(), "THE ROW") << bytes + 1;
  }
  Print("\033[3;5r");
  EXPECT_EQ(terminal_.top(), 3);
  EXPECT_EQ(terminal_.bottom(), 5);
  Print("\033[9;10r");  // of the agent's nine rows the last alone
  EXPECT_EQ(terminal_.bottom(), 5);
}

TEST_F(WindowTest, NoAddressIsTheRowsOwn) {
  for (const char* bytes :
       {"\033[10;1HX", "\033[999;999HX", "\033[99dX", "\033[9;1H\n\n\nX", "\033[99BX", "\033[99eX",
        "\033[99EX", "\033[5;1H\033[5eX", "\033[9;40HXYZ", "\033[?6h\033[99;1HX\033[?6l",
        "\033[99;1H\033[7mX\033[500b"}) {
    Print(bytes);
    EXPECT_EQ(Last(), "THE ROW") << bytes + 1;
    EXPECT_LT(terminal_.row(), kRows) << bytes + 1;
  }
}

TEST_F(WindowTest, NothingBelowASmallerRegionReachesTheRow) {
  for (const char* bytes :
       {"\n\n\n\nX", "\033[9BX", "\033D\033D\033DX", "\033E\033E\033EX", "\033[7EX", "\v\f\vX",
        "0123456789012345678901234567890123456789012345678901234567890", "a\033[200b",
        "\033[9;38Habcdefgh", "\0337\0338\n\nX", "\033[7;1H\033[1A\033[3BX\n\n\nY"}) {
    Print("\033[?7h\033[2;5r\033[8;1H");
    Print(bytes);
    EXPECT_EQ(Last(), "THE ROW") << bytes;
    EXPECT_LT(terminal_.row(), kRows) << bytes;
  }
  // Back in the region lines wrap again.
  Print("\033[r\033[2J\033[1;39Habcd");
  EXPECT_TRUE(terminal_.wraps());
  EXPECT_EQ(terminal_.Row(2), "cd");
}

TEST_F(WindowTest, AnAgentThatDoesNotWrapIsNotMadeToWrap) {
  Print("\033[?7l\033[2;5r\033[8;1HX\033[r\033[1;39Habcd");
  EXPECT_FALSE(terminal_.wraps());
  EXPECT_EQ(terminal_.Row(2), "");
}

TEST_F(WindowTest, WhatErasesTheRowIsFollowedByIt) {
  for (const char* bytes : {"\033[2J", "\033[J", "\033[0J", "\033[?2J", "\033c", "\033#8"}) {
    Print(bytes);
    EXPECT_EQ(Last(), "THE ROW") << bytes + 1;
  }
}

TEST_F(WindowTest, TheCursorStaysWhereTheAgentPutIt) {
  for (const char* bytes : {"\033[2J\033[4;7H", "\033[4;7H\033[J", "\033[4;7H\033[!p"}) {
    Print(bytes);
    EXPECT_EQ(terminal_.row(), 4) << bytes + 1;
    EXPECT_EQ(terminal_.column(), 7) << bytes + 1;
  }
  Print("\033[4;7H");
  Show("NEWS");
  EXPECT_EQ(Last(), "NEWS");
  EXPECT_EQ(terminal_.row(), 4);
  EXPECT_EQ(terminal_.column(), 7);
}

TEST_F(WindowTest, TheRowIsNotDrawnBetweenASaveAndItsRestore) {
  for (const auto& [save, restore] : {std::pair("\0337", "\0338"), std::pair("\033[s", "\033[u"),
                                      std::pair("\033[?1048h", "\033[?1048l")}) {
    Show("BEFORE");
    Print(fmt::format("\033[3;3H{}", save));
    Show("AFTER");
    Print("\033[6;6Hfar");
    EXPECT_EQ(Last(), "BEFORE");
    Print(restore);
    EXPECT_EQ(Last(), "AFTER");
    EXPECT_EQ(terminal_.row(), 3);
    EXPECT_EQ(terminal_.column(), 3);
  }
}

TEST_F(WindowTest, AnAgentThatRestoresOneCursorManyTimesIsLeftAlone) {
  Print("\033[3;3H\0337\033[5;5H\0338");
  Show("ONE");
  Print("\033[6;6H\0338\033[3;3H\0337\033[5;5H\0338");
  Show("TWO");
  EXPECT_EQ(Last(), "ONE");
  Print("\033[6;6H\0338");
  EXPECT_EQ(terminal_.row(), 3);
  Print("\033c");
  EXPECT_EQ(Last(), "TWO");
}

TEST_F(WindowTest, TheRowWaitsForOrdinaryLettersAndTheEndOfALink) {
  for (const auto& [begin, end] :
       {std::pair("\033(0", "\033(B"), std::pair("\016", "\017"), std::pair("\033[?6h", "\033[?6l"),
        std::pair("\033]8;;http://x\007", "\033]8;;\007")}) {
    Show("BEFORE");
    Print(begin);
    Show("AFTER");
    EXPECT_EQ(Last(), "BEFORE") << begin + 1;
    Print(end);
    EXPECT_EQ(Last(), "AFTER") << begin + 1;
  }
}

TEST_F(WindowTest, WhatIsNotCompleteIsHeldBack) {
  EXPECT_EQ(Print("\033[3"), "");
  Show("NEWS");
  EXPECT_EQ(Last(), "NEWS");
  EXPECT_EQ(Print(";4H"), "\033[3;4H");
  EXPECT_EQ(Print("\xe8\xaa"), "");
  EXPECT_EQ(Print("\xad"), "\xe8\xaa\xad");
}

TEST_F(WindowTest, WhatCouldReachTheRowOrMisleadTheTerminalIsDropped) {
  for (const char* bytes : {"\033[65;1;1;99;99$x",
                            "\033[1;1;99;99$z",
                            "\033[1;1;9;9;1;10;1;1$v",
                            "\033[1;1;99;99$r",
                            "\033[?69h",
                            "\033[5;20s",
                            "\033[?3h",
                            "\033[?2l",
                            "\033[?1049r",
                            "\033[?6s",
                            "\033[8;50;100t",
                            "\033[4;500;500t",
                            "\033[40t",
                            "\033[61\"p",
                            "\033%@",
                            "\033%G",
                            "\033l",
                            "\033F",
                            "\033 G",
                            "\033[20h",
                            "\033[2h",
                            "\033[i",
                            "\033[?5i",
                            "\033Pq#0;1~\033\\",
                            "\033Ptmux;\033\\",
                            "\033_Gf=100;AAAA\033\\",
                            "\033]1337;File=:AAAA\007",
                            "\033]66;s=7;BIG\007",
                            "\033P1|17/x\033\\",
                            "\033^x\033\\",
                            "\033Xx\033\\",
                            "\033[?2048h",
                            "\033[1;2;3;4;5T",
                            "\033[1:2r",
                            "\033[:H"}) {
    EXPECT_EQ(Print(bytes), "") << bytes + 1;
  }
}

TEST_F(WindowTest, EachScreenHasTheRow) {
  Print("before\033[5;5H\033[?1049h");
  EXPECT_TRUE(terminal_.alternate());
  EXPECT_EQ(Last(), "THE ROW");
  Show("MEANWHILE");
  EXPECT_EQ(Last(), "MEANWHILE");
  Print("\033[2;3H\033[?1049l");
  EXPECT_FALSE(terminal_.alternate());
  EXPECT_EQ(Last(), "MEANWHILE");
  EXPECT_EQ(terminal_.Row(1), "before");
  EXPECT_EQ(terminal_.row(), 5);
  EXPECT_EQ(terminal_.column(), 5);
}

TEST_F(WindowTest, ACursorThatWasSavedForAnOldStyleAlternateScreenComesBack) {
  Print("\033[5;5H\0337\033[?47h\033[2J\033[2;2Hfull\033[2J\033[?47l\0338");
  EXPECT_EQ(terminal_.row(), 5);
  EXPECT_EQ(terminal_.column(), 5);
  EXPECT_EQ(Last(), "THE ROW");
}

TEST_F(WindowTest, AnotherSizeMovesTheRow) {
  Print("\033[9;1Hlast");
  Resize(6, 30);
  EXPECT_EQ(window_.Inner(), (Size{5, 30}));
  EXPECT_EQ(terminal_.Row(6), "THE ROW");
  EXPECT_LT(terminal_.row(), 6);
  EXPECT_EQ(terminal_.bottom(), 5);
  Resize(20, 50);
  EXPECT_EQ(terminal_.Row(20), "THE ROW");
  EXPECT_EQ(terminal_.bottom(), 19);
  Print("\033[99;1H");
  EXPECT_EQ(terminal_.row(), 19);
}

TEST_F(WindowTest, ATerminalThatIsTooSmallIsAllTheAgents) {
  Resize(3, 40);
  EXPECT_EQ(window_.Inner(), (Size{3, 40}));
  Print("\033[2J\033[3;1Hbottom\033[99;20Hx\033[1;1H\033[99By");
  EXPECT_EQ(terminal_.row(), 3);
  EXPECT_EQ(terminal_.bottom(), 3);
  Resize(kRows, kColumns);
  EXPECT_EQ(Last(), "THE ROW");
}

TEST_F(WindowTest, AtTheEndTheRowIsClearAndTheTerminalAsItWas) {
  Print(
      "\033[4;7H\033[?1049h\033(0\033]8;;http://x\007\033[2;4r\033[9;1H\033[?7lx\033]0;unfinished");
  Print("\033[?7h\033[9;1Hy");
  const std::string out = Do([&](std::string& bytes) { window_.Close(bytes); });
  EXPECT_FALSE(terminal_.alternate());
  EXPECT_EQ(Last(), "");
  EXPECT_EQ(terminal_.bottom(), kRows);
  EXPECT_TRUE(terminal_.wraps());
  EXPECT_TRUE(out.contains("\033(B\017"));
  EXPECT_TRUE(out.contains("\033]8;;\033\\"));
  EXPECT_EQ(Do([&](std::string& bytes) { window_.Close(bytes); }), "");
}

// Whatever an agent prints: the last row shows what it should, or nothing for a moment.
TEST_F(WindowTest, NoAgentWritesIntoTheRow) {
  std::mt19937 random(4);  // the same each time
  const auto draw = [&](std::size_t below) { return random() % below; };
  constexpr std::string_view kPieces[] = {
      "\n",
      "\r",
      "\t",
      "\033D",
      "\033E",
      "\033M",
      "\0337",
      "\0338",
      "\033c",
      "\033#8",
      "\033[!p",
      "\033[s",
      "\033[u",
      "\033[?6h",
      "\033[?6l",
      "\033[?7h",
      "\033[?7l",
      "\033[r",
      "\033[?1049h",
      "\033[?1049l",
      "\033[?47h",
      "\033[?47l",
      "\033[J",
      "\033[2J",
      "\033(0",
      "\033(B",
      "\016",
      "\017",
      "\xe8\xaa\xad",
      "\033[?1048h",
      "\033[?1048l",
      "long text that goes on until it has to wrap into the next line of a narrow terminal "};
  constexpr std::string_view kFinals = "ABCDEFGHIJKLMPSTXZ`abcdefghlmnrstu";
  for (int turn = 0; turn < 20'000; ++turn) {
    std::string bytes;
    for (std::size_t i = draw(12); i > 0; --i) {
      if (draw(2) == 0) {
        bytes += kPieces[draw(std::size(kPieces))];
      } else {
        bytes += fmt::format("\033[{};{}{}", draw(14), draw(50), kFinals[draw(kFinals.size())]);
      }
    }
    Print(bytes);
    const std::string last = Last();
    ASSERT_TRUE(last == "THE ROW" || last.empty())
        << turn << ": " << last << " after " << Printable(bytes);
    ASSERT_LE(terminal_.bottom(), kRows - 1) << turn << " after " << Printable(bytes);
    ASSERT_LT(terminal_.row(), kRows) << turn << " after " << Printable(bytes);
  }
}

}  // namespace
}  // namespace aileron::launch
