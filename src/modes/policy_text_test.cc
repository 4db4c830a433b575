#include "modes/policy_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aileron::modes {
namespace {

using testing::HasSubstr;
using testing::Not;

const policy::Subject kSubject{.request = policy::Request{.method = "GET", .host = "a.example"},
                               .command = {}};
const policy::Opinion kDenied{.verdict = "deny",
                              .rule = "policy.yaml:4",
                              .layer = "user",
                              .file = "/c/policy.yaml",
                              .line = 4,
                              .reason = "a.example is denied"};

TEST(PolicyText, AnOpinionSaysTheVerdictTheRuleAndItsPlace) {
  const std::string text = OpinionText(kSubject, kDenied, Colour::kNever);
  EXPECT_THAT(text, HasSubstr("deny  GET https://a.example/\n"));
  EXPECT_THAT(text, HasSubstr("/c/policy.yaml:4\n"));
  EXPECT_THAT(text, Not(HasSubstr("credentials")));
  const Json json = OpinionJson(kSubject, kDenied);
  EXPECT_EQ(json["verdict"], "deny");
  EXPECT_EQ(json["request"], "GET https://a.example/");
  EXPECT_EQ(json["line"], 4);
}

TEST(PolicyText, AChangeReadsLikeADiff) {
  policy::Opinion after{.verdict = "allow", .rule = "profile open", .layer = "builtin"};
  after.credentials = {"token/a"};
  EXPECT_EQ(ChangeText({kSubject, kDenied, after}, Colour::kNever),
            "GET https://a.example/\n"
            "- deny  by policy.yaml:4 at /c/policy.yaml:4\n"
            "+ allow, credentials: only token/a  by profile open\n");
}

TEST(PolicyText, WhatIsKeptForOthersStandsBesideWhatGoesAlong) {
  policy::Opinion opinion{.verdict = "allow", .rule = "profile open", .layer = "builtin"};
  opinion.credentials = {"token/a"};
  opinion.kept = {"token/b"};
  EXPECT_THAT(OpinionText(kSubject, opinion, Colour::kNever),
              HasSubstr("only token/a, not token/b\n"));
  opinion.credentials.reset();
  EXPECT_THAT(OpinionText(kSubject, opinion, Colour::kNever), HasSubstr(" not token/b\n"));
}

TEST(PolicyText, WhatAFileSaysCannotDriveATerminal) {
  policy::Opinion opinion = kDenied;
  opinion.reason = "\x1b[2J";
  opinion.file = "/c/\x1b[1m";
  for (const std::string& text :
       {OpinionText(kSubject, opinion, Colour::kNever),
        WarningText({"/\x1b[1m", 1, "too-wide", "\x1b"}, Colour::kNever),
        CaseText("/\x1b[1m", {{1, 1}, kSubject, "deny", opinion}, Colour::kNever)}) {
    EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  }
}

}  // namespace
}  // namespace aileron::modes
