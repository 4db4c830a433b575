#include "launch/protected_change.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/text.h"
#include "launch/guard.h"

namespace aileron::launch {

namespace {

// Of a repository's folder (gitrepository-layout(5)): what git runs, or reads settings from, or
// where it looks for another folder of that kind.
constexpr std::array<std::string_view, 9> kOfGit = {"hooks",     "config",    "config.worktree",
                                                    "commondir", "branches",  "remotes",
                                                    "modules",   "worktrees", "info"};

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) { return ToLower(c); });
  return lower;
}

}  // namespace

bool IsProtectedChange(std::string_view path) {
  // Some file systems do not tell ".GIT" apart.
  const std::string lower = Lower(path);
  const auto parts = Split(lower, '/');
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i] != ".git") continue;
    // One inside of the project is new to it as a whole.
    if (i > 0 || i + 1 == parts.size()) return true;
    if (std::ranges::find(kOfGit, parts[i + 1]) != kOfGit.end()) return true;
  }
  return parts.front() != ".git" && Guard::IsProtected(parts.front());
}

}  // namespace aileron::launch
