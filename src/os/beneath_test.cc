#include "os/beneath.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace aileron::os {
namespace {

class Beneath : public testing::Test {
 protected:
  Beneath() {
    std::string name = testing::TempDir() + "beneath-XXXXXX";
    path_ = mkdtemp(name.data());
    root_ = Fd(open(path_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  ~Beneath() override { std::filesystem::remove_all(path_); }

  std::string path_;
  Fd root_;
};

TEST_F(Beneath, NoLinkLeadsOut) {
  std::filesystem::create_directory(path_ + "/in");
  EXPECT_TRUE(
      WriteAll(Fd(open((path_ + "/in/file").c_str(), O_CREAT | O_WRONLY, 0644)).get(), "x"));
  ASSERT_EQ(symlink("/etc", (path_ + "/out").c_str()), 0);
  ASSERT_EQ(symlink("in", (path_ + "/within").c_str()), 0);
  EXPECT_EQ(ReadBeneath(root_, "in/file", 10).value(), "x");
  for (const char* path : {"out/passwd", "out", "within/file", "../x", "/etc/passwd", "in/../../x"})
    EXPECT_FALSE(OpenBeneath(root_, path, O_RDONLY)) << path;
  EXPECT_TRUE(OpenBeneath(root_, "out", O_PATH | O_NOFOLLOW));
}

TEST_F(Beneath, OnlyARegularFileOfBoundedSizeIsRead) {
  ASSERT_EQ(mkfifo((path_ + "/pipe").c_str(), 0600), 0);
  EXPECT_FALSE(ReadBeneath(root_, "pipe", 10));
  EXPECT_FALSE(ReadBeneath(root_, ".", 10));
  EXPECT_TRUE(
      WriteAll(Fd(open((path_ + "/big").c_str(), O_CREAT | O_WRONLY, 0644)).get(), "12345"));
  EXPECT_EQ(ReadBeneath(root_, "big", 5).value(), "12345");
  EXPECT_EQ(ReadBeneath(root_, "big", 4).error().code, Code::kInvalid);
  EXPECT_EQ(ReadBeneath(root_, "none", 4).error().code, Code::kNotFound);
}

TEST_F(Beneath, NamesAreListedInOrder) {
  for (const char* name : {"b", "a", ".c"}) std::filesystem::create_directory(path_ + "/" + name);
  EXPECT_EQ(ListBeneath(root_, ".").value(), (std::vector<std::string>{".c", "a", "b"}));
  EXPECT_EQ(ListBeneath(root_, "none").error().code, Code::kNotFound);
}

TEST(SplitPath, TheLastPartIsTheName) {
  EXPECT_EQ(SplitPath("a/b/c").folder, "a/b");
  EXPECT_EQ(SplitPath("a/b/c").name, "c");
  EXPECT_EQ(SplitPath("c").folder, ".");
}

}  // namespace
}  // namespace aileron::os
