#include "launch/live_tools.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "os/mounts.h"

namespace aileron::launch {
namespace {

using testing::HasSubstr;

class LiveToolsTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/live-tools-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder_ = name;
    ASSERT_EQ(mkdir((folder_ + "/bin").c_str(), 0700), 0);
    tools_.TakeFolder(os::OpenPath(folder_).value());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  bool Has(const std::string& name) const {
    return std::filesystem::is_symlink(folder_ + "/bin/" + name);
  }
  std::string List() const { return os::ReadFile(folder_ + "/tools.txt").value_or("none"); }

  static ToolFacts Facts(const std::string& name, bool overrides = false) {
    return {
        {name, {.summary = "Of " + name, .connector = "example.com/x", .overrides = overrides}}};
  }

  std::string folder_;
  LiveTools tools_{{.command = {"agent"}, .environment = {"PATH=/usr/bin:/bin"}}, {}};
};

TEST_F(LiveToolsTest, TheyComeAndGo) {
  EXPECT_TRUE(tools_.Follow(Facts("notes")).empty());
  EXPECT_TRUE(Has("notes"));
  EXPECT_EQ(List(), "notes\tOf notes\n");
  EXPECT_TRUE(tools_.Follow(Facts("cards")).empty());
  EXPECT_TRUE(Has("cards"));
  EXPECT_FALSE(Has("notes"));
  EXPECT_EQ(List(), "cards\tOf cards\n");
}

TEST_F(LiveToolsTest, OneThatComesLaterTakesNoCommandsPlaceUnasked) {
  const auto complaints = tools_.Follow(Facts("cat"));
  ASSERT_EQ(complaints.size(), 1u);
  EXPECT_THAT(complaints[0], HasSubstr("cat"));
  EXPECT_FALSE(Has("cat"));
  EXPECT_EQ(List(), "none");
  EXPECT_TRUE(tools_.Follow(Facts("cat", true)).empty());
  EXPECT_TRUE(Has("cat"));
}

TEST_F(LiveToolsTest, WithoutTheFolderNothingChanges) {
  LiveTools none({.command = {"agent"}}, {});
  EXPECT_TRUE(none.Follow(Facts("notes")).empty());
  EXPECT_FALSE(Has("notes"));
}

TEST_F(LiveToolsTest, ANameThatIsNoneIsNotMade) {
  const auto complaints = tools_.Follow(Facts("../x"));
  ASSERT_EQ(complaints.size(), 1u);
  EXPECT_THAT(complaints[0], HasSubstr("no name for a tool"));
}

}  // namespace
}  // namespace aileron::launch
