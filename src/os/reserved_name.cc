#include "os/reserved_name.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "os/beneath.h"

namespace aileron::os {

namespace {

constexpr mode_t kFolderMode = S_ISVTX | 0755;
constexpr mode_t kFileMode = S_ISVTX | 0644;
constexpr int kTries = 50;  // of two launchers that come and go at once

bool IsMarked(const struct stat& info, ReservedName::Kind kind) {
  if ((info.st_mode & S_ISVTX) == 0) return false;
  if (kind == ReservedName::Kind::kFolder) return S_ISDIR(info.st_mode);
  return S_ISREG(info.st_mode) && info.st_size <= static_cast<off_t>(ReservedName::kBytesMax);
}

// The name still leads to what is held: nobody replaced or removed it.
bool IsSame(const Fd& folder, const std::string& name, const Fd& held) {
  struct stat there, here;
  return fstatat(folder.get(), name.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0 &&
         fstat(held.get(), &here) == 0 && there.st_dev == here.st_dev &&
         there.st_ino == here.st_ino;
}

// 0, or the errno.
int Make(const Fd& folder, const std::string& name, ReservedName::Kind kind,
         std::string_view bytes) {
  struct stat parent;
  if (fstat(folder.get(), &parent) != 0) return errno;
  const mode_t before = umask(022);
  int number = 0;
  Fd file;
  if (kind == ReservedName::Kind::kFolder) {
    if (mkdirat(folder.get(), name.c_str(), kFolderMode) != 0) number = errno;
  } else {
    file.Reset(openat(folder.get(), name.c_str(),
                      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kFileMode));
    if (!file) number = errno;
  }
  umask(before);
  if (number != 0) return number;
  if (parent.st_uid != geteuid() && fchownat(folder.get(), name.c_str(), parent.st_uid,
                                             parent.st_gid, AT_SYMLINK_NOFOLLOW) != 0) {
    return errno;
  }
  return file && !WriteAll(file.get(), bytes) ? EIO : 0;
}

// Whether it is gone. Whoever calls holds no shared lock on it besides `held`.
bool RemoveHeld(const Fd& folder, const std::string& name, const Fd& held) {
  struct stat info;
  if (flock(held.get(), LOCK_EX | LOCK_NB) != 0) return false;  // another session relies on it
  if (fstat(held.get(), &info) != 0 || !IsSame(folder, name, held)) return false;
  if (S_ISDIR(info.st_mode)) {
    if (unlinkat(folder.get(), name.c_str(), AT_REMOVEDIR) == 0) return true;
  } else if (IsMarked(info, ReservedName::Kind::kFile)) {
    if (unlinkat(folder.get(), name.c_str(), 0) == 0) return true;
  }
  if ((info.st_mode & S_ISVTX) != 0) (void)fchmod(held.get(), info.st_mode & 0777);
  return false;
}

}  // namespace

Result<std::optional<ReservedName>> ReservedName::Take(const Fd& root, const std::string& path,
                                                       Kind kind, std::string_view bytes) {
  const PathParts parts = SplitPath(path);
  AILERON_ASSIGN(Fd folder, OpenBeneath(root, parts.folder, O_PATH | O_DIRECTORY));
  for (int left = kTries; left > 0; --left) {
    const int number = Make(folder, parts.name, kind, bytes);
    if (number == EACCES || number == EPERM || number == EROFS) return std::nullopt;
    if (number != 0 && number != EEXIST)
      return std::unexpected(ErrnoError(number, fmt::format("cannot reserve {}", path)));
    auto held = OpenBeneath(folder, parts.name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if (!held && held.error().code == Code::kNotFound) continue;  // it went meanwhile
    struct stat info;
    if (!held || fstat(held->get(), &info) != 0 || !IsMarked(info, kind)) return std::nullopt;
    if (flock(held->get(), LOCK_SH | LOCK_NB) != 0) {
      usleep(1000);  // somebody is about to remove it
      continue;
    }
    if (!IsSame(folder, parts.name, *held)) continue;
    return ReservedName(std::move(*held), std::move(folder), parts.name, path);
  }
  return Fail(Code::kUnavailable, "cannot reserve {}: others take it and let it go all the time",
              path);
}

bool ReservedName::Has(const std::string& absolute_path) {
  struct stat info;
  return lstat(absolute_path.c_str(), &info) == 0 && IsMarked(info, Kind::kFolder);
}

void ReservedName::Remove(const std::string& absolute_path) {
  const PathParts parts = SplitPath(absolute_path);
  const Fd root(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root || parts.folder.size() < 2 || absolute_path[0] != '/') return;
  const auto folder = OpenBeneath(root, parts.folder.substr(1), O_PATH | O_DIRECTORY);
  if (!folder) return;
  const auto held = OpenBeneath(*folder, parts.name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  struct stat info;
  if (!held || fstat(held->get(), &info) != 0) return;
  if (IsMarked(info, Kind::kFolder) || IsMarked(info, Kind::kFile))
    RemoveHeld(*folder, parts.name, *held);
}

Fd ReservedName::Release() {
  const bool gone = held_ && RemoveHeld(folder_, name_, held_);
  Fd held = std::move(held_);
  return gone ? std::move(held) : Fd();
}

ReservedName::~ReservedName() { (void)Release(); }

}  // namespace aileron::os
