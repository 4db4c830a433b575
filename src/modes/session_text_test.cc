#include "modes/session_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aileron::modes {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(AuditLine, TellsWhatWasReachedAndHow) {
  const Json record = {{"seq", 7},          {"time", "2026-11-23T23:15:09.123Z"},
                       {"kind", "request"}, {"host", "api.test"},
                       {"port", 443},       {"method", "GET"},
                       {"path", "/v1"},     {"action", "allow"},
                       {"status", 200},     {"credential", "token/x"}};
  const std::string line = AuditLine(record, Colour::kNever);
  EXPECT_THAT(line, HasSubstr("request   allow  200  GET api.test/v1  with token/x\n"));
}

TEST(AuditLine, ShowsControlCharactersOfStrangers) {
  const std::string line = AuditLine({{"host", "\033]0;x\007"}, {"path", "/a\nb"}}, Colour::kNever);
  EXPECT_THAT(line, HasSubstr("\\x1b]0;x\\x07"));
  EXPECT_EQ(std::ranges::count(line, '\n'), 1);
}

TEST(AuditLine, SurvivesARecordThatIsNotOne) {
  for (const Json& odd :
       {Json(), Json(7), Json::array(), Json{{"host", Json::object()}, {"status", "x"}}}) {
    EXPECT_FALSE(AuditLine(odd, Colour::kNever).empty());
  }
}

TEST(SessionGrid, QuotesWordsWithBlanks) {
  EXPECT_EQ(CommandLine({"sh", "-c", "echo hi", ""}), "sh -c 'echo hi' ''");
  EXPECT_EQ(CommandLine(Json("no list")), "");
  const std::string text =
      SessionGrid(
          {{{"id", "01X"}, {"state", "ended"}, {"exit_code", 3}, {"command", {"a", "b c"}}}})
          .Text(Colour::kNever, 0);
  EXPECT_THAT(text, HasSubstr("01X      ended           3                      a 'b c'"));
}

TEST(Api, ReadsNumbersAndTextLeniently) {
  const Json object = {
      {"text", "t"}, {"number", 7}, {"yes", true}, {"nothing", nullptr}, {"list", {1}}};
  EXPECT_EQ(TextOf(object, "text"), "t");
  EXPECT_EQ(TextOf(object, "number"), "7");
  EXPECT_EQ(TextOf(object, "yes"), "true");
  EXPECT_EQ(TextOf(object, "nothing"), "");
  EXPECT_EQ(TextOf(object, "missing"), "");
  EXPECT_EQ(NumberOf(object, "number"), 7u);
  EXPECT_EQ(NumberOf(object, "text"), 0u);
  EXPECT_EQ(ListOf(object, "list").size(), 1u);
  EXPECT_TRUE(ListOf(object, "text").empty());
  EXPECT_FALSE(ParseJson("{", "x"));
}

TEST(Api, ShowsBytesInUnits) {
  EXPECT_EQ(Bytes(0), "0 B");
  EXPECT_EQ(Bytes(1023), "1023 B");
  EXPECT_EQ(Bytes(1536), "1.5 KiB");
  EXPECT_EQ(Bytes(15u << 20), "15.0 MiB");
}

}  // namespace
}  // namespace aileron::modes
