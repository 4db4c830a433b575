#include "mediation/names.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "mediation/limits.h"

namespace aileron::mediation {
namespace {

// A folder of its own that plays the sandbox's root.
class NamesIn : public ::testing::Test {
 protected:
  NamesIn() {
    std::string pattern = ::testing::TempDir() + "namesXXXXXX";
    root_ = mkdtemp(pattern.data());
    std::filesystem::create_directories(root_ + "/usr/bin");
    std::ofstream(root_ + "/usr/bin/prog") << "#!/bin/sh\n";
    names_.emplace(os::Fd(open(root_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)));
  }
  ~NamesIn() override { std::filesystem::remove_all(root_); }
  void Link(const std::string& target, const std::string& name) {
    ASSERT_EQ(symlink(target.c_str(), (root_ + name).c_str()), 0);
  }
  std::string PathOf(const std::string& name) {
    const auto named = names_->Follow(name);
    return named ? named->path : "";
  }

  std::string root_;
  std::optional<Names> names_;
};

TEST_F(NamesIn, ALinkIsFollowedWithinTheRoot) {
  Link("usr/bin", "/bin");
  Link("/usr/bin/prog", "/absolute");
  Link("../../../../usr/bin/prog", "/usr/bin/above");
  EXPECT_EQ(PathOf("/usr/bin/prog"), "/usr/bin/prog");
  EXPECT_EQ(PathOf("/bin/prog"), "/usr/bin/prog");
  EXPECT_EQ(PathOf("/absolute"), "/usr/bin/prog");
  EXPECT_EQ(PathOf("/usr/bin/above"), "/usr/bin/prog");
  EXPECT_EQ(PathOf("/usr/./bin//../bin/prog"), "/usr/bin/prog");
  EXPECT_EQ(PathOf("/../../bin/prog"), "/usr/bin/prog");
}

TEST_F(NamesIn, WhatLeadsNowhereIsNothing) {
  Link("b", "/a");
  Link("a", "/b");
  EXPECT_FALSE(names_->Follow("/a"));
  EXPECT_FALSE(names_->Follow("/none"));
  EXPECT_FALSE(names_->Follow("/usr/bin/prog/x"));
  EXPECT_FALSE(names_->Follow("relative"));
  EXPECT_FALSE(names_->Follow(""));
  EXPECT_FALSE(names_->Follow("/" + std::string(limits::kPath, 'a')));
  std::string deep;
  for (std::size_t i = 0; i <= limits::kParts; ++i) deep += "/usr/..";
  EXPECT_FALSE(names_->Follow(deep + "/usr/bin/prog"));
}

TEST_F(NamesIn, ANameThatSomebodyCanWriteIsNotStable) {
  const auto named = names_->Follow("/usr/bin/prog");
  ASSERT_TRUE(named);
  EXPECT_FALSE(named->stable);
  EXPECT_EQ(named->origin, command::Origin::kSandbox);
}

TEST_F(NamesIn, AFileThatWasReplacedOrWrittenDoesNotStand) {
  const auto named = names_->Follow("/usr/bin/prog");
  ASSERT_TRUE(named);
  EXPECT_TRUE(names_->Stands(*named));
  EXPECT_EQ(names_->HeadOf(*named), "#!/bin/sh\n");
  std::ofstream(root_ + "/usr/bin/other") << "other";
  std::filesystem::rename(root_ + "/usr/bin/other", root_ + "/usr/bin/prog");
  EXPECT_FALSE(names_->Stands(*named));
  EXPECT_EQ(names_->HeadOf(*named), "");
}

TEST_F(NamesIn, APipeInTheFilesPlaceIsNotWaitedFor) {
  ASSERT_EQ(mkfifo((root_ + "/usr/bin/pipe").c_str(), 0600), 0);
  const auto named = names_->Follow("/usr/bin/pipe");
  ASSERT_TRUE(named);
  EXPECT_EQ(names_->HeadOf(*named), "");
}

// What proc says depends on who asks, and its links lead where no name does.
TEST(NamesOfThisMachine, NothingOfProcIsStable) {
  const Names names(os::Fd(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)));
  const auto named = names.Follow("/proc/version");
  ASSERT_TRUE(named);
  EXPECT_FALSE(named->stable);
}

}  // namespace
}  // namespace aileron::mediation
