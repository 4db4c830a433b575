#include "daemon/approvals.h"

#include <gtest/gtest.h>

#include "daemon/testing_test.h"

namespace aileron::daemon {
namespace {

using std::chrono_literals::operator""h;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using Kind = Approvals::Said::Kind;

class ApprovalsTest : public FolderTest {
 protected:
  ApprovalsTest()
      : audit_(*loop_, audit::AuditLog::Open(folder()).value()),
        approvals_(std::make_unique<Approvals>(*loop_, audit_, OpenQueue())) {}
  approval::Queue OpenQueue() {
    return approval::Queue::Open(folder() + "/approvals.db", Now()).value();
  }
  static approval::Question Question(std::string host = "a.example:443") {
    return {.session = "01S",
            .subject = approval::Subject::kHost,
            .key = "host " + host,
            .title = "connect to " + host,
            .expires = Now() + 1h};
  }
  void Ask(Duration hold, std::string host = "a.example:443") {
    approvals_->Ask(Question(std::move(host)), hold,
                    [this](const Approvals::Said& said) { said_.push_back(said); });
  }
  std::string Waiting() {
    const auto list = approvals_->queue().List({.states = {approval::State::kPending}}).value();
    return list.empty() ? "" : list.front().id;
  }
  Status Decide(approval::Answer answer, approval::Scope scope = {}) {
    auto decided = approvals_->queue().Decide(
        Waiting(), {.answer = answer, .scope = scope, .by = "uid 0, test"}, Now());
    if (!decided) return std::unexpected(decided.error());
    return {};
  }
  bool Told(std::size_t count) {
    return TurnUntil([&] { return said_.size() >= count; });
  }

  AuditService audit_;
  std::unique_ptr<Approvals> approvals_;
  std::vector<Approvals::Said> said_;
};

TEST_F(ApprovalsTest, WhoWaitsIsToldOfTheDecisionOnce) {
  Ask(60s);
  Ask(60s);
  EXPECT_TRUE(said_.empty());
  ASSERT_TRUE(Decide(approval::Answer::kApprove).has_value());
  ASSERT_TRUE(Told(2));
  EXPECT_EQ(said_[0].kind, Kind::kYes);
  EXPECT_LE(said_[0].until, Now() + limits::kYesOnce);
  // Used: the next one is a new question.
  Ask(Duration::zero());
  ASSERT_TRUE(Told(3));
  EXPECT_EQ(said_[2].kind, Kind::kPending);
}

TEST_F(ApprovalsTest, AQuestionThatIsHeldTooLongStaysOpenAndItsAnswerIsFoundLater) {
  Ask(20ms);
  ASSERT_TRUE(Told(1));
  EXPECT_EQ(said_[0].kind, Kind::kPending);
  EXPECT_EQ(said_[0].approval, Waiting());
  EXPECT_NE(said_[0].message.find(Waiting()), std::string::npos);
  ASSERT_TRUE(Decide(approval::Answer::kApprove).has_value());
  Ask(60s);
  ASSERT_TRUE(Told(2));
  EXPECT_EQ(said_[1].kind, Kind::kYes);
}

TEST_F(ApprovalsTest, ANoIsToldWithItsReason) {
  Ask(60s);
  ASSERT_TRUE(Decide(approval::Answer::kDeny).has_value());
  ASSERT_TRUE(Told(1));
  EXPECT_EQ(said_[0].kind, Kind::kNo);
  EXPECT_EQ(said_[0].code, "approval_denied");
}

TEST_F(ApprovalsTest, ANoForOnceThatWasToldIsUsed) {
  Ask(60s);
  ASSERT_TRUE(Decide(approval::Answer::kDeny).has_value());
  ASSERT_TRUE(Told(1));
  Ask(Duration::zero());
  ASSERT_TRUE(Told(2));
  EXPECT_EQ(said_[1].kind, Kind::kPending) << "the next one is a new question";
}

TEST_F(ApprovalsTest, ANoThatNobodyWaitedForIsToldOnce) {
  Ask(Duration::zero());
  ASSERT_TRUE(Decide(approval::Answer::kDeny).has_value());
  Ask(Duration::zero());
  Ask(Duration::zero());
  ASSERT_TRUE(Told(3));
  EXPECT_EQ(said_[1].kind, Kind::kNo);
  EXPECT_EQ(said_[2].kind, Kind::kPending);
}

TEST_F(ApprovalsTest, WhatAGrantLetThroughIsNamedByTheGrant) {
  Ask(60s);
  Ask(60s, "b.example:443");
  approvals_->Ask(
      [] {
        approval::Question other = Question();
        other.arguments = R"({"n":2})";
        return other;
      }(),
      60s, [this](const Approvals::Said& said) { said_.push_back(said); });
  ASSERT_TRUE(Decide(approval::Answer::kApprove, approval::Scope::Session()).has_value());
  ASSERT_TRUE(Told(2));
  const auto grant = approvals_->queue().Grants({}, Now()).value().at(0);
  const std::vector<std::string> rules = RulesOf(grant);
  for (const Approvals::Said& said : said_) {
    EXPECT_NE(std::ranges::find(rules, said.rule), rules.end()) << said.rule;
  }
}

TEST_F(ApprovalsTest, AGrantAnswersAtOnceUntilItIsRevoked) {
  int withdrawn = 0;
  approvals_->set_on_withdrawn([&] { ++withdrawn; });
  Ask(60s);
  ASSERT_TRUE(Decide(approval::Answer::kApprove, approval::Scope::Session()).has_value());
  ASSERT_TRUE(Told(1));
  EXPECT_EQ(said_[0].until, Time::max());
  Ask(60s);
  ASSERT_EQ(said_.size(), 2u);
  EXPECT_TRUE(said_[1].rule.starts_with("grant "));
  EXPECT_EQ(said_[1].until, Time::max());
  const auto grants = approvals_->queue().Grants({}, Now()).value();
  ASSERT_TRUE(approvals_->queue().Revoke(grants.at(0).id, Now()).has_value());
  EXPECT_EQ(withdrawn, 1);
  Ask(Duration::zero());
  EXPECT_EQ(said_.back().kind, Kind::kPending);
}

TEST_F(ApprovalsTest, ASessionThatEndsTakesItsQuestionsAlong) {
  Ask(60s);
  approvals_->EndSession("01S");
  ASSERT_TRUE(Told(1));
  EXPECT_EQ(said_[0].kind, Kind::kNo);
  EXPECT_EQ(said_[0].code, "approval_cancelled");
}

TEST_F(ApprovalsTest, QuestionsOutliveTheDaemon) {
  Ask(Duration::zero());
  const std::string id = Waiting();
  approvals_.reset();
  approvals_ = std::make_unique<Approvals>(*loop_, audit_, OpenQueue());
  EXPECT_EQ(Waiting(), id);
  Ask(60s);
  ASSERT_TRUE(Decide(approval::Answer::kApprove).has_value());
  ASSERT_TRUE(Told(2));
  EXPECT_EQ(said_[1].kind, Kind::kYes);
}

TEST_F(ApprovalsTest, WhatExpiresIsAnsweredWithNo) {
  approval::Question question = Question();
  question.expires = Now() + 30ms;
  approvals_->Ask(question, 60s, [this](const Approvals::Said& said) { said_.push_back(said); });
  ASSERT_TRUE(Told(1));
  EXPECT_EQ(said_[0].code, "approval_expired");
}

TEST_F(ApprovalsTest, EachDecisionIsInTheAuditLog) {
  Ask(60s);
  ASSERT_TRUE(Decide(approval::Answer::kApprove).has_value());
  ASSERT_TRUE(audit_.Flush().has_value());
  std::string log;
  for (const auto& record : audit_.log().Find({}).value()) log += record.body;
  EXPECT_NE(log.find("approval.asked"), std::string::npos);
  EXPECT_NE(log.find("approval.approved"), std::string::npos);
  EXPECT_NE(log.find("uid 0, test"), std::string::npos);
}

TEST(ShortenLife, APolicyMakesAQuestionWaitShorterAndNeverLonger) {
  approval::Question question{.expires = Now() + 1h};
  ShortenLife(question, {.expires = std::chrono::days(7)});
  EXPECT_LE(question.expires, Now() + 1h);
  ShortenLife(question, {.expires = 60s});
  EXPECT_LE(question.expires, Now() + 60s);
  EXPECT_GT(question.expires, Now() + 30s);
  ShortenLife(question, {});
  EXPECT_GT(question.expires, Now() + 30s);
}

}  // namespace
}  // namespace aileron::daemon
