#include "os/remove_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string_view>

#include "base/free_with.h"
#include "base/text.h"
#include "os/beneath.h"

namespace aileron::os {
namespace {

using Listing = std::unique_ptr<DIR, FreeWith<closedir>>;

// Its owner may list it and take names out of it from now on, whatever its modes were.
Result<Fd> OpenFolder(const Fd& parent, const char* name) {
  const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  if (faccessat(parent.get(), name, R_OK | W_OK | X_OK, AT_EACCESS | AT_SYMLINK_NOFOLLOW) != 0) {
    // The mode of what is no symlink: it was a folder a moment ago, in a folder of the caller's.
    const Fd found(openat(parent.get(), name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!found) return FailErrno("cannot open {}", Printable(name));
    const std::string itself = fmt::format("/proc/self/fd/{}", found.get());
    if (chmod(itself.c_str(), 0700) != 0)
      return FailErrno("cannot open {} for its owner", Printable(name));
  }
  Fd opened(openat(parent.get(), name, flags));
  if (!opened) return FailErrno("cannot open {}", Printable(name));
  return opened;
}

Result<Listing> List(const Fd& folder) {
  AILERON_ASSIGN(Fd own, folder.Duplicate());
  Listing listing(fdopendir(own.get()));
  if (listing == nullptr) return FailErrno("cannot list a folder");
  (void)own.Release();  // the listing's now
  rewinddir(listing.get());
  return listing;
}

// The next name that is a thing of the folder, or nothing at its end.
const char* NextName(const Listing& listing) {
  while (const dirent* entry = readdir(listing.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") return entry->d_name;
  }
  return nullptr;
}

// Whether it was removed; a folder that is not empty was not.
Result<bool> RemoveOne(const Fd& folder, const char* name) {
  if (unlinkat(folder.get(), name, 0) == 0 || errno == ENOENT) return true;
  // EPERM is what POSIX has for a folder; Linux says EISDIR.
  if (errno != EISDIR && errno != EPERM) return FailErrno("cannot remove {}", Printable(name));
  if (unlinkat(folder.get(), name, AT_REMOVEDIR) == 0 || errno == ENOENT) return true;
  if (errno != ENOTEMPTY && errno != EEXIST) {
    return FailErrno("cannot remove the folder {}", Printable(name));
  }
  return false;
}

// Moves `name` of `folder` into `top` under a number that is free there.
Status MoveUp(const Fd& folder, const char* name, const Fd& top, std::size_t& number) {
  // A folder that gets another parent has to be writable: its ".." changes.
  AILERON_ASSIGN(const Fd opened, OpenFolder(folder, name));
  while (true) {
    const std::string free = fmt::format(".{}", number++);
    if (renameat2(folder.get(), name, top.get(), free.c_str(), RENAME_NOREPLACE) == 0) return {};
    if (errno != EEXIST) return FailErrno("cannot remove the folder {}", Printable(name));
  }
}

// Empties a folder of `top`: what is a folder with something in it moves to `top`.
Status Empty(const Fd& top, const char* name, std::size_t& number) {
  AILERON_ASSIGN(const Fd folder, OpenFolder(top, name));
  AILERON_ASSIGN(const Listing listing, List(folder));
  while (const char* below = NextName(listing)) {
    AILERON_ASSIGN(const bool removed, RemoveOne(folder, below));
    if (!removed) AILERON_TRY(MoveUp(folder, below, top, number));
  }
  return {};
}

// Removes all of `top` that goes at once; true when nothing is left.
Result<bool> Sweep(const Fd& top, std::size_t& number) {
  AILERON_ASSIGN(const Listing listing, List(top));
  bool nothing_left = true;
  while (const char* name = NextName(listing)) {
    AILERON_ASSIGN(bool removed, RemoveOne(top, name));
    if (!removed) {
      AILERON_TRY(Empty(top, name, number));
      // What somebody adds meanwhile is seen in the next turn.
      AILERON_ASSIGN(removed, RemoveOne(top, name));
      nothing_left = false;
    }
  }
  return nothing_left;
}

}  // namespace

Status RemoveTree(const Fd& folder, const std::string& name) {
  AILERON_ASSIGN(const bool removed, RemoveOne(folder, name.c_str()));
  if (removed) return {};
  AILERON_ASSIGN(const Fd top, OpenFolder(folder, name.c_str()));
  std::size_t number = 0;
  while (true) {
    AILERON_ASSIGN(const bool nothing_left, Sweep(top, number));
    if (nothing_left) break;
  }
  if (unlinkat(folder.get(), name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) {
    return FailErrno("cannot remove the folder {}", Printable(name));
  }
  return {};
}

Status RemoveTree(const std::string& path) {
  const PathParts parts = SplitPath(path);
  const std::string above = parts.folder.empty() ? "/" : parts.folder;
  const Fd folder(open(above.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return FailErrno("cannot open {}", Printable(above));
  return RemoveTree(folder, parts.name);
}

}  // namespace aileron::os
