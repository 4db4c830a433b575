#include "changes/clone.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "changes/change.h"
#include "changes/copy_bytes.h"
#include "changes/limits.h"
#include "os/beneath.h"

namespace aileron::changes {

namespace {

constexpr unsigned kPermissions = 01777;
constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
constexpr std::size_t kBlock = 512;  // of st_blocks
constexpr std::string_view kUsers = "user.";

using Stat = struct stat;

// What stands at a name has a mode that lets its owner do `needed` with it while this lives.
class LetIn {
 public:
  static Result<LetIn> Make(const os::Fd& parent, const std::string& name, const Stat& info,
                            unsigned needed) {
    LetIn one;
    one.mode_ = info.st_mode & 07777;
    if ((one.mode_ & needed) == needed || geteuid() == 0) return one;
    os::Fd place(openat(parent.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    Stat found;
    // Of a link, which nothing is ever done to, it would be another one's.
    if (!place || fstat(place.get(), &found) != 0 ||
        (found.st_mode & S_IFMT) != (info.st_mode & S_IFMT) ||
        chmod(PathOf(place).c_str(), one.mode_ | needed) != 0)
      return Fail(Code::kDenied, "cannot open {}", Printable(name));
    one.place_ = std::move(place);
    return one;
  }
  LetIn(LetIn&&) = default;
  LetIn& operator=(LetIn&&) = delete;
  ~LetIn() {
    if (place_) (void)chmod(PathOf(place_).c_str(), mode_);
  }

 private:
  LetIn() = default;
  static std::string PathOf(const os::Fd& place) {
    return fmt::format("/proc/self/fd/{}", place.get());
  }
  os::Fd place_;
  unsigned mode_ = 0;
};

Status CopyAttributes(const os::Fd& from, const os::Fd& to) {
  std::vector<char> names(limits::kAttributes), value(limits::kAttributes);
  const ssize_t size = flistxattr(from.get(), names.data(), names.size());
  if (size < 0) return errno == ENOTSUP ? Status() : os::FailErrno("cannot list attributes");
  for (const std::string_view name :
       Split(std::string_view(names.data(), static_cast<std::size_t>(size)), '\0')) {
    if (!name.starts_with(kUsers)) continue;
    const std::string own(name);
    const ssize_t count = fgetxattr(from.get(), own.c_str(), value.data(), value.size());
    if (count < 0 ||
        fsetxattr(to.get(), own.c_str(), value.data(), static_cast<std::size_t>(count), 0) != 0)
      return os::FailErrno("cannot copy an attribute");
  }
  return {};
}

// A file's or folder's, once all in it is there.
Status Finish(const os::Fd& from, const os::Fd& to, const Stat& info) {
  AILERON_TRY(CopyAttributes(from, to));
  Stat made;
  if (fstat(to.get(), &made) != 0) return os::FailErrno("cannot look at what was made");
  if ((made.st_uid != info.st_uid || made.st_gid != info.st_gid) &&
      fchown(to.get(), info.st_uid, info.st_gid) != 0)
    return os::FailErrno("cannot give a file to its owner");
  const std::array<timespec, 2> times = {info.st_atim, info.st_mtim};
  // A folder's S_ISGID says whose group new files in it are.
  const unsigned kept = kPermissions | (S_ISDIR(info.st_mode) ? S_ISGID : 0u);
  if (fchmod(to.get(), info.st_mode & kept) != 0 || futimens(to.get(), times.data()) != 0)
    return os::FailErrno("cannot set a file's mode and times");
  return {};
}

class Cloner {
 public:
  Cloner(const os::Fd& top, const CloneProgress& progress) : top_(top), progress_(progress) {}

  // `path` is that of both, below the top; empty or with a slash at its end.
  Status Folder(const os::Fd& from, const os::Fd& to, const std::string& path, std::size_t depth) {
    if (depth > limits::kDepth) {
      return Fail(Code::kUnsupported, "there are more than {} folders in each other",
                  limits::kDepth);
    }
    AILERON_ASSIGN(const std::vector<std::string> names, os::ListBeneath(from, "."));
    for (const std::string& name : names) {
      auto cloned = One(from, to, name, path, depth);
      if (!cloned) return Wrap(cloned.error(), "{}", Printable(path + name));
    }
    return {};
  }

 private:
  Status One(const os::Fd& from, const os::Fd& to, const std::string& name, const std::string& path,
             std::size_t depth) {
    Stat info;
    if (fstatat(from.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0)
      return os::FailErrno("cannot look at it");
    AILERON_TRY(Make(from, to, name, path, depth, info));
    bytes_ += static_cast<std::uint64_t>(info.st_blocks) * kBlock;
    if (progress_) progress_(bytes_);
    return {};
  }

  Status Make(const os::Fd& from, const os::Fd& to, const std::string& name,
              const std::string& path, std::size_t depth, const Stat& info) {
    switch (info.st_mode & S_IFMT) {
      case S_IFDIR: {
        if (mkdirat(to.get(), name.c_str(), 0700) != 0) return os::FailErrno("cannot make it");
        AILERON_ASSIGN(const LetIn let_in, LetIn::Make(from, name, info, 0500));
        const os::Fd below(openat(from.get(), name.c_str(), kFolderFlags));
        if (!below) return os::FailErrno("cannot open the folder {}", Printable(name));
        const os::Fd made(openat(to.get(), name.c_str(), kFolderFlags));
        if (!made) return os::FailErrno("cannot open it");
        // Its name stands there already.
        if (auto all = Folder(below, made, path + name + "/", depth + 1); !all) return all;
        return Finish(below, made, info);
      }
      case S_IFREG:
        return File(from, to, name, path, info);
      case S_IFLNK:
        return Link(from, to, name, info);
      case S_IFIFO:
        if (mkfifoat(to.get(), name.c_str(), info.st_mode & kPermissions) != 0)
          return os::FailErrno("cannot make it");
        return {};
      case S_IFCHR:
        // Overlayfs's mark for what is removed; anybody may make it.
        if (info.st_rdev == makedev(0, 0) &&
            mknodat(to.get(), name.c_str(), S_IFCHR, info.st_rdev) != 0)
          return os::FailErrno("cannot make it");
        return {};
      default:
        return {};
    }
  }

  Status File(const os::Fd& from, const os::Fd& to, const std::string& name,
              const std::string& path, const Stat& info) {
    const auto id = std::pair(info.st_dev, info.st_ino);
    if (const auto first = linked_.find(id);
        first != linked_.end() &&
        linkat(top_.get(), first->second.c_str(), to.get(), name.c_str(), 0) == 0) {
      return {};
    }
    // Attributes are read by what the mode is then, not by what it was at opening.
    AILERON_ASSIGN(const LetIn let_in, LetIn::Make(from, name, info, 0400));
    AILERON_ASSIGN(const os::Fd file, OpenFile(from, name, Shut::kStays));
    const os::Fd made(
        openat(to.get(), name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!made) return os::FailErrno("cannot make it");
    AILERON_TRY(CopyBytes(file, made));
    AILERON_TRY(Finish(file, made, info));
    if (info.st_nlink > 1 && linked_.size() < limits::kLinked) linked_[id] = path + name;
    return {};
  }

  static Status Link(const os::Fd& from, const os::Fd& to, const std::string& name,
                     const Stat& info) {
    std::array<char, limits::kTarget + 1> target;
    const ssize_t size = readlinkat(from.get(), name.c_str(), target.data(), limits::kTarget);
    if (size < 0) return os::FailErrno("cannot read the link");
    target.at(static_cast<std::size_t>(size)) = '\0';
    const std::array<timespec, 2> times = {info.st_atim, info.st_mtim};
    if (symlinkat(target.data(), to.get(), name.c_str()) != 0)
      return os::FailErrno("cannot make it");
    Stat made;
    if (fstatat(to.get(), name.c_str(), &made, AT_SYMLINK_NOFOLLOW) == 0 &&
        (made.st_uid != info.st_uid || made.st_gid != info.st_gid) &&
        fchownat(to.get(), name.c_str(), info.st_uid, info.st_gid, AT_SYMLINK_NOFOLLOW) != 0)
      return os::FailErrno("cannot give a link to its owner");
    (void)utimensat(to.get(), name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW);
    return {};
  }

  const os::Fd& top_;
  const CloneProgress& progress_;
  std::uint64_t bytes_ = 0;
  std::map<std::pair<dev_t, ino_t>, std::string> linked_;  // of several names → the first
};

}  // namespace

Status Clone(const os::Fd& from, const os::Fd& to, const CloneProgress& progress) {
  AILERON_TRY(Cloner(to, progress).Folder(from, to, "", 0));
  Stat info;
  if (fstat(from.get(), &info) != 0) return os::FailErrno("cannot look at a folder");
  return Finish(from, to, info);
}

}  // namespace aileron::changes
