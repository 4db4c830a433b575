#include "image/config_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "image/devcontainer_limits.h"

namespace aileron::image {
namespace {

using ::testing::HasSubstr;

class ConfigFileTest : public testing::Test {
 protected:
  ConfigFileTest() {
    char name[] = "/tmp/aileron-config-XXXXXX";
    workspace_ = mkdtemp(name);
  }
  ~ConfigFileTest() override { std::filesystem::remove_all(workspace_); }
  void Write(const std::string& path, const std::string& text = "{}") const {
    const std::filesystem::path whole = workspace_ + "/" + path;
    std::filesystem::create_directories(whole.parent_path());
    std::ofstream(whole) << text;
  }
  std::string Mistake(const std::string& named = "") const {
    const auto found = FindConfig(workspace_, named);
    EXPECT_FALSE(found);
    return found ? std::string() : found.error().message;
  }

  std::string workspace_;
};

TEST_F(ConfigFileTest, EachOfTheThreePlacesIsLookedAt) {
  EXPECT_EQ(FindConfig(workspace_, "").value(), std::nullopt);
  for (const std::string path : {".devcontainer/devcontainer.json", ".devcontainer.json",
                                 ".devcontainer/python/devcontainer.json"}) {
    Write(path, path);
    const auto found = FindConfig(workspace_, "");
    ASSERT_TRUE(found && *found) << path;
    EXPECT_EQ((*found)->path, workspace_ + "/" + path);
    EXPECT_EQ((*found)->text, path);
    std::filesystem::remove(workspace_ + "/" + path);
  }
  Write(".devcontainer/a/b/devcontainer.json");
  EXPECT_EQ(FindConfig(workspace_, "").value(), std::nullopt);
}

TEST_F(ConfigFileTest, OfSeveralTheUserNamesOne) {
  Write(".devcontainer/a/devcontainer.json", "a");
  Write(".devcontainer/b/devcontainer.json", "b");
  EXPECT_THAT(Mistake(),
              HasSubstr(".devcontainer/a/devcontainer.json, .devcontainer/b/devcontainer.json. "
                        "Name one with --config"));
  EXPECT_EQ((*FindConfig(workspace_, workspace_ + "/.devcontainer/b/devcontainer.json"))->text,
            "b");
  EXPECT_THAT(Mistake(workspace_ + "/none.json"), HasSubstr("cannot read"));
  EXPECT_THAT(Mistake(workspace_ + "/no/none.json"), HasSubstr("cannot find"));
}

TEST_F(ConfigFileTest, WhatIsNoFileOfTheWorkspaceIsRefused) {
  Write("elsewhere.json");
  ASSERT_EQ(symlink("elsewhere.json", (workspace_ + "/.devcontainer.json").c_str()), 0);
  EXPECT_THAT(Mistake(), HasSubstr("no link"));
  std::filesystem::remove(workspace_ + "/.devcontainer.json");
  mkfifo((workspace_ + "/.devcontainer.json").c_str(), 0600);
  EXPECT_THAT(Mistake(), HasSubstr("not a regular file"));
  std::filesystem::remove(workspace_ + "/.devcontainer.json");
  ASSERT_EQ(symlink("/etc", (workspace_ + "/.devcontainer").c_str()), 0);
  EXPECT_EQ(FindConfig(workspace_, "").value(), std::nullopt);
  EXPECT_THAT(FindConfig("/no/such/folder", "").error().message,
              HasSubstr("cannot open the folder"));
}

TEST_F(ConfigFileTest, SizesAndCountsAreBounded) {
  Write(".devcontainer.json", std::string(limits::kJsoncMax, ' '));
  EXPECT_TRUE(FindConfig(workspace_, ""));
  Write(".devcontainer.json", std::string(limits::kJsoncMax + 1, ' '));
  EXPECT_FALSE(FindConfig(workspace_, ""));
  for (std::size_t i = 0; i <= limits::kConfigFiles; ++i) Write(fmt::format(".devcontainer/{}", i));
  EXPECT_THAT(Mistake(), HasSubstr("more than 64 entries"));
}

}  // namespace
}  // namespace aileron::image
