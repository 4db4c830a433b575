#include "os/alarm.h"

#include <gtest/gtest.h>
#include <poll.h>

namespace aileron::os {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""h;

bool RingsWithin(const Alarm& alarm, int milliseconds) {
  pollfd ready{alarm.descriptor(), POLLIN, 0};
  return poll(&ready, 1, milliseconds) == 1;
}

TEST(Alarm, RingsAtTheEarliestTimeThatItWasSetFor) {
  auto alarm = Alarm::Make();
  ASSERT_TRUE(alarm);
  EXPECT_FALSE(RingsWithin(*alarm, 0));
  const auto now = Alarm::Clock::now();
  alarm->SetFor(now + 1h);
  alarm->SetFor(now + 20ms);
  alarm->SetFor(now + 2h);
  EXPECT_TRUE(RingsWithin(*alarm, 10'000));
  EXPECT_GE(Alarm::Clock::now(), now + 20ms);
}

TEST(Alarm, RingsOnceForEachTime) {
  auto alarm = Alarm::Make();
  ASSERT_TRUE(alarm);
  alarm->SetFor(Alarm::Clock::now());
  EXPECT_TRUE(RingsWithin(*alarm, 10'000));
  alarm->Rang();
  EXPECT_FALSE(RingsWithin(*alarm, 0));
  alarm->SetFor(Alarm::Clock::now() - 1h);
  EXPECT_TRUE(RingsWithin(*alarm, 10'000));
}

}  // namespace
}  // namespace aileron::os
