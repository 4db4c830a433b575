#include "launch/protected_change.h"

#include <gtest/gtest.h>

namespace aileron::launch {
namespace {

TEST(ProtectedChangeTest, WhatTheHostRunsLaterIsProtected) {
  for (const char* path :
       {".envrc", ".vscode/tasks.json", ".idea", ".git", ".git/hooks/pre-commit", ".git/config",
        ".GIT/config", ".git/modules/a/hooks/x", ".git/info/attributes", "sub/.git/config",
        "sub/deep/.git", "sub/.git/objects/aa", ".git/objects/.git/config", "aileron.yaml",
        ".mcp.json", ".claude/settings.json", ".devcontainer.json", ".Envrc"}) {
    EXPECT_TRUE(IsProtectedChange(path)) << path;
  }
}

TEST(ProtectedChangeTest, WorkIsNot) {
  for (const char* path : {"a", "src/main.cc", ".git/objects/aa/bb", ".git/refs/heads/main",
                           ".git/index", ".git/HEAD", ".gitignore", "envrc", "src/.hidden"}) {
    EXPECT_FALSE(IsProtectedChange(path)) << path;
  }
}

}  // namespace
}  // namespace aileron::launch
