#include "os/paths.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

namespace aileron::os {
namespace {

class PathsTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name :
         {"XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"})
      unsetenv(name);
    setenv("HOME", "/home/somebody", 1);
  }
};

TEST_F(PathsTest, FollowTheXdgVariables) {
  setenv("XDG_STATE_HOME", "/s", 1);
  setenv("XDG_RUNTIME_DIR", "/r", 1);
  setenv("XDG_CACHE_HOME", "/c", 1);
  const Paths paths = FindPaths().value();
  EXPECT_EQ(paths.state, "/s/aileron");
  EXPECT_EQ(paths.config, "/home/somebody/.config/aileron");
  EXPECT_EQ(paths.cache, "/c/aileron");
  EXPECT_EQ(ControlSocket(paths), "/r/aileron/control.sock");
}

TEST_F(PathsTest, HaveDefaultsWithoutThem) {
  const Paths paths = FindPaths().value();
  EXPECT_EQ(paths.state, "/home/somebody/.local/state/aileron");
  EXPECT_EQ(paths.cache, "/home/somebody/.cache/aileron");
  EXPECT_EQ(paths.runtime, "/tmp/aileron-" + std::to_string(getuid()));
}

TEST_F(PathsTest, ARelativeVariableIsRefused) {
  setenv("XDG_CONFIG_HOME", "config", 1);
  EXPECT_EQ(FindPaths().error().code, Code::kInvalid);
}

TEST(MakePrivateFolder, ShutsOthersOutAndRefusesASymlink) {
  char folder[] = "/tmp/aileron-paths-XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  const std::string open_folder = std::string(folder) + "/open";
  ASSERT_EQ(mkdir(open_folder.c_str(), 0777), 0);
  ASSERT_EQ(chmod(open_folder.c_str(), 0777), 0);
  ASSERT_TRUE(MakePrivateFolder(open_folder));
  struct stat info;
  ASSERT_EQ(stat(open_folder.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  const std::string link = std::string(folder) + "/link";
  ASSERT_EQ(symlink(open_folder.c_str(), link.c_str()), 0);
  EXPECT_FALSE(MakePrivateFolder(link));
  unlink(link.c_str());
  rmdir(open_folder.c_str());
  rmdir(folder);
}

}  // namespace
}  // namespace aileron::os
