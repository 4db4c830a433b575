#include "agent/agents.h"

#include <gtest/gtest.h>

namespace aileron::agent {
namespace {

TEST(Agents, EachIsFoundByItsNameAndSaysHowItIsInstalled) {
  for (const Agent& one : Agents()) {
    ASSERT_EQ(FindAgent(one.name), &one);
    EXPECT_FALSE(one.program.empty() || one.install.empty()) << one.name;
  }
  EXPECT_EQ(FindAgent("nobody"), nullptr);
}

}  // namespace
}  // namespace aileron::agent
