#include "base/log_pace.h"

#include <gtest/gtest.h>

namespace aileron {
namespace {

using std::chrono_literals::operator""s;

TEST(LogPace, OneLineInAWhileAndTheNextTellsOfTheOthers) {
  LogPace pace(10s);
  const LogPace::Instant start{};
  EXPECT_EQ(pace.Pass(start), "");
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ(pace.Pass(start + 9s), std::nullopt);
  EXPECT_EQ(pace.Pass(start + 10s), " (and 1000 more like it)");
  EXPECT_EQ(pace.Pass(start + 11s), std::nullopt);
  EXPECT_EQ(pace.Pass(start + 20s), " (and 1 more like it)");
  EXPECT_EQ(pace.Pass(start + 60s), "") << "what was told is not told again";
}

}  // namespace
}  // namespace aileron
