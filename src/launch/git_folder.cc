// Tested by tests/launch/test_workspace.py.

#include "launch/git_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/below.h"
#include "base/text.h"
#include "launch/git_write.h"
#include "launch/plan.h"
#include "os/beneath.h"
#include "sandbox/cover.h"

namespace aileron::launch {

using os::ReservedName;
using sandbox::CoverKind;

namespace {

// Of a repository's own folder: itself, as gitrepository-layout(5) has it for worktrees.
constexpr std::string_view kOwnCommonFolder = ".\n";
constexpr std::string_view kWorktreeCommonFolder = "../..\n";

enum class Found { kNothing, kFile, kFolder, kOther };

Found Look(const os::Fd& root, const std::string& path) {
  const auto opened = os::OpenBeneath(root, path, O_PATH | O_NOFOLLOW);
  if (!opened) return opened.error().code == Code::kNotFound ? Found::kNothing : Found::kOther;
  struct stat info;
  if (fstat(opened->get(), &info) != 0) return Found::kOther;
  if (S_ISDIR(info.st_mode)) return Found::kFolder;
  return S_ISREG(info.st_mode) ? Found::kFile : Found::kOther;
}

// Or could become one: git takes up what it finds.
bool IsRepository(const os::Fd& root, const std::string& path) {
  for (const char* name : {"HEAD", "hooks", "config", "commondir"}) {
    if (Look(root, fmt::format("{}/{}", path, name)) != Found::kNothing) return true;
  }
  return false;
}

std::vector<std::string> Names(const os::Fd& root, const std::string& path) {
  auto names = os::ListBeneath(root, path);
  return names ? std::move(*names) : std::vector<std::string>();
}

}  // namespace

bool IsAmong(const std::vector<std::string>& folders, std::string_view path) {
  return std::ranges::any_of(folders,
                             [&](const std::string& folder) { return IsOrBelow(path, folder); });
}

void GitFolder::Put(std::string path, CoverKind kind, std::string bytes) {
  covers_.push_back({inside_, std::move(path), kind, std::move(bytes)});
}

Status GitFolder::ReserveOrCover(const std::string& path, ReservedName::Kind kind,
                                 std::string_view bytes) {
  if (IsAmong(allowed_, path)) return {};
  AILERON_ASSIGN(auto taken, ReservedName::Take(root_, path, kind, bytes));
  if (taken) reserved_.push_back(std::move(*taken));
  switch (Look(root_, path)) {
    case Found::kNothing:  // it cannot be made, by the agent neither
      break;
    case Found::kFile:
    case Found::kFolder:
      Put(path, CoverKind::kReadOnly);
      break;
    case Found::kOther:
      Put(path, CoverKind::kBlank);
      break;
  }
  return {};
}

Status GitFolder::ProtectSettings(const std::string& path, GitRepository repository) {
  const std::string file = path + "/config";
  if (IsAmong(allowed_, file)) return {};
  AILERON_ASSIGN(auto taken, ReservedName::Take(root_, file, ReservedName::Kind::kFile));
  if (taken) reserved_.push_back(std::move(*taken));
  if (Look(root_, file) == Found::kNothing) return {};
  auto before = os::ReadBeneath(root_, file, kGitConfigMax);
  if (!before) {
    // A link, for instance: git inside reads nothing there.
    Put(file, CoverKind::kBlank);
    return {};
  }
  copies_.push_back({covers_.size(), path, *before, repository});
  Put(file, CoverKind::kCopy, std::move(*before));
  return {};
}

// What a repository and a submodule have alike, but for the hooks.
Status GitFolder::ProtectInner(const std::string& path) {
  for (const char* name : {"branches", "remotes"})
    AILERON_TRY(ReserveOrCover(fmt::format("{}/{}", path, name), ReservedName::Kind::kFolder, {}));
  AILERON_TRY(ReserveOrCover(path + "/config.worktree", ReservedName::Kind::kFile, {}));
  return ReserveOrCover(path + "/commondir", ReservedName::Kind::kFile, kOwnCommonFolder);
}

Status GitFolder::Protect(const std::string& path, GitRepository repository) {
  if (known_.size() >= kGitFoldersMax) {
    return Fail(Code::kUnsupported,
                "{} has more than {} submodules and worktrees; launch in one of them, or share it "
                "with --read-only",
                inside_, kGitFoldersMax);
  }
  known_.push_back(path);
  Put(path, CoverKind::kPin);
  AILERON_TRY(ReserveOrCover(path + "/hooks", ReservedName::Kind::kFolder, {}));
  AILERON_TRY(ProtectInner(path));
  AILERON_TRY(ProtectSettings(path, repository));
  AILERON_TRY(ProtectModules(path + "/modules"));
  return ProtectWorktrees(path + "/worktrees");
}

Status GitFolder::ProtectNew(const std::string& path) {
  AILERON_ASSIGN(auto taken, ReservedName::Take(root_, path, ReservedName::Kind::kFolder));
  if (!taken) return {};
  reserved_.push_back(std::move(*taken));
  known_.push_back(path);
  Put(path, CoverKind::kPin);
  // `git init` copies its examples there.
  if (!IsAmong(allowed_, path + "/hooks")) {
    AILERON_ASSIGN(auto hooks,
                   ReservedName::Take(root_, path + "/hooks", ReservedName::Kind::kFolder));
    if (!hooks) return Fail(Code::kUnavailable, "{}/hooks appeared just now; launch again", path);
    reserved_.push_back(std::move(*hooks));
    Put(path + "/hooks", CoverKind::kScratch);
  }
  AILERON_TRY(ProtectInner(path));
  return ProtectSettings(path, GitRepository::kProject);
}

// A submodule's name may have slashes: what has a HEAD is a repository, what has none leads to
// some.
Status GitFolder::ProtectModules(const std::string& path) {
  if (Look(root_, path) != Found::kFolder) return {};
  Put(path, CoverKind::kPin);
  for (const std::string& name : Names(root_, path)) {
    const std::string inner = fmt::format("{}/{}", path, name);
    if (Look(root_, inner) != Found::kFolder) continue;
    AILERON_TRY(IsRepository(root_, inner) ? Protect(inner, GitRepository::kSubmodule)
                                           : ProtectModules(inner));
  }
  return {};
}

Status GitFolder::ProtectWorktrees(const std::string& path) {
  if (Look(root_, path) != Found::kFolder) return {};
  Put(path, CoverKind::kPin);
  for (const std::string& name : Names(root_, path)) {
    const std::string inner = fmt::format("{}/{}", path, name);
    if (Look(root_, inner) != Found::kFolder) continue;
    known_.push_back(inner);
    Put(inner, CoverKind::kPin);
    AILERON_TRY(ReserveOrCover(inner + "/commondir", ReservedName::Kind::kFile, {}));
    AILERON_TRY(ReserveOrCover(inner + "/config.worktree", ReservedName::Kind::kFile, {}));
  }
  return {};
}

std::string GitFolder::HooksPath() const {
  auto text = os::ReadBeneath(root_, ".git/config", kGitConfigMax);
  if (!text) return {};
  const auto settings = GitConfig::Parse(std::move(*text));
  if (!settings) return {};
  const auto values = settings->Values();
  const auto found = values.find("core.hookspath");
  const bool set = found != values.end() && found->second.back();
  return set ? *found->second.back() : std::string();
}

void GitFolder::Renumber(const std::vector<std::optional<std::size_t>>& now) {
  std::erase_if(copies_, [&](const GitCopy& copy) { return !now[copy.cover]; });
  for (GitCopy& copy : copies_) copy.cover = *now[copy.cover];
}

std::vector<std::string> GitFolder::Finish(const os::Fd& copies) const {
  std::vector<std::string> told;
  if (!copies) return told;
  for (const GitCopy& copy : copies_) MergeCopy(copy, copies, told);
  for (const std::string& repository : known_) {
    SweepModules(repository + "/modules", told);
    SweepWorktrees(repository + "/worktrees", told);
  }
  return told;
}

void GitFolder::MergeCopy(const GitCopy& copy, const os::Fd& copies,
                          std::vector<std::string>& told) const {
  const std::string name = copy.folder + "/config";
  const auto lost = [&](std::string_view why) {
    told.push_back(
        fmt::format("{}: what the agent set there is not kept: {}", name, Printable(why)));
  };
  auto left =
      os::ReadBeneath(copies, fmt::format("{}/{}", copy.cover, sandbox::kCopyName), kGitConfigMax);
  if (!left) return lost(left.error().message);
  if (*left == copy.before) return;
  const auto before = GitConfig::Parse(copy.before), after = GitConfig::Parse(std::move(*left));
  if (!before) return lost(before.error().message);
  if (!after) return lost(after.error().message);
  GitMerge merge;
  const Status written = UpdateGitConfig(root_, copy.folder, [&](const GitConfig& now) {
    merge = MergeGitSettings(*before, *after, now, copy.repository);
    return merge.text;
  });
  if (!written) return lost(written.error().message);
  if (!merge.refused.empty()) {
    told.push_back(fmt::format("{}: not kept, since git might run or reach something by it: {}",
                               name, Printable(Join(merge.refused, ", "))));
  }
  if (!merge.redirected.empty()) {
    told.push_back(fmt::format("{}: the agent changed an address: {}", name,
                               Printable(Join(merge.redirected, ", "))));
  }
}

void GitFolder::SweepModules(const std::string& path, std::vector<std::string>& told) const {
  for (const std::string& name : Names(root_, path)) {
    const std::string inner = fmt::format("{}/{}", path, name);
    if (std::ranges::find(known_, inner) != known_.end()) continue;
    if (IsRepository(root_, inner)) {
      SweepModule(inner, told);
      SweepModules(inner + "/modules", told);
    } else if (Look(root_, inner) == Found::kFolder) {
      SweepModules(inner, told);
    } else if (Look(root_, inner) == Found::kOther) {
      (void)RemoveBeneath(root_, inner);
      told.push_back(fmt::format("{}: removed, since it leads elsewhere", Printable(inner)));
    }
  }
}

// A submodule that the agent added: it begins without hooks and with harmless settings alone.
void GitFolder::SweepModule(const std::string& path, std::vector<std::string>& told) const {
  for (const char* name : {"hooks", "branches", "remotes", "commondir", "config.worktree"}) {
    if (auto removed = RemoveBeneath(root_, fmt::format("{}/{}", path, name)); !removed)
      told.push_back(fmt::format("{}: {}", Printable(path), removed.error().message));
  }
  if (Look(root_, path + "/config") == Found::kNothing) return;
  GitMerge merge;
  const GitConfig nothing;
  Status written = UpdateGitConfig(root_, path, [&](const GitConfig& now) {
    merge = MergeGitSettings(nothing, now, nothing, GitRepository::kSubmodule);
    return merge.text;
  });
  if (!written) {
    // Settings that cannot be read here could be read by git.
    const Status removed = RemoveBeneath(root_, path + "/config");
    told.push_back(fmt::format("{}/config: {}: {}", Printable(path),
                               removed ? "removed" : "cannot be removed",
                               Printable(written.error().message)));
  } else if (!merge.refused.empty()) {
    told.push_back(
        fmt::format("{}/config: not kept, since git might run or reach something by it: {}",
                    Printable(path), Printable(Join(merge.refused, ", "))));
  }
}

void GitFolder::SweepWorktrees(const std::string& path, std::vector<std::string>& told) const {
  for (const std::string& name : Names(root_, path)) {
    const std::string inner = fmt::format("{}/{}", path, name);
    if (std::ranges::find(known_, inner) != known_.end()) continue;
    const auto common = os::ReadBeneath(root_, inner + "/commondir", 4096);
    const bool harmless = common && Trim(*common) == Trim(kWorktreeCommonFolder) &&
                          Look(root_, inner + "/config.worktree") == Found::kNothing;
    if (harmless) continue;
    const Status removed = RemoveBeneath(root_, inner);
    told.push_back(fmt::format("{}: {}, since it would lead git to other settings",
                               Printable(inner), removed ? "removed" : "is left to be removed"));
  }
}

}  // namespace aileron::launch
