#include "changes/change.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "changes/limits.h"
#include "changes/testing_test.h"

namespace aileron::changes {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ChangeTest : public TreesTest {
 protected:
  std::vector<std::string> Told(Scope scope = {}) {
    if (scope.since_ns == 0) scope.since_ns = future_;
    auto all = Compare(OpenUpper(), OpenHost(), scope, limits::kChanges);
    if (!all) return {all.error().message};
    std::vector<std::string> told;
    for (const Change& change : *all) {
      const char letter = change.kind == Kind::kAdded      ? 'A'
                          : change.kind == Kind::kModified ? 'M'
                                                           : 'D';
      const char* clash = change.clash == Clash::kNone      ? ""
                          : change.clash == Clash::kChanged ? " changed"
                                                            : " removed";
      told.push_back(fmt::format("{} {}{}", letter, change.path, clash));
    }
    return told;
  }
  static std::int64_t Now() {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * 1'000'000'000 + now.tv_nsec;
  }
};

TEST_F(ChangeTest, WhatIsNewOtherAndGoneIsTold) {
  Write(host_ + "/same", "1");
  Write(host_ + "/other", "1");
  Write(host_ + "/gone", "1");
  Write(upper_ + "/same", "1");
  Write(upper_ + "/other", "2");
  Write(upper_ + "/new", "1");
  Whiteout(upper_ + "/gone");
  EXPECT_THAT(Told(), ElementsAre("D gone", "A new", "M other"));
}

TEST_F(ChangeTest, AModeOrALinksTargetAloneIsAChange) {
  Write(host_ + "/run", "1");
  Write(upper_ + "/run", "1");
  chmod((upper_ + "/run").c_str(), 0755);
  symlink("a", (host_ + "/l").c_str());
  symlink("b", (upper_ + "/l").c_str());
  symlink("a", (host_ + "/k").c_str());
  symlink("a", (upper_ + "/k").c_str());
  mkdir((host_ + "/d").c_str(), 0755);
  mkdir((upper_ + "/d").c_str(), 0700);
  EXPECT_THAT(Told(), ElementsAre("M d", "M l", "M run"));
}

TEST_F(ChangeTest, BothFormsOfWhiteoutsAndOpaqueFoldersHideWhatWasThere) {
  for (const char* name : {"/a", "/d/x", "/d/y", "/o/1", "/o/deep/2", "/o/kept"})
    Write(host_ + name, "1");
  Whiteout(upper_ + "/a");
  Write(upper_ + "/d/x", "");
  setxattr((upper_ + "/d/x").c_str(), "user.overlay.whiteout", "", 0, 0);
  Write(upper_ + "/o/kept", "1");
  setxattr((upper_ + "/o").c_str(), "user.overlay.opaque", "y", 1, 0);
  EXPECT_THAT(Told(), ElementsAre("D a", "D d/x", "D o/1", "D o/deep/2", "D o/deep"));
}

TEST_F(ChangeTest, WhatTakesThePlaceOfAnotherKindIsRemovedAndAdded) {
  Write(host_ + "/folder/in", "1");
  Write(host_ + "/file", "1");
  Write(upper_ + "/folder", "now a file");
  Write(upper_ + "/file/in", "now a folder");
  EXPECT_THAT(Told(),
              ElementsAre("D file", "A file", "A file/in", "D folder/in", "D folder", "A folder"));
}

TEST_F(ChangeTest, NoLinkOfTheHostIsFollowed) {
  Write(outside_ + "/secret", "1");
  symlink(outside_.c_str(), (host_ + "/l").c_str());
  Write(upper_ + "/l/secret", "mine");
  EXPECT_THAT(Told(), ElementsAre("D l", "A l", "A l/secret"));
  Whiteout(upper_ + "/m");
  symlink(outside_.c_str(), (host_ + "/m").c_str());
  EXPECT_THAT(Told({.paths = {"m"}}), ElementsAre("D m"));
}

TEST_F(ChangeTest, WhatTheHostDidMeanwhileIsSeen) {
  Write(host_ + "/both", "host");
  Write(host_ + "/gone", "host");
  Write(upper_ + "/both", "agent");
  Whiteout(upper_ + "/gone");
  Write(upper_ + "/kept", "from the host, which has it no more");
  setxattr((upper_ + "/kept").c_str(), "user.overlay.origin", "", 0, 0);
  EXPECT_THAT(Told({.since_ns = 1}),
              ElementsAre("M both changed", "D gone changed", "A kept removed"));
}

TEST_F(ChangeTest, AFolderThatTheHostMovedIntoPlaceIsItsWork) {
  for (const char* name : {"/work/f", "/work/deep/g", "/work/gone", "/new/h", "/same/i"})
    Write(host_ + name, "host");
  usleep(20'000);
  const std::int64_t since = Now();
  usleep(20'000);
  Write(host_ + "/same/j", "host");
  for (const char* name : {"/work", "/new"}) {
    ASSERT_EQ(rename((host_ + name).c_str(), (host_ + name + "2").c_str()), 0);
    ASSERT_EQ(rename((host_ + name + "2").c_str(), (host_ + name).c_str()), 0);
  }
  Write(host_ + "/new/other", "host");
  for (const char* name : {"/work/f", "/work/deep/g", "/new/h", "/same/i"})
    Write(upper_ + name, "agent");
  Whiteout(upper_ + "/work/gone");
  for (const char* name : {"/work", "/work/deep", "/same"})
    setxattr((upper_ + name).c_str(), "user.overlay.origin", "", 0, 0);
  EXPECT_THAT(Told({.since_ns = since}),
              ElementsAre("M new/h changed", "M same/i", "M work/deep/g changed",
                          "M work/f changed", "D work/gone changed"));
  // All of it thrown away by the agent, as it saw it.
  ASSERT_TRUE(os::RemoveTree(upper_ + "/work"));
  Whiteout(upper_ + "/work");
  EXPECT_THAT(Told({.paths = {"work"}, .since_ns = since}),
              ElementsAre("D work/deep/g changed", "D work/deep", "D work/f changed",
                          "D work/gone changed", "D work"));
}

TEST_F(ChangeTest, WhatTheAgentRenamedTheHostDidNotRemove) {
  Write(host_ + "/d/a", "1");
  Write(upper_ + "/d/b", "1");
  Write(upper_ + "/e/c", "1");
  Whiteout(upper_ + "/d/a");
  for (const char* name : {"/d/b", "/e/c", "/d"})
    setxattr((upper_ + name).c_str(), "user.overlay.origin", "", 0, 0);
  usleep(20'000);
  EXPECT_THAT(Told({.since_ns = Now()}), ElementsAre("D d/a", "A d/b", "A e", "A e/c"));
  // Also where the host did something in that folder: it is the file that is gone, by its times.
  const timespec same[2] = {{1, 2}, {3, 4}};
  for (const std::string& path : {host_ + "/d/a", upper_ + "/d/b"})
    ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), same, 0), 0);
  EXPECT_THAT(Told({.paths = {"d/b"}, .since_ns = 1}), ElementsAre("A d/b"));
  ASSERT_EQ(utimensat(AT_FDCWD, (upper_ + "/d/b").c_str(), nullptr, 0), 0);
  EXPECT_THAT(Told({.paths = {"d/b"}, .since_ns = 1}), ElementsAre("A d/b removed"));
}

TEST_F(ChangeTest, TheModeThatTheHostGaveAFolderStays) {
  Write(host_ + "/d/a", "1");
  Write(upper_ + "/d/a", "1");
  usleep(20'000);
  const std::int64_t since = Now();
  usleep(20'000);
  chmod((host_ + "/d").c_str(), 0700);
  EXPECT_THAT(Told({.since_ns = since}), IsEmpty());
  EXPECT_THAT(Told(), ElementsAre("M d"));
}

TEST_F(ChangeTest, OnlyWhatIsAskedForIsTold) {
  for (const char* name : {"/a/1", "/a/2", "/ab", "/b/c/d"}) Write(upper_ + name, "x");
  EXPECT_THAT(Told({.paths = {"a"}}), ElementsAre("A a", "A a/1", "A a/2"));
  EXPECT_THAT(Told({.paths = {"a/2", "b/c"}}), ElementsAre("A a/2", "A b/c", "A b/c/d"));
  EXPECT_THAT(Told({.paths = {"none"}}), IsEmpty());
}

TEST_F(ChangeTest, NothingButFilesIsOpened) {
  mkfifo((upper_ + "/pipe").c_str(), 0600);
  Write(host_ + "/file", "");
  mkfifo((upper_ + "/file").c_str(), 0600);
  EXPECT_THAT(Told(), ElementsAre("M file", "A pipe"));
  EXPECT_FALSE(OpenFile(OpenUpper(), "pipe"));
  EXPECT_FALSE(OpenFile(OpenUpper(), "."));
  symlink("/etc/passwd", (upper_ + "/link").c_str());
  EXPECT_FALSE(OpenFile(OpenUpper(), "link"));
}

TEST_F(ChangeTest, WhatShutsItsOwnerOutIsRead) {
  Write(upper_ + "/shut/in", "1");
  Write(upper_ + "/closed", "12");
  Write(host_ + "/closed", "12");
  chmod((upper_ + "/shut").c_str(), 0);
  chmod((upper_ + "/closed").c_str(), 0);
  chmod((host_ + "/closed").c_str(), 0);
  if (geteuid() == 0) {
    EXPECT_THAT(Told(), ElementsAre("A shut", "A shut/in"));
  } else {
    EXPECT_THAT(Told(), ElementsAre("M closed", "A shut", "A shut/in"));
  }
  struct stat info;
  ASSERT_EQ(stat((upper_ + "/closed").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0u);
  // The link is looked at by itself: what it leads to keeps its mode.
  Write(outside_ + "/theirs", "1");
  chmod((outside_ + "/theirs").c_str(), 0);
  symlink((outside_ + "/theirs").c_str(), (upper_ + "/to").c_str());
  EXPECT_FALSE(OpenFile(OpenUpper(), "to"));
  // The host's stays shut. Root needs no mode.
  EXPECT_EQ(OpenFile(OpenHost(), "closed", Shut::kStays).has_value(), geteuid() == 0);
  ASSERT_EQ(stat((outside_ + "/theirs").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0u);
}

TEST_F(ChangeTest, MoreThanTheBoundIsRefused) {
  for (int i = 0; i < 5; ++i) Write(fmt::format("{}/{}", upper_, i), "x");
  EXPECT_FALSE(Compare(OpenUpper(), OpenHost(), {}, 4));
  EXPECT_TRUE(Compare(OpenUpper(), OpenHost(), {}, 5));
  EXPECT_TRUE(Compare(OpenUpper(), OpenHost(), {.paths = {"1"}}, 1));
}

TEST_F(ChangeTest, ATreeWithoutEndIsRefused) {
  os::Fd at = OpenUpper();
  for (std::size_t i = 0; i < limits::kDepth + 2; ++i) {
    ASSERT_EQ(mkdirat(at.get(), "d", 0755), 0);
    at = os::Fd(openat(at.get(), "d", O_RDONLY | O_DIRECTORY));
  }
  EXPECT_FALSE(Compare(OpenUpper(), OpenHost(), {}, limits::kChanges));
}

TEST(NormalPathTest, StaysInside) {
  EXPECT_EQ(NormalPath("a//b/./c/").value(), "a/b/c");
  EXPECT_EQ(NormalPath("./a").value(), "a");
  for (const char* path : {"", ".", "/a", "a/../b", "..", "../a"})
    EXPECT_FALSE(NormalPath(path)) << path;
}

}  // namespace
}  // namespace aileron::changes
