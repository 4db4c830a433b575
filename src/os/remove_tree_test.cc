#include "os/remove_tree.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

namespace aileron::os {
namespace {

class RemoveTreeTest : public testing::Test {
 protected:
  RemoveTreeTest() {
    std::string name = testing::TempDir() + "remove-XXXXXX";
    path_ = mkdtemp(name.data());
    std::filesystem::create_directories(path_ + "/tree/a/b/c");
    std::filesystem::create_directory(path_ + "/kept");
    EXPECT_TRUE(
        WriteAll(Fd(open((path_ + "/kept/file").c_str(), O_CREAT | O_WRONLY, 0644)).get(), "x"));
  }
  ~RemoveTreeTest() override { std::filesystem::remove_all(path_); }

  std::string path_;
};

TEST_F(RemoveTreeTest, NoLinkIsFollowed) {
  ASSERT_EQ(symlink("../kept", (path_ + "/tree/link").c_str()), 0);
  ASSERT_EQ(symlink((path_ + "/kept").c_str(), (path_ + "/tree/a/link").c_str()), 0);
  ASSERT_TRUE(RemoveTree(path_ + "/tree"));
  EXPECT_FALSE(std::filesystem::exists(path_ + "/tree"));
  EXPECT_TRUE(std::filesystem::exists(path_ + "/kept/file"));
  ASSERT_EQ(symlink("kept", (path_ + "/tree").c_str()), 0);
  ASSERT_TRUE(RemoveTree(path_ + "/tree"));
  EXPECT_TRUE(std::filesystem::exists(path_ + "/kept/file"));
}

TEST_F(RemoveTreeTest, FilesAndWhatIsNotThere) {
  EXPECT_TRUE(RemoveTree(path_ + "/kept/file"));
  EXPECT_TRUE(RemoveTree(path_ + "/kept/file"));
  EXPECT_FALSE(RemoveTree(path_ + "/none/file"));
  const Fd folder(open(path_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  EXPECT_TRUE(RemoveTree(folder, "kept"));
  EXPECT_FALSE(std::filesystem::exists(path_ + "/kept"));
}

TEST_F(RemoveTreeTest, FoldersThatTheirModesClose) {
  const auto remove = [&] {
    EXPECT_EQ(chmod((path_ + "/tree/a/b").c_str(), 0), 0);
    EXPECT_EQ(chmod((path_ + "/tree/a").c_str(), 0), 0);
    EXPECT_EQ(chmod((path_ + "/tree").c_str(), 0500), 0);
    return RemoveTree(path_ + "/tree").has_value();
  };
  // Root may do it anyway: as somebody else, in a process of its own.
  if (geteuid() != 0) {
    EXPECT_TRUE(remove());
    return;
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path_))
    EXPECT_EQ(lchown(entry.path().c_str(), 12345, 12345), 0);
  EXPECT_EQ(chown(path_.c_str(), 12345, 12345), 0);
  const pid_t child = fork();
  if (child == 0) _exit(setuid(12345) == 0 && remove() ? 0 : 1);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_FALSE(std::filesystem::exists(path_ + "/tree"));
}

TEST_F(RemoveTreeTest, NamesThatItWouldTakeItself) {
  std::filesystem::create_directories(path_ + "/tree/a/.0");
  std::filesystem::create_directories(path_ + "/tree/.0/.1");
  std::filesystem::create_directories(path_ + "/tree/.1/x/y/z");
  EXPECT_TRUE(RemoveTree(path_ + "/tree"));
  EXPECT_FALSE(std::filesystem::exists(path_ + "/tree"));
}

TEST_F(RemoveTreeTest, ATreeThatNoPathCanName) {
  const Fd folder(open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  Fd inner(openat(folder.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const std::string name(200, 'd');
  for (int level = 0; level < 600; ++level) {
    ASSERT_EQ(mkdirat(inner.get(), name.c_str(), 0700), 0);
    inner.Reset(openat(inner.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ASSERT_TRUE(inner);
  }
  const Status removed = RemoveTree(folder, name);
  EXPECT_TRUE(removed) << removed.error().message;
  EXPECT_FALSE(std::filesystem::exists(path_ + "/" + name));
}

}  // namespace
}  // namespace aileron::os
