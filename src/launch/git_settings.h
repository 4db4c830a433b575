// GitSettings: which of the settings that an agent left in its copy of .git/config go back to the
// project's own.
//
// git runs what its settings name: hooks, filters, editors, pagers, helpers, file system monitors.
// Only settings that name a remote, a branch or a submodule, and cannot make git run or reach
// something else, are kept. What is not known to be harmless is not kept.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "launch/git_config.h"

namespace aileron::launch {

struct GitMerge {
  std::string text;                     // the project's file as it should be
  std::vector<std::string> refused;     // keys that were changed and are not kept
  std::vector<std::string> redirected;  // remotes of the project whose address is another now
};

// Which repository a file belongs to: the project's own, or a submodule's below .git/modules, whose
// `core.worktree` must lead back to its place.
enum class GitRepository { kProject, kSubmodule };

// What changed from `before` to `after`, as far as it is harmless, on top of `now`, which others
// may have changed meanwhile.
GitMerge MergeGitSettings(const GitConfig& before, const GitConfig& after, const GitConfig& now,
                          GitRepository repository);

// An address that git reaches by a protocol of its own: https, http, ssh, git, or user@host:path.
// A path is none: a push to a repository of the agent's would run that repository's hooks.
bool IsNetworkAddress(std::string_view url);

}  // namespace aileron::launch
