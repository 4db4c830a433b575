#include "launch/git_write.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "os/beneath.h"

namespace aileron::launch {

namespace {

constexpr int kLockTries = 100;
constexpr useconds_t kLockPause = 20'000;  // microseconds

enum class Written { kNo, kYes };

Result<os::Fd> TakeLock(const os::Fd& folder, const std::string& name, mode_t mode) {
  for (int left = kLockTries; left > 0; --left) {
    os::Fd lock(openat(folder.get(), "config.lock",
                       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
    if (lock) return lock;
    if (errno != EEXIST) return os::FailErrno("cannot create {}/config.lock", name);
    usleep(kLockPause);
  }
  return Fail(Code::kUnavailable,
              "{}/config.lock is there: another git is at work, or one was killed; remove the file "
              "if none runs",
              name);
}

Status Replace(const os::Fd& folder, const os::Fd& lock, const struct stat& now,
               const std::string& text) {
  AILERON_TRY(os::WriteAll(lock.get(), text));
  // A reserved name's mark does not go with its text.
  if (fchmod(lock.get(), now.st_mode & 0777) != 0 ||
      (now.st_uid != geteuid() && fchown(lock.get(), now.st_uid, now.st_gid) != 0) ||
      fsync(lock.get()) != 0) {
    return os::FailErrno("cannot write config.lock");
  }
  if (renameat(folder.get(), "config.lock", folder.get(), "config") != 0)
    return os::FailErrno("cannot replace the settings");
  return {};
}

Status RemoveAt(const os::Fd& folder, const std::string& name) {
  if (unlinkat(folder.get(), name.c_str(), 0) == 0 || errno == ENOENT) return {};
  if (errno != EISDIR && errno != EPERM) return os::FailErrno("cannot remove {}", name);
  auto names = os::ListBeneath(folder, name);
  if (!names) return std::unexpected(names.error());
  AILERON_ASSIGN(const os::Fd inner, os::OpenBeneath(folder, name, O_PATH | O_DIRECTORY));
  for (const std::string& entry : *names) AILERON_TRY(RemoveAt(inner, entry));
  if (unlinkat(folder.get(), name.c_str(), AT_REMOVEDIR) == 0) return {};
  return os::FailErrno("cannot remove {}", name);
}

}  // namespace

Status UpdateGitConfig(const os::Fd& root, const std::string& folder,
                       const std::function<std::string(const GitConfig& now)>& change) {
  AILERON_ASSIGN(const os::Fd place, os::OpenBeneath(root, folder, O_PATH | O_DIRECTORY));
  struct stat info;
  if (fstatat(place.get(), "config", &info, AT_SYMLINK_NOFOLLOW) != 0)
    return os::FailErrno("cannot look at {}/config", folder);
  AILERON_ASSIGN(const os::Fd lock, TakeLock(place, folder, info.st_mode & 0777));
  const auto update = [&]() -> Result<Written> {
    AILERON_ASSIGN(std::string bytes, os::ReadBeneath(place, "config", kGitConfigMax));
    AILERON_ASSIGN(const GitConfig now, GitConfig::Parse(std::move(bytes)));
    const std::string text = change(now);
    if (text == now.text()) return Written::kNo;
    AILERON_TRY(Replace(place, lock, info, text));
    return Written::kYes;
  };
  const Result<Written> updated = update();
  if (!updated || *updated == Written::kNo) unlinkat(place.get(), "config.lock", 0);
  if (!updated) return std::unexpected(updated.error());
  return {};
}

Status RemoveBeneath(const os::Fd& root, const std::string& path) {
  const os::PathParts parts = os::SplitPath(path);
  auto folder = os::OpenBeneath(root, parts.folder, O_PATH | O_DIRECTORY);
  if (!folder) {
    return folder.error().code == Code::kNotFound ? Status()
                                                  : Status(std::unexpected(folder.error()));
  }
  return RemoveAt(*folder, parts.name);
}

}  // namespace aileron::launch
