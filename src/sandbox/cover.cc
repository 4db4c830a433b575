// Tested by tests/launch/test_workspace.py.

#include "sandbox/cover.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/text.h"
#include "os/beneath.h"
#include "os/mounts.h"
#include "os/namespaces.h"
#include "os/pipe.h"

namespace aileron::sandbox {

namespace {

constexpr int kRestoreTries = 200;
constexpr useconds_t kRestorePause = 500;  // microseconds

std::string PrivateFolder(std::size_t number) {
  return fmt::format("{}/{}", kCopiesFolder, number);
}

// What the agent owns and may write in the private folder.
Status MakeScratch(std::size_t number, const Identity& identity) {
  const std::string folder = PrivateFolder(number);
  AILERON_TRY(os::MakeFolders(folder, 0755));
  if (chown(folder.c_str(), identity.uid, identity.gid) != 0)
    return os::FailErrno("cannot give {} to the agent", folder);
  return {};
}

Status MakeCopy(std::size_t number, const Cover& cover, const Identity& identity) {
  AILERON_TRY(MakeScratch(number, identity));
  const std::string path = fmt::format("{}/{}", PrivateFolder(number), kCopyName);
  const os::Fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!file) return os::FailErrno("cannot create {}", path);
  AILERON_TRY(os::WriteAll(file.get(), cover.bytes));
  if (fchown(file.get(), identity.uid, identity.gid) != 0)
    return os::FailErrno("cannot give {} to the agent", path);
  return {};
}

// The file that the tree of a link or a blank is made of; it goes when the tree is mounted.
std::string SourceName(std::size_t number) {
  return fmt::format("{}/.source-{}", kCopiesFolder, number);
}

// A writer that replaces a file renames another over it, which a mount forbids. Over the name comes
// a symlink into the private folder, and git and its like replace what the link leads to.
Result<os::Fd> LinkTree(std::size_t number) {
  const std::string link = SourceName(number);
  const std::string target = fmt::format("{}/{}", PrivateFolder(number), kCopyName);
  if (symlink(target.c_str(), link.c_str()) != 0) return os::FailErrno("cannot create {}", link);
  return os::CloneLink(link);
}

Result<os::Fd> BlankTree(std::size_t number) {
  const std::string path = SourceName(number);
  const os::Fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444));
  if (!file) return os::FailErrno("cannot create {}", path);
  AILERON_ASSIGN(os::Fd tree, os::CloneTree(path));
  AILERON_TRY(os::SetTreeAttributes(tree, MOUNT_ATTR_RDONLY));
  return tree;
}

// Nobody writes into the folder, or sees that it is not the one that it stands over.
Result<os::Fd> HiddenTree(std::size_t number, const os::Fd& covered) {
  struct stat info;
  if (fstat(covered.get(), &info) != 0) return os::FailErrno("cannot look at what is hidden");
  if (!S_ISDIR(info.st_mode)) return BlankTree(number);
  const std::string folder = PrivateFolder(number);
  AILERON_TRY(os::MakeFolders(folder, 0555));
  AILERON_ASSIGN(os::Fd tree, os::CloneTree(folder));
  AILERON_TRY(os::SetTreeAttributes(tree, MOUNT_ATTR_RDONLY));
  return tree;
}

Result<os::Fd> TreeOf(std::size_t number, CoverKind kind, const os::Fd& covered) {
  switch (kind) {
    case CoverKind::kPin:
      return os::CloneTree(covered);
    case CoverKind::kReadOnly: {
      AILERON_ASSIGN(os::Fd tree, os::CloneTree(covered));
      AILERON_TRY(os::SetTreeAttributes(tree, MOUNT_ATTR_RDONLY));
      return tree;
    }
    case CoverKind::kWritable: {
      AILERON_ASSIGN(os::Fd tree, os::CloneTree(covered));
      // What is covered below it stays as it is.
      AILERON_TRY(os::ClearTopAttributes(tree, MOUNT_ATTR_RDONLY));
      return tree;
    }
    case CoverKind::kBlank:
      return BlankTree(number);
    case CoverKind::kScratch:
      return os::CloneTree(PrivateFolder(number));
    case CoverKind::kCopy:
      return LinkTree(number);
    case CoverKind::kHidden:
      return HiddenTree(number, covered);
  }
  return Fail(Code::kInternal, "a cover of unknown kind");
}

Status PutCover(std::size_t number, CoverKind kind, const os::Fd& covered) {
  AILERON_ASSIGN(const os::Fd tree, TreeOf(number, kind, covered));
  const Status put = os::AttachTree(tree, covered);
  unlink(SourceName(number).c_str());  // where there is one
  return put;
}

// The kernel's word for "a mount stands here".
bool IsCovered(const os::Fd& file) {
  struct statx info;
  return statx(file.get(), "", AT_EMPTY_PATH, 0, &info) == 0 &&
         (info.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

// The name as it is now, reserved anew when the host has removed it (os/reserved_name.h).
Result<os::Fd> OpenOrReserve(const os::Fd& root, const std::string& path, uid_t uid, gid_t gid) {
  auto opened = os::OpenBeneath(root, path, O_PATH | O_NOFOLLOW);
  if (opened || opened.error().code != Code::kNotFound) return opened;
  const os::PathParts parts = os::SplitPath(path);
  AILERON_ASSIGN(const os::Fd folder, os::OpenBeneath(root, parts.folder, O_PATH | O_DIRECTORY));
  // What the agent makes in the workspace is its owner's on the host.
  const auto own_gid = static_cast<gid_t>(setfsgid(gid));
  const auto own_uid = static_cast<uid_t>(setfsuid(uid));
  const int made = mkdirat(folder.get(), parts.name.c_str(), S_ISVTX | 0755);
  const int number = errno;
  setfsuid(own_uid);
  setfsgid(own_gid);
  errno = number;
  if (made != 0 && errno != EEXIST) return os::FailErrno("cannot reserve {}", path);
  return os::OpenBeneath(root, path, O_PATH | O_NOFOLLOW);
}

enum class Stood { kYes, kNo };

Result<Stood> Restore(std::size_t number, const Cover& cover, uid_t uid, gid_t gid) {
  AILERON_ASSIGN(const os::Fd root, os::OpenPath(cover.root));
  AILERON_ASSIGN(const os::Fd covered, OpenOrReserve(root, cover.path, uid, gid));
  if (IsCovered(covered)) return Stood::kYes;
  struct stat info;
  if (fstat(covered.get(), &info) != 0) return os::FailErrno("cannot look at {}", cover.path);
  const bool link = S_ISLNK(info.st_mode) && cover.kind == CoverKind::kReadOnly;
  AILERON_TRY(PutCover(number, link ? CoverKind::kBlank : cover.kind, covered));
  return Stood::kNo;
}

// In the sandbox's namespaces.
Result<std::vector<std::string>> RestoreHere(const std::vector<Cover>& covers, uid_t uid,
                                             gid_t gid) {
  std::vector<std::string> restored;
  for (std::size_t i = 0; i < covers.size(); ++i) {
    const Cover& cover = covers[i];
    auto stood = Restore(i, cover, uid, gid);
    // The kernel tells of a rename while it is made: what is opened then is about to go.
    for (int left = kRestoreTries; !stood && stood.error().code == Code::kNotFound && left > 0;
         --left) {
      usleep(kRestorePause);
      stood = Restore(i, cover, uid, gid);
    }
    if (!stood) return Wrap(stood.error(), "cannot protect {}/{} again", cover.root, cover.path);
    if (*stood == Stood::kNo) restored.push_back(cover.path);
  }
  return restored;
}

}  // namespace

Status PutCovers(const std::vector<Cover>& covers, const Identity& identity) {
  if (covers.empty()) return {};
  AILERON_TRY(os::MakeFolders(std::string(kCopiesFolder), 0755));
  for (std::size_t i = 0; i < covers.size(); ++i) {
    const Cover& cover = covers[i];
    AILERON_ASSIGN(const os::Fd root, os::OpenPath(cover.root));
    auto covered = os::OpenBeneath(root, cover.path, O_PATH | O_NOFOLLOW);
    if (!covered) {
      return Wrap(covered.error(), "{}/{} changed while the sandbox was built; launch again",
                  cover.root, cover.path);
    }
    if (cover.kind == CoverKind::kCopy) AILERON_TRY(MakeCopy(i, cover, identity));
    if (cover.kind == CoverKind::kScratch) AILERON_TRY(MakeScratch(i, identity));
    if (auto put = PutCover(i, cover.kind, *covered); !put)
      return Wrap(put.error(), "cannot protect {}/{}", cover.root, cover.path);
  }
  return {};
}

Result<CoverWatch> CoverWatch::OfThisNamespace() {
  CoverWatch watch;
  AILERON_ASSIGN(watch.copies_, os::OpenPath(std::string(kCopiesFolder)));
  for (const auto& [path, descriptor] : {std::pair{"/proc/self/mountinfo", &watch.mounts_},
                                         std::pair{"/proc/self/ns/user", &watch.user_namespace_},
                                         std::pair{"/proc/self/ns/mnt", &watch.mount_namespace_}}) {
    descriptor->Reset(open(path, O_RDONLY | O_CLOEXEC));
    if (!*descriptor) return os::FailErrno("cannot open {}", path);
  }
  return watch;
}

CoverWatch::CoverWatch(std::vector<Cover> covers, const Identity& identity,
                       std::vector<os::Fd> descriptors)
    : covers_(std::move(covers)), uid_(identity.uid), gid_(identity.gid) {
  if (descriptors.size() != 4) return;
  copies_ = std::move(descriptors[0]);
  mounts_ = std::move(descriptors[1]);
  user_namespace_ = std::move(descriptors[2]);
  mount_namespace_ = std::move(descriptors[3]);
}

std::array<int, 4> CoverWatch::descriptors() const {
  return {copies_.get(), mounts_.get(), user_namespace_.get(), mount_namespace_.get()};
}

Result<std::vector<std::string>> CoverWatch::Restore() const {
  AILERON_ASSIGN(os::Pipe pipe, os::MakePipe());
  // A process enters a user namespace for good.
  AILERON_ASSIGN(const os::Child child, os::CloneInto(0));
  if (child.pid == 0) {
    const auto restored = RestoreInside();
    (void)os::WriteAll(pipe.writer.get(),
                       restored ? Join(*restored, "\n") : restored.error().message);
    _exit(restored ? 0 : 1);
  }
  pipe.writer.Reset();
  std::string text;
  char part[4096];
  for (ssize_t count; (count = read(pipe.reader.get(), part, sizeof part)) != 0;) {
    if (count < 0 && errno != EINTR) return os::FailErrno("cannot hear of the covers");
    if (count > 0) text.append(part, static_cast<std::size_t>(count));
  }
  AILERON_ASSIGN(const int status, os::WaitFor(child));
  if (os::ExitCode(status) != 0) return Fail(Code::kDenied, "{}", text);
  std::vector<std::string> paths;
  for (const std::string_view path : Split(text, '\n')) {
    if (!path.empty()) paths.emplace_back(path);
  }
  return paths;
}

Result<std::vector<std::string>> CoverWatch::RestoreInside() const {
  if (setns(user_namespace_.get(), CLONE_NEWUSER) != 0 ||
      setns(mount_namespace_.get(), CLONE_NEWNS) != 0) {
    return os::FailErrno("cannot enter the sandbox");
  }
  return RestoreHere(covers_, uid_, gid_);
}

}  // namespace aileron::sandbox
