#include "launch/volumes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "image/file_lock.h"

namespace aileron::launch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
namespace fs = std::filesystem;

class VolumesTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(mkdtemp(folder_), nullptr);
    paths_.state = In("state");
    paths_.cache = In("cache");
    Write("state/volumes/abcdefgh/home/file", std::string(100'000, 'x'));
    Write("state/volumes/abcdefgh/named/data/file", "x");
    Write("state/volumes/abcdefgh/created", "c");
    Write("state/volumes/abcdefgh/project", "/ws/.devcontainer.json\n");
    Write("state/volumes/abcdefgh/lock", "");
    Write("cache/volumes/abcdefgh/npm/file", "x");
    Write("cache/volumes/abcdezzz/pip/file", "x");
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::string In(const std::string& name) const { return std::string(folder_) + "/" + name; }
  void Write(const std::string& name, const std::string& text) const {
    fs::create_directories(fs::path(In(name)).parent_path());
    std::ofstream(In(name)) << text;
  }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& one : *ListVolumes(paths_)) names.push_back(one.Name(8));
    std::ranges::sort(names);
    return names;
  }
  Status Remove(std::string_view named) const {
    AILERON_ASSIGN(const auto found, FindVolumes(*ListVolumes(paths_), named));
    for (const auto& one : found) AILERON_TRY(RemoveVolume(paths_, one));
    return {};
  }

  char folder_[32] = "/tmp/aileron-vols-XXXXXX";
  os::Paths paths_;
};

TEST_F(VolumesTest, AreListedWithSizeAndProject) {
  EXPECT_THAT(Names(), ElementsAre("abcdefgh/cache/npm", "abcdefgh/home", "abcdefgh/volume/data",
                                   "abcdezzz/cache/pip"));
  for (const auto& one : *ListVolumes(paths_)) {
    EXPECT_EQ(one.project, one.id == "abcdefgh" ? "/ws/.devcontainer.json" : "");
    EXPECT_TRUE(one.whole);
    if (one.kind == ListedVolume::Kind::kHome) EXPECT_GE(one.bytes, 100'000U);
  }
  paths_.state = paths_.cache = In("none");
  EXPECT_THAT(Names(), ElementsAre());
}

TEST_F(VolumesTest, OneGoesAndTheOthersStay) {
  ASSERT_TRUE(Remove("abcdefgh/home"));
  EXPECT_FALSE(fs::exists(In("state/volumes/abcdefgh/created"))) << "creation runs again";
  EXPECT_THAT(Names(),
              ElementsAre("abcdefgh/cache/npm", "abcdefgh/volume/data", "abcdezzz/cache/pip"));
  ASSERT_TRUE(Remove("abcdef")) << "all of a project's";
  EXPECT_THAT(Names(), ElementsAre("abcdezzz/cache/pip"));
  EXPECT_FALSE(fs::exists(In("state/volumes/abcdefgh")));
}

TEST_F(VolumesTest, WhatIsMeantIsPlain) {
  EXPECT_EQ(Remove("abcde").error().code, Code::kNotFound) << "too short to be meant";
  EXPECT_EQ(Remove("abcdefgh/none").error().code, Code::kNotFound);
  Write("cache/volumes/abcdefzz/pip/file", "x");
  EXPECT_THAT(Remove("abcdef").error().message, HasSubstr("several projects"));
  EXPECT_EQ(Names().size(), 5U);
}

TEST_F(VolumesTest, WhatASandboxHasStays) {
  {
    const auto held =
        image::FileLock::Try(In("state/volumes/abcdefgh/lock"), image::FileLock::Kind::kShared);
    ASSERT_TRUE(held && *held);
    EXPECT_TRUE(FindVolumes(*ListVolumes(paths_), "abcdefgh/home")->at(0).in_use);
    EXPECT_THAT(Remove("abcdefgh/home").error().message, HasSubstr("end it first"));
    EXPECT_TRUE(fs::exists(In("state/volumes/abcdefgh/home/file")));
  }
  EXPECT_TRUE(Remove("abcdefgh/home"));
}

TEST_F(VolumesTest, NothingOutsideIsCountedOrRemoved) {
  Write("outside/canary", std::string(500'000, 'x'));
  fs::create_directory_symlink(In("outside"), In("state/volumes/abcdefgh/home/link"));
  fs::create_directory_symlink(In("outside"), In("cache/volumes/abcdefgh/linked"));
  const auto home = FindVolumes(*ListVolumes(paths_), "abcdefgh/home");
  EXPECT_LT(home->at(0).bytes, 400'000U);
  EXPECT_EQ(Names().size(), 4U) << "a link is no volume";
  ASSERT_TRUE(Remove("abcdefgh/home"));
  EXPECT_TRUE(fs::exists(In("outside/canary")));
}

}  // namespace
}  // namespace aileron::launch
