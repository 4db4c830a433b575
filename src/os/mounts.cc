// Tested by tests/launch/test_filesystem.py.

#include "os/mounts.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

// <sys/mount.h> and <linux/mount.h> of Debian 12 exclude each other: mount(2) is declared here.
extern "C" int mount(const char* source, const char* target, const char* type, unsigned long flags,
                     const void* data) noexcept;
extern "C" int umount2(const char* target, int flags) noexcept;

namespace aileron::os {

namespace {

constexpr unsigned kEmptyPath = AT_EMPTY_PATH;
constexpr unsigned kRecursive = 0x8000;  // AT_RECURSIVE, which <fcntl.h> does not have

Result<Fd> OpenTree(int folder, const char* path, unsigned flags, const std::string& name) {
  Fd tree(static_cast<int>(syscall(SYS_open_tree, folder, path,
                                   flags | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | kRecursive)));
  if (!tree) return FailErrno("cannot take the mount at {}", name);
  return tree;
}

}  // namespace

Result<Fd> CloneTree(const std::string& path) { return OpenTree(AT_FDCWD, path.c_str(), 0, path); }

Result<Fd> CloneTree(const Fd& descriptor) {
  return OpenTree(descriptor.get(), "", kEmptyPath, "a descriptor");
}

Result<Fd> CloneLink(const std::string& path) {
  return OpenTree(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW, path);
}

namespace {

Status ChangeTree(const Fd& tree, mount_attr change, unsigned depth) {
  if (syscall(SYS_mount_setattr, tree.get(), "", kEmptyPath | depth, &change, sizeof change) != 0) {
    return FailErrno("cannot change the attributes of a mount");
  }
  return {};
}

}  // namespace

Status SetTreeAttributes(const Fd& tree, std::uint64_t attributes) {
  mount_attr change{};
  change.attr_set = attributes;
  return ChangeTree(tree, change, kRecursive);
}

Status SetTopAttributes(const Fd& tree, std::uint64_t attributes) {
  mount_attr change{};
  change.attr_set = attributes;
  return ChangeTree(tree, change, 0);
}

Status ClearTopAttributes(const Fd& tree, std::uint64_t attributes) {
  mount_attr change{};
  change.attr_clr = attributes;
  return ChangeTree(tree, change, 0);
}

Status MapTreeIds(const Fd& tree, const Fd& user_namespace) {
  mount_attr change{};
  change.attr_set = MOUNT_ATTR_IDMAP;
  change.userns_fd = static_cast<std::uint64_t>(user_namespace.get());
  if (syscall(SYS_mount_setattr, tree.get(), "", kEmptyPath | kRecursive, &change, sizeof change) !=
      0) {
    if (errno == EINVAL) errno = EOPNOTSUPP;  // what the kernel means: this file system cannot
    return FailErrno("cannot map the owners of a mount");
  }
  return {};
}

Status AttachTree(const Fd& tree, const std::string& target) {
  // The last component of the target may be a symlink (/var/run); where it leads is inside too.
  constexpr unsigned kFlags = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_SYMLINKS;
  if (syscall(SYS_move_mount, tree.get(), "", AT_FDCWD, target.c_str(), kFlags) != 0) {
    return FailErrno("cannot mount on {}", target);
  }
  return {};
}

Status AttachTree(const Fd& tree, const Fd& target) {
  constexpr unsigned kFlags = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH;
  if (syscall(SYS_move_mount, tree.get(), "", target.get(), "", kFlags) != 0)
    return FailErrno("cannot mount on a descriptor");
  return {};
}

Status Mount(const char* source, const std::string& target, const char* type, unsigned long flags,
             const std::string& options) {
  if (mount(source, target.c_str(), type, flags, options.c_str()) != 0) {
    return FailErrno("cannot mount {} on {}", type, target);
  }
  return {};
}

Result<Fd> MakeFileSystem(const char* type, std::uint64_t attributes,
                          const std::vector<FileSystemOption>& options) {
  const Fd context(static_cast<int>(syscall(SYS_fsopen, type, FSOPEN_CLOEXEC)));
  if (!context) return FailErrno("cannot make a {}", type);
  for (const auto& [name, value] : options) {
    if (syscall(SYS_fsconfig, context.get(), FSCONFIG_SET_STRING, name, value.c_str(), 0) != 0) {
      return FailErrno("cannot make a {} with {}={}", type, name, value);
    }
  }
  if (syscall(SYS_fsconfig, context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) {
    return FailErrno("cannot make a {}", type);
  }
  Fd made(static_cast<int>(syscall(SYS_fsmount, context.get(), FSMOUNT_CLOEXEC, attributes)));
  if (!made) return FailErrno("cannot make a {}", type);
  return made;
}

Status MountOverlay(const std::string& target, std::span<const Fd> lower, const std::string& upper,
                    const std::string& work) {
  // mount(2) reads one page, and fsconfig(2) 256 bytes. By descriptor no path is too long for that,
  // and none has a ":" or "," of its own.
  constexpr std::size_t most = 4095;
  std::string options = "userxattr,lowerdir=";
  for (std::size_t i = lower.size(); i-- > 0;) {
    options += fmt::format("/proc/self/fd/{}{}", lower[i].get(), i == 0 ? "" : ":");
  }
  options += fmt::format(",upperdir={},workdir={}", upper, work);
  if (options.size() > most) {
    return Fail(Code::kInvalid, "{} layers are more than one mount can have", lower.size());
  }
  return Mount("overlay", target, "overlay", MS_NOSUID | MS_NODEV, options);
}

Status ChangeRoot(const std::string& root) {
  constexpr int detach = 2;  // MNT_DETACH
  // With the new root as the place of the old one, which then lies on top of it (pivot_root(2)).
  if (chdir(root.c_str()) != 0 || syscall(SYS_pivot_root, ".", ".") != 0 ||
      umount2(".", detach) != 0 || chdir("/") != 0) {
    return FailErrno("cannot make {} the root", root);
  }
  return {};
}

Status Unmount(const std::string& target) {
  constexpr int detach = 2;  // MNT_DETACH
  if (umount2(target.c_str(), detach) != 0) return FailErrno("cannot unmount {}", target);
  return {};
}

Status MountTmpfs(const std::string& target, const std::string& options) {
  return Mount("tmpfs", target, "tmpfs", MS_NOSUID | MS_NODEV, options);
}

Status SealNamespace(std::uint64_t attributes) {
  mount_attr change{};
  change.attr_set = attributes;
  change.propagation = MS_PRIVATE;
  if (syscall(SYS_mount_setattr, AT_FDCWD, "/", kRecursive, &change, sizeof change) != 0) {
    return FailErrno("cannot make the host's root read-only");
  }
  return {};
}

Result<Fd> OpenPath(const std::string& path) {
  Fd file(open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!file) return FailErrno("cannot open {}", path);
  return file;
}

bool Exists(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0;
}

bool IsFolder(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

Status MakeMountPoint(const std::string& path, FileKind kind) {
  if (Exists(path)) {
    if (IsFolder(path) == (kind == FileKind::kFolder)) return {};
    return Fail(Code::kInvalid, "{} is a {}, what should be mounted there is not", path,
                kind == FileKind::kFolder ? "file" : "folder");
  }
  if (kind == FileKind::kFolder) return MakeFolders(path, 0755);
  if (const auto slash = path.rfind('/'); slash != std::string::npos && slash != 0) {
    AILERON_TRY(MakeFolders(path.substr(0, slash), 0755));
  }
  Fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!file) return FailErrno("cannot create {}", path);
  return {};
}

}  // namespace aileron::os
