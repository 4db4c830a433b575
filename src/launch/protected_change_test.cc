#include "launch/protected_change.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "os/remove_tree.h"

namespace aileron::launch {
namespace {

TEST(ProtectedChangeTest, WhatTheHostRunsLaterIsProtected) {
  for (const char* path : {".envrc",
                           ".vscode/tasks.json",
                           ".idea",
                           ".git",
                           ".git/hooks/pre-commit",
                           ".git/config",
                           ".GIT/config",
                           ".git/modules/a/hooks/x",
                           ".git/info/attributes",
                           "sub/.git/config",
                           "sub/deep/.git",
                           "sub/.git/objects/aa",
                           ".git/objects/.git/config",
                           "aileron.yaml",
                           ".mcp.json",
                           ".claude/settings.json",
                           ".devcontainer.json",
                           ".devcontainer-lock.json",
                           "sub/devcontainer-lock.json",
                           ".Envrc",
                           "sub/.envrc",
                           "sub/.vscode/tasks.json",
                           "a/b/.Idea/x",
                           "a/aileron.yaml",
                           ".git/rebase-merge/git-rebase-todo",
                           ".git/sequencer/todo",
                           ".git/anything",
                           ".git/HEAD/in",
                           ".git/objects/info/alternates"}) {
    EXPECT_TRUE(IsProtectedChange(path)) << path;
  }
}

TEST(ProtectedChangeTest, WorkIsNot) {
  for (const char* path :
       {"a", "src/main.cc", ".git/objects/aa/bb", ".git/refs/heads/main", ".git/index", ".git/HEAD",
        ".git/ORIG_HEAD", ".git/logs/HEAD", ".git/packed-refs", ".git/COMMIT_EDITMSG",
        ".git/objects", ".gitignore", "envrc", "src/.hidden"}) {
    EXPECT_FALSE(IsProtectedChange(path)) << path;
  }
}

class ProtectedChangesTest : public testing::Test {
 protected:
  ProtectedChangesTest() {
    char name[] = "/tmp/aileron-protected-XXXXXX";
    top_ = mkdtemp(name);
    for (const char* folder : {"/upper", "/host"}) mkdir((top_ + folder).c_str(), 0755);
  }
  ~ProtectedChangesTest() override { (void)os::RemoveTree(top_); }
  void Write(const std::string& path) {
    std::filesystem::create_directories(std::filesystem::path(top_ + path).parent_path());
    std::ofstream(top_ + path) << "x";
  }
  bool Holds(const std::string& path, changes::Type type = changes::Type::kFile) {
    const os::Fd upper(open((top_ + "/upper").c_str(), O_RDONLY | O_DIRECTORY));
    const os::Fd host(open((top_ + "/host").c_str(), O_RDONLY | O_DIRECTORY));
    changes::Change change{.path = path};
    change.after.type = type;
    return ProtectedChanges(upper, host).Holds(change);
  }
  std::string top_;
};

TEST_F(ProtectedChangesTest, ALinkOrASpecialFileOfTheRepositoryIsHeld) {
  EXPECT_FALSE(Holds(".git/logs/HEAD"));
  EXPECT_FALSE(Holds(".git/logs", changes::Type::kFolder));
  EXPECT_TRUE(Holds(".git/logs/HEAD", changes::Type::kLink));
  EXPECT_TRUE(Holds(".git/refs", changes::Type::kLink));
  EXPECT_TRUE(Holds(".git/index", changes::Type::kSpecial));
  EXPECT_FALSE(Holds("link", changes::Type::kLink));
}

TEST_F(ProtectedChangesTest, ARepositoryWithoutAGitFolderIsHeld) {
  for (const char* path : {"/upper/tools/HEAD", "/upper/tools/config", "/upper/tools/main.py",
                           "/host/tools/objects/x", "/host/tools/refs/x"})
    Write(path);
  for (const char* path : {"tools/HEAD", "tools/config", "tools/hooks/x", "tools/refs/heads/a"})
    EXPECT_TRUE(Holds(path)) << path;
  for (const char* path : {"tools/main.py", "tools", "config", "other/config"})
    EXPECT_FALSE(Holds(path)) << path;
  // Its other parts are where this leads to.
  Write("/upper/w/Head");
  Write("/upper/w/commondir");
  EXPECT_TRUE(Holds("w/commondir"));
  // The workspace itself.
  for (const char* path : {"/upper/HEAD", "/upper/refs/x", "/upper/objects/x"}) Write(path);
  EXPECT_TRUE(Holds("config"));
}

TEST_F(ProtectedChangesTest, TheWorkspacesOwnIsNotHeldForBeingOne) {
  for (const char* path : {"/host/.git/HEAD", "/host/.git/objects/x", "/host/.git/refs/x"})
    Write(path);
  for (const char* path : {".git/HEAD", ".git/objects/aa", ".git/refs/heads/main"})
    EXPECT_FALSE(Holds(path)) << path;
}

}  // namespace
}  // namespace aileron::launch
