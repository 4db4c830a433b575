#include "launch/git_write.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "os/beneath.h"

namespace aileron::launch {
namespace {

namespace fs = std::filesystem;

class GitWrite : public testing::Test {
 protected:
  GitWrite() {
    std::string name = testing::TempDir() + "git-write-XXXXXX";
    path_ = mkdtemp(name.data());
    fs::create_directory(path_ + "/.git");
    EXPECT_TRUE(os::ReplaceFile(path_ + "/.git/config", "[a]\n\tb = 1\n", 0640));
    root_ = os::Fd(open(path_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  ~GitWrite() override { fs::remove_all(path_); }

  Status Set(const std::string& value) {
    return UpdateGitConfig(root_, ".git",
                           [&](const GitConfig& now) { return now.With({{"a.b", {value}}}); });
  }

  std::string path_;
  os::Fd root_;
};

TEST_F(GitWrite, TheFileIsReplacedWithItsModeAndTheLockGoes) {
  ASSERT_TRUE(Set("2"));
  EXPECT_EQ(os::ReadFile(path_ + "/.git/config").value(), "[a]\n\tb = 2\n");
  struct stat info;
  stat((path_ + "/.git/config").c_str(), &info);
  EXPECT_EQ(info.st_mode & 0777, 0640u);
  EXPECT_FALSE(fs::exists(path_ + "/.git/config.lock"));
}

TEST_F(GitWrite, ALockThatStaysIsNamedAndNothingIsWritten) {
  ASSERT_TRUE(os::ReplaceFile(path_ + "/.git/config.lock", "", 0644));
  const Status set = Set("2");
  ASSERT_FALSE(set);
  EXPECT_NE(set.error().message.find("config.lock"), std::string::npos);
  EXPECT_EQ(os::ReadFile(path_ + "/.git/config").value(), "[a]\n\tb = 1\n");
  EXPECT_TRUE(fs::exists(path_ + "/.git/config.lock"));
}

TEST_F(GitWrite, ALinkIsNotFollowed) {
  ASSERT_TRUE(os::ReplaceFile(path_ + "/victim", "[v]\n", 0644));
  fs::remove(path_ + "/.git/config");
  fs::create_symlink(path_ + "/victim", path_ + "/.git/config");
  EXPECT_FALSE(Set("2"));
  EXPECT_EQ(os::ReadFile(path_ + "/victim").value(), "[v]\n");
  EXPECT_FALSE(fs::exists(path_ + "/.git/config.lock"));
}

TEST_F(GitWrite, AFolderGoesWithAllThatIsInItAndNothingBehindALink) {
  fs::create_directories(path_ + "/.git/x/y");
  fs::create_directory(path_ + "/kept");
  ASSERT_TRUE(os::ReplaceFile(path_ + "/kept/file", "", 0644));
  fs::create_symlink(path_ + "/kept", path_ + "/.git/x/y/link");
  EXPECT_TRUE(RemoveBeneath(root_, ".git/x"));
  EXPECT_FALSE(fs::exists(path_ + "/.git/x"));
  EXPECT_TRUE(fs::exists(path_ + "/kept/file"));
  EXPECT_TRUE(RemoveBeneath(root_, "none/x"));
}

}  // namespace
}  // namespace aileron::launch
