// Tested by tests/launch/test_workspace.py.

#include "sandbox/cover.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/beneath.h"
#include "os/mounts.h"

namespace aileron::sandbox {

namespace {

// What the agent owns and may write in the private folder.
Status MakeCopy(const std::string& folder, const Cover& cover, const Identity& identity) {
  AILERON_TRY(os::MakeFolders(folder, 0700));
  const std::string path = fmt::format("{}/{}", folder, kCopyName);
  const os::Fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!file) return os::FailErrno("cannot create {}", path);
  AILERON_TRY(os::WriteAll(file.get(), cover.bytes));
  if (fchown(file.get(), identity.uid, identity.gid) != 0 ||
      chown(folder.c_str(), identity.uid, identity.gid) != 0) {
    return os::FailErrno("cannot give {} to the agent", path);
  }
  return {};
}

// The files that the trees of links and blanks are made of; a tree of a file that is removed cannot
// be mounted, so they go when all covers stand.
std::string SourceName(std::size_t number) {
  return fmt::format("{}/.source-{}", kCopiesFolder, number);
}

// A writer that replaces a file renames another over it, which a mount forbids. Over the name comes
// a symlink into the private folder, and git and its like replace what the link leads to.
Result<os::Fd> CopyTree(std::size_t number, const Cover& cover, const Identity& identity) {
  const std::string folder = fmt::format("{}/{}", kCopiesFolder, number);
  AILERON_TRY(MakeCopy(folder, cover, identity));
  const std::string link = SourceName(number);
  const std::string target = fmt::format("{}/{}", folder, kCopyName);
  if (symlink(target.c_str(), link.c_str()) != 0) return os::FailErrno("cannot create {}", link);
  return os::CloneLink(link);
}

Result<os::Fd> BlankTree(std::size_t number) {
  const std::string path = SourceName(number);
  const os::Fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0444));
  if (!file) return os::FailErrno("cannot create {}", path);
  AILERON_ASSIGN(os::Fd tree, os::CloneTree(path));
  AILERON_TRY(os::SetTreeAttributes(tree, MOUNT_ATTR_RDONLY));
  return tree;
}

Result<os::Fd> ScratchTree(std::size_t number, const Identity& identity) {
  const std::string folder = fmt::format("{}/{}", kCopiesFolder, number);
  AILERON_TRY(os::MakeFolders(folder, 0755));
  if (chown(folder.c_str(), identity.uid, identity.gid) != 0)
    return os::FailErrno("cannot give {} to the agent", folder);
  return os::CloneTree(folder);
}

Result<os::Fd> TreeOf(std::size_t number, const Cover& cover, const os::Fd& covered,
                      const Identity& identity) {
  switch (cover.kind) {
    case CoverKind::kPin:
      return os::CloneTree(covered);
    case CoverKind::kReadOnly: {
      AILERON_ASSIGN(os::Fd tree, os::CloneTree(covered));
      AILERON_TRY(os::SetTreeAttributes(tree, MOUNT_ATTR_RDONLY));
      return tree;
    }
    case CoverKind::kWritable: {
      AILERON_ASSIGN(os::Fd tree, os::CloneTree(covered));
      AILERON_TRY(os::ClearTreeAttributes(tree, MOUNT_ATTR_RDONLY));
      return tree;
    }
    case CoverKind::kBlank:
      return BlankTree(number);
    case CoverKind::kScratch:
      return ScratchTree(number, identity);
    case CoverKind::kCopy:
      return CopyTree(number, cover, identity);
  }
  return Fail(Code::kInternal, "a cover of unknown kind");
}

}  // namespace

Result<os::Fd> PutCovers(const std::vector<Cover>& covers, const Identity& identity) {
  if (covers.empty()) return os::Fd();
  AILERON_TRY(os::MakeFolders(std::string(kCopiesFolder), 0755));
  for (std::size_t i = 0; i < covers.size(); ++i) {
    const Cover& cover = covers[i];
    AILERON_ASSIGN(const os::Fd root, os::OpenPath(cover.root));
    auto covered = os::OpenBeneath(root, cover.path, O_PATH | O_NOFOLLOW);
    if (!covered) {
      return Wrap(covered.error(), "{}/{} changed while the sandbox was built; launch again",
                  cover.root, cover.path);
    }
    AILERON_ASSIGN(const os::Fd tree, TreeOf(i, cover, *covered, identity));
    if (auto put = os::AttachTree(tree, *covered); !put)
      return Wrap(put.error(), "cannot protect {}/{}", cover.root, cover.path);
  }
  for (std::size_t i = 0; i < covers.size(); ++i) unlink(SourceName(i).c_str());
  return os::OpenPath(std::string(kCopiesFolder));
}

}  // namespace aileron::sandbox
