// Tested by tests/launch/test_workspace_copy.py.

#include "sandbox/workspace_copy.h"

#include <sys/stat.h>
#include <unistd.h>

#include "os/mounts.h"
#include "sandbox/fix.h"

namespace aileron::sandbox {

namespace {

constexpr const char* kPlace = "/run";
constexpr const char* kLower = "/run/lower";
constexpr const char* kChanges = "/run/changes";
constexpr const char* kUpper = "/run/changes/upper";
constexpr const char* kWork = "/run/changes/work";
constexpr const char* kMerged = "/run/merged";

}  // namespace

Result<os::Fd> LayOverWorkspace(const os::Fd& workspace, const os::Fd& changes) {
  AILERON_TRY(os::MountTmpfs(kPlace, "mode=755"));
  for (const char* folder : {kLower, kChanges, kMerged}) AILERON_TRY(os::MakeFolders(folder, 0755));
  AILERON_TRY(os::AttachTree(workspace, kLower));
  AILERON_TRY(os::AttachTree(changes, kChanges));
  AILERON_ASSIGN(const os::Fd lower, os::OpenPath(kLower));
  struct stat info;
  if (fstat(lower.get(), &info) != 0) return os::FailErrno("cannot look at the workspace");
  // The top is the upper folder's own: as the workspace's, where that is somebody's in here.
  if (chown(kUpper, info.st_uid, info.st_gid) == 0 || geteuid() != info.st_uid)
    (void)chmod(kUpper, info.st_mode & 0777);
  auto laid = WithFix(os::MountOverlay(kMerged, {&lower, 1}, kUpper, kWork));
  if (!laid) {
    return Wrap(laid.error(),
                "the kernel cannot lay a copy over the workspace. aileron's state has to be on a "
                "file system such as ext4, xfs, btrfs or tmpfs, and not on an overlay: set "
                "XDG_STATE_HOME, or launch without --workspace=overlay");
  }
  AILERON_ASSIGN(os::Fd merged, os::CloneTree(kMerged));
  AILERON_TRY(os::Unmount(kPlace));
  return merged;
}

}  // namespace aileron::sandbox
