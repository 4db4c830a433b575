#include "service/life.h"

#include <gtest/gtest.h>

#include "service/limits.h"

namespace aileron::service {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

TEST(Life, OneThatFailsIsStartedAgainAfterAPause) {
  Life life(Restart::kOnFailure, HasHealth::kNo, 0s);
  EXPECT_EQ(life.state(), State::kRunning);
  EXPECT_FALSE(life.Next());
  EXPECT_EQ(life.Ended(1, 1s), Order::kNothing);
  EXPECT_EQ(life.state(), State::kWaiting);
  EXPECT_EQ(life.Next(), 1s + limits::kFirstPause);
  EXPECT_EQ(life.Pass(1s), Order::kNothing);
  EXPECT_EQ(life.Pass(2s), Order::kStart);
  life.Started(2s);
  EXPECT_EQ(life.state(), State::kRunning);
  EXPECT_EQ(life.restarts(), 1u);
  EXPECT_EQ(life.exit_code(), 1);
}

TEST(Life, HowItEndsDecidesWhetherItIsStartedAgain) {
  const auto after = [](Restart restart, std::uint8_t code) {
    Life life(restart, HasHealth::kNo, 0s);
    EXPECT_EQ(life.Ended(code, 1s), Order::kNothing);
    return life.state();
  };
  EXPECT_EQ(after(Restart::kNo, 1), State::kExited);
  EXPECT_EQ(after(Restart::kNo, 0), State::kExited);
  EXPECT_EQ(after(Restart::kOnFailure, 0), State::kExited);
  EXPECT_EQ(after(Restart::kOnFailure, 137), State::kWaiting);
  EXPECT_EQ(after(Restart::kAlways, 0), State::kWaiting);
}

TEST(Life, OneThatFailsAllTheTimeIsGivenUpAndThePausesGrow) {
  Life life(Restart::kAlways, HasHealth::kNo, 0s);
  Duration now = 0s;
  Duration pause = 0s;
  for (int i = 0; i < limits::kRestarts; ++i) {
    ASSERT_EQ(life.Ended(1, now), Order::kNothing);
    ASSERT_EQ(life.state(), State::kWaiting) << i;
    EXPECT_GE(life.pause(), pause);
    EXPECT_LE(life.pause(), limits::kLongestPause);
    pause = life.pause();
    now = *life.Next();
    ASSERT_EQ(life.Pass(now), Order::kStart);
    life.Started(now);
  }
  EXPECT_EQ(life.Ended(1, now), Order::kNothing);
  EXPECT_EQ(life.state(), State::kFailed);
  EXPECT_FALSE(life.Next());
  EXPECT_TRUE(life.over());
}

TEST(Life, OneThatRanForAWhileBeginsToCountAgain) {
  Life life(Restart::kAlways, HasHealth::kNo, 0s);
  Duration now = 0s;
  for (int i = 0; i < 3 * limits::kRestarts; ++i) {
    now += limits::kSettled;
    (void)life.Ended(1, now);
    ASSERT_EQ(life.state(), State::kWaiting) << i;
    EXPECT_EQ(life.pause(), limits::kFirstPause);
    now = *life.Next();
    ASSERT_EQ(life.Pass(now), Order::kStart);
    life.Started(now);
  }
}

TEST(Life, StoppingAsksFirstAndThenKills) {
  Life life(Restart::kAlways, HasHealth::kNo, 0s);
  EXPECT_EQ(life.Stop(1s), Order::kTerminate);
  EXPECT_EQ(life.state(), State::kStopping);
  EXPECT_EQ(life.Stop(1s), Order::kNothing);
  EXPECT_EQ(life.Pass(1s), Order::kNothing);
  EXPECT_EQ(life.Pass(1s + limits::kStopWait), Order::kKill);
  EXPECT_EQ(life.Pass(1s + limits::kStopWait), Order::kNothing);
  EXPECT_EQ(life.Ended(137, 8s), Order::kNothing);
  EXPECT_EQ(life.state(), State::kStopped);
  EXPECT_FALSE(life.Next());
}

TEST(Life, OneThatWaitsToBeStartedCanBeStopped) {
  Life life(Restart::kAlways, HasHealth::kNo, 0s);
  (void)life.Ended(1, 1s);
  EXPECT_EQ(life.Stop(1s), Order::kNothing);
  EXPECT_EQ(life.state(), State::kStopped);
  EXPECT_EQ(life.Pass(100s), Order::kNothing);
}

TEST(Life, StartingAgainEndsItFirst) {
  Life life(Restart::kNo, HasHealth::kNo, 0s);
  EXPECT_EQ(life.StartAgain(1s), Order::kTerminate);
  EXPECT_EQ(life.Ended(143, 2s), Order::kStart);
  life.Started(2s);
  EXPECT_EQ(life.state(), State::kRunning);
  EXPECT_EQ(life.Ended(0, 3s), Order::kNothing);
  EXPECT_EQ(life.state(), State::kExited);
  EXPECT_EQ(life.StartAgain(4s), Order::kStart);
  life.CannotStart();
  EXPECT_EQ(life.state(), State::kFailed);
}

TEST(Life, AStopAfterARestartWins) {
  Life life(Restart::kAlways, HasHealth::kNo, 0s);
  EXPECT_EQ(life.StartAgain(1s), Order::kTerminate);
  EXPECT_EQ(life.Stop(1s), Order::kNothing);
  EXPECT_EQ(life.Ended(143, 2s), Order::kNothing);
  EXPECT_EQ(life.state(), State::kStopped);
}

TEST(Life, ChecksGoOnWhileItRuns) {
  Life life(Restart::kNo, HasHealth::kYes, 0s);
  EXPECT_EQ(life.condition(), Condition::kStarting);
  EXPECT_EQ(life.Pass(limits::kFirstChecks), Order::kCheck);
  EXPECT_EQ(life.Pass(limits::kFirstChecks), Order::kNothing) << "one check at a time";
  life.Checked(true, 1s);
  EXPECT_EQ(life.condition(), Condition::kHealthy);
  EXPECT_EQ(life.Next(), 1s + limits::kChecks);
  for (int i = 1; i < limits::kFailures; ++i) {
    life.Checked(false, 1s);
    EXPECT_EQ(life.condition(), Condition::kHealthy);
  }
  life.Checked(false, 1s);
  EXPECT_EQ(life.condition(), Condition::kUnhealthy);
  life.Checked(true, 1s);
  EXPECT_EQ(life.condition(), Condition::kHealthy);
  (void)life.Ended(1, 2s);
  EXPECT_EQ(life.condition(), Condition::kNone);
  life.Checked(true, 3s);
  EXPECT_EQ(life.condition(), Condition::kNone) << "of a check that began before it ended";
}

TEST(Life, OneThatNeverGetsHealthyIsSaidToBeUnhealthy) {
  Life life(Restart::kNo, HasHealth::kYes, 0s);
  for (int i = 1; i < limits::kFirstFailures; ++i) life.Checked(false, 1s);
  EXPECT_EQ(life.condition(), Condition::kStarting);
  life.Checked(false, 1s);
  EXPECT_EQ(life.condition(), Condition::kUnhealthy);
}

}  // namespace
}  // namespace aileron::service
