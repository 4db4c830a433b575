#include "launch/protected_change.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/text.h"
#include "launch/guard.h"
#include "os/beneath.h"

namespace aileron::launch {

namespace {

constexpr std::string_view kGit = ".git";
// Of the workspace's own repository (gitrepository-layout(5)): what a commit writes. All else git
// may run, read settings from, or go on with, such as a rebase's list of commands.
constexpr std::array<std::string_view, 3> kFolders = {"objects", "refs", "logs"};
constexpr std::array<std::string_view, 6> kFiles = {"head",      "index",          "packed-refs",
                                                    "orig_head", "commit_editmsg", "fetch_head"};
// Names by which git knows a repository, or that it reads in one.
constexpr std::array<std::string_view, 10> kOfRepository = {
    "head",  "objects",   "refs", "config",  "config.worktree",
    "hooks", "commondir", "info", "modules", "worktrees"};

template <std::size_t kCount>
bool Has(const std::array<std::string_view, kCount>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

}  // namespace

bool IsProtectedChange(std::string_view path) {
  // Some file systems do not tell ".GIT" apart.
  const std::string lower = ToLower(std::string_view(path));
  const auto parts = Split(lower, '/');
  const bool own = parts.front() == kGit;
  for (std::size_t i = own ? 1 : 0; i < parts.size(); ++i) {
    // One inside of the project is new to it as a whole.
    if (parts[i] == kGit || Guard::IsProtected(parts[i])) return true;
  }
  if (!own) return false;
  if (parts.size() == 1) return true;
  if (parts.size() == 2 && Has(kFiles, parts[1])) return false;
  // Where other repositories' objects are, which nobody looks through.
  const bool elsewhere = parts.size() > 2 && parts[1] == "objects" && parts[2] == "info";
  return elsewhere || !Has(kFolders, parts[1]);
}

bool ProtectedChanges::IsRepository(const std::string& folder) {
  if (const auto found = known_.find(folder); found != known_.end()) return found->second;
  std::set<std::string> names;
  for (const os::Fd* top : {&upper_, &host_}) {
    const auto all = os::ListBeneath(*top, folder);
    if (!all) continue;
    for (const std::string& name : *all) names.insert(ToLower(std::string_view(name)));
  }
  const bool whole = names.contains("objects") && names.contains("refs");
  return known_[folder] = names.contains("head") && (whole || names.contains("commondir"));
}

bool ProtectedChanges::Holds(const changes::Change& change) {
  using changes::Type;
  const std::string& path = change.path;
  if (IsProtectedChange(path)) return true;
  const std::string lower = ToLower(std::string_view(path));
  const auto parts = Split(lower, '/');
  const bool own = parts.front() == kGit;
  if (own && (change.after.type == Type::kLink || change.after.type == Type::kSpecial)) return true;
  std::size_t begin = 0;
  for (const std::string_view part : parts) {
    const std::string folder = begin == 0 ? "." : path.substr(0, begin - 1);
    // The workspace's own is told by the names in it.
    if (Has(kOfRepository, part) && ToLower(std::string_view(folder)) != kGit &&
        IsRepository(folder))
      return true;
    begin += part.size() + 1;
  }
  return false;
}

}  // namespace aileron::launch
