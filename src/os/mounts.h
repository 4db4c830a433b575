// Mounts, by descriptor wherever the kernel lets us: a tree that is held open cannot be swapped for
// a symlink between the look and the mount (open_tree(2), move_mount(2), mount_setattr(2)).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "os/fd.h"

namespace aileron::os {

// A detached copy of the mounts at `path` and below.
Result<Fd> CloneTree(const std::string& path);
// The same of what `descriptor` (O_PATH) refers to.
Result<Fd> CloneTree(const Fd& descriptor);
// The same of a symlink, which it does not follow: what is mounted is the link.
Result<Fd> CloneLink(const std::string& path);

// Sets MOUNT_ATTR_… on a tree and all mounts below it.
Status SetTreeAttributes(const Fd& tree, std::uint64_t attributes);
// The same of the topmost mount of a tree alone.
Status SetTopAttributes(const Fd& tree, std::uint64_t attributes);
// Clears them there.
Status ClearTopAttributes(const Fd& tree, std::uint64_t attributes);
// Shows the files of a detached tree with other owners (MOUNT_ATTR_IDMAP). kUnsupported where the
// file system cannot.
Status MapTreeIds(const Fd& tree, const Fd& user_namespace);
// Puts a detached tree at `target`, which must exist and be of the same kind, file or folder.
Status AttachTree(const Fd& tree, const std::string& target);
// The same, on what `target` (O_PATH) refers to, which may be a symlink.
Status AttachTree(const Fd& tree, const Fd& target);

// A new file system of that type, detached, with MOUNT_ATTR_…
struct FileSystemOption {
  const char* name;
  std::string value;
};
Result<Fd> MakeFileSystem(const char* type, std::uint64_t attributes,
                          const std::vector<FileSystemOption>& options = {});
// An overlay (overlayfs of the kernel's documentation, with "userxattr") over `lower`, the lowest
// first, all folders. kInvalid where they are too many for one mount.
Status MountOverlay(const std::string& target, std::span<const Fd> lower, const std::string& upper,
                    const std::string& work);
// Makes the mount at `root` the root of this process and of its namespace, and takes away what was
// the root before.
Status ChangeRoot(const std::string& root);

// What was mounted at `target` last, with all below it; what uses it still keeps it until it is
// done.
Status Unmount(const std::string& target);
Status MountTmpfs(const std::string& target, const std::string& options);
Status Mount(const char* source, const std::string& target, const char* type, unsigned long flags,
             const std::string& options);
// Every mount of this namespace: no event in or out, and `attributes` added.
Status SealNamespace(std::uint64_t attributes);

Result<Fd> OpenPath(const std::string& path);  // O_PATH, follows symlinks
bool Exists(const std::string& path);
bool IsFolder(const std::string& path);
// An empty file or folder at `path` to mount on, with the folders above it.
enum class FileKind { kFile, kFolder };
Status MakeMountPoint(const std::string& path, FileKind kind);

}  // namespace aileron::os
