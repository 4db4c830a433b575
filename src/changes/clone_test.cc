#include "changes/clone.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "changes/testing_test.h"

namespace aileron::changes {
namespace {

struct stat StatOf(const std::string& path) {
  struct stat info{};
  EXPECT_EQ(lstat(path.c_str(), &info), 0) << path;
  return info;
}

class CloneTest : public TreesTest {
 protected:
  Status Run() {
    return Clone(OpenUpper(), OpenHost(), [&](std::uint64_t bytes) { seen_ = bytes; });
  }
  std::uint64_t seen_ = 0;
};

TEST_F(CloneTest, AllOfATreeIsThereOnceMore) {
  Write(upper_ + "/a/b/file", "text");
  chmod((upper_ + "/a/b/file").c_str(), 06751);
  ASSERT_EQ(link((upper_ + "/a/b/file").c_str(), (upper_ + "/z").c_str()), 0);
  ASSERT_EQ(symlink("/etc/passwd", (upper_ + "/link").c_str()), 0);
  ASSERT_EQ(mkfifo((upper_ + "/pipe").c_str(), 0640), 0);
  Whiteout(upper_ + "/gone");
  ASSERT_EQ(setxattr((upper_ + "/a").c_str(), "user.overlay.opaque", "y", 1, 0), 0);
  const timespec times[] = {{1'000'000, 5}, {2'000'000, 7}};
  ASSERT_EQ(utimensat(AT_FDCWD, (upper_ + "/a/b").c_str(), times, 0), 0);
  const auto cloned = Run();
  ASSERT_TRUE(cloned) << cloned.error().message;
  EXPECT_EQ(Read(host_ + "/a/b/file"), "text");
  EXPECT_EQ(StatOf(host_ + "/a/b/file").st_mode & 07777, 0751u);  // no set-id bit
  EXPECT_EQ(StatOf(host_ + "/z").st_ino, StatOf(host_ + "/a/b/file").st_ino);
  EXPECT_NE(StatOf(host_ + "/z").st_ino, StatOf(upper_ + "/z").st_ino);
  EXPECT_EQ(std::filesystem::read_symlink(host_ + "/link"), "/etc/passwd");
  EXPECT_TRUE(S_ISFIFO(StatOf(host_ + "/pipe").st_mode));
  EXPECT_TRUE(S_ISCHR(StatOf(host_ + "/gone").st_mode));
  char value = 0;
  EXPECT_EQ(getxattr((host_ + "/a").c_str(), "user.overlay.opaque", &value, 1), 1);
  EXPECT_EQ(StatOf(host_ + "/a/b").st_mtim.tv_sec, 2'000'000);
  EXPECT_GT(seen_, 0u);
}

TEST_F(CloneTest, AHoleTakesNothing) {
  Write(upper_ + "/huge", "begin");
  ASSERT_EQ(truncate((upper_ + "/huge").c_str(), 1L << 40), 0);
  ASSERT_TRUE(Run());
  EXPECT_EQ(StatOf(host_ + "/huge").st_size, 1L << 40);
  EXPECT_LT(StatOf(host_ + "/huge").st_blocks, 1024);
  std::ifstream file(host_ + "/huge");
  char begin[6] = {};
  file.read(begin, 5);
  EXPECT_STREQ(begin, "begin");
}

TEST_F(CloneTest, WhatShutsItsOwnerOutIsClonedAndStaysShut) {
  Write(upper_ + "/shut/file", "text");
  chmod((upper_ + "/shut/file").c_str(), 0);
  chmod((upper_ + "/shut").c_str(), 0);
  const auto cloned = Run();
  ASSERT_TRUE(cloned) << cloned.error().message;
  for (const std::string& folder : {upper_, host_}) {
    EXPECT_EQ(StatOf(folder + "/shut").st_mode & 07777, 0u);
    chmod((folder + "/shut").c_str(), 0700);
    EXPECT_EQ(StatOf(folder + "/shut/file").st_mode & 07777, 0u);
  }
}

TEST_F(CloneTest, WhatIsShutAndHasAttributesIsClonedWithThem) {
  // As overlayfs copies up: "user.overlay.origin".
  Write(upper_ + "/shut", "text");
  ASSERT_EQ(setxattr((upper_ + "/shut").c_str(), "user.overlay.origin", "o", 1, 0), 0);
  ASSERT_EQ(chmod((upper_ + "/shut").c_str(), 0), 0);
  const auto cloned = Run();
  ASSERT_TRUE(cloned) << cloned.error().message;
  EXPECT_EQ(StatOf(upper_ + "/shut").st_mode & 07777, 0u);
  EXPECT_EQ(StatOf(host_ + "/shut").st_mode & 07777, 0u);
  chmod((host_ + "/shut").c_str(), 0600);
  char value = 0;
  EXPECT_EQ(getxattr((host_ + "/shut").c_str(), "user.overlay.origin", &value, 1), 1);
}

TEST_F(CloneTest, AFolderSaysStillWhoseGroupItsFilesAre) {
  std::filesystem::create_directory(upper_ + "/shared");
  ASSERT_EQ(chmod((upper_ + "/shared").c_str(), 02750), 0);
  ASSERT_TRUE(Run());
  EXPECT_EQ(StatOf(host_ + "/shared").st_mode & 07777, 02750u);
}

TEST_F(CloneTest, WhatNobodyCouldUseIsLeftOut) {
  const os::Fd listener(socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  (upper_ + "/socket").copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_TRUE(Run());
  EXPECT_FALSE(std::filesystem::exists(host_ + "/socket"));
}

TEST_F(CloneTest, ATreeWithoutEndIsRefused) {
  std::string path = upper_;
  for (int depth = 0; depth < 250; ++depth) {
    path += "/d";
    ASSERT_EQ(mkdir(path.c_str(), 0755), 0);
  }
  const auto cloned = Run();
  ASSERT_FALSE(cloned);
  EXPECT_EQ(cloned.error().code, Code::kUnsupported);
}

}  // namespace
}  // namespace aileron::changes
