#include "daemon/crashes.h"

#include <gtest/gtest.h>

namespace aileron::daemon {
namespace {

TEST(Crashes, TooManyAtOnceAreNotWorthAnotherStart) {
  Crashes crashes;
  const net::Instant start{};
  for (int n = 0; n < limits::kWorkerRestarts; ++n) EXPECT_TRUE(crashes.MayRestart(start)) << n;
  EXPECT_FALSE(crashes.MayRestart(start));
  EXPECT_EQ(crashes.Text(), fmt::format("crashed {} times in {} s", limits::kWorkerRestarts + 1,
                                        limits::kWorkerRestartWindow.count()));
}

TEST(Crashes, OldOnesAreForgotten) {
  Crashes crashes;
  net::Instant now{};
  for (int n = 0; n < 3 * limits::kWorkerRestarts; ++n) {
    EXPECT_TRUE(crashes.MayRestart(now)) << n;
    now += limits::kWorkerRestartWindow;
  }
}

}  // namespace
}  // namespace aileron::daemon
