#include "daemon/notice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/limits.h"

namespace aileron::daemon {
namespace {

using std::chrono_literals::operator""ms;
using ::testing::ElementsAre;
using Say = NoticePace::Say;

TEST(Notice, SaysWhatIsAskedByWhomAndWhere) {
  approval::Approval approval;
  approval.question.title = "connect to a.example:443";
  approval.question.agent = "/usr/bin/claude";
  approval.question.project = "/home/u/project";
  const Notice notice = NoticeOf(approval);
  EXPECT_EQ(notice.title, "connect to a.example:443");
  EXPECT_EQ(notice.line, "claude in project asks. To answer: aileron approvals watch");
  EXPECT_EQ(NoticeOf({}).line, "an agent asks. To answer: aileron approvals watch");
  EXPECT_EQ(NoticeOfMany(1).title, "1 question waits");
  EXPECT_EQ(NoticeOfMany(7).title, "7 questions wait");
}

// The title stands for itself; the line is text, whatever an agent's name or folder look like.
TEST(Notice, NothingInItIsAFlagMarkupOrAnEscape) {
  EXPECT_THAT(NotifySendArguments({"--help", R"(<a href="x">&\342\200\256\n</a>)"}),
              ElementsAre("notify-send", "--app-name=aileron", "--icon=dialog-question", "--",
                          "--help", R"(&lt;a href="x"&gt;&amp;\\342\\200\\256\\n&lt;/a&gt;)"));
}

TEST(Notice, ALongTitleIsCut) {
  approval::Approval approval;
  approval.question.title = std::string(10'000, 'x');
  EXPECT_LT(NoticeOf(approval).title.size(), limits::kNoticeTitle + 100);
}

TEST(NoticePace, AFewComeAtOnceThenOneForAll) {
  NoticePace pace;
  net::Instant now{std::chrono::hours(1)};
  for (int i = 0; i < limits::kNoticesAtOnce; ++i) EXPECT_EQ(pace.Asked(now), Say::kNow);
  EXPECT_FALSE(pace.due());
  EXPECT_EQ(pace.Asked(now), Say::kLater);
  ASSERT_EQ(pace.due(), now + limits::kNoticePause);
  // Those that follow are told with it, and move nothing.
  EXPECT_EQ(pace.Asked(now + 1ms), Say::kLater);
  EXPECT_EQ(pace.due(), now + limits::kNoticePause);
  now = *pace.due();
  pace.Told(now);
  EXPECT_FALSE(pace.due());
  EXPECT_EQ(pace.Asked(now), Say::kLater);
  EXPECT_EQ(pace.due(), now + limits::kNoticePause);
}

TEST(NoticePace, AfterAWhileAFewMayComeAgain) {
  NoticePace pace;
  net::Instant now{std::chrono::hours(1)};
  for (int i = 0; i < limits::kNoticesAtOnce; ++i) (void)pace.Asked(now);
  now += limits::kNoticePause * 100;
  for (int i = 0; i < limits::kNoticesAtOnce; ++i) EXPECT_EQ(pace.Asked(now), Say::kNow);
  EXPECT_EQ(pace.Asked(now), Say::kLater);
}

TEST(NoticePace, AFloodIsOneAPause) {
  NoticePace pace;
  net::Instant now{std::chrono::hours(1)};
  const net::Instant end = now + limits::kNoticePause * 10;
  int told = 0;
  for (; now < end; now += 10ms) {
    if (pace.due() && now >= *pace.due()) {
      pace.Told(now);
      ++told;
    }
    if (pace.Asked(now) == Say::kNow) ++told;
  }
  EXPECT_LE(told, limits::kNoticesAtOnce + 10);
  EXPECT_GE(told, 10);
}

}  // namespace
}  // namespace aileron::daemon
