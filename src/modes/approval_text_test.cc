#include "modes/approval_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aileron::modes {
namespace {

using testing::HasSubstr;
using testing::Not;

Json Sample(std::string id, std::string state = "pending") {
  return {{"id", std::move(id)},
          {"state", std::move(state)},
          {"title", "connect to api.example:443"},
          {"agent", "claude"},
          {"opens", "every request to api.example:443, with no credential"},
          {"fields", {{{"name", "host"}, {"value", "api.example"}}}},
          {"expires", "2026-11-23T23:15:09.123Z"}};
}

TEST(ApprovalText, TellsWhoAsksWhatAndWhatAYesOpens) {
  const std::string text = ApprovalText(Sample("01A"), Colour::kNever);
  EXPECT_THAT(text, HasSubstr("connect to api.example:443\n"));
  EXPECT_THAT(text, HasSubstr("a yes opens   every request to api.example:443"));
  EXPECT_THAT(text, HasSubstr("  host"));
}

TEST(ApprovalText, ShowsWhatAStrangerHid) {
  Json odd = Sample("01A");
  odd["title"] = "pay \033[2K1 EUR";
  odd["preview"] = "line\n\033]0;x\007";
  const std::string text = ApprovalText(odd, Colour::kNever);
  EXPECT_THAT(text, HasSubstr("\\x1b[2K"));
  EXPECT_THAT(text, Not(HasSubstr("\033")));
  EXPECT_THAT(text, HasSubstr("  | line\n  | \\x1b]0;x\\x07\n"));
}

TEST(ApprovalText, SurvivesAnAnswerThatIsNone) {
  for (const Json& odd : {Json(), Json(7), Json::array(), Json{{"fields", 3}}}) {
    EXPECT_FALSE(ApprovalText(odd, Colour::kNever).empty());
  }
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
