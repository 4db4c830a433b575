#include "approval/shown_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/text.h"

namespace aileron::approval {
namespace {

using testing::EndsWith;
using testing::StartsWith;

TEST(ShownText, NothingInItTurnsHidesOrMovesAnything) {
  EXPECT_EQ(ShownText("grüße 中", 100), "grüße 中");
  EXPECT_EQ(ShownText("evil\xe2\x80\xae"
                      "exe.txt",
                      100),
            "evil\\u202eexe.txt");
  EXPECT_EQ(ShownText("a\r\nb\t\x1b[1m", 100), "a\\x0d\\x0ab\\x09\\x1b[1m");
  EXPECT_EQ(ShownText(std::string("a\0b", 3), 100), "a\\x00b");
  EXPECT_EQ(ShownText("", 100), "");
}

TEST(ShownText, ManyLinesKeepLineEndsAndTabsAlone) {
  EXPECT_EQ(ShownText("a\n\tb\n\x1b\xe2\x80\xa8\n", 100, Lines::kMany), "a\n\tb\n\\x1b\\u2028\n");
}

TEST(ShownText, ACutIsSeenAndSaysHowMuchThereWas) {
  const std::string shown = ShownText(std::string(1'000, 'a'), 100);
  EXPECT_EQ(shown.size(), 100u);
  EXPECT_THAT(shown, EndsWith("… (1000 bytes in all)"));
  EXPECT_THAT(shown, StartsWith("aaaa"));
  EXPECT_EQ(ShownText(std::string(100, 'a'), 100), std::string(100, 'a'));
  // What grows when it is written out is cut by what is shown.
  EXPECT_THAT(ShownText(std::string(30, '\x1b'), 100), EndsWith("… (30 bytes in all)"));
}

TEST(ShownText, ACutLeavesWholeCharactersAndGivingItAgainChangesNothing) {
  for (std::size_t before = 0; before < 8; ++before) {
    for (const char* character : {"ä", "中", "😀", "\xff", "\xe2\x80\xae", "\n"}) {
      std::string text(before, 'x');
      for (int i = 0; i < 200; ++i) text += character;
      for (const Lines lines : {Lines::kOne, Lines::kMany}) {
        const std::string shown = ShownText(text, 100, lines);
        EXPECT_LE(shown.size(), 100u);
        EXPECT_EQ(ShownText(shown, 100, Lines::kMany), shown);
      }
    }
  }
}

TEST(ShownText, NoTwoTextsLookTheSame) {
  std::set<std::string> shown;
  for (const std::string_view text :
       {"a\x1b"
        "b",
        "a\\x1bb", "a\\\\x1bb", "a\nb", "a\\x0ab", "a\\b", "a\\\\b", "a\\",
        "a\u202e"
        "b",
        "a\\u202eb", "ab"}) {
    EXPECT_TRUE(shown.insert(ShownText(text, 100)).second) << ShownText(text, 100);
  }
  EXPECT_EQ(ShownText("C:\\x", 100), "C:\\\\x");
  EXPECT_EQ(ShownText("\ue000\uffff\U0010fffd", 100), "\\ue000\\uffff\\U0010fffd");
}

}  // namespace
}  // namespace aileron::approval
