#include "os/landlock.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>

#include "os/fd.h"

namespace aileron::os {
namespace {

// Two folders with a file each: `in` is allowed, `out` is not.
class LandlockTest : public testing::Test {
 protected:
  void SetUp() override {
    // The test of a wall that this kernel lacks would say nothing: let it be seen.
    ASSERT_TRUE(LandlockVersion()) << LandlockVersion().error().message;
    char pattern[] = "/tmp/aileron-landlock-XXXXXX";
    root_ = mkdtemp(pattern);
    for (const char* name : {"/in", "/out", "/in/a", "/in/b"}) mkdir((root_ + name).c_str(), 0700);
    for (const char* name : {"/in/file", "/out/file"})
      close(open((root_ + name).c_str(), O_CREAT | O_WRONLY, 0600));
    in_ = root_ + "/in";
    out_ = root_ + "/out";
  }
  void TearDown() override {
    if (!root_.empty()) (void)!system(("rm -rf " + root_).c_str());
  }

  // The errno of `call` in a child that may write below `in_` alone; 0 when it succeeded.
  template <typename Call>
  int Inside(Call call, std::span<const int> open_files = {}) {
    const pid_t child = fork();
    if (child == 0) {
      prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
      const std::array folders = {in_, std::string("/does/not/exist")};
      if (!AllowWritesOnlyBelow(folders, open_files)) _exit(255);
      errno = 0;
      _exit(call() < 0 ? errno : 0);
    }
    int status;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  int Opening(const std::string& path, int flags) {
    return Inside([&] { return open(path.c_str(), flags, 0600); });
  }

  std::string root_, in_, out_;
};

TEST_F(LandlockTest, WritingBelowTheNamedFolderGoesOn) {
  EXPECT_EQ(Opening(in_ + "/new", O_CREAT | O_WRONLY), 0);
  EXPECT_EQ(Opening(in_ + "/file", O_WRONLY | O_TRUNC), 0);
  EXPECT_EQ(Opening(in_, O_TMPFILE | O_RDWR), 0);
  EXPECT_EQ(Inside([&] { return mkdir((in_ + "/folder").c_str(), 0700); }), 0);
  EXPECT_EQ(Inside([&] { return symlink("x", (in_ + "/link").c_str()); }), 0);
  EXPECT_EQ(Inside([&] { return rename((in_ + "/new").c_str(), (in_ + "/a/new").c_str()); }), 0);
  EXPECT_EQ(Inside([&] { return link((in_ + "/a/new").c_str(), (in_ + "/b/new").c_str()); }), 0);
  EXPECT_EQ(Inside([&] { return unlink((in_ + "/b/new").c_str()); }), 0);
}

TEST_F(LandlockTest, NothingCanBeWrittenElsewhereByAnyCall) {
  EXPECT_EQ(Opening(out_ + "/new", O_CREAT | O_WRONLY), EACCES);
  EXPECT_EQ(Opening(out_ + "/file", O_WRONLY), EACCES);
  EXPECT_EQ(Opening(out_ + "/file", O_RDWR), EACCES);
  EXPECT_EQ(Inside([&] { return mkdir((out_ + "/folder").c_str(), 0700); }), EACCES);
  EXPECT_EQ(Inside([&] { return mkfifo((out_ + "/pipe").c_str(), 0700); }), EACCES);
  EXPECT_EQ(Inside([&] { return symlink("x", (out_ + "/link").c_str()); }), EACCES);
  EXPECT_EQ(Inside([&] { return unlink((out_ + "/file").c_str()); }), EACCES);
  EXPECT_EQ(Inside([&] { return rmdir(out_.c_str()); }), EACCES);
  EXPECT_NE(Inside([&] { return rename((out_ + "/file").c_str(), (in_ + "/x").c_str()); }), 0);
  EXPECT_NE(Inside([&] { return rename((in_ + "/file").c_str(), (out_ + "/x").c_str()); }), 0);
  EXPECT_NE(Inside([&] { return link((out_ + "/file").c_str(), (in_ + "/x").c_str()); }), 0);
  if (*LandlockVersion() >= 3)
    EXPECT_EQ(Inside([&] { return truncate((out_ + "/file").c_str(), 0); }), EACCES);
}

TEST_F(LandlockTest, ReadingIsNotRestricted) {
  EXPECT_EQ(Opening(out_ + "/file", O_RDONLY), 0);
  EXPECT_EQ(Opening("/", O_RDONLY | O_DIRECTORY), 0);
}

TEST_F(LandlockTest, WhatIsOpenForWritingCanBeOpenedAgain) {
  const Fd given(open((out_ + "/file").c_str(), O_WRONLY | O_APPEND));
  const Fd read_only(open((root_ + "/out").c_str(), O_RDONLY));
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  const std::array files = {given.get(), read_only.get(), pipe_ends[1], 4711};
  const auto again = [&](int descriptor) {
    return [descriptor] {
      return open(fmt::format("/proc/self/fd/{}", descriptor).c_str(), O_WRONLY);
    };
  };
  EXPECT_EQ(Inside(again(given.get()), files), 0);
  EXPECT_EQ(Inside(again(given.get())), EACCES);
  EXPECT_EQ(Inside(again(pipe_ends[1]), files), 0);
  // A folder that is open for reading does not become a place to write.
  EXPECT_EQ(Inside([&] { return mkdir((out_ + "/folder").c_str(), 0700); }, files), EACCES);
  close(pipe_ends[0]);
  close(pipe_ends[1]);
}

TEST_F(LandlockTest, AnAbstractSocketFromOutsideIsOutOfReach) {
  if (*LandlockVersion() < 6) return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = fmt::format("aileron-landlock-{}", getpid());
  name.copy(address.sun_path + 1, sizeof address.sun_path - 1);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  const Fd listener(socket(AF_UNIX, SOCK_STREAM, 0));
  ASSERT_EQ(bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(listener.get(), 1), 0);
  const auto reach = [&] {
    const Fd client(socket(AF_UNIX, SOCK_STREAM, 0));
    return connect(client.get(), reinterpret_cast<const sockaddr*>(&address), size);
  };
  EXPECT_EQ(reach(), 0);
  EXPECT_EQ(Inside(reach), EPERM);
}

}  // namespace
}  // namespace aileron::os
