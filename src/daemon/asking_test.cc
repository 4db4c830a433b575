#include "daemon/asking.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "approval/limits.h"

namespace aileron::daemon {
namespace {

using approval::Subject;

About Request(std::string path, std::string same) {
  About about{.subject = Subject::kHttpRequest, .host = "a.example", .port = 443};
  about.request = {.host = "a.example", .port = 443, .method = "POST", .path = std::move(path)};
  about.request.same = std::move(same);
  return about;
}

const Time kNow{std::chrono::seconds(100)};

TEST(Asking, TheSameQuestionWaitsOnce) {
  Asking asking;
  EXPECT_EQ(asking.Add(1, Request("/x", "s"), proxy::AskRequest{.id = 1, .body = "b"}),
            Asking::Joined::kNew);
  EXPECT_EQ(asking.Add(2, Request("/x", "s"), proxy::AskRequest{.id = 2}), Asking::Joined::kJoined);
  EXPECT_EQ(asking.Add(2, Request("/x", "t"), proxy::AskRequest{.id = 3}), Asking::Joined::kNew);
  EXPECT_EQ(asking.Add(3, Request("/y", "s"), proxy::AskRequest{.id = 4}), Asking::Joined::kNew);
  About host{.host = "a.example", .port = 443};
  EXPECT_EQ(asking.Add(4, host, proxy::AskVerdict{.id = 5}), Asking::Joined::kNew);
  EXPECT_EQ(asking.Add(5, host, proxy::AskRequest{.id = 6}), Asking::Joined::kJoined);
  const Asking::Group group = asking.Take(1);
  ASSERT_EQ(group.waiters.size(), 2u);
  EXPECT_EQ(Asking::IdOf(group.waiters[1]), 2u);
  // The question keeps the body; who waits does not.
  EXPECT_EQ(std::get<proxy::AskRequest>(group.waiters[0]).body, "");
}

TEST(Asking, WhoHasGoneDoesNotWait) {
  Asking asking;
  (void)asking.Add(1, Request("/x", "s"), proxy::AskRequest{.id = 1});
  (void)asking.Add(1, Request("/x", "s"), proxy::AskRequest{.id = 2});
  asking.Gone(1);
  asking.Gone(77);
  const Asking::Group group = asking.Take(1);
  ASSERT_EQ(group.waiters.size(), 1u);
  EXPECT_EQ(Asking::IdOf(group.waiters[0]), 2u);
}

TEST(Asking, HowManyWaitIsBounded) {
  Asking asking;
  for (std::size_t i = 0; i < limits::kAsksHeld; ++i) {
    ASSERT_NE(asking.Add(1, Request("/x", "s"), proxy::AskRequest{.id = i}), Asking::Joined::kFull);
  }
  EXPECT_EQ(asking.Add(1, Request("/x", "s"), proxy::AskRequest{}), Asking::Joined::kFull);
}

TEST(Asking, AYesIsRememberedUntilItsTimeOrUntilItIsWithdrawn) {
  Asking asking;
  asking.Remember("k", {kNow + std::chrono::seconds(10), "grant 1"});
  EXPECT_EQ(asking.Remembered("k", kNow)->rule, "grant 1");
  EXPECT_FALSE(asking.Remembered("other", kNow));
  EXPECT_FALSE(asking.Remembered("k", kNow + std::chrono::seconds(10)));
  asking.Remember("k", {Time::max(), "grant 1"});
  asking.Withdraw();
  EXPECT_FALSE(asking.Remembered("k", kNow));
}

TEST(Asking, AYesThatNobodyTookIsTakenOnceByTheSameRequest) {
  Asking asking;
  asking.KeepUnused(Request("/x", "s"), {kNow, "approval 1"}, kNow);
  EXPECT_FALSE(asking.TakeUnused(Request("/x", "t"), kNow));
  EXPECT_EQ(asking.TakeUnused(Request("/x", "s"), kNow)->rule, "approval 1");
  EXPECT_FALSE(asking.TakeUnused(Request("/x", "s"), kNow));
  asking.KeepUnused(Request("/x", "s"), {kNow, "approval 1"}, kNow);
  EXPECT_FALSE(asking.TakeUnused(Request("/x", "s"), kNow + approval::limits::kYesLife));
}

}  // namespace
}  // namespace aileron::daemon
