#include "os/remove_tree.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

namespace aileron::os {
namespace {

class RemoveTreeTest : public testing::Test {
 protected:
  RemoveTreeTest() {
    char made[] = "/tmp/aileron-remove-XXXXXX";
    AILERON_CHECK(mkdtemp(made) != nullptr);
    path_ = made;
    folder_ = Fd(open(made, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  ~RemoveTreeTest() override { EXPECT_TRUE(RemoveTree(path_)); }
  void Write(const std::string& name) {
    const Fd file(open((path_ + "/" + name).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    EXPECT_TRUE(file) << name;
  }
  bool Exists(const std::string& name) {
    struct stat info;
    return lstat((path_ + "/" + name).c_str(), &info) == 0;
  }
  std::string path_;
  Fd folder_;
};

TEST_F(RemoveTreeTest, RemovesFilesLinksAndFoldersAndNothingBeside) {
  ASSERT_TRUE(MakeFolders(path_ + "/tree/a/b", 0700));
  ASSERT_TRUE(MakeFolders(path_ + "/kept", 0700));
  Write("tree/a/b/file");
  Write("tree/.0");  // a name that it would take itself
  Write("kept/file");
  ASSERT_EQ(symlink("../../kept", (path_ + "/tree/a/link").c_str()), 0);
  ASSERT_TRUE(RemoveTree(folder_, "tree"));
  EXPECT_FALSE(Exists("tree"));
  EXPECT_TRUE(Exists("kept/file"));
}

TEST_F(RemoveTreeTest, WhatIsNotThereIsRemovedAndALinkIsNotFollowed) {
  EXPECT_TRUE(RemoveTree(folder_, "nothing"));
  ASSERT_TRUE(MakeFolders(path_ + "/kept", 0700));
  Write("kept/file");
  ASSERT_EQ(symlink("kept", (path_ + "/link").c_str()), 0);
  ASSERT_TRUE(RemoveTree(folder_, "link"));
  EXPECT_FALSE(Exists("link"));
  EXPECT_TRUE(Exists("kept/file"));
}

TEST_F(RemoveTreeTest, ModesThatShutTheOwnerOutDoNotKeepAFolder) {
  ASSERT_TRUE(MakeFolders(path_ + "/tree/a/b/c", 0700));
  Write("tree/a/b/file");
  for (const char* name : {"/tree/a/b", "/tree/a", "/tree"}) {
    ASSERT_EQ(chmod((path_ + name).c_str(), 0), 0);
  }
  const Status removed = RemoveTree(folder_, "tree");
  EXPECT_TRUE(removed) << removed.error().message;
  EXPECT_FALSE(Exists("tree"));
}

TEST_F(RemoveTreeTest, ATreeThatNoPathCanNameIsRemoved) {
  Fd inner(openat(folder_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const std::string name(200, 'd');
  for (int level = 0; level < 600; ++level) {
    ASSERT_EQ(mkdirat(inner.get(), name.c_str(), 0700), 0);
    inner.Reset(openat(inner.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ASSERT_TRUE(inner);
  }
  const Status removed = RemoveTree(folder_, name);
  EXPECT_TRUE(removed) << removed.error().message;
  EXPECT_FALSE(Exists(name));
}

}  // namespace
}  // namespace aileron::os
