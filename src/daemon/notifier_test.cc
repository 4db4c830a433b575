#include "daemon/notifier.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "base/text.h"
#include "daemon/testing_test.h"
#include "os/fd.h"

namespace aileron::daemon {
namespace {

using ::testing::HasSubstr;

class NotifierTest : public FolderTest {
 protected:
  NotifierTest()
      : audit_(*loop_, audit::AuditLog::Open(folder()).value()),
        approvals_(*loop_, audit_,
                   approval::Queue::Open(folder() + "/approvals.db", Now()).value()),
        notifier_(*loop_, approvals_, {.home = folder(), .environment = {"PATH=" + folder()}}) {}

  // A notify-send that writes what it is told, a line each, and does what `more` says.
  void Install(std::string_view more = "") {
    const std::string path = folder() + "/notify-send";
    ASSERT_TRUE(os::ReplaceFile(path,
                                fmt::format("#!/bin/sh\nprintf '%s|' \"$@\" >> {0}/told\n"
                                            "echo >> {0}/told\n{1}\n",
                                            folder(), more),
                                0700)
                    .has_value());
    notifier_.Use(Notifier::Desktop::kTold);
  }
  void Ask(const std::string& host) {
    ASSERT_TRUE(approvals_.queue()
                    .Ask({.session = "01S",
                          .agent = "curl",
                          .subject = approval::Subject::kHost,
                          .key = "host " + host,
                          .title = "connect to " + host,
                          .expires = Now() + std::chrono::hours(1)},
                         Now())
                    .has_value());
  }
  std::string Told() { return os::ReadFile(folder() + "/told").value_or(""); }
  bool ToldOf(std::string_view text) {
    return TurnUntil([&] { return Told().contains(text); });
  }

  AuditService audit_;
  Approvals approvals_;
  Notifier notifier_;
};

TEST_F(NotifierTest, AQuestionIsToldAndAFloodIsNot) {
  Install();
  Ask("a.example");
  EXPECT_TRUE(ToldOf("--|connect to a.example|curl asks. To answer: aileron approvals watch|"));
  for (int i = 0; i < 50; ++i) Ask(fmt::format("h{}.example", i));
  EXPECT_TRUE(ToldOf("h1.example"));
  EXPECT_LE(Split(Told(), '\n').size(), 4u);
  EXPECT_EQ(notifier_.problem(), "");
}

TEST_F(NotifierTest, NobodyIsToldWhoDoesNotWantIt) {
  Install();
  notifier_.Use(Notifier::Desktop::kNotTold);
  Ask("a.example");
  notifier_.Use(Notifier::Desktop::kTold);
  Ask("b.example");
  EXPECT_TRUE(ToldOf("b.example"));
  EXPECT_FALSE(Told().contains("a.example"));
}

TEST_F(NotifierTest, AProgramThatFailsOrIsMissingIsAProblem) {
  notifier_.Use(Notifier::Desktop::kTold);
  EXPECT_THAT(notifier_.problem(), HasSubstr("notify-send"));
  Install("exit 1");
  EXPECT_EQ(notifier_.problem(), "");
  Ask("a.example");
  EXPECT_TRUE(TurnUntil([&] { return !notifier_.problem().empty(); }));
  EXPECT_THAT(notifier_.problem(), HasSubstr("failed"));
}

TEST_F(NotifierTest, AProgramThatHangsIsEndedAndTheNextOneRuns) {
  Install("case $4 in *a.example) exec /bin/sleep 1000;; esac");
  Ask("a.example");
  Ask("b.example");
  EXPECT_TRUE(ToldOf("connect to b.example"));
}

}  // namespace
}  // namespace aileron::daemon
