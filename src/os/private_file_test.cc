#include "os/private_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "os/fd.h"

namespace aileron::os {
namespace {

using ::testing::HasSubstr;

class PrivateFile : public ::testing::Test {
 protected:
  PrivateFile() {
    char folder[] = "/tmp/aileron-os-XXXXXX";
    AILERON_CHECK(mkdtemp(folder) != nullptr);
    folder_ = folder;
  }
  ~PrivateFile() override { std::filesystem::remove_all(folder_); }
  std::string Write(std::string_view text, unsigned mode) {
    const std::string path = folder_ + "/key";
    AILERON_CHECK(ReplaceFile(path, text, mode).has_value());
    AILERON_CHECK(chmod(path.c_str(), mode) == 0);  // whatever the umask
    return path;
  }
  std::string folder_;
};

TEST_F(PrivateFile, AFileOfOnesOwnIsRead) {
  for (const unsigned mode : {0600u, 0400u, 0700u}) {
    const auto secret = ReadPrivateFile(Write("one\ntwo\n", mode), 100);
    ASSERT_TRUE(secret) << secret.error().message;
    EXPECT_EQ(secret->Reveal(), "one\ntwo\n");
  }
  EXPECT_TRUE(ReadPrivateFile(Write("", 0600), 100)->empty());
}

TEST_F(PrivateFile, OneThatOthersMayReadOrWriteIsRefused) {
  for (const unsigned mode : {0640u, 0604u, 0620u, 0602u, 0660u, 0610u}) {
    const std::string path = Write("secret", mode);
    const auto secret = ReadPrivateFile(path, 100);
    ASSERT_FALSE(secret) << mode;
    EXPECT_EQ(secret.error().code, Code::kDenied);
    EXPECT_THAT(secret.error().message, HasSubstr("chmod 600 " + path));
  }
}

TEST_F(PrivateFile, ALinkIsJudgedByItsTarget) {
  const std::string link = folder_ + "/link";
  ASSERT_EQ(symlink(Write("secret", 0644).c_str(), link.c_str()), 0);
  EXPECT_EQ(ReadPrivateFile(link, 100).error().code, Code::kDenied);
  (void)Write("secret", 0600);
  EXPECT_EQ(ReadPrivateFile(link, 100)->Reveal(), "secret");
}

TEST_F(PrivateFile, OneOfSomebodyElseIsRefused) {
  const std::string path = Write("secret", 0600);
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  ASSERT_EQ(chown(path.c_str(), 64'001, 64'001), 0);
  EXPECT_THAT(ReadPrivateFile(path, 100).error().message, HasSubstr("somebody else"));
}

TEST_F(PrivateFile, WhatIsNoFileOrTooLargeIsRefusedAtOnce) {
  EXPECT_EQ(ReadPrivateFile(folder_, 100).error().code, Code::kDenied);
  EXPECT_EQ(ReadPrivateFile(folder_ + "/none", 100).error().code, Code::kNotFound);
  const std::string fifo = folder_ + "/fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(ReadPrivateFile(fifo, 100).error().code, Code::kDenied);
  EXPECT_EQ(ReadPrivateFile(Write(std::string(101, 'x'), 0600), 100).error().code, Code::kInvalid);
  EXPECT_TRUE(ReadPrivateFile(Write(std::string(100, 'x'), 0600), 100));
}

}  // namespace
}  // namespace aileron::os
