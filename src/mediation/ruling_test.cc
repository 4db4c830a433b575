#include "mediation/ruling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mediation/limits.h"

namespace aileron::mediation {
namespace {

using command::Action;
using command::CommandRule;
using command::CommandVerdict;
using ::testing::ElementsAre;
using Kind = Ruling::Kind;

const command::Execution kPush{.executable = "/usr/bin/git", .argv = {"git", "push"}};
const CommandRule kRule{.id = "deny git push"};

CommandVerdict Verdict(Action action) {
  return {.action = action,
          .rule = &kRule,
          .code = command::kCodeDenied,
          .reason = "pushes are reviewed",
          .hint = "open a merge request",
          .redirect = {"git", "push", "--dry-run"},
          .command = "git push"};
}

TEST(Ruling, ARefusalTellsWhatWhyAndTheWayOut) {
  const Ruling ruling = RuleOn(Verdict(Action::kDeny), kPush, Turn::kFirst);
  EXPECT_EQ(ruling.kind, Kind::kRefuse);
  EXPECT_EQ(ruling.action, "deny");
  EXPECT_EQ(ruling.rule, "deny git push");
  EXPECT_EQ(ruling.text, "aileron: git push: pushes are reviewed\naileron: open a merge request");
}

TEST(Ruling, WhatARedirectRunsIsJudgedAndNotRedirectedAgain) {
  const Ruling first = RuleOn(Verdict(Action::kRedirect), kPush, Turn::kFirst);
  EXPECT_EQ(first.kind, Kind::kRedirect);
  EXPECT_THAT(first.command, ElementsAre("git", "push", "--dry-run"));
  EXPECT_EQ(RuleOn(Verdict(Action::kRedirect), kPush, Turn::kRedirected).kind, Kind::kLet);
  EXPECT_EQ(RuleOn(Verdict(Action::kDeny), kPush, Turn::kRedirected).kind, Kind::kRefuse);
  EXPECT_EQ(RuleOn(Verdict(Action::kAsk), kPush, Turn::kRedirected).kind, Kind::kAsk);
}

TEST(Ruling, WhatIsLetRunIsRecordedWithTheRuleThatWantsIt) {
  CommandVerdict verdict{.action = Action::kAllow};
  EXPECT_EQ(RuleOn(verdict, kPush, Turn::kFirst).action, "allow");
  verdict.recorded = &kRule;
  const Ruling ruling = RuleOn(verdict, kPush, Turn::kFirst);
  EXPECT_EQ(ruling.action, "record");
  EXPECT_EQ(ruling.rule, "deny git push");
}

TEST(Ruling, AStrangersWordsAreSafeToPrintAndBounded) {
  const std::string text = RefusalText("a\033[2Jb", std::string(100'000, 'r'), "h\n");
  EXPECT_EQ(text.find('\033'), std::string::npos);
  EXPECT_LE(text.size(), limits::kRefusalText);
  EXPECT_EQ(RefusalText("a", "", ""), "aileron: a");
}

}  // namespace
}  // namespace aileron::mediation
