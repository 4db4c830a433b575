#include "launch/kept_folders.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "base/below.h"
#include "base/text.h"
#include "launch/limits.h"
#include "os/beneath.h"
#include "os/mounts.h"

namespace aileron::launch {

namespace {

constexpr unsigned kFileMode = 0600, kWorkspaceMode = 0755, kPlaceFileMode = 0644;
constexpr std::size_t kMarkerMax = 256;

}  // namespace

// By this process, since the sandbox's first could not make it where ids are mapped.
Status MakePlaceIn(const std::string& top, std::string_view path, os::FileKind kind) {
  AILERON_ASSIGN(os::Fd folder, os::OpenPath(top));
  struct stat owner;
  if (fstat(folder.get(), &owner) != 0) return os::FailErrno("cannot look at {}", top);
  std::vector<std::string> names;
  for (const std::string_view part : Split(path, '/')) {
    if (!part.empty()) names.emplace_back(part);
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    const char* name = names[i].c_str();
    const bool file = i + 1 == names.size() && kind == os::FileKind::kFile;
    const int made = file ? mknodat(folder.get(), name, S_IFREG | kPlaceFileMode, 0)
                          : mkdirat(folder.get(), name, kWorkspaceMode);
    if (made == 0) {
      (void)fchownat(folder.get(), name, owner.st_uid, owner.st_gid, AT_SYMLINK_NOFOLLOW);
    } else if (errno != EEXIST) {
      return os::FailErrno("cannot make {} in {}, where something is to stand", path, top);
    }
    auto opened = os::OpenBeneath(folder, names[i], O_PATH | (file ? 0 : O_DIRECTORY));
    if (!opened) return Wrap(opened.error(), "something is to stand at {} in {}", path, top);
    folder = *std::move(opened);
  }
  return {};
}

namespace {

// That they are in use, and whose they are.
Status Claim(Plan& plan) {
  const bool keeps = std::ranges::any_of(
      plan.spec.volumes, [](const sandbox::Volume& volume) { return !volume.source.empty(); });
  if (plan.kept.folder.empty() || !keeps) return {};
  AILERON_TRY(os::MakeFolders(plan.kept.folder, kKeptMode));
  AILERON_ASSIGN(plan.kept.lock,
                 image::FileLock::Wait(plan.kept.folder + std::string(kKeptLock),
                                       image::FileLock::Kind::kShared, limits::kKeptWait,
                                       "whoever removes this project's volumes"));
  const std::string path = plan.kept.folder + std::string(kKeptProject);
  if (os::ReadFile(path, limits::kProjectMax) == plan.kept.project + "\n") return {};
  return os::ReplaceFile(path, plan.kept.project + "\n", kFileMode);
}

}  // namespace

Status PrepareKeptFolders(SetupWhen setup, Plan& plan) {
  AILERON_TRY(Claim(plan));
  const auto make_place = [&](const std::string& target) -> Status {
    const std::string& inside = plan.spec.inside();
    if (target == inside || !IsOrBelow(target, inside)) return {};
    return MakePlaceIn(plan.spec.workspace, target.substr(inside.size() + 1),
                       os::FileKind::kFolder);
  };
  for (const sandbox::MountRequest& mount : plan.spec.mounts) {
    if (mount.links == sandbox::Links::kFollowed || !os::IsFolder(mount.source)) continue;
    AILERON_TRY(make_place(mount.target));
  }
  for (sandbox::Volume& volume : plan.spec.volumes) {
    AILERON_TRY(make_place(volume.target));
    if (volume.source.empty()) continue;
    AILERON_TRY(os::MakeFolders(volume.source, kKeptMode));
    char real[PATH_MAX];
    if (realpath(volume.source.c_str(), real) == nullptr) {
      return os::FailErrno("cannot find the folder {}", volume.source);
    }
    volume.source = real;
  }
  Plan::Creation& creation = plan.creation;
  if (creation.marker.empty() || setup == SetupWhen::kNever) return {};
  const auto text = os::ReadFile(creation.marker, kMarkerMax);
  creation.due = setup == SetupWhen::kAlways || !text || Trim(*text) != creation.content;
  return {};
}

void NoteCreated(const Plan& plan) {
  if (!plan.creation.due) return;
  const Status written =
      os::ReplaceFile(plan.creation.marker, plan.creation.content + "\n", kFileMode);
  if (!written) std::fprintf(stderr, "aileron: %s\r\n", written.error().message.c_str());
}

}  // namespace aileron::launch
