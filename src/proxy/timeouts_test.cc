#include "proxy/timeouts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aileron::proxy {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using testing::HasSubstr;

TEST(Timeouts, EachIsSetByItsName) {
  for (const NamedTimeout& timeout : AllTimeouts()) {
    Timeouts timeouts;
    ASSERT_TRUE(ApplyTimeout(std::string(timeout.name) + "=1500ms", timeouts));
    EXPECT_EQ(timeouts.*timeout.member, 1500ms);
    timeouts.*timeout.member = Timeouts().*timeout.member;
    EXPECT_EQ(timeouts, Timeouts());  // and no other was
  }
}

TEST(Timeouts, OnlyWaitsThatMayBeEndlessCanBe) {
  Timeouts timeouts;
  EXPECT_TRUE(ApplyTimeout("head=none", timeouts));
  EXPECT_EQ(timeouts.head, Timeouts::kNone);
  EXPECT_FALSE(ApplyTimeout("connect=none", timeouts));
  EXPECT_FALSE(ApplyTimeout("pool=none", timeouts));
}

TEST(Timeouts, MistakesAreNamed) {
  Timeouts timeouts;
  EXPECT_THAT(ApplyTimeout("total=1s", timeouts).error().message, HasSubstr("connect, tls, head"));
  EXPECT_THAT(ApplyTimeout("connect", timeouts).error().message, HasSubstr("NAME=DURATION"));
  EXPECT_THAT(ApplyTimeout("connect=5", timeouts).error().message, HasSubstr("connect"));
  EXPECT_THAT(ApplyTimeout("connect=0s", timeouts).error().message, HasSubstr("100ms"));
  EXPECT_FALSE(ApplyTimeout("idle=30d", timeouts));
  EXPECT_EQ(timeouts, Timeouts());
}

}  // namespace
}  // namespace aileron::proxy
