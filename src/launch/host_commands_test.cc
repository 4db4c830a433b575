#include "launch/host_commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "os/fd.h"

namespace aileron::launch {
namespace {

using testing::HasSubstr;

class HostCommands : public testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(mkdtemp(folder_), nullptr); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string Read(const std::string& name) const {
    return os::ReadFile(std::string(folder_) + "/" + name).value_or("(none)");
  }
  char folder_[32] = "/tmp/aileron-host-XXXXXX";
};

TEST_F(HostCommands, RunInOrderInTheFolder) {
  EXPECT_TRUE(RunOnHost(
      {{{"a", {"/bin/sh", "-c", "echo 1 > out; read -r x || echo end > in"}}},
       {{"b", {"/bin/sh", "-c", "echo 2 >> out"}}, {"c", {"/bin/sh", "-c", ": > beside"}}}},
      folder_));
  EXPECT_EQ(Read("out"), "1\n2\n");
  EXPECT_EQ(Read("in"), "end\n");
  EXPECT_EQ(Read("beside"), "");
}

TEST_F(HostCommands, TheFirstThatFailsIsTheLast) {
  const Status ran = RunOnHost({{{"f.json:3: initializeCommand", {"/bin/sh", "-c", "exit 3"}}},
                                {{"later", {"/bin/sh", "-c", ": > later"}}}},
                               folder_);
  EXPECT_THAT(ran.error().message,
              HasSubstr("f.json:3: initializeCommand failed with exit code 3"));
  EXPECT_EQ(Read("later"), "(none)");
}

}  // namespace
}  // namespace aileron::launch
