#include "daemon/waiting_questions.h"

#include <gtest/gtest.h>

#include <vector>

#include "daemon/testing_test.h"

namespace aileron::daemon {
namespace {

class WaitingQuestionsTest : public FolderTest {
 protected:
  WaitingQuestionsTest()
      : audit_(*loop_, audit::AuditLog::Open(folder()).value()),
        approvals_(*loop_, audit_,
                   approval::Queue::Open(folder() + "/approvals.db", Now()).value()) {
    waiting_ = std::make_unique<WaitingQuestions>(
        *loop_, approvals_, "01S", [this](std::size_t count, const std::string& oldest) {
          told_.push_back(fmt::format("{} {}", count, oldest));
        });
  }
  std::string Ask(std::string host, std::string session = "01S") {
    const auto asked = approvals_.queue().Ask({.session = std::move(session),
                                               .subject = approval::Subject::kHost,
                                               .key = "host " + host,
                                               .title = "connect to " + host,
                                               .expires = Now() + std::chrono::hours(1)},
                                              Now());
    return asked.value().approval;
  }
  bool Told(std::vector<std::string> words) {
    return TurnUntil([&] { return told_.size() >= words.size(); }) && told_ == words;
  }
  AuditService audit_;
  Approvals approvals_;
  std::unique_ptr<WaitingQuestions> waiting_;
  std::vector<std::string> told_;
};

TEST_F(WaitingQuestionsTest, EachChangeOfTheSessionIsToldOnce) {
  EXPECT_TRUE(Told({"0 "}));
  const std::string first = Ask("a");
  EXPECT_TRUE(Told({"0 ", "1 connect to a"}));
  (void)Ask("b");
  (void)Ask("c");
  EXPECT_TRUE(Told({"0 ", "1 connect to a", "3 connect to a"}));
  ASSERT_TRUE(
      approvals_.queue().Decide(first, {.answer = approval::Answer::kDeny, .by = "me"}, Now()));
  EXPECT_TRUE(Told({"0 ", "1 connect to a", "3 connect to a", "2 connect to b"}));
  approvals_.EndSession("01S");
  EXPECT_TRUE(Told({"0 ", "1 connect to a", "3 connect to a", "2 connect to b", "0 "}));
}

TEST_F(WaitingQuestionsTest, OfOtherSessionsNothingIsTold) {
  EXPECT_TRUE(Told({"0 "}));
  (void)Ask("a", "01T");
  (void)Ask("b");
  EXPECT_TRUE(Told({"0 ", "1 connect to b"}));
}

TEST_F(WaitingQuestionsTest, NothingIsToldOnceItIsGone) {
  EXPECT_TRUE(Told({"0 "}));
  (void)Ask("a");
  waiting_.reset();
  (void)Ask("b");
  for (int i = 0; i < 5; ++i) loop_->Turn(std::chrono::milliseconds(1));
  EXPECT_EQ(told_.size(), 1u);
}

}  // namespace
}  // namespace aileron::daemon
