#include "launch/git_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aileron::launch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

GitConfig Read(std::string text) { return GitConfig::Parse(std::move(text)).value(); }

GitMerge Merge(const std::string& before, const std::string& after, const std::string& now,
               GitRepository repository = GitRepository::kProject) {
  return MergeGitSettings(Read(before), Read(after), Read(now), repository);
}

bool IsKept(const std::string& key, const std::string& value,
            GitRepository repository = GitRepository::kProject) {
  GitConfig after = Read(GitConfig().With({{"remote.origin.url", {"https://ok.test"}}}));
  after = Read(after.With({{key, {value}}}));
  const GitMerge merge = MergeGitSettings(GitConfig(), after, GitConfig(), repository);
  return merge.refused.empty() && Read(merge.text).Values().contains(key);
}

TEST(GitSettings, WhatPushAndCloneWriteIsKept) {
  EXPECT_TRUE(IsKept("remote.up.url", "https://example.test/a.git"));
  EXPECT_TRUE(IsKept("remote.up.url", "git@github.com:a/b.git"));
  EXPECT_TRUE(IsKept("remote.up.fetch", "+refs/heads/*:refs/remotes/up/*"));
  EXPECT_TRUE(IsKept("branch.main.remote", "origin"));
  EXPECT_TRUE(IsKept("branch.main.merge", "refs/heads/main"));
  EXPECT_TRUE(IsKept("submodule.lib.url", "https://example.test/lib.git"));
  EXPECT_TRUE(IsKept("submodule.lib.active", "true"));
}

TEST(GitSettings, WhatCouldRunOrMisleadIsNotKept) {
  const std::pair<const char*, const char*> kBad[] = {
      {"core.hookspath", "/tmp"},
      {"core.fsmonitor", "x"},
      {"core.pager", "x"},
      {"alias.st", "status"},
      {"include.path", "x"},
      {"remote.up.url", "ext::sh -c x"},
      {"remote.up.url", "/tmp/repo"},
      {"remote.up.url", "../repo"},
      {"remote.up.url", "file:///tmp/x"},
      {"remote.up.url", "-oProxyCommand=x"},
      {"remote.up.url", "ssh://-oProxy"},
      {"remote.up.url", "https://a\nb"},
      {"remote.up.url", "x::https://a"},
      {"remote.up.uploadpack", "x"},
      {"branch.main.remote", "/tmp/repo"},
      {"branch.main.remote", "nobody"},
      {"branch.main.remote", "https://x"},
      {"branch.main.mergeoptions", "-X x"},
      {"submodule.lib.update", "!x"},
      {"submodule.lib.url", "./lib"},
      {"core.bare", "true"},
      {"core.worktree", "../x"},
      {"core.worktree", "../../../x"},
      {"user.name", "x"},
      {"remote.pushdefault", "x"},
      {"unknown.key", "x"},
  };
  for (const auto& [key, value] : kBad) EXPECT_FALSE(IsKept(key, value)) << key << " " << value;
}

TEST(GitSettings, ASubmodulesWorktreeIsItsPlaceInTheProject) {
  EXPECT_TRUE(IsKept("core.worktree", "../../../sub", GitRepository::kSubmodule));
  EXPECT_TRUE(IsKept("core.worktree", "../../../../a/b", GitRepository::kSubmodule));
  for (const char* place : {"/etc", "../../x", "../../../.git", "../../../a/../../x", "../../../"})
    EXPECT_FALSE(IsKept("core.worktree", place, GitRepository::kSubmodule)) << place;
}

TEST(GitSettings, OthersChangesMeanwhileStay) {
  const GitMerge merge =
      Merge("[a]\n\tb = 1\n", "[a]\n\tb = 1\n[remote \"x\"]\n\turl = https://x.t\n",
            "[a]\n\tb = 2\n[remote \"y\"]\n\turl = https://y.t\n");
  EXPECT_EQ(merge.text,
            "[a]\n\tb = 2\n[remote \"y\"]\n\turl = https://y.t\n[remote \"x\"]\n"
            "\turl = https://x.t\n");
  EXPECT_THAT(merge.refused, IsEmpty());
}

TEST(GitSettings, TakingAwayAHarmfulSettingIsNotTheAgentsToo) {
  const GitMerge merge = Merge("[core]\n\thooksPath = h\n[remote \"x\"]\n\turl = https://x.t\n", "",
                               "[core]\n\thooksPath = h\n[remote \"x\"]\n\turl = https://x.t\n");
  EXPECT_EQ(merge.text, "[core]\n\thooksPath = h\n");
  EXPECT_THAT(merge.refused, ElementsAre("core.hookspath"));
}

TEST(GitSettings, AnotherAddressForAKnownRemoteIsTold) {
  const std::string before = "[remote \"x\"]\n\turl = https://x.t\n";
  const GitMerge merge = Merge(before, "[remote \"x\"]\n\turl = https://evil.t\n", before);
  EXPECT_THAT(merge.redirected, ElementsAre("remote.x.url"));
}

TEST(GitSettings, WhatGitFoundOutAboutTheCopyIsForgotten) {
  const GitMerge merge = Merge("[core]\n\tfilemode = true\n", "[core]\n\tfilemode = false\n",
                               "[core]\n\tfilemode = true\n");
  EXPECT_EQ(merge.text, "[core]\n\tfilemode = true\n");
  EXPECT_THAT(merge.refused, IsEmpty());
}

}  // namespace
}  // namespace aileron::launch
