// Tested by tests/launch/test_workspace.py.

#include "launch/guard.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/below.h"
#include "base/text.h"
#include "launch/plan.h"
#include "os/beneath.h"

namespace aileron::launch {

using os::ReservedName;
using sandbox::CoverKind;

namespace {

// What programs on the host run, or take their settings from, when they are started in a project.
constexpr std::array<std::string_view, 14> kProtected = {".envrc",
                                                         ".vscode",
                                                         ".idea",
                                                         ".devcontainer",
                                                         ".devcontainer.json",
                                                         ".devcontainer-lock.json",
                                                         ".claude",
                                                         ".codex",
                                                         ".gemini",
                                                         ".opencode",
                                                         ".cursor",
                                                         ".windsurf",
                                                         ".zed",
                                                         "aileron.yaml"};
// The same, but asked about by their programs when they are new, or seldom of use: protected where
// they exist, and not reserved where they do not.
constexpr std::array<std::string_view, 9> kProtectedIfThere = {
    ".mcp.json", ".aider.conf.yml", "opencode.json",         ".husky", ".vimrc", ".nvim.lua",
    ".exrc",     ".dir-locals.el",  "devcontainer-lock.json"};
constexpr std::string_view kGit = ".git";

// "./a//b/" is "a/b". Nothing when ".." is in it.
std::optional<std::string> Normal(std::string_view path) {
  std::string normal;
  for (const std::string_view part : Split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") return std::nullopt;
    if (!normal.empty()) normal += '/';
    normal += part;
  }
  return normal.empty() ? "." : normal;
}

std::string FullPath(const sandbox::Cover& cover) {
  return fmt::format("{}/{}", cover.root == "/" ? "" : cover.root, cover.path);
}

// What the deepest cover at or above the path says.
bool IsClosed(const std::vector<sandbox::Cover>& covers, std::string_view path) {
  bool closed = false;
  std::size_t depth = 0;
  for (const sandbox::Cover& cover : covers) {
    const std::string at = FullPath(cover);
    if (at.size() < depth || !IsOrBelow(path, at)) continue;
    depth = at.size();
    closed = cover.kind != CoverKind::kPin && cover.kind != CoverKind::kWritable;
  }
  return closed;
}

}  // namespace

bool Guard::IsProtected(std::string_view path) {
  const auto meets = [&](std::string_view name) {
    return IsOrBelow(path, name) || IsOrBelow(name, path);
  };
  return std::ranges::any_of(kProtected, meets) || std::ranges::any_of(kProtectedIfThere, meets) ||
         meets(kGit);
}

Result<std::vector<std::string>> Guard::Allowed(const sandbox::Spec& spec,
                                                const std::vector<std::string>& allow_write) {
  if (!allow_write.empty() && spec.workspace_access == sandbox::Access::kReadOnly) {
    return Fail(Code::kInvalid,
                "--allow-write opens nothing under --read-only; leave one of them out");
  }
  std::vector<std::string> allowed;
  for (const std::string& entry : allow_write) {
    std::string_view path = entry;
    if (path.starts_with('/')) {
      if (!IsOrBelow(path, spec.workspace)) {
        return Fail(Code::kInvalid, "--allow-write: {} is not in the workspace {}",
                    Printable(entry), spec.workspace);
      }
      path.remove_prefix(spec.workspace.size());
    }
    const auto normal = Normal(path);
    if (!normal || !IsProtected(*normal)) {
      return Fail(Code::kInvalid,
                  "--allow-write: {} is not protected in the workspace; what is: {}, {}, {}",
                  Printable(entry), kGit, fmt::join(kProtected, ", "),
                  fmt::join(kProtectedIfThere, ", "));
    }
    allowed.push_back(*normal);
  }
  return allowed;
}

Status Guard::Stand(const sandbox::Spec& spec, std::vector<std::string> allowed,
                    const std::vector<sandbox::Cover>& policy) {
  const bool read_only = spec.workspace_access == sandbox::Access::kReadOnly;
  const bool opened = std::ranges::any_of(spec.mounts, [&](const sandbox::MountRequest& mount) {
    return mount.access == sandbox::Access::kReadWrite && IsOrBelow(mount.target, spec.inside());
  });
  if (!read_only || opened) {
    AILERON_TRY(AddPlace(read_only ? Kind::kReadOnly : Kind::kWorkspace, spec.workspace,
                         spec.inside(), std::move(allowed)));
  }
  for (const sandbox::MountRequest& mount : spec.mounts) {
    struct stat info;
    if (mount.access == sandbox::Access::kReadOnly || stat(mount.source.c_str(), &info) != 0 ||
        !S_ISDIR(info.st_mode)) {
      continue;
    }
    AILERON_TRY(AddPlace(Kind::kMount, mount.source, mount.target, {}));
  }
  AddPolicy(policy);
  return {};
}

void Guard::AddPolicy(const std::vector<sandbox::Cover>& policy) {
  if (policy.empty()) return;
  std::vector<std::string> hiding;
  for (const sandbox::Cover& cover : policy) {
    if (cover.kind == CoverKind::kHidden) hiding.push_back(FullPath(cover));
  }
  // What is hidden could not be covered again when the host has replaced it, or seemed to be
  // covered when it is no longer hidden.
  std::vector<std::optional<std::size_t>> now;
  std::vector<sandbox::Cover> left;
  for (sandbox::Cover& cover : covers_) {
    const std::string path = FullPath(cover);
    const bool hidden = std::ranges::any_of(
        hiding, [&](const std::string& folder) { return IsOrBelow(path, folder); });
    now.push_back(hidden ? std::nullopt : std::optional(left.size()));
    if (!hidden) left.push_back(std::move(cover));
  }
  for (const auto& place : places_) place->git->Renumber(now);
  covers_ = left;
  for (const sandbox::Cover& cover : policy) {
    if (cover.kind != CoverKind::kWritable || !IsClosed(left, FullPath(cover)))
      covers_.push_back(cover);
  }
}

std::vector<os::Fd> Guard::Release() {
  std::vector<os::Fd> removed;
  for (const auto& place : places_) {
    // Folders come before what is in them.
    for (; !place->reserved.empty(); place->reserved.pop_back()) {
      if (os::Fd one = place->reserved.back().Release(); one) removed.push_back(std::move(one));
    }
  }
  return removed;
}

std::vector<std::string> Guard::reserved() const {
  std::vector<std::string> paths;
  for (const auto& place : places_) {
    for (auto name = place->reserved.rbegin(); name != place->reserved.rend(); ++name)
      paths.push_back(fmt::format("{}/{}", place->source, name->path()));
  }
  return paths;
}

std::vector<std::string> Guard::Finish(const os::Fd& copies) const {
  std::vector<std::string> told;
  for (const auto& place : places_) {
    for (std::string& line : place->git->Finish(copies)) told.push_back(std::move(line));
  }
  return told;
}

void Guard::Put(const Place& place, std::string path, CoverKind kind) {
  covers_.push_back({place.inside, std::move(path), kind, {}});
}

Status Guard::AddPlace(Kind kind, const std::string& source, const std::string& inside,
                       std::vector<std::string> allowed) {
  const os::Fd top(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  AILERON_ASSIGN(os::Fd root, os::OpenBeneath(top, source.substr(1), O_PATH | O_DIRECTORY));
  places_.push_back(std::make_unique<Place>(
      Place{kind, std::move(root), source, inside, std::move(allowed), {}, nullptr}));
  Place& place = *places_.back();
  place.git =
      std::make_unique<GitFolder>(place.root, inside, place.allowed, covers_, place.reserved);
  if (kind == Kind::kReadOnly) {
    CoverTargets(place);
    return {};
  }
  for (const std::string_view name : kProtected)
    AILERON_TRY(ProtectName(place, std::string(name), Kind::kWorkspace));
  for (const std::string_view name : kProtectedIfThere) {
    if (os::OpenBeneath(place.root, std::string(name), O_PATH | O_NOFOLLOW))
      AILERON_TRY(ProtectName(place, std::string(name), Kind::kMount));
  }
  AILERON_TRY(ProtectGit(place));
  return OpenAllowed(place);
}

Status Guard::ProtectName(Place& place, const std::string& name, Kind reserved_in) {
  if (IsAmong(place.allowed, name)) return {};
  if (place.kind == reserved_in) {
    AILERON_ASSIGN(auto taken, ReservedName::Take(place.root, name, ReservedName::Kind::kFolder));
    if (taken) place.reserved.push_back(std::move(*taken));
  }
  const auto found = os::OpenBeneath(place.root, name, O_PATH | O_NOFOLLOW);
  if (!found) return {};  // it is not there, and the agent could not make it either
  struct stat info;
  if (fstat(found->get(), &info) != 0) return os::FailErrno("cannot look at {}", name);
  if (S_ISLNK(info.st_mode)) {
    CoverTarget(place, name);
    Put(place, name, CoverKind::kBlank);
  } else {
    Put(place, name, CoverKind::kReadOnly);
  }
  return {};
}

// What the host finds behind `path`, a link or a setting's value, if it is in the same place.
void Guard::CoverTarget(Place& place, const std::string& path) {
  char target[PATH_MAX];
  const std::string full = path[0] == '/' ? path : fmt::format("{}/{}", place.source, path);
  if (realpath(full.c_str(), target) == nullptr || target == place.source ||
      !IsOrBelow(target, place.source)) {
    return;
  }
  const std::string below = std::string(target).substr(place.source.size() + 1);
  // What is protected by its own name, or in git's folder, has its rule already.
  if (!IsProtected(below) && !IsAmong(place.allowed, below))
    Put(place, below, CoverKind::kReadOnly);
}

void Guard::CoverTargets(Place& place) {
  const auto cover = [&](std::string_view name) {
    struct stat info;
    const auto found = os::OpenBeneath(place.root, std::string(name), O_PATH | O_NOFOLLOW);
    if (found && fstat(found->get(), &info) == 0 && S_ISLNK(info.st_mode))
      CoverTarget(place, std::string(name));
  };
  std::ranges::for_each(kProtected, cover);
  std::ranges::for_each(kProtectedIfThere, cover);
  cover(kGit);
  CoverHooks(place);
}

// Hooks can be elsewhere: behind a link, or where `core.hooksPath` says.
void Guard::CoverHooks(Place& place) {
  CoverTarget(place, fmt::format("{}/hooks", kGit));
  if (const std::string hooks = place.git->HooksPath(); !hooks.empty()) CoverTarget(place, hooks);
}

Status Guard::ProtectGit(Place& place) {
  const std::string git(kGit);
  if (IsAmong(place.allowed, git)) return {};
  const auto found = os::OpenBeneath(place.root, git, O_PATH | O_NOFOLLOW);
  struct stat info;
  if (!found || fstat(found->get(), &info) != 0)
    return place.kind == Kind::kWorkspace ? place.git->ProtectNew(git) : Status();
  if (!S_ISDIR(info.st_mode)) {
    // The ".git" file of a worktree or a submodule, whose repository is elsewhere.
    Put(place, git, S_ISREG(info.st_mode) ? CoverKind::kReadOnly : CoverKind::kBlank);
    return {};
  }
  AILERON_TRY(place.git->Protect(git, GitRepository::kProject));
  CoverHooks(place);
  return {};
}

// What --allow-write names below something that is protected is opened again on top of it.
Status Guard::OpenAllowed(Place& place) {
  for (const std::string& path : place.allowed) {
    const bool below = std::ranges::any_of(covers_, [&](const sandbox::Cover& cover) {
      return cover.root == place.inside && cover.kind == CoverKind::kReadOnly &&
             IsOrBelow(path, cover.path);
    });
    if (!below) continue;
    if (!os::OpenBeneath(place.root, path, O_PATH)) {
      return Fail(Code::kInvalid,
                  "--allow-write: {} does not exist; create it first, or allow the folder that it "
                  "is in",
                  Printable(path));
    }
    Put(place, path, CoverKind::kWritable);
  }
  return {};
}

}  // namespace aileron::launch
