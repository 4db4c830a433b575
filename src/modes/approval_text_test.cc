#include "modes/approval_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"

namespace aileron::modes {
namespace {

using testing::HasSubstr;
using testing::Not;

const Time kNow = *ParseTime("2026-11-23T23:10:09Z");

Json Sample(std::string id, std::string state = "pending") {
  return {{"id", std::move(id)},
          {"state", std::move(state)},
          {"title", "connect to api.example:443"},
          {"agent", "claude"},
          {"opens", "every request to api.example:443, with no credential"},
          {"fields", {{{"name", "host"}, {"value", "api.example"}}}},
          {"created", "2026-11-23T23:06:57Z"},
          {"expires", "2026-11-23T23:15:09.123Z"}};
}

TEST(ApprovalText, TellsWhoAsksWhatAndWhatAYesOpens) {
  const std::string text = ApprovalText(Sample("01A"), Colour::kNever, 80, kNow);
  EXPECT_THAT(text, HasSubstr("connect to api.example:443\n"));
  EXPECT_THAT(text, HasSubstr("a yes opens   every request to api.example:443"));
  EXPECT_THAT(text, HasSubstr("  host"));
}

TEST(ApprovalText, ShowsWhatAStrangerHid) {
  Json odd = Sample("01A");
  odd["title"] = "pay \033[2K1 EUR";
  odd["preview"] = "line\n\033]0;x\007";
  const std::string text = ApprovalText(odd, Colour::kNever, 80, kNow);
  EXPECT_THAT(text, HasSubstr("\\x1b[2K"));
  EXPECT_THAT(text, Not(HasSubstr("\033")));
  EXPECT_THAT(text, HasSubstr("  | line\n  | \\x1b]0;x\\x07\n"));
}

TEST(ApprovalText, SurvivesAnAnswerThatIsNone) {
  for (const Json& odd : {Json(), Json(7), Json::array(), Json{{"fields", 3}}}) {
    EXPECT_FALSE(ApprovalText(odd, Colour::kNever, 80, kNow).empty());
  }
}

TEST(ApprovalText, TellsHowLongItWaitsAndWhatMayBeChanged) {
  Json asked = Sample("01A");
  asked["inputs"] = {{{"name", "title"}}, {{"name", "body"}}};
  const std::string text = ApprovalText(asked, Colour::kNever, 80, kNow);
  EXPECT_THAT(text, HasSubstr("state         waits for 3m12s, until "));
  EXPECT_THAT(text, HasSubstr("can change    title, body\n"));
  const Json decided = {{"state", "approved"}, {"edited", {"title"}}, {"created", "no time"}};
  EXPECT_THAT(ApprovalText(decided, Colour::kNever, 80, kNow), HasSubstr("changed       title\n"));
}

TEST(ApprovalText, LinesFitANarrowTerminal) {
  Json asked = Sample("01A");
  asked["opens"] = "one call to many hosts with several words and the credential api/github";
  const std::string text = ApprovalText(asked, Colour::kNever, 40, kNow);
  for (const std::string_view line : Split(text, '\n')) EXPECT_LE(line.size(), 40u) << line;
  EXPECT_THAT(text, HasSubstr("\n              with several"));
}

TEST(ApprovalGrid, IdsAreAsShortAsTellsThemApart) {
  const Json list = {Sample("01AAAAAAAAAAAAAAAAAAAAWXYZ"), Sample("01AAAAAAAAAAAAAAAAAABAWXYZ"),
                     Sample("01AAAAAAAAAAAAAAAAAAAAQQQQ")};
  const std::string text = WaitingGrid(list, kNow).Text(Colour::kNever, 60);
  EXPECT_THAT(text, HasSubstr("AAWXYZ"));
  EXPECT_THAT(text, HasSubstr("BAWXYZ    3m12s  claude  connect to api.example:443\n"));
  EXPECT_THAT(text, HasSubstr("AAQQQQ"));
  EXPECT_THAT(text, Not(HasSubstr("AAAAQQQQ")));
  EXPECT_THAT(ApprovalGrid(list, kNow).Text(Colour::kNever, 0), HasSubstr("pending"));
}

TEST(FindApproval, TakesAnEndThatNoOtherHas) {
  const Json list = {Sample("01AAAAAAAAAAAAAAAAAAAAWXYZ"), Sample("01AAAAAAAAAAAAAAAAAAABWXYZ")};
  EXPECT_EQ(FindApproval(list, "BWXYZ").value(), "01AAAAAAAAAAAAAAAAAAABWXYZ");
  EXPECT_EQ(FindApproval(list, "bwxyz").value(), "01AAAAAAAAAAAAAAAAAAABWXYZ");
  EXPECT_EQ(FindApproval(list, "WXYZ").error().code, Code::kInvalid);
  EXPECT_EQ(FindApproval(list, "XYZ").error().code, Code::kNotFound);
  EXPECT_EQ(FindApproval(Json::array(), "").error().code, Code::kNotFound);
}

TEST(ExitCodeOf, TellsYesNoAndNotYet) {
  EXPECT_EQ(ExitCodeOf(Sample("1", "approved")), 0);
  EXPECT_EQ(ExitCodeOf(Sample("1", "pending")), 75);
  EXPECT_EQ(ExitCodeOf(Sample("1", "denied")), 77);
  EXPECT_EQ(ExitCodeOf(Sample("1", "expired")), 77);
  EXPECT_EQ(ExitCodeOf(Sample("1", "failed")), 1);
}

}  // namespace
}  // namespace aileron::modes
