#include "base/time.h"

#include <gtest/gtest.h>

namespace aileron {
namespace {

using namespace std::chrono_literals;

TEST(Uptime, GoesOnAndNeverBack) {
  const Duration before = Uptime();
  EXPECT_GT(before, Duration(0));
  for (int i = 0; i < 1000; ++i) EXPECT_GE(Uptime(), before);
}

TEST(Time, IsWrittenAsRfc3339AndReadBack) {
  const Time time =
      std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + 23h + 15min + 9s + 123ms;
  EXPECT_EQ(FormatTime(time), "2026-11-23T23:15:09.123Z");
  EXPECT_EQ(ParseTime("2026-11-23T23:15:09.123Z").value(), time);
  EXPECT_EQ(ParseTime("2026-11-23T23:15:09Z").value(), time - 123ms);
}

TEST(Time, EveryDigitOfATimeHasItsPlace) {
  EXPECT_EQ(FormatTime(Time{}), "1970-01-01T00:00:00.000Z");
  const Time leap = std::chrono::sys_days(std::chrono::year(2024) / 2 / 29);
  EXPECT_EQ(FormatTime(leap + 7ms + 999us), "2024-02-29T00:00:00.007Z");
  EXPECT_EQ(FormatTime(std::chrono::sys_days(std::chrono::year(9999) / 12 / 31) + 23h + 59min +
                       59s + 999ms),
            "9999-12-31T23:59:59.999Z");
  EXPECT_EQ(FormatTime(Time{} - 1ms), "1969-12-31T23:59:59.999Z");
}

TEST(Time, WhatIsNoTimeIsRefused) {
  for (const char* bad : {"", "yesterday", "2026-02-30T00:00:00Z", "2026-11-23T25:00:00Z",
                          "2026-11-23T23:15:09", "2026-11-23T23:15:09+01:00"}) {
    EXPECT_FALSE(ParseTime(bad)) << bad;
  }
}

TEST(Duration, HasAUnitAlways) {
  EXPECT_EQ(ParseDuration("15m").value(), 15min);
  EXPECT_EQ(ParseDuration("1h30m").value(), 90min);
  EXPECT_EQ(ParseDuration("250ms").value(), 250ms);
  for (const char* bad : {"", "15", "m", "15 m", "1x", "-3s", "99999999999999999d"}) {
    EXPECT_FALSE(ParseDuration(bad)) << bad;
  }
}

TEST(Duration, IsWrittenShort) {
  EXPECT_EQ(FormatDuration(90s), "1m30s");
  EXPECT_EQ(FormatDuration(0s), "0s");
  EXPECT_EQ(FormatDuration(8h), "8h");
}

}  // namespace
}  // namespace aileron
