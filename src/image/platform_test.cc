#include "image/platform.h"

#include <gtest/gtest.h>

namespace aileron::image {
namespace {

TEST(Platform, AMachineRunsItsLevelAndLowerOnesAndPrefersTheHigher) {
  const Platform machine{"linux", "amd64", "v3"};
  EXPECT_EQ(Fit(machine, {"linux", "amd64", ""}), 1);
  EXPECT_EQ(Fit(machine, {"linux", "amd64", "v2"}), 2);
  EXPECT_EQ(Fit(machine, {"linux", "amd64", "v3"}), 3);
  EXPECT_FALSE(Fit(machine, {"linux", "amd64", "v4"}));
  EXPECT_FALSE(Fit(machine, {"linux", "amd64", "weird"}));
  EXPECT_FALSE(Fit(machine, {"linux", "arm64", ""}));
  EXPECT_FALSE(Fit(machine, {"windows", "amd64", ""}));
  EXPECT_FALSE(Fit(machine, {"unknown", "unknown", ""}));
}

TEST(Platform, NothingMeansWhatItsArchitectureBeganWith) {
  EXPECT_EQ(Fit({"linux", "arm64", "v8"}, {"linux", "arm64", ""}), 8);
  EXPECT_EQ(Fit({"linux", "arm64", ""}, {"linux", "arm64", "v8"}), 8);
  EXPECT_EQ(Fit({"linux", "arm", ""}, {"linux", "arm", "v6"}), 6);
  EXPECT_FALSE(Fit({"linux", "arm", "v6"}, {"linux", "arm", ""}));
  EXPECT_EQ(Fit({"linux", "riscv64", ""}, {"linux", "riscv64", ""}), 0);
  EXPECT_FALSE(Fit({"linux", "riscv64", ""}, {"linux", "riscv64", "rva23"}));
}

TEST(Platform, ThisMachineRunsWhatIsMadeForIt) {
  const Platform host = HostPlatform();
  EXPECT_EQ(host.os, "linux");
  EXPECT_TRUE(Fit(host, host)) << host.Text();
}

}  // namespace
}  // namespace aileron::image
