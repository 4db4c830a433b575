#include "changes/apply.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <optional>

#include "base/text.h"
#include "changes/copy_bytes.h"
#include "changes/limits.h"
#include "os/beneath.h"

namespace aileron::changes {

namespace {

// No set-id bit and no sticky one comes out of a sandbox.
constexpr unsigned kModeBits = 0777;

std::int64_t ChangedAt(const struct stat& info) {
  return info.st_ctim.tv_sec * 1'000'000'000 + info.st_ctim.tv_nsec;
}

class Worker {
 public:
  explicit Worker(const Applying& applying) : applying_(applying) {}
  Status Carry(const Change& change);

 private:
  Status Enter(const std::string& folder);
  Status Put(const Change& change, const std::string& name);
  Status PutFile(const Change& change, const std::string& name);
  Status PutLink(const Change& change, const std::string& name);
  Status Rename(const Change& change, const std::string& name);
  Status Remove(const Change& change, const std::string& name);
  Status CheckUnchanged(const Change& change, const std::string& name) const;
  // Whoever the workspace belongs to, where that is not this user.
  void GiveAway(const os::Fd& file, const std::string& name) const;

  const Applying& applying_;
  // What stands at the name now, to be noted when the name leads there no more.
  os::Fd Standing(const Change& change, const std::string& name) const;
  void Note(const os::Fd& standing);

  // Of files that lost a name by this, by device and inode: their time of change since then. They
  // may have other names.
  std::map<std::pair<dev_t, ino_t>, std::int64_t> noted_;
  std::optional<std::string> folder_;  // the one that is open
  os::Fd host_, upper_;
};

Status Worker::Enter(const std::string& folder) {
  if (folder_ == folder) return {};
  folder_.reset();
  constexpr int kFlags = O_RDONLY | O_DIRECTORY;
  auto host = os::OpenBeneath(applying_.host, folder, kFlags);
  if (!host) {
    return Fail(host.error().code, "{} is no folder of the workspace, or one behind a link",
                Printable(folder));
  }
  host_ = *std::move(host);
  // Not there where a folder is removed as a whole.
  auto upper = os::OpenBeneath(applying_.upper, folder, O_PATH | O_DIRECTORY);
  upper_ = upper ? *std::move(upper) : os::Fd();
  AILERON_TRY(applying_.note(folder));
  folder_ = folder;
  return {};
}

os::Fd Worker::Standing(const Change& change, const std::string& name) const {
  if (change.before.type == Type::kNothing || change.before.type == Type::kFolder) return {};
  return os::Fd(openat(host_.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
}

void Worker::Note(const os::Fd& standing) {
  struct stat info;
  if (standing && fstat(standing.get(), &info) == 0 && info.st_nlink > 0)
    noted_[{info.st_dev, info.st_ino}] = ChangedAt(info);
}

// It is as it was compared, but for a moment.
Status Worker::CheckUnchanged(const Change& change, const std::string& name) const {
  struct stat info;
  const bool there = fstatat(host_.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0;
  const bool was = change.before.type != Type::kNothing;
  if (!there && !was) return {};
  if (there && was) {
    const auto noted = noted_.find({info.st_dev, info.st_ino});
    const std::int64_t at = ChangedAt(info);
    if (at == change.before_ns || (noted != noted_.end() && at == noted->second)) return {};
  }
  return Fail(Code::kUnavailable, "it changed on the host just now; apply again");
}

void Worker::GiveAway(const os::Fd& file, const std::string& name) const {
  struct stat owner;
  if (geteuid() != 0) return;
  // In the place of a file whoever that belongs to, else who the folder belongs to.
  if (fstatat(host_.get(), name.c_str(), &owner, AT_SYMLINK_NOFOLLOW) != 0 &&
      fstat(host_.get(), &owner) != 0)
    return;
  if (file) {
    (void)fchown(file.get(), owner.st_uid, owner.st_gid);
  } else {
    (void)fchownat(host_.get(), applying_.temporary.c_str(), owner.st_uid, owner.st_gid,
                   AT_SYMLINK_NOFOLLOW);
  }
}

Status Worker::Rename(const Change& change, const std::string& name) {
  const char* temporary = applying_.temporary.c_str();
  // Not every file system can tell apart: then it was looked at just before.
  const unsigned flags = change.before.type == Type::kNothing ? RENAME_NOREPLACE : 0;
  const os::Fd standing = Standing(change, name);
  if (renameat2(host_.get(), temporary, host_.get(), name.c_str(), flags) == 0) {
    Note(standing);
    return {};
  }
  if (flags != 0 && errno == EINVAL &&
      renameat(host_.get(), temporary, host_.get(), name.c_str()) == 0)
    return {};
  const auto failed = os::FailErrno("cannot put it in its place");
  (void)unlinkat(host_.get(), temporary, 0);
  return failed;
}

Status Worker::PutFile(const Change& change, const std::string& name) {
  AILERON_ASSIGN(const os::Fd from, OpenFile(upper_, name));
  const char* temporary = applying_.temporary.c_str();
  const os::Fd to(
      openat(host_.get(), temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!to) return os::FailErrno("cannot write beside it");
  Status done = CopyBytes(from, to);
  GiveAway(to, name);
  if (done && fchmod(to.get(), change.after.mode & kModeBits) != 0)
    done = os::FailErrno("cannot set its mode");
  if (done) done = CheckUnchanged(change, name);
  if (!done) {
    (void)unlinkat(host_.get(), temporary, 0);
    return done;
  }
  return Rename(change, name);
}

Status Worker::PutLink(const Change& change, const std::string& name) {
  if (symlinkat(change.after.target.c_str(), host_.get(), applying_.temporary.c_str()) != 0)
    return os::FailErrno("cannot make a link");
  GiveAway(os::Fd(), name);
  if (Status same = CheckUnchanged(change, name); !same) {
    (void)unlinkat(host_.get(), applying_.temporary.c_str(), 0);
    return same;
  }
  return Rename(change, name);
}

Status Worker::Put(const Change& change, const std::string& name) {
  if (change.after.type == Type::kFolder) {
    const unsigned mode = change.after.mode & kModeBits;
    const bool made = mkdirat(host_.get(), name.c_str(), 0700) == 0;
    if (!made && errno != EEXIST) return os::FailErrno("cannot make the folder");
    const os::Fd folder(
        openat(host_.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder) return os::FailErrno("cannot open the folder");
    struct stat owner;
    if (made && geteuid() == 0 && fstat(host_.get(), &owner) == 0)
      (void)fchown(folder.get(), owner.st_uid, owner.st_gid);
    // One that its owner could not write into would keep out what comes next.
    if (fchmod(folder.get(), mode | (made ? 0700u : 0u)) != 0)
      return os::FailErrno("cannot set its mode");
    return {};
  }
  if (!upper_) return Fail(Code::kNotFound, "it is not in the copy any more");
  (void)unlinkat(host_.get(), applying_.temporary.c_str(), 0);
  return change.after.type == Type::kLink ? PutLink(change, name) : PutFile(change, name);
}

Status Worker::Remove(const Change& change, const std::string& name) {
  if (change.before.type != Type::kFolder) AILERON_TRY(CheckUnchanged(change, name));
  const int flags = change.before.type == Type::kFolder ? AT_REMOVEDIR : 0;
  const os::Fd standing = Standing(change, name);
  if (unlinkat(host_.get(), name.c_str(), flags) == 0 || errno == ENOENT) {
    Note(standing);
    return {};
  }
  if (errno == ENOTEMPTY || errno == EEXIST)
    return Fail(Code::kUnavailable, "there is something in it that is not removed");
  return os::FailErrno("cannot remove it");
}

Status Worker::Carry(const Change& change) {
  const os::PathParts parts = os::SplitPath(change.path);
  AILERON_TRY(Enter(parts.folder));
  return change.kind == Kind::kDeleted ? Remove(change, parts.name) : Put(change, parts.name);
}

}  // namespace

Result<std::vector<Left>> Apply(const Applying& applying, const std::vector<Change>& changes) {
  std::vector<Left> left;
  Worker worker(applying);
  for (const Change& change : changes) {
    if (auto done = worker.Carry(change); !done)
      left.push_back({change.path, done.error().message});
  }
  return left;
}

void RemoveTemporary(const os::Fd& host, const std::string& folder, const std::string& temporary) {
  const auto opened = os::OpenBeneath(host, folder, O_RDONLY | O_DIRECTORY);
  if (opened) (void)unlinkat(opened->get(), temporary.c_str(), 0);
}

}  // namespace aileron::changes
