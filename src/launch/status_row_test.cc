#include "launch/status_row.h"

#include <gtest/gtest.h>

namespace aileron::launch {
namespace {

constexpr std::string_view kSession = "01K3ZD7QW8J5T2M4N6P8R0S9AB";

std::string Words(std::string row) {
  EXPECT_TRUE(row.starts_with("\033["));
  return row.substr(row.find('m') + 1);
}

TEST(StatusRowTest, ItSaysWhoseWhatAndTheWayOut) {
  EXPECT_EQ(Words(StatusRow(kSession, 0, "", 80)), "aileron · R0S9AB · nothing waits");
  EXPECT_EQ(Words(StatusRow(kSession, 1, "connect to a.test:443", 90)),
            "aileron · R0S9AB · 1 question waits: connect to a.test:443 — aileron approvals");
  EXPECT_EQ(Words(StatusRow(kSession, 12, "connect to a.test:443", 90)),
            "aileron · R0S9AB · 12 questions wait: connect to a.test:443 — aileron approvals");
}

TEST(StatusRowTest, ALongTitleIsCutAndTheWayOutStays) {
  const std::string row = Words(StatusRow(kSession, 2, std::string(500, 'x'), 80));
  EXPECT_TRUE(row.ends_with("x… — aileron approvals")) << row;
  EXPECT_LE(row.size(), 80u + 8);  // characters of several bytes
}

TEST(StatusRowTest, NothingIsWiderThanTheTerminal) {
  for (std::size_t columns = 0; columns < 120; ++columns) {
    const std::string row =
        Words(StatusRow(kSession, 2, "読む 読む 読む 読む 読む 読む 読む", columns));
    std::size_t width = 0;
    for (const char c : row) {
      if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) {
        width += static_cast<unsigned char>(c) < 0x80 ? 1 : 2;
      }
    }
    EXPECT_LE(width, columns) << row;
  }
}

TEST(StatusRowTest, NothingOfAStrangersMovesTheCursorOrTurnsText) {
  const std::string row = Words(StatusRow("\033[2J", 1,
                                          "a\033[H\n\xe2\x80\xae"
                                          "b",
                                          200));
  EXPECT_EQ(row.find('\033'), std::string::npos);
  EXPECT_EQ(row.find('\n'), std::string::npos);
  EXPECT_EQ(row.find("\xe2\x80\xae"), std::string::npos);
  EXPECT_NE(row.find("a\\x1b[H\\x0a\\u202eb"), std::string::npos) << row;
}

}  // namespace
}  // namespace aileron::launch
