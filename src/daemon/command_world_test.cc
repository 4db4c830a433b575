#include "daemon/command_world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aileron::daemon {
namespace {

using ::testing::ElementsAre;

CommandWorld Of(std::vector<std::string> variables) {
  std::vector<char*> pointers;
  for (std::string& each : variables) pointers.push_back(each.data());
  pointers.push_back(nullptr);
  return CommandWorld::OfProcess(pointers.data());
}

TEST(CommandWorld, OfPathStaysWhereProgramsAreInstalled) {
  const auto world = Of({"HOME=/home/me",
                         "PATH=/home/me/project/node_modules/.bin:/bin::.:bin:/home/me/.local/bin:/"
                         "opt/project/bin:/usr/bin",
                         "LANG=C", "AILERON_TOKEN=x"});
  EXPECT_EQ(world.home, "/home/me");
  EXPECT_THAT(world.environment,
              ElementsAre("HOME=/home/me", "LANG=C", "PATH=/bin:/home/me/.local/bin:/usr/bin"));
  EXPECT_EQ(Of({}).home, "/");
  EXPECT_EQ(Of({"HOME=relative"}).home, "/");
}

TEST(CommandWorld, AProgramIsFoundByPathOnly) {
  const auto world = Of({"PATH=/snap/bin:/bin"});
  EXPECT_EQ(world.Find("sh"), "/bin/sh");
  EXPECT_EQ(world.Find("/somewhere/sh"), "/somewhere/sh");
  EXPECT_EQ(world.Find("no-such-program-here").error().code, Code::kNotFound);
  EXPECT_FALSE(Of({}).Find("sh"));
}

}  // namespace
}  // namespace aileron::daemon
