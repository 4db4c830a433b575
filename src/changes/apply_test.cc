#include "changes/apply.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include "changes/limits.h"
#include "changes/testing_test.h"

namespace aileron::changes {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kTemporary = ".aileron-apply-test";

class ApplyTest : public TreesTest {
 protected:
  std::vector<Change> Compared() {
    return Compare(OpenUpper(), OpenHost(), {.since_ns = future_}, limits::kChanges).value();
  }
  std::vector<std::string> Carry(const std::vector<Change>& changes) {
    const os::Fd upper = OpenUpper(), host = OpenHost();
    const auto left = Apply({.upper = upper,
                             .host = host,
                             .temporary = kTemporary,
                             .note = [this](const std::string& folder) -> Status {
                               noted_.push_back(folder);
                               return {};
                             }},
                            changes);
    std::vector<std::string> told;
    for (const Left& one : *left) told.push_back(fmt::format("{}: {}", one.path, one.why));
    return told;
  }
  std::vector<std::string> noted_;
};

TEST_F(ApplyTest, TheHostIsAsTheCopyWas) {
  for (const char* name : {"/other", "/gone", "/d/1", "/d/2", "/kind/in"}) Write(host_ + name, "1");
  Write(upper_ + "/other", "22");
  chmod((upper_ + "/other").c_str(), 0750);
  Whiteout(upper_ + "/gone");
  Whiteout(upper_ + "/d");
  Write(upper_ + "/kind", "a file now");
  Write(upper_ + "/new/deep/file", "3");
  symlink("../other", (upper_ + "/new/link").c_str());
  EXPECT_THAT(Carry(Compared()), IsEmpty());
  EXPECT_THAT(Compared(), IsEmpty());
  EXPECT_EQ(Read(host_ + "/other"), "22");
  struct stat info;
  stat((host_ + "/other").c_str(), &info);
  EXPECT_EQ(info.st_mode & 07777, 0750u);
  EXPECT_EQ(Read(host_ + "/kind"), "a file now");
  EXPECT_EQ(Read(host_ + "/new/link"), "22");
  EXPECT_NE(access((host_ + "/d").c_str(), F_OK), 0);
  EXPECT_NE(access((host_ + "/gone").c_str(), F_OK), 0);
}

TEST_F(ApplyTest, NoLinkLeadsOutOfTheFolder) {
  Write(outside_ + "/file", "theirs");
  mkdir((host_ + "/d").c_str(), 0755);
  Write(upper_ + "/d/file", "mine");
  const std::vector<Change> changes = Compared();
  // Put there after it was looked at.
  rmdir((host_ + "/d").c_str());
  symlink(outside_.c_str(), (host_ + "/d").c_str());
  EXPECT_THAT(Carry(changes), ElementsAre(HasSubstr("behind a link")));
  EXPECT_EQ(Read(outside_ + "/file"), "theirs");
  // A link in the place of a file is replaced, not written through.
  symlink((outside_ + "/file").c_str(), (host_ + "/l").c_str());
  Write(upper_ + "/l", "mine");
  const auto second =
      Compare(OpenUpper(), OpenHost(), {.paths = {"l"}, .since_ns = future_}, 10).value();
  EXPECT_THAT(Carry(second), IsEmpty());
  EXPECT_EQ(Read(outside_ + "/file"), "theirs");
  EXPECT_EQ(Read(host_ + "/l"), "mine");
}

TEST_F(ApplyTest, WhatChangedSinceItWasLookedAtStays) {
  Write(host_ + "/a", "1");
  Write(host_ + "/b", "1");
  Write(upper_ + "/a", "2");
  Whiteout(upper_ + "/b");
  Write(upper_ + "/c", "2");
  const std::vector<Change> changes = Compared();
  usleep(20'000);  // past the clock of the file system
  Write(host_ + "/a", "host");
  Write(host_ + "/b", "host");
  Write(host_ + "/c", "host");
  EXPECT_THAT(Carry(changes), SizeIs(3));
  for (const char* name : {"/a", "/b", "/c"}) EXPECT_EQ(Read(host_ + name), "host");
  EXPECT_NE(access((host_ + "/" + kTemporary).c_str(), F_OK), 0);
}

TEST_F(ApplyTest, NothingSetIdComesOut) {
  Write(upper_ + "/s", "1");
  chmod((upper_ + "/s").c_str(), 07755);
  mkdir((upper_ + "/d").c_str(), 0755);
  chmod((upper_ + "/d").c_str(), 07777);
  (void)Carry(Compared());
  struct stat info;
  stat((host_ + "/s").c_str(), &info);
  EXPECT_EQ(info.st_mode & 07777, 0755u);
  stat((host_ + "/d").c_str(), &info);
  EXPECT_EQ(info.st_mode & 07777, 0755u);  // nor anything that others may write
  EXPECT_THAT(Compared(), IsEmpty());
}

TEST_F(ApplyTest, WhatOthersCouldWriteTheyStillCan) {
  Write(host_ + "/shared", "1");
  chmod((host_ + "/shared").c_str(), 0664);
  Write(upper_ + "/shared", "2");
  chmod((upper_ + "/shared").c_str(), 0666);
  EXPECT_THAT(Carry(Compared()), IsEmpty());
  struct stat info;
  stat((host_ + "/shared").c_str(), &info);
  EXPECT_EQ(info.st_mode & 07777, 0664u);
}

TEST_F(ApplyTest, OneOfTheHostsHardLinksAfterTheOther) {
  for (const char* top : {"/a", "/b", "/c"}) Write(upper_ + top, "mine");
  Whiteout(upper_ + "/d");
  Write(host_ + "/a", "1");
  for (const char* name : {"/b", "/c", "/d"})
    ASSERT_EQ(link((host_ + "/a").c_str(), (host_ + name).c_str()), 0);
  const std::vector<Change> changes = Compared();
  usleep(20'000);
  EXPECT_THAT(Carry(changes), IsEmpty());
  EXPECT_THAT(Compared(), IsEmpty());
}

TEST_F(ApplyTest, HolesStayHoles) {
  const os::Fd file(open((upper_ + "/huge").c_str(), O_WRONLY | O_CREAT, 0644));
  ASSERT_EQ(ftruncate(file.get(), off_t{1} << 40), 0);
  ASSERT_EQ(pwrite(file.get(), "end", 3, (off_t{1} << 40) - 3), 3);
  EXPECT_THAT(Carry(Compared()), IsEmpty());
  struct stat info;
  stat((host_ + "/huge").c_str(), &info);
  EXPECT_EQ(info.st_size, off_t{1} << 40);
  EXPECT_LT(info.st_blocks, 4096);
  EXPECT_THAT(Compared(), IsEmpty());
}

TEST_F(ApplyTest, AHardLinkIsWrittenTwiceAndTiesNothing) {
  Write(upper_ + "/a", "1");
  link((upper_ + "/a").c_str(), (upper_ + "/b").c_str());
  EXPECT_THAT(Carry(Compared()), IsEmpty());
  struct stat info;
  stat((host_ + "/a").c_str(), &info);
  EXPECT_EQ(info.st_nlink, 1u);
}

TEST_F(ApplyTest, WhatAKilledOneLeftIsWrittenOverOrRemoved) {
  Write(host_ + "/d/" + kTemporary, "half");
  Write(upper_ + "/d/file", "whole");
  EXPECT_THAT(Carry(Compared()), IsEmpty());
  EXPECT_THAT(noted_, ElementsAre("d"));
  EXPECT_EQ(Read(host_ + "/d/file"), "whole");
  EXPECT_NE(access((host_ + "/d/" + kTemporary).c_str(), F_OK), 0);
  Write(host_ + "/d/" + kTemporary, "half");
  RemoveTemporary(OpenHost(), "d", kTemporary);
  EXPECT_NE(access((host_ + "/d/" + kTemporary).c_str(), F_OK), 0);
}

TEST_F(ApplyTest, APipeIsNotOpened) {
  mkfifo((upper_ + "/pipe").c_str(), 0600);
  EXPECT_THAT(Carry(Compared()), ElementsAre(HasSubstr("not a regular file")));
}

}  // namespace
}  // namespace aileron::changes
