#include "os/processors.h"

#include <gtest/gtest.h>

namespace aileron::os {
namespace {

cpu_set_t Now() {
  cpu_set_t set;
  EXPECT_EQ(sched_getaffinity(0, sizeof set, &set), 0);
  return set;
}

TEST(Processors, AThreadStaysWhereItIsAndRoamsAgain) {
  const cpu_set_t before = Now();
  Processors processors;
  processors.Roam();
  cpu_set_t now = Now();
  EXPECT_TRUE(CPU_EQUAL(&before, &now));
  processors.Stay();
  now = Now();
  EXPECT_EQ(CPU_COUNT(&now), 1);
  EXPECT_TRUE(CPU_ISSET(static_cast<unsigned>(sched_getcpu()), &now));
  processors.Roam();
  now = Now();
  EXPECT_TRUE(CPU_EQUAL(&before, &now));
}

}  // namespace
}  // namespace aileron::os
