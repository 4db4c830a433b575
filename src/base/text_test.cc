#include "base/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aileron {
namespace {

using testing::ElementsAre;

TEST(Text, SplitKeepsEmptyParts) {
  EXPECT_THAT(Split("a,,b", ','), ElementsAre("a", "", "b"));
  EXPECT_THAT(Split("", ','), ElementsAre(""));
  EXPECT_THAT(Split("a,", ','), ElementsAre("a", ""));
}

TEST(Text, TrimTakesBothEnds) {
  EXPECT_EQ(Trim(" \ta b\r\n"), "a b");
  EXPECT_EQ(Trim("   "), "");
}

TEST(Text, TheBeginningOfAWordAtTheEndIsLessThanAllOfIt) {
  EXPECT_EQ(BeginningAtEnd("xxab", "abc"), 2u);
  EXPECT_EQ(BeginningAtEnd("aab", "aabaab"), 3u);
  EXPECT_EQ(BeginningAtEnd("abc", "abc"), 0u);
  EXPECT_EQ(BeginningAtEnd("aa", "aa"), 1u);
  EXPECT_EQ(BeginningAtEnd("", "abc"), 0u);
  EXPECT_EQ(BeginningAtEnd("abc", ""), 0u);
}

TEST(Text, ParseIntegerWantsTheWholeText) {
  EXPECT_EQ(ParseInteger<int>("42"), 42);
  for (const char* bad : {"", " 42", "42 ", "4x", "+4", "99999999999999999999"}) {
    EXPECT_EQ(ParseInteger<int>(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(ParseInteger<std::uint16_t>("65536"), std::nullopt);
  EXPECT_EQ(ParseInteger<std::uint16_t>("-1"), std::nullopt);
}

TEST(Text, HexGoesThereAndBack) {
  const std::vector<std::uint8_t> bytes = {0x00, 0xab, 0xff};
  EXPECT_EQ(HexEncode(bytes), "00abff");
  EXPECT_EQ(HexDecode("00ABff"), bytes);
  EXPECT_FALSE(HexDecode("0"));
  EXPECT_FALSE(HexDecode("zz"));
}

// The examples of RFC 4648 §10.
TEST(Text, Base64MatchesTheRfc) {
  const std::pair<const char*, const char*> examples[] = {
      {"", ""},        {"f", "Zg=="},        {"fo", "Zm8="},
      {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, coded] : examples) {
    EXPECT_EQ(Base64Encode(plain), coded);
    EXPECT_EQ(Base64Decode(coded), plain);
  }
  EXPECT_EQ(Base64Encode("\xff\xfe", Base64::kUrl), "__4");
  EXPECT_EQ(Base64Decode("__4", Base64::kUrl), "\xff\xfe");
}

TEST(Text, Base64RefusesWhatAnotherTextAlreadyMeans) {
  EXPECT_FALSE(Base64Decode("Zh=="));  // left-over bits
  EXPECT_FALSE(Base64Decode("Zg="));
  EXPECT_FALSE(Base64Decode("Zm9v\n"));
  EXPECT_FALSE(Base64Decode("Z", Base64::kUrl));
}

TEST(Text, PercentGoesThereAndBack) {
  EXPECT_EQ(PercentEncode("a b/\xc3\xa4~"), "a%20b%2F%C3%A4~");
  EXPECT_EQ(PercentDecode("a%20b%2f"), "a b/");
  EXPECT_FALSE(PercentDecode("%2"));
  EXPECT_FALSE(PercentDecode("%zz"));
}

TEST(Text, NearestWordIsNearOrNone) {
  const std::string_view words[] = {"launch", "daemon", "status"};
  EXPECT_EQ(NearestWord("lanuch", words), "launch");
  EXPECT_EQ(NearestWord("statsu", words), "status");
  EXPECT_EQ(NearestWord("zzzzzz", words), std::nullopt);
}

TEST(Text, PrintableLeavesNoWayToMoveTheCursorOrTurnTheText) {
  EXPECT_EQ(Printable("ok \xc3\xa4\xe2\x82\xac"), "ok \xc3\xa4\xe2\x82\xac");
  EXPECT_EQ(Printable("\x1b[2J"), "\\x1b[2J");
  EXPECT_EQ(Printable("a\nb\x7f"), "a\\x0ab\\x7f");
  EXPECT_EQ(Printable("\xc2\x9b"), "\\u009b");              // a C1 control: CSI
  EXPECT_EQ(Printable("\xff\xc0\x80"), "\\xff\\xc0\\x80");  // not UTF-8
  EXPECT_EQ(Printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // a surrogate
}

TEST(Text, PrintableShowsWhatIsNotSeen) {
  const std::pair<const char*, const char*> examples[] = {
      {"\xc2\xad", "\\u00ad"},              // soft hyphen
      {"\xd8\x9c", "\\u061c"},              // Arabic letter mark
      {"\xe2\x80\x8b", "\\u200b"},          // zero-width space
      {"\xe2\x80\x8f", "\\u200f"},          // right-to-left mark
      {"\xe2\x80\xa8", "\\u2028"},          // line separator
      {"\xe2\x80\xaa", "\\u202a"},          // left-to-right embedding
      {"\xe2\x80\xae", "\\u202e"},          // right-to-left override
      {"\xe2\x81\xa6", "\\u2066"},          // left-to-right isolate
      {"\xe2\x81\xa9", "\\u2069"},          // its end
      {"\xe3\x85\xa4", "\\u3164"},          // Hangul filler
      {"\xef\xb8\x8f", "\\ufe0f"},          // variation selector
      {"\xef\xbb\xbf", "\\ufeff"},          // byte order mark
      {"\xf3\xa0\x81\x81", "\\U000e0041"},  // a tag: text in text
      {"\xf3\xa0\x84\x80", "\\U000e0100"},  // variation selector 17
  };
  for (const auto& [text, shown] : examples) {
    EXPECT_EQ(Printable(text), shown);
    EXPECT_EQ(Printable(shown), shown);
  }
}

TEST(Text, PrintableLeavesWhatIsSeen) {
  for (const char* seen : {"a b", "\xe2\x80\xa6", "\xe2\x80\x93", "\xe4\xb8\xad",
                           "\xf0\x9f\x98\x80", "\xd7\xa9", "\\"}) {
    EXPECT_EQ(Printable(seen), seen);
  }
}

TEST(Text, AShellReadsWhatIsQuotedAsOneArgument) {
  EXPECT_EQ(ShellQuoted("a-b_1./:@%+=,"), "a-b_1./:@%+=,");
  EXPECT_EQ(ShellQuoted(""), "''");
  EXPECT_EQ(ShellQuoted("a b"), "'a b'");
  EXPECT_EQ(ShellQuoted("it's $(x)"), "'it'\\''s $(x)'");
  EXPECT_EQ(ShellQuoted("~"), "'~'");
  EXPECT_EQ(SingleQuoted("a"), "'a'");
}

TEST(Text, ABeginningEndsBetweenCharacters) {
  EXPECT_EQ(BeginningOf("abc", 3), "abc");
  EXPECT_EQ(BeginningOf("abc", 2), "ab");
  EXPECT_EQ(BeginningOf("a\u20acb", 4), "a\u20ac");
  EXPECT_EQ(BeginningOf("a\u20acb", 3), "a");
  EXPECT_EQ(BeginningOf("\u20ac", 2), "");
}

TEST(Text, Utf8IsToldFromOtherBytes) {
  EXPECT_TRUE(IsUtf8(""));
  EXPECT_TRUE(IsUtf8("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"));
  for (const std::string_view bad :
       {"\x80", "a\xff", "\xc0\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xe2\x82"}) {
    EXPECT_FALSE(IsUtf8(bad));
  }
}

}  // namespace
}  // namespace aileron
