#include "session/session.h"

#include <gtest/gtest.h>

namespace aileron::session {
namespace {

TEST(SessionTest, OnlyTheStepsOfThePictureArePossible) {
  using enum State;
  for (const State from : {kRunning, kEnded, kOrphaned, kStopped}) {
    for (const State to : {kRunning, kEnded, kOrphaned, kStopped}) {
      const bool possible =
          (from == kRunning && to != kRunning) || (from == kOrphaned && to == kRunning);
      EXPECT_EQ(MayBecome(from, to), possible) << StateName(from) << " → " << StateName(to);
    }
    EXPECT_EQ(ParseState(StateName(from)), from);
  }
  EXPECT_FALSE(ParseState("asleep"));
}

TEST(SessionTest, AnEndKeepsTimeAndCodeAndAResumeForgetsThem) {
  Session session{.id = "s"};
  const Time later{std::chrono::seconds(7)};
  ASSERT_TRUE(session.Become(State::kOrphaned, later).has_value());
  EXPECT_EQ(session.ended, later);
  ASSERT_TRUE(session.Become(State::kRunning, later).has_value());
  EXPECT_FALSE(session.ended);
  ASSERT_TRUE(session.Become(State::kEnded, later, 3).has_value());
  EXPECT_EQ(session.exit_code, 3);
  EXPECT_FALSE(session.Become(State::kRunning, later).has_value());
}

}  // namespace
}  // namespace aileron::session
